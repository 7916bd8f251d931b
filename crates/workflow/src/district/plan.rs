//! The work plan of a year and its clauses; the industry chains and the names of projects a district
//! goes by.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Text;
use crate::definition::Named;
use crate::source::At;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanDefinition {
    /// Title of the plan.
    pub(super) title: Text,
    /// The year it is for.
    pub(super) year: At<u32>,
    /// Its clauses, by the name rules refer to them with.
    pub(super) clauses: IndexMap<String, Text>,
}

/// The work plan of a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Its title.
    pub title: Text,
    /// The year it is for.
    pub year: u32,
    /// Its clauses.
    pub clauses: IndexMap<String, Text>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChainsDefinition {
    /// The fact that has a project's class of GB/T 4754.
    pub(super) industry: At<String>,
    /// Groups of chains, in the order screens show them.
    pub(super) groups: IndexMap<At<String>, Text>,
    /// Chains, by name.
    pub(super) list: Named<ChainDefinition>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChainDefinition {
    /// Title, as screens show it.
    pub(super) title: Text,
    /// The groups it belongs to.
    pub(super) groups: Vec<At<String>>,
    /// What the classes of GB/T 4754 that belong to it begin with: `C14`, `C3855`.
    pub(super) classes: Vec<At<String>>,
}

/// A local industry chain (产业链), a dimension apart from GB/T 4754.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Its title.
    pub title: Text,
    /// Titles of its groups.
    pub groups: Vec<Text>,
    /// What its classes begin with.
    pub classes: Vec<String>,
}

impl Chain {
    /// Tells whether a class of GB/T 4754 belongs to it. One class may belong to several chains.
    #[must_use]
    pub fn has(&self, class: &str) -> bool {
        self.classes
            .iter()
            .any(|begin| class.starts_with(begin.as_str()))
    }
}

/// Industry chains, and the fact that says what a project belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chains {
    /// The fact that has the class of a project.
    pub industry: String,
    /// Chains, by name.
    pub list: IndexMap<String, Chain>,
}
