//! States that are not stored yet.
//!
//! A record is written at once; the state it leads to only when the case has rested for a while, so that a
//! case that goes on quickly costs one state and not one a command. Until then the state stands in memory,
//! and its timers and terms in rows: those of many cases in one value, which is written over when
//! nobody needs it any more, and removed when the store is closed.
//!
//! After a crash the rows say which states are behind their journals. Opening stores them anew, with the
//! timers and terms of the rows and the old bytes of the state; whoever reads such a state gets the records
//! that it does not have with it.

use std::collections::VecDeque;
use std::mem;

use groundbreak_store::{Position, Snapshot};
use uuid::Uuid;

use crate::key;
use crate::value::{NewState, Row, Rows, Trail};
use crate::writes::Writes;

/// A state is stored at the latest when so many records have come after the first one it lacks.
const RECORDS_WAITED_MAX: u64 = 16_384;

/// The oldest states are stored when all that wait have more bytes than this.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A state is stored before it lacks more records than this, so that reading it after a crash stays quick. Only
/// the records of one group may be more.
const RECORDS_BEHIND_MAX: u64 = 256;

/// A state that stands in memory alone.
#[derive(Debug)]
pub(crate) struct Unsaved {
    pub(crate) trail: Trail,
    /// A position behind the last record that the stored state has, and not behind the next.
    pub(crate) since: u64,
    /// How many records the stored state does not have.
    pub(crate) records: u64,
    /// The number of pieces the stored state has.
    pub(crate) pieces: usize,
    /// Timers and terms.
    pub(crate) index: Box<[u8]>,
    pub(crate) state: Box<[u8]>,
}

impl Unsaved {
    pub(crate) fn snapshot(&self, case: Uuid) -> Snapshot {
        Snapshot {
            case,
            revision: self.trail.revision,
            position: Position::new(self.trail.last()),
            state: self.state.to_vec(),
            behind: Vec::new(),
        }
    }

    pub(crate) fn row(&self, case: Uuid) -> Row<'_> {
        Row {
            case,
            revision: self.trail.revision,
            position: self.trail.last(),
            index: &self.index,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.index.len() + self.state.len()
    }

    /// Whether its timers and terms are too many for a row.
    pub(crate) fn has_no_row(&self) -> bool {
        self.index.len() > Rows::INDEX_BYTES_MAX
    }

    /// Whether it must be stored before it lacks so many records more.
    pub(crate) fn is_too_far_behind(&self, more: u64) -> bool {
        self.records + more > RECORDS_BEHIND_MAX
    }

    /// Adds the state to what is written. Returns how many pieces it has.
    pub(crate) fn save(&self, case: Uuid, writes: &mut Writes) -> usize {
        let new = NewState {
            case,
            trail: &self.trail,
            behind: 0,
            index: &self.index,
            state: &self.state,
        };
        save(&new, self.pieces, writes)
    }
}

/// Adds a state to what is written, in the place of one that has so many pieces. Returns how many it has.
pub(crate) fn save(new: &NewState<'_>, before: usize, writes: &mut Writes) -> usize {
    let (value, pieces) = new.write();
    let count = pieces.len();
    if count > 0 {
        writes.as_a_whole();
    }
    writes.insert(key::state(new.case), value);
    for (number, piece) in pieces.into_iter().enumerate() {
        writes.insert(key::state_piece(new.case, number), piece);
    }
    for number in count..before {
        writes.remove(key::state_piece(new.case, number));
    }
    count
}

/// Which states wait, in the order they are to be stored, and where their rows are.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Each with its [`Unsaved::since`]. One that has another by now was stored meanwhile.
    order: VecDeque<(u64, Uuid)>,
    bytes: usize,
    /// The numbers of values of rows that nobody needs.
    free: Vec<u32>,
    /// The first number that no value has.
    next: u32,
    /// The numbers of the rows of each group, with the position of its last record.
    rows: VecDeque<(u64, Vec<u32>)>,
}

impl Waiting {
    /// Takes note of a state, and of the one whose place it takes.
    pub(crate) fn put(&mut self, case: Uuid, unsaved: &Unsaved, before: Option<&Unsaved>) {
        self.bytes += unsaved.bytes();
        match before {
            Some(before) => self.bytes -= before.bytes(),
            None => self.order.push_back((unsaved.since, case)),
        }
    }

    /// Takes note that a state is stored.
    pub(crate) fn remove(&mut self, unsaved: &Unsaved) {
        self.bytes -= unsaved.bytes();
    }

    /// The case that has waited longest, with its [`Unsaved::since`].
    pub(crate) fn first(&self) -> Option<(u64, Uuid)> {
        self.order.front().copied()
    }

    /// Goes on to the next.
    pub(crate) fn pass(&mut self) {
        self.order.pop_front();
    }

    /// Whether the first must be stored, when the journal ends here.
    pub(crate) fn is_over_full(&self, last: u64) -> bool {
        let waited = self.first().map_or(0, |(since, _)| last - since);
        waited >= RECORDS_WAITED_MAX || self.bytes > WAITING_BYTES_MAX
    }

    /// Writes the rows of a group whose last record is at this position.
    pub(crate) fn write_rows<'a>(
        &mut self,
        last: u64,
        rows: impl Iterator<Item = Row<'a>>,
        writes: &mut Writes,
    ) {
        let mut numbers = Vec::new();
        let mut write = |rows: Rows| {
            let number = self.free.pop().unwrap_or_else(|| {
                self.next += 1;
                self.next - 1
            });
            let rows_key = key::rows(number);
            let value = rows.write(&rows_key);
            writes.insert(rows_key, value);
            numbers.push(number);
        };
        let mut value: Option<Rows> = None;
        for row in rows {
            if let Some(value) = &mut value
                && value.add(&row)
            {
                continue;
            }
            let mut begun = Rows::new();
            begun.add(&row);
            if let Some(full) = value.replace(begun) {
                write(full);
            }
        }
        if let Some(rest) = value {
            write(rest);
        }
        if !numbers.is_empty() {
            self.rows.push_back((last, numbers));
        }
    }

    /// Whether no state waits and there are no rows.
    pub(crate) fn is_over(&self) -> bool {
        self.order.is_empty() && self.next == 0
    }

    /// Removes all rows, when no state waits.
    pub(crate) fn end(&mut self, writes: &mut Writes) {
        if self.order.is_empty() {
            for number in 0..mem::take(&mut self.next) {
                writes.remove(key::rows(number));
            }
            self.free.clear();
            self.rows.clear();
        }
    }

    /// Gives back the numbers of rows whose states are all stored, for the groups that come.
    pub(crate) fn give_back(&mut self) {
        let needed = self.first().map_or(u64::MAX, |(since, _)| since);
        while let Some((_, numbers)) = self.rows.pop_front_if(|(last, _)| *last < needed) {
            self.free.extend(numbers);
        }
    }
}
