//! The whole check of a store: everything is read and compared, by as many threads as there are cores.
//!
//! One thread goes through the records in the order of commits: their checksums, the chain, and the
//! notes of their commands. The others go through the states in the order of cases, and read the
//! journal of each case from its last record back: so nothing is held of a case before or after its
//! turn, however long it stays open. That each record belongs to the journal of a case is seen from
//! their number. The thread of the records joins the others when it is done.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::vec;

use groundbreak_store::{ReadError, Record, Snapshot};
use sled::{IVec, Tree};
use uuid::Uuid;

use crate::chain::Verified;
use crate::failure::{Failure, guarded};
use crate::pack::Packed;
use crate::value::{Head, Trail};
use crate::{Part, chain, commands, key, pack, reader};

/// How many states a thread takes at once.
const STATES_AT_ONCE: usize = 64;

/// How many records of a long journal are gone back through at once.
const RECORDS_AT_ONCE: u64 = 1000;

/// How many packs each thread keeps at hand. Cases that were opened one after another have their
/// records in the same packs.
const PACKS_KEPT: usize = 256;

/// Why a whole check ended early.
#[derive(Debug)]
pub enum VerifyError<E> {
    /// The store itself does not agree, or could not be read.
    Read(ReadError),
    /// What the caller found.
    Found(E),
}

/// The same, inside the store.
enum Stop<E> {
    Store(Failure),
    Caller(E),
}

