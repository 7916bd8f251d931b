use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar_set::CalendarRef;
use crate::goal::Goal;
use crate::pause::PauseReason;
use crate::timestamp::Timestamp;

/// How a closed clock comes back to life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReopenMode {
    /// A new cycle with a full budget; the old one stays sealed.
    #[default]
    NewCycle,
    /// The closing is annulled: the old cycle goes on, and the time it was closed is nobody's.
    Resume,
}

/// How far back a change of calendar reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalendarChange {
    /// The old calendar was wrong, or was amended: the whole open cycle is counted anew.
    Retro,
    /// The office changed its hours: what was used under the old ones stays used.
    FromNow,
}

/// What happened to a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockEventKind {
    /// The clock starts. Ignored while a cycle is open, so that entering a state twice does not
    /// give the budget back; after a stop it begins the next cycle.
    Start,
    /// The instant from which the open cycle counts is another one. The last such event wins.
    MoveStart,
    /// The clock stands still for one more reason. A reason that already holds it changes nothing.
    Pause {
        /// Why, and at whose charge.
        reason: PauseReason,
    },
    /// One reason has ended, or all of them. The clock runs again when none is left.
    Resume {
        /// The [`PauseReason::name`] that ended; `None` for all.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The work is done. The cycle is sealed.
    Stop,
    /// The clock no longer applies: withdrawn, not accepted, merged. No verdict.
    Cancel {
        /// In the words of the person who cancelled.
        #[serde(default)]
        reason: String,
    },
    /// A closed clock comes back.
    Reopen {
        /// As a new cycle, or the old one resumed.
        #[serde(default)]
        mode: ReopenMode,
    },
    /// The goal is another one. What was used stays used.
    SetGoal {
        /// The goal from now on.
        goal: Goal,
        /// Why.
        #[serde(default)]
        reason: String,
        /// Who approved it. Without approval there is no extension.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<String>,
    },
    /// The calendar is another one, or another version.
    SetCalendar {
        /// Which.
        calendar: CalendarRef,
        /// Whether the past is counted anew.
        mode: CalendarChange,
    },
    /// The miss of the newest cycle is not held against the office (免责). Nothing is deleted: the
    /// verdict stays, and both figures are shown.
    Excuse {
        /// Why.
        reason: String,
        /// The number of the decision that excuses it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<String>,
    },
}

/// Something that happened to a clock, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockEvent {
    /// When it counts from. Earlier than `recorded_at` if it is back-dated.
    pub effective_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// What it was.
    pub kind: ClockEventKind,
}

impl ClockEvent {
    /// An event that counts from the instant it was written down.
    #[must_use]
    pub fn at(at: Timestamp, kind: ClockEventKind) -> Self {
        Self {
            effective_at: at,
            recorded_at: at,
            kind,
        }
    }

    /// The same event, counting from `effective_at` instead.
    #[must_use]
    pub fn effective(mut self, effective_at: Timestamp) -> Self {
        self.effective_at = effective_at;
        self
    }

    /// A start.
    #[must_use]
    pub fn start(at: Timestamp) -> Self {
        Self::at(at, ClockEventKind::Start)
    }

    /// A stop.
    #[must_use]
    pub fn stop(at: Timestamp) -> Self {
        Self::at(at, ClockEventKind::Stop)
    }

    /// A pause for `reason`.
    #[must_use]
    pub fn pause(at: Timestamp, reason: PauseReason) -> Self {
        Self::at(at, ClockEventKind::Pause { reason })
    }

    /// The end of every pause.
    #[must_use]
    pub fn resume(at: Timestamp) -> Self {
        Self::at(at, ClockEventKind::Resume { reason: None })
    }

    /// A cancellation.
    #[must_use]
    pub fn cancel(at: Timestamp, reason: impl Into<String>) -> Self {
        Self::at(
            at,
            ClockEventKind::Cancel {
                reason: reason.into(),
            },
        )
    }
}
