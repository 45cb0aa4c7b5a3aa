//! The walk over the leaves.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::levels::Levels;
use super::roots::{Roots, Stored};
use super::{Code, Finding, Head, Report, Row};
use crate::audit::leaf::recorded_administration;
use crate::audit::note::VerifyKey;
use crate::audit::tile::TileId;
use crate::audit::tree::{Frontier, Hash, leaf_hash};

/// Leaves of which bytes, stored hash and tile disagree, until a root tells which is right.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    first: u64,
    end: u64,
    /// What it is when the reading that was taken is right.
    main: Code,
    /// What it is when the other reading is right.
    other: Code,
}

/// Walks one log: first the checkpoints, then rows in the order of `seq`, each tile before the
/// first leaf it covers, last [`Verifier::finish`].
#[derive(Debug)]
pub struct Verifier {
    next: u64,
    /// A number was missing: hashes above the gap prove nothing any more.
    broken: bool,
    main: Frontier,
    other: Frontier,
    doubts: Vec<Doubt>,
    levels: Levels,
    roots: Roots,
    recorded: BTreeMap<Uuid, u64>,
    findings: Vec<Finding>,
}

impl Verifier {
    /// A walk over the log of this origin. Without keys no signature is checked.
    /// `outside` are texts of notes kept elsewhere, as `checkpoint::read_log` gives them.
    pub fn new(
        origin: &str,
        keys: &[VerifyKey],
        stored: &[Stored],
        outside: &[String],
    ) -> Verifier {
        let mut roots = Roots::new(origin, keys);
        let newest = stored.iter().map(|row| row.size).max();
        stored.iter().for_each(|row| roots.stored(row, Some(row.size) == newest));
        outside.iter().for_each(|text| roots.outside(text));
        let mut verifier = Verifier {
            next: 0,
            broken: false,
            main: Frontier::new(),
            other: Frontier::new(),
            doubts: Vec::new(),
            levels: Levels::default(),
            roots,
            recorded: BTreeMap::new(),
            findings: Vec::new(),
        };
        verifier.settle();
        verifier
    }

    /// A further stored checkpoint, for a log with more than memory should hold: give it before
    /// the last leaf below it. `newest`: none of a greater size is stored.
    pub fn stored(&mut self, row: &Stored, newest: bool) {
        self.roots.stored(row, newest);
        if row.size == self.next {
            self.settle();
        }
    }

    /// A further note kept elsewhere; give it before the first leaf.
    pub fn outside(&mut self, text: &str) {
        self.roots.outside(text);
        if self.next == 0 {
            self.settle();
        }
    }

    /// A stored tile; give it before the first leaf it covers.
    pub fn tile(&mut self, id: TileId, bytes: &[u8]) {
        if !self.broken {
            self.levels.give(id, bytes);
        }
    }

    /// The next stored leaf.
    pub fn row(&mut self, row: Row<'_>) {
        if row.seq != self.next {
            self.broken = true;
            let finding = if row.seq > self.next {
                Finding::leaves(Code::SeqGap, self.next, row.seq)
            } else {
                Finding::leaf(Code::SeqGap, row.seq)
            };
            self.findings.push(finding);
        }
        if let Some(id) = recorded_administration(row.leaf)
            && self.recorded.insert(id, row.seq).is_some()
        {
            let finding = Finding::leaf(Code::AdministrationTwice, row.seq);
            self.findings.push(Finding { subject: Some(id.to_string()), ..finding });
        }
        let (main, other) = self.read(&row);
        self.next = self.next.max(row.seq.saturating_add(1));
        if self.broken {
            return;
        }
        self.main.append(main);
        self.other.append(other);
        self.levels.push((main, other));
        self.settle();
    }

    /// The leaf's hash by the likelier reading, and by the other.
    fn read(&mut self, row: &Row<'_>) -> (Hash, Hash) {
        let computed = leaf_hash(row.leaf);
        let Some(stored) = Hash::from_slice(row.leaf_hash) else {
            self.findings.push(Finding::leaf(Code::LeafHashChanged, row.seq));
            return (computed, computed);
        };
        let said = if self.broken { None } else { self.levels.said(row.seq) };
        if stored == computed {
            return match said {
                Some(said) if said != stored => {
                    self.doubt(row.seq, Code::TileWrong, Code::LeafRewritten);
                    (stored, said)
                }
                _ => (stored, stored),
            };
        }
        if said == Some(computed) {
            self.doubt(row.seq, Code::LeafHashChanged, Code::LeafChanged);
            return (computed, stored);
        }
        if said.is_some_and(|said| said != stored) {
            self.findings.push(Finding::leaf(Code::TileWrong, row.seq));
        }
        self.doubt(row.seq, Code::LeafChanged, Code::LeafHashChanged);
        (stored, computed)
    }

