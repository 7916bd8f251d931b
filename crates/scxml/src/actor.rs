//! One session at work: what gives the guards and actions of its chart their meaning.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use groundbreak_statechart::{
    ActionId, Chart, Configuration, CurrentEvent, GuardId, Host, PayloadId, Raised, StateId, View,
};

use crate::Text;
use crate::document::{Binding, Content, Data, Element, Source, Word};
use crate::documents::Documents;
use crate::evaluate::{EvalError, Evaluator, Scope, Variable, Work, fail};
use crate::expression::{Expression, Location};
use crate::machine::{Action, Machine};
use crate::memory::{Complaint, LogLine, Memory, replaced};
use crate::message::{Message, MessageKind, PROCESSOR};
use crate::place::Place;
use crate::reader::inline_value;
use crate::text::shorten;
use crate::value::{Value, text_cells};

mod invoke;
mod send;

/// The most events that one macrostep may raise or send.
const EVENTS_MAX: usize = 20_000;
/// The longest text of a log line, in bytes.
const LOG_BYTES_MAX: usize = 4_096;

/// What a session can see of the others.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) work: Work,
    pub(crate) documents: Documents,
    /// The sessions that have not ended.
    pub(crate) alive: BTreeSet<usize>,
    /// How many sessions there have been.
    pub(crate) sessions: Cell<usize>,
}

/// What a session wants done outside itself, in order.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Hand an event to a session after so many milliseconds.
    Deliver {
        to: usize,
        message: Message,
        delay_ms: u64,
        /// What it can be taken back by.
        send_id: Option<Arc<str>>,
    },
    /// Take back what was sent under this id and has not been handed over.
    Cancel(Arc<str>),
    /// Start a session that this one invoked.
    Start(Box<invoke::Started>),
    /// End a session that this one invoked.
    End(usize),
}

/// Why the rest of a block is not run.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Something failed; an error event is to be raised.
    Failed {
        text: Text,
        event: &'static str,
        send_id: Option<Arc<str>>,
    },
    /// Something failed further in, and was told there.
    Told,
    /// The work that may be done is used up.
    Exhausted,
}

impl From<EvalError> for Halt {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Failed(text) => Self::Failed {
                text,
                event: "error.execution",
                send_id: None,
            },
            EvalError::Exhausted => Self::Exhausted,
        }
    }
}

impl From<crate::value::TooLarge> for Halt {
    fn from(error: crate::value::TooLarge) -> Self {
        EvalError::from(error).into()
    }
}

/// The work that may be done is used up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exhausted;

/// One session at work.
pub(crate) struct Actor<'a> {
    pub(crate) number: usize,
    pub(crate) machine: &'a Machine,
    pub(crate) memory: &'a mut Memory,
    pub(crate) world: &'a World,
    /// Events raised that the step has not been told of.
    pub(crate) raised: Vec<Message>,
    /// What the raised events of the step carry, by their number.
    payloads: Vec<Message>,
    /// How many events were raised and sent.
    events: usize,
    pub(crate) effects: Vec<Effect>,
}

/// What the expressions of a session can see.
struct Sight<'a> {
    number: usize,
    machine: &'a Machine,
    memory: &'a Memory,
    active: &'a Configuration,
}

/// Returns how a session is called.
pub(crate) fn session_name(number: usize) -> String {
    format!("s{}", number + 1)
}

/// Returns where events for a session are sent to.
fn session_address(number: usize) -> Arc<str> {
    format!("#_scxml_{}", session_name(number)).into()
}

impl Sight<'_> {
    /// Returns a variable that the processor keeps. Without a name it has no value.
    fn system(&self, name: &str) -> Result<Option<Value>, crate::value::TooLarge> {
        Ok(match name {
            "_event" => self
                .memory
                .event
                .as_ref()
                .map(Message::to_value)
                .transpose()?,
            "_sessionid" => Some(Value::text(session_name(self.number))?),
            "_name" => self.machine.name.as_deref().map(Value::text).transpose()?,
            "_ioprocessors" => {
                let location = Value::text(session_address(self.number))?;
                let processor = Value::map([("location".into(), location)].into())?;
                let names = ["scxml", PROCESSOR];
                let named = names.map(|name| (Arc::from(name), processor.clone()));
                Some(Value::map(named.into())?)
            }
            "_x" => Some(Value::map(std::collections::BTreeMap::new())?),
            _ => None,
        })
    }
}

