use std::collections::{BTreeMap, HashMap};

use groundbreak_store::{
    Append, AppendError, Appended, Applied, Position, Put, PutError, Term, Timer,
};
use sled::{Batch, Tree};
use uuid::Uuid;

use crate::chain::GroupHash;
use crate::failure::Failure;
use crate::key;
use crate::published::Published;
use crate::reader;
use crate::value::{
    Head, Link, NewRecord, Split, Trail, state_body, write_applied, write_entry, write_state,
};

/// What the writer knows of everything that was written, durable or in the group it builds.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) head: Head,
    pub(crate) cases: HashMap<Uuid, CaseLedger>,
    /// The metadata keys, with the number of pieces of each entry.
    pub(crate) entries: HashMap<String, usize>,
}

#[derive(Debug, Default)]
pub(crate) struct CaseLedger {
    pub(crate) trail: Trail,
    /// The number of pieces the stored state has.
    pub(crate) pieces: usize,
}

/// Commands that become durable together: one batch of sled, one flush, one sync.
///
/// Building a group changes the ledger at once, because a later command of the group must see
/// the earlier ones. A group that cannot be written therefore ends the writer.
pub(crate) struct Group {
    batch: Batch,
    first: Option<u64>,
    records: u64,
    hash: GroupHash,
    previous: Head,
    commands: HashMap<Uuid, Applied>,
    states: BTreeMap<Uuid, NewState>,
    entries: BTreeMap<String, bool>,
}

/// The last state a group gives a case. Those before it are never written.
struct NewState {
    state: Vec<u8>,
    timers: Vec<Timer>,
    terms: Vec<Term>,
}

/// What readers see of a group once it is durable.
pub(crate) struct Publication {
    head: Head,
    cases: Vec<(Uuid, u64, Vec<Timer>, Vec<Term>)>,
    entries: BTreeMap<String, bool>,
}