    /// Notes a doubt; neighbours of one kind are one stretch.
    fn doubt(&mut self, seq: u64, main: Code, other: Code) {
        match self.doubts.last_mut() {
            Some(last) if last.end == seq && last.main == main => last.end = seq + 1,
            _ => self.doubts.push(Doubt { first: seq, end: seq + 1, main, other }),
        }
    }

    /// Holds the checkpoints of the size reached against both readings.
    fn settle(&mut self) {
        let size = self.next;
        match self.roots.vouch(size, || self.main.root()) {
            None => return,
            Some(true) => self.decide(true),
            Some(false) if self.roots.vouch(size, || self.other.root()) == Some(true) => {
                self.decide(false);
            }
            Some(false) => {}
        }
        self.roots.settle(size, self.main.root());
    }

    /// A root told which reading is right.
    fn decide(&mut self, main: bool) {
        if self.doubts.is_empty() {
            return;
        }
        if main {
            self.other = self.main.clone();
        } else {
            self.main = self.other.clone();
        }
        self.levels.decide(main);
        for doubt in core::mem::take(&mut self.doubts) {
            let code = if main { doubt.main } else { doubt.other };
            self.findings.push(Finding::leaves(code, doubt.first, doubt.end));
        }
    }

    fn check_head(&mut self, head: &Head) {
        if head.size != self.next {
            let first = self.next.min(head.size);
            self.findings.push(Finding::leaf(Code::HeadSize, first));
            return;
        }
        if self.broken {
            return;
        }
        let stored = Frontier::from_bytes(head.size, &head.frontier).ok();
        if stored.as_ref() == Some(&self.main) {
            return self.decide(true);
        }
        if stored.as_ref() == Some(&self.other) {
            return self.decide(false);
        }
        let hashes = stored.as_ref().map(Frontier::hashes).unwrap_or_default();
        let same = self.main.hashes().iter().zip(hashes).take_while(|(a, b)| a == b).count();
        let mut from = 0;
        for _ in 0..same {
            let rest = head.size - from;
            from += 1 << (63 - rest.leading_zeros());
        }
        let first = from.max(self.roots.held_at);
        // Every leaf is proved by a root, so the head itself is at fault.
        self.findings.push(if first >= head.size {
            Finding::new(Code::HeadFrontier)
        } else {
            Finding::leaves(Code::HeadFrontier, first, head.size)
        });
    }

    fn check_administrations(&mut self, stored: &BTreeSet<Uuid>) {
        for id in stored.iter().filter(|id| !self.recorded.contains_key(id)) {
            let finding = Finding::new(Code::AdministrationWithoutLeaf);
            self.findings.push(Finding { subject: Some(id.to_string()), ..finding });
        }
        for (id, seq) in self.recorded.iter().filter(|(id, _)| !stored.contains(id)) {
            let finding = Finding::leaf(Code::LeafWithoutAdministration, *seq);
            self.findings.push(Finding { subject: Some(id.to_string()), ..finding });
        }
    }

    /// Ends the walk: the head, what the checkpoints promised beyond it, and the ids of every
    /// stored administration (`None` for an export that has none).
    pub fn finish(mut self, head: &Head, administrations: Option<&BTreeSet<Uuid>>) -> Report {
        self.check_head(head);
        // No root told: the likelier reading stands.
        self.decide(true);
        self.roots.end(self.next);
        if !self.broken {
            self.levels.end();
        }
        if let Some(stored) = administrations {
            self.check_administrations(stored);
        }
        let mut findings = self.findings;
        findings.append(&mut self.roots.findings);
        findings.append(&mut self.levels.findings);
        findings.sort_by_key(|finding| (finding.code, finding.first, finding.size));
        Report {
            size: self.next,
            root: self.main.root(),
            roots_matched: self.roots.matched,
            signed: self.roots.signed,
            findings,
        }
    }
}
