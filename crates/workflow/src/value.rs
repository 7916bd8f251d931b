use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One fact about a case. There are no floats: money is integer yuan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a fact is text, true or false, or a whole number; an amount is whole yuan without a fraction, so 12.5万元 is 125000"
)]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A count, or an amount in yuan.
    Integer(i64),
    /// Everything else: words, dates (`2023-03-23`), identifiers.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

/// Facts by the name of their field.
pub type Data = BTreeMap<String, Value>;
