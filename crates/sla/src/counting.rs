use chrono::NaiveDate;

use crate::calendar::{Calendar, DayKind, first_date};
use crate::clock::ClockError;
use crate::cycle::{Course, Segment, pieces};
use crate::goal::{Budget, Comparator};
use crate::open_hours::{NoWorkingTime, OpenHours};
use crate::policy::{ClockPolicy, DayEnd};
use crate::timestamp::Timestamp;

/// How a cycle uses its budget: the unit, the calendars, and the first date that may count.
pub(crate) struct Counting<'c, 'a> {
    unit: Budget,
    day_end: DayEnd,
    overtime: bool,
    first_date: NaiveDate,
    segments: &'c [Segment<'a>],
}

/// What is looked for along a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The due instant. Work that is paused exactly then is still in time if the goal says
    /// `within`, and due again when it goes on.
    Due(Comparator),
    /// The instant a share of the budget is used.
    Share,
}

/// An instant found along a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) at: Timestamp,
    /// Whether the run in which it lies was over, so that it has certainly passed.
    pub(crate) passed: bool,
}

/// How far a run goes into an amount.
enum Spent {
    At(Timestamp),
    Left(i64),
}

pub(crate) fn hours(calendar: &Calendar, overtime: bool) -> &OpenHours {
    if overtime {
        calendar.with_overtime()
    } else {
        calendar.office()
    }
}

impl<'c, 'a> Counting<'c, 'a> {
    pub(crate) fn new(
        unit: Budget,
        policy: &ClockPolicy,
        segments: &'c [Segment<'a>],
        started_at: Timestamp,
    ) -> Self {
        let date = pieces(segments, started_at, started_at)
            .first()
            .map_or(NaiveDate::MIN, |(_, _, calendar)| {
                calendar.date_of(started_at)
            });
        Self {
            unit,
            day_end: policy.day_end,
            overtime: policy.count_overtime,
            first_date: first_date(date, policy.day_start),
            segments,
        }
    }

    fn days(&self) -> DayKind {
        match self.unit {
            Budget::CalendarDays { .. } => DayKind::Calendar,
            _ => DayKind::Working,
        }
    }

    /// What a course uses, in the unit.
    pub(crate) fn used(&self, course: &Course) -> i64 {
        let mut used = 0;
        let mut date = self.first_date;
        for (from, to) in &course.runs {
            for (from, to, calendar) in pieces(self.segments, *from, *to) {
                used += self.used_in(from, to, calendar, &mut date);
            }
        }
        used
    }

    /// What one piece uses. A day counts if the clock runs up to its end: ends in `(from, to]`.
    /// `date` is the first date that has not counted yet, so that two calendars cannot both
    /// count it.
    fn used_in(
        &self,
        from: Timestamp,
        to: Timestamp,
        calendar: &Calendar,
        date: &mut NaiveDate,
    ) -> i64 {
        match self.unit {
            Budget::Elapsed { .. } => to.millis_since(from),
            Budget::Working { .. } => hours(calendar, self.overtime).working_between(from, to),
            Budget::WorkingDays { .. } | Budget::CalendarDays { .. } => {
                let ticks = calendar.ticks(self.days(), self.day_end);
                let first = ticks.first(from, *date);
                let count = ticks.first(to, *date) - first;
                if let Some(next) = ticks
                    .nth(first, count)
                    .filter(|_| count > 0)
                    .and_then(|tick| tick.date.succ_opt())
                {
                    *date = next;
                }
                count
            }
        }
    }

    /// Returns the instant at which `amount` of the unit is used, thinking a live course on.
    pub(crate) fn reach(
        &self,
        course: &Course,
        amount: i64,
        mark: Mark,
    ) -> Result<Option<Found>, ClockError> {
        let mut left = amount;
        let mut date = self.first_date;
        for (index, (from, to)) in course.runs.iter().enumerate() {
            let open = course.live && index + 1 == course.runs.len();
            let until = if open { Timestamp::MAX } else { *to };
            match self.spend(*from, until, left, mark, &mut date)? {
                Spent::At(at) if open => return Ok(Some(Found { at, passed: false })),
                Spent::At(at) => {
                    let passed = match mark {
                        Mark::Due(Comparator::Within) => at < *to,
                        Mark::Due(Comparator::Under) | Mark::Share => at <= *to,
                    };
                    if passed {
                        return Ok(Some(Found { at, passed: true }));
                    }
                    left = 0;
                }
                Spent::Left(rest) => left = rest,
            }
        }
        Ok(None)
    }

    fn spend(
        &self,
        from: Timestamp,
        to: Timestamp,
        amount: i64,
        mark: Mark,
        date: &mut NaiveDate,
    ) -> Result<Spent, ClockError> {
        let mut left = amount;
        for (from, to, calendar) in pieces(self.segments, from, to) {
            if left == 0 {
                return self.nothing_left(from, calendar).map(Spent::At);
            }
            let open = to == Timestamp::MAX;
            match self.unit {
                Budget::Elapsed { .. } => {
                    let there = to.millis_since(from);
                    if left <= there {
                        return Ok(Spent::At(from.saturating_add_millis(left)));
                    }
                    left -= there;
                }
                Budget::Working { .. } => {
                    let hours = hours(calendar, self.overtime);
                    let there = hours.working_between(from, to);
                    if open || left <= there {
                        return Ok(Spent::At(hours.add(from, left)?));
                    }
                    left -= there;
                }
                Budget::WorkingDays { .. } | Budget::CalendarDays { .. } => {
                    let ticks = calendar.ticks(self.days(), self.day_end);
                    let first = ticks.first(from, *date);
                    let tick = ticks.nth(first, left);
                    match tick.filter(|tick| tick.at <= to) {
                        Some(tick) => {
                            return self.roll(tick.at, tick.date, calendar, mark).map(Spent::At);
                        }
                        None if open => return Err(NoWorkingTime { from }.into()),
                        None => left -= self.used_in(from, to, calendar, date),
                    }
                }
            }
        }
        Ok(Spent::Left(left))
    }

    /// Civil Code, art. 203: a limit that ends on a day off ends with the next working day.
    fn roll(
        &self,
        at: Timestamp,
        date: NaiveDate,
        calendar: &Calendar,
        mark: Mark,
    ) -> Result<Timestamp, ClockError> {
        let rolls =
            matches!(self.unit, Budget::CalendarDays { .. }) && matches!(mark, Mark::Due(_));
        if !rolls || calendar.is_working_day(date) {
            return Ok(at);
        }
        let ticks = calendar.ticks(DayKind::Working, self.day_end);
        let tick = ticks
            .nth(ticks.first(at, date), 1)
            .ok_or(NoWorkingTime { from: at })?;
        Ok(tick.at)
    }

    /// When a clock is due that goes on with nothing left: at once; in calendar days, with the
    /// working day it goes on in, since its last day was rolled forward.
    fn nothing_left(&self, from: Timestamp, calendar: &Calendar) -> Result<Timestamp, ClockError> {
        if !matches!(self.unit, Budget::CalendarDays { .. }) {
            return Ok(from);
        }
        let ticks = calendar.ticks(DayKind::Working, self.day_end);
        let tick = ticks
            .nth(ticks.first(from, NaiveDate::MIN), 1)
            .ok_or(NoWorkingTime { from })?;
        Ok(tick.at)
    }
}
