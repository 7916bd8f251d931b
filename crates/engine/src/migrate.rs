//! Open cases move to another version of their workflow, each in one commit of its own.
//!
//! Nothing is kept about a run: a case is on the old version or on the new one. So a run that was
//! cut short is ended by running it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use groundbreak_store::{Cause, Query};
use groundbreak_workflow::{
    Actor, Case, CaseId, CommandId, Mapping, MigrateError, Migration, MigrationFault,
    MigrationOrder, Obstacle, PlaceNow, Refusal, Text, Workflow,
};

use crate::runtime::Runtime;
use crate::submit::{Written, not_of_this_command};
use crate::turn::Turn;
use crate::{CaseFault, Engine, Failure, SubmitError};

/// The open cases read from the store at once.
const CASES_AT_ONCE: usize = 256;
/// How often a case is decided anew because another node wrote to it meanwhile, or the store was
/// busy.
const ATTEMPTS_MAX: usize = 8;
/// How long to wait when the store takes no more.
const OVERLOADED_WAIT: Duration = Duration::from_millis(50);

/// Which cases are to move, and where to.
#[derive(Clone, Debug)]
pub struct MigrationRequest {
    /// Name of the workflow.
    pub workflow: String,
    /// The version to move to, which must be published.
    pub to: u32,
    /// The version to move from. `None`: every one published below `to`.
    pub from: Option<u32>,
    /// Whether cases may move to a lower version. Then `None` above means every other one.
    pub backwards: bool,
    /// What the versions do not share.
    pub mapping: Mapping,
}

impl MigrationRequest {
    /// Returns the request to move every case of a lower version, without a mapping.
    #[must_use]
    pub fn new(workflow: impl Into<String>, to: u32) -> Self {
        Self {
            workflow: workflow.into(),
            to,
            from: None,
            backwards: false,
            mapping: Mapping::default(),
        }
    }
}

/// What a migration comes to, or came to.
#[derive(Debug)]
pub struct MigrationReport {
    /// The version the cases move to.
    pub to: Arc<Workflow>,
    /// Every open case on a version that is moved from, oldest first.
    pub cases: Vec<CaseMigration>,
}

impl MigrationReport {
    /// Tells whether no case stays behind.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.cases.iter().all(CaseMigration::moves)
    }
}

/// What a migration means for one case.
#[derive(Debug)]
pub struct CaseMigration {
    /// The case.
    pub case: CaseId,
    /// The number staff call it by.
    pub number: String,
    /// The project or company it is about.
    pub title: String,
    /// The version it comes from.
    pub from: u32,
    /// Where it was on that version.
    pub places: Vec<PlaceNow>,
    /// Whether it moves.
    pub outcome: MigrationOutcome,
}

impl CaseMigration {
    /// Tells whether it moves.
    #[must_use]
    pub fn moves(&self) -> bool {
        matches!(self.outcome, MigrationOutcome::Moves { .. })
    }
}

/// Whether a case moves.
#[derive(Debug)]
pub enum MigrationOutcome {
    /// It can move, or in a run: it has, durably.
    Moves {
        /// Where it is then.
        places: Vec<PlaceNow>,
    },
    /// It stays as it was, for every reason there is.
    Kept(Vec<Obstacle>),
    /// It stays as it was: it cannot go on even on its own version.
    Damaged(Failure),
}

/// Why a migration was not planned or carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The mapping does not fit the versions, or they each other. No case was looked at.
    #[error(transparent)]
    Fault(#[from] MigrationFault),
    /// The version is not published, or who asks and why is not said. No case was looked at.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be done. No case was moved.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// It went no further. Each case is wholly on the old version or wholly on the new one; the
    /// same again moves the rest.
    #[error("the migration was interrupted after {moved} case(s)")]
    Interrupted {
        /// How many cases are known to have moved.
        moved: usize,
        /// Why it went no further.
        #[source]
        source: SubmitError,
    },
}

