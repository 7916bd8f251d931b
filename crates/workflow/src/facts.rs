//! What guards can ask about a case.

use crate::guard::{GuardFacts, GuardValue};
use crate::{Case, Value};

/// A case, in the states that `at` tells: within a step they are not yet those of the case.
pub(crate) struct Facts<'a> {
    pub(crate) case: &'a Case,
    pub(crate) at: &'a dyn Fn(&str) -> bool,
}

impl GuardFacts for Facts<'_> {
    fn field(&self, name: &str) -> Option<GuardValue> {
        self.case.data.get(name).map(|value| match value {
            Value::Boolean(value) => GuardValue::Bool(*value),
            Value::Integer(value) => GuardValue::Int(*value),
            Value::Text(value) => GuardValue::Text(value.clone()),
        })
    }

    fn in_state(&self, name: &str) -> bool {
        (self.at)(name)
    }

    fn has_document(&self, name: &str) -> bool {
        self.case.has_document(name)
    }

    fn is_unchanged(&self, state: &str) -> bool {
        self.case.is_unchanged(state)
    }
}
