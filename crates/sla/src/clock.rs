use std::sync::Arc;

use crate::calendar_set::{CalendarRef, CalendarSet};
use crate::cycle::{Cycle, Segment, release};
use crate::event::{CalendarChange, ClockEvent, ClockEventKind, ReopenMode};
use crate::goal::Goal;
use crate::history::{self, Act};
use crate::open_hours::NoWorkingTime;
use crate::pause::PauseReason;
use crate::policy::ClockPolicy;
use crate::reading::{ClockReading, ClockState, ClosedCycle, Excuse};
use crate::text::Text;
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

impl ClockError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoWorkingTime(_) => "clock-no-working-time",
            Self::UnknownCalendar { .. } => "clock-unknown-calendar",
            Self::CrossesSealedCycle { .. } => "clock-crosses-sealed-cycle",
            Self::OutOfRange { .. } => "clock-out-of-range",
            Self::TooManyEvents { .. } => "clock-too-many-events",
        }
    }

    /// The same in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        let zh = match self {
            Self::NoWorkingTime(error) => error.text().zh,
            Self::UnknownCalendar { calendar } => format!("没有日历 {calendar}"),
            Self::CrossesSealedCycle { event, sealed_at } => {
                format!("第 {event} 个事件的生效时刻早于已在 {sealed_at} 封存的周期")
            }
            Self::OutOfRange { at } => format!("{at} 不在 1970 至 2099 年之间"),
            Self::TooManyEvents { given, max } => {
                format!("一个时钟最多 {max} 个事件，现有 {given} 个")
            }
        };
        Text::new(zh, self.to_string())
    }
}

/// Returns the state of a clock at `as_of`, as far as it was recorded then.
///
/// `events` are in the order they were recorded. An event recorded after `as_of` is not known
/// yet, and one that takes effect later has not happened yet; a reader that wants "now" on a
/// machine whose clock may step back passes the later of now and the last recording. Events
/// dated back are put where they take effect. An event that makes no sense in its place, such as
/// a stop before any start, changes nothing.
///
/// # Errors
///
/// Any [`ClockError`]. Asked with a new event at the end of the list, the answer also says
/// whether that event may be recorded.
pub fn fold(
    policy: &ClockPolicy,
    calendars: &CalendarSet,
    events: &[ClockEvent],
    as_of: Timestamp,
) -> Result<ClockReading, ClockError> {
    let history = history::order(events, as_of)?;
    let (first, last) = calendars.initial().range();
    let instants = history.acts.iter().map(|act| act.at).chain([as_of]);
    for at in instants {
        if !(first..last).contains(&at) {
            return Err(ClockError::OutOfRange { at });
        }
    }
    let mut clock = Clock {
        policy,
        calendars,
        goal: policy.goal,
        segments: vec![Segment {
            from: Timestamp::MIN,
            calendar: calendars.initial(),
        }],
        waiting: Vec::new(),
        cycle: None,
        closed: Vec::new(),
    };
    let happened = history.acts.partition_point(|act| act.at <= as_of);
    let (past, future) = history.acts.split_at(happened);
    for act in past {
        clock.apply(act)?;
    }
    let mut reading = match &clock.cycle {
        Some(cycle) => ClockReading::of(policy, cycle, as_of)?,
        None => match future
            .iter()
            .find(|act| matches!(act.kind, ClockEventKind::Start))
        {
            Some(start) => ClockReading::to_come(policy, &clock.open(start.at))?,
            None => ClockReading::pending(clock.goal),
        },
    };
    reading.closed_cycles = clock.closed;
    reading.skew_ms = history.skew_ms;
    Ok(reading)
}

/// A clock in the course of being read.
struct Clock<'a> {
    policy: &'a ClockPolicy,
    calendars: &'a CalendarSet,
    goal: Goal,
    segments: Vec<Segment<'a>>,
    /// Reasons that hold the case while no cycle is open. A cycle that starts now starts held.
    waiting: Vec<PauseReason>,
    cycle: Option<Cycle<'a>>,
    closed: Vec<ClosedCycle>,
}

impl<'a> Clock<'a> {
    /// The cycle that is not closed.
    fn running(&mut self) -> Option<&mut Cycle<'a>> {
        self.cycle.as_mut().filter(|cycle| cycle.end.is_none())
    }

    fn open(&self, at: Timestamp) -> Cycle<'a> {
        Cycle::start(at, self.goal, &self.segments, self.waiting.clone())
    }

    fn apply(&mut self, act: &Act<'a>) -> Result<(), ClockError> {
        let at = act.at;
        match act.kind {
            ClockEventKind::Start
            | ClockEventKind::Reopen {
                mode: ReopenMode::NewCycle,
            } => self.begin(at)?,
            ClockEventKind::Reopen {
                mode: ReopenMode::Resume,
            } => {
                if let Some(cycle) = &mut self.cycle {
                    cycle.reopen(at, std::mem::take(&mut self.waiting));
                    cycle.segments.clone_from(&self.segments);
                }
            }
            // History has already moved the start it belongs to.
            ClockEventKind::MoveStart => {}
            ClockEventKind::Pause { reason } => {
                if let Some(cycle) = self.running() {
                    cycle.pause(at, reason);
                } else if self.waiting.iter().all(|held| held.name != reason.name) {
                    self.waiting.push(reason.clone());
                }
            }
            ClockEventKind::Resume { reason } => {
                if let Some(cycle) = self.running() {
                    cycle.resume(at, reason.as_deref());
                } else {
                    release(&mut self.waiting, reason.as_deref());
                }
            }
            ClockEventKind::Stop => self.end(at, ClockState::Stopped),
            ClockEventKind::Cancel { .. } => self.end(at, ClockState::Cancelled),
            ClockEventKind::SetGoal { goal, .. } => {
                self.goal = *goal;
                if let Some(cycle) = self.running() {
                    cycle.goals.push((at, *goal));
                }
            }
            ClockEventKind::SetCalendar { calendar, mode } => {
                self.set_calendar(at, calendar, *mode)?
            }
            ClockEventKind::Excuse { reason, document } => {
                if let Some(cycle) = &mut self.cycle {
                    cycle.excused = Some(Excuse {
                        at,
                        reason: reason.clone(),
                        document: document.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, at: Timestamp) -> Result<(), ClockError> {
        if let Some(cycle) = self.cycle.take() {
            self.closed.extend(ClosedCycle::of(self.policy, &cycle)?);
        }
        self.cycle = Some(self.open(at));
        self.waiting.clear();
        Ok(())
    }

    fn end(&mut self, at: Timestamp, state: ClockState) {
        if let Some(cycle) = self.running() {
            cycle.close(at, state);
        }
    }

    fn set_calendar(
        &mut self,
        at: Timestamp,
        reference: &CalendarRef,
        mode: CalendarChange,
    ) -> Result<(), ClockError> {
        let calendar: &'a Arc<_> =
            self.calendars
                .get(reference)
                .ok_or_else(|| ClockError::UnknownCalendar {
                    calendar: reference.clone(),
                })?;
        let from = match mode {
            CalendarChange::Retro => {
                self.segments.clear();
                Timestamp::MIN
            }
            CalendarChange::FromNow => at,
        };
        self.segments.push(Segment { from, calendar });
        let segments = self.segments.clone();
        if let Some(cycle) = self.running() {
            cycle.segments = segments;
        }
        Ok(())
    }
}
