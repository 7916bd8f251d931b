use groundbreak_store::limits::{PAGE_BYTES_MAX, PAGE_ITEMS_MAX};
use groundbreak_store::{Applied, Position, Record, Snapshot};
use sled::Tree;
use uuid::Uuid;

use crate::failure::Failure;
use crate::group::CaseLedger;
use crate::pack::{self, Packed};
use crate::value::{EntryHeader, RecordHeader, StateHeader, Trail, read_index};
use crate::{Part, key};

/// How often a read begins again because the writer changed the value under it.
const READS_MAX: u32 = 1000;

/// A state as it is stored.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) trail: Trail,
    /// How many of the last revisions the state does not have.
    pub(crate) behind: u64,
    pub(crate) pieces: usize,
    pub(crate) state: Vec<u8>,
}

impl Stored {
    /// Returns the state with the records that it does not have.
    pub(crate) fn snapshot(self, tree: &Tree, case: Uuid) -> Result<Snapshot, Failure> {
        let mut behind: Vec<Record> = Vec::new();
        while (behind.len() as u64) < self.behind {
            let after = self.trail.revision - self.behind + behind.len() as u64;
            let records = journal(tree, case, &self.trail, after, PAGE_ITEMS_MAX)?;
            if records.is_empty() {
                return Err(Failure::damaged(Part::State, case.to_string()));
            }
            behind.extend(records);
        }
        Ok(Snapshot {
            case,
            revision: self.trail.revision,
            position: Position::new(self.trail.last()),
            state: self.state,
            behind,
        })
    }
}

/// The stored state of a case, durable or not.
pub(crate) fn stored(tree: &Tree, case: Uuid) -> Result<Option<Stored>, Failure> {
    whole(
        tree,
        &key::state(case),
        Part::State,
        &case.to_string(),
        |value| stored_in(tree, case, value),
    )
}

/// The stored state of a case with the records that it does not have, and what the writer needs to
/// know of the case.
pub(crate) fn state(tree: &Tree, case: Uuid) -> Result<Option<(Snapshot, CaseLedger)>, Failure> {
    let Some(stored) = stored(tree, case)? else {
        return Ok(None);
    };
    let known = CaseLedger {
        trail: stored.trail.clone(),
        pieces: stored.pieces,
        behind: stored.behind,
    };
    Ok(Some((stored.snapshot(tree, case)?, known)))
}

/// The state of a case in its value. `None` for a value that cannot be, and `Some(Ok(None))` when
/// the pieces do not agree with it.
pub(crate) fn stored_in(
    tree: &Tree,
    case: Uuid,
    value: &[u8],
) -> Option<Result<Option<Stored>, Failure>> {
    let (header, inline) = StateHeader::read(value)?;
    let pieces = header.pieces();
    let body = joined(tree, inline, pieces, |number| {
        key::state_piece(case, number)
    });
    Some(body.map(|body| {
        let body = body?;
        read_index(header.index(case, &body)?)?;
        let state = header.state(&body)?.to_vec();
        Some(Stored {
            behind: header.behind,
            trail: header.trail,
            pieces,
            state,
        })
    }))
}

/// A metadata entry, durable or not, with the number of its write.
pub(crate) fn entry(tree: &Tree, key: &str) -> Result<Option<(u64, Vec<u8>)>, Failure> {
    whole(tree, &key::entry(key), Part::Metadata, key, |value| {
        let (header, inline) = EntryHeader::read(value)?;
        let body = joined(tree, inline, header.pieces(), |number| {
            key::entry_piece(key, number)
        });
        Some(body.map(|body| {
            let body = body?;
            header.matches(key, &body).then_some((header.stamp, body))
        }))
    })
}

/// Reads a value that stands under several keys, while the writer may replace it. `read` returns
/// `None` for a value that cannot be, and `Some(Ok(None))` when the pieces do not agree with it.
fn whole<T>(
    tree: &Tree,
    key: &[u8],
    part: Part,
    place: &str,
    read: impl Fn(&[u8]) -> Option<Result<Option<T>, Failure>>,
) -> Result<Option<T>, Failure> {
    let Some(mut value) = tree.get(key)? else {
        return Ok(None);
    };
    for _ in 0..READS_MAX {
        let found = match read(&value) {
            Some(found) => found?,
            None => return Err(Failure::damaged(part, place)),
        };
        if found.is_some() {
            return Ok(found);
        }
        // Pieces of another value: it was replaced meanwhile, or it is damaged.
        match tree.get(key)? {
            None => return Ok(None),
            Some(again) if again == value => return Err(Failure::damaged(part, place)),
            Some(again) => value = again,
        }
    }
    Err(Failure::Engine {
        source: format!("{part} of {place} changed {READS_MAX} times while it was read").into(),
    })
}

