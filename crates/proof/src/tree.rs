//! The Merkle tree over all records: its root, and proofs about it.
//!
//! A proof is a list of roots of ranges of leaves. [`inclusion`] and [`consistency`] say which
//! ranges, and [`RangeRoots`] computes their roots while the leaves go by once, so that a proof
//! over millions of records needs memory for a few dozen hashes.
//!
//! # Source
//!
//! RFC 6962, sections 2.1.1 and 2.1.2; verification follows RFC 9162, sections 2.1.3.2 and 2.1.4.2.

use std::ops::Range;

use crate::{Algorithm, Hash};

/// A tree that takes one leaf after another and remembers only what its root needs: at most 64
/// hashes.
#[derive(Clone, Debug)]
pub struct Frontier {
    algorithm: Algorithm,
    size: u64,
    /// The roots of the full subtrees, the largest first: one for each bit set in `size`.
    roots: Vec<Hash>,
}

impl Frontier {
    /// Returns a tree without leaves.
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            size: 0,
            roots: Vec::new(),
        }
    }

    /// Returns the tree whose [`Frontier::size`] and [`Frontier::roots`] these are; `None` when a
    /// tree of that size has another number of them. Only a root that was signed can show that the
    /// hashes are right.
    pub fn resume(algorithm: Algorithm, size: u64, roots: Vec<Hash>) -> Option<Self> {
        (roots.len() == size.count_ones() as usize).then_some(Self {
            algorithm,
            size,
            roots,
        })
    }

    /// Adds the hash of the next leaf, as [`Algorithm::leaf`] gives it.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        let mut full = self.size;
        while full & 1 == 1 {
            if let Some(left) = self.roots.pop() {
                node = self.algorithm.node(left, node);
            }
            full >>= 1;
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// Returns how many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the roots of the full subtrees, the largest first: one for each bit set in the size.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Returns the root over all leaves so far.
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev().copied();
        let Some(last) = roots.next() else {
            return self.algorithm.empty();
        };
        roots.fold(last, |right, left| self.algorithm.node(left, right))
    }
}

/// The roots of ranges of leaves, computed while the leaves go by.
#[derive(Clone, Debug)]
pub struct RangeRoots {
    algorithm: Algorithm,
    next: u64,
    /// The ranges in the order of their leaves, and the place of each in the proof.
    ranges: Vec<(Range<u64>, usize)>,
    current: usize,
    frontier: Frontier,
    roots: Vec<Option<Hash>>,
}

impl RangeRoots {
    /// Begins at the first leaf. The ranges are those of [`inclusion`] or [`consistency`]; they do
    /// not overlap.
    pub fn new(algorithm: Algorithm, ranges: Vec<Range<u64>>) -> Self {
        let roots = vec![None; ranges.len()];
        let mut ranges: Vec<_> = ranges
            .into_iter()
            .enumerate()
            .map(|(place, range)| (range, place))
            .collect();
        ranges.sort_by_key(|(range, _)| range.start);
        Self {
            algorithm,
            next: 0,
            ranges,
            current: 0,
            frontier: Frontier::new(algorithm),
            roots,
        }
    }

    /// Takes the hash of the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let index = self.next;
        self.next += 1;
        let Some((range, place)) = self.ranges.get(self.current) else {
            return;
        };
        if !range.contains(&index) {
            return;
        }
        self.frontier.push(leaf);
        if index + 1 == range.end {
            if let Some(root) = self.roots.get_mut(*place) {
                *root = Some(self.frontier.root());
            }
            self.frontier = Frontier::new(self.algorithm);
            self.current += 1;
        }
    }

    /// Returns the roots in the order of the proof, or `None` when leaves are missing.
    pub fn finish(self) -> Option<Vec<Hash>> {
        self.roots.into_iter().collect()
    }
}

/// Returns the ranges of leaves whose roots prove that leaf `index` is in the tree of `size`
/// leaves; `None` when there is no such leaf.
///
/// # Source
///
/// RFC 6962, section 2.1.1.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    // The recursion of the source writes the innermost first.
    ranges.reverse();
    Some(ranges)
}

/// Returns the ranges of leaves whose roots prove that the tree of `new` leaves begins with the
/// tree of `old` leaves; `None` when it cannot, being smaller.
///
/// The list is empty for two trees of one size, and for an old tree without leaves.
///
/// # Source
///
/// RFC 6962, section 2.1.2.
pub fn consistency(old: u64, new: u64) -> Option<Vec<Range<u64>>> {
    if old > new {
        return None;
    }
    if old == 0 || old == new {
        return Some(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, new);
    // Where the old tree ends at a full subtree from the beginning, its root is known already.
    let mut known = true;
    while old < end {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
            known = false;
        }
    }
    if !known {
        ranges.push(start..end);
    }
    ranges.reverse();
    Some(ranges)
}

/// Tells whether the proof shows that a leaf stands at `index` in the tree of `size` leaves with
/// this root.
///
/// # Source
///
/// RFC 9162, section 2.1.3.2.
pub fn verify_inclusion(
    algorithm: Algorithm,
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut first, mut last) = (index, size - 1);
    let mut node = leaf;
    for &sibling in proof {
        if last == 0 {
            return false;
        }
        if first & 1 == 1 || first == last {
            node = algorithm.node(sibling, node);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            node = algorithm.node(node, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    last == 0 && node == root
}

/// Tells whether the proof shows that the tree of `new.0` leaves with root `new.1` begins with
/// the tree of `old.0` leaves with root `old.1`.
///
/// # Source
///
/// RFC 9162, section 2.1.4.2. Every tree begins with the tree without leaves.
pub fn verify_consistency(
    algorithm: Algorithm,
    old: (u64, Hash),
    new: (u64, Hash),
    proof: &[Hash],
) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && old_root == algorithm.empty();
    }
    let mut path = proof.iter().copied();
    let begin = if old_size.is_power_of_two() {
        Some(old_root)
    } else {
        path.next()
    };
    let Some(begin) = begin else {
        return false;
    };
    let (mut first, mut last) = (old_size - 1, new_size - 1);
    while first & 1 == 1 {
        first >>= 1;
        last >>= 1;
    }
    let (mut old_node, mut new_node) = (begin, begin);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if first & 1 == 1 || first == last {
            old_node = algorithm.node(sibling, old_node);
            new_node = algorithm.node(sibling, new_node);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            new_node = algorithm.node(new_node, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    last == 0 && old_node == old_root && new_node == new_root
}

/// Returns the largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}
