//! A set of small items in order.

/// A set of small items, in an order that the caller knows: items are numbers of cases, and what
/// they are ordered by stands elsewhere.
///
/// It is a list of short lists. Against a B-tree it takes hardly more memory than the items do,
/// and an item that is put in moves a few hundred others at most.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    pieces: Vec<Vec<T>>,
    len: usize,
}

/// The most items of a piece.
const PIECE_MAX: usize = 256;
/// The places a piece that is full grows by: doubling would leave a quarter of the memory unused.
const GROWTH: usize = 16;

/// A place between two items.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    piece: usize,
    at: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            pieces: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Copy + PartialEq> Sorted<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the place behind all items that come before something.
    pub(super) fn place(&self, before: impl Fn(T) -> bool) -> Place {
        // What comes in order comes behind everything.
        if self.last().is_none_or(&before) {
            return Place {
                piece: self.pieces.len(),
                at: 0,
            };
        }
        let piece = self
            .pieces
            .partition_point(|piece| piece.last().is_some_and(|last| before(*last)));
        let at = self
            .pieces
            .get(piece)
            .map_or(0, |piece| piece.partition_point(|item| before(*item)));
        Place { piece, at }
    }

    /// Returns the item behind a place.
    pub(super) fn at(&self, place: Place) -> Option<T> {
        self.pieces.get(place.piece)?.get(place.at).copied()
    }

    /// Returns the item in front of a place.
    pub(super) fn in_front_of(&self, place: Place) -> Option<T> {
        match place.at.checked_sub(1) {
            Some(at) => self.pieces.get(place.piece)?.get(at).copied(),
            None => self
                .pieces
                .get(place.piece.checked_sub(1)?)?
                .last()
                .copied(),
        }
    }

    pub(super) fn last(&self) -> Option<T> {
        self.pieces.last()?.last().copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.pieces.iter().flatten().copied()
    }

    /// Returns the items behind a place, in order.
    pub(super) fn iter_from(&self, place: Place) -> impl Iterator<Item = T> + '_ {
        let rest = self.pieces.get(place.piece..).unwrap_or_default();
        let first = rest.first().and_then(|piece| piece.get(place.at..));
        let others = rest.get(1..).unwrap_or_default();
        first
            .into_iter()
            .flatten()
            .chain(others.iter().flatten())
            .copied()
    }

    /// Puts an item in, behind those that come before it.
    pub(super) fn insert(&mut self, item: T, before: impl Fn(T) -> bool) {
        let mut place = self.place(before);
        if self.at(place) == Some(item) {
            return;
        }
        match self.pieces.get_mut(place.piece) {
            None => match self.pieces.last() {
                Some(last) if last.len() < PIECE_MAX => {
                    place.at = last.len();
                    place.piece -= 1;
                }
                _ => self.pieces.push(Vec::new()),
            },
            Some(piece) if piece.len() == PIECE_MAX => {
                let upper = piece.split_off(PIECE_MAX / 2);
                piece.shrink_to_fit();
                self.pieces.insert(place.piece + 1, upper);
                if place.at > PIECE_MAX / 2 {
                    place.piece += 1;
                    place.at -= PIECE_MAX / 2;
                }
            }
            Some(_) => {}
        }
        if let Some(piece) = self.pieces.get_mut(place.piece) {
            if piece.len() == piece.capacity() {
                piece.reserve_exact(GROWTH);
            }
            piece.insert(place.at, item);
            self.len += 1;
        }
    }

    /// Takes an item out, given what comes before it.
    pub(super) fn remove(&mut self, item: T, before: impl Fn(T) -> bool) {
        let place = self.place(before);
        if self.at(place) != Some(item) {
            return;
        }
        let Some(piece) = self.pieces.get_mut(place.piece) else {
            return;
        };
        piece.remove(place.at);
        self.len -= 1;
        if piece.capacity() - piece.len() > 2 * GROWTH {
            piece.shrink_to(piece.len() + GROWTH);
        }
        let left = piece.len();
        if left < PIECE_MAX / 4 {
            self.join(place.piece, left);
        }
    }

    /// Joins a piece with few items to the next one, if that has room.
    fn join(&mut self, piece: usize, left: usize) {
        match self.pieces.get(piece + 1).map(Vec::len) {
            Some(next) if left + next <= PIECE_MAX / 2 => {
                let next = self.pieces.remove(piece + 1);
                if let Some(piece) = self.pieces.get_mut(piece) {
                    piece.reserve_exact(next.len());
                    piece.extend(next);
                }
            }
            _ if left == 0 => {
                self.pieces.remove(piece);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_in_order(steps in prop::collection::vec((any::<bool>(), 0_u32..900), 0..4_000)) {
            let mut sorted = Sorted::default();
            let mut model = BTreeSet::new();
            for (put, item) in steps {
                if put {
                    sorted.insert(item, |other| other < item);
                    model.insert(item);
                } else {
                    sorted.remove(item, |other| other < item);
                    model.remove(&item);
                }
            }
            prop_assert_eq!(sorted.len(), model.len());
            prop_assert!(sorted.iter().eq(model.iter().copied()));
            for from in [0, 1, 450, 899, 900] {
                let place = sorted.place(|other| other < from);
                prop_assert!(sorted.iter_from(place).eq(model.range(from..).copied()));
                prop_assert_eq!(sorted.in_front_of(place), model.range(..from).next_back().copied());
            }
        }
    }

    #[test]
    fn what_comes_in_order_leaves_no_room_unused() {
        let mut sorted = Sorted::default();
        for item in 0..10_000_u32 {
            sorted.insert(item, |other| other < item);
        }
        let places: usize = sorted.pieces.iter().map(Vec::capacity).sum();
        assert!(places < 10_000 + PIECE_MAX, "{places}");
        for item in 0..10_000_u32 {
            sorted.remove(item, |other| other < item);
        }
        assert!(sorted.pieces.is_empty() && sorted.is_empty());
    }
}
