use crate::calendar_set::{CalendarRef, CalendarSet};
use crate::event::ClockEvent;
use crate::open_hours::NoWorkingTime;
use crate::policy::ClockPolicy;
use crate::reading::{ClockReading, Stretch};
use crate::timestamp::Timestamp;

/// Why a clock cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The calendar ends before the budget does.
    #[error(transparent)]
    NoWorkingTime(#[from] NoWorkingTime),
    /// An event changes to a calendar that the set does not have.
    #[error("calendar {calendar} is not at hand")]
    UnknownCalendar {
        /// Which.
        calendar: CalendarRef,
    },
    /// A back-dated event would reach into a cycle that was sealed before it was recorded.
    #[error("event {event} is dated before the cycle that was closed at {sealed_at}")]
    CrossesSealedCycle {
        /// The event's place in the list, from nought.
        event: usize,
        /// When that cycle was closed.
        sealed_at: Timestamp,
    },
    /// An instant lies outside the years a calendar holds.
    #[error("{at} lies outside the years 1970 to 2099")]
    OutOfRange {
        /// Which.
        at: Timestamp,
    },
    /// There are more events than a clock may have.
    #[error("a clock has at most {max} events, not {given}")]
    TooManyEvents {
        /// How many there are.
        given: usize,
        /// How many there may be.
        max: usize,
    },
}

/// What turned a clock into a missed one.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum BreachCause {
    /// The work took too long.
    Work,
    /// The goal was shortened below what was used.
    GoalChange,
    /// The calendar was amended.
    CalendarChange,
    /// An event was back-dated.
    Backdating,
}

/// Returns the state of a clock at `as_of`, as far as it was recorded then.
pub fn fold(
    _policy: &ClockPolicy,
    _calendars: &CalendarSet,
    _events: &[ClockEvent],
    _as_of: Timestamp,
) -> Result<ClockReading, ClockError> {
    unimplemented!("the fold follows in the next commit")
}

/// Returns what made the clock miss its goal.
pub fn breach_cause(
    _policy: &ClockPolicy,
    _calendars: &CalendarSet,
    _events: &[ClockEvent],
    _as_of: Timestamp,
) -> Result<Option<BreachCause>, ClockError> {
    unimplemented!("the fold follows in the next commit")
}

/// Returns the stretches of a reading with nights and breaks apart from open time.
pub fn explain(
    _policy: &ClockPolicy,
    _calendars: &CalendarSet,
    _reading: &ClockReading,
) -> Result<Vec<Stretch>, ClockError> {
    unimplemented!("the fold follows in the next commit")
}
