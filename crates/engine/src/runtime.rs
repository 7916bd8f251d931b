//! What an engine and its tasks share, and how a case is read.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use groundbreak_store::{ReadError, Record, Snapshot, Store};
use groundbreak_workflow::{
    Case, CaseId, Commit, CommitDigest, Workflow, decode_case, decode_commit,
};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, broadcast, watch};
use uuid::ContextV7;

use crate::bell::Bell;
use crate::case_cache::CaseCache;
use crate::definitions::{Definitions, LoadError};
use crate::effects::EffectBells;
use crate::turn::{Turn, Turns};
use crate::{CaseFault, Changed, Deliver, Failure, SubmitError, TimeSource};

/// The records of a case that are read at once.
const RECORDS_AT_ONCE: usize = 1_000;

pub(crate) struct Runtime {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) time: Arc<dyn TimeSource>,
    pub(crate) definitions: Definitions,
    pub(crate) cases: CaseCache,
    pub(crate) turns: Turns,
    /// By case number, under an id made from it: taken after the turn of the case.
    pub(crate) numbers: Turns,
    /// A permit for each command under way.
    pub(crate) gate: Arc<Semaphore>,
    pub(crate) commands_max: u32,
    pub(crate) timers_at_once: usize,
    pub(crate) effects_at_once: usize,
    /// Who takes messages to the outside.
    pub(crate) deliver: Option<Arc<dyn Deliver>>,
    pub(crate) closing: AtomicBool,
    pub(crate) changes: broadcast::Sender<Changed>,
    /// Wakes the timer task when a timer was set that is due before all others.
    pub(crate) bell: Arc<Bell>,
    /// Wakes the tasks that do effects, by their kind.
    pub(crate) effect_bells: EffectBells,
    /// Turns true when the timer task is to end; so does dropping it.
    pub(crate) stopping: watch::Sender<bool>,
    /// Held while simulated time passes.
    pub(crate) advancing: AsyncMutex<()>,
    pub(crate) case_ids: Mutex<ContextV7>,
    pub(crate) command_ids: Mutex<ContextV7>,
}

impl Runtime {
    /// Begins work on a case in a task of its own: a fault of the program ends that task and no
    /// other, and nothing stops it half way. It goes on when what is returned is dropped.
    pub(crate) fn apart<T, W>(
        self: &Arc<Self>,
        case: CaseId,
        work: W,
    ) -> impl Future<Output = Result<T, SubmitError>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, SubmitError>> + Send + 'static,
    {
        let runtime = Arc::clone(self);
        let task = tokio::spawn(work);
        async move {
            task.await.unwrap_or_else(|error| {
                // What the task has cached may be half of what it did.
                runtime.cases.forget(case);
                Err(Failure::Program {
                    source: error.into(),
                }
                .into())
            })
        }
    }

    /// Returns a case as its newest commit left it, for the task whose turn it is.
    pub(crate) async fn load(&self, turn: &Turn) -> Result<Option<Arc<Case>>, Failure> {
        let id = turn.case();
        if let Some(case) = self.cases.get(id) {
            return Ok(Some(case));
        }
        let Some(case) = self.read_case(id).await? else {
            return Ok(None);
        };
        let case = Arc::new(case);
        self.cases.put(Arc::clone(&case), None);
        Ok(Some(case))
    }

    async fn read_case(&self, id: CaseId) -> Result<Option<Case>, Failure> {
        let read = match self.cases.take_early(id) {
            Some(snapshot) => Ok(Some(snapshot)),
            None => self.store.load(id.0).await,
        };
        let snapshot = match read {
            Ok(None) => return Ok(None),
            Ok(Some(snapshot)) => snapshot,
            Err(ReadError::Damaged { place }) => {
                tracing::warn!(case = %id, place, "the state of a case is damaged; folding its journal");
                return self.fold(id, None).await;
            }
            Err(error) => return Err(error.into()),
        };
        match read_snapshot(id, &snapshot) {
            Ok(mut case) => {
                if case.newest.is_none() {
                    case.newest = Some(self.newest_of(&case).await?);
                }
                Ok(Some(case))
            }
            Err(why) => {
                tracing::warn!(case = %id, why, "the state of a case cannot be used; folding its journal");
                let case = self.fold(id, None).await?;
                let found = case.as_ref().map_or(0, |case| case.revision);
                if found < snapshot.revision {
                    let fault = CaseFault::Short {
                        expected: snapshot.revision,
                        found,
                    };
                    return Err(Failure::CaseDamaged { case: id, fault });
                }
                Ok(case)
            }
        }
    }

    /// Returns the digest of the newest commit of a case, from its record: a state that was stored
    /// before commits named the ones before them does not hold it.
    async fn newest_of(&self, case: &Case) -> Result<CommitDigest, Failure> {
        let damaged = |fault| Failure::CaseDamaged {
            case: case.id,
            fault,
        };
        let after = case.revision.saturating_sub(1);
        let records = self.store.journal(case.id.0, after, 1).await?;
        let record = records.first().ok_or_else(|| {
            damaged(CaseFault::Short {
                expected: case.revision,
                found: after,
            })
        })?;
        read_record(record).map_err(damaged)?;
        Ok(CommitDigest::of(&record.record))
    }

