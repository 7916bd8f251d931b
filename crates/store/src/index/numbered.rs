//! Items in the order of a number.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::sorted::{Place, Sorted};

/// Items in the order of a number, and then in an order that the caller knows.
///
/// Instants are most of the numbers. Those whose upper halves are equal, which is about seven
/// weeks of them, stand in one list, and only their lower halves are kept.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    lists: BTreeMap<i32, Sorted<(u32, T)>>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            lists: BTreeMap::new(),
        }
    }
}

impl<T: Copy + PartialEq> Numbered<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Puts an item in, behind those of the same number that come before it.
    pub(super) fn insert(&mut self, number: i64, item: T, before: impl Fn(T) -> bool) {
        let (upper, lower) = halves(number);
        self.lists
            .entry(upper)
            .or_default()
            .insert((lower, item), in_list(lower, before));
    }

    /// Takes an item out, given what comes before it.
    pub(super) fn remove(&mut self, number: i64, item: T, before: impl Fn(T) -> bool) {
        let (upper, lower) = halves(number);
        if let Some(list) = self.lists.get_mut(&upper) {
            list.remove((lower, item), in_list(lower, before));
            if list.is_empty() {
                self.lists.remove(&upper);
            }
        }
    }

    pub(super) fn first(&self) -> Option<(i64, T)> {
        self.iter().next()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, T)> + '_ {
        self.lists
            .iter()
            .flat_map(|(upper, list)| whole(*upper, list.iter()))
    }

    /// Returns all items from a number on, without those of this number that come before.
    pub(super) fn iter_from<F: Fn(T) -> bool>(
        &self,
        number: i64,
        before: F,
    ) -> impl Iterator<Item = (i64, T)> + use<'_, T, F> {
        let (upper, lower) = halves(number);
        let here = self.lists.get(&upper).map(|list| {
            let place: Place = list.place(in_list(lower, before));
            whole(upper, list.iter_from(place))
        });
        let later = self
            .lists
            .range((Bound::Excluded(upper), Bound::Unbounded))
            .flat_map(|(upper, list)| whole(*upper, list.iter()));
        here.into_iter().flatten().chain(later)
    }

    /// Returns the largest number.
    pub(super) fn last_number(&self) -> Option<i64> {
        let (upper, list) = self.lists.last_key_value()?;
        Some(joined(*upper, list.last()?.0))
    }

    /// Returns the largest number below another.
    pub(super) fn number_below(&self, number: i64) -> Option<i64> {
        let (upper, lower) = halves(number);
        let here = self.lists.get(&upper).and_then(|list| {
            let (lower, _) = list.in_front_of(list.place(in_list(lower, |_| false)))?;
            Some(joined(upper, lower))
        });
        here.or_else(|| {
            let (upper, list) = self.lists.range(..upper).next_back()?;
            Some(joined(*upper, list.last()?.0))
        })
    }
}

fn in_list<T>(lower: u32, before: impl Fn(T) -> bool) -> impl Fn((u32, T)) -> bool {
    move |(other, item)| other < lower || (other == lower && before(item))
}

fn whole<T>(upper: i32, items: impl Iterator<Item = (u32, T)>) -> impl Iterator<Item = (i64, T)> {
    items.map(move |(lower, item)| (joined(upper, lower), item))
}

fn halves(number: i64) -> (i32, u32) {
    ((number >> 32) as i32, number as u32)
}

fn joined(upper: i32, lower: u32) -> i64 {
    (i64::from(upper) << 32) | i64::from(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_from_the_smallest_to_the_largest() {
        let numbers = [
            i64::MIN,
            -(1 << 32) - 1,
            -(1 << 32),
            -1,
            0,
            1,
            u32::MAX.into(),
            1 << 32,
            i64::MAX,
        ];
        let mut numbered = Numbered::default();
        for number in numbers.iter().rev() {
            numbered.insert(*number, (), |()| false);
        }
        assert!(numbered.iter().map(|(number, ())| number).eq(numbers));
        assert_eq!(numbered.last_number(), Some(i64::MAX));
        for (at, number) in numbers.iter().enumerate() {
            let from = numbered.iter_from(*number, |()| false);
            assert!(from.map(|(number, ())| number).eq(numbers[at..].to_vec()));
            let below = at.checked_sub(1).map(|at| numbers[at]);
            assert_eq!(numbered.number_below(*number), below);
        }
        for number in numbers {
            numbered.remove(number, (), |()| false);
        }
        assert!(numbered.is_empty());
    }
}
