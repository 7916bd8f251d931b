//! What a session sends, and what its events carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use groundbreak_statechart::Configuration;

use crate::Text;
use crate::actor::{Actor, Effect, Exhausted, Halt, session_address, session_name};
use crate::delay::delay_ms;
use crate::document::{DoneData, Identity, Payload, Send};
use crate::evaluate::{EvalError, fail};
use crate::expression::Location;
use crate::message::{Message, MessageKind, PROCESSOR};
use crate::text::shorten;
use crate::value::{TooLarge, Value};

/// Data, and the pairs as they were given if the data cannot have them all.
pub(super) type Carried = (Value, Option<Value>);

/// Where an event goes.
enum Route {
    /// To the internal queue.
    Internal,
    /// To the external queue of a session.
    Session(usize),
}

impl Actor<'_> {
    /// Sends an event. What fails discards it; the error event names it.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, section 6.2 and appendix C.1.
    pub(super) fn send(&mut self, send: &Send, active: &Configuration) -> Result<(), Halt> {
        let id = match &send.id {
            Identity::None => None,
            Identity::Given(id) => Some(id.clone()),
            Identity::Kept(location) => {
                let id = self.memory.new_id("send");
                self.assign(location, Value::text(id.clone())?, active)?;
                Some(id)
            }
        };
        self.dispatch(send, id.clone(), active)
            .map_err(|halt| match halt {
                Halt::Failed { text, event, .. } => Halt::Failed {
                    text,
                    event,
                    send_id: id,
                },
                other => other,
            })
    }

    fn dispatch(
        &mut self,
        send: &Send,
        id: Option<Arc<str>>,
        active: &Configuration,
    ) -> Result<(), Halt> {
        let name = match &send.event {
            Some(event) => self.word(event, active)?,
            None => "".into(),
        };
        if let Some(kind) = &send.kind {
            let kind = self.word(kind, active)?;
            if ![PROCESSOR, "scxml"].contains(&&*kind) {
                let kind = shorten(&kind);
                return Err(fail(
                    format!("不支持以 `{kind}` 发送。"),
                    format!("There is no way to send by `{kind}`."),
                )
                .into());
            }
        }
        let delay = match &send.delay {
            Some(delay) => {
                let delay = self.word(delay, active)?;
                delay_ms(&delay).ok_or_else(|| no_delay(&delay))?
            }
            None => 0,
        };
        let (data, raw) = self.payload(&send.payload, active)?;
        let target = match &send.target {
            Some(target) => Some(self.word(target, active)?),
            None => None,
        };
        let mut message = Message::new(name, MessageKind::External);
        message.send_id = id.clone();
        message.data = data;
        message.raw = raw;
        match self.route(target.as_deref())? {
            Route::Internal if delay > 0 => Err(fail(
                "发往 `#_internal` 的事件不能延迟。",
                "What goes to `#_internal` cannot be delayed.",
            )
            .into()),
            Route::Internal => {
                message.kind = MessageKind::Internal;
                self.raise(message).map_err(|_| Halt::Exhausted)
            }
            Route::Session(to) => {
                message.origin = Some(session_address(self.number));
                let parent = self.memory.parent.as_ref();
                message.invoke_id = parent
                    .filter(|parent| parent.session == to)
                    .map(|parent| parent.invoke_id.clone());
                self.count_event().map_err(|_| Halt::Exhausted)?;
                self.effects.push(Effect::Deliver {
                    to,
                    message,
                    delay_ms: delay,
                    send_id: id,
                });
                Ok(())
            }
        }
    }

    fn route(&self, target: Option<&str>) -> Result<Route, Halt> {
        let Some(target) = target else {
            return Ok(Route::Session(self.number));
        };
        let found = match target.strip_prefix("#_") {
            Some("internal") => return Ok(Route::Internal),
            Some("parent") => self.memory.parent.as_ref().map(|parent| parent.session),
            Some(rest) => match rest.strip_prefix("scxml_") {
                Some(name) => self
                    .world
                    .alive
                    .iter()
                    .copied()
                    .find(|number| session_name(*number) == name),
                None => {
                    let invoked = self.memory.invoked.iter();
                    let invoked = invoked.rev().find(|running| &*running.id == rest);
                    invoked.map(|running| running.session)
                }
            },
            None => {
                let target = shorten(target);
                return Err(fail(
                    format!("`{target}` 不是可以发送的去处。"),
                    format!("`{target}` is nothing that events are sent to."),
                )
                .into());
            }
        };
        // A session that was just invoked is not in the list yet, but is after the old ones.
        let lives = |session: &usize| {
            self.world.alive.contains(session) || *session >= self.world.sessions.get()
        };
        found.filter(lives).map(Route::Session).ok_or_else(|| {
            let target = shorten(target);
            Halt::Failed {
                text: Text::new(
                    format!("`{target}` 不存在。"),
                    format!("There is no `{target}`."),
                ),
                event: "error.communication",
                send_id: None,
            }
        })
    }

    /// Returns the value at a location.
    fn at(&self, location: &Location, active: &Configuration) -> Result<Value, EvalError> {
        let expression = crate::Expression::parse(location.source());
        let expression = expression.map_err(|fault| EvalError::Failed(fault.message))?;
        self.value(&expression, active)
    }

    /// Returns what an event carries.
    pub(super) fn payload(
        &self,
        payload: &Payload,
        active: &Configuration,
    ) -> Result<Carried, EvalError> {
        if let Some(content) = &payload.content {
            let value = self.source(content, active)?;
            return Ok((value.unwrap_or(Value::Null), None));
        }
        let mut pairs = Vec::new();
        for location in &payload.namelist {
            pairs.push((location.source().into(), self.at(location, active)?));
        }
        for param in &payload.params {
            pairs.push((param.name.clone(), self.value(&param.value, active)?));
        }
        Ok(carried(pairs)?)
    }

    /// Returns what the event carries that says that the parent of a final state is done. What
    /// fails is left out, and raises an error event.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, sections 5.5 to 5.7.
    pub(super) fn done_data_of(
        &mut self,
        end: usize,
        active: &Configuration,
    ) -> Result<Option<Carried>, Exhausted> {
        let extra = self.machine.extras.get(end);
        let Some(done_data) = extra.and_then(|extra| extra.done_data.clone()) else {
            return Ok(None);
        };
        let DoneData { place, payload } = &*done_data;
        if let Some(content) = &payload.content {
            let value = match self.source(content, active) {
                Ok(value) => value.unwrap_or(Value::Null),
                Err(error) => {
                    self.complain(error.into(), "content", *place)?;
                    Value::Null
                }
            };
            return Ok(Some((value, None)));
        }
        let mut pairs = Vec::new();
        for param in &payload.params {
            match self.value(&param.value, active) {
                Ok(value) => pairs.push((param.name.clone(), value)),
                Err(error) => self.complain(error.into(), "param", param.place)?,
            }
        }
        match carried(pairs) {
            Ok(carried) => Ok(Some(carried)),
            Err(error) => {
                self.complain(error.into(), "donedata", *place)?;
                Ok(None)
            }
        }
    }
}

/// Returns pairs as data: nothing if there are none. Of two with one name, the last counts; then
/// the pairs are kept as they are, too.
fn carried(pairs: Vec<(Arc<str>, Value)>) -> Result<Carried, TooLarge> {
    if pairs.is_empty() {
        return Ok((Value::Null, None));
    }
    let count = pairs.len();
    let map: BTreeMap<Arc<str>, Value> = pairs.iter().cloned().collect();
    let raw = if map.len() < count {
        let pairs = pairs
            .into_iter()
            .map(|(name, value)| Value::list(vec![Value::Text(name), value]));
        Some(Value::list(pairs.collect::<Result<Vec<_>, _>>()?)?)
    } else {
        None
    };
    Ok((Value::map(map)?, raw))
}

fn no_delay(text: &str) -> EvalError {
    let text = shorten(text);
    fail(
        format!("`{text}` 不是延迟，应如 `500ms` 或 `1.5s`。"),
        format!("`{text}` is no delay; write `500ms` or `1.5s`."),
    )
}
