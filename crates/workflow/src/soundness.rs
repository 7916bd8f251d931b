//! What can be proven of a workflow before any case runs.
//!
//! Every place a case can come to is explored, with the answers of facts and documents left open.
//! The term of the field is soundness: from every place a case can come to its end can still be
//! reached, no step is dead, nothing goes on for ever by itself.
//!
//! # Source
//!
//! docs/decisions/0009-proven-before-they-run.md; W. M. P. van der Aalst, "The Application of
//! Petri Nets to Workflow Management", 1998, section 3 (soundness).

mod bdd;
mod encode;
mod evidence;
mod explicit;
mod findings;
mod model;
mod places;
mod survey;
mod symbolic;
mod walk;

#[cfg(test)]
mod tests;

use groundbreak_statechart::Configuration;

use crate::{Diagnostic, Severity, Text, Witness, Workflow};
use evidence::Evidence;
use explicit::Search;
use model::Model;
use symbolic::Proof;
use walk::Node;

/// How many configurations are looked at one by one before all are taken at once.
const ONE_BY_ONE: usize = 2_000;

/// How far a proof goes before it says that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most configurations that are looked at one by one.
    pub configurations: usize,
    /// The most nodes of the diagrams that stand for sets of configurations.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            configurations: 200_000,
            nodes: 8_000_000,
        }
    }
}

/// Whether a case can still come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// It can, for instance so. The way is one that facts and documents may allow.
    Yes(Witness),
    /// It cannot, whatever anybody does.
    No,
    /// No way was found among this many configurations, and more were not looked at.
    NotProven {
        /// How many.
        explored: usize,
    },
}

impl Workflow {
    /// Tells whether a case that is in this configuration can still come to its end.
    ///
    /// Conditions on facts and documents are taken to have either answer; where the case is counts
    /// exactly. A configuration of another chart cannot complete.
    pub fn can_complete(&self, from: &Configuration, limits: &Limits) -> Completion {
        let model = Model::new(self);
        let start = Node {
            configuration: from.clone(),
            spent: Vec::new(),
        };
        match Search::new(&model).completion(start.clone(), &limits.one_by_one()) {
            Completion::NotProven { .. } => {}
            answer => return answer,
        }
        if let Some(answer) = Proof::completion(&model, &start, limits.nodes) {
            return answer;
        }
        Search::new(&model).completion(start, limits)
    }

    /// Tells whether a case can come to its end at all, from one of the places it can be in when
    /// it has been opened; as [`can_complete`](Self::can_complete).
    pub fn can_be_completed(&self, limits: &Limits) -> Completion {
        let model = Model::new(self);
        let mut explored = 0;
        for opening in walk::Walker::new(&model).openings() {
            if let walk::Outcome::Rest { node, .. } = opening.outcome {
                match self.can_complete(&node.configuration, limits) {
                    Completion::No => {}
                    Completion::NotProven { explored: more } => explored += more,
                    yes => return yes,
                }
            }
        }
        if explored == 0 {
            Completion::No
        } else {
            Completion::NotProven { explored }
        }
    }

    /// Explores every place a case can come to, and says what is wrong.
    ///
    /// Conditions on facts and documents are taken to have either answer; where the case is
    /// counts exactly; delays may be over at any time. A workflow that is not explored to its end
    /// within the limits is reported only for what was seen.
    pub fn soundness(&self, limits: &Limits) -> Soundness {
        let model = Model::new(self);
        let (survey, mut evidence) = evidence::gather(&model, limits);
        let findings = findings::findings(&model, &survey, &mut evidence);
        Soundness {
            configurations: survey.configurations,
            explored: survey.explored,
            complete: survey.complete,
            findings,
        }
    }
}

impl Soundness {
    /// Returns the findings that keep a definition from being published.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }

    /// Says how far the proof goes, as one clause.
    pub fn verdict(&self) -> Text {
        let number = grouped(self.configurations);
        let completes = !self
            .findings
            .iter()
            .any(|finding| matches!(finding.code, "cannot-complete" | "dead-end" | "livelock"));
        match (self.complete, completes) {
            (true, true) => Text::new(
                format!("每个办件都能办结（以事实与材料齐备为限）：已证 {number} 种处境"),
                format!(
                    "every case can be completed, as far as facts and documents allow: {number} configurations"
                ),
            ),
            (true, false) => Text::new(
                format!("有的办件办不结：共 {number} 种处境"),
                format!("not every case can be completed: {number} configurations"),
            ),
            (false, _) => Text::new(
                format!(
                    "未能证明都能办结：只看了 {} 种处境，其余未看",
                    self.explored
                ),
                format!(
                    "not proven beyond {} configurations that every case can be completed",
                    self.explored
                ),
            ),
        }
    }
}

/// Writes a number with its thousands apart.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl Limits {
    /// Returns the limits of a first, short look.
    fn one_by_one(self) -> Self {
        Self {
            configurations: self.configurations.min(ONE_BY_ONE),
            ..self
        }
    }
}

/// What is proven of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soundness {
    /// How many different configurations a case can be in, as far as was looked.
    pub configurations: u128,
    /// How many of them were looked at one by one.
    pub explored: usize,
    /// Whether there are no others. If not, nothing is proven beyond those.
    pub complete: bool,
    /// What is wrong, in the order of the text.
    pub findings: Vec<Diagnostic>,
}
