//! One run: random commands and faults from one seed, everything checked after every step.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::join_all;
use groundbreak_engine::store::{MemoryStore, Position, Store};
use groundbreak_engine::workflow::sla::Timestamp;
use groundbreak_engine::workflow::{
    Act, Actor, CaseId, Command, CommandId, Data, Refusal, Value, decide,
};
use groundbreak_engine::{
    AdvanceError, Committed, Engine, EngineOptions, Failure, SimulatedTime, SubmitError,
    TimeSource, rebuild,
};
use uuid::Uuid;

use super::chance::Chance;
use super::given;
use super::model::{Model, must};
use super::planted::Planted;
use super::store::SimulatedStore;
use crate::given::{CALENDAR, HOUR, START};

/// How many steps a run has.
const STEPS: u32 = 40;
/// The most cases of a run, more or less.
const CASES: usize = 6;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trace {
    /// Of everything that happened, in order: the same for the same seed.
    pub(crate) hash: u64,
    pub(crate) commits: usize,
    pub(crate) fired: u64,
    pub(crate) power_cuts: u64,
    /// How often each kind of answer was given.
    pub(crate) answers: BTreeMap<&'static str, u64>,
}

/// What was found to be wrong.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) step: u32,
    pub(crate) what: String,
}

type Entries = Vec<(String, Vec<u8>)>;

async fn entries(store: &dyn Store) -> Entries {
    let mut entries = Vec::new();
    for key in store.list_metadata("", "", 1_000).await.unwrap() {
        let value = store.metadata(&key).await.unwrap().unwrap();
        entries.push((key, value));
    }
    entries
}

/// What is published before a run begins. It is proven sound once, and not for every seed.
fn published() -> &'static Entries {
    static PUBLISHED: OnceLock<Entries> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let engine = crate::given::open(Arc::clone(&store), START).await;
            engine.publish_calendar(CALENDAR).await.unwrap();
            engine.publish_workflow(given::WORKFLOW).await.unwrap();
            entries(&*store).await
        })
    })
}

/// Runs a seed, telling each step if `aloud`.
pub(crate) fn run(seed: u64, planted: Option<Planted>, aloud: bool) -> Result<Trace, Found> {
    let published = published();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new(seed, planted, published, aloud).await;
        for step in 0..STEPS {
            let happened = world.step(step).await;
            happened.map_err(|what| Found { step, what })?;
        }
        let ended = world.cut_power().await;
        ended.map_err(|what| Found { step: STEPS, what })?;
        let rebuilt = world.check_rebuilt().await;
        rebuilt.map_err(|what| Found { step: STEPS, what })?;
        world.trace.hash = world.hasher.finish();
        world.trace.commits = world.model.records.len();
        Ok(world.trace)
    })
}

struct World {
    chance: Chance,
    aloud: bool,
    time: SimulatedTime,
    store: Arc<SimulatedStore>,
    nodes: Vec<Engine>,
    /// How many nodes there are when all are up.
    nodes_max: usize,
    cases_cached_max: usize,
    model: Model,
    hasher: DefaultHasher,
    trace: Trace,
    /// How many amendments of the calendar have been asked for.
    amended: usize,
}

type Answer = Result<Committed, SubmitError>;

impl World {
    async fn new(seed: u64, planted: Option<Planted>, published: &Entries, aloud: bool) -> Self {
        let mut chance = Chance::new(seed);
        let store = SimulatedStore::new(chance.next(), planted, published);
        let nodes_max = if chance.one_in(3) { 2 } else { 1 };
        let cases_cached_max = *chance.pick(&[0, 4, 4_096]);
        let mut world = Self {
            chance,
            aloud,
            time: SimulatedTime::new(START),
            store,
            nodes: Vec::new(),
            nodes_max,
            cases_cached_max,
            model: Model::new(),
            hasher: DefaultHasher::new(),
            trace: Trace::default(),
            amended: 0,
        };
        let engine = world.open().await;
        let engine = engine.expect("nothing goes wrong while it is calm");
        world.nodes.push(engine);
        world
    }

