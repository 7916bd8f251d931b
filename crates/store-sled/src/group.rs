use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, HashMap};

use groundbreak_store::{
    Append, AppendError, Appended, Applied, Position, Put, PutError, Term, Timer,
};
use sled::{Batch, Tree};
use uuid::Uuid;

use crate::chain::GroupHash;
use crate::commands::{Commands, Run};
use crate::failure::Failure;
use crate::pack::Pack;
use crate::published::Published;
use crate::value::{
    Head, Link, NewRecord, Split, StateHeader, Trail, state_body, write_entry, write_state,
};
use crate::{Part, key, reader};

/// How many cases the writer keeps at hand.
const CASES_KEPT_MAX: usize = 65_536;

/// What the writer knows of everything that was written, durable or in the group it builds.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) head: Head,
    /// The cases written to lately.
    cases: HashMap<Uuid, CaseLedger>,
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
    pack: Option<Pack>,
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
    commands: Vec<(Uuid, u64)>,
    run: Option<Run>,
}

impl Ledger {
    /// Returns a ledger of what ends here.
    pub(crate) fn new(head: Head) -> Self {
        Self {
            head,
            ..Self::default()
        }
    }

    /// What is known of a case, read when it is not at hand.
    fn case(&mut self, tree: &Tree, case: Uuid) -> Result<&mut CaseLedger, Failure> {
        match self.cases.entry(case) {
            Occupied(known) => Ok(known.into_mut()),
            Vacant(place) => {
                let known = match tree.get(key::state(case))? {
                    None => CaseLedger::default(),
                    Some(value) => {
                        let (header, _) = StateHeader::read(&value)
                            .ok_or_else(|| Failure::damaged(Part::State, case.to_string()))?;
                        CaseLedger {
                            pieces: header.pieces(),
                            trail: header.trail,
                        }
                    }
                };
                Ok(place.insert(known))
            }
        }
    }

    /// Forgets the cases, when there are many. What is known of them is in the tree.
    pub(crate) fn trim(&mut self) {
        if self.cases.len() > CASES_KEPT_MAX {
            self.cases.clear();
        }
    }
}

impl Group {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        Self {
            batch: Batch::default(),
            first: None,
            records: 0,
            hash: GroupHash::new(&ledger.head.hash),
            previous: ledger.head,
            pack: None,
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
        known: &Commands,
        ledger: &mut Ledger,
        append: Append,
    ) -> Result<Result<Appended, AppendError>, Failure> {
        if let Some(applied) = self.applied(tree, known, append.command)? {
            return Ok(Err(AppendError::DuplicateCommand {
                command: append.command,
                applied,
            }));
        }
        let actual = ledger.case(tree, append.case)?.trail.revision;
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
            revision: actual + 1,
            position: Position::new(position),
        }))
    }

    /// What a command did that is durable, or is in this group.
    fn applied(
        &self,
        tree: &Tree,
        known: &Commands,
        command: Uuid,
    ) -> Result<Option<Applied>, Failure> {
        if let Some(applied) = self.commands.get(&command) {
            return Ok(Some(*applied));
        }
        let position = known.look_up(command).position(tree, command)?;
        position
            .map(|position| reader::applied(tree, command, position))
            .transpose()
    }

    fn add_record(&mut self, position: u64, split: Split<'_>) {
        self.first.get_or_insert(position);
        self.records += 1;
        if let Some(pack) = &mut self.pack
            && pack.add(position, &split)
        {
            return;
        }
        self.close_pack();
        self.pack = Some(Pack::new(position, split.value));
        if split.pieces.is_empty() {
            return;
        }
        self.close_pack();
        for (number, piece) in split.pieces.into_iter().enumerate() {
            let piece_key = key::record_piece(position, number);
            self.hash.add(&piece_key, piece);
            self.batch.insert(piece_key, piece);
        }
    }

    fn close_pack(&mut self) {
        if let Some(pack) = self.pack.take() {
            let pack_key = key::record(pack.first);
            self.hash.add(&pack_key, &pack.value);
            self.batch.insert(pack_key, pack.value);
        }
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
    pub(crate) fn finish(
        mut self,
        known: &Commands,
        ledger: &mut Ledger,
    ) -> Option<(Batch, Publication)> {
        if ledger.head.stamp == self.previous.stamp {
            return None;
        }
        self.close_pack();
        let commands: Vec<(Uuid, u64)> = self
            .commands
            .into_iter()
            .map(|(command, applied)| (command, applied.position.number()))
            .collect();
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
        let run = known.run_of(&commands, ledger.head.record, &mut self.batch);
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
            commands,
            run,
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
        match self.run {
            Some(run) => published.commands.close(run),
            None => {
                for (command, position) in self.commands {
                    published.commands.add(command, position);
                }
            }
        }
        published.head = self.head;
    }
}
