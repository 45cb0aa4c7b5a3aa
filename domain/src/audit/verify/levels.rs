//! The tiles that the leaves make, held against the stored ones.

use std::collections::BTreeMap;

use super::{Code, Finding};
use crate::audit::tile::{TILE_LEVELS, TILE_WIDTH, Tile, TileId};
use crate::audit::tree::Hash;

/// A hash as the leaves give it, and as the doubtful reading gives it (mostly the same).
type Pair = (Hash, Hash);

#[derive(Debug, Default)]
pub(super) struct Levels {
    /// Stored tiles that the walk has not reached; `None` is one of the wrong length.
    given: BTreeMap<TileId, Option<Tile>>,
    rows: Vec<Vec<Pair>>,
    full: Vec<u64>,
    pub(super) findings: Vec<Finding>,
}

impl Levels {
    pub(super) fn give(&mut self, id: TileId, bytes: &[u8]) {
        self.given.insert(id, Tile::from_bytes(bytes));
    }

    /// What the stored tile says is the hash of this leaf.
    pub(super) fn said(&self, seq: u64) -> Option<Hash> {
        let tile = self.given.get(&TileId { level: 0, index: seq / TILE_WIDTH })?.as_ref()?;
        tile.hashes().get(usize::try_from(seq % TILE_WIDTH).ok()?).copied()
    }

    /// A root told which reading of the leaves in the open tile is right.
    pub(super) fn decide(&mut self, is_main: bool) {
        for (main, other) in self.rows.first_mut().into_iter().flatten() {
            if is_main {
                *other = *main;
            } else {
                *main = *other;
            }
        }
    }

    /// Adds the hash of the next subtree of a level; closes tiles that become full.
    pub(super) fn push(&mut self, mut pair: Pair) {
        for level in 0..TILE_LEVELS {
            let at = usize::from(level);
            if self.rows.len() <= at {
                self.rows.push(Vec::new());
                self.full.push(0);
            }
            self.rows[at].push(pair);
            if (self.rows[at].len() as u64) < TILE_WIDTH {
                return;
            }
            let row = core::mem::take(&mut self.rows[at]);
            let id = TileId { level, index: self.full[at] };
            self.full[at] += 1;
            match self.close(id, row) {
                Some(next) => pair = next,
                None => return,
            }
        }
    }

    fn close(&mut self, id: TileId, row: Vec<Pair>) -> Option<Pair> {
        let (main, other): (Vec<Hash>, Vec<Hash>) = row.into_iter().unzip();
        let (main, other) = (Tile::new(main)?, Tile::new(other)?);
        let at = |entry: u64| id.first_leaf(entry).unwrap_or(u64::MAX);
        let stored = match self.given.remove(&id) {
            Some(Some(tile)) => Some(tile),
            Some(None) => {
                self.findings.push(Finding::leaves(Code::TileWrong, at(0), at(TILE_WIDTH)));
                None
            }
            None => {
                self.findings.push(Finding::leaves(Code::TileMissing, at(0), at(TILE_WIDTH)));
                None
            }
        };
        let Some(stored) = stored else { return Some((main.root(), other.root())) };
        // Leaf by leaf, level 0 was held against its tile in the walk. Above, an entry that
        // repeats a tile already told of is no second finding.
        let pairs = main.hashes().iter().zip(other.hashes());
        let wrong = stored.hashes().iter().zip(pairs).position(|(s, (m, o))| s != m && s != o);
        if let Some(entry) = wrong.filter(|_| id.level > 0) {
            let entry = entry as u64;
            self.findings.push(Finding::leaves(Code::TileWrong, at(entry), at(entry + 1)));
        }
        Some((main.root(), stored.root()))
    }

    /// The log ended: a tile beyond its leaves is wrong.
    pub(super) fn end(&mut self) {
        if let Some((id, _)) = self.given.first_key_value() {
            let (first, end) = (id.first_leaf(0), id.first_leaf(TILE_WIDTH));
            let (first, end) = (first.unwrap_or(u64::MAX), end.unwrap_or(u64::MAX));
            self.findings.push(Finding::leaves(Code::TileWrong, first, end));
        }
    }
}