impl MigrationError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Failed(failure) => failure.code(),
            Self::Interrupted { .. } => "migration-interrupted",
        }
    }

    /// Returns what went wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Fault(fault) => fault.text(),
            Self::Refused(refusal) => refusal.text(),
            Self::Failed(failure) => failure.text(),
            Self::Interrupted { moved, source } => {
                let why = source.text();
                Text::new(
                    format!(
                        "迁移中断，已迁 {moved} 件；每件或全在旧版，或全在新版。请再运行一次，接着迁移其余。{}",
                        why.zh
                    ),
                    format!(
                        "The migration was interrupted after {moved} case(s); each is wholly on the old version or wholly on the new one. Run it again to move the rest. {}",
                        why.en
                    ),
                )
            }
        }
    }
}

impl Engine {
    /// Says what a migration would come to: which open cases can move, where they would be then,
    /// which cannot, and why. Writes nothing.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Fault`] when a definition does not have a name of the mapping, or the
    /// versions do not go together; [`MigrationError::Refused`] when one is not published;
    /// otherwise as the store says.
    pub async fn plan_migration(
        &self,
        request: &MigrationRequest,
    ) -> Result<MigrationReport, MigrationError> {
        let runtime = self.runtime();
        runtime.check_open()?;
        let to = Arc::clone(runtime.migration(request).await?.to());
        let mut cases = Vec::new();
        for id in runtime.open_cases(&request.workflow).await? {
            cases.extend(runtime.plan_case(request, id).await?);
        }
        Ok(MigrationReport { to, cases })
    }

