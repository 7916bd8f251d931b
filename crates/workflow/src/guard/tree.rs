use std::cmp::Ordering;

use super::{GuardError, GuardFacts, GuardType, GuardValue};
use crate::Text;

/// A branch that is true or false.
#[derive(Debug)]
pub(super) enum Condition {
    Constant(bool),
    Field(String),
    Known(String),
    At(String),
    Document(String),
    Unchanged(String),
    Not(Box<Condition>),
    Both(Box<[Condition; 2]>),
    Either(Box<[Condition; 2]>),
    Choose(Box<Choice<Condition>>),
    CompareConditions(Relation, Box<[Condition; 2]>),
    CompareNumbers(Relation, Box<[Number; 2]>),
    CompareWords(Relation, Box<[Words; 2]>),
    AmongConditions(Box<Condition>, Vec<GuardValue>),
    AmongNumbers(Box<Number>, Vec<GuardValue>),
    AmongWords(Box<Words>, Vec<GuardValue>),
    StartsWith(Box<[Words; 2]>),
    EndsWith(Box<[Words; 2]>),
    Contains(Box<[Words; 2]>),
}

/// A branch that is a whole number.
#[derive(Debug)]
pub(super) enum Number {
    Constant(i64),
    Field(String),
    Size(Box<Words>),
    Negate(Box<Number>),
    Arithmetic(Operation, Box<[Number; 2]>),
    Choose(Box<Choice<Number>>),
}

/// A branch that is text.
#[derive(Debug)]
pub(super) enum Words {
    Constant(String),
    Field(String),
    Choose(Box<Choice<Words>>),
}

/// `when ? then : otherwise`.
#[derive(Debug)]
pub(super) struct Choice<T> {
    pub(super) when: Condition,
    pub(super) then: T,
    pub(super) otherwise: T,
}

impl<T> Choice<T> {
    fn pick(&self, facts: &dyn GuardFacts) -> Result<&T, GuardError> {
        Ok(if self.when.eval(facts)? {
            &self.then
        } else {
            &self.otherwise
        })
    }
}

impl Condition {
    /// Tells whether it is no more than `!unchanged("state")`.
    pub(super) fn waits_for_change(&self) -> bool {
        matches!(self, Self::Not(inner) if matches!(&**inner, Self::Unchanged(_)))
    }

    /// Tells whether its outcome can depend on this fact.
    pub(super) fn reads(&self, field: &str) -> bool {
        match self {
            Self::Constant(_) | Self::At(_) | Self::Document(_) | Self::Unchanged(_) => false,
            Self::Field(name) | Self::Known(name) => name == field,
            Self::Not(inner) | Self::AmongConditions(inner, _) => inner.reads(field),
            Self::Both(sides) | Self::Either(sides) | Self::CompareConditions(_, sides) => {
                sides.iter().any(|side| side.reads(field))
            }
            Self::Choose(choice) => {
                choice.when.reads(field)
                    || choice.then.reads(field)
                    || choice.otherwise.reads(field)
            }
            Self::CompareNumbers(_, sides) => sides.iter().any(|side| side.reads(field)),
            Self::AmongNumbers(inner, _) => inner.reads(field),
            Self::AmongWords(inner, _) => inner.reads(field),
            Self::CompareWords(_, sides)
            | Self::StartsWith(sides)
            | Self::EndsWith(sides)
            | Self::Contains(sides) => sides.iter().any(|side| side.reads(field)),
        }
    }
}

impl Condition {
    /// Returns when it can hold first, and the state it waits for. What is negated can hold before
    /// anything is reached.
    pub(super) fn earliest(
        &self,
        reached: &dyn Fn(&str) -> Option<i64>,
    ) -> Option<(i64, Option<String>)> {
        match self {
            Self::Constant(false) => None,
            Self::At(state) => Some((reached(state)?, Some(state.clone()))),
            Self::Both(sides) => {
                let [left, right] = &**sides;
                let (left, right) = (left.earliest(reached)?, right.earliest(reached)?);
                Some(if right.0 > left.0 { right } else { left })
            }
            Self::Either(sides) => {
                let sides = sides.iter().filter_map(|side| side.earliest(reached));
                sides.min_by_key(|(after, _)| *after)
            }
            Self::Choose(choice) => {
                let sides = [&choice.then, &choice.otherwise].into_iter();
                let sides = sides.filter_map(|side| side.earliest(reached));
                sides.min_by_key(|(after, _)| *after)
            }
            _ => Some((0, None)),
        }
    }
}

impl Number {
    fn reads(&self, field: &str) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Field(name) => name == field,
            Self::Size(words) => words.reads(field),
            Self::Negate(inner) => inner.reads(field),
            Self::Arithmetic(_, sides) => sides.iter().any(|side| side.reads(field)),
            Self::Choose(choice) => {
                choice.when.reads(field)
                    || choice.then.reads(field)
                    || choice.otherwise.reads(field)
            }
        }
    }
}

impl Words {
    fn reads(&self, field: &str) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Field(name) => name == field,
            Self::Choose(choice) => {
                choice.when.reads(field)
                    || choice.then.reads(field)
                    || choice.otherwise.reads(field)
            }
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// What is done to two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operation {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// Division cuts towards zero and a remainder has the sign of what is divided, as CEL wants.
    fn apply(self, left: i64, right: i64) -> Result<i64, GuardError> {
        let result = match self {
            Self::Add => left.checked_add(right),
            Self::Subtract => left.checked_sub(right),
            Self::Multiply => left.checked_mul(right),
            Self::Divide => left.checked_div(right),
            Self::Remainder => left.checked_rem(right),
        };
        result.ok_or(GuardError::Arithmetic {
            operator: self.sign(),
        })
    }
}

