//! What a session invokes.

use std::collections::BTreeMap;
use std::sync::Arc;

use groundbreak_statechart::Configuration;

use crate::Text;
use crate::actor::content::not_given;
use crate::actor::{Actor, Effect, Exhausted, Halt};
use crate::document::{Identity, Invoke, Invoked};
use crate::evaluate::fail;
use crate::interpreter::SESSIONS_MAX;
use crate::machine::Machine;
use crate::memory::{Parent, Running};
use crate::message::Message;
use crate::text::shorten;
use crate::value::Value;

/// How many sessions may have invoked one another in a row.
const DEPTH_MAX: usize = 8;

/// A session to start.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) machine: Arc<Machine>,
    pub(crate) parent: Parent,
    pub(crate) given: BTreeMap<Arc<str>, Value>,
}

/// How an SCXML document is called in `type`.
const KINDS: [&str; 3] = [
    "http://www.w3.org/TR/scxml/",
    "http://www.w3.org/TR/scxml",
    "scxml",
];

impl Actor<'_> {
    /// Invokes what the states want that were entered and are still active.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, section 6.4, and appendix D, `mainEventLoop`.
    pub(crate) fn invoke_wanted(&mut self, active: &Configuration) -> Result<(), Exhausted> {
        let machine = self.machine;
        for state in std::mem::take(&mut self.memory.wanted) {
            let invokes = machine
                .extras
                .get(state)
                .map(|extra| extra.invokes.as_slice());
            for (invoke, inline) in invokes.unwrap_or_default() {
                if let Err(halt) = self.invoke(state, invoke, inline.as_ref(), active) {
                    self.complain(halt, "invoke", invoke.place)?;
                }
            }
        }
        Ok(())
    }

    fn invoke(
        &mut self,
        state: usize,
        invoke: &Arc<Invoke>,
        inline: Option<&Arc<Machine>>,
        active: &Configuration,
    ) -> Result<(), Halt> {
        let chart = &self.machine.chart;
        let name = chart
            .states()
            .nth(state)
            .map_or("", |state| chart.name(state));
        let id = match &invoke.id {
            Identity::Given(id) => id.clone(),
            Identity::None => self.memory.new_id(name),
            Identity::Kept(location) => {
                let id = self.memory.new_id(name);
                self.assign(location, Value::text(id.clone())?, active)?;
                id
            }
        };
        if let Some(kind) = &invoke.kind {
            let kind = self.word(kind, active)?;
            if !KINDS.contains(&&*kind) {
                let kind = shorten(&kind);
                return Err(fail(
                    format!("不支持启动 `{kind}`。"),
                    format!("Nothing of the kind `{kind}` can be invoked."),
                )
                .into());
            }
        }
        let machine = self.invoked(&invoke.source, inline, active)?;
        let (data, _) = self.payload(&invoke.payload, active)?;
        let given = match data {
            Value::Map(map) => map.entries().clone(),
            _ => BTreeMap::new(),
        };
        let session = self.next_session()?;
        let depth = self.memory.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
        if depth > DEPTH_MAX {
            return Err(fail(
                format!("启动的会话嵌套超过 {DEPTH_MAX} 层。"),
                format!("Sessions invoke one another more than {DEPTH_MAX} deep."),
            )
            .into());
        }
        self.memory.invoked.push(Running {
            state,
            id: id.clone(),
            session,
            invoke: invoke.clone(),
        });
        self.effects.push(Effect::Start(Box::new(Started {
            machine,
            parent: Parent {
                session: self.number,
                invoke_id: id,
                depth,
            },
            given,
        })));
        Ok(())
    }

    /// Returns the number that the next session will have.
    fn next_session(&self) -> Result<usize, Halt> {
        let starting = self
            .effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Start(_)));
        let next = self.world.sessions.get() + starting.count();
        if next >= SESSIONS_MAX {
            return Err(fail(
                format!("会话超过 {SESSIONS_MAX} 个。"),
                format!("There are more than {SESSIONS_MAX} sessions."),
            )
            .into());
        }
        Ok(next)
    }

    fn invoked(
        &self,
        source: &Invoked,
        inline: Option<&Arc<Machine>>,
        active: &Configuration,
    ) -> Result<Arc<Machine>, Halt> {
        let text: Arc<str> = match source {
            Invoked::Inline(_) => match inline {
                Some(machine) => return Ok(machine.clone()),
                None => return Err(nothing()),
            },
            Invoked::Nothing => return Err(nothing()),
            Invoked::Computed(expression) => match self.value(expression, active)? {
                Value::Text(text) => text,
                _ => return Err(nothing()),
            },
            Invoked::Address(address) => {
                let address = self.word(address, active)?;
                let documents = &self.world.documents;
                documents
                    .get(&address)
                    .ok_or_else(|| not_given(&address))?
                    .into()
            }
        };
        // A chart takes several times the memory of its text.
        self.world.work.spend(4 * text.len())?;
        Machine::read(&text, &self.world.documents).map_err(|faults| {
            let fault = faults.into_iter().next();
            let text = fault.map_or_else(
                || Text::new("", ""),
                |fault| {
                    let (line, column) = (fault.place.line, fault.place.column);
                    Text::new(
                        format!(
                            "要启动的文档第 {line} 行第 {column} 列：{}",
                            fault.message.zh
                        ),
                        format!(
                            "The document to invoke, line {line}, column {column}: {}",
                            fault.message.en
                        ),
                    )
                },
            );
            Halt::Failed {
                text,
                event: "error.communication",
                send_id: None,
            }
        })
    }

    /// Ends what a state invoked: the state is left.
    pub(super) fn leave(&mut self, state: usize) {
        self.memory.wanted.remove(&state);
        let running = std::mem::take(&mut self.memory.invoked);
        let (over, going_on) = running
            .into_iter()
            .partition(|running| running.state == state);
        self.memory.invoked = going_on;
        let over: Vec<Running> = over;
        self.effects
            .extend(over.into_iter().map(|running| Effect::End(running.session)));
    }

    /// Runs what is to be run before an external event is taken, and hands copies on.
    pub(crate) fn receive(
        &mut self,
        message: &Message,
        active: &Configuration,
    ) -> Result<(), Exhausted> {
        self.memory.event = Some(message.clone());
        for running in self.memory.invoked.clone() {
            if message.invoke_id.as_ref() == Some(&running.id) {
                self.block(&running.invoke.finalize, active)?;
            }
            if running.invoke.autoforward && self.world.alive.contains(&running.session) {
                self.count_event()?;
                self.effects.push(Effect::Deliver {
                    to: running.session,
                    message: message.clone(),
                    delay_ms: 0,
                    send_id: None,
                });
            }
        }
        Ok(())
    }
}

fn nothing() -> Halt {
    fail("没有可启动的文档。", "There is no document to invoke.").into()
}
