//! The keys of the one tree. The first byte says what it is; numbers are big-endian, so that
//! the order of keys is the order of numbers.
//!
//! | Key | Value |
//! |---|---|
//! | `E` position | records of the journal, from the one at the position on |
//! | `P` position n | the n-th further piece of a long record |
//! | `S` case | a state of a case, with its timers and terms |
//! | `Q` case n | the n-th further piece of a long state |
//! | `U` number | timers and terms of cases whose states are not stored yet |
//! | `R` position command | commands of records up to the position, sorted, from this one on |
//! | `H` position | the link of the hash chain for the group that begins at the position |
//! | `K` key | a metadata entry |
//! | `L` key 0 n | the n-th further piece of a long entry |
//! | `Mhead` | where the journal ends |
//! | `Mchecked` | up to where the chain was checked when the store was last opened |
//!
//! Format 1 had one record a value, and a value `D` for each command, which nobody reads any more.
//!
//! Records are keyed by position, not by case, because appending at the right edge of the tree
//! was measured to be three times as fast once the tree is larger than its cache.

use std::ops::RangeInclusive;

use groundbreak_store::Position;
use uuid::Uuid;

pub(crate) const HEAD: &[u8] = b"Mhead";
pub(crate) const CHECKED: &[u8] = b"Mchecked";
pub(crate) const STATES: &[u8] = b"S";
pub(crate) const ROWS: &[u8] = b"U";
pub(crate) const ENTRIES: &[u8] = b"K";

pub(crate) fn record(position: u64) -> Vec<u8> {
    joined(b'E', &position.to_be_bytes())
}

pub(crate) fn record_piece(position: u64, number: usize) -> Vec<u8> {
    piece(b'P', &position.to_be_bytes(), number)
}

pub(crate) fn state(case: Uuid) -> Vec<u8> {
    joined(b'S', case.as_bytes())
}

pub(crate) fn state_piece(case: Uuid, number: usize) -> Vec<u8> {
    piece(b'Q', case.as_bytes(), number)
}

pub(crate) fn rows(number: u32) -> Vec<u8> {
    joined(b'U', &number.to_be_bytes())
}

/// The number in the key of rows.
pub(crate) fn rows_in(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(1..)?.try_into().ok()?))
}

pub(crate) fn run(last: u64, first: Uuid) -> Vec<u8> {
    let mut key = joined(b'R', &last.to_be_bytes());
    key.extend_from_slice(first.as_bytes());
    key
}

/// The keys of all runs behind this one.
pub(crate) fn runs_after(last: u64) -> RangeInclusive<Vec<u8>> {
    run(last.saturating_add(1), Uuid::nil())..=run(u64::MAX, Uuid::max())
}

/// The last position and the first command in the key of a part of a run.
pub(crate) fn run_in(key: &[u8]) -> Option<(u64, Uuid)> {
    let (last, first) = key.get(1..)?.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*last), Uuid::from_slice(first).ok()?))
}

pub(crate) fn link(first: u64) -> Vec<u8> {
    joined(b'H', &first.to_be_bytes())
}

pub(crate) fn entry(key: &str) -> Vec<u8> {
    joined(b'K', key.as_bytes())
}

pub(crate) fn entry_piece(key: &str, number: usize) -> Vec<u8> {
    let mut terminated = key.as_bytes().to_vec();
    // No key holds a NUL, so no piece of one entry can be mistaken for a piece of another.
    terminated.push(0);
    piece(b'L', &terminated, number)
}

/// The position in a key of a record or a link.
pub(crate) fn position_in(key: &[u8]) -> Option<Position> {
    let number = key.get(1..)?.try_into().ok()?;
    Some(Position::new(u64::from_be_bytes(number)))
}

/// The case in the key of a state.
pub(crate) fn case_in(key: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(key.get(1..)?).ok()
}

/// The metadata key in the key of an entry.
pub(crate) fn entry_in(key: &[u8]) -> Option<String> {
    String::from_utf8(key.get(1..)?.to_vec()).ok()
}

fn joined(prefix: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(prefix);
    key.extend_from_slice(rest);
    key
}

fn piece(prefix: u8, rest: &[u8], number: usize) -> Vec<u8> {
    let mut key = joined(prefix, rest);
    // A value has at most a few hundred pieces: the bounds of the contract see to it.
    key.extend_from_slice(&(number as u32).to_be_bytes());
    key
}
