//! What a session keeps from one step to the next, besides its configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Text;
use crate::document::Invoke;
use crate::evaluate::{EvalError, Evaluator, Variable, fail, index, no_part};
use crate::expression::{Location, Step};
use crate::message::Message;
use crate::place::Place;
use crate::value::Value;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// What the author calls it.
    pub label: String,
    /// What it shows.
    pub text: String,
}

/// Something that could not be done, and raised an error event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The event that was raised: `error.execution` or `error.communication`.
    pub event: &'static str,
    /// Where in the document, if the author wrote what failed.
    pub place: Place,
    /// What failed.
    pub message: Text,
}

/// What a session keeps from one step to the next.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) variables: Variables,
    /// The event taken last.
    pub(crate) event: Option<Message>,
    /// What runs because a state is active.
    pub(crate) invoked: Vec<Running>,
    /// States that were entered and may have something to invoke.
    pub(crate) wanted: BTreeSet<usize>,
    /// States that have been entered before.
    pub(crate) visited: BTreeSet<usize>,
    /// Who invoked this session, until it is cancelled.
    pub(crate) parent: Option<Parent>,
    /// The values its variables begin with instead of those in the document.
    pub(crate) given: BTreeMap<Arc<str>, Value>,
    /// What the event carries that says that this session is done.
    pub(crate) result: Value,
    pub(crate) log: Vec<LogLine>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) ids: u64,
}

/// Who invoked a session.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    pub(crate) session: usize,
    pub(crate) invoke_id: Arc<str>,
    /// How many sessions are above.
    pub(crate) depth: usize,
}

/// A session that runs because a state is active.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) state: usize,
    pub(crate) id: Arc<str>,
    pub(crate) session: usize,
    pub(crate) invoke: Arc<Invoke>,
}

impl Memory {
    /// Returns an id that the session has not given before.
    pub(crate) fn new_id(&mut self, prefix: &str) -> Arc<str> {
        self.ids += 1;
        format!("{prefix}.{}", self.ids).into()
    }
}

/// The variables of a session. One that is declared may have no value yet.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    values: BTreeMap<Arc<str>, Option<Value>>,
}

impl Variables {
    /// Brings a variable into being, if there is none of this name.
    pub(crate) fn declare(&mut self, name: &str) {
        if !self.values.contains_key(name) {
            self.values.insert(name.into(), None);
        }
    }

    pub(crate) fn is_declared(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(crate) fn get(&self, name: &str) -> Variable {
        match self.values.get(name) {
            None => Variable::Undeclared,
            Some(None) => Variable::Unbound,
            Some(Some(value)) => Variable::Bound(value.clone()),
        }
    }

    /// Gives a variable a value; declares it if it is new.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.into(), Some(value));
    }

    /// Returns the variables that have values.
    pub(crate) fn bound(&self) -> BTreeMap<Arc<str>, Value> {
        let bound = self.values.iter();
        bound
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
            .collect()
    }
}

/// Returns what a variable becomes when a part of it is replaced.
///
/// # Errors
///
/// The location does not exist; only the last step may name a new entry of a map.
pub(crate) fn replaced<'a>(
    location: &'a Location,
    old: &Variable,
    new: Value,
    evaluator: &mut Evaluator<'a>,
) -> Result<Value, EvalError> {
    let Variable::Bound(old) = old else {
        return Err(fail(
            format!("`{}` 尚无值，不能只改其中一部分。", location.root),
            format!(
                "`{}` has no value yet of which a part could be set.",
                location.root
            ),
        ));
    };
    let mut keys = Vec::new();
    for step in &location.path {
        keys.push(match step {
            Step::Name(name) => Value::text(name.clone())?,
            Step::Index(node) => evaluator.value(node)?,
        });
    }
    // From the outermost in, the values that the new one lies in.
    let mut holders = vec![old.clone()];
    for key in keys.iter().take(keys.len().saturating_sub(1)) {
        let inner = match holders.last() {
            Some(holder) => index(holder, key)?,
            None => break,
        };
        holders.push(inner);
    }
    let mut value = new;
    for (holder, key) in holders.iter().zip(&keys).rev() {
        value = with_part(holder, key, value)?;
    }
    Ok(value)
}

fn with_part(holder: &Value, key: &Value, part: Value) -> Result<Value, EvalError> {
    match (holder, key) {
        (Value::Map(map), Value::Text(name)) => {
            let mut entries = map.entries().clone();
            entries.insert(name.clone(), part);
            Ok(Value::map(entries)?)
        }
        (Value::List(list), Value::Int(at)) => {
            let mut items = list.items().to_vec();
            let slot = usize::try_from(*at).ok().and_then(|at| items.get_mut(at));
            *slot.ok_or_else(|| no_part(holder, &at.to_string()))? = part;
            Ok(Value::list(items)?)
        }
        _ => Err(no_part(holder, &key.display())),
    }
}