impl Group {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        Self {
            batch: Batch::default(),
            first: None,
            records: 0,
            hash: GroupHash::new(&ledger.head.hash),
            previous: ledger.head,
            commands: HashMap::new(),
            states: BTreeMap::new(),
            entries: BTreeMap::new(),
        }
    }

    /// Adds a command, or says why the rules of the contract refuse it. `Err` means that it
    /// could not be found out.
    pub(crate) fn append(
        &mut self,
        tree: &Tree,
        ledger: &mut Ledger,
        append: Append,
    ) -> Result<Result<Appended, AppendError>, Failure> {
        let earlier = match self.commands.get(&append.command) {
            Some(applied) => Some(*applied),
            None => reader::applied(tree, append.command)?,
        };
        if let Some(applied) = earlier {
            return Ok(Err(AppendError::DuplicateCommand {
                command: append.command,
                applied,
            }));
        }
        let actual = ledger
            .cases
            .get(&append.case)
            .map_or(0, |case| case.trail.revision);
        if actual != append.expected_revision {
            return Ok(Err(AppendError::RevisionConflict {
                case: append.case,
                expected: append.expected_revision,
                actual,
            }));
        }
        ledger.head.stamp += 1;
        let position = ledger.head.stamp;
        ledger.head.record = position;
        let trail = &mut ledger.cases.entry(append.case).or_default().trail;
        let record = NewRecord {
            position,
            case: append.case,
            revision: actual + 1,
            command: append.command,
            recorded_at: append.recorded_at,
            previous: trail.last(),
            skip: trail.skip(),
            record: &append.record,
        };
        trail.push(position);
        self.add_record(position, record.write());
        let applied = Applied {
            case: append.case,
            revision: actual + 1,
            position: Position::new(position),
        };
        self.batch.insert(
            key::command(append.command),
            write_applied(append.command, applied),
        );
        self.commands.insert(append.command, applied);
        self.states.insert(
            append.case,
            NewState {
                state: append.state,
                timers: append.timers,
                terms: append.terms,
            },
        );
        Ok(Ok(Appended {
            revision: applied.revision,
            position: applied.position,
        }))
    }

    fn add_record(&mut self, position: u64, split: Split<'_>) {
        let record_key = key::record(position);
        self.hash.add(&record_key, &split.value);
        self.batch.insert(record_key, split.value);
        for (number, piece) in split.pieces.into_iter().enumerate() {
            let piece_key = key::record_piece(position, number);
            self.hash.add(&piece_key, piece);
            self.batch.insert(piece_key, piece);
        }
        self.first.get_or_insert(position);
        self.records += 1;
    }

    /// Adds a metadata entry.
    pub(crate) fn put(
        &mut self,
        ledger: &mut Ledger,
        key: &str,
        value: &[u8],
        put: Put,
    ) -> Result<(), PutError> {
        let before = ledger.entries.get(key).copied();
        if put == Put::Create && before.is_some() {
            return Err(PutError::Exists);
        }
        ledger.head.stamp += 1;
        let split = write_entry(key, ledger.head.stamp, value);
        let pieces = split.pieces.len();
        self.batch.insert(key::entry(key), split.value);
        for (number, piece) in split.pieces.into_iter().enumerate() {
            self.batch.insert(key::entry_piece(key, number), piece);
        }
        for number in pieces..before.unwrap_or(0) {
            self.batch.remove(key::entry_piece(key, number));
        }
        ledger.entries.insert(key.to_owned(), pieces);
        self.entries.insert(key.to_owned(), true);
        Ok(())
    }

    /// Removes a metadata entry. One that is not there is no change.
    pub(crate) fn remove(&mut self, ledger: &mut Ledger, key: &str) {
        let Some(pieces) = ledger.entries.remove(key) else {
            return;
        };
        ledger.head.stamp += 1;
        self.batch.remove(key::entry(key));
        for number in 0..pieces {
            self.batch.remove(key::entry_piece(key, number));
        }
        self.entries.insert(key.to_owned(), false);
    }

    /// Closes the group: its states, its link of the chain and the head go into the batch.
    /// Returns `None` when there is nothing to write.
    pub(crate) fn finish(mut self, ledger: &mut Ledger) -> Option<(Batch, Publication)> {
        if ledger.head.stamp == self.previous.stamp {
            return None;
        }
        let mut cases = Vec::with_capacity(self.states.len());
        for (case, new) in self.states {
            let known = ledger.cases.entry(case).or_default();
            let (index_bytes, body) = state_body(&new.timers, &new.terms, &new.state);
            let split = write_state(case, &known.trail, index_bytes, &body);
            let pieces = split.pieces.len();
            self.batch.insert(key::state(case), split.value);
            for (number, piece) in split.pieces.into_iter().enumerate() {
                self.batch.insert(key::state_piece(case, number), piece);
            }
            for number in pieces..known.pieces {
                self.batch.remove(key::state_piece(case, number));
            }
            known.pieces = pieces;
            cases.push((case, known.trail.revision, new.timers, new.terms));
        }
        if let Some(first) = self.first {
            let link = Link {
                last: ledger.head.record,
                records: self.records,
                previous: self.previous.hash,
                hash: self.hash.finish(),
            };
            self.batch.insert(key::link(first), link.write(first));
            ledger.head.hash = link.hash;
        }
        self.batch.insert(key::HEAD, ledger.head.write());
        let publication = Publication {
            head: ledger.head,
            cases,
            entries: self.entries,
        };
        Some((self.batch, publication))
    }
}

impl Publication {
    pub(crate) fn apply(self, published: &mut Published) {
        for (case, revision, timers, terms) in self.cases {
            published.index.put(case, revision, timers, terms);
        }
        for (key, present) in self.entries {
            if present {
                published.entries.insert(key);
            } else {
                published.entries.remove(&key);
            }
        }
        published.head = self.head;
    }
}
