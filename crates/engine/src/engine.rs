use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use groundbreak_store::{CloseError, Position, Query, Store};
use groundbreak_workflow::sla::{Calendar, Timestamp};
use groundbreak_workflow::{
    Act, Case, CaseId, Command, CommandId, Commit, LibraryError, Refusal, Situation, Text,
    Workflow, number_as_kept,
};
use tokio::sync::{
    Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore, TryAcquireError, broadcast, watch,
};
use tokio::task::JoinHandle;
use uuid::{ContextV7, Uuid};

use crate::bell::Bell;
use crate::case_cache::CaseCache;
use crate::definitions::{Definitions, LoadError};
use crate::effects::{self, EffectBells};
use crate::runtime::{Runtime, read_record};
use crate::timers::{self, Parked};
use crate::turn::Turns;
use crate::{
    CaseFault, Committed, Deliver, Failure, ListPage, ListQuery, PublishError, SubmitError,
    SystemTime, TimeSource,
};

/// How many changes a subscriber may be behind before it misses some.
const CHANGES_KEPT: usize = 1_024;

/// The most commands under way that an engine can be told to take.
const COMMANDS_MAX: u32 = 1_048_576;

/// A running engine. Clones are handles on the same one.
///
/// It lives as long as one handle does. [`Engine::shutdown`] ends it in order: without it,
/// commands under way may be cut off and the store is not closed, and nothing acknowledged is
/// lost.
#[derive(Clone)]
pub struct Engine {
    runtime: Arc<Runtime>,
    timers: Arc<AsyncMutex<TimerTask>>,
    /// The tasks that do effects.
    outbox: Arc<AsyncMutex<Vec<JoinHandle<()>>>>,
}

/// The timer task, as shutting down sees it.
enum TimerTask {
    Running(JoinHandle<()>),
    /// There is none: time is simulated, or the task has ended.
    None,
}

/// How an engine is run.
#[derive(Clone)]
pub struct EngineOptions {
    /// Where `now` comes from.
    pub time: Arc<dyn TimeSource>,
    /// The most commands under way at once; what comes on top is [`SubmitError::Overloaded`].
    /// At least 1, at most 1048576.
    pub commands_max: u32,
    /// The most cases kept in memory. With 0 or 1 each command reads its case from the store.
    pub cases_cached_max: usize,
    /// The most cases whose timers are fired at the same time. At least 1. They take no place of
    /// commands; as many wait for the store at once, which writes those together.
    pub timers_at_once: usize,
    /// The most cases whose effects are done at the same time: as many whose messages are
    /// delivered, and as many that act on other cases. At least 1.
    pub effects_at_once: usize,
    /// Who takes messages to the outside. With nobody, messages wait until they are fetched with
    /// [`Engine::waiting_messages`], or until an engine with somebody runs on the store.
    pub deliver: Option<Arc<dyn Deliver>>,
}

impl Default for EngineOptions {
    /// The time of the machine, 1024 commands, 2048 cases, the timers of 512 cases and the effects
    /// of 16 at once, and nobody to take messages to the outside.
    fn default() -> Self {
        Self {
            time: Arc::new(SystemTime),
            commands_max: 1_024,
            cases_cached_max: 2_048,
            timers_at_once: 512,
            effects_at_once: 16,
            deliver: None,
        }
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOptions")
            .field("commands_max", &self.commands_max)
            .field("cases_cached_max", &self.cases_cached_max)
            .field("timers_at_once", &self.timers_at_once)
            .field("effects_at_once", &self.effects_at_once)
            .field("delivers", &self.deliver.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Something was added to the journal of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Changed {
    /// The case.
    pub case: CaseId,
    /// The revision it has now.
    pub revision: u64,
    /// The place of the commit among all commits of the store.
    pub position: Position,
}

/// A commit, and its place among all commits of the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The place.
    pub position: Position,
    /// The commit.
    pub commit: Commit,
}

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A calendar or workflow that was published cannot be read by this program. Use the version
    /// of the program that published it, or a newer one.
    #[error("the definition under {key} cannot be used by this version of the program")]
    Definition {
        /// The metadata key it stands under.
        key: String,
        /// What is wrong with it, when it could be read at all.
        #[source]
        source: Option<LibraryError>,
    },
    /// The store does not go along.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl OpenError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Definition { .. } => "definition-unusable",
            Self::Failed(failure) => failure.code(),
        }
    }

    /// Returns what went wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Definition { key, .. } => Text::new(
                format!("本版本程序无法使用已发布的定义 {key}。请使用发布它的版本或更新的版本。"),
                format!(
                    "This version of the program cannot use the published definition {key}. Use the version that published it, or a newer one."
                ),
            ),
            Self::Failed(failure) => failure.text(),
        }
    }
}

