//! Sets of states as bits in words, lowest state first.
//!
//! States are numbered so that a state comes before its descendants and these are numbered without
//! a gap. Document order is therefore the order of the bits, and a subtree is a range of them.

use std::ops::Range;

const BITS: usize = u64::BITS as usize;

/// Returns how many words hold `states` bits.
pub(crate) fn words_for(states: usize) -> usize {
    states.div_ceil(BITS)
}

pub(crate) fn contains(words: &[u64], state: usize) -> bool {
    words
        .get(state / BITS)
        .is_some_and(|word| word >> (state % BITS) & 1 == 1)
}

/// Adds a state, and returns whether it was missing.
pub(crate) fn insert(words: &mut [u64], state: usize) -> bool {
    let bit = 1 << (state % BITS);
    let word = &mut words[state / BITS];
    let missing = *word & bit == 0;
    *word |= bit;
    missing
}

/// Removes a state, and returns whether it was there.
pub(crate) fn remove(words: &mut [u64], state: usize) -> bool {
    let bit = 1 << (state % BITS);
    let word = &mut words[state / BITS];
    let present = *word & bit != 0;
    *word &= !bit;
    present
}

pub(crate) fn intersects(left: &[u64], right: &[u64]) -> bool {
    left.iter()
        .zip(right)
        .any(|(left, right)| left & right != 0)
}

/// Returns the indexes of the words that hold bits of `range`.
pub(crate) fn word_range(range: &Range<usize>) -> Range<usize> {
    if range.is_empty() {
        0..0
    } else {
        range.start / BITS..(range.end - 1) / BITS + 1
    }
}

/// Returns the bits of word `index` that lie in `range`.
pub(crate) fn mask(range: &Range<usize>, index: usize) -> u64 {
    let first = index * BITS;
    let low = range.start.saturating_sub(first).min(BITS);
    let high = range.end.saturating_sub(first).min(BITS);
    if low >= high {
        0
    } else {
        (u64::MAX >> (BITS - (high - low))) << low
    }
}

pub(crate) fn any_in(words: &[u64], range: &Range<usize>) -> bool {
    word_range(range).any(|index| words[index] & mask(range, index) != 0)
}

/// Returns the members in document order.
pub(crate) fn iter(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    words
        .iter()
        .enumerate()
        .flat_map(|(index, word)| Ones(*word).map(move |bit| index * BITS + bit))
}

/// Returns the members that both sets have, in document order.
pub(crate) fn iter_both<'a>(left: &'a [u64], right: &'a [u64]) -> impl Iterator<Item = usize> + 'a {
    left.iter()
        .zip(right)
        .enumerate()
        .flat_map(|(index, (left, right))| Ones(left & right).map(move |bit| index * BITS + bit))
}

/// The positions of the ones in a word, lowest first.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks every question about `range` against the same question asked bit by bit.
    fn check(range: Range<usize>) {
        let words = words_for(200);
        let masked: Vec<u64> = (0..words).map(|index| mask(&range, index)).collect();
        let expected: Vec<usize> = range.clone().collect();
        assert_eq!(iter(&masked).collect::<Vec<_>>(), expected);
        for state in 0..200 {
            let mut one = vec![0; words];
            assert!(insert(&mut one, state));
            assert!(!insert(&mut one, state));
            assert_eq!(
                any_in(&one, &range),
                range.contains(&state),
                "{state} in {range:?}"
            );
            assert_eq!(
                contains(&masked, state),
                range.contains(&state),
                "{state} in {range:?}"
            );
            assert_eq!(intersects(&one, &masked), range.contains(&state));
            assert!(remove(&mut one, state));
            assert!(!remove(&mut one, state));
        }
    }

    #[test]
    fn a_range_within_a_word() {
        check(3..17);
    }

    #[test]
    fn a_range_that_fills_words() {
        check(64..192);
    }

    #[test]
    fn a_range_over_the_seam_of_words() {
        check(60..131);
    }

    #[test]
    fn a_range_of_one() {
        check(63..64);
        check(64..65);
    }

    #[test]
    fn an_empty_range() {
        check(70..70);
    }
}
