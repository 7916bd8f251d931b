//! The bytes under the keys: written and read here and nowhere else.
//!
//! Every value begins with a version byte, holds a checksum over itself and over what its key
//! says (so that a value under a wrong key does not pass), and is at most
//! [`VALUE_BYTES_MAX`] long. What is longer goes on in pieces under keys of their own.

use groundbreak_store::{Term, TermRef, TermValue, TermValueRef, Timer, TimerRef};
use uuid::Uuid;

/// The most bytes of one value. sled keeps up to 16 values in one page, and pages over 128 KiB
/// go to files that nothing syncs.
pub(crate) const VALUE_BYTES_MAX: usize = 4096;

const VERSION: u8 = 1;

/// The version of a state that does not have all of its journal.
const VERSION_BEHIND: u8 = 2;

/// The bytes of a long value: the part that stands in the value itself, and the pieces.
pub(crate) struct Split<'a> {
    pub(crate) value: Vec<u8>,
    pub(crate) pieces: Vec<&'a [u8]>,
}

fn split<'a>(mut header: Vec<u8>, body: &'a [u8]) -> Split<'a> {
    let (inline, rest) = body.split_at(inline_bytes(header.len(), body.len()));
    header.extend_from_slice(inline);
    Split {
        value: header,
        pieces: rest.chunks(VALUE_BYTES_MAX).collect(),
    }
}

fn inline_bytes(header: usize, body: usize) -> usize {
    body.min(VALUE_BYTES_MAX.saturating_sub(header))
}

fn pieces(header: usize, body: usize) -> usize {
    (body - inline_bytes(header, body)).div_ceil(VALUE_BYTES_MAX)
}

fn checksum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// A record of the journal, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) case: Uuid,
    pub(crate) revision: u64,
    pub(crate) command: Uuid,
    pub(crate) recorded_at: i64,
    /// The position of the revision before; 0 at the first.
    pub(crate) previous: u64,
    /// The position of the revision that this one's number becomes when its lowest set bit is
    /// cleared; 0 when that is revision 0. Any revision is reached from the last in a number of
    /// steps that grows with the square of the logarithm, without an index by case.
    pub(crate) skip: u64,
    /// How many bytes the record has.
    pub(crate) length: usize,
    checksum: u32,
}

const RECORD_HEADER_BYTES: usize = 1 + 16 + 8 + 16 + 8 + 8 + 8 + 4 + 4;

impl RecordHeader {
    pub(crate) fn pieces(&self) -> usize {
        pieces(RECORD_HEADER_BYTES, self.length)
    }

    /// Whether these are the header's own bytes.
    pub(crate) fn matches(&self, position: u64, body: &[u8]) -> bool {
        body.len() == self.length && self.checksum == self.computed(position, body)
    }

    fn computed(&self, position: u64, body: &[u8]) -> u32 {
        checksum(&[&position.to_be_bytes(), &self.fields(), body])
    }

    fn fields(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RECORD_HEADER_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.case.as_bytes());
        bytes.extend_from_slice(&self.revision.to_be_bytes());
        bytes.extend_from_slice(self.command.as_bytes());
        bytes.extend_from_slice(&self.recorded_at.to_be_bytes());
        bytes.extend_from_slice(&self.previous.to_be_bytes());
        bytes.extend_from_slice(&self.skip.to_be_bytes());
        bytes.extend_from_slice(&(self.length as u32).to_be_bytes());
        bytes
    }

    /// Reads a record of a pack: the header, the bytes of it that stand behind the header, and
    /// the rest of the pack.
    pub(crate) fn read(pack: &[u8]) -> Option<(Self, &[u8], &[u8])> {
        let mut input = Input(pack);
        if input.byte()? != VERSION {
            return None;
        }
        let header = Self {
            case: input.uuid()?,
            revision: input.u64()?,
            command: input.uuid()?,
            recorded_at: input.i64()?,
            previous: input.u64()?,
            skip: input.u64()?,
            length: input.length()?,
            checksum: input.u32()?,
        };
        let (inline, rest) = input
            .0
            .split_at_checked(inline_bytes(RECORD_HEADER_BYTES, header.length))?;
        Some((header, inline, rest))
    }
}

