//! Full tiles of 256 hashes, numbered as in C2SP tlog-tiles: the tile (level, index) holds the
//! roots of the perfect subtrees of 256^level leaves, from `index * 256` on.

use std::collections::BTreeMap;

use super::proof::{HashSource, Node};
use super::tree::{Hash, node_hash};

/// Tree levels in a tile.
pub const TILE_HEIGHT: u8 = 8;
/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Bytes of a full tile.
pub const TILE_BYTES: u64 = TILE_WIDTH * 32;
/// Tile levels of the greatest log: 8 levels of 256 cover 2^64 leaves.
pub const TILE_LEVELS: u8 = 8;

/// Which tile of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileId {
    /// Tile level: 0 holds leaf hashes, 1 the roots of full level-0 tiles, and so on to 7.
    pub level: u8,
    /// Place among the tiles of that level, from the left.
    pub index: u64,
}

impl TileId {
    /// The tile's path in a C2SP tlog-tiles tree, as `tile/0/x001/234`.
    pub fn path(self) -> String {
        let mut parts = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            parts.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        parts.reverse();
        format!("tile/{}/{}", self.level, parts.join("/"))
    }

    /// The first leaf below the tile's entry `entry`, or `None` beyond every possible log.
    pub fn first_leaf(self, entry: u64) -> Option<u64> {
        let shift = u32::from(self.level).checked_mul(8).filter(|shift| *shift < 64)?;
        let unit = self.index.checked_mul(TILE_WIDTH)?.checked_add(entry)?;
        unit.checked_mul(1_u64.checked_shl(shift)?)
    }

    /// The full tile read from a source of hashes; `None` when the source lacks one of them.
    pub fn read<S: HashSource + ?Sized>(self, source: &S) -> Option<Tile> {
        let level = self.level.checked_mul(TILE_HEIGHT)?;
        let first = self.index.checked_mul(TILE_WIDTH)?;
        let hashes: Option<Vec<Hash>> = (0..TILE_WIDTH)
            .map(|entry| source.node(Node { level, index: first + entry }))
            .collect();
        hashes.map(|hashes| Tile { hashes })
    }
}

/// The tiles that become full when a log grows from `old_size` to `new_size`, lower levels first.
pub fn filled(old_size: u64, new_size: u64) -> Vec<TileId> {
    (0..TILE_LEVELS - 1)
        .flat_map(|level| {
            let shift = u32::from(level + 1) * u32::from(TILE_HEIGHT);
            (old_size >> shift..new_size >> shift).map(move |index| TileId { level, index })
        })
        .collect()
}

/// The 256 hashes of a full tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    hashes: Vec<Hash>,
}

impl Tile {
    /// A full tile of these hashes; `None` when they are not exactly 256.
    pub fn new(hashes: Vec<Hash>) -> Option<Tile> {
        (hashes.len() as u64 == TILE_WIDTH).then_some(Tile { hashes })
    }

    /// Reads 8,192 bytes as stored; `None` for any other number of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Tile> {
        if bytes.len() as u64 != TILE_BYTES {
            return None;
        }
        Tile::new(bytes.chunks_exact(32).filter_map(Hash::from_slice).collect())
    }

    /// The 8,192 bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// The 256 hashes.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The root over the tile: its entry in the tile one level up.
    pub fn root(&self) -> Hash {
        self.subtree(0, TILE_HEIGHT).unwrap_or_else(super::tree::empty_root)
    }

    /// The root over the `2^rise` entries from `place << rise` on.
    fn subtree(&self, place: u64, rise: u8) -> Option<Hash> {
        let width = 1_usize.checked_shl(u32::from(rise))?;
        let start = usize::try_from(place).ok()?.checked_mul(width)?;
        let mut row = self.hashes.get(start..start.checked_add(width)?)?.to_vec();
        while row.len() > 1 {
            row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        row.first().copied()
    }
}

/// Proof hashes from full tiles plus the leaf hashes that no full tile holds yet.
///
/// Hashes of upper levels that no full tile holds are worked out from the tiles below.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    tiles: BTreeMap<TileId, Tile>,
    leaves: BTreeMap<u64, Hash>,
}

impl Tiles {
    /// Adds a full tile.
    pub fn add_tile(&mut self, id: TileId, tile: Tile) {
        self.tiles.insert(id, tile);
    }

    /// Adds the hash of the leaf `index`.
    pub fn add_leaf(&mut self, index: u64, hash: Hash) {
        self.leaves.insert(index, hash);
    }
}

impl HashSource for Tiles {
    fn node(&self, node: Node) -> Option<Hash> {
        let rise = node.level % TILE_HEIGHT;
        let per_tile = u32::from(TILE_HEIGHT - rise);
        let id = TileId { level: node.level / TILE_HEIGHT, index: node.index >> per_tile };
        if let Some(tile) = self.tiles.get(&id) {
            return tile.subtree(node.index & ((1 << per_tile) - 1), rise);
        }
        if node.level == 0 {
            return self.leaves.get(&node.index).copied();
        }
        let (level, index) = (node.level - 1, node.index.checked_mul(2)?);
        let left = self.node(Node { level, index })?;
        Some(node_hash(&left, &self.node(Node { level, index: index + 1 })?))
    }
}
