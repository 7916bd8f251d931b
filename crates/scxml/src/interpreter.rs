//! Sessions under one virtual clock.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use groundbreak_statechart::{Configuration, Event, Step, StepError, Stepper};

use crate::Text;
use crate::actor::{Actor, Effect, Exhausted, World, session_name};
use crate::documents::Documents;
use crate::evaluate::Work;
use crate::machine::Machine;
use crate::memory::{Complaint, LogLine, Memory};
use crate::message::{Message, MessageKind};
use crate::value::Value;

/// How many macrosteps one run may take.
pub const MACROSTEPS_MAX: usize = 100_000;
/// How many events may wait, and as many again be delayed.
pub const WAITING_MAX: usize = 10_000;
/// How many sessions one run may have, those that have ended included.
pub const SESSIONS_MAX: usize = 256;
/// How much work one run may do: a node of an expression, a cell of a new value and a state
/// entered are about one unit each.
pub const WORK_MAX: u64 = 4_000_000;

/// A document that runs, with all that it invokes.
///
/// Time stands still until [`step`](Self::step) moves it to where the next delayed event is due.
/// Same document, same events, same times: same run.
#[derive(Debug)]
pub struct Interpreter {
    sessions: Vec<Session>,
    world: World,
    stepper: Stepper,
    now_ms: u64,
    /// What is done before the next external event is taken.
    urgent: VecDeque<(usize, Input)>,
    /// The external events of all sessions, in the order in which they came in.
    queue: VecDeque<(usize, Message)>,
    /// What was sent with a delay, by the time it is due and the order of sending.
    delayed: BTreeMap<(u64, u64), Delayed>,
    sent: u64,
    macrosteps: usize,
}

#[derive(Debug)]
struct Session {
    machine: Arc<Machine>,
    configuration: Configuration,
    memory: Memory,
}

#[derive(Debug)]
struct Delayed {
    from: usize,
    send_id: Option<Arc<str>>,
    to: usize,
    message: Message,
}

/// What makes a session take a macrostep.
#[derive(Debug)]
enum Input {
    Start,
    External(Message),
    /// An internal event that was raised between two macrosteps.
    Internal(Message),
}

/// One macrostep of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The virtual time, in milliseconds from the start.
    pub at_ms: u64,
    /// The session; `s1` is the document that was started.
    pub session: String,
    /// The event that was taken; none when the session started.
    pub event: Option<String>,
    /// Whether the event caused a transition. A start always counts.
    pub moved: bool,
    /// What was written to the log.
    pub log: Vec<LogLine>,
    /// What could not be done.
    pub complaints: Vec<Complaint>,
    /// Whether the session has ended.
    pub done: bool,
    number: usize,
}

/// Why a run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A macrostep does not come to rest.
    #[error("the document does not come to rest; it was last in {}", states.join(", "))]
    Endless {
        /// The innermost states that were active.
        states: Vec<String>,
    },
    /// [`MACROSTEPS_MAX`] macrosteps were taken, or [`WORK_MAX`] was used up.
    #[error("the document does more than it may")]
    Exhausted,
    /// More than [`WAITING_MAX`] events wait.
    #[error("more than {WAITING_MAX} events wait")]
    Flooded,
}

impl RunError {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Endless { .. } => "scxml-endless",
            Self::Exhausted => "scxml-exhausted",
            Self::Flooded => "scxml-flooded",
        }
    }

    /// Returns what happened and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Endless { states } => {
                let states = states.join(", ");
                Text::new(
                    format!("文档停不下来，最后处于 {states}。请检查没有事件的转移与 `<raise>`。"),
                    format!(
                        "The document does not come to rest; it was last in {states}. Look at its eventless transitions and at `<raise>`."
                    ),
                )
            }
            Self::Exhausted => Text::new(
                format!(
                    "文档的工作量超过上限（{MACROSTEPS_MAX} 步或 {WORK_MAX} 个单位）。请检查互相触发的 `<send>` 与过大的数据，或用 --until 提前停止。"
                ),
                format!(
                    "The document does more than it may ({MACROSTEPS_MAX} macrosteps, or {WORK_MAX} units of work). Look for events that send one another and for large data, or stop earlier with --until."
                ),
            ),
            Self::Flooded => Text::new(
                format!("等待的事件超过 {WAITING_MAX} 个。请检查反复执行的 `<send>`。"),
                format!(
                    "More than {WAITING_MAX} events wait. Look for a `<send>` that runs again and again."
                ),
            ),
        }
    }
}

impl Interpreter {
    /// Returns a document about to start at time 0. Texts that it names are looked up in
    /// `documents`.
    #[must_use]
    pub fn new(machine: Arc<Machine>, documents: Documents) -> Self {
        let mut interpreter = Self {
            sessions: Vec::new(),
            world: World {
                work: Work::new(WORK_MAX),
                documents,
                alive: BTreeSet::new(),
                sessions: Cell::new(0),
            },
            stepper: Stepper::default(),
            now_ms: 0,
            urgent: VecDeque::new(),
            queue: VecDeque::new(),
            delayed: BTreeMap::new(),
            sent: 0,
            macrosteps: 0,
        };
        interpreter.add_session(machine, Memory::default());
        interpreter
    }

