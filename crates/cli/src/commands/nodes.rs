use std::collections::BTreeMap;
use std::ops::Range;

use groundbreak_proof::{Algorithm, Frontier, Hash};

/// How many leaves make a tile: as many as a tile of C2SP tlog-tiles has.
const TILE: u64 = 256;

/// The nodes of a tree from which proofs are made, kept while its leaves go by: the root of each full
/// tile, and the leaves of those tiles that a proof begins or ends in. That is 32 bytes for each 256
/// records, so one reading of the records is enough for a proof about any of them.
#[derive(Debug)]
pub(super) struct Nodes {
    algorithm: Algorithm,
    tiles: Vec<Hash>,
    /// The leaves of the last tile, which is not full.
    leaves: Vec<Hash>,
    keep: bool,
    /// The leaves of the tiles that were to be kept.
    kept: BTreeMap<u64, Vec<Hash>>,
}

impl Nodes {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            tiles: Vec::new(),
            leaves: Vec::new(),
            keep: false,
            kept: BTreeMap::new(),
        }
    }

    /// Takes the next leaf. `keep` says that a proof begins or ends at it.
    pub(super) fn push(&mut self, leaf: Hash, keep: bool) {
        self.leaves.push(leaf);
        self.keep |= keep;
        if (self.leaves.len() as u64) < TILE {
            return;
        }
        let mut tile = Frontier::new(self.algorithm);
        self.leaves.iter().for_each(|leaf| tile.push(*leaf));
        if self.keep {
            self.kept
                .insert(self.tiles.len() as u64, self.leaves.clone());
        }
        self.tiles.push(tile.root());
        self.leaves.clear();
        self.keep = false;
    }

    /// Returns the roots of the ranges of a proof; `None` when a range is not of the tree, or ends in a
    /// tile that was not kept.
    pub(super) fn roots(&self, ranges: Vec<Range<u64>>) -> Option<Vec<Hash>> {
        let roots = ranges.into_iter().map(|range| self.root(range));
        roots.collect()
    }

    /// RFC 6962, section 2.1: the largest power of two of the leaves below the left node, the rest below
    /// the right one.
    fn root(&self, range: Range<u64>) -> Option<Hash> {
        let length = range.end.checked_sub(range.start)?;
        if length == TILE
            && range.start.is_multiple_of(TILE)
            && let Some(root) = self.tiles.get(usize::try_from(range.start / TILE).ok()?)
        {
            return Some(*root);
        }
        match length {
            0 => None,
            1 => self.leaf(range.start),
            _ => {
                let middle = range.start + (1 << (length - 1).ilog2());
                let left = self.root(range.start..middle)?;
                let right = self.root(middle..range.end)?;
                Some(self.algorithm.node(left, right))
            }
        }
    }

    fn leaf(&self, index: u64) -> Option<Hash> {
        let tile = index / TILE;
        let leaves = if tile == self.tiles.len() as u64 {
            &self.leaves
        } else {
            self.kept.get(&tile)?
        };
        leaves.get((index % TILE) as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use groundbreak_proof::tree;

    use super::*;

    const ALGORITHM: Algorithm = Algorithm::Sha256;

    fn leaf(index: u64) -> Hash {
        ALGORITHM.leaf(&index.to_be_bytes())
    }

    fn root(size: u64) -> Hash {
        let mut frontier = Frontier::new(ALGORITHM);
        (0..size).for_each(|index| frontier.push(leaf(index)));
        frontier.root()
    }

    fn nodes(size: u64, keep: impl Fn(u64) -> bool) -> Nodes {
        let mut nodes = Nodes::new(ALGORITHM);
        (0..size).for_each(|index| nodes.push(leaf(index), keep(index)));
        nodes
    }

    #[test]
    fn one_reading_proves_that_a_record_is_among_them() {
        for size in [1, 2, 255, 256, 257, 511, 512, 700, 1024, 1300] {
            let whole = root(size);
            for index in [0, 1, 254, 255, 256, 300, 511, 512, 699, 1023, 1299] {
                let Some(ranges) = tree::inclusion(index, size) else {
                    continue;
                };
                let nodes = nodes(size, |at| at == index);
                let proof = nodes.roots(ranges).unwrap();
                assert!(
                    tree::verify_inclusion(ALGORITHM, leaf(index), index, size, &proof, whole),
                    "{index} of {size}"
                );
            }
        }
    }

    #[test]
    fn one_reading_proves_that_records_only_grew() {
        for old in [1, 2, 100, 255, 256, 257, 500, 512, 513, 1000] {
            for new in [257, 512, 700, 1024, 1300] {
                let Some(ranges) = tree::consistency(old, new) else {
                    continue;
                };
                let nodes = nodes(new, |at| at == old || at + 1 == old);
                let proof = nodes.roots(ranges).unwrap();
                let (before, now) = ((old, root(old)), (new, root(new)));
                assert!(
                    tree::verify_consistency(ALGORITHM, before, now, &proof),
                    "{old} to {new}"
                );
            }
        }
    }

    #[test]
    fn a_proof_into_a_tile_that_was_not_kept_is_none() {
        let ranges = tree::inclusion(3, 1000).unwrap();
        assert_eq!(nodes(1000, |_| false).roots(ranges), None);
    }
}