impl Condition {
    pub(super) fn eval(&self, facts: &dyn GuardFacts) -> Result<bool, GuardError> {
        match self {
            Self::Constant(value) => Ok(*value),
            Self::Field(name) => match known(name, facts)? {
                GuardValue::Bool(value) => Ok(value),
                other => Err(mistyped(name, GuardType::Bool, &other)),
            },
            Self::Known(name) => Ok(facts.field(name).is_some()),
            Self::At(state) => Ok(facts.in_state(state)),
            Self::Document(name) => Ok(facts.has_document(name)),
            Self::Unchanged(state) => Ok(facts.is_unchanged(state)),
            Self::Not(inner) => inner.eval(facts).map(|value| !value),
            Self::Both(sides) => decide(sides, facts, false),
            Self::Either(sides) => decide(sides, facts, true),
            Self::Choose(choice) => choice.pick(facts)?.eval(facts),
            Self::CompareConditions(relation, sides) => {
                let [left, right] = &**sides;
                Ok(relation.holds(left.eval(facts)?.cmp(&right.eval(facts)?)))
            }
            Self::CompareNumbers(relation, sides) => {
                let [left, right] = &**sides;
                Ok(relation.holds(left.eval(facts)?.cmp(&right.eval(facts)?)))
            }
            Self::CompareWords(relation, sides) => {
                on_words(sides, facts, |left, right| relation.holds(left.cmp(right)))
            }
            Self::AmongConditions(item, list) => {
                Ok(list.contains(&GuardValue::Bool(item.eval(facts)?)))
            }
            Self::AmongNumbers(item, list) => {
                Ok(list.contains(&GuardValue::Int(item.eval(facts)?)))
            }
            Self::AmongWords(item, list) => Ok(list.contains(&GuardValue::Text(item.eval(facts)?))),
            Self::StartsWith(sides) => {
                on_words(sides, facts, |whole, part| whole.starts_with(part))
            }
            Self::EndsWith(sides) => on_words(sides, facts, |whole, part| whole.ends_with(part)),
            Self::Contains(sides) => on_words(sides, facts, |whole, part| whole.contains(part)),
        }
    }
}

/// Evaluates `&&` (`settles` is false) or `||` (`settles` is true).
///
/// A side that settles the answer does so even when the other side has none: CEL promises this
/// for both orders, so that `data.fee > 0 || !has(data.fee)` reads as it is meant.
fn decide(
    sides: &[Condition; 2],
    facts: &dyn GuardFacts,
    settles: bool,
) -> Result<bool, GuardError> {
    let [left, right] = sides;
    let left = left.eval(facts);
    if left == Ok(settles) {
        return left;
    }
    let right = right.eval(facts);
    if right == Ok(settles) {
        right
    } else {
        left.and(right)
    }
}

fn on_words(
    sides: &[Words; 2],
    facts: &dyn GuardFacts,
    test: impl Fn(&str, &str) -> bool,
) -> Result<bool, GuardError> {
    let [left, right] = sides;
    Ok(test(&left.eval(facts)?, &right.eval(facts)?))
}

impl Number {
    fn eval(&self, facts: &dyn GuardFacts) -> Result<i64, GuardError> {
        match self {
            Self::Constant(value) => Ok(*value),
            Self::Field(name) => match known(name, facts)? {
                GuardValue::Int(value) => Ok(value),
                other => Err(mistyped(name, GuardType::Int, &other)),
            },
            Self::Size(words) => {
                let characters = words.eval(facts)?.chars().count();
                i64::try_from(characters).map_err(|_| GuardError::Arithmetic { operator: "size" })
            }
            Self::Negate(inner) => inner
                .eval(facts)?
                .checked_neg()
                .ok_or(GuardError::Arithmetic { operator: "-" }),
            Self::Arithmetic(operation, sides) => {
                let [left, right] = &**sides;
                operation.apply(left.eval(facts)?, right.eval(facts)?)
            }
            Self::Choose(choice) => choice.pick(facts)?.eval(facts),
        }
    }
}

impl Words {
    fn eval(&self, facts: &dyn GuardFacts) -> Result<String, GuardError> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Field(name) => match known(name, facts)? {
                GuardValue::Text(value) => Ok(value),
                other => Err(mistyped(name, GuardType::Text, &other)),
            },
            Self::Choose(choice) => choice.pick(facts)?.eval(facts),
        }
    }
}

fn known(name: &str, facts: &dyn GuardFacts) -> Result<GuardValue, GuardError> {
    facts.field(name).ok_or_else(|| GuardError::MissingField {
        name: name.to_owned(),
    })
}

fn mistyped(name: &str, declared: GuardType, found: &GuardValue) -> GuardError {
    let found = found.kind();
    GuardError::Other {
        message: Text::new(
            format!("`{name}` 应为{}，实为{}", declared.zh(), found.zh()),
            format!(
                "`{name}` is declared as {} but holds {}",
                declared.en(),
                found.en()
            ),
        ),
    }
}
