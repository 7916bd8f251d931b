use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::goal::{Budget, Goal};
use crate::pause::Party;
use crate::trigger::Trigger;

/// Whether the date on which a clock starts is its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayStart {
    /// It is not: the day after is the first.
    ///
    /// # Source
    ///
    /// Civil Code (民法典), art. 201.
    #[default]
    NextDay,
    /// It is (收件日起算), if the clock starts before that day closes.
    SameDay,
}

/// When the last day is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayEnd {
    /// When business stops; at 24:00 on a day without business.
    ///
    /// # Source
    ///
    /// Civil Code (民法典), art. 203.
    #[default]
    Close,
    /// At 24:00.
    Midnight,
}

/// What a clock promises, and how it counts. Chosen when the clock starts and written down then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockPolicy {
    /// The budget and how it is compared.
    pub goal: Goal,
    /// For goals in days: whether the starting date counts.
    #[serde(default)]
    pub day_start: DayStart,
    /// For goals in days: when a day is over.
    #[serde(default)]
    pub day_end: DayEnd,
    /// For goals in working hours: whether overtime service (延时服务) uses up the budget. It
    /// never makes a date a working day.
    #[serde(default)]
    pub count_overtime: bool,
    /// Instants at which somebody wants to hear of the clock.
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// When the light turns yellow.
    #[serde(default)]
    pub yellow: Yellow,
    /// The parties for whose time a pause must name the law it rests on and the letter by which
    /// the applicant was told.
    #[serde(default)]
    pub proof_for: Vec<Party>,
    /// How much may be added to the goal, in all; `None` if it cannot be extended.
    #[serde(default)]
    pub extension: Option<Extension>,
}

/// When the light of a clock turns yellow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Yellow {
    /// When four fifths of the hours are used, or all but one of the days, or a trigger is reached.
    #[default]
    Usual,
    /// When one of these is reached. A clock that starts beyond one is yellow at once; of none,
    /// never.
    At(Vec<Trigger>),
}

impl Yellow {
    /// The triggers that turn the light of a clock with this goal.
    #[must_use]
    pub fn triggers(&self, goal: Goal) -> &[Trigger] {
        match self {
            Self::Usual if goal.budget().is_days() => &[Trigger::BeforeDays(1)],
            Self::Usual => &[Trigger::Percent(80)],
            Self::At(triggers) => triggers,
        }
    }
}

/// How far a goal may be extended while it is not yet missed, with approval.
///
/// # Source
///
/// 行政许可法 (Administrative Licensing Law), article 42: twenty working days, and ten more with
/// the approval of the head of the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The most that all extensions of a cycle come to, in the unit of the goal.
    pub at_most: Budget,
}

impl ClockPolicy {
    /// Makes a policy with the defaults of the law: next day, close of business, no overtime.
    #[must_use]
    pub fn new(goal: Goal) -> Self {
        Self {
            goal,
            day_start: DayStart::default(),
            day_end: DayEnd::default(),
            count_overtime: false,
            triggers: Vec::new(),
            yellow: Yellow::default(),
            proof_for: Vec::new(),
            extension: None,
        }
    }

    /// The same policy with these triggers.
    #[must_use]
    pub fn with_triggers(mut self, triggers: Vec<Trigger>) -> Self {
        self.triggers = triggers;
        self
    }
}
