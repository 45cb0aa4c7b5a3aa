//! Checkpoints as evidence: which are worth trust, and what the walk says of each.

use std::collections::BTreeMap;

use super::{Code, Finding};
use crate::audit::checkpoint::Checkpoint;
use crate::audit::note::{Note, NoteError, VerifyKey};
use crate::audit::tree::Hash;

/// A row of `checkpoint` with its rows of `cosignature`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The size column.
    pub size: u64,
    /// The root column.
    pub root: Vec<u8>,
    /// The body column and the signatures; none while a crash came between storing and signing.
    pub note: Note,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    size: u64,
    root: Hash,
    outside: bool,
}

/// The checkpoints that are worth trust, by size.
#[derive(Debug)]
pub(super) struct Roots {
    origin: String,
    keys: Vec<VerifyKey>,
    ahead: BTreeMap<u64, Vec<Known>>,
    /// Checkpoints that failed since the last one that held.
    failed: Vec<Known>,
    pub(super) held_at: u64,
    pub(super) matched: u64,
    pub(super) signed: u64,
    pub(super) findings: Vec<Finding>,
}

impl Roots {
    pub(super) fn new(origin: &str, keys: &[VerifyKey]) -> Roots {
        Roots {
            origin: origin.to_owned(),
            keys: keys.to_vec(),
            ahead: BTreeMap::new(),
            failed: Vec::new(),
            held_at: 0,
            matched: 0,
            signed: 0,
            findings: Vec::new(),
        }
    }

    pub(super) fn stored(&mut self, row: &Stored, newest: bool) {
        let unsigned = row.note.signatures.is_empty() && newest;
        let Some(read) = self.read(&row.note, Some(row.size), unsigned) else { return };
        if read.size != row.size || read.root.as_bytes().as_slice() != row.root {
            let finding = Finding { size: Some(row.size), ..Finding::new(Code::CheckpointRow) };
            self.findings.push(finding);
            // Without a key neither the columns nor the text can be believed.
            if self.keys.is_empty() {
                return;
            }
        }
        self.add(Known { size: read.size, root: read.root, outside: false });
    }

    pub(super) fn outside(&mut self, text: &str) {
        let Ok(note) = Note::parse(text) else {
            return self.findings.push(Finding::new(Code::Unreadable));
        };
        if let Some(read) = self.read(&note, None, false) {
            self.add(Known { size: read.size, root: read.root, outside: true });
        }
    }

    /// The checkpoint in a note, when it is this log's and its signature holds.
    fn read(&mut self, note: &Note, row: Option<u64>, unsigned: bool) -> Option<Checkpoint> {
        let read = Checkpoint::from_body(&note.body).ok();
        let size = row.or(read.as_ref().map(|read| read.size));
        let mut bad = |code, subject| {
            self.findings.push(Finding { size, subject, ..Finding::new(code) });
            None
        };
        let Some(read) = read else { return bad(Code::Unreadable, None) };
        if !self.keys.is_empty() && !unsigned {
            match note.verify(&self.keys) {
                Ok(_) => self.signed += 1,
                Err(NoteError::Signature(name)) => return bad(Code::Signature, Some(name)),
                Err(_) => return bad(Code::Signature, None),
            }
        }
        if read.origin != self.origin { bad(Code::OtherLog, None) } else { Some(read) }
    }

    fn add(&mut self, known: Known) {
        let there = self.ahead.entry(known.size).or_default();
        let differs = there.iter().any(|other| other.root != known.root);
        if differs {
            let finding = Finding { size: Some(known.size), ..Finding::new(Code::TwoRoots) };
            self.findings.push(finding);
        }
        there.push(known);
    }

    /// Whether a checkpoint of this size vouches for this root; `None` without one.
    pub(super) fn vouch(&self, size: u64, root: impl FnOnce() -> Hash) -> Option<bool> {
        let there = self.ahead.get(&size)?;
        let root = root();
        Some(there.iter().any(|known| known.root == root))
    }

    /// Settles the checkpoints of this size against the root of the leaves.
    pub(super) fn settle(&mut self, size: u64, root: Hash) {
        let Some(there) = self.ahead.remove(&size) else { return };
        let (held, failed): (Vec<_>, Vec<_>) = there.into_iter().partition(|k| k.root == root);
        self.failed.extend(failed);
        if held.is_empty() {
            return;
        }
        self.matched += held.len() as u64;
        self.held_at = size;
        // The leaves are proved up to here, so a checkpoint below that failed is itself at fault.
        for known in core::mem::take(&mut self.failed) {
            let code = if known.outside { Code::Fork } else { Code::CheckpointRoot };
            self.findings.push(Finding { size: Some(known.size), ..Finding::new(code) });
        }
    }

    /// The log ended with `size` leaves.
    pub(super) fn end(&mut self, size: u64) {
        for outside in [true, false] {
            let first = self.failed.iter().find(|known| known.outside == outside).copied();
            let code = if outside { Code::Fork } else { Code::CheckpointRoot };
            if let Some(known) = first {
                let finding = Finding::leaves(code, self.held_at, known.size);
                self.findings.push(Finding { size: Some(known.size), ..finding });
            }
        }
        if let Some((&most, _)) = self.ahead.last_key_value().filter(|(most, _)| **most > size) {
            let finding = Finding::leaves(Code::Truncated, size, most);
            self.findings.push(Finding { size: Some(most), ..finding });
        }
    }
}
