//! Packs: the values of the journal, each with the records of one group that fit into it.
//!
//! What sled costs is the number of values, so a value holds as many records as there is room
//! for, one behind the other. Their positions follow on one another from the one in the key. A
//! record that is longer than a value has a pack to itself, and goes on in pieces.

use std::borrow::Cow;

use groundbreak_store::{Position, Record};
use sled::{IVec, Tree};

use crate::failure::Failure;
use crate::value::{RecordHeader, Split, VALUE_BYTES_MAX};
use crate::{Part, key};

/// A pack that is being filled.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) first: u64,
    records: u64,
    pub(crate) value: Vec<u8>,
}

impl Pack {
    /// Begins a pack with the record at this position.
    pub(crate) fn new(first: u64, value: Vec<u8>) -> Self {
        Self {
            first,
            records: 1,
            value,
        }
    }

    /// Adds a record, when it fits and its position is the next.
    pub(crate) fn add(&mut self, position: u64, record: &Split<'_>) -> bool {
        let fits = record.pieces.is_empty()
            && position == self.first + self.records
            && self.value.len() + record.value.len() <= VALUE_BYTES_MAX;
        if fits {
            self.value.extend_from_slice(&record.value);
            self.records += 1;
        }
        fits
    }
}

/// One record of a pack.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) position: u64,
    pub(crate) header: RecordHeader,
    /// The part of the record that stands in the pack.
    inline: IVec,
}

impl Packed {
    /// Returns the whole record, checked.
    pub(crate) fn record(&self, tree: &Tree) -> Result<Record, Failure> {
        Ok(Record {
            position: Position::new(self.position),
            case: self.header.case,
            revision: self.header.revision,
            command: self.header.command,
            recorded_at: self.header.recorded_at,
            record: self.body_seen(tree, |_, _| ())?.into_owned(),
        })
    }

    /// Returns the bytes of the whole record, checked. `visit` sees the key and the value of each piece.
    pub(crate) fn body_seen(
        &self,
        tree: &Tree,
        mut visit: impl FnMut(&[u8], &[u8]),
    ) -> Result<Cow<'_, [u8]>, Failure> {
        let mut body = Cow::Borrowed(self.inline.as_ref());
        for number in 0..self.header.pieces() {
            let piece_key = key::record_piece(self.position, number);
            let piece = tree
                .get(&piece_key)?
                .ok_or_else(|| damaged(self.position))?;
            visit(&piece_key, &piece);
            body.to_mut().extend_from_slice(&piece);
        }
        if self.header.matches(self.position, &body) {
            Ok(body)
        } else {
            Err(damaged(self.position))
        }
    }
}

/// Goes through the records of a pack, in order.
pub(crate) fn records(first: u64, value: IVec) -> impl Iterator<Item = Result<Packed, Failure>> {
    let (mut position, mut at, mut over) = (first, 0, false);
    std::iter::from_fn(move || {
        if over || (at == value.len() && position > first) {
            return None;
        }
        let Some((header, inline, rest)) = RecordHeader::read(&value[at..]) else {
            over = true;
            return Some(Err(damaged(position)));
        };
        let end = value.len() - rest.len();
        let packed = Packed {
            position,
            header,
            inline: value.subslice(end - inline.len(), inline.len()),
        };
        at = end;
        position += 1;
        Some(Ok(packed))
    })
}

/// Goes through the records behind a position up to another, in order.
pub(crate) fn range(
    tree: &Tree,
    after: u64,
    last: u64,
) -> Result<impl Iterator<Item = Result<Packed, Failure>>, Failure> {
    // The first of them may stand in the middle of a pack.
    let start = match before(tree, after.saturating_add(1))? {
        Some((first, _)) => first,
        None => after.saturating_add(1),
    };
    let packs = tree.range(key::record(start)..=key::record(last));
    Ok(packs
        .flat_map(|item| {
            let read = item
                .map_err(Failure::from)
                .and_then(|(key, value)| Ok((position_in(&key)?, value)));
            match read {
                Ok((first, value)) => either(Ok(records(first, value))),
                Err(failure) => either(Err(failure)),
            }
        })
        .filter(move |packed| match packed {
            Ok(packed) => packed.position > after && packed.position <= last,
            Err(_) => true,
        }))
}

/// Returns the records of the pack that a position is in, which must be there.
pub(crate) fn holding(tree: &Tree, position: u64) -> Result<Vec<Packed>, Failure> {
    let (first, value) = before(tree, position)?.ok_or_else(|| damaged(position))?;
    records(first, value).collect()
}

/// Returns the record at a position, which must be there.
pub(crate) fn at(tree: &Tree, position: u64) -> Result<Packed, Failure> {
    let (first, value) = before(tree, position)?.ok_or_else(|| damaged(position))?;
    for packed in records(first, value) {
        let packed = packed?;
        if packed.position == position {
            return Ok(packed);
        }
    }
    Err(damaged(position))
}

/// The last pack that begins at a position or before it.
fn before(tree: &Tree, position: u64) -> Result<Option<(u64, IVec)>, Failure> {
    let up_to = tree.range(key::record(0)..=key::record(position));
    let Some(item) = up_to.into_iter().next_back() else {
        return Ok(None);
    };
    let (key, value) = item?;
    Ok(Some((position_in(&key)?, value)))
}

pub(crate) fn position_in(record_key: &[u8]) -> Result<u64, Failure> {
    key::position_in(record_key)
        .map(|position| position.number())
        .ok_or_else(|| Failure::damaged(Part::Record, "a key that is no position"))
}

fn either<T>(
    records: Result<impl Iterator<Item = Result<T, Failure>>, Failure>,
) -> impl Iterator<Item = Result<T, Failure>> {
    let (records, failure) = match records {
        Ok(records) => (Some(records), None),
        Err(failure) => (None, Some(Err(failure))),
    };
    records.into_iter().flatten().chain(failure)
}

fn damaged(position: u64) -> Failure {
    Failure::damaged(Part::Record, format!("position {position}"))
}
