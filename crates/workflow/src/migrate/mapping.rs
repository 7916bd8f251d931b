use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::form::{self, Read};
use crate::schema::MAPPING;
use crate::source::{check_length, parse};
use crate::suggest::nearest;
use crate::{Data, Diagnostic, Refusal, StateKind, Text, Workflow};

/// What an operator says about what two versions of a workflow do not share. Whatever has the same
/// name in both needs no line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// States of the old version, each with the state of the new one that takes its place. What was
    /// known of it is known of that one: when it was entered, above all.
    pub states: BTreeMap<String, String>,
    /// States of the old version, with all that lies in them, that nothing takes the place of.
    pub drop: BTreeSet<String>,
    /// Roles of the old version, each with the role of the new one that it is. Separation of duties
    /// rests on it.
    pub roles: BTreeMap<String, String>,
    /// Facts of the old version that no longer count. They stay in the journal.
    pub forget: BTreeSet<String>,
    /// Facts for cases that lack them, or have something there that the new version does not take.
    pub set: Data,
}

/// Why a mapping does not fit the versions, or the versions each other. No case was looked at.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.text())]
pub enum MigrationFault {
    /// A definition does not have this name.
    UnknownName {
        /// What it is to be the name of.
        what: Text,
        /// The name.
        name: String,
        /// The version that does not have it; the newest of those that cases come from.
        version: u32,
        /// A name it may have meant.
        suggestion: Option<String>,
    },
    /// A name has two lines that cannot both hold, or what it is mapped to cannot take its place.
    Contradiction {
        /// The name.
        name: String,
        /// Why not.
        problem: Text,
    },
    /// The version to move to is not higher.
    NotNewer {
        /// The version that cases come from.
        from: u32,
        /// The version they are to move to.
        to: u32,
    },
    /// The versions are of different workflows.
    OtherWorkflow {
        /// The one.
        from: String,
        /// The other.
        to: String,
    },
    /// A fact given is not one of the new version, or not what its field takes.
    Fact(#[from] Refusal),
}

impl MigrationFault {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownName { .. } => "mapping-unknown-name",
            Self::Contradiction { .. } => "mapping-contradiction",
            Self::NotNewer { .. } => "migration-not-newer",
            Self::OtherWorkflow { .. } => "migration-other-workflow",
            Self::Fact(refusal) => refusal.code(),
        }
    }

    /// Returns what is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::UnknownName {
                what,
                name,
                version,
                suggestion,
            } => {
                let (zh, en) = match suggestion {
                    Some(meant) => (
                        format!("是否指“{meant}”？"),
                        format!("Did you mean \"{meant}\"?"),
                    ),
                    None => ("请核对名称。".to_owned(), "Check the name.".to_owned()),
                };
                Text::new(
                    format!("第 {version} 版没有{}“{name}”。{zh}", what.zh),
                    format!("Version {version} has no {} \"{name}\". {en}", what.en),
                )
            }
            Self::Contradiction { name, problem } => Text::new(
                format!("“{name}”的对应关系有误：{}", problem.zh),
                format!("The mapping of \"{name}\" is not right: {}", problem.en),
            ),
            Self::NotNewer { from, to } => Text::new(
                format!(
                    "第 {to} 版不高于办件所在的第 {from} 版。确需迁回旧版，请明确要求（--backwards）。"
                ),
                format!(
                    "Version {to} is not higher than version {from}, which the cases are on. To move them back, ask for it (--backwards)."
                ),
            ),
            Self::OtherWorkflow { from, to } => Text::new(
                format!("{from} 与 {to} 不是同一流程，办件不能互迁。请另开新件。"),
                format!(
                    "{from} and {to} are two workflows: no case moves from one to the other. Open a new case."
                ),
            ),
            Self::Fact(refusal) => refusal.text(),
        }
    }
}

/// What a name of a mapping is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Named {
    State,
    Role,
    Field,
}

impl Named {
    fn text(self) -> Text {
        match self {
            Self::State => Text::new("环节", "state"),
            Self::Role => Text::new("角色", "role"),
            Self::Field => Text::new("信息项", "field"),
        }
    }

    fn of(self, workflow: &Workflow) -> Vec<&str> {
        match self {
            Self::State => workflow.states.keys().map(String::as_str).collect(),
            Self::Role => workflow.roles.keys().map(String::as_str).collect(),
            Self::Field => workflow.fields.keys().map(String::as_str).collect(),
        }
    }
}

impl Mapping {
    /// Reads a mapping from YAML.
    ///
    /// # Errors
    ///
    /// Every fault of form, each in its place.
    pub fn read(source: &str) -> Result<Self, Vec<Diagnostic>> {
        check_length(source)?;
        let tree = parse(source, 0..source.len())?;
        let read: Read<Self> = form::read(&MAPPING, tree)?;
        if read.faults.is_empty() {
            Ok(read.value)
        } else {
            Err(read.faults)
        }
    }

    /// Checks every name against the versions that cases come from, and the one they move to.
    pub(super) fn check(&self, from: &[&Workflow], to: &Workflow) -> Result<(), MigrationFault> {
        for (old, new) in &self.states {
            known(Named::State, old, from)?;
            known(Named::State, new, &[to])?;
            self.check_line(old, new, from, to)?;
        }
        for state in &self.drop {
            known(Named::State, state, from)?;
        }
        for (old, new) in &self.roles {
            known(Named::Role, old, from)?;
            known(Named::Role, new, &[to])?;
        }
        for field in &self.forget {
            known(Named::Field, field, from)?;
        }
        to.accept_data(&self.set)?;
        Ok(())
    }

    fn check_line(
        &self,
        old: &str,
        new: &str,
        from: &[&Workflow],
        to: &Workflow,
    ) -> Result<(), MigrationFault> {
        let contradiction = |problem| MigrationFault::Contradiction {
            name: old.to_owned(),
            problem,
        };
        if self.drop.contains(old) {
            return Err(contradiction(Text::new(
                "同时写了去向和舍弃。请只留一项。",
                "it is mapped and dropped. Keep one of the two.",
            )));
        }
        let is_history = |workflow: &Workflow, state: &str| {
            let state = workflow.states.get(state);
            state.map(|state| state.kind == StateKind::History)
        };
        let new_is = is_history(to, new);
        let differs =
            |workflow: &&Workflow| is_history(workflow, old).is_some_and(|old| Some(old) != new_is);
        if from.iter().any(differs) {
            return Err(contradiction(Text::new(
                format!("历史状态只能对应历史状态，“{new}”不是同类。"),
                format!(
                    "a history state maps to a history state and nothing else does; \"{new}\" is of the other kind."
                ),
            )));
        }
        Ok(())
    }
}

/// Some version has to have the name.
fn known(what: Named, name: &str, versions: &[&Workflow]) -> Result<(), MigrationFault> {
    if versions
        .iter()
        .any(|workflow| what.of(workflow).contains(&name))
    {
        return Ok(());
    }
    let newest = versions.iter().max_by_key(|workflow| workflow.version);
    Err(MigrationFault::UnknownName {
        what: what.text(),
        name: name.to_owned(),
        version: newest.map_or(0, |workflow| workflow.version),
        suggestion: newest
            .and_then(|workflow| nearest(name, what.of(workflow)))
            .map(str::to_owned),
    })
}