/// What a record is written from.
pub(crate) struct NewRecord<'a> {
    pub(crate) position: u64,
    pub(crate) case: Uuid,
    pub(crate) revision: u64,
    pub(crate) command: Uuid,
    pub(crate) recorded_at: i64,
    pub(crate) previous: u64,
    pub(crate) skip: u64,
    pub(crate) record: &'a [u8],
}

impl<'a> NewRecord<'a> {
    pub(crate) fn write(&self) -> Split<'a> {
        let header = RecordHeader {
            case: self.case,
            revision: self.revision,
            command: self.command,
            recorded_at: self.recorded_at,
            previous: self.previous,
            skip: self.skip,
            length: self.record.len(),
            checksum: 0,
        };
        let computed = header.computed(self.position, self.record);
        let mut bytes = header.fields();
        bytes.extend_from_slice(&computed.to_be_bytes());
        split(bytes, self.record)
    }
}

/// Where a case stands: what the next record of it needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) revision: u64,
    /// The positions of the revisions whose numbers are the leading bits of this one's: for
    /// revision 0b1011 those of 0b1000, 0b1010 and 0b1011. The last is the latest record.
    positions: Vec<u64>,
}

impl Trail {
    /// The position of the latest record; 0 before the first.
    pub(crate) fn last(&self) -> u64 {
        self.positions.last().copied().unwrap_or(0)
    }

    /// The position the next record skips back to; 0 when it skips to the beginning.
    pub(crate) fn skip(&self) -> u64 {
        let kept = self.kept();
        self.positions[..kept].last().copied().unwrap_or(0)
    }

    /// Goes on to the next revision, which is at this position.
    pub(crate) fn push(&mut self, position: u64) {
        self.positions.truncate(self.kept());
        self.positions.push(position);
        self.revision += 1;
    }

    /// Counting up clears the trailing ones, and their revisions are no leading bits any more.
    fn kept(&self) -> usize {
        self.positions
            .len()
            .saturating_sub(self.revision.trailing_ones() as usize)
    }
}

/// The state of a case as it is stored, without the bytes of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateHeader {
    pub(crate) trail: Trail,
    /// How many of the last revisions the state does not have. Timers and terms have all.
    pub(crate) behind: u64,
    index_bytes: usize,
    state_bytes: usize,
    state_checksum: u32,
    index_checksum: u32,
}

const STATE_FIXED_BYTES: usize = 1 + 8 + 4 + 4 + 4 + 4;

impl StateHeader {
    fn bytes(&self) -> usize {
        let behind = if self.behind > 0 { 8 } else { 0 };
        STATE_FIXED_BYTES + behind + 8 * self.trail.positions.len()
    }

    pub(crate) fn pieces(&self) -> usize {
        pieces(self.bytes(), self.index_bytes + self.state_bytes)
    }

    /// How many pieces must be read for the timers and terms.
    pub(crate) fn index_pieces(&self) -> usize {
        let inline = inline_bytes(self.bytes(), self.index_bytes + self.state_bytes);
        self.index_bytes
            .saturating_sub(inline)
            .div_ceil(VALUE_BYTES_MAX)
    }

