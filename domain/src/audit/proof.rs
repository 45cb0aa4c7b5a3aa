//! Making inclusion and consistency proofs from stored hashes.
//!
//! A proof is a list of subtree roots. [`inclusion_ranges`] and [`consistency_ranges`] name the
//! subtrees, [`Span::nodes`] the perfect subtrees to read for each: a store that reads
//! asynchronously fetches those first, then asks for the proof.

use super::tree::{Hash, fold, node_hash};

/// A perfect subtree: the leaves `index << level` up to `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Height above the leaves, 0 to 62.
    pub level: u8,
    /// Place among the subtrees of that height, from the left.
    pub index: u64,
}

/// Neighbouring leaves `from..to` that make one subtree of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First leaf.
    pub from: u64,
    /// One past the last leaf.
    pub to: u64,
}

impl Span {
    /// The perfect subtrees that make up the span, largest (leftmost) first.
    pub fn nodes(self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let fits = 63 - (self.to - from).leading_zeros();
            let level = fits.min(from.trailing_zeros());
            nodes.push(Node { level: u8::try_from(level).unwrap_or(0), index: from >> level });
            from += 1 << level;
        }
        nodes
    }
}

/// Where perfect subtrees' hashes come from.
pub trait HashSource {
    /// The root of the perfect subtree, or `None` when the source does not hold it.
    fn node(&self, node: Node) -> Option<Hash>;
}

/// Every leaf hash of a log, in memory.
impl HashSource for [Hash] {
    fn node(&self, node: Node) -> Option<Hash> {
        if node.level == 0 {
            return self.get(usize::try_from(node.index).ok()?).copied();
        }
        let (level, index) = (node.level - 1, node.index.checked_mul(2)?);
        let left = self.node(Node { level, index })?;
        Some(node_hash(&left, &self.node(Node { level, index: index + 1 })?))
    }
}

/// The subtrees of the inclusion proof of leaf `index` in a tree of `size`, leaf's sibling first.
/// Empty when the leaf lies outside the tree.
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Span> {
    let mut ranges = Vec::new();
    let (mut from, mut to) = (0, size);
    while index < size && to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            ranges.push(Span { from: middle, to });
            to = middle;
        } else {
            ranges.push(Span { from, to: middle });
            from = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The subtrees of the consistency proof from `old_size` to `new_size`, smallest first.
/// Empty when nothing needs proof: from the empty tree, to the same size, or to a smaller one.
pub fn consistency_ranges(old_size: u64, new_size: u64) -> Vec<Span> {
    let mut ranges = Vec::new();
    if old_size == 0 || old_size >= new_size {
        return ranges;
    }
    let (mut from, mut to) = (0, new_size);
    while old_size != to {
        let middle = from + split(to - from);
        if old_size <= middle {
            ranges.push(Span { from: middle, to });
            to = middle;
        } else {
            ranges.push(Span { from, to: middle });
            from = middle;
        }
    }
    if from != 0 {
        ranges.push(Span { from, to });
    }
    ranges.reverse();
    ranges
}

/// The hashes of these subtrees; `None` when the source lacks one.
pub fn proof<S: HashSource + ?Sized>(ranges: &[Span], source: &S) -> Option<Vec<Hash>> {
    ranges.iter().map(|span| span_hash(*span, source)).collect()
}

fn span_hash<S: HashSource + ?Sized>(span: Span, source: &S) -> Option<Hash> {
    let hashes: Option<Vec<Hash>> = span.nodes().into_iter().map(|n| source.node(n)).collect();
    fold(hashes?.into_iter())
}

/// The inclusion proof of leaf `index` in the tree of `size`; `None` when the leaf lies outside
/// the tree or the source lacks a hash.
pub fn inclusion_proof<S: HashSource + ?Sized>(
    index: u64,
    size: u64,
    source: &S,
) -> Option<Vec<Hash>> {
    if index < size { proof(&inclusion_ranges(index, size), source) } else { None }
}

/// The consistency proof between two sizes; `None` when `old_size` is the greater or the source
/// lacks a hash. From the empty tree it is empty.
pub fn consistency_proof<S: HashSource + ?Sized>(
    old_size: u64,
    new_size: u64,
    source: &S,
) -> Option<Vec<Hash>> {
    if old_size <= new_size { proof(&consistency_ranges(old_size, new_size), source) } else { None }
}

/// The greatest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}
