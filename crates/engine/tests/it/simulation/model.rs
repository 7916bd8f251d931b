//! What must be true of the store and the engine, kept beside them and checked after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use groundbreak_engine::Engine;
use groundbreak_engine::store::{DueTimer, Position, Query, Record, Store};
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::workflow::{
    Actor, Case, CaseId, Command, Commit, CommitDigest, Entry, Library, Workflow, decode_case,
    decode_commit,
};
use uuid::Uuid;

use super::given;

/// Says what is not as it must be.
macro_rules! must {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use must;

/// The workflow, knowing every calendar that is ever published.
static WORKFLOW: LazyLock<Arc<Workflow>> = LazyLock::new(|| {
    let mut library = Library::new();
    library.add_calendar(crate::given::CALENDAR).unwrap();
    library.add_workflow(given::WORKFLOW).unwrap();
    for version in given::AMENDMENTS {
        library.add_calendar(&given::amended(version)).unwrap();
    }
    Arc::clone(library.workflow("permit", None).unwrap())
});

/// What is known of the run so far.
pub(crate) struct Model {
    pub(crate) workflow: Arc<Workflow>,
    /// Every record that was ever shown, in order. What was shown stays.
    pub(crate) records: Vec<Record>,
    pub(crate) cases: BTreeMap<Uuid, Known>,
    /// Where the record of each command is.
    pub(crate) commands: BTreeMap<Uuid, usize>,
    /// Every command that was given.
    pub(crate) asked: BTreeMap<Uuid, Command>,
    /// Commands that were answered as refused or not done, and were not given again since.
    pub(crate) never: BTreeSet<Uuid>,
    /// Commands that may yet turn up.
    pub(crate) unknown: BTreeSet<Uuid>,
    /// Cases of which an engine may have forgotten, or not noticed, a write that came late.
    pub(crate) loose: BTreeSet<Uuid>,
    /// The latest it has been.
    pub(crate) latest: Timestamp,
}

/// One case.
pub(crate) struct Known {
    /// Its commits, each with the case after it and its place.
    pub(crate) commits: Vec<(Commit, Case, Position)>,
    records: Vec<Record>,
    /// The bytes of the newest state that was seen to be right.
    state: Vec<u8>,
    pub(crate) timers: BTreeSet<DueTimer>,
}

impl Known {
    pub(crate) fn newest(&self) -> &Case {
        &self.commits[self.commits.len() - 1].1
    }
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            workflow: Arc::clone(&WORKFLOW),
            records: Vec::new(),
            cases: BTreeMap::new(),
            commands: BTreeMap::new(),
            asked: BTreeMap::new(),
            never: BTreeSet::new(),
            unknown: BTreeSet::new(),
            loose: BTreeSet::new(),
            latest: crate::given::START,
        }
    }

    /// The power was cut, and what survived was read: nothing else can turn up.
    pub(crate) fn settle(&mut self) {
        for command in std::mem::take(&mut self.unknown) {
            if !self.commands.contains_key(&command) {
                self.never.insert(command);
            }
        }
    }

    /// Checks everything there is.
    pub(crate) async fn check(&mut self, store: &dyn Store) -> Result<(), String> {
        self.check_order(store).await?;
        self.check_cases(store).await?;
        self.check_timers(store).await?;
        self.check_terms(store).await?;
        for command in &self.never {
            let found = store.find_command(*command).await.unwrap();
            must!(found.is_none(), "command {command} was done after all");
        }
        Ok(())
    }

    async fn check_order(&mut self, store: &dyn Store) -> Result<(), String> {
        let mut at = 0;
        let mut after = Position::START;
        loop {
            let page = store.read_all(after, 50).await.unwrap();
            if page.is_empty() {
                break;
            }
            for record in page {
                must!(
                    record.position > after,
                    "position {} follows {after}",
                    record.position
                );
                after = record.position;
                match self.records.get(at) {
                    Some(known) => must!(
                        *known == record,
                        "the record at {} is another than before",
                        known.position
                    ),
                    None => self.take_in(&record)?,
                }
                at += 1;
            }
        }
        let lost = self.records.get(at).map(|record| record.position);
        must!(lost.is_none(), "the record at {lost:?} is lost");
        let head = store.head().await.unwrap();
        must!(head == after, "the head is {head}, the last record {after}");
        Ok(())
    }

    /// Takes in a record that was not there before.
    fn take_in(&mut self, record: &Record) -> Result<(), String> {
        let at = record.position;
        let commit =
            decode_commit(&record.record).map_err(|error| format!("record {at}: {error}"))?;
        must!(
            commit.case.0 == record.case
                && commit.revision == record.revision
                && commit.command.0 == record.command
                && commit.recorded_at.as_millis() == record.recorded_at,
            "record {at} is filed as another one"
        );
        let command = record.command;
        must!(
            !self.commands.contains_key(&command),
            "command {command} was applied twice"
        );
        must!(
            !self.never.contains(&command),
            "command {command} was denied, and applied"
        );
        must!(
            commit.recorded_at <= self.latest,
            "record {at} is from the future"
        );
        let before = self.cases.get(&record.case);
        let digest = CommitDigest::of(&record.record);
        let case = match before {
            None => Case::open(&commit, digest),
            Some(known) => {
                let mut case = known.newest().clone();
                must!(
                    case.recorded_at <= commit.recorded_at,
                    "record {at} was recorded before the one it follows"
                );
                case.apply(&commit, digest).map(|()| case)
            }
        };
        let case = case.map_err(|error| format!("record {at} does not fold: {error}"))?;
        if commit.by.id == Actor::CLOCK_ID {
            must!(
                !self.asked.contains_key(&command),
                "record {at} was asked for, and is by the clock"
            );
        } else {
            let asked = self.asked.get(&command);
            must!(
                asked.is_some_and(
                    |asked| asked.case == commit.case && asked.actor.id == commit.by.id
                ),
                "nobody asked for record {at}"
            );
            let newest = before.map_or(commit.recorded_at, |known| known.newest().effective_at);
            let effective = match asked.and_then(|asked| asked.effective_at) {
                Some(late) if late != commit.recorded_at => late,
                _ => commit.recorded_at.max(newest),
            };
            must!(
                commit.effective_at == effective,
                "record {at} says that it happened at {}, not at {effective}",
                commit.effective_at
            );
            let mut overtaken = before.into_iter().flat_map(|known| &known.timers);
            let overtaken = overtaken.find(|timer| timer.due_at <= record.recorded_at);
            must!(overtaken.is_none(), "record {at} overtook {overtaken:?}");
        }
        for entry in &commit.entries {
            if let Entry::TimerFired { timer, due_at, .. } = entry {
                let fired = DueTimer {
                    due_at: due_at.as_millis(),
                    case: record.case,
                    id: timer.clone(),
                };
                must!(
                    before.is_some_and(|known| known.timers.first() == Some(&fired)),
                    "record {at} fires {fired:?}, which is not the first that is open"
                );
                must!(
                    *due_at <= commit.recorded_at,
                    "record {at} fires {fired:?} too early"
                );
            }
        }
        let timers = self.workflow.timers(&case).unwrap();
        let timers = timers.into_iter().map(|timer| DueTimer {
            due_at: timer.due_at.as_millis(),
            case: record.case,
            id: timer.id,
        });
        let timers = timers.collect();
        let known = self.cases.entry(record.case).or_insert_with(|| Known {
            commits: Vec::new(),
            records: Vec::new(),
            state: Vec::new(),
            timers: BTreeSet::new(),
        });
        known.timers = timers;
        known.commits.push((commit, case, at));
        known.records.push(record.clone());
        self.commands.insert(command, self.records.len());
        self.records.push(record.clone());
        Ok(())
    }

    async fn check_cases(&mut self, store: &dyn Store) -> Result<(), String> {
        for (id, known) in &mut self.cases {
            let journal = store.journal(*id, 0, 1_000).await.unwrap();
            must!(
                journal == known.records,
                "the journal of {id} is not its commits in order"
            );
            let snapshot = store.load(*id).await.unwrap();
            let Some(snapshot) = snapshot else {
                return Err(format!("case {id} has no state"));
            };
            let (_, case, position) = &known.commits[known.commits.len() - 1];
            must!(
                snapshot.revision == case.revision && snapshot.position == *position,
                "the state of {id} is of revision {}, its journal of {}",
                snapshot.revision,
                case.revision
            );
            if snapshot.state != known.state {
                let read = decode_case(&snapshot.state);
                must!(
                    read.is_ok_and(|read| read == *case),
                    "the state of {id} is not the fold of its journal"
                );
                known.state = snapshot.state;
            }
        }
        Ok(())
    }

    async fn check_timers(&self, store: &dyn Store) -> Result<(), String> {
        let all: BTreeSet<&DueTimer> = self
            .cases
            .values()
            .flat_map(|known| &known.timers)
            .collect();
        let listed = store.due_timers(i64::MAX, None, 1_000).await.unwrap();
        must!(
            listed.iter().eq(all.iter().copied()),
            "the timers listed are {listed:?}, those of the states {all:?}"
        );
        let next = store.next_due().await.unwrap();
        must!(
            next == all.first().map(|timer| timer.due_at),
            "the next timer is said to be due at {next:?}"
        );
        Ok(())
    }

    async fn check_terms(&self, store: &dyn Store) -> Result<(), String> {
        let found = async |query: Query| {
            let page = store.query(&query).await.unwrap();
            let hits = page.hits.iter().map(|hit| hit.case);
            hits.collect::<BTreeSet<Uuid>>()
        };
        let those = |holds: &dyn Fn(&Case) -> bool| {
            let cases = self.cases.iter().filter(|(_, known)| holds(known.newest()));
            cases.map(|(id, _)| *id).collect::<BTreeSet<Uuid>>()
        };
        for state in self.workflow.states.keys() {
            let query = Query::all(1_000).with("state", state.as_str());
            must!(
                found(query).await == those(&|case| case.is_in(state)),
                "other cases are found in {state} than are there"
            );
        }
        let query = Query::all(1_000).with("status", "closed");
        must!(
            found(query).await == those(&|case| self.workflow.is_closed(case)),
            "other cases are found closed than are"
        );
        let query = Query::all(1_000).with("workflow", "permit");
        must!(
            found(query).await == those(&|_| true),
            "other cases are found than there are"
        );
        for (id, known) in &self.cases {
            let number = known.newest().number.as_str();
            let found = found(Query::all(2).with("number", number)).await;
            must!(
                found == BTreeSet::from([*id]),
                "{number} finds {found:?}, and is {id}"
            );
        }
        Ok(())
    }

    /// Checks what an engine says its cases are. Alone on a store, it says what is there now; beside
    /// another one, what once was.
    pub(crate) async fn check_engine(&self, engine: &Engine, alone: bool) -> Result<(), String> {
        for (id, known) in &self.cases {
            let said = engine.case(CaseId(*id)).await;
            let said = said.map_err(|failure| format!("case {id}: {failure:?}"))?;
            let Some(said) = said else {
                return Err(format!("the engine does not know case {id}"));
            };
            let mut may = known.commits.iter().map(|(_, case, _)| case);
            let right = if alone && !self.loose.contains(id) {
                *said == *known.newest()
            } else {
                may.any(|case| *case == *said)
            };
            must!(
                right,
                "the engine has case {id} at revision {}, not at {}",
                said.revision,
                known.newest().revision
            );
        }
        Ok(())
    }
}
