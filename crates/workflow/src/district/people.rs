//! Who attracts investment, and what they have done for it: leaders with their quota, officials on
//! training, trips and courses.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Text;
use crate::definition::Named;
use crate::measure::SayingWord;
use crate::source::At;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaderDefinition {
    /// The post; never a name.
    pub(super) title: Text,
    /// The organisation it belongs to, by its name under `organisations`.
    pub(super) organisation: At<String>,
    /// What kind of leader it is.
    pub(super) kind: LeaderKind,
}

/// What kind of leader somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaderKind {
    /// A principal leader of Party or government (党政“一把手”), who answers for the whole.
    Principal,
    /// The head of another leadership body (四套领导班子“一把手”).
    BodyHead,
    /// A leader in charge of investment (招商分管领导).
    InCharge,
}

impl LeaderKind {
    /// Returns the words on screen.
    pub fn text(self) -> Text {
        match self {
            Self::Principal => Text::new("党政“一把手”", "principal leader"),
            Self::BodyHead => Text::new("领导班子“一把手”", "head of a leadership body"),
            Self::InCharge => Text::new("招商分管领导", "leader in charge of investment"),
        }
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaDefinition {
    /// The clause of the plan that asks for it.
    pub(super) clause: At<String>,
    /// The fact that names the leader of a project: by code or by post.
    pub(super) leader: At<String>,
    /// A project counts when its amount is more than this, in whole yuan.
    pub(super) over: At<i64>,
    /// How many such projects each leader is to bring.
    pub(super) need: At<u32>,
}

/// What each leader is to bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeaderQuota {
    /// The clause of the plan that asks for it.
    pub clause: String,
    /// The fact that names the leader of a project.
    pub leader: String,
    /// A project counts when its amount is more than this, in yuan.
    pub over: i64,
    /// How many such projects.
    pub need: u32,
}

/// A leader, by post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leader {
    /// The post.
    pub title: Text,
    /// Title of the organisation.
    pub organisation: Text,
    /// What kind of leader.
    pub kind: LeaderKind,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RosterDefinition {
    /// Title, as screens show it.
    pub(super) title: Text,
    /// Which batch it is, from 1.
    pub(super) batch: At<u32>,
    /// How many officials.
    pub(super) count: At<u32>,
    /// How many days it lasts.
    pub(super) days: At<u32>,
    /// The value of the lead's source, `source`, that stands for leads they brought.
    pub(super) source: At<String>,
}

/// Officials on training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roster {
    /// Its title.
    pub title: Text,
    /// Which batch.
    pub batch: u32,
    /// How many officials.
    pub count: u32,
    /// How many days it lasts.
    pub days: u32,
    /// The source of the leads they brought.
    pub source: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutingDefinition {
    /// Title, as screens show it.
    pub(super) title: Text,
    /// Its first day.
    pub(super) from: At<String>,
    /// Its last day.
    pub(super) to: At<String>,
    /// How many took part, by team.
    pub(super) teams: IndexMap<At<String>, u32>,
    /// The event it went to, by its code.
    #[serde(default)]
    pub(super) event: Option<At<String>>,
    /// The leader who led it, by code.
    #[serde(default)]
    pub(super) led_by: Option<At<String>>,
}

/// A trip or a course, and who took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outing {
    /// Its title.
    pub title: Text,
    /// Its first day, `2023-03-15`.
    pub from: String,
    /// Its last day.
    pub to: String,
    /// How many took part, by the code of their team.
    pub teams: IndexMap<String, u32>,
    /// The post of the leader who led it.
    pub led_by: Option<Text>,
}

impl Outing {
    /// Returns how many persons took part (人次).
    #[must_use]
    pub fn persons(&self) -> u64 {
        self.teams.values().map(|persons| u64::from(*persons)).sum()
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutingsDefinition {
    /// How the number of persons is said; it must be true of the sum.
    #[serde(default)]
    pub(super) say: Option<PersonsSaid>,
    /// Each by its code.
    pub(super) list: Named<OutingDefinition>,
}

/// How a number of persons is said: 80余人次.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonsSaid {
    /// The word.
    pub(super) word: SayingWord,
    /// The number.
    pub(super) number: At<i64>,
}

/// Trips or courses, and how many took part in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outings {
    /// Each by its code.
    pub list: IndexMap<String, Outing>,
    /// The sum of all who took part (人次).
    pub persons: u64,
    /// How that is said.
    pub said: Text,
}