impl From<LoadError> for OpenError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unreadable { key } => Self::Definition { key, source: None },
            LoadError::Rejected { key, source } => Self::Definition {
                key,
                source: Some(source),
            },
            LoadError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl Engine {
    /// Starts an engine on a store: reads what was published, lets open cases follow a newer
    /// calendar that not all follow yet, fires the timers that fell due while nothing ran, and
    /// then fires timers as they fall due.
    ///
    /// Those that fell due meanwhile fire once each, marked late, before this returns; only a
    /// case with more than a thousand of them catches up with the rest afterwards. On
    /// [`SimulatedTime`](crate::SimulatedTime) later timers fire when
    /// [`Engine::advance_to`] passes them. Needs a tokio runtime with its time driver.
    ///
    /// # Errors
    ///
    /// [`OpenError::Definition`] when a published text cannot be used any more;
    /// [`OpenError::Failed`] when the store does not answer. A case that cannot go on is no
    /// error: it is logged, and the others run.
    pub async fn open(store: Arc<dyn Store>, options: EngineOptions) -> Result<Self, OpenError> {
        let definitions = Definitions::load(Arc::clone(&store)).await?;
        let commands_max = options.commands_max.clamp(1, COMMANDS_MAX);
        let permits = usize::try_from(commands_max).unwrap_or(1);
        let runtime = Arc::new(Runtime {
            store,
            time: options.time,
            definitions,
            cases: CaseCache::new(options.cases_cached_max),
            turns: Turns::default(),
            numbers: Turns::default(),
            gate: Arc::new(Semaphore::new(permits)),
            commands_max,
            timers_at_once: options.timers_at_once.max(1),
            effects_at_once: options.effects_at_once.max(1),
            deliver: options.deliver,
            closing: AtomicBool::new(false),
            changes: broadcast::Sender::new(CHANGES_KEPT),
            bell: Arc::new(Bell::new()),
            effect_bells: EffectBells::new(),
            stopping: watch::Sender::new(false),
            advancing: AsyncMutex::default(),
            case_ids: Mutex::new(ContextV7::new()),
            command_ids: Mutex::new(ContextV7::new()),
        });
        // What was published just before the last run ended may not have been followed by all.
        if let Err(failure) = runtime.follow_amendments(|_| true).await {
            tracing::warn!(%failure, "not all open cases follow the newest calendar yet");
        }
        let mut parked = Parked::default();
        runtime.fire_all(runtime.time.now(), &mut parked).await?;
        let timers = if runtime.time.simulated().is_some() {
            TimerTask::None
        } else {
            TimerTask::Running(tokio::spawn(timers::run(
                Arc::downgrade(&runtime),
                Arc::clone(&runtime.time),
                Arc::clone(&runtime.bell),
                runtime.stopping.subscribe(),
                parked,
            )))
        };
        let mut outbox = Vec::new();
        if runtime.time.simulated().is_none() {
            for kind in runtime.kinds_done() {
                outbox.push(tokio::spawn(effects::run(
                    Arc::downgrade(&runtime),
                    kind,
                    Arc::clone(runtime.effect_bells.of(kind)),
                    runtime.stopping.subscribe(),
                )));
            }
        }
        Ok(Self {
            runtime,
            timers: Arc::new(AsyncMutex::new(timers)),
            outbox: Arc::new(AsyncMutex::new(outbox)),
        })
    }

    /// Publishes a calendar: what inherits from it, and workflows that count on it, can be
    /// published from now on.
    ///
    /// With a newer version, open cases whose workflow counts on this calendar follow it before
    /// this returns: what is open is counted anew on it, and the journal says so, once a clock.
    /// Other commands are carried out meanwhile. The same text again changes nothing, and ends
    /// what was cut short. A calendar that inherits takes over what has changed above it when it
    /// is published in a new version.
    ///
    /// # Errors
    ///
    /// [`PublishError::Library`] with everything wrong with it, or when its version was published
    /// with another text; [`PublishError::Unfollowed`] when it is published and a case could not
    /// follow it yet; otherwise as the store says. A case that cannot go on is no error.
    pub async fn publish_calendar(
        &self,
        source: impl Into<String> + Send,
    ) -> Result<Arc<Calendar>, PublishError> {
        let source = source.into();
        let entered = self.runtime.enter().await?;
        let runtime = Arc::clone(&self.runtime);
        publishing(tokio::spawn(async move {
            let _entered = entered;
            let calendar = runtime.definitions.publish_calendar(source).await?;
            runtime
                .follow_amendments(|amendment| amendment.id == calendar.id())
                .await
                .map_err(|source| PublishError::Unfollowed { source })?;
            Ok(calendar)
        }))
        .await
    }

    /// Publishes a workflow: cases can be opened under it from now on. Open cases stay on the
    /// version they are on; [`Engine::migrate`] moves them.
    ///
    /// The same text again changes nothing.
    ///
    /// # Errors
    ///
    /// [`PublishError::Library`] with everything wrong with it, or when its version was published
    /// with another text; otherwise as the store says.
    pub async fn publish_workflow(
        &self,
        source: impl Into<String> + Send,
    ) -> Result<Arc<Workflow>, PublishError> {
        let source = source.into();
        let entered = self.runtime.enter().await?;
        let runtime = Arc::clone(&self.runtime);
        publishing(tokio::spawn(async move {
            let _entered = entered;
            runtime.definitions.publish_workflow(source).await
        }))
        .await
    }

    /// Carries out a command. What it did is durable when this returns `Ok`.
    ///
    /// Timers of the case that are due by now fire before it. A command that was carried out
    /// before is answered as it was then, with [`Committed::repeated`]. Dropping the future does
    /// not take the command back.
    ///
    /// # Errors
    ///
    /// [`SubmitError::Refused`], [`SubmitError::Failed`] and [`SubmitError::Overloaded`], after
    /// which nothing was written for it; [`SubmitError::Unknown`], after which the same command
    /// may be sent again. An id that is a version 8 UUID is refused as used: the engine gives
    /// those itself.
    pub async fn submit(&self, command: Command) -> Result<Committed, SubmitError> {
        let of_the_clock = matches!(
            command.act,
            Act::Tick | Act::FollowCalendar | Act::SettleEffect { .. }
        );
        if command.actor.is_clock() || of_the_clock {
            return Err(Refusal::OnlyTheClock.into());
        }
        // The engine alone lets a case act on another, so nobody else can pass for one.
        if command.actor.is_case() || matches!(command.act, Act::OpenChild { .. }) {
            return Err(Refusal::OnlyCases.into());
        }
        if command.id.is_derived() {
            let command = command.id.to_string();
            return Err(Refusal::CommandReused { command }.into());
        }
        let entered = self.runtime.try_enter()?;
        let runtime = Arc::clone(&self.runtime);
        let id = command.id;
        // A task of its own: a caller that goes away cannot stop it half way, and a fault of the
        // program ends this command and no other.
        let task = tokio::spawn(async move {
            let _entered = entered;
            runtime.carry_out(&command).await
        });
        task.await.unwrap_or_else(|error| {
            tracing::error!(command = %id, %error, "the task of a command ended early");
            Err(SubmitError::Unknown {
                command: id,
                source: error.into(),
            })
        })
    }

    /// Returns a case as it is now, or `None` when there is no such case.
    ///
    /// On a store that several nodes share, what another node has written in the last moment may
    /// be missing. A command is decided on the newest revision nevertheless.
    ///
    /// # Errors
    ///
    /// [`Failure::CaseDamaged`] when it cannot be read; otherwise as the store says.
    pub async fn case(&self, id: CaseId) -> Result<Option<Arc<Case>>, Failure> {
        self.runtime.check_open()?;
        if let Some(case) = self.runtime.cases.get(id) {
            return Ok(Some(case));
        }
        // What is read may be cached only by the task whose turn it is, lest an old revision
        // takes the place of a newer one.
        let turn = self.runtime.turns.take(id).await;
        self.runtime.load(&turn).await
    }

    /// Returns a case as a person at the desk needs it now, or `None` when there is no such
    /// case.
    ///
    /// # Errors
    ///
    /// [`Failure::CaseDamaged`] when it cannot be read or cannot go on; otherwise as the store
    /// says.
    pub async fn situation(&self, id: CaseId) -> Result<Option<Situation>, Failure> {
        let Some(case) = self.case(id).await? else {
            return Ok(None);
        };
        let workflow = self.runtime.workflow_of(&case).await?;
        let now = self.now().max(case.effective_at);
        let situation = workflow.situation(&case, now);
        situation.map(Some).map_err(|stuck| Failure::CaseDamaged {
            case: id,
            fault: CaseFault::Stuck(stuck),
        })
    }

    /// Returns everything that ever happened to a case, oldest first; nothing when there is no
    /// such case.
    ///
    /// # Errors
    ///
    /// [`Failure::CaseDamaged`] when a record cannot be read; otherwise as the store says.
    pub async fn journal(&self, id: CaseId) -> Result<Vec<Commit>, Failure> {
        self.runtime.check_open()?;
        self.runtime.journal(id).await
    }

    /// Returns the commits of all cases above a position, in the order they were made durable.
    ///
    /// From [`Position::START`] this reads everything. An empty answer is the end; a short one is
    /// not.
    ///
    /// # Errors
    ///
    /// [`Failure::CaseDamaged`] when a record cannot be read; otherwise as the store says.
    pub async fn commits(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, Failure> {
        self.runtime.check_open()?;
        let records = self.runtime.store.read_all(after, limit).await?;
        records
            .iter()
            .map(|record| {
                let commit = read_record(record).map_err(|fault| Failure::CaseDamaged {
                    case: CaseId(record.case),
                    fault,
                })?;
                Ok(Recorded {
                    position: record.position,
                    commit,
                })
            })
            .collect()
    }

    /// Returns the case that staff call by this number, or `None`. It may be in small letters.
    ///
    /// # Errors
    ///
    /// As the store says.
    pub async fn find_number(&self, number: &str) -> Result<Option<CaseId>, Failure> {
        self.runtime.check_open()?;
        let query = Query::all(1).with("number", number_as_kept(number));
        let page = self.runtime.store.query(&query).await?;
        Ok(page.hits.first().map(|hit| CaseId(hit.case)))
    }

    /// Returns one page of the cases that meet a query, and how many there are.
    ///
    /// # Errors
    ///
    /// [`Failure::TooLarge`] when the query names more than 256 roles; otherwise as the store
    /// says.
    pub async fn list(&self, query: &ListQuery) -> Result<ListPage, Failure> {
        self.runtime.check_open()?;
        let page = self.runtime.store.query(&query.to_store()).await?;
        Ok(ListPage {
            cases: page.hits.iter().map(|hit| CaseId(hit.case)).collect(),
            total: page.total,
            next: page.next,
        })
    }

    /// Returns the newest version of every published workflow, by name.
    #[must_use]
    pub fn workflows(&self) -> Vec<Arc<Workflow>> {
        let published = self.runtime.definitions.published();
        published.library.newest().cloned().collect()
    }

    /// Returns a published workflow, in this version or the newest.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownWorkflow`].
    pub fn workflow(&self, name: &str, version: Option<u32>) -> Result<Arc<Workflow>, Refusal> {
        let published = self.runtime.definitions.published();
        published.library.workflow(name, version).cloned()
    }

    /// Returns the newest version of every published calendar, by name.
    #[must_use]
    pub fn calendars(&self) -> Vec<Arc<Calendar>> {
        let published = self.runtime.definitions.published();
        published.library.calendars().cloned().collect()
    }

    /// Returns what is told of every commit of this node from now on, timers included.
    ///
    /// A subscriber that falls 1024 changes behind is told how many it missed, and reads them
    /// with [`Engine::commits`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Changed> {
        self.runtime.changes.subscribe()
    }

    /// Returns the instant it is now for this engine.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.runtime.time.now()
    }

    /// Returns an id for a case to be opened now. Ids sort by the time they were made.
    #[must_use]
    pub fn new_case_id(&self) -> CaseId {
        CaseId(new_id(self.now(), &self.runtime.case_ids))
    }

    /// Returns an id for a command to be given now. Ids sort by the time they were made.
    #[must_use]
    pub fn new_command_id(&self) -> CommandId {
        CommandId(new_id(self.now(), &self.runtime.command_ids))
    }

    /// Ends the engine in order: takes no more commands, finishes those under way and the timers
    /// being fired, and closes the store. Doing it twice is no error.
    ///
    /// # Errors
    ///
    /// [`CloseError`] when the store was not put away as it should; what was acknowledged is
    /// durable nevertheless.
    pub async fn shutdown(&self) -> Result<(), CloseError> {
        let runtime = &self.runtime;
        runtime.closing.store(true, Ordering::SeqCst);
        runtime.stopping.send_replace(true);
        let mut timers = self.timers.lock().await;
        if let TimerTask::Running(task) = &mut *timers
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the timer task ended early");
        }
        *timers = TimerTask::None;
        for task in self.outbox.lock().await.drain(..) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task that does effects ended early");
            }
        }
        // Every permit is there only when nothing is under way. The gate is never closed, so
        // this waits and does not fail.
        let _all = runtime.gate.acquire_many(runtime.commands_max).await;
        runtime.store.close().await
    }

    pub(crate) fn runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }
}