    /// The bytes of timers and terms, from the body or a beginning of it that is long enough.
    pub(crate) fn index<'a>(&self, case: Uuid, body: &'a [u8]) -> Option<&'a [u8]> {
        let index = body.get(..self.index_bytes)?;
        (self.index_checksum == self.computed(case, index)).then_some(index)
    }

    /// The bytes of the state, from the whole body.
    pub(crate) fn state<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        let state = body.get(self.index_bytes..)?;
        (state.len() == self.state_bytes && checksum(&[state]) == self.state_checksum)
            .then_some(state)
    }

    fn computed(&self, case: Uuid, index: &[u8]) -> u32 {
        checksum(&[case.as_bytes(), &self.fields(), &self.positions(), index])
    }

    fn fields(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes());
        if self.behind > 0 {
            bytes.push(VERSION_BEHIND);
            bytes.extend_from_slice(&self.behind.to_be_bytes());
        } else {
            bytes.push(VERSION);
        }
        bytes.extend_from_slice(&self.trail.revision.to_be_bytes());
        bytes.extend_from_slice(&(self.index_bytes as u32).to_be_bytes());
        bytes.extend_from_slice(&(self.state_bytes as u32).to_be_bytes());
        bytes.extend_from_slice(&self.state_checksum.to_be_bytes());
        bytes
    }

    fn positions(&self) -> Vec<u8> {
        let positions = self.trail.positions.iter();
        positions.flat_map(|at| at.to_be_bytes()).collect()
    }

    /// Reads a value: the header, and the bytes that stand behind it.
    pub(crate) fn read(value: &[u8]) -> Option<(Self, &[u8])> {
        let mut input = Input(value);
        let behind = match input.byte()? {
            VERSION => 0,
            VERSION_BEHIND => Some(input.u64()?).filter(|behind| *behind > 0)?,
            _ => return None,
        };
        let revision = input.u64()?;
        if behind > revision {
            return None;
        }
        let index_bytes = input.length()?;
        let state_bytes = input.length()?;
        let state_checksum = input.u32()?;
        let index_checksum = input.u32()?;
        let mut positions = Vec::with_capacity(revision.count_ones() as usize);
        for _ in 0..revision.count_ones() {
            positions.push(input.u64()?);
        }
        let header = Self {
            trail: Trail {
                revision,
                positions,
            },
            behind,
            index_bytes,
            state_bytes,
            state_checksum,
            index_checksum,
        };
        let inline = input.0;
        let whole = index_bytes.checked_add(state_bytes)?;
        (inline.len() == inline_bytes(header.bytes(), whole)).then_some((header, inline))
    }
}

/// A state that is to be stored.
pub(crate) struct NewState<'a> {
    pub(crate) case: Uuid,
    pub(crate) trail: &'a Trail,
    pub(crate) behind: u64,
    /// Timers and terms, as [`write_index`] writes them: first, so that opening need not read the rest.
    pub(crate) index: &'a [u8],
    pub(crate) state: &'a [u8],
}

impl NewState<'_> {
    /// Returns the value, and the pieces it goes on in.
    pub(crate) fn write(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut header = StateHeader {
            trail: self.trail.clone(),
            behind: self.behind,
            index_bytes: self.index.len(),
            state_bytes: self.state.len(),
            state_checksum: checksum(&[self.state]),
            index_checksum: 0,
        };
        header.index_checksum = header.computed(self.case, self.index);
        let mut bytes = header.fields();
        bytes.extend_from_slice(&header.index_checksum.to_be_bytes());
        bytes.extend_from_slice(&header.positions());
        if bytes.len() + self.index.len() + self.state.len() <= VALUE_BYTES_MAX {
            bytes.extend_from_slice(self.index);
            bytes.extend_from_slice(self.state);
            return (bytes, Vec::new());
        }
        let body = [self.index, self.state].concat();
        let split = split(bytes, &body);
        let pieces = split.pieces.into_iter().map(<[u8]>::to_vec).collect();
        (split.value, pieces)
    }
}

/// Timers and terms.
pub(crate) type Found<'a> = (Vec<TimerRef<'a>>, Vec<TermRef<'a>>);

/// How many bytes most timers and terms take at most.
const INDEX_BYTES_USUAL: usize = 512;

/// The bytes of timers and terms.
pub(crate) fn write_index(timers: &[Timer], terms: &[Term]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(INDEX_BYTES_USUAL);
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    bytes.extend_from_slice(&(timers.len() as u32).to_be_bytes());
    for timer in timers {
        bytes.extend_from_slice(&timer.due_at.to_be_bytes());
        text(&mut bytes, &timer.id);
    }
    bytes.extend_from_slice(&(terms.len() as u32).to_be_bytes());
    for term in terms {
        text(&mut bytes, &term.name);
        match &term.value {
            TermValue::Text(value) => {
                bytes.push(b'T');
                text(&mut bytes, value);
            }
            TermValue::Integer(value) => {
                bytes.push(b'I');
                bytes.extend_from_slice(&value.to_be_bytes());
            }
        }
    }
    bytes
}

