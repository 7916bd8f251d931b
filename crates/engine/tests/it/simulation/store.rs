//! A store on a disk that is simulated: a log of writes, of which a beginning is safe.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, pending};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use groundbreak_engine::store::{
    Append, AppendError, Appended, Applied, CloseError, DueTimer, MemoryStore, Page, Position, Put,
    PutError, Query, ReadError, Record, Snapshot, Store, Timer,
};
use groundbreak_engine::workflow::{Actor, decode_commit, encode_commit};
use tokio::sync::watch;
use uuid::Uuid;

use super::chance::Chance;
use super::planted::Planted;
use crate::given::HOUR;

/// What one write puts on the disk.
#[derive(Clone)]
enum Write {
    Append(Append),
    Put(String, Vec<u8>),
    Remove(String),
}

/// What becomes of a write that is fit to be written.
enum Mishap {
    None,
    DiskFull,
    Overloaded,
    /// The answer gets lost, and so does the write.
    Lost,
    /// The answer gets lost; the write is on its way to the disk.
    Unanswered,
}

pub(crate) struct SimulatedStore {
    state: Mutex<State>,
    cut: watch::Sender<bool>,
}

struct State {
    chance: Chance,
    planted: Option<Planted>,
    /// While it is calm nothing goes wrong: whoever checks must be able to look.
    calm: bool,
    /// How many more points of a write are passed before the power is cut.
    cut_after: Option<u64>,
    /// The log on the disk.
    writes: Vec<Write>,
    /// How many of the writes a power cut leaves.
    safe: usize,
    /// How many of the writes are shown to readers.
    shown: usize,
    view: MemoryStore,
    /// Cases of which a write may turn up although nobody was told so.
    late: BTreeSet<Uuid>,
    /// The state of each case before the newest one.
    stale: BTreeMap<Uuid, Snapshot>,
    /// Timers that should be gone.
    kept: BTreeSet<DueTimer>,
    /// Records that should be there.
    hidden: BTreeSet<Position>,
    /// Records with another byte.
    changed: BTreeSet<Position>,
    /// Commands applied again: the id they are kept under, and their own.
    twice: BTreeMap<Uuid, Uuid>,
}

impl SimulatedStore {
    /// A disk with these entries on it.
    pub(crate) fn new(
        seed: u64,
        planted: Option<Planted>,
        entries: &[(String, Vec<u8>)],
    ) -> Arc<Self> {
        let entries = entries.iter().cloned();
        let writes = entries.map(|(key, value)| Write::Put(key, value));
        Arc::new(Self::on(writes.collect(), Chance::new(seed), planted))
    }

    /// What was last written of each case.
    pub(crate) fn newest(&self) -> BTreeMap<Uuid, Append> {
        let state = self.state();
        let shown = state.writes[..state.shown].iter();
        let appends = shown.filter_map(|write| match write {
            Write::Append(append) => Some((append.case, append.clone())),
            Write::Put(..) | Write::Remove(_) => None,
        });
        appends.collect()
    }

    /// Opens what a power cut left of the disk of this one: all that was safe, and some of the
    /// rest, the last of it torn.
    pub(crate) fn reopen(&self) -> Arc<Self> {
        let mut state = self.state();
        let mut chance = Chance::new(state.chance.next());
        let planted = state.planted;
        let mut safe = state.safe;
        if planted == Some(Planted::LosesADurableWrite) {
            safe = safe.saturating_sub(1);
        }
        let rest = state.writes.len() - safe;
        let left = match planted {
            Some(Planted::LosesADurableWrite) => safe,
            _ => safe + usize::try_from(chance.below(rest as u64 + 1)).unwrap(),
        };
        // The next one is torn. It fails its checksum, and is as good as not there.
        let torn = state.writes.get(left).cloned();
        let mut writes = state.writes[..left].to_vec();
        if let (Some(Planted::TakesATornWriteForWhole), Some(Write::Append(mut torn))) =
            (planted, torn)
        {
            torn.timers.clear();
            torn.terms.clear();
            writes.push(Write::Append(torn));
        }
        let reopened = Self::on(writes, chance, planted);
        {
            let mut reopened = reopened.state();
            reopened.hidden.clone_from(&state.hidden);
            reopened.changed.clone_from(&state.changed);
            reopened.twice.clone_from(&state.twice);
            if planted == Some(Planted::RecoversAStateWithoutItsRecord) && left > safe {
                let head = now(reopened.view.head()).unwrap();
                reopened.hidden.insert(head);
            }
        }
        Arc::new(reopened)
    }