impl Runtime {
    pub(crate) fn check_open(&self) -> Result<(), Failure> {
        if self.closing.load(Ordering::SeqCst) {
            return Err(Failure::Closed);
        }
        Ok(())
    }

    /// Begins something that shutting down waits for, if there is room.
    fn try_enter(&self) -> Result<OwnedSemaphorePermit, SubmitError> {
        self.check_open()?;
        match Arc::clone(&self.gate).try_acquire_owned() {
            // Shutting down may have begun between the check and now.
            Ok(entered) => self
                .check_open()
                .map(|()| entered)
                .map_err(SubmitError::from),
            Err(TryAcquireError::NoPermits) => {
                self.check_open()?;
                Err(SubmitError::Overloaded)
            }
            Err(TryAcquireError::Closed) => Err(Failure::Closed.into()),
        }
    }

    /// Begins something that shutting down waits for, as soon as there is room.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, Failure> {
        self.check_open()?;
        let entered = Arc::clone(&self.gate).acquire_owned().await;
        self.check_open()?;
        entered.map_err(|_| Failure::Closed)
    }
}

/// Waits for a publication. It runs in a task of its own, so that a caller that goes away cannot
/// leave it in the store and not in memory.
async fn publishing<T>(task: JoinHandle<Result<T, PublishError>>) -> Result<T, PublishError> {
    task.await.unwrap_or_else(|error| {
        Err(Failure::Program {
            source: error.into(),
        }
        .into())
    })
}

/// Makes a version 7 UUID of an instant. Instants before 1970 count as 1970.
fn new_id(now: Timestamp, context: &Mutex<ContextV7>) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    let nanos = u32::try_from(millis % 1_000).unwrap_or(0) * 1_000_000;
    let context = context.lock().unwrap_or_else(PoisonError::into_inner);
    Uuid::new_v7(uuid::Timestamp::from_unix(&*context, millis / 1_000, nanos))
}
