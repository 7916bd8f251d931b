use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;
use std::sync::Arc;

use groundbreak_store::{AppendError, Appended, Applied, Position, Put, PutError};
use sled::Tree;
use uuid::Uuid;

use crate::appending::Appending;
use crate::chain::GroupHash;
use crate::commands::Run;
use crate::failure::Failure;
use crate::pack::Pack;
use crate::published::Published;
use crate::recent::Recent;
use crate::unsaved::{Unsaved, Waiting};
use crate::value::{Head, Link, NewRecord, Split, StateHeader, Trail, read_index, write_entry};
use crate::writes::Writes;
use crate::{Part, key, reader};

/// How many cases the writer keeps at hand.
const CASES_KEPT_MAX: usize = 65_536;

/// How many states are stored in one batch when all are to be.
const SAVED_AT_ONCE: usize = 512;

/// What the writer knows of everything that was written, durable or in the group it builds.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) head: Head,
    /// The cases written to lately.
    cases: HashMap<Uuid, CaseLedger>,
    /// The metadata keys, with the number of pieces of each entry.
    pub(crate) entries: HashMap<String, usize>,
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Default)]
pub(crate) struct CaseLedger {
    pub(crate) trail: Trail,
    /// The number of pieces the stored state has.
    pub(crate) pieces: usize,
    /// How many of the last records the stored state lacks, since a crash.
    pub(crate) behind: u64,
}

/// Commands that become durable together: one flush, one sync.
///
/// Records come first, the link of the chain behind them, and the head last. After a crash, a group whose link
/// is there is whole, and one without a link was never there. A state is stored in a later group than its
/// record, so that it is never ahead of the journal. Whatever this order does not make safe is written as one batch.
///
/// Building a group changes the ledger at once, because a later command of the group must see
/// the earlier ones. A group that cannot be written therefore ends the writer.
pub(crate) struct Group {
    writes: Writes,
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
#[derive(Default)]
struct NewState {
    /// How many records of the group are of the case.
    records: u64,
    state: Box<[u8]>,
    index: Box<[u8]>,
}

/// What readers see of a group once it is durable.
pub(crate) struct Publication {
    head: Head,
    unsaved: BTreeMap<Uuid, Unsaved>,
    /// States that were stored at once.
    stored: BTreeMap<Uuid, Unsaved>,
    saved: BTreeSet<Uuid>,
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
    fn case(
        &mut self,
        tree: &Tree,
        published: &Published,
        recent: &Recent,
        case: Uuid,
    ) -> Result<&mut CaseLedger, Failure> {
        let place = match self.cases.entry(case) {
            Occupied(known) => return Ok(known.into_mut()),
            Vacant(place) => place,
        };
        let known = match (published.unsaved.get(&case), published.index.revision(case)) {
            (Some(unsaved), _) => CaseLedger {
                trail: unsaved.trail.clone(),
                pieces: unsaved.pieces,
                behind: unsaved.records,
            },
            (None, None) => CaseLedger::default(),
            (None, Some(revision)) => match recent.take(case, revision) {
                Some(known) => known,
                None => {
                    let damaged = || Failure::damaged(Part::State, case.to_string());
                    let value = tree.get(key::state(case))?.ok_or_else(damaged)?;
                    let (header, _) = StateHeader::read(&value).ok_or_else(damaged)?;
                    CaseLedger {
                        pieces: header.pieces(),
                        behind: header.behind,
                        trail: header.trail,
                    }
                }
            },
        };
        Ok(place.insert(known))
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
            writes: Writes::default(),
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
        published: &Published,
        recent: &Recent,
        ledger: &mut Ledger,
        append: Appending,
    ) -> Result<Result<Appended, AppendError>, Failure> {
        if let Some(applied) = self.applied(tree, published, append.command)? {
            return Ok(Err(AppendError::DuplicateCommand {
                command: append.command,
                applied,
            }));
        }
        let actual = ledger
            .case(tree, published, recent, append.case)?
            .trail
            .revision;
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
        let new = self.states.entry(append.case).or_default();
        new.records += 1;
        new.state = append.state;
        new.index = append.index;
        Ok(Ok(Appended {
            revision: actual + 1,
            position: Position::new(position),
        }))
    }

    /// What a command did that is durable, or is in this group.
    fn applied(
        &self,
        tree: &Tree,
        published: &Published,
        command: Uuid,
    ) -> Result<Option<Applied>, Failure> {
        if let Some(applied) = self.commands.get(&command) {
            return Ok(Some(*applied));
        }
        let found = published.commands.look_up(command);
        let position = found.position(tree, command)?;
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
        self.writes.as_a_whole();
        for (number, piece) in split.pieces.into_iter().enumerate() {
            let piece_key = key::record_piece(position, number);
            self.hash.add(&piece_key, piece);
            self.writes.insert(piece_key, piece);
        }
    }