pub(crate) fn read_index(bytes: &[u8]) -> Option<Found<'_>> {
    let mut input = Input(bytes);
    let mut timers = Vec::new();
    for _ in 0..input.u32()? {
        timers.push(TimerRef {
            due_at: input.i64()?,
            id: input.text()?,
        });
    }
    let mut terms = Vec::new();
    for _ in 0..input.u32()? {
        terms.push(TermRef {
            name: input.text()?,
            value: match input.byte()? {
                b'T' => TermValueRef::Text(input.text()?),
                b'I' => TermValueRef::Integer(input.i64()?),
                _ => return None,
            },
        });
    }
    input.0.is_empty().then_some((timers, terms))
}

/// Writes commands and the positions of their records, sorted by command.
pub(crate) fn write_commands(key: &[u8], commands: &[(Uuid, u64)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + 24 * commands.len());
    bytes.push(VERSION);
    for (command, position) in commands {
        bytes.extend_from_slice(command.as_bytes());
        bytes.extend_from_slice(&position.to_be_bytes());
    }
    let sum = checksum(&[key, &bytes]);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

pub(crate) fn read_commands(key: &[u8], value: &[u8]) -> Option<Vec<(Uuid, u64)>> {
    let mut input = Input(checked(key, value)?);
    if input.byte()? != VERSION {
        return None;
    }
    let mut commands = Vec::with_capacity(input.0.len() / 24);
    while !input.0.is_empty() {
        commands.push((input.uuid()?, input.u64()?));
    }
    Some(commands)
}

/// Timers and terms of cases whose states are not stored yet, as they are after one group.
pub(crate) struct Rows(Vec<u8>);

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) case: Uuid,
    pub(crate) revision: u64,
    /// The position of the record of that revision.
    pub(crate) position: u64,
    /// Timers and terms, as [`write_index`] writes them.
    pub(crate) index: &'a [u8],
}

const ROW_BYTES: usize = 16 + 8 + 8 + 4;

impl Rows {
    /// The most bytes of timers and terms that one value has room for.
    pub(crate) const INDEX_BYTES_MAX: usize = VALUE_BYTES_MAX - 1 - ROW_BYTES - 4;

    pub(crate) fn new() -> Self {
        let mut value = Vec::with_capacity(VALUE_BYTES_MAX);
        value.push(VERSION);
        Self(value)
    }

    /// Adds a row, when there is room for it.
    pub(crate) fn add(&mut self, row: &Row<'_>) -> bool {
        let fits = self.0.len() + ROW_BYTES + row.index.len() + 4 <= VALUE_BYTES_MAX;
        if fits {
            self.0.extend_from_slice(row.case.as_bytes());
            self.0.extend_from_slice(&row.revision.to_be_bytes());
            self.0.extend_from_slice(&row.position.to_be_bytes());
            let length = row.index.len() as u32;
            self.0.extend_from_slice(&length.to_be_bytes());
            self.0.extend_from_slice(row.index);
        }
        fits
    }

    /// Returns the value under a key.
    pub(crate) fn write(mut self, key: &[u8]) -> Vec<u8> {
        let sum = checksum(&[key, &self.0]);
        self.0.extend_from_slice(&sum.to_be_bytes());
        self.0
    }
}

pub(crate) fn read_rows<'a>(key: &[u8], value: &'a [u8]) -> Option<Vec<Row<'a>>> {
    let mut input = Input(checked(key, value)?);
    if input.byte()? != VERSION {
        return None;
    }
    let mut rows = Vec::new();
    while !input.0.is_empty() {
        let (case, revision, position) = (input.uuid()?, input.u64()?, input.u64()?);
        let length = input.length()?;
        let (index, rest) = input.0.split_at_checked(length)?;
        input.0 = rest;
        rows.push(Row {
            case,
            revision,
            position,
            index,
        });
    }
    Some(rows)
}

/// A metadata entry, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryHeader {
    /// The number of the write, from the same count as positions.
    pub(crate) stamp: u64,
    length: usize,
    checksum: u32,
}

const ENTRY_HEADER_BYTES: usize = 1 + 8 + 4 + 4;

impl EntryHeader {
    pub(crate) fn pieces(&self) -> usize {
        pieces(ENTRY_HEADER_BYTES, self.length)
    }

    pub(crate) fn matches(&self, key: &str, body: &[u8]) -> bool {
        body.len() == self.length
            && self.checksum == checksum(&[key.as_bytes(), &self.fields(), body])
    }