    /// Folds the journal of a case, up to a revision or to its end. `None` for an empty one.
    pub(crate) async fn fold(
        &self,
        id: CaseId,
        until: Option<u64>,
    ) -> Result<Option<Case>, Failure> {
        let damaged = |fault| Failure::CaseDamaged { case: id, fault };
        let mut case: Option<Case> = None;
        loop {
            let revision = case.as_ref().map_or(0, |case| case.revision);
            let records = self.store.journal(id.0, revision, RECORDS_AT_ONCE).await?;
            if records.is_empty() {
                return Ok(case);
            }
            for record in &records {
                if until.is_some_and(|until| record.revision > until) {
                    return Ok(case);
                }
                fold_record(&mut case, record).map_err(damaged)?;
            }
        }
    }

    /// Returns the commits of a case, oldest first.
    pub(crate) async fn journal(&self, id: CaseId) -> Result<Vec<Commit>, Failure> {
        let mut commits: Vec<Commit> = Vec::new();
        loop {
            let after = commits.last().map_or(0, |commit| commit.revision);
            let records = self.store.journal(id.0, after, RECORDS_AT_ONCE).await?;
            if records.is_empty() {
                return Ok(commits);
            }
            for record in &records {
                let commit = read_record(record)
                    .map_err(|fault| Failure::CaseDamaged { case: id, fault })?;
                commits.push(commit);
            }
        }
    }

    /// Returns one commit of a case.
    pub(crate) async fn commit(&self, id: CaseId, revision: u64) -> Result<Commit, Failure> {
        let damaged = |fault| Failure::CaseDamaged { case: id, fault };
        let after = revision.saturating_sub(1);
        let records = self.store.journal(id.0, after, 1).await?;
        let record = records.first().ok_or_else(|| {
            damaged(CaseFault::Short {
                expected: revision,
                found: after,
            })
        })?;
        read_record(record).map_err(damaged)
    }

    /// Returns the workflow a case runs under, with the very text it began with or was migrated to.
    pub(crate) async fn workflow_of(&self, case: &Case) -> Result<Arc<Workflow>, Failure> {
        if let Some(workflow) = self.find_workflow(case) {
            return Ok(workflow);
        }
        // Another task may have read what is new while this one waited to.
        self.refresh_definitions().await?;
        if let Some(workflow) = self.find_workflow(case) {
            return Ok(workflow);
        }
        Err(Failure::CaseDamaged {
            case: case.id,
            fault: CaseFault::Definition {
                workflow: case.workflow.clone(),
                version: case.version,
            },
        })
    }

    fn find_workflow(&self, case: &Case) -> Option<Arc<Workflow>> {
        let published = self.definitions.published();
        let workflow = published
            .library
            .workflow(&case.workflow, Some(case.version))
            .ok()?;
        // A case that follows a calendar published elsewhere cannot be read without it.
        (workflow.digest == case.digest && workflow.knows_calendars_of(case))
            .then(|| Arc::clone(workflow))
    }

    /// Reads what other nodes have published, and tells whether there was anything.
    pub(crate) async fn refresh_definitions(&self) -> Result<bool, Failure> {
        match self.definitions.refresh().await {
            Ok(found) => Ok(found),
            Err(LoadError::Failed(failure)) => Err(failure),
            // Another node knows something that this one cannot read. What it can read goes on.
            Err(error) => {
                tracing::error!(%error, "a definition in the store cannot be used");
                Ok(false)
            }
        }
    }
}

/// Reads a state, and folds the commits into it that it does not have.
fn read_snapshot(id: CaseId, snapshot: &Snapshot) -> Result<Case, String> {
    let has = snapshot.revision.checked_sub(snapshot.behind.len() as u64);
    let mut case = match has {
        Some(0) => None,
        _ => Some(decode_case(&snapshot.state).map_err(|error| error.to_string())?),
    };
    if case.as_ref().is_some_and(|case| Some(case.revision) != has) {
        return Err("it is of another revision".to_owned());
    }
    for record in &snapshot.behind {
        fold_record(&mut case, record).map_err(|fault| fault.to_string())?;
    }
    match case {
        Some(case) if case.id == id && case.revision == snapshot.revision => Ok(case),
        _ => Err("it is of another case or revision".to_owned()),
    }
}

/// Folds the next record of a journal into the case, or opens the case with the first.
pub(crate) fn fold_record(case: &mut Option<Case>, record: &Record) -> Result<(), CaseFault> {
    let commit = read_record(record)?;
    let digest = CommitDigest::of(&record.record);
    match case {
        Some(case) => case.apply(&commit, digest)?,
        None => *case = Some(Case::open(&commit, digest)?),
    }
    Ok(())
}

/// Reads a record, and checks that it is the one the store says it is.
pub(crate) fn read_record(record: &Record) -> Result<Commit, CaseFault> {
    let revision = record.revision;
    let commit =
        decode_commit(&record.record).map_err(|source| CaseFault::Record { revision, source })?;
    if commit.case.0 != record.case
        || commit.revision != revision
        || commit.command.0 != record.command
    {
        return Err(CaseFault::Misplaced { revision });
    }
    Ok(commit)
}