    fn add_session(&mut self, machine: Arc<Machine>, memory: Memory) {
        let number = self.sessions.len();
        self.sessions.push(Session {
            configuration: Configuration::unstarted(&machine.chart),
            machine,
            memory,
        });
        self.world.alive.insert(number);
        self.world.sessions.set(self.sessions.len());
        self.urgent.push_back((number, Input::Start));
    }

    /// Returns the virtual time, in milliseconds from the start.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Sends an external event to the document that was started.
    pub fn send(&mut self, name: &str, data: Option<Value>) {
        let mut message = Message::new(name, MessageKind::External);
        message.data = data.unwrap_or(Value::Null);
        self.queue.push_back((0, message));
    }

    /// Moves the time on, if it is earlier than `at_ms`. What is due by then must have been
    /// [taken](Self::step) before.
    pub fn wait_until(&mut self, at_ms: u64) {
        self.now_ms = self.now_ms.max(at_ms);
    }

    /// Returns when the next delayed event is due, if one is.
    #[must_use]
    pub fn next_due_ms(&self) -> Option<u64> {
        self.delayed.keys().next().map(|(due_ms, _)| *due_ms)
    }

    /// Takes one macrostep: of what waits now, or else of what is due next, no later than at
    /// `until_ms`. `None` when there is nothing.
    ///
    /// # Errors
    ///
    /// [`RunError`]; the run is over then.
    pub fn step(&mut self, until_ms: u64) -> Result<Option<Turn>, RunError> {
        loop {
            if let Some((number, input)) = self.urgent.pop_front() {
                if self.world.alive.contains(&number) {
                    return self.macrostep(number, input).map(Some);
                }
                continue;
            }
            if let Some((number, message)) = self.queue.pop_front() {
                if self.world.alive.contains(&number) {
                    return self.macrostep(number, Input::External(message)).map(Some);
                }
                continue;
            }
            let Some(next) = self
                .delayed
                .first_entry()
                .filter(|it| it.key().0 <= until_ms)
            else {
                return Ok(None);
            };
            let (due_ms, _) = *next.key();
            let delayed = next.remove();
            self.now_ms = self.now_ms.max(due_ms);
            self.deliver(delayed.to, delayed.message)?;
        }
    }

    fn deliver(&mut self, to: usize, message: Message) -> Result<(), RunError> {
        if self.world.alive.contains(&to) {
            if self.queue.len() >= WAITING_MAX {
                return Err(RunError::Flooded);
            }
            self.queue.push_back((to, message));
        }
        Ok(())
    }

    fn macrostep(&mut self, number: usize, input: Input) -> Result<Turn, RunError> {
        self.macrosteps += 1;
        if self.macrosteps > MACROSTEPS_MAX {
            return Err(RunError::Exhausted);
        }
        let Some(session) = self.sessions.get_mut(number) else {
            return Err(RunError::Exhausted);
        };
        let machine = session.machine.clone();
        let chart = &machine.chart;
        let configuration = &mut session.configuration;
        let mut actor = Actor::new(number, &machine, &mut session.memory, &self.world);
        let (name, step) = match input {
            Input::Start => (None, self.stepper.start(chart, configuration, &mut actor)),
            Input::External(message) => {
                actor
                    .receive(&message, configuration)
                    .map_err(|_| RunError::Exhausted)?;
                let event = Event::Named(&message.name);
                let step = self.stepper.step(chart, configuration, event, &mut actor);
                (Some(message.name.to_string()), step)
            }
            Input::Internal(message) => {
                actor.memory.event = Some(message.clone());
                let event = Event::Named(&message.name);
                let step = self.stepper.step(chart, configuration, event, &mut actor);
                (Some(message.name.to_string()), step)
            }
        };
        let step = step.map_err(run_error)?;
        let moved = !step.is_empty();
        let cost = cost_of(step) + 16 + chart.states().len() / 16;
        self.world
            .work
            .spend(cost)
            .map_err(|_| RunError::Exhausted)?;
        let done = configuration.is_done(chart);
        if !done {
            actor
                .invoke_wanted(configuration)
                .map_err(|_| RunError::Exhausted)?;
        }
        let left = std::mem::take(&mut actor.raised);
        let effects = std::mem::take(&mut actor.effects);
        let turn = Turn {
            at_ms: self.now_ms,
            session: session_name(number),
            event: name,
            moved,
            log: std::mem::take(&mut session.memory.log),
            complaints: std::mem::take(&mut session.memory.complaints),
            done,
            number,
        };
        if !done {
            self.urgent
                .extend(left.into_iter().map(|it| (number, Input::Internal(it))));
        }
        self.carry_out(number, effects)?;
        if done {
            self.finish(number)?;
        }
        Ok(turn)
    }

