//! One session at work: what gives the guards and actions of its chart their meaning.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use groundbreak_statechart::{
    ActionId, Configuration, CurrentEvent, GuardId, Host, PayloadId, Raised, StateId, View,
};

use crate::Text;
use crate::document::{Binding, Data, Word};
use crate::documents::Documents;
use crate::evaluate::{EvalError, Evaluator, Work, fail};
use crate::expression::Expression;
use crate::machine::{Action, Machine};
use crate::memory::{Complaint, Memory};
use crate::message::{Message, MessageKind};
use crate::place::Place;
use crate::value::Value;

mod content;
mod invoke;
mod send;
mod sight;

use sight::Sight;

/// The most events that one macrostep may raise or send.
const EVENTS_MAX: usize = 20_000;

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

/// Returns how a session is called.
pub(crate) fn session_name(number: usize) -> String {
    format!("s{}", number + 1)
}

/// Returns where events for a session are sent to.
fn session_address(number: usize) -> Arc<str> {
    format!("#_scxml_{}", session_name(number)).into()
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