    fn fields(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.stamp.to_be_bytes());
        bytes.extend_from_slice(&(self.length as u32).to_be_bytes());
        bytes
    }

    pub(crate) fn read(value: &[u8]) -> Option<(Self, &[u8])> {
        let mut input = Input(value);
        if input.byte()? != VERSION {
            return None;
        }
        let header = Self {
            stamp: input.u64()?,
            length: input.length()?,
            checksum: input.u32()?,
        };
        let inline = input.0;
        (inline.len() == inline_bytes(ENTRY_HEADER_BYTES, header.length))
            .then_some((header, inline))
    }
}

pub(crate) fn write_entry<'a>(key: &str, stamp: u64, body: &'a [u8]) -> Split<'a> {
    let header = EntryHeader {
        stamp,
        length: body.len(),
        checksum: 0,
    };
    let mut bytes = header.fields();
    let sum = checksum(&[key.as_bytes(), &bytes, body]);
    bytes.extend_from_slice(&sum.to_be_bytes());
    split(bytes, body)
}

/// A hash of the chain.
pub(crate) type Hash = [u8; 32];

/// One link of the chain: a group of commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) last: u64,
    pub(crate) records: u64,
    pub(crate) previous: Hash,
    pub(crate) hash: Hash,
}

impl Link {
    pub(crate) fn write(&self, first: u64) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.last.to_be_bytes());
        bytes.extend_from_slice(&self.records.to_be_bytes());
        bytes.extend_from_slice(&self.previous);
        bytes.extend_from_slice(&self.hash);
        let sum = checksum(&[&first.to_be_bytes(), &bytes]);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes
    }

    pub(crate) fn read(first: u64, value: &[u8]) -> Option<Self> {
        let mut input = Input(checked(&first.to_be_bytes(), value)?);
        if input.byte()? != VERSION {
            return None;
        }
        let link = Self {
            last: input.u64()?,
            records: input.u64()?,
            previous: input.hash()?,
            hash: input.hash()?,
        };
        input.0.is_empty().then_some(link)
    }
}

/// Where the journal ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number of the last write. Records and metadata entries share one count.
    pub(crate) stamp: u64,
    /// The position of the last record; 0 before the first.
    pub(crate) record: u64,
    /// The hash of the last link.
    pub(crate) hash: Hash,
}

/// The bytes of a head.
pub(crate) const HEAD_BYTES: usize = 1 + 8 + 8 + 32 + 4;

impl Head {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.stamp.to_be_bytes());
        bytes.extend_from_slice(&self.record.to_be_bytes());
        bytes.extend_from_slice(&self.hash);
        let sum = checksum(&[&bytes]);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes
    }

    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let mut input = Input(checked(&[], value)?);
        if input.byte()? != VERSION {
            return None;
        }
        let head = Self {
            stamp: input.u64()?,
            record: input.u64()?,
            hash: input.hash()?,
        };
        input.0.is_empty().then_some(head)
    }
}

/// The bytes before the checksum at the end of a value, when it agrees with them and the key.
fn checked<'a>(key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (bytes, sum) = value.split_last_chunk::<4>()?;
    (checksum(&[key, bytes]) == u32::from_be_bytes(*sum)).then_some(bytes)
}

