use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar_set::CalendarSet;
use crate::clock::{ClockError, fold};
use crate::event::{ClockEvent, ClockEventKind};
use crate::policy::ClockPolicy;
use crate::text::Text;
use crate::timestamp::Timestamp;

/// What turned a clock into a missed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreachCause {
    /// The work took too long.
    Work,
    /// The goal was changed to one that had already passed.
    GoalChange,
    /// The calendar was amended, and the due instant moved into the past.
    CalendarChange,
    /// An event was dated back.
    Backdating,
}

impl BreachCause {
    /// The words on screen.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Work => Text::new("办理超时", "Work took too long"),
            Self::GoalChange => Text::new("时限变更", "Goal was changed"),
            Self::CalendarChange => Text::new("日历变更", "Calendar was amended"),
            Self::Backdating => Text::new("补录事件", "Event was dated back"),
        }
    }
}

/// Returns what made the clock miss its goal; `None` if it has not missed it.
///
/// The work is the cause, unless the clock was in time until an event was recorded that lies
/// after the breach and made it late: nobody can be held to a rule before it exists.
///
/// # Errors
///
/// As [`fold`].
pub fn breach_cause(
    policy: &ClockPolicy,
    calendars: &CalendarSet,
    events: &[ClockEvent],
    as_of: Timestamp,
) -> Result<Option<BreachCause>, ClockError> {
    let Some(breached_at) = fold(policy, calendars, events, as_of)?.breached_at else {
        return Ok(None);
    };
    let mut now = Timestamp::MIN;
    for (index, event) in events.iter().enumerate() {
        now = now.max(event.recorded_at);
        if event.recorded_at > as_of {
            break;
        }
        let cause = match event.kind {
            ClockEventKind::SetGoal { .. } => BreachCause::GoalChange,
            ClockEventKind::SetCalendar { .. } => BreachCause::CalendarChange,
            _ if event.effective_at < event.recorded_at => BreachCause::Backdating,
            _ => continue,
        };
        if now < breached_at {
            continue;
        }
        let missed = |events: &[ClockEvent]| -> Result<bool, ClockError> {
            Ok(fold(policy, calendars, events, now)?.breached_at.is_some())
        };
        let (before, after) = events.split_at(index);
        if missed(before)? {
            return Ok(Some(BreachCause::Work));
        }
        if missed(events.get(..=index).unwrap_or(after))? {
            return Ok(Some(cause));
        }
    }
    Ok(Some(BreachCause::Work))
}