impl<E> From<Failure> for Stop<E> {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

impl<E> From<Stop<E>> for VerifyError<E> {
    fn from(stop: Stop<E>) -> Self {
        match stop {
            Stop::Store(failure) => Self::Read(failure.into()),
            Stop::Caller(found) => Self::Found(found),
        }
    }
}

/// What was durable when the check began.
pub(crate) struct Durable {
    pub(crate) head: Head,
    /// The metadata keys.
    pub(crate) names: Vec<String>,
    /// The last positions of all runs of commands.
    pub(crate) runs: Vec<u64>,
    /// The commands that are in none.
    pub(crate) recent: HashMap<Uuid, u64>,
}

/// Checks everything. `record` sees each record, in the order of commits; `case` each case with its
/// journal, from several threads.
pub(crate) fn everything<E: Send>(
    tree: &Tree,
    durable: &Durable,
    record: impl FnMut(&[u8]) -> Result<(), E> + Send,
    case: impl Fn(&Snapshot, &mut dyn Iterator<Item = Record>) -> Result<(), E> + Sync,
) -> Result<Verified, VerifyError<E>> {
    let cases = Cases {
        tree,
        head: &durable.head,
        visit: &case,
        states: Mutex::new(tree.scan_prefix(key::STATES)),
        over: AtomicBool::new(false),
        found: Mutex::new(None),
        cases: AtomicU64::new(0),
        records: AtomicU64::new(0),
    };
    let others = thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
    let checked = thread::scope(|scope| {
        for _ in 0..others {
            scope.spawn(|| cases.work());
        }
        let checked = caught(|| records(tree, durable, record));
        if checked.is_err() {
            cases.over.store(true, Ordering::Relaxed);
        }
        cases.work();
        checked
    });
    let mut verified = checked?;
    if let Some((_, stop)) = locked(&cases.found).take() {
        return Err(stop.into());
    }
    verified.cases = cases.cases.into_inner();
    let found = cases.records.into_inner();
    if found != verified.records {
        let place = format!("{} records, {found} of them in journals", verified.records);
        return Err(Stop::Store(Failure::damaged(Part::Record, place)).into());
    }
    verified.entries = caught::<_, E>(|| entries(tree, &durable.names))?;
    Ok(verified)
}

/// Runs a part of the check, in which sled may panic.
fn caught<T, E>(part: impl FnOnce() -> Result<T, Stop<E>>) -> Result<T, Stop<E>> {
    guarded(|| Ok(part()))?
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Goes through all records: each with its checksum, its chain and the note of its command.
fn records<E>(
    tree: &Tree,
    durable: &Durable,
    mut visit: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Verified, Stop<E>> {
    let mut verified = Verified::default();
    let mut runs = durable.runs.iter().copied().peekable();
    let mut run: Vec<(Uuid, u64)> = Vec::new();
    let mut run_last = 0;
    verified.links = chain::check(
        tree,
        &Head::default(),
        &durable.head,
        |position, header, body| {
            verified.records += 1;
            if position > run_last
                && let Some(last) = runs.next_if(|last| *last >= position)
            {
                run = commands::run(tree, last)?;
                run_last = last;
            }
            let noted = if position <= run_last {
                run.binary_search_by_key(&header.command, |(id, _)| *id)
                    .ok()
                    .and_then(|at| run.get(at))
                    .map(|(_, at)| *at)
            } else {
                durable.recent.get(&header.command).copied()
            };
            if noted != Some(position) {
                let place = header.command.to_string();
                return Err(Failure::damaged(Part::Command, place).into());
            }
            visit(body).map_err(Stop::Caller)
        },
    )?;
    Ok(verified)
}

/// Reads every metadata entry. Returns how many there are.
fn entries<E>(tree: &Tree, names: &[String]) -> Result<u64, Stop<E>> {
    let mut entries = 0;
    for name in names {
        // One that is gone was removed since the check began.
        if reader::entry(tree, name)?.is_some() {
            entries += 1;
        }
    }
    Ok(entries)
}

/// The cases, while several threads go through them.
struct Cases<'a, E, V> {
    tree: &'a Tree,
    head: &'a Head,
    visit: &'a V,
    states: Mutex<sled::Iter>,
    /// Nobody takes any more states.
    over: AtomicBool,
    /// The first case, by id, that does not agree.
    found: Mutex<Option<(IVec, Stop<E>)>>,
    cases: AtomicU64,
    records: AtomicU64,
}

impl<E, V> Cases<'_, E, V>
where
    E: Send,
    V: Fn(&Snapshot, &mut dyn Iterator<Item = Record>) -> Result<(), E> + Sync,
{
    /// Goes through states until there are none, or one does not agree.
    fn work(&self) {
        let mut packs = Packs::default();
        loop {
            let taken = caught(|| Ok(self.take()?));
            let Ok(taken) = taken.map_err(|stop| self.stop(IVec::default(), stop)) else {
                return;
            };
            if taken.is_empty() {
                return;
            }
            // All of these, even when another thread has found something: what it found may come
            // later than what is found here.
            for (state_key, value) in taken {
                if let Err(stop) = caught(|| self.check(&mut packs, &state_key, &value)) {
                    self.stop(state_key, stop);
                    return;
                }
            }
        }
    }

    fn take(&self) -> Result<Vec<(IVec, IVec)>, Failure> {
        let mut states = locked(&self.states);
        let mut taken = Vec::with_capacity(STATES_AT_ONCE);
        if self.over.load(Ordering::Relaxed) {
            return Ok(taken);
        }
        for item in states.by_ref().take(STATES_AT_ONCE) {
            taken.push(item?);
        }
        Ok(taken)
    }

    fn stop(&self, state_key: IVec, stop: Stop<E>) {
        self.over.store(true, Ordering::Relaxed);
        let mut found = locked(&self.found);
        if found.as_ref().is_none_or(|(first, _)| state_key < *first) {
            *found = Some((state_key, stop));
        }
    }

    /// Checks a state and the journal of its case.
    fn check(&self, packs: &mut Packs, state_key: &[u8], value: &[u8]) -> Result<(), Stop<E>> {
        let case = key::case_in(state_key)
            .ok_or_else(|| Failure::damaged(Part::State, "a key that is no case"))?;
        let damaged = || Failure::damaged(Part::State, case.to_string());
        // One that goes on in pieces may have been replaced since, and is then read again.
        let stored = match reader::stored_in(self.tree, case, value).ok_or_else(damaged)?? {
            Some(stored) => stored,
            None => reader::stored(self.tree, case)?.ok_or_else(damaged)?,
        };
        let trail = stored.trail.clone();
        if trail.last() > self.head.record {
            return self.newer(packs, case, &trail);
        }
        let snapshot = stored.snapshot(self.tree, case)?;
        let mut journal = Journal {
            tree: self.tree,
            packs,
            case,
            trail: &trail,
            read: 0,
            page: Vec::new().into_iter(),
            failure: None,
        };
        let visited = (self.visit)(&snapshot, &mut journal);
        // What the caller did not want to see is checked nevertheless.
        journal.by_ref().for_each(drop);
        if let Some(failure) = journal.failure {
            return Err(failure.into());
        }
        visited.map_err(Stop::Caller)?;
        self.cases.fetch_add(1, Ordering::Relaxed);
        self.records.fetch_add(journal.read, Ordering::Relaxed);
        Ok(())
    }

    /// Counts the records of a case that was written to since the check began. Its state as it was
    /// is not there any more.
    fn newer(&self, packs: &mut Packs, case: Uuid, trail: &Trail) -> Result<(), Stop<E>> {
        let (mut position, mut revision) = (trail.last(), trail.revision);
        while position > self.head.record {
            let header = packs.at(self.tree, position)?.header;
            if (header.case, header.revision) != (case, revision) {
                return Err(Failure::damaged(Part::State, case.to_string()).into());
            }
            (position, revision) = (header.previous, revision - 1);
        }
        self.records.fetch_add(revision, Ordering::Relaxed);
        Ok(())
    }
}

/// The journal of a case, read as it is asked for.
struct Journal<'a> {
    tree: &'a Tree,
    packs: &'a mut Packs,
    case: Uuid,
    trail: &'a Trail,
    read: u64,
    page: vec::IntoIter<Packed>,
    /// Why it ended early.
    failure: Option<Failure>,
}

impl Journal<'_> {
    fn read(&mut self) -> Result<Option<Record>, Failure> {
        if self.page.len() == 0 && self.read < self.trail.revision {
            let (tree, packs) = (self.tree, &mut *self.packs);
            let mut page = reader::back(self.case, self.trail, self.read, RECORDS_AT_ONCE, |at| {
                packs.at(tree, at)
            })?;
            page.reverse();
            self.page = page.into_iter();
        }
        let Some(packed) = self.page.next() else {
            return Ok(None);
        };
        self.read += 1;
        Ok(Some(packed.record(self.tree)?))
    }
}