    fn on(writes: Vec<Write>, chance: Chance, planted: Option<Planted>) -> Self {
        let mut state = State {
            chance,
            planted,
            calm: true,
            cut_after: None,
            safe: writes.len(),
            shown: 0,
            writes,
            view: MemoryStore::new(),
            late: BTreeSet::new(),
            stale: BTreeMap::new(),
            kept: BTreeSet::new(),
            hidden: BTreeSet::new(),
            changed: BTreeSet::new(),
            twice: BTreeMap::new(),
        };
        state.show(state.safe);
        Self {
            state: Mutex::new(state),
            cut: watch::Sender::new(false),
        }
    }

    pub(crate) fn calm(&self, calm: bool) {
        self.state().calm = calm;
    }

    /// Cuts the power after so many points of writes.
    pub(crate) fn cut_after(&self, points: Option<u64>) {
        self.state().cut_after = points;
    }

    /// Cuts the power now.
    pub(crate) fn cut_power(&self) {
        self.cut.send_replace(true);
    }

    /// The cases of which something was written, since the disk was opened, without an answer.
    pub(crate) fn late(&self) -> BTreeSet<Uuid> {
        self.state().late.clone()
    }

    pub(crate) fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Returns when the power has been cut.
    pub(crate) async fn power_cut(&self) {
        let mut cut = self.cut.subscribe();
        let _ = cut.wait_for(|cut| *cut).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Nothing answers without power.
    async fn powered(&self) {
        if self.is_cut() {
            pending::<()>().await;
        }
    }

    /// A point of a write at which the power may be cut.
    async fn point(&self) {
        {
            let mut state = self.state();
            if let (false, Some(left)) = (state.calm, state.cut_after) {
                state.cut_after = left.checked_sub(1);
                if left == 0 {
                    self.cut_power();
                }
            }
        }
        self.powered().await;
    }

    /// Makes a read take its time, or fail.
    async fn read(&self) -> Result<MutexGuard<'_, State>, ReadError> {
        self.powered().await;
        let (waits, fails) = {
            let mut state = self.state();
            if state.calm {
                (false, false)
            } else {
                (state.chance.one_in(3), state.chance.one_in(150))
            }
        };
        if waits {
            tokio::task::yield_now().await;
        }
        if fails {
            return Err(ReadError::Unavailable {
                source: "the disk does not answer".into(),
            });
        }
        Ok(self.state())
    }

    /// Makes the first `until` writes safe, and then shows them.
    async fn sync(&self, until: usize) {
        let millis = {
            let mut state = self.state();
            if state.calm {
                0
            } else if state.chance.one_in(20) {
                state.chance.below(5_000)
            } else {
                state.chance.below(4)
            }
        };
        tokio::time::sleep(Duration::from_millis(millis)).await;
        self.powered().await;
        let mut state = self.state();
        if state.planted != Some(Planted::AcknowledgesBeforeDurable) {
            state.safe = state.safe.max(until);
        }
        state.show(until);
    }

    /// Finishes a write that has been put on the disk as number `end`.
    async fn finish(&self, end: usize) {
        self.point().await;
        self.sync(end).await;
        self.point().await;
    }
}

impl State {
    fn plants(&mut self, fault: Planted, one_in: u64) -> bool {
        self.planted == Some(fault) && !self.calm && self.chance.one_in(one_in)
    }

    fn mishap(&mut self) -> Mishap {
        if self.calm {
            return Mishap::None;
        }
        match self.chance.below(120) {
            0..=3 => Mishap::DiskFull,
            4..=6 => Mishap::Overloaded,
            7..=9 => Mishap::Lost,
            10..=13 => Mishap::Unanswered,
            _ => Mishap::None,
        }
    }

    /// Puts a write at the end of the log.
    fn put(&mut self, write: Write) -> usize {
        self.writes.push(write);
        self.writes.len()
    }

    fn show(&mut self, until: usize) {
        while self.shown < until {
            match self.writes[self.shown].clone() {
                Write::Append(append) => {
                    let case = append.case;
                    if let Ok(Some(before)) = now(self.view.load(case)) {
                        self.stale.insert(case, before);
                    }
                    let shown = now(self.view.append(append));
                    shown.expect("what is on the disk was fit to be written");
                }
                Write::Put(key, value) => {
                    now(self.view.put_metadata(&key, value, Put::Replace)).unwrap();
                }
                Write::Remove(key) => now(self.view.remove_metadata(&key)).unwrap(),
            }
            self.shown += 1;
        }
    }