    /// Moves the open cases that can be moved to another version of their workflow, each in one
    /// commit, a few at a time beside other commands. The others stay as they are.
    ///
    /// `actor` is named in each journal, with the reason. What a case has due by now fires before
    /// it moves, and what is due by the new version right after. The same again moves the rest: a
    /// case that has moved is left alone. Dropping the future leaves the rest unmoved.
    ///
    /// # Errors
    ///
    /// As [`Engine::plan_migration`]; [`MigrationError::Refused`] when the actor has no name or
    /// the reason is empty; [`MigrationError::Interrupted`] when the store went away meanwhile.
    pub async fn migrate(
        &self,
        request: &MigrationRequest,
        actor: Actor,
        reason: &str,
    ) -> Result<MigrationReport, MigrationError> {
        let order = Arc::new(MigrationOrder::new(actor, reason)?);
        let runtime = self.runtime();
        let _entered = runtime.enter().await?;
        let to = Arc::clone(runtime.migration(request).await?.to());
        let request = Arc::new(request.clone());
        let ids = runtime.open_cases(&request.workflow).await?;
        let halted = AtomicBool::new(false);
        let moves = futures::stream::iter(ids).map(|id| {
            let (request, order, halted) = (&request, &order, &halted);
            async move {
                // What has begun is ended: a case is never left half way. Nothing more begins.
                if halted.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let moved = runtime.move_case(request, order, id).await;
                halted.fetch_or(moved.is_err(), Ordering::Relaxed);
                moved
            }
        });
        let (mut cases, mut failed) = (Vec::new(), None);
        let mut moves = std::pin::pin!(moves.buffered(runtime.timers_at_once));
        while let Some(moved) = moves.next().await {
            match moved {
                Ok(case) => cases.extend(case),
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        if let Some(source) = failed {
            let moved = cases.iter().filter(|case| case.moves()).count();
            return Err(MigrationError::Interrupted { moved, source });
        }
        Ok(MigrationReport { to, cases })
    }
}

impl Runtime {
    /// Checks a request against what is published now.
    async fn migration(&self, request: &MigrationRequest) -> Result<Migration, MigrationError> {
        let find = || self.find_versions(request);
        let (from, to) = match find() {
            Err(MigrationError::Refused(_)) => {
                self.refresh_definitions().await?;
                find()?
            }
            found => found?,
        };
        Ok(Migration::new(from, to, request.mapping.clone())?)
    }

    fn find_versions(
        &self,
        request: &MigrationRequest,
    ) -> Result<(Vec<Arc<Workflow>>, Arc<Workflow>), MigrationError> {
        let published = self.definitions.published();
        let library = &published.library;
        let to = library.workflow(&request.workflow, Some(request.to))?;
        let from: Vec<Arc<Workflow>> = match request.from {
            Some(version) => vec![Arc::clone(
                library.workflow(&request.workflow, Some(version))?,
            )],
            None => library
                .workflows()
                .filter(|it| it.name == to.name && it.version != to.version)
                .filter(|it| request.backwards || it.version < to.version)
                .cloned()
                .collect(),
        };
        let wrong = |from: &Arc<Workflow>| {
            from.version == to.version || (from.version > to.version && !request.backwards)
        };
        let wrong = from
            .iter()
            .find(|from| wrong(from))
            .map(|from| from.version);
        let lowest = from.is_empty().then_some(to.version);
        match wrong.or(lowest) {
            Some(from) => Err(MigrationFault::NotNewer {
                from,
                to: to.version,
            }
            .into()),
            None => Ok((from, Arc::clone(to))),
        }
    }

    /// Returns the open cases of a workflow, oldest first.
    async fn open_cases(&self, workflow: &str) -> Result<Vec<CaseId>, Failure> {
        let mut query = Query::all(CASES_AT_ONCE)
            .with("workflow", workflow)
            .with("status", "open");
        let mut cases = Vec::new();
        loop {
            let page = self.store.query(&query).await?;
            cases.extend(page.hits.iter().map(|hit| CaseId(hit.case)));
            if page.next.is_none() {
                return Ok(cases);
            }
            query.after = page.next;
        }
    }

    async fn plan_case(
        &self,
        request: &MigrationRequest,
        id: CaseId,
    ) -> Result<Option<CaseMigration>, MigrationError> {
        let turn = self.turns.take(id).await;
        let case = match self.load(&turn).await {
            Ok(Some(case)) => case,
            Ok(None) => return Ok(None),
            Err(failure @ Failure::CaseDamaged { .. }) => return Ok(Some(unreadable(id, failure))),
            Err(failure) => return Err(failure.into()),
        };
        let migration = self.migration(request).await?;
        let Some(from) = mover(&migration, &case) else {
            return Ok(None);
        };
        let now = self.time.now().max(case.recorded_at);
        let looked = migration.look(&case, now);
        let looked = looked.map(|after| migration.to().places(&after));
        Ok(outcome_of(id, looked).map(|outcome| row(from, &case, outcome)))
    }

    /// Moves one case, in a task of its own: a fault of the program ends that task, and no other.
    async fn move_case(
        self: &Arc<Self>,
        request: &Arc<MigrationRequest>,
        order: &Arc<MigrationOrder>,
        id: CaseId,
    ) -> Result<Option<CaseMigration>, SubmitError> {
        let (runtime, request, order) = (Arc::clone(self), Arc::clone(request), Arc::clone(order));
        let moving = self.apart(id, async move {
            let turn = runtime.turns.take(id).await;
            for _ in 0..ATTEMPTS_MAX {
                if *runtime.stopping.borrow() {
                    return Err(Failure::Closed.into());
                }
                match runtime.try_move(&turn, &request, &order).await {
                    Ok(Tried::Done(moved)) => return Ok(moved.map(|moved| *moved)),
                    Ok(Tried::Again) => runtime.cases.forget(id),
                    Err(SubmitError::Overloaded) => tokio::time::sleep(OVERLOADED_WAIT).await,
                    Err(SubmitError::Failed(failure @ Failure::CaseDamaged { .. })) => {
                        return Ok(Some(unreadable(id, failure)));
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(Failure::Contended { case: id }.into())
        });
        moving.await
    }

    async fn try_move(
        &self,
        turn: &Turn,
        request: &MigrationRequest,
        order: &MigrationOrder,
    ) -> Result<Tried, SubmitError> {
        let nothing = Ok(Tried::Done(None));
        let Some(known) = self.load(turn).await? else {
            return nothing;
        };
        // What fell due before now happened before now, on the old version.
        let now = self.time.now();
        let fired = self.fire_due(turn, known, now).await;
        let fired = fired.map_err(not_of_this_command)?;
        if fired.unfinished {
            return Err(SubmitError::Overloaded);
        }
        let case = fired.case;
        // Asked anew each time: a calendar may have been published meanwhile.
        let migration = self.migration(request).await.map_err(went_away)?;
        let Some(from) = mover(&migration, &case) else {
            return nothing;
        };
        let to = migration.to();
        let now = now.max(case.recorded_at);
        let decision = match migration.decide(&case, order, command_id(&case, to), now) {
            Ok(decision) => decision,
            Err(error) => {
                let outcome = outcome_of(case.id, Err(error));
                return Ok(Tried::done(
                    outcome.map(|outcome| row(from, &case, outcome)),
                ));
            }
        };
        let moved = match self.write(Some(&case), decision, None).await? {
            Written::Committed(committed) => committed.case,
            // Another node was first, and may have moved it or done something else.
            Written::Conflict | Written::Before(_) => return Ok(Tried::Again),
        };
        let places = to.places(&moved);
        // What is due by the new version need not wait. It is moved, whatever becomes of this.
        if let Err(error) = self.fire_due(turn, moved, self.time.now()).await {
            tracing::warn!(case = %turn.case(), %error, "timers of a case that moved wait");
        }
        let outcome = MigrationOutcome::Moves { places };
        Ok(Tried::done(Some(row(from, &case, outcome))))
    }
}

/// What became of one attempt to move a case.
enum Tried {
    /// It is decided. Nothing for a case that is none of this migration.
    Done(Option<Box<CaseMigration>>),
    /// Another node wrote to the case after it was read.
    Again,
}

impl Tried {
    fn done(moved: Option<CaseMigration>) -> Self {
        Self::Done(moved.map(Box::new))
    }
}

/// Returns the version an open case moves from.
fn mover<'a>(migration: &'a Migration, case: &Case) -> Option<&'a Arc<Workflow>> {
    migration.from_of(case).filter(|from| !from.is_closed(case))
}

fn row(from: &Workflow, case: &Case, outcome: MigrationOutcome) -> CaseMigration {
    CaseMigration {
        case: case.id,
        number: case.number.clone(),
        title: case.title.clone(),
        from: case.version,
        places: from.places(case),
        outcome,
    }
}

/// What is known of a case that cannot be read.
fn unreadable(case: CaseId, failure: Failure) -> CaseMigration {
    CaseMigration {
        case,
        number: case.to_string(),
        title: String::new(),
        from: 0,
        places: Vec::new(),
        outcome: MigrationOutcome::Damaged(failure),
    }
}

/// `None` when the case is none of this migration.
fn outcome_of(
    case: CaseId,
    decided: Result<Vec<PlaceNow>, MigrateError>,
) -> Option<MigrationOutcome> {
    match decided {
        Ok(places) => Some(MigrationOutcome::Moves { places }),
        Err(MigrateError::Kept(obstacles)) => Some(MigrationOutcome::Kept(obstacles)),
        Err(MigrateError::Stuck(stuck)) => Some(MigrationOutcome::Damaged(Failure::CaseDamaged {
            case,
            fault: CaseFault::Stuck(stuck),
        })),
        Err(MigrateError::Refused(_)) => None,
    }
}

/// The versions were found when the run began, so this is the store.
fn went_away(error: MigrationError) -> SubmitError {
    match error {
        MigrationError::Failed(failure) => failure.into(),
        MigrationError::Refused(refusal) => refusal.into(),
        other => Failure::Program {
            source: Cause::from(other),
        }
        .into(),
    }
}

/// Its id follows from the case, its revision and the version it moves to, so two nodes give the
/// same command.
fn command_id(case: &Case, to: &Workflow) -> CommandId {
    let name = format!("{}/migrate/{}", case.revision, to.digest);
    CommandId::derived(case.id.0, &name)
}