    async fn open(&self) -> Option<Engine> {
        let options = EngineOptions {
            time: Arc::new(self.time.clone()),
            cases_cached_max: self.cases_cached_max,
            ..EngineOptions::default()
        };
        let store: Arc<dyn Store> = self.store.clone();
        tokio::select! {
            biased;
            () = self.store.power_cut() => None,
            opened = Engine::open(store, options) => opened.ok(),
        }
    }

    fn note(&mut self, what: &str) {
        what.hash(&mut self.hasher);
        if self.aloud {
            println!("{} {what}", self.time.now());
        }
    }

    async fn step(&mut self, step: u32) -> Result<(), String> {
        self.note(&format!("step {step}"));
        if self.chance.one_in(10) {
            let points = self.chance.below(8);
            self.store.cut_after(Some(points));
        }
        self.store.calm(false);
        let kind = self.chance.below(24);
        let cut = match kind {
            0..=14 => self.submit().await?,
            15..=18 => self.advance().await?,
            19 => self.set_time(),
            20 => self.publish().await,
            21 | 22 => self.restart().await,
            _ => {
                self.store.cut_power();
                true
            }
        };
        if cut {
            return self.cut_power().await;
        }
        self.store.cut_after(None);
        // What commands did was looked at before their answers were judged.
        if kind > 14 {
            self.look().await?;
        }
        self.check_engines().await
    }

    /// Lets what is under way come to its end, and nothing go wrong any more. What an engine has
    /// begun goes on after it has said that it could not do all of it.
    async fn quiet(&mut self) {
        self.store.calm(true);
        tokio::time::sleep(Duration::from_secs(60)).await;
        self.model.loose = self.store.late();
    }

    async fn look(&mut self) -> Result<(), String> {
        self.quiet().await;
        self.model.check(&*self.store).await
    }

    async fn check_engines(&mut self) -> Result<(), String> {
        let alone = self.nodes_max == 1;
        for node in &self.nodes {
            self.model.check_engine(node, alone).await?;
        }
        if self.chance.one_in(20) {
            self.check_rebuilt().await?;
        }
        let shown = self.model.records.len();
        self.note(&format!("{shown} commits"));
        Ok(())
    }

    /// Makes a store anew from the records and entries alone: it is the same one.
    async fn check_rebuilt(&self) -> Result<(), String> {
        let published = entries(&*self.store).await;
        let records = self.store.read_all(Position::START, 10_000).await.unwrap();
        let records = records.into_iter().map(Ok::<_, Infallible>);
        let anew = SimulatedStore::new(0, None, &Entries::new());
        let rebuilt = rebuild(&*anew, published, records, |_| {}).await;
        let rebuilt = rebuilt.map_err(|error| format!("the store is not made anew: {error}"))?;
        must!(
            rebuilt.damaged.is_empty(),
            "the store is made anew without {:?}",
            rebuilt.damaged
        );
        must!(
            anew.newest() == self.store.newest(),
            "the store made anew is another one: {:?}, not {:?}",
            anew.newest(),
            self.store.newest()
        );
        Ok(())
    }

    /// The machine is without power; it starts again with what the disk has kept.
    async fn cut_power(&mut self) -> Result<(), String> {
        self.note("the power is cut");
        self.trace.power_cuts += 1;
        self.nodes.clear();
        self.store.cut_power();
        self.store = self.store.reopen();
        self.model.check(&*self.store).await?;
        self.model.settle();
        self.model.loose.clear();
        self.start().await?;
        self.look().await?;
        self.check_engines().await
    }

    /// Starts nodes until there are as many as there should be.
    async fn start(&mut self) -> Result<(), String> {
        self.store.calm(true);
        while self.nodes.len() < self.nodes_max {
            let engine = self.open().await;
            let Some(engine) = engine else {
                return Err("an engine does not start on a disk that is in order".into());
            };
            self.nodes.push(engine);
        }
        // Before it was ready, each fired what had fallen due.
        self.model.check(&*self.store).await?;
        self.none_due_at(self.time.now(), "starting")
    }