    /// Whether something that bears on this append is written and not shown yet.
    fn awaits(&self, append: &Append) -> bool {
        let bears = |write: &Write| {
            matches!(write, Write::Append(other)
                if other.case == append.case || other.command == append.command)
        };
        self.writes[self.shown..].iter().any(bears)
    }

    /// Checks an append as the contract says, and alters it if a fault is planted.
    fn admit(&mut self, append: &mut Append) -> Result<(), AppendError> {
        if let Some(applied) = now(self.view.find_command(append.command)).unwrap() {
            if !self.plants(Planted::AppliesACommandTwice, 1) {
                return Err(AppendError::DuplicateCommand {
                    command: append.command,
                    applied,
                });
            }
            let again = self.chance.uuid();
            self.twice.insert(again, append.command);
            append.command = again;
        }
        let before = now(self.view.load(append.case)).unwrap();
        let actual = before.map_or(0, |snapshot| snapshot.revision);
        if append.expected_revision != actual {
            if !self.plants(Planted::IgnoresTheRevision, 1) {
                return Err(AppendError::RevisionConflict {
                    case: append.case,
                    expected: append.expected_revision,
                    actual,
                });
            }
            append.expected_revision = actual;
        }
        if self.plants(Planted::LosesATimer, 4) {
            append.timers.pop();
        }
        if self.plants(Planted::ForgetsATerm, 4)
            && let Some(at) = append.terms.iter().rposition(|term| term.name == "state")
        {
            append.terms.remove(at);
        }
        if self.plants(Planted::ForgetsATermOfTheDesk, 4) {
            append.terms.retain(|term| term.name != "role");
        }
        if self.plants(Planted::FilesALateFactAsOfNow, 1) {
            let mut commit = decode_commit(&append.record).unwrap();
            if commit.by.id != Actor::CLOCK_ID {
                commit.effective_at = commit.effective_at.max(commit.recorded_at);
                append.record = encode_commit(&commit);
            }
        }
        if self.plants(Planted::TurnsTimeBack, 4) && actual > 0 {
            let mut commit = decode_commit(&append.record).unwrap();
            commit.recorded_at = commit.recorded_at.saturating_add_millis(-HOUR);
            append.record = encode_commit(&commit);
            append.recorded_at = commit.recorded_at.as_millis();
        }
        if self.plants(Planted::KeepsATimer, 2) {
            let due = now(self.view.due_timers(i64::MAX, None, 1_000)).unwrap();
            let stays = |due: &DueTimer| {
                let open = |timer: &Timer| timer.id == due.id && timer.due_at == due.due_at;
                due.case == append.case && !append.timers.iter().any(open)
            };
            self.kept.extend(due.into_iter().filter(stays));
        }
        Ok(())
    }

    /// What readers of records are shown of these.
    fn records(&mut self, mut records: Vec<Record>) -> Vec<Record> {
        records.retain(|record| !self.hidden.contains(&record.position));
        for record in &mut records {
            if let Some(own) = self.twice.get(&record.command) {
                record.command = *own;
            }
            if self.changed.contains(&record.position)
                && let Some(byte) = record.record.last_mut()
            {
                *byte ^= 1;
            }
        }
        records
    }

    /// Plants what happens to records that are on the disk.
    fn spoil(&mut self, position: Position) {
        if self.plants(Planted::WritesAStateWithoutARecord, 8) {
            self.hidden.insert(position);
        }
        let earlier = Position::new(position.number().saturating_sub(2));
        if earlier > Position::START && self.plants(Planted::DropsAMiddleRecord, 8) {
            self.hidden.insert(earlier);
        }
        if earlier > Position::START && self.plants(Planted::ChangesAByte, 8) {
            self.changed.insert(earlier);
        }
    }
}

/// The memory store never waits.
fn now<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().expect("memory answers at once")
}