/// Bytes that are read from the front and may end at any place.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.u32()?).ok()?;
        // No value is near this. A damaged length must not make anybody reserve memory.
        (length <= 16 * 1024 * 1024).then_some(length)
    }

    fn uuid(&mut self) -> Option<Uuid> {
        self.take().map(Uuid::from_bytes)
    }

    fn hash(&mut self) -> Option<Hash> {
        self.take()
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_reaches_every_revision_in_few_steps() {
        // The record of revision n is at position 10 n.
        let mut trail = Trail::default();
        let mut links = vec![(0, 0)];
        for revision in 1..=5000_u64 {
            let previous = trail.last();
            let skip = trail.skip();
            assert_eq!(previous, 10 * (revision - 1));
            assert_eq!(skip, 10 * (revision & (revision - 1)));
            trail.push(10 * revision);
            links.push((previous, skip));
        }
        for target in [1, 2, 7, 1023, 1024, 1025, 4095, 4096, 4999, 5000] {
            let (mut at, mut steps) = (5000_u64, 0);
            while at != target {
                let (previous, skip) = links[at as usize];
                let further = if skip >= 10 * target { skip } else { previous };
                at = further / 10;
                steps += 1;
            }
            assert!(steps <= 100, "{target} took {steps} steps");
        }
    }

    #[test]
    fn no_prefix_of_a_value_and_no_flipped_bit_is_read_as_one() {
        let commands = [(Uuid::from_u128(5), 3), (Uuid::from_u128(77), 9)];
        let value = write_commands(b"R1", &commands);
        assert_eq!(read_commands(b"R1", &value), Some(commands.to_vec()));
        assert_eq!(read_commands(b"R2", &value), None);
        for length in 0..value.len() {
            assert_eq!(read_commands(b"R1", &value[..length]), None);
        }
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_commands(b"R1", &flipped), None);
        }
    }

    #[test]
    fn a_state_with_a_flipped_bit_is_never_read() {
        let case = Uuid::from_u128(5);
        let mut trail = Trail::default();
        (1..=11).for_each(|position| trail.push(position));
        let timers = [Timer {
            id: "催办".to_owned(),
            due_at: -7,
        }];
        let terms = [Term::text("stage", "受理"), Term::integer("due", 12)];
        let read = |value: &[u8]| {
            let (header, inline) = StateHeader::read(value)?;
            let index = header.index(case, inline)?.to_vec();
            let state = header.state(inline)?.to_vec();
            Some((header.trail.clone(), header.behind, index, state))
        };
        for behind in [0, 1, 11] {
            let new = NewState {
                case,
                trail: &trail,
                behind,
                index: &write_index(&timers, &terms),
                state: b"state",
            };
            let (value, pieces) = new.write();
            assert!(pieces.is_empty());
            let index = write_index(&timers, &terms);
            assert_eq!(
                read_index(&index),
                Some((
                    timers.iter().map(Into::into).collect(),
                    terms.iter().map(Into::into).collect()
                ))
            );
            let whole = (trail.clone(), behind, index, b"state".to_vec());
            assert_eq!(read(&value), Some(whole));
            for bit in 0..value.len() * 8 {
                let mut flipped = value.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(read(&flipped), None, "behind {behind}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_value_of_rows_holds_what_fits_and_no_flipped_bit_is_read() {
        let row = |number: u128, index| Row {
            case: Uuid::from_u128(number),
            revision: 3,
            position: 70,
            index,
        };
        let mut rows = Rows::new();
        assert!(rows.add(&row(1, b"one")) && rows.add(&row(2, b"")));
        assert!(!rows.add(&row(3, &[0; VALUE_BYTES_MAX])));
        let value = rows.write(b"U1");
        let read = read_rows(b"U1", &value).unwrap();
        assert_eq!(read, [row(1, b"one"), row(2, b"")]);
        assert_eq!(read_rows(b"U2", &value), None);
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_rows(b"U1", &flipped), None, "bit {bit}");
        }
        let full = [0; Rows::INDEX_BYTES_MAX];
        let mut rows = Rows::new();
        assert!(rows.add(&row(1, &full)) && !rows.add(&row(1, b"")));
        assert_eq!(rows.write(b"U1").len(), VALUE_BYTES_MAX);
    }

    #[test]
    fn every_value_is_at_most_4_kib_and_pieces_add_up() {
        for size in [0, 1, 4000, 4023, 4024, 4096, 8119, 8120, 1_048_576] {
            let body = vec![7; size];
            let split = NewRecord {
                position: 1,
                case: Uuid::nil(),
                revision: 1,
                command: Uuid::nil(),
                recorded_at: 0,
                previous: 0,
                skip: 0,
                record: &body,
            }
            .write();
            assert!(split.value.len() <= VALUE_BYTES_MAX);
            assert!(
                split
                    .pieces
                    .iter()
                    .all(|piece| piece.len() <= VALUE_BYTES_MAX)
            );
            let (header, inline, rest) = RecordHeader::read(&split.value).unwrap();
            assert!(rest.is_empty());
            assert_eq!(header.pieces(), split.pieces.len());
            let joined = [inline.to_vec(), split.pieces.concat()].concat();
            assert!(header.matches(1, &joined));
            assert!(!header.matches(2, &joined));
        }
    }
}