    /// Does what a session wants done outside itself.
    fn carry_out(&mut self, from: usize, effects: Vec<Effect>) -> Result<(), RunError> {
        let mut waiting: VecDeque<(usize, Effect)> =
            effects.into_iter().map(|effect| (from, effect)).collect();
        while let Some((from, effect)) = waiting.pop_front() {
            match effect {
                Effect::Deliver {
                    to,
                    message,
                    delay_ms: 0,
                    ..
                } => self.deliver(to, message)?,
                Effect::Deliver {
                    to,
                    message,
                    delay_ms,
                    send_id,
                } => {
                    if self.delayed.len() >= WAITING_MAX {
                        return Err(RunError::Flooded);
                    }
                    self.sent += 1;
                    let due_ms = self.now_ms.saturating_add(delay_ms);
                    let delayed = Delayed {
                        from,
                        send_id,
                        to,
                        message,
                    };
                    self.delayed.insert((due_ms, self.sent), delayed);
                }
                Effect::Cancel(id) => {
                    let cost = self.delayed.len() / 16;
                    self.world
                        .work
                        .spend(cost)
                        .map_err(|_| RunError::Exhausted)?;
                    self.delayed
                        .retain(|_, it| it.from != from || it.send_id.as_ref() != Some(&id));
                }
                Effect::Start(started) => {
                    let memory = Memory {
                        parent: Some(started.parent),
                        given: started.given,
                        ..Memory::default()
                    };
                    self.add_session(started.machine, memory);
                }
                Effect::End(number) => {
                    let effects = self.cancel(number)?;
                    waiting.extend(effects.into_iter().map(|effect| (number, effect)));
                }
            }
        }
        Ok(())
    }

    /// Ends a session from outside: it leaves its states, and nothing of it reaches its parent.
    fn cancel(&mut self, number: usize) -> Result<Vec<Effect>, RunError> {
        if !self.world.alive.contains(&number) {
            return Ok(Vec::new());
        }
        let Some(session) = self.sessions.get_mut(number) else {
            return Ok(Vec::new());
        };
        session.memory.parent = None;
        let machine = session.machine.clone();
        let mut actor = Actor::new(number, &machine, &mut session.memory, &self.world);
        let configuration = &mut session.configuration;
        self.stepper
            .stop(&machine.chart, configuration, &mut actor)
            .map_err(run_error)?;
        let effects = std::mem::take(&mut actor.effects);
        self.forget(number);
        Ok(effects)
    }

    /// Lets a session that has come to its end be over, and tells its parent.
    fn finish(&mut self, number: usize) -> Result<(), RunError> {
        self.forget(number);
        let Some(session) = self.sessions.get(number) else {
            return Ok(());
        };
        if let Some(parent) = session.memory.parent.clone() {
            let name = format!("done.invoke.{}", parent.invoke_id);
            let mut message = Message::new(name, MessageKind::External);
            message.data = session.memory.result.clone();
            message.invoke_id = Some(parent.invoke_id);
            self.deliver(parent.session, message)?;
        }
        Ok(())
    }

    /// Drops what a session would still get, and what it sent that is not due yet.
    fn forget(&mut self, number: usize) {
        self.world.alive.remove(&number);
        self.delayed
            .retain(|_, it| it.from != number && it.to != number);
    }

    /// Returns whether the document that was started has come to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        !self.world.alive.contains(&0)
    }

    /// Returns the innermost states that are active in the document that was started, in document
    /// order; at its end, the final state. States without an id begin with `#`.
    #[must_use]
    pub fn leaves(&self) -> Vec<&str> {
        self.leaves_of(0)
    }

    /// Returns the variables of the document that was started that have values.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<Arc<str>, Value> {
        self.variables_of(0)
    }

    /// Returns the innermost states that are active in the session of a turn.
    #[must_use]
    pub fn leaves_after(&self, turn: &Turn) -> Vec<&str> {
        self.leaves_of(turn.number)
    }

    /// Returns all states that are active in the session of a turn, in document order.
    #[must_use]
    pub fn active_after(&self, turn: &Turn) -> Vec<&str> {
        let session = self.sessions.get(turn.number);
        session.map_or_else(Vec::new, |it| {
            it.configuration.names(&it.machine.chart).collect()
        })
    }

    /// Returns the variables of the session of a turn that have values.
    #[must_use]
    pub fn variables_after(&self, turn: &Turn) -> BTreeMap<Arc<str>, Value> {
        self.variables_of(turn.number)
    }

    fn leaves_of(&self, number: usize) -> Vec<&str> {
        let Some(session) = self.sessions.get(number) else {
            return Vec::new();
        };
        let chart = &session.machine.chart;
        let leaves = session.configuration.leaves(chart);
        leaves.map(|state| chart.name(state)).collect()
    }

    fn variables_of(&self, number: usize) -> BTreeMap<Arc<str>, Value> {
        let session = self.sessions.get(number);
        session.map_or_else(BTreeMap::new, |session| session.memory.variables.bound())
    }
}

fn cost_of(step: &Step) -> usize {
    let microsteps = step.microsteps.iter();
    microsteps
        .map(|it| 1 + it.exited.len() + it.entered.len())
        .sum()
}

fn run_error(error: StepError<Exhausted>) -> RunError {
    match error {
        StepError::Livelock { states } => RunError::Endless { states },
        _ => RunError::Exhausted,
    }
}