#[async_trait]
impl Store for SimulatedStore {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        self.powered().await;
        let command = append.command;
        let unknown = || AppendError::Unknown {
            source: "the answer of the disk is lost".into(),
        };
        let end = loop {
            let until = {
                let mut state = self.state();
                if !state.awaits(&append) {
                    state.admit(&mut append)?;
                    match state.mishap() {
                        Mishap::DiskFull => {
                            return Err(AppendError::Unavailable {
                                source: "the disk is full".into(),
                            });
                        }
                        Mishap::Overloaded => return Err(AppendError::Overloaded),
                        Mishap::Lost => return Err(unknown()),
                        Mishap::Unanswered => {
                            state.late.insert(append.case);
                            state.put(Write::Append(append));
                            return Err(unknown());
                        }
                        Mishap::None => break state.put(Write::Append(append.clone())),
                    }
                }
                state.writes.len()
            };
            self.sync(until).await;
        };
        self.finish(end).await;
        let mut state = self.state();
        let applied = now(state.view.find_command(append.command)).unwrap();
        let applied = applied.expect("it was shown");
        state.spoil(applied.position);
        if state.plants(Planted::DeniesWhatWasDone, 8) {
            return Err(AppendError::Unavailable {
                source: format!("command {command} is done all the same").into(),
            });
        }
        Ok(Appended {
            revision: applied.revision,
            position: applied.position,
        })
    }

    async fn load(&self, case: Uuid) -> Result<Option<Snapshot>, ReadError> {
        let state = self.read().await?;
        if state.planted == Some(Planted::ReadsAStaleState)
            && let Some(stale) = state.stale.get(&case)
        {
            return Ok(Some(stale.clone()));
        }
        now(state.view.load(case))
    }

    async fn journal(
        &self,
        case: Uuid,
        after_revision: u64,
        limit: usize,
    ) -> Result<Vec<Record>, ReadError> {
        let mut state = self.read().await?;
        let records = now(state.view.journal(case, after_revision, limit))?;
        Ok(state.records(records))
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Record>, ReadError> {
        let mut state = self.read().await?;
        let records = now(state.view.read_all(after, limit))?;
        let mut records = state.records(records);
        match state.planted {
            Some(Planted::ReordersCommits) if records.len() > 3 => records.swap(1, 2),
            Some(Planted::SkipsACommit) if records.len() > 3 => {
                records.remove(2);
            }
            _ => {}
        }
        Ok(records)
    }

    async fn head(&self) -> Result<Position, ReadError> {
        now(self.read().await?.view.head())
    }

    async fn due_timers(
        &self,
        until: i64,
        after: Option<&DueTimer>,
        limit: usize,
    ) -> Result<Vec<DueTimer>, ReadError> {
        let state = self.read().await?;
        let mut due = now(state.view.due_timers(until, after, limit))?;
        let kept = state.kept.iter().filter(|kept| kept.due_at <= until);
        due.extend(kept.filter(|kept| Some(*kept) > after).cloned());
        due.sort();
        due.dedup();
        if state.planted == Some(Planted::HidesADueTimer) && after.is_none() && !due.is_empty() {
            due.remove(0);
        }
        due.truncate(limit);
        Ok(due)
    }

    async fn next_due(&self) -> Result<Option<i64>, ReadError> {
        now(self.read().await?.view.next_due())
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        now(self.read().await?.view.query(query))
    }

    async fn find_command(&self, command: Uuid) -> Result<Option<Applied>, ReadError> {
        let state = self.read().await?;
        if state.planted == Some(Planted::ForgetsACommand) {
            return Ok(None);
        }
        now(state.view.find_command(command))
    }

    async fn metadata(&self, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        now(self.read().await?.view.metadata(key))
    }

    async fn put_metadata(&self, key: &str, value: Vec<u8>, put: Put) -> Result<(), PutError> {
        PutError::check(key, &value)?;
        self.powered().await;
        let unknown = || PutError::Unknown {
            source: "the answer of the disk is lost".into(),
        };
        let end = loop {
            let until = {
                let mut state = self.state();
                if state.shown == state.writes.len() {
                    let there = now(state.view.metadata(key)).unwrap().is_some();
                    if there && put == Put::Create {
                        return Err(PutError::Exists);
                    }
                    let write = Write::Put(key.to_owned(), value.clone());
                    match state.mishap() {
                        Mishap::DiskFull => {
                            return Err(PutError::Unavailable {
                                source: "the disk is full".into(),
                            });
                        }
                        Mishap::Overloaded => return Err(PutError::Overloaded),
                        Mishap::Lost => return Err(unknown()),
                        Mishap::Unanswered => {
                            state.put(write);
                            return Err(unknown());
                        }
                        Mishap::None => break state.put(write),
                    }
                }
                state.writes.len()
            };
            self.sync(until).await;
        };
        self.finish(end).await;
        Ok(())
    }

    async fn remove_metadata(&self, key: &str) -> Result<(), PutError> {
        PutError::check(key, &[])?;
        self.powered().await;
        let end = self.state().put(Write::Remove(key.to_owned()));
        self.finish(end).await;
        Ok(())
    }

    async fn list_metadata(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, ReadError> {
        now(self.read().await?.view.list_metadata(prefix, after, limit))
    }

    /// Other nodes go on with the disk.
    async fn close(&self) -> Result<(), CloseError> {
        Ok(())
    }
}