    /// One node is gone, and another is started while things go wrong. Tells whether the power
    /// was cut.
    async fn restart(&mut self) -> bool {
        self.nodes.pop();
        while self.nodes.len() < self.nodes_max {
            match self.open().await {
                Some(engine) => self.nodes.push(engine),
                None if self.store.is_cut() => return true,
                None => {}
            }
        }
        false
    }

    /// The time of the machine is set, and nothing fires on the way.
    fn set_time(&mut self) -> bool {
        let back = self.chance.one_in(2);
        let by = if back {
            -HOUR
        } else {
            i64::try_from(self.chance.below(4 * 3_600_000)).unwrap()
        };
        let now = self.time.now().saturating_add_millis(by);
        self.model.latest = self.model.latest.max(now);
        self.time.set(now);
        false
    }

    async fn publish(&mut self) -> bool {
        let Some(version) = given::AMENDMENTS.get(self.amended) else {
            return false;
        };
        self.amended += 1;
        let at = usize::try_from(self.chance.below(self.nodes.len() as u64)).unwrap();
        let published = self.nodes[at].publish_calendar(given::amended(*version));
        let published = tokio::select! {
            biased;
            () = self.store.power_cut() => return true,
            published = published => published.map(|_| ()).map_err(|error| error.code()),
        };
        if published.is_err() {
            // The same may be published again.
            self.amended -= 1;
        }
        self.note(&format!("published {version}: {published:?}"));
        false
    }

    async fn advance(&mut self) -> Result<bool, String> {
        let by = match self.chance.below(4) {
            0 => 1,
            1 => self.chance.below(30 * 60_000),
            2 => self.chance.below(4 * 3_600_000),
            _ => 30 * 60_000,
        };
        let mut to = self
            .time
            .now()
            .saturating_add_millis(i64::try_from(by).unwrap());
        if self.chance.one_in(3)
            && let Some(next) = self.store_first_due()
        {
            to = to.max(next);
        }
        self.model.latest = self.model.latest.max(to);
        let at = usize::try_from(self.chance.below(self.nodes.len() as u64)).unwrap();
        let advanced = tokio::select! {
            biased;
            () = self.store.power_cut() => return Ok(true),
            advanced = self.nodes[at].advance_to(to) => advanced,
        };
        self.note(&format!("advanced to {to}: {advanced:?}"));
        match advanced {
            Ok(advanced) => {
                self.trace.fired += advanced.fired;
                self.quiet().await;
                self.model.check(&*self.store).await?;
                let skipped = &advanced.skipped;
                let excused = |case: &CaseId| self.model.loose.contains(&case.0);
                must!(
                    skipped.iter().all(excused),
                    "the timers of {skipped:?} were passed over"
                );
                self.none_due_at(to, "advancing")?;
            }
            Err(AdvanceError::Interrupted { source, .. }) => may_fail(&source)?,
            Err(AdvanceError::Failed(failure)) => may_fail(&failure.into())?,
            Err(error) => return Err(format!("time does not pass: {error}")),
        }
        Ok(false)
    }

    fn store_first_due(&self) -> Option<Timestamp> {
        let timers = self.model.cases.values().flat_map(|known| &known.timers);
        let first = timers.map(|timer| timer.due_at).min();
        first.map(Timestamp::from_millis)
    }

    fn none_due_at(&self, instant: Timestamp, after: &str) -> Result<(), String> {
        for (id, known) in &self.model.cases {
            let due = known.timers.first();
            let due = due.filter(|timer| timer.due_at <= instant.as_millis());
            must!(
                due.is_none() || self.model.loose.contains(id),
                "{due:?} is forgotten after {after}"
            );
        }
        Ok(())
    }