impl Scope for Sight<'_> {
    fn variable(&self, name: &str) -> Variable {
        if !name.starts_with('_') {
            return self.memory.variables.get(name);
        }
        match self.system(name) {
            Ok(Some(value)) => Variable::Bound(value),
            Ok(None) | Err(_) => Variable::Unbound,
        }
    }

    fn is_in(&self, state: &str) -> bool {
        is_in(&self.machine.chart, self.active, state)
    }
}

fn is_in(chart: &Chart, active: &Configuration, state: &str) -> bool {
    chart.state(state).is_some_and(|state| active.is_in(state))
}

impl<'a> Actor<'a> {
    pub(crate) fn new(
        number: usize,
        machine: &'a Machine,
        memory: &'a mut Memory,
        world: &'a World,
    ) -> Self {
        Self {
            number,
            machine,
            memory,
            world,
            raised: Vec::new(),
            payloads: Vec::new(),
            events: 0,
            effects: Vec::new(),
        }
    }

    fn value(&self, expression: &Expression, active: &Configuration) -> Result<Value, EvalError> {
        let sight = Sight {
            number: self.number,
            machine: self.machine,
            memory: self.memory,
            active,
        };
        Evaluator::new(&sight, &self.world.work).value(expression.tree())
    }

    fn holds(&self, expression: &Expression, active: &Configuration) -> Result<bool, EvalError> {
        match self.value(expression, active)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(fail(
                format!("条件的值是 {}，不是 true 或 false。", other.type_name()),
                format!(
                    "The condition is a {}, and neither true nor false.",
                    other.type_name()
                ),
            )),
        }
    }

    fn word(&self, word: &Word, active: &Configuration) -> Result<Arc<str>, EvalError> {
        match word {
            Word::Plain(word) => Ok(word.clone()),
            Word::Computed(expression) => match self.value(expression, active)? {
                Value::Text(text) => Ok(text),
                other => Err(fail(
                    format!("应为文字，而不是 {}。", other.type_name()),
                    format!("This is to be a text, and is a {}.", other.type_name()),
                )),
            },
        }
    }

    /// Raises an internal event.
    fn raise(&mut self, message: Message) -> Result<(), Exhausted> {
        self.count_event()?;
        self.raised.push(message);
        Ok(())
    }

    fn count_event(&mut self) -> Result<(), Exhausted> {
        self.events += 1;
        if self.events > EVENTS_MAX {
            return Err(Exhausted);
        }
        Ok(())
    }

    /// Raises an error event for what made a block stop.
    fn complain(&mut self, halt: Halt, what: &str, place: Place) -> Result<(), Exhausted> {
        let (text, event, send_id) = match halt {
            Halt::Failed {
                text,
                event,
                send_id,
            } => (text, event, send_id),
            Halt::Told => return Ok(()),
            Halt::Exhausted => return Err(Exhausted),
        };
        let number = |it: usize| Value::Int(i64::try_from(it).unwrap_or(i64::MAX));
        let words = Value::text(text.zh.as_str())
            .and_then(|zh| {
                Ok([
                    ("zh".into(), zh),
                    ("en".into(), Value::text(text.en.as_str())?),
                ])
            })
            .and_then(|words| Value::map(words.into()));
        let details = words.and_then(|words| {
            Value::map(
                [
                    ("element".into(), Value::text(what)?),
                    ("line".into(), number(place.line)),
                    ("column".into(), number(place.column)),
                    ("message".into(), words),
                ]
                .into(),
            )
        });
        let mut message = Message::new(event, MessageKind::Platform);
        message.send_id = send_id;
        message.data = details.unwrap_or(Value::Null);
        self.memory.complaints.push(Complaint {
            event,
            place,
            message: text,
        });
        self.raise(message)
    }

    /// Runs a block of executable content. What fails ends the block and raises an error event.
    pub(crate) fn block(
        &mut self,
        block: &[Content],
        active: &Configuration,
    ) -> Result<(), Exhausted> {
        match self.contents(block, active) {
            Err(Halt::Exhausted) => Err(Exhausted),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn contents(&mut self, block: &[Content], active: &Configuration) -> Result<(), Halt> {
        for content in block {
            self.world.work.spend(1)?;
            if let Err(halt) = self.content(&content.element, active) {
                self.complain(halt, content.element.name(), content.place)
                    .map_err(|_| Halt::Exhausted)?;
                return Err(Halt::Told);
            }
        }
        Ok(())
    }

    fn content(&mut self, element: &Element, active: &Configuration) -> Result<(), Halt> {
        match element {
            Element::Raise(event) => self
                .raise(Message::new(event.clone(), MessageKind::Internal))
                .map_err(|_| Halt::Exhausted),
            Element::If(branches) => {
                for (condition, content) in branches {
                    let taken = match condition {
                        Some(condition) => self.holds(condition, active)?,
                        None => true,
                    };
                    if taken {
                        return self.contents(content, active);
                    }
                }
                Ok(())
            }
            Element::Foreach {
                array,
                item,
                index,
                content,
            } => self.foreach(array, item, index.as_deref(), content, active),
            Element::Log { label, expression } => {
                let value = match expression {
                    Some(expression) => self.value(expression, active)?,
                    None => Value::Text("".into()),
                };
                // A line is kept until the step is over.
                self.world
                    .work
                    .spend(16 + value.cells() + text_cells(label))?;
                let mut text = value.display();
                text.truncate(text.floor_char_boundary(LOG_BYTES_MAX));
                self.memory.log.push(LogLine {
                    label: label.clone(),
                    text,
                });
                Ok(())
            }
            Element::Assign { location, value } => {
                let value = self.source(value, active)?.unwrap_or(Value::Null);
                Ok(self.assign(location, value, active)?)
            }
            Element::Script(assignments) => {
                for (name, expression) in assignments {
                    let value = self.value(expression, active)?;
                    self.memory.variables.set(name, value);
                }
                Ok(())
            }
            Element::Send(send) => self.send(send, active),
            Element::Cancel(id) => {
                let id = self.word(id, active)?;
                self.effects.push(Effect::Cancel(id));
                Ok(())
            }
        }
    }

    /// # Source
    ///
    /// W3C SCXML 1.0, section 4.6: the items are those there were when the loop began.
    fn foreach(
        &mut self,
        array: &Expression,
        item: &str,
        index: Option<&str>,
        content: &[Content],
        active: &Configuration,
    ) -> Result<(), Halt> {
        let Value::List(list) = self.value(array, active)? else {
            let text = shorten(array.source());
            return Err(fail(
                format!("`{text}` 不是列表。"),
                format!("`{text}` is no list."),
            )
            .into());
        };
        for name in std::iter::once(item).chain(index) {
            if name.starts_with('_') || !crate::reader::is_variable(name) {
                let name = shorten(name);
                return Err(fail(
                    format!("`{name}` 不能作变量名。"),
                    format!("`{name}` cannot be the name of a variable."),
                )
                .into());
            }
            self.memory.variables.declare(name);
        }
        for (at, value) in list.items().iter().enumerate() {
            self.world.work.spend(1)?;
            self.memory.variables.set(item, value.clone());
            if let Some(index) = index {
                let at = i64::try_from(at).unwrap_or(i64::MAX);
                self.memory.variables.set(index, Value::Int(at));
            }
            self.contents(content, active)?;
        }
        Ok(())
    }

    fn assign(
        &mut self,
        location: &Location,
        value: Value,
        active: &Configuration,
    ) -> Result<(), EvalError> {
        let root = &location.root;
        if root.starts_with('_') {
            return Err(fail(
                format!("`{root}` 由系统维护，不能赋值。"),
                format!("`{root}` is kept by the processor and cannot be assigned to."),
            ));
        }
        if !self.memory.variables.is_declared(root) {
            return Err(fail(
                format!("没有声明 `{root}`。"),
                format!("`{root}` is not declared."),
            ));
        }
        let value = if location.path.is_empty() {
            value
        } else {
            let sight = Sight {
                number: self.number,
                machine: self.machine,
                memory: self.memory,
                active,
            };
            let old = self.memory.variables.get(root);
            let mut evaluator = Evaluator::new(&sight, &self.world.work);
            let new = replaced(location, &old, value, &mut evaluator)?;
            self.world.work.spend(new.cells())?;
            new
        };
        self.memory.variables.set(root, value);
        Ok(())
    }

    /// Returns the value of a source, if it has one.
    fn source(&self, source: &Source, active: &Configuration) -> Result<Option<Value>, EvalError> {
        match source {
            Source::None => Ok(None),
            Source::Expression(expression) => self.value(expression, active).map(Some),
            Source::Inline(value) => Ok(Some(value.clone())),
            Source::Address(address) => {
                let text = self
                    .world
                    .documents
                    .get(address)
                    .ok_or_else(|| not_given(address))?;
                self.world.work.spend(text.len() / 16)?;
                Ok(Some(inline_value(text)?))
            }
        }
    }

    /// Gives variables their first values, or what the session was started with instead.
    fn bind(&mut self, data: &[Data], active: &Configuration) -> Result<(), Exhausted> {
        for data in data {
            self.memory.variables.declare(&data.id);
            let value = match self.memory.given.get(data.id.as_str()) {
                Some(given) => Ok(Some(given.clone())),
                None => self.source(&data.value, active),
            };
            match value {
                Ok(Some(value)) => self.memory.variables.set(&data.id, value),
                Ok(None) => {}
                Err(error) => self.complain(error.into(), "data", data.place)?,
            }
        }
        Ok(())
    }

    fn begin(&mut self, active: &Configuration) -> Result<(), Exhausted> {
        let machine = self.machine;
        for (state, extra) in machine.extras.iter().enumerate() {
            // The data of the document itself belong to a state that is entered at once.
            if machine.binding == Binding::Early || state == 0 {
                self.bind(&extra.data, active)?;
            } else {
                for data in &extra.data {
                    self.memory.variables.declare(&data.id);
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, state: usize, active: &Configuration) -> Result<(), Exhausted> {
        self.memory.wanted.insert(state);
        let first = self.memory.visited.insert(state);
        if first
            && self.machine.binding == Binding::Late
            && let Some(extra) = self.machine.extras.get(state)
        {
            self.bind(&extra.data, active)?;
        }
        Ok(())
    }

    /// Keeps what the event is to carry that says that the session is done.
    fn finish(&mut self, end: usize, active: &Configuration) -> Result<(), Exhausted> {
        if let Some((data, _)) = self.done_data_of(end, active)? {
            self.memory.result = data;
        }
        Ok(())
    }

    /// Sees to it that `_event` is what the step is taking.
    fn follow(&mut self, view: &View<'_>) {
        let message = match (view.payload(), view.event()) {
            (Some(payload), _) => self
                .payloads
                .get(usize::try_from(payload.0).unwrap_or(usize::MAX))
                .cloned(),
            (None, Some(CurrentEvent::Done(_))) => {
                let name = view.event_name().unwrap_or_default();
                Some(Message::new(name, MessageKind::Internal))
            }
            // The session was told of an external event when the step began.
            (None, _) => None,
        };
        if message.is_some() {
            self.memory.event = message;
        }
    }

    /// Hands the events raised to the step.
    fn hand_over(&mut self, raised: &mut Raised) {
        for message in std::mem::take(&mut self.raised) {
            let number = u32::try_from(self.payloads.len()).unwrap_or(u32::MAX);
            raised.push_with(message.name.clone(), PayloadId(number));
            self.payloads.push(message);
        }
    }
}

fn not_given(address: &str) -> EvalError {
    let address = shorten(address);
    fail(
        format!("没有提供 `{address}`。"),
        format!("`{address}` was not given."),
    )
}

impl Host for Actor<'_> {
    type Error = Exhausted;

    fn guard(
        &mut self,
        guard: GuardId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<bool, Exhausted> {
        self.follow(view);
        let machine = self.machine;
        let index = usize::try_from(guard.0).unwrap_or(usize::MAX);
        let Some((condition, place)) = machine.guards.get(index) else {
            return Ok(false);
        };
        self.world.work.spend(1).map_err(|_| Exhausted)?;
        let holds = self.holds(condition, view.configuration());
        let holds = match holds {
            Ok(holds) => holds,
            Err(error) => {
                self.complain(error.into(), "transition", *place)?;
                false
            }
        };
        self.hand_over(raised);
        Ok(holds)
    }

    fn run(
        &mut self,
        action: ActionId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<(), Exhausted> {
        self.follow(view);
        let machine = self.machine;
        let active = view.configuration();
        let index = usize::try_from(action.0).unwrap_or(usize::MAX);
        self.world.work.spend(1).map_err(|_| Exhausted)?;
        match machine.actions.get(index) {
            Some(Action::Block(block)) => self.block(block, active)?,
            Some(Action::Begin) => self.begin(active)?,
            Some(Action::Enter(state)) => self.enter(*state, active)?,
            Some(Action::Leave(state)) => self.leave(*state),
            Some(Action::Finish(state)) => self.finish(*state, active)?,
            None => {}
        }
        self.hand_over(raised);
        Ok(())
    }

    fn done_data(
        &mut self,
        end: StateId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<Option<PayloadId>, Exhausted> {
        self.follow(view);
        let data = self.done_data_of(end.index(), view.configuration())?;
        self.hand_over(raised);
        let Some((data, raw)) = data else {
            return Ok(None);
        };
        let parent = view.chart().parent(end).unwrap_or(StateId::ROOT);
        let mut message = Message::new(view.chart().done_event(parent), MessageKind::Internal);
        message.data = data;
        message.raw = raw;
        let number = u32::try_from(self.payloads.len()).unwrap_or(u32::MAX);
        self.payloads.push(message);
        Ok(Some(PayloadId(number)))
    }
}
