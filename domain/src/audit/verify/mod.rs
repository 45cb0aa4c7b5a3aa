//! The verifier: walks a stored log and tells what in it is not as it was written.
//!
//! It trusts nothing stored. Leaves prove their hashes, hashes the tiles, the head and every
//! checkpoint; a checkpoint kept elsewhere proves them all. Findings are codes and numbers.

mod levels;
mod roots;
mod walk;

pub use roots::Stored;
pub use walk::Verifier;

use super::tree::Hash;

/// What is wrong. Each has a stable code and an exit code of `emar audit verify`; lower is graver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A checkpoint kept elsewhere is not a prefix of the log: another history was shown before.
    Fork,
    /// A checkpoint tells of more leaves than the log has.
    Truncated,
    /// Two roots for one size: two histories were vouched for.
    TwoRoots,
    /// `seq` leaves numbers out, repeats them or goes back.
    SeqGap,
    /// Leaf and leaf hash were both replaced: tile and a later root tell what stood there.
    LeafRewritten,
    /// The leaf's bytes are not those that were hashed.
    LeafChanged,
    /// The stored leaf hash is not the leaf's, and the leaf is the one that was hashed.
    LeafHashChanged,
    /// A stored checkpoint is not the root of the leaves below it.
    CheckpointRoot,
    /// A stored checkpoint's columns and its signed text differ.
    CheckpointRow,
    /// A signature does not hold, or no given key signed.
    Signature,
    /// A checkpoint cannot be read.
    Unreadable,
    /// A checkpoint is of another log.
    OtherLog,
    /// The head's size is not the number of leaves.
    HeadSize,
    /// The head's frontier is not that of the leaves.
    HeadFrontier,
    /// A tile's hash is not that of the leaves below it.
    TileWrong,
    /// A full tile is not stored.
    TileMissing,
    /// An administration has no leaf.
    AdministrationWithoutLeaf,
    /// A leaf tells of an administration that is not there.
    LeafWithoutAdministration,
    /// Two leaves tell of recording one administration.
    AdministrationTwice,
}

impl Code {
    /// Every code, gravest first.
    pub const ALL: [Code; 19] = [
        Code::Fork,
        Code::Truncated,
        Code::TwoRoots,
        Code::SeqGap,
        Code::LeafRewritten,
        Code::LeafChanged,
        Code::LeafHashChanged,
        Code::CheckpointRoot,
        Code::CheckpointRow,
        Code::Signature,
        Code::Unreadable,
        Code::OtherLog,
        Code::HeadSize,
        Code::HeadFrontier,
        Code::TileWrong,
        Code::TileMissing,
        Code::AdministrationWithoutLeaf,
        Code::LeafWithoutAdministration,
        Code::AdministrationTwice,
    ];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::Fork => "fork",
            Code::Truncated => "truncated",
            Code::TwoRoots => "two_roots",
            Code::SeqGap => "seq_gap",
            Code::LeafRewritten => "leaf_rewritten",
            Code::LeafChanged => "leaf_changed",
            Code::LeafHashChanged => "leaf_hash_changed",
            Code::CheckpointRoot => "checkpoint_root",
            Code::CheckpointRow => "checkpoint_row",
            Code::Signature => "signature",
            Code::Unreadable => "checkpoint_unreadable",
            Code::OtherLog => "checkpoint_of_another_log",
            Code::HeadSize => "head_size",
            Code::HeadFrontier => "head_frontier",
            Code::TileWrong => "tile_wrong",
            Code::TileMissing => "tile_missing",
            Code::AdministrationWithoutLeaf => "administration_without_leaf",
            Code::LeafWithoutAdministration => "leaf_without_administration",
            Code::AdministrationTwice => "administration_twice",
        }
    }

    /// The exit code, 10 to 28: one for each code, the gravest least.
    pub const fn exit_code(self) -> u8 {
        10 + self as u8
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub code: Code,
    /// The first leaf that is wrong; with `last`, the first that can be: the checkpoints do not
    /// tell it nearer. `None` when no leaf is at fault.
    pub first: Option<u64>,
    /// The last leaf of the stretch, when it is not one leaf.
    pub last: Option<u64>,
    /// The size of the checkpoint concerned.
    pub size: Option<u64>,
    /// The administration's id, or the signer's name.
    pub subject: Option<String>,
}

impl Finding {
    fn new(code: Code) -> Finding {
        Finding { code, first: None, last: None, size: None, subject: None }
    }

    fn leaf(code: Code, seq: u64) -> Finding {
        Finding { first: Some(seq), ..Finding::new(code) }
    }

    /// Leaves `first..end`; a single one has no `last`.
    fn leaves(code: Code, first: u64, end: u64) -> Finding {
        let last = end.checked_sub(1).filter(|last| *last > first);
        Finding { last, ..Finding::leaf(code, first) }
    }
}

/// A row of `audit`.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The leaf's number, from 0.
    pub seq: u64,
    /// Its bytes as stored.
    pub leaf: &'a [u8],
    /// Its hash as stored.
    pub leaf_hash: &'a [u8],
}

/// The row of `audit_head`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Leaves in the log.
    pub size: u64,
    /// The frontier's bytes as stored.
    pub frontier: Vec<u8>,
}

/// What the walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Leaves walked.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Checkpoints whose root is that of the leaves.
    pub roots_matched: u64,
    /// Checkpoints with a signature that holds; 0 when no key was given.
    pub signed: u64,
    /// What is wrong, gravest first; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Report {
    /// 0 when all is well, else the exit code of the gravest finding.
    pub fn exit_code(&self) -> u8 {
        self.findings.iter().map(|finding| finding.code.exit_code()).min().unwrap_or(0)
    }
}
