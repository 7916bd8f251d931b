//! What stands behind a case by rule: its task forces, and whether it goes first.

use serde::Serialize;

use crate::facts::Facts;
use crate::guard::Guard;
use crate::{Case, Text, Value, Workflow};

/// A task force that stands behind a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskForceFace {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// Who leads it, by post or organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<Text>,
    /// The organisations that belong to it.
    pub members: Vec<Text>,
}

impl Workflow {
    /// Returns the task forces that stand behind a case, by its facts and states as they are. A rule that asks for a fact nobody
    /// knows does not hold.
    #[must_use]
    pub fn task_forces_of(&self, case: &Case) -> Vec<TaskForceFace> {
        let behind = self.task_forces.iter().filter(|(_, force)| {
            let when = force.when.as_ref();
            when.is_none_or(|when| holds(when, case))
        });
        behind
            .map(|(name, force)| {
                let named = force
                    .lead_fact
                    .as_ref()
                    .and_then(|fact| case.data.get(fact));
                let named = named.map(Value::to_string);
                TaskForceFace {
                    name: name.clone(),
                    title: force.title.clone(),
                    lead: named
                        .map(|named| Text::new(named.clone(), named))
                        .or_else(|| force.lead.clone()),
                    members: force.members.clone(),
                }
            })
            .collect()
    }

    /// Tells whether a case goes first in queues (快车道), by its facts and states as they are.
    #[must_use]
    pub fn is_fast(&self, case: &Case) -> bool {
        self.fast_lane
            .as_ref()
            .is_some_and(|rule| holds(rule, case))
    }
}

/// Tells whether a condition holds for a case as it is; not, when it asks for a fact nobody knows.
pub(crate) fn holds(condition: &Guard, case: &Case) -> bool {
    let at = |state: &str| case.is_in(state);
    condition.eval(&Facts { case, at: &at }).unwrap_or(false)
}
