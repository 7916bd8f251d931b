use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::CaseId;

/// Somebody, or something, that gives a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Stable identifier of the account, at most [`Actor::ID_LENGTH_MAX`] characters.
    pub id: String,
    /// Name as shown on screens and in the journal.
    pub name: String,
    /// Roles held, by the names that workflows use.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// Department, when the actor belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

impl Actor {
    /// The longest identifier of an account, in characters.
    pub const ID_LENGTH_MAX: usize = 64;
    /// The identifier under which timers act.
    pub const CLOCK_ID: &'static str = "clock";
    /// What the identifiers begin with under which cases act.
    pub const CASE_PREFIX: &'static str = "case/";

    /// Returns an actor with one role.
    pub fn new(id: impl Into<String>, name: impl Into<String>, role: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            roles: BTreeSet::from([role.into()]),
            department: None,
        }
    }

    /// Returns the actor that timers act as. It holds no role: what it may do follows from the
    /// timer it fires.
    pub fn clock() -> Self {
        Self {
            id: Self::CLOCK_ID.into(),
            name: Self::CLOCK_ID.into(),
            roles: BTreeSet::new(),
            department: None,
        }
    }

    /// Returns the actor that a case acts as towards another one. It holds no role: what it may
    /// send is what an event says that cases may.
    pub fn case(id: CaseId, number: impl Into<String>) -> Self {
        Self {
            id: format!("{}{id}", Self::CASE_PREFIX),
            name: number.into(),
            roles: BTreeSet::new(),
            department: None,
        }
    }

    /// Tells whether this is an actor that a case acts as.
    pub fn is_case(&self) -> bool {
        self.id.starts_with(Self::CASE_PREFIX)
    }

    /// Tells whether this is the actor that timers act as.
    pub fn is_clock(&self) -> bool {
        self.id == Self::CLOCK_ID
    }
}