/// The whole body of a value, or `None` when a piece is missing.
pub(crate) fn joined(
    tree: &Tree,
    inline: &[u8],
    pieces: usize,
    key: impl Fn(usize) -> Vec<u8>,
) -> Result<Option<Vec<u8>>, Failure> {
    let mut body = inline.to_vec();
    for number in 0..pieces {
        match tree.get(key(number))? {
            Some(piece) => body.extend_from_slice(&piece),
            None => return Ok(None),
        }
    }
    Ok(Some(body))
}

/// What the command of the record at a position did.
pub(crate) fn applied(tree: &Tree, command: Uuid, position: u64) -> Result<Applied, Failure> {
    let header = pack::at(tree, position)?.header;
    if header.command != command {
        return Err(Failure::damaged(Part::Command, command.to_string()));
    }
    Ok(Applied {
        case: header.case,
        revision: header.revision,
        position: Position::new(position),
    })
}

/// The records of a case above a revision, up to where it stands, ascending.
pub(crate) fn journal(
    tree: &Tree,
    case: Uuid,
    trail: &Trail,
    after: u64,
    limit: usize,
) -> Result<Vec<Record>, Failure> {
    let limit = limit.min(PAGE_ITEMS_MAX);
    let backwards = back(case, trail, after, limit as u64, |at| pack::at(tree, at))?;
    let forwards = backwards.into_iter().rev().map(Ok);
    completed(tree, forwards, limit)
}

/// The records of a case above a revision, at most so many, the last first. `read` returns the one
/// at a position.
pub(crate) fn back(
    case: Uuid,
    trail: &Trail,
    after: u64,
    limit: u64,
    mut read: impl FnMut(u64) -> Result<Packed, Failure>,
) -> Result<Vec<Packed>, Failure> {
    let last = trail.revision.min(after.saturating_add(limit));
    if last <= after {
        return Ok(Vec::new());
    }
    let mut at = Step {
        position: trail.last(),
        revision: trail.revision,
    };
    let mut backwards = Vec::new();
    loop {
        let packed = read(at.position)?;
        if packed.header.case != case || packed.header.revision != at.revision {
            let place = format!("position {}", at.position);
            return Err(Failure::damaged(Part::Record, place));
        }
        let further = at.back(&packed.header, last);
        if at.revision <= last {
            backwards.push(packed);
        }
        if at.revision <= after + 1 {
            return Ok(backwards);
        }
        at = further;
    }
}

/// A place on the way back through the journal of a case.
struct Step {
    position: u64,
    revision: u64,
}

impl Step {
    /// One step back: as far as possible without passing by the revision that is wanted.
    fn back(&self, header: &RecordHeader, wanted: u64) -> Self {
        let skipped = self.revision & self.revision.saturating_sub(1);
        if skipped >= wanted {
            Self {
                position: header.skip,
                revision: skipped,
            }
        } else {
            Self {
                position: header.previous,
                revision: self.revision.saturating_sub(1),
            }
        }
    }
}

/// The records behind a position up to another, in the order of commits.
pub(crate) fn records(
    tree: &Tree,
    after: u64,
    last: u64,
    limit: usize,
) -> Result<Vec<Record>, Failure> {
    if after >= last {
        return Ok(Vec::new());
    }
    completed(
        tree,
        pack::range(tree, after, last)?,
        limit.min(PAGE_ITEMS_MAX),
    )
}

/// Reads the rest of these records, until an answer is full.
fn completed(
    tree: &Tree,
    records: impl Iterator<Item = Result<Packed, Failure>>,
    limit: usize,
) -> Result<Vec<Record>, Failure> {
    let mut bytes = 0;
    let mut answer = Vec::new();
    for packed in records.take(limit) {
        let packed = packed?;
        let record = packed.record(tree)?;
        bytes += record.record.len();
        answer.push(record);
        if bytes >= PAGE_BYTES_MAX {
            break;
        }
    }
    Ok(answer)
}
