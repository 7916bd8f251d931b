use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar_set::CalendarRef;
use crate::goal::Goal;
use crate::pause::{Party, PauseReason};
use crate::timestamp::Timestamp;
use crate::trigger::Trigger;

/// What a clock is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Not started, or to start at an instant still to come.
    Pending,
    /// Using up its budget, as far as the calendar lets it.
    Running,
    /// Standing still for a reason.
    Paused,
    /// The work is done.
    Stopped,
    /// It no longer applies.
    Cancelled,
}

impl ClockState {
    /// Whether it counts on: it has started and has not ended, though it may stand still.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

/// Whether the promise was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Still open.
    Pending,
    /// Kept.
    Met,
    /// Not kept.
    Missed,
    /// Cancelled: counts for nothing.
    Void,
}

/// The colour of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// All is well.
    Green,
    /// Four fifths of the time or all but one day is gone, or a trigger was reached.
    Yellow,
    /// Missed, even if paused.
    Red,
    /// Paused, cancelled or not started.
    Grey,
}

/// An amount of the goal's unit. Remaining amounts are negative when overrun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Used {
    /// Milliseconds, for goals `elapsed` and `working`.
    Ms(i64),
    /// Days, for goals `working_days` and `calendar_days`.
    Days(i64),
}

impl Used {
    /// The bare number.
    #[must_use]
    pub const fn amount(self) -> i64 {
        match self {
            Self::Ms(amount) | Self::Days(amount) => amount,
        }
    }
}

/// How long a clock stood still for one reason. Each millisecond belongs to one reason only: the
/// oldest that held the clock then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PausedTotal {
    /// Why.
    pub reason: PauseReason,
    /// On the wall clock.
    pub wall_ms: i64,
    /// Of that, in working time.
    pub working_ms: i64,
}

/// What a stretch of a clock's life was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StretchKind {
    /// The clock ran. In a [`ClockReading`] the stretch includes the nights; after
    /// [`explain`](crate::explain) it is time in which the office was open.
    Running,
    /// The clock ran and the office was closed. Only after [`explain`](crate::explain).
    OffHours,
    /// The clock stood still, at the charge of this reason.
    Paused(PauseReason),
}

/// A stretch of a clock's life, `from` included and `to` not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stretch {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
    /// What it was.
    pub kind: StretchKind,
    /// Its working time in milliseconds.
    pub working_ms: i64,
    /// The calendar by which it was counted.
    pub calendar: CalendarRef,
}

impl Stretch {
    /// Its length on the wall clock, in milliseconds.
    #[must_use]
    pub fn wall_ms(&self) -> i64 {
        self.to.millis_since(self.from)
    }

    /// Who answers for it.
    #[must_use]
    pub fn party(&self) -> Party {
        match &self.kind {
            StretchKind::Running => Party::Office,
            StretchKind::OffHours => Party::OffHours,
            StretchKind::Paused(reason) => reason.party,
        }
    }
}

/// A trigger of the policy and its instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TriggerReading {
    /// Which.
    pub trigger: Trigger,
    /// When. If the clock closed before, when it would have been.
    pub at: Timestamp,
    /// Whether that instant came while the cycle was open.
    pub reached: bool,
}

/// The decision that a miss is not held against the office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excuse {
    /// When it was decided.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// The number of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

/// A cycle that ended before the one a [`ClockReading`] is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClosedCycle {
    /// When it began.
    pub started_at: Timestamp,
    /// When it was stopped or cancelled.
    pub stopped_at: Timestamp,
    /// Stopped or cancelled.
    pub state: ClockState,
    /// Met, missed or void. Sealed: later changes of goal or calendar do not touch it.
    pub verdict: Verdict,
    /// The goal it was judged by.
    pub goal: Goal,
    /// The due instant it was judged by; `None` if it was closed while paused.
    pub due: Option<Timestamp>,
    /// What it used.
    pub used: Used,
    /// When it was breached.
    pub breached_at: Option<Timestamp>,
    /// The decision that excuses the miss. The verdict stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused: Option<Excuse>,
    /// Its whole length.
    pub wall_ms: i64,
    /// The office's part.
    pub office_ms: i64,
    /// The nights' part.
    pub offhours_ms: i64,
    /// The others' part.
    pub paused: Vec<PausedTotal>,
    /// The calendar in force when it closed.
    pub calendar: CalendarRef,
}

/// Everything there is to say about a clock at one instant.
///
/// `wall_ms == office_ms + offhours_ms + the sum of paused[].wall_ms`, to the millisecond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockReading {
    /// What it is doing.
    pub state: ClockState,
    /// Whether the promise was kept. Compares instants, never percentages.
    pub verdict: Verdict,
    /// Its colour.
    pub light: Light,
    /// The goal in force.
    pub goal: Goal,
    /// When the cycle began. To come, if the state is pending.
    pub started_at: Option<Timestamp>,
    /// When it was stopped or cancelled.
    pub stopped_at: Option<Timestamp>,
    /// The due instant in force. `None` while paused and when closed while paused: a date
    /// invented then would be quoted to applicants.
    pub due: Option<Timestamp>,
    /// The due instant as it was computed when the cycle began.
    pub due_at_start: Option<Timestamp>,
    /// Whether the due instant rests on days for which no calendar is published yet.
    pub provisional: bool,
    /// What the cycle used, in the goal's unit.
    pub used: Used,
    /// What is left, in the goal's unit; negative when overrun.
    pub remaining: Used,
    /// Used in hundredths of a percent of the budget, rounded down. For display only.
    pub percent_bp: i64,
    /// From the start to the stop, or to now.
    pub wall_ms: i64,
    /// Working time while the clock ran, whatever the goal's unit; with overtime, if the policy counts it.
    pub office_ms: i64,
    /// The rest of the time while the clock ran.
    pub offhours_ms: i64,
    /// Overtime service offered while the clock ran. Part of `office_ms` if the policy counts
    /// overtime, of `offhours_ms` if not.
    pub overtime_ms: i64,
    /// Standing still, by reason, in the order the reasons first appeared.
    pub paused: Vec<PausedTotal>,
    /// The due instant that passed before the work was done; the instant of the breach, not of its discovery.
    pub breached_at: Option<Timestamp>,
    /// The decision that excuses the miss. The verdict stays, and so does the light.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused: Option<Excuse>,
    /// From the breach to the stop, or to now. `None` unless missed.
    pub overrun_wall_ms: Option<i64>,
    /// Of that, working time while the clock ran. `None` unless missed.
    pub overrun_working_ms: Option<i64>,
    /// The policy's triggers, in its order. One that would lie before the start is left out, and
    /// while the clock is paused so is one whose instant is unknown.
    pub triggers: Vec<TriggerReading>,
    /// The cycle's life, without gaps, from the start to the stop or to now.
    pub stretches: Vec<Stretch>,
    /// The cycles before this one.
    pub closed_cycles: Vec<ClosedCycle>,
    /// How far the recording machine's clock was seen to step back, in milliseconds.
    pub skew_ms: i64,
}

impl ClockReading {
    /// Whether this or an earlier cycle missed its goal.
    #[must_use]
    pub fn ever_missed(&self) -> bool {
        self.verdict == Verdict::Missed
            || self
                .closed_cycles
                .iter()
                .any(|cycle| cycle.verdict == Verdict::Missed)
    }
}
