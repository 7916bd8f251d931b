//! Conditions on steps and gates, written in a part of CEL.
//!
//! A guard names facts (`data.fee`), where the case is (`at("review")`) and which documents are
//! there (`document("lease")`). It is checked once, when the workflow is compiled, and kept as a
//! tree in which every branch has its type. Evaluating it therefore cannot fail for a reason an
//! author could have been told: what remains is a fact nobody has given yet, and arithmetic.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::Text;

mod checker;
mod function;
mod names;
mod outline;
mod syntax;
mod tokens;
mod tree;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use outline::{Atom, Outline};
use tree::Condition;

/// The longest guard, in bytes.
pub(crate) const LENGTH_MAX: usize = 2048;

/// What a guard may name.
pub(crate) struct Scope<'a> {
    /// What a fact takes, if the workflow has it.
    pub(crate) fields: &'a dyn Fn(&str) -> Option<FactKind>,
    /// All facts, to suggest one from.
    pub(crate) field_names: Vec<String>,
    /// All states.
    pub(crate) state_names: Vec<String>,
    /// All documents.
    pub(crate) document_names: Vec<String>,
}

/// What a fact takes, as far as a guard can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    /// Yes or no.
    Bool,
    /// A whole number, or an amount in yuan.
    Int,
    /// Any words.
    Text,
    /// A date.
    Date,
    /// One of these.
    Choice(Vec<String>),
}

impl FactKind {
    fn kind(&self) -> GuardType {
        match self {
            Self::Bool => GuardType::Bool,
            Self::Int => GuardType::Int,
            Self::Text | Self::Date | Self::Choice(_) => GuardType::Text,
        }
    }
}

/// What a part of a guard stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GuardType {
    /// Yes or no.
    Bool,
    /// A whole number, or an amount in yuan.
    Int,
    /// Words, a choice, or a date: `2023-03-23` sorts as dates do.
    Text,
}

impl GuardType {
    fn zh(self) -> &'static str {
        match self {
            Self::Bool => "是/否值",
            Self::Int => "整数",
            Self::Text => "文字",
        }
    }

    fn en(self) -> &'static str {
        match self {
            Self::Bool => "a yes or no",
            Self::Int => "an integer",
            Self::Text => "a text",
        }
    }
}

/// One thing wrong with a guard, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuardFault {
    /// Stable; has a page in `docs/errors`.
    pub(crate) code: &'static str,
    /// Bytes of the guard.
    pub(crate) range: Range<usize>,
    /// What is wrong.
    pub(crate) message: Text,
    /// What the author can do, when there is one obvious thing.
    pub(crate) help: Option<Text>,
}

impl GuardFault {
    fn new(code: &'static str, range: Range<usize>, message: Text) -> Self {
        Self {
            code,
            range,
            message,
            help: None,
        }
    }

    /// A fault of form.
    fn syntax(range: Range<usize>, message: Text) -> Self {
        Self::new("guard-syntax", range, message)
    }

    /// A guard that goes beyond a bound.
    fn too_complex(range: Range<usize>, message: Text) -> Self {
        Self::new("guard-too-complex", range, message).with_help(Some(Text::new(
            "请拆成几个条件。",
            "Split it over several conditions.",
        )))
    }

    /// A guard that walks through a list: its cost would have no bound.
    fn comprehension(range: Range<usize>) -> Self {
        Self::new(
            "guard-comprehension",
            range,
            Text::new(
                "条件中不能逐项遍历。",
                "A condition does not go through lists.",
            ),
        )
        .with_help(Some(Text::new(
            "请用 `in` 与常量列表比较，如 `data.kind in [\"a\", \"b\"]`。",
            "Compare with a list of constants: `data.kind in [\"a\", \"b\"]`.",
        )))
    }

    #[must_use]
    fn with_help(mut self, help: Option<Text>) -> Self {
        self.help = help;
        self
    }
}

/// A condition that has been checked. Cloning it shares it.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Compiled>);

struct Compiled {
    source: String,
    condition: Condition,
}

impl Guard {
    /// Checks a guard against what it may name.
    ///
    /// # Errors
    ///
    /// Every fault found, in the order of the text. A guard whose form is wrong is reported for
    /// its form alone, since what it names cannot be known.
    pub(crate) fn compile(source: &str, scope: &Scope<'_>) -> Result<Self, Vec<GuardFault>> {
        let parsed = syntax::parse(source)?;
        let condition = checker::check(&parsed, scope)?;
        Ok(Self(Arc::new(Compiled {
            source: source.to_owned(),
            condition,
        })))
    }

    /// Returns the text as it was written.
    pub(crate) fn source(&self) -> &str {
        &self.0.source
    }

    /// Tells whether it is no more than `!unchanged("state")`.
    pub(crate) fn waits_for_change(&self) -> bool {
        self.0.condition.waits_for_change()
    }

    /// Tells whether its outcome can depend on this fact.
    pub(crate) fn reads(&self, field: &str) -> bool {
        self.0.condition.reads(field)
    }

    /// Returns when the condition can hold first, and the state it waits for: states are reached
    /// when `reached` says, facts and documents can be there from the beginning. `None`: it never
    /// holds, as far as states go.
    pub(crate) fn earliest(
        &self,
        reached: &dyn Fn(&str) -> Option<i64>,
    ) -> Option<(i64, Option<String>)> {
        self.0.condition.earliest(reached)
    }

    /// Tells whether the condition holds.
    ///
    /// When one side of `&&` is false, or one side of `||` is true, the other side does not
    /// matter, whichever comes first, even if it cannot be evaluated.
    ///
    /// # Errors
    ///
    /// [`GuardError::MissingField`] for a fact that is not known and that the guard does not ask
    /// about with `has()` first; [`GuardError::Arithmetic`] for a result beyond 64 bits or a
    /// division by zero; [`GuardError::Other`] for a fact that is not of its declared type.
    pub(crate) fn eval(&self, facts: &dyn GuardFacts) -> Result<bool, GuardError> {
        self.0.condition.eval(facts)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.source()).finish()
    }
}

/// What is known of a case when a guard is evaluated.
pub(crate) trait GuardFacts {
    /// Returns a fact, if it is known.
    fn field(&self, name: &str) -> Option<GuardValue>;
    /// Tells whether the case is in a state.
    fn in_state(&self, name: &str) -> bool;
    /// Tells whether a document is there.
    fn has_document(&self, name: &str) -> bool;
    /// Tells whether all that the opinion given in a state is bound to is as it was then.
    fn is_unchanged(&self, state: &str) -> bool;
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GuardValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number, or an amount in yuan.
    Int(i64),
    /// Everything else.
    Text(String),
}

impl GuardValue {
    fn kind(&self) -> GuardType {
        match self {
            Self::Bool(_) => GuardType::Bool,
            Self::Int(_) => GuardType::Int,
            Self::Text(_) => GuardType::Text,
        }
    }
}

/// Why a guard has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GuardError {
    /// The fact is not known.
    #[error("尚未填写 `{name}` / `{name}` is not known")]
    MissingField {
        /// The fact.
        name: String,
    },
    /// The result is beyond 64 bits, or something was divided by zero.
    #[error(
        "`{operator}` 的结果超出范围，或除数为零 / the result of `{operator}` is out of range, or its divisor is zero"
    )]
    Arithmetic {
        /// The operator.
        operator: &'static str,
    },
    /// The facts are not what the guard was checked against.
    #[error("{message}")]
    Other {
        /// What is wrong.
        message: Text,
    },
}