    /// Several clients give a command each, at the same time.
    async fn submit(&mut self) -> Result<bool, String> {
        let clients = 1 + self.chance.below(4);
        let mut commands: Vec<(usize, Command)> = Vec::new();
        for _ in 0..clients {
            let at = usize::try_from(self.chance.below(self.nodes.len() as u64)).unwrap();
            commands.push((at, self.command()));
        }
        for (_, command) in &commands {
            self.model.never.remove(&command.id.0);
            self.model.asked.insert(command.id.0, command.clone());
        }
        let before = self.model.commands.clone();
        let answers: RefCell<Vec<Option<Answer>>> =
            RefCell::new(commands.iter().map(|_| None).collect());
        let submitting = commands.iter().enumerate().map(|(client, (at, command))| {
            let (engine, answers) = (&self.nodes[*at], &answers);
            async move {
                let answer = engine.submit(command.clone()).await;
                answers.borrow_mut()[client] = Some(answer);
            }
        });
        let cut = tokio::select! {
            biased;
            () = self.store.power_cut() => true,
            _ = join_all(submitting) => false,
        };
        let answers = answers.into_inner();
        if cut {
            // What was not answered may be there or not. What was acknowledged is there.
            for ((_, command), answer) in commands.iter().zip(&answers) {
                if answer.is_none() {
                    self.model.unknown.insert(command.id.0);
                }
            }
            self.nodes.clear();
            self.store = self.store.reopen();
        }
        self.look().await?;
        let alone = commands.len() == 1;
        for ((_, command), answer) in commands.iter().zip(answers) {
            let known = before.contains_key(&command.id.0);
            let twice = commands.iter().filter(|(_, it)| it.id == command.id);
            let once = twice.count() == 1;
            let told = answer.as_ref().map(code);
            self.note(&format!("{:?}: {told:?}", command.act));
            if let Some(told) = told {
                *self.trace.answers.entry(told).or_default() += 1;
            }
            match answer {
                None => {}
                Some(Ok(committed)) => self.acknowledged(command, &committed, known, once)?,
                Some(Err(error)) => self.denied(command, &error, known, once, alone)?,
            }
        }
        Ok(cut)
    }

    fn acknowledged(
        &self,
        command: &Command,
        committed: &Committed,
        known: bool,
        once: bool,
    ) -> Result<(), String> {
        let id = command.id.0;
        let Some(at) = self.model.commands.get(&id) else {
            return Err(format!("command {id} was acknowledged, and is lost"));
        };
        let record = &self.model.records[*at];
        let case = &self.model.cases[&record.case];
        let revision = usize::try_from(record.revision).unwrap();
        let (commit, state, position) = &case.commits[revision - 1];
        must!(
            *committed.commit == *commit
                && *committed.case == *state
                && committed.position == *position,
            "the answer to command {id} is not what is in the journal"
        );
        if known {
            must!(
                committed.repeated,
                "command {id} was given again, and answered as if it were new"
            );
        } else if once && !self.model.unknown.contains(&id) {
            must!(
                !committed.repeated,
                "command {id} is new, and answered as if it were not"
            );
        }
        Ok(())
    }

    fn denied(
        &mut self,
        command: &Command,
        error: &SubmitError,
        known: bool,
        once: bool,
        alone: bool,
    ) -> Result<(), String> {
        let id = command.id.0;
        if let SubmitError::Unknown { .. } = error {
            self.model.unknown.insert(id);
            return Ok(());
        }
        if let SubmitError::Refused(refusal) = error {
            must!(
                !known,
                "command {id} was carried out before, and is refused now: {refusal}"
            );
            if alone && !self.model.loose.contains(&command.case.0) {
                self.refused_rightly(command, refusal)?;
            }
        } else {
            may_fail(error)?;
        }
        if known || !once || self.model.unknown.contains(&id) {
            return Ok(());
        }
        must!(
            !self.model.commands.contains_key(&id),
            "command {id} was answered with {}, and done",
            error.code()
        );
        self.model.never.insert(id);
        Ok(())
    }

