//! What the expressions of a session can see.

use std::sync::Arc;

use groundbreak_statechart::Configuration;

use crate::actor::{session_address, session_name};
use crate::evaluate::{Scope, Variable};
use crate::machine::Machine;
use crate::memory::Memory;
use crate::message::{Message, PROCESSOR};
use crate::value::{TooLarge, Value};

/// What the expressions of a session can see.
pub(super) struct Sight<'a> {
    pub(super) number: usize,
    pub(super) machine: &'a Machine,
    pub(super) memory: &'a Memory,
    pub(super) active: &'a Configuration,
}

impl Sight<'_> {
    /// Returns a variable that the processor keeps. Without a name it has no value.
    fn system(&self, name: &str) -> Result<Option<Value>, TooLarge> {
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
        let state = self.machine.chart.state(state);
        state.is_some_and(|state| self.active.is_in(state))
    }
}
