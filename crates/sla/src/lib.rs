//! Working calendars and SLA clocks, as pure functions.
//!
//! A [`Calendar`] knows when an office is open: weekly hours, dated exceptions, make-up working
//! days, overtime, and how far all this is published. A clock is the [`fold`] of its
//! [`ClockEvent`]s under a [`ClockPolicy`]: it says when the work is due, how much of the budget
//! is used, who held the case for how long, and whether the promise was kept.
//!
//! Nothing here reads the time, a file or the network: `now` is an argument. Instants are UTC
//! milliseconds; local time exists only inside the calendar. There is no floating point.
//!
//! ```
//! use groundbreak_sla::{Calendar, CalendarSet, ClockEvent, ClockPolicy, Goal, Verdict, fold};
//!
//! let hall = Calendar::always_open(chrono_tz::Asia::Shanghai);
//! let policy = ClockPolicy::new("within 5h".parse::<Goal>()?);
//! let events = [
//!     ClockEvent::start("2023-03-23T10:00:00+08:00".parse()?),
//!     ClockEvent::stop("2023-03-23T15:00:00+08:00".parse()?),
//! ];
//! let now = "2023-04-01T09:00:00+08:00".parse()?;
//! let reading = fold(&policy, &CalendarSet::from(hall), &events, now)?;
//! assert_eq!(reading.verdict, Verdict::Met);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod admission;
mod amount;
mod breach;
mod buckets;
mod calendar;
mod calendar_compile;
mod calendar_fault;
mod calendar_set;
mod calendar_spec;
mod clock;
mod counting;
mod cycle;
mod event;
mod explain;
mod goal;
mod history;
mod ics;
mod open_hours;
mod pause;
mod policy;
mod project;
mod reading;
mod text;
mod timestamp;
mod trigger;
mod zone;

pub use admission::{Objection, admit};
pub use breach::{BreachCause, breach_cause};
pub use calendar::{Calendar, Window};
pub use calendar_fault::{CalendarFault, CalendarFaultKind};
pub use calendar_set::{CalendarRef, CalendarSet};
pub use calendar_spec::{
    CalendarSpec, ExceptionKind, ExceptionSpec, Hours, InheritError, OvertimeSpec, WeekdayName,
    WeeklySpec,
};
pub use clock::{ClockError, fold};
pub use event::{CalendarChange, ClockEvent, ClockEventKind, ReopenMode};
pub use explain::explain;
pub use goal::{Budget, Comparator, Goal, GoalError};
pub use ics::{
    IcsFault, IcsFaultKind, IcsImport, IcsOptions, LeftOut, Unmarked, export_ics, import_ics,
};
pub use open_hours::{NoWorkingTime, OpenHours};
pub use pause::{Party, PauseReason};
pub use policy::{ClockPolicy, DayEnd, DayStart, Extension, Yellow};
pub use reading::{
    ClockReading, ClockState, ClosedCycle, Excuse, Light, PausedTotal, Stretch, StretchKind,
    TriggerReading, Used, Verdict,
};
pub use text::{Language, Text};
pub use timestamp::{LocalTimeError, Timestamp, TimestampError, parse_local};
pub use trigger::{Trigger, TriggerError};
pub use zone::tz_database_version;