impl Iterator for Journal<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.failure.is_some() {
            return None;
        }
        self.read().unwrap_or_else(|failure| {
            self.failure = Some(failure);
            None
        })
    }
}

/// The packs that were read last.
#[derive(Default)]
struct Packs {
    by_first: BTreeMap<u64, Vec<Packed>>,
    oldest: VecDeque<u64>,
}

impl Packs {
    /// Returns the record at a position, which must be there.
    fn at(&mut self, tree: &Tree, position: u64) -> Result<Packed, Failure> {
        if let Some(packed) = self.kept(position) {
            return Ok(packed.clone());
        }
        let pack = pack::holding(tree, position)?;
        if let Some(first) = pack.first().map(|packed| packed.position) {
            if self.oldest.len() >= PACKS_KEPT
                && let Some(oldest) = self.oldest.pop_front()
            {
                self.by_first.remove(&oldest);
            }
            if self.by_first.insert(first, pack).is_none() {
                self.oldest.push_back(first);
            }
        }
        self.kept(position)
            .cloned()
            .ok_or_else(|| Failure::damaged(Part::Record, format!("position {position}")))
    }

    fn kept(&self, position: u64) -> Option<&Packed> {
        let (first, pack) = self.by_first.range(..=position).next_back()?;
        pack.get(usize::try_from(position - first).ok()?)
    }
}