    /// Decides on the case as it is, and compares.
    fn refused_rightly(&self, command: &Command, refusal: &Refusal) -> Result<(), String> {
        let case = self.model.cases.get(&command.case.0);
        let case = case.map(|known| known.newest());
        let now = case.map_or(self.time.now(), |case| {
            case.recorded_at.max(self.time.now())
        });
        let decided = decide(&self.model.workflow, case, command, now);
        must!(
            decided.is_err(),
            "{:?} was refused, and is allowed: {refusal}",
            command.act
        );
        Ok(())
    }

    fn command(&mut self) -> Command {
        let chance = &mut self.chance;
        if !self.model.asked.is_empty() && chance.one_in(6) {
            let asked: Vec<&Command> = self.model.asked.values().collect();
            return Command::clone(chance.pick::<&Command>(&asked));
        }
        let id = CommandId(chance.uuid());
        let cases: Vec<Uuid> = self.model.cases.keys().copied().collect();
        let new = cases.is_empty() || (cases.len() < CASES && chance.one_in(6));
        let case = if new || chance.one_in(25) {
            chance.uuid()
        } else {
            *chance.pick(&cases)
        };
        let mut act = if new { opening() } else { act(chance) };
        let effective_at = chance.one_in(6).then(|| {
            let late = i64::try_from(chance.below(90 * 60_000)).unwrap();
            self.time.now().saturating_add_millis(-late)
        });
        if effective_at.is_some()
            && let Act::Fire { note, .. } | Act::Attach { note, .. } = &mut act
        {
            *note = Some("told by telephone".into());
        }
        let clerk = Actor::new("lin", "林", "clerk");
        let approver = Actor::new("chen", "陈", "approver");
        let decides = matches!(&act, Act::Fire { event, .. }
            if matches!(event.as_str(), "approve" | "send_back" | "reject"));
        let actor = if decides != chance.one_in(12) {
            approver
        } else {
            clerk
        };
        let known = self.model.cases.get(&case);
        let revision = known.map(|known| known.newest().revision);
        let seen_revision = match chance.below(8) {
            0 => revision,
            1 => revision.and_then(|revision| revision.checked_sub(1)),
            _ => None,
        };
        Command {
            id,
            case: CaseId(case),
            actor,
            seen_revision,
            effective_at,
            act,
        }
    }
}

fn opening() -> Act {
    Act::Open {
        workflow: "permit".into(),
        version: None,
        title: "Precision Motors".into(),
        data: Data::new(),
    }
}

fn act(chance: &mut Chance) -> Act {
    let events = [
        "submit",
        "submit",
        "survey",
        "pay",
        "approve",
        "send_back",
        "reject",
    ];
    match chance.below(10) {
        0 => Act::Comment {
            text: format!("remark {}", chance.below(1_000)),
        },
        1..=3 => Act::Attach {
            document: "form".into(),
            file_name: "form.pdf".into(),
            digest: format!("{:064x}", chance.next()),
            note: None,
        },
        _ => {
            let event = *chance.pick(&events);
            let mut data = Data::new();
            if event == "submit" {
                let spaces = i64::try_from(chance.below(5)).unwrap();
                data.insert("spaces".into(), Value::Integer(spaces));
            }
            Act::Fire {
                event: event.into(),
                data,
                note: None,
            }
        }
    }
}

fn code(answer: &Answer) -> &'static str {
    match answer {
        Ok(committed) if committed.repeated => "repeated",
        Ok(_) => "committed",
        Err(SubmitError::Refused(_)) => "refused",
        Err(error) => error.code(),
    }
}

/// The machine may be unable to do something; it may not find what it wrote damaged.
fn may_fail(error: &SubmitError) -> Result<(), String> {
    let may = matches!(
        error,
        SubmitError::Overloaded
            | SubmitError::Unknown { .. }
            | SubmitError::Failed(Failure::StoreUnavailable { .. } | Failure::Contended { .. })
    );
    must!(may, "the engine fails: {error:?}");
    Ok(())
}
