//! Measures: figures over cases, defined as data.
//!
//! A measure says which cases it is about (its [`Population`]), which of them it takes (its
//! filter), what it makes of them ([`MeasureValue`]) and how that is said ([`Saying`]). It is
//! compiled once against the workflow it counts; the crate `audit` computes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::guard::{Guard, GuardError};
use crate::source::At;
use crate::{Case, Text};

mod compile;
mod saying;

pub use compile::compile_measures;
pub(crate) use compile::guard_of;
pub use saying::{Quantity, Saying, SayingUnit, SayingWord};

/// A figure over cases, as it is written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureDefinition {
    /// Name of the measure: lower-case words joined by hyphens.
    measure: At<String>,
    /// Title, as reports show it.
    title: Text,
    /// What is counted and what is not (口径), in words.
    calibre: Text,
    /// The workflow whose cases are counted.
    workflow: At<String>,
    /// Cases that had reached one of these states by the end of the cut-off date.
    #[serde(default)]
    reached: Vec<At<String>>,
    /// Cases that were in one of these states at the end of the cut-off date.
    #[serde(default)]
    at: Vec<At<String>>,
    /// The last day that counts, where the workflow is at home: `2023-04-20`.
    cut_off: At<String>,
    /// Which of the cases are taken, in CEL. All when left out.
    #[serde(default)]
    filter: Option<At<String>>,
    /// What is made of them.
    value: At<MeasureValue>,
    /// The fact that is added up, an amount of money: for `sum`, `share_by_amount` and `progress`.
    #[serde(default)]
    amount: Option<At<String>>,
    /// The measure that is the whole: for `share_by_count` and `share_by_amount`.
    #[serde(default)]
    of: Option<At<String>>,
    /// The target in whole yuan: for `progress`.
    #[serde(default)]
    target: Option<At<i64>>,
    /// From the first time a case entered one of these states its time is counted, to when it reached one of
    /// `reached`: for `shortest`, `median` and `longest`.
    #[serde(default)]
    since: Vec<At<String>>,
    /// Measures that together are this one: every case is in exactly one of them.
    #[serde(default)]
    parts: Vec<At<String>>,
    /// How the figure is said.
    #[serde(default)]
    say: Option<SayingDefinition>,
}

/// How a figure is said.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SayingDefinition {
    /// The unit of an amount, 亿元 when left out, or of a time, days when left out.
    #[serde(default)]
    unit: Option<At<SayingUnit>>,
    /// Decimals, from -6 to 6: with -1 the figure is said in tens. None when left out, one for
    /// shares.
    #[serde(default)]
    digits: Option<At<i8>>,
    /// The word before or behind it.
    #[serde(default)]
    word: Option<SayingWord>,
    /// The number that is said with the word, in the unit. It must be true of the figure. Computed
    /// from the figure when left out.
    #[serde(default)]
    number: Option<At<i64>>,
}

/// What a measure makes of its cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureValue {
    /// How many there are.
    Count,
    /// What a fact of theirs comes to.
    Sum,
    /// Their number in that of another measure.
    ShareByCount,
    /// Their amount in that of another measure.
    ShareByAmount,
    /// Their amount in a target.
    Progress,
    /// The shortest time from `since` to `reached`.
    Shortest,
    /// The time that half of them took at most; of two in the middle the longer.
    Median,
    /// The longest time from `since` to `reached`.
    Longest,
}

impl MeasureValue {
    /// Whether it is a time.
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Shortest | Self::Median | Self::Longest)
    }
}

/// The cases a measure is about. Figures over different populations are never added up or divided:
/// a project signed, a project landed and a project shown at an event are three things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Population {
    /// Name of the workflow.
    pub workflow: String,
    /// How the states below are meant.
    pub when: PopulationWhen,
    /// The states, sorted.
    pub states: Vec<String>,
    /// The last day that counts, `2023-04-20`, where the workflow is at home.
    pub cut_off: String,
}

/// How the states of a population are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PopulationWhen {
    /// The case had entered one of them by the end of the cut-off date.
    Reached,
    /// The case was in one of them at the end of the cut-off date.
    At,
}

/// A measure that has compiled.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// What is counted and what is not (口径).
    pub calibre: Text,
    /// The cases it is about.
    pub population: Population,
    /// The titles of the population's states, in the same order.
    pub state_titles: Vec<Text>,
    /// What it makes of them.
    pub value: MeasureValue,
    /// The fact that is added up.
    pub amount: Option<String>,
    /// The measure that is the whole.
    pub of: Option<String>,
    /// The target in whole yuan.
    pub target: Option<i64>,
    /// The states from which times are counted, with their titles.
    pub since: Vec<(String, Text)>,
    /// Measures that together are this one.
    pub parts: Vec<String>,
    /// How the figure is said.
    pub saying: Saying,
    filter: Option<Guard>,
}

/// Measures by name, compiled together.
pub type Measures = BTreeMap<String, Arc<Measure>>;

impl Measure {
    /// Returns the filter as it was written.
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_ref().map(Guard::source)
    }

    /// Tells whether a case of the population is taken. `at` says in which states it was at the end
    /// of the cut-off date; facts are those the case has now, so that a correction counts.
    ///
    /// # Errors
    ///
    /// Why it cannot be said, in words: a fact the filter asks for is not known.
    pub fn takes(&self, case: &Case, at: &dyn Fn(&str) -> bool) -> Result<bool, Text> {
        let Some(filter) = &self.filter else {
            return Ok(true);
        };
        filter
            .eval(&Facts { case, at })
            .map_err(|error| match error {
                GuardError::MissingField { name } => {
                    Text::new(format!("未填写 `{name}`"), format!("`{name}` is not known"))
                }
                error => Text::new(error.to_string(), error.to_string()),
            })
    }
}