    fn close_pack(&mut self) {
        if let Some(pack) = self.pack.take() {
            let pack_key = key::record(pack.first);
            self.hash.add(&pack_key, &pack.value);
            self.writes.insert(pack_key, pack.value);
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
        self.writes.as_a_whole();
        let split = write_entry(key, ledger.head.stamp, value);
        let pieces = split.pieces.len();
        self.writes.insert(key::entry(key), split.value);
        for (number, piece) in split.pieces.into_iter().enumerate() {
            self.writes.insert(key::entry_piece(key, number), piece);
        }
        for number in pieces..before.unwrap_or(0) {
            self.writes.remove(key::entry_piece(key, number));
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
        self.writes.as_a_whole();
        self.writes.remove(key::entry(key));
        for number in 0..pieces {
            self.writes.remove(key::entry_piece(key, number));
        }
        self.entries.insert(key.to_owned(), false);
    }

    /// Closes the group: what it stores of states, its link of the chain and the head go into the
    /// batch. With `all`, the states that wait are stored as well, up to a bound, and rows are
    /// removed when none is left. Returns `None`
    /// when there is nothing to write.
    pub(crate) fn finish(
        mut self,
        published: &Published,
        ledger: &mut Ledger,
        all: bool,
    ) -> Option<(Writes, Publication)> {
        let unchanged = ledger.head.stamp == self.previous.stamp;
        if unchanged && (!all || ledger.waiting.is_over()) {
            return None;
        }
        self.close_pack();
        let (unsaved, stored, saved) = self.states(published, ledger, all);
        let commands: Vec<(Uuid, u64)> = self
            .commands
            .into_iter()
            .map(|(command, applied)| (command, applied.position.number()))
            .collect();
        let known = &published.commands;
        let run = known.run_of(&commands, ledger.head.record, &mut self.writes);
        if let Some(first) = self.first {
            let link = Link {
                last: ledger.head.record,
                records: self.records,
                previous: self.previous.hash,
                hash: self.hash.finish(),
            };
            self.writes.insert(key::link(first), link.write(first));
            ledger.head.hash = link.hash;
        }
        self.writes.insert(key::HEAD, ledger.head.write());
        let publication = Publication {
            head: ledger.head,
            unsaved,
            stored,
            saved,
            entries: self.entries,
            commands,
            run,
        };
        Some((self.writes, publication))
    }

    /// Decides which states wait, and stores the others.
    fn states(
        &mut self,
        published: &Published,
        ledger: &mut Ledger,
        all: bool,
    ) -> (
        BTreeMap<Uuid, Unsaved>,
        BTreeMap<Uuid, Unsaved>,
        BTreeSet<Uuid>,
    ) {
        let (last, waiting) = (ledger.head.record, &mut ledger.waiting);
        let mut due: BTreeMap<Uuid, &Unsaved> = BTreeMap::new();
        while let Some((since, case)) = waiting.first() {
            let state = published.unsaved.get(&case);
            if let Some(state) = state.filter(|state| state.since == since) {
                if !(waiting.is_over_full(last) || (all && due.len() < SAVED_AT_ONCE)) {
                    break;
                }
                waiting.remove(state);
                due.insert(case, state);
            }
            waiting.pass();
        }
        for (case, new) in &self.states {
            if let Some(state) = published.unsaved.get(case)
                && state.is_too_far_behind(new.records)
                && due.insert(*case, state).is_none()
            {
                waiting.remove(state);
            }
        }
        let mut saved = BTreeSet::new();
        for (case, state) in due {
            let pieces = state.save(case, &mut self.writes);
            if let Some(known) = ledger.cases.get_mut(&case) {
                (known.pieces, known.behind) = (pieces, 0);
            }
            saved.insert(case);
        }
        let (mut unsaved, mut stored) = (BTreeMap::new(), BTreeMap::new());
        for (case, new) in mem::take(&mut self.states) {
            let known = ledger.cases.entry(case).or_default();
            let before = published.unsaved.get(&case).map(Arc::as_ref);
            let before = before.filter(|_| !saved.contains(&case));
            let state = Unsaved {
                trail: known.trail.clone(),
                since: before.map_or(self.first.unwrap_or(last), |before| before.since),
                records: before.map_or(known.behind, |before| before.records) + new.records,
                pieces: known.pieces,
                index: new.index,
                state: new.state,
            };
            waiting.put(case, &state, before);
            if state.has_no_row() {
                self.writes.as_a_whole();
                known.pieces = state.save(case, &mut self.writes);
                known.behind = 0;
                waiting.remove(&state);
                saved.insert(case);
                stored.insert(case, state);
            } else {
                unsaved.insert(case, state);
            }
        }
        let rows = unsaved.iter().map(|(case, state)| state.row(*case));
        waiting.write_rows(last, rows, &mut self.writes);
        waiting.give_back();
        if all {
            waiting.end(&mut self.writes);
        }
        (unsaved, stored, saved)
    }
}

impl Publication {
    pub(crate) fn apply(self, published: &mut Published) -> Result<(), Failure> {
        for (case, state) in self.unsaved.iter().chain(&self.stored) {
            let (timers, terms) = read_index(&state.index)
                .ok_or_else(|| Failure::damaged(Part::State, case.to_string()))?;
            let revision = state.trail.revision;
            published.index.put(*case, revision, timers, terms);
        }
        for case in self.saved {
            published.unsaved.remove(&case);
        }
        for (case, state) in self.unsaved {
            published.unsaved.insert(case, Arc::new(state));
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
        Ok(())
    }
}
