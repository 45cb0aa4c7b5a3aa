//! The RFC 6962 Merkle tree: hashes, the frontier that grows with each leaf, and proofs.
//!
//! Sources: RFC 6962 section 2.1 (hashes, proofs), RFC 9162 sections 2.1.3.2 and 2.1.4.2
//! (verification). Sizes and indexes are counts of leaves.

use core::fmt;

use sha2::{Digest, Sha256};

/// The most leaves a log may hold: sizes are stored as signed 64-bit numbers.
pub const SIZE_MAX: u64 = i64::MAX as u64;

/// A SHA-256 hash, 32 bytes; shown as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash held in `bytes`, or `None` when they are not exactly 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Hash> {
        bytes.try_into().ok().map(Hash)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of one leaf: SHA-256 of 0x00 and the leaf's exact bytes.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

/// The hash of an inner node: SHA-256 of 0x01, the left hash and the right hash.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// The stored frontier of a log does not fit its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The size is above [`SIZE_MAX`].
    #[error("the log's size {0} is above the greatest a log may have; the head row is damaged")]
    Size(u64),
    /// The number of bytes is not 32 for each one-bit of the size.
    #[error(
        "a log of {size} leaves has a frontier of {want} bytes, not {got}; the head is damaged"
    )]
    Length {
        /// Leaves in the log.
        size: u64,
        /// Bytes the frontier must have.
        want: u64,
        /// Bytes it has.
        got: u64,
    },
}

/// The right edge of a tree: the roots of its perfect subtrees, largest (leftmost) first.
///
/// At most 63 hashes; enough to append leaves and to tell the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// The frontier of an empty log.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Leaves in the log.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The subtree roots, largest first: one for each one-bit of the size.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends one leaf by its hash.
    pub fn append(&mut self, leaf_hash: Hash) {
        let mut hash = leaf_hash;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// Appends leaves by their hashes, in order.
    pub fn append_all<'a>(&mut self, leaf_hashes: impl IntoIterator<Item = &'a Hash>) {
        leaf_hashes.into_iter().for_each(|hash| self.append(*hash));
    }

    /// The root of the whole tree.
    pub fn root(&self) -> Hash {
        fold(self.hashes.iter().copied()).unwrap_or_else(empty_root)
    }

    /// The hashes one after the other, as `audit_head.frontier` stores them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// Reads what [`Frontier::to_bytes`] wrote for a log of `size` leaves.
    ///
    /// # Errors
    /// When the size is out of range or the bytes are not 32 for each one-bit of it.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Frontier, FrontierError> {
        if size > SIZE_MAX {
            return Err(FrontierError::Size(size));
        }
        let (want, got) = (u64::from(size.count_ones()) * 32, bytes.len() as u64);
        if want != got {
            return Err(FrontierError::Length { size, want, got });
        }
        Ok(Frontier { size, hashes: bytes.chunks_exact(32).filter_map(Hash::from_slice).collect() })
    }
}

/// One root over neighbouring perfect subtrees, largest first; `None` without any.
pub(crate) fn fold(hashes: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    hashes.rev().reduce(|right, left| node_hash(&left, &right))
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index or the smaller size lies outside the tree.
    #[error("the proof asks about leaves that the tree does not have")]
    Range,
    /// Consistency from the empty tree needs no proof: the caller decides it.
    #[error("a proof from the empty tree proves nothing; compare with the empty root instead")]
    FromEmpty,
    /// The number of hashes does not fit the sizes.
    #[error("the proof has the wrong number of hashes for these sizes")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root: the leaf or the log is not the one that was signed")]
    Root,
}

/// Checks that the leaf hash stands at `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// [`ProofError`] tells why the proof does not hold.
pub fn verify_inclusion(
    leaf_hash: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf_hash);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            (node, last) = skip_left_edge(node, last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks that the tree of `old_size` leaves is a prefix of the tree of `new_size` leaves.
///
/// # Errors
/// [`ProofError`] tells why the proof does not hold. From the empty tree it is always
/// [`ProofError::FromEmpty`]: `Checkpoint::is_prefix_of` decides that case.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), ProofError> {
    if old_size == 0 {
        return Err(ProofError::FromEmpty);
    }
    if old_size > new_size {
        return Err(ProofError::Range);
    }
    if old_size == new_size {
        return match (proof.is_empty(), old_root == new_root) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            _ => Err(ProofError::Length),
        };
    }
    // An old tree that is one perfect subtree is its own first node, and not repeated in the proof.
    let (first, rest) = match (old_size.is_power_of_two(), proof) {
        (_, []) => return Err(ProofError::Length),
        (true, all) => (old_root, all),
        (false, [first, rest @ ..]) => (first, rest),
    };
    let shift = (old_size - 1).trailing_ones();
    let (mut node, mut last) = ((old_size - 1) >> shift, (new_size - 1) >> shift);
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            (node, last) = skip_left_edge(node, last);
        } else {
            new = node_hash(&new, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, old == *old_root && new == *new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// A right-edge node without sibling rises until it is a right child (or the root).
fn skip_left_edge(mut node: u64, mut last: u64) -> (u64, u64) {
    while node != 0 && node & 1 == 0 {
        (node, last) = (node >> 1, last >> 1);
    }
    (node, last)
}
