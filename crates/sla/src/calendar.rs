use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::calendar_set::CalendarRef;
use crate::calendar_spec::{ExceptionKind, WeekdayName};
use crate::open_hours::{NoWorkingTime, OpenHours, Openings};
use crate::policy::{DayEnd, DayStart};
use crate::text::Text;
use crate::timestamp::{LocalTimeError, Timestamp, parse_local};
use crate::zone::{self, Offsets};

/// The first and last year a calendar holds. Outside them it knows no working time.
pub(crate) const YEAR_FIRST: i32 = 1970;
pub(crate) const YEAR_LAST: i32 = 2099;

/// An opening on a date, in minutes of its local clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Window {
    /// Minutes from 00:00 at which it opens.
    pub open_minute: u16,
    /// Minutes from 00:00 at which it closes. 1440 is the end of the day; more lies on the next date.
    pub close_minute: u16,
}

/// A date that differs from its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExceptionDay {
    pub(crate) kind: ExceptionKind,
    pub(crate) name: Option<String>,
    pub(crate) windows: Vec<Window>,
}

/// The hours of a calendar as a table of weekdays and dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Timetable {
    pub(crate) weekly: [Vec<Window>; 7],
    pub(crate) exceptions: BTreeMap<NaiveDate, ExceptionDay>,
    pub(crate) overtime_weekly: [Vec<Window>; 7],
    pub(crate) overtime_dates: BTreeMap<NaiveDate, Vec<Window>>,
}

impl Timetable {
    pub(crate) fn windows(&self, date: NaiveDate) -> &[Window] {
        match self.exceptions.get(&date) {
            Some(exception) => &exception.windows,
            None => self
                .weekly
                .get(WeekdayName::from(date.weekday()) as usize)
                .map_or(&[], Vec::as_slice),
        }
    }

    pub(crate) fn overtime(&self, date: NaiveDate) -> &[Window] {
        if let Some(windows) = self.overtime_dates.get(&date) {
            return windows;
        }
        let closed = |exception: &ExceptionDay| {
            matches!(
                exception.kind,
                ExceptionKind::Holiday | ExceptionKind::LocalOff
            )
        };
        if self.exceptions.get(&date).is_some_and(closed) {
            return &[];
        }
        self.overtime_weekly
            .get(WeekdayName::from(date.weekday()) as usize)
            .map_or(&[], Vec::as_slice)
    }

    fn has_overtime(&self) -> bool {
        self.overtime_weekly
            .iter()
            .any(|windows| !windows.is_empty())
            || !self.overtime_dates.is_empty()
    }
}

/// A date on which the office is open, and the instant it closes.
#[derive(Debug, Clone, Copy)]
struct WorkingDay {
    date: NaiveDate,
    close: Timestamp,
}

/// A working calendar: when an office is open, which dates are working days, how far that is known.
///
/// Made by [`Calendar::compile`]. It holds the years 1970 to 2099; every question about them
/// looks at a few entries only.
#[derive(Clone)]
pub struct Calendar {
    reference: CalendarRef,
    title: Option<Text>,
    tz: Tz,
    coverage: Option<(NaiveDate, NaiveDate)>,
    lineage: Vec<CalendarRef>,
    timetable: Timetable,
    office: OpenHours,
    /// Office and overtime together; `None` if there is no overtime.
    extended: Option<OpenHours>,
    days: Vec<WorkingDay>,
    /// How many working days lie before each date, from the first of [`YEAR_FIRST`] to the day
    /// after the last of [`YEAR_LAST`].
    days_before: Vec<u32>,
    offsets: Offsets,
    first: Timestamp,
    last: Timestamp,
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Calendar({}, {})", self.reference, self.tz)
    }
}

/// Everything about a calendar that is not its hours.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub(crate) reference: CalendarRef,
    pub(crate) title: Option<Text>,
    pub(crate) tz: Tz,
    pub(crate) coverage: Option<(NaiveDate, NaiveDate)>,
    pub(crate) lineage: Vec<CalendarRef>,
}

/// The place of a date among all, from the first of [`YEAR_FIRST`].
fn index(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

/// The dates a calendar holds.
const DATES: i64 = 47_482;

/// Returns how many of `0..end` are over, which is close to `guess`. None is over before the one
/// before it.
fn settle(guess: i64, end: i64, over: impl Fn(i64) -> bool) -> i64 {
    let mut count = guess.clamp(0, end);
    while count < end && over(count) {
        count += 1;
    }
    while count > 0 && !over(count - 1) {
        count -= 1;
    }
    count
}

impl Calendar {
    /// Returns a calendar that never closes, called `always-open`.
    #[must_use]
    pub fn always_open(tz: Tz) -> Self {
        const ALL_DAY: Window = Window {
            open_minute: 0,
            close_minute: 1440,
        };
        Self::assemble(
            Heading {
                reference: CalendarRef::new("always-open", 1),
                title: Some(Text::new("全天候", "Around the clock")),
                tz,
                coverage: None,
                lineage: Vec::new(),
            },
            Timetable {
                weekly: std::array::from_fn(|_| vec![ALL_DAY]),
                ..Timetable::default()
            },
        )
    }

    /// Lays a timetable out over the years.
    pub(crate) fn assemble(heading: Heading, timetable: Timetable) -> Self {
        let tz = heading.tz;
        let first_date = NaiveDate::from_ymd_opt(YEAR_FIRST, 1, 1).unwrap_or(NaiveDate::MIN);
        let last_date = NaiveDate::from_ymd_opt(YEAR_LAST, 12, 31).unwrap_or(NaiveDate::MAX);
        let mut office = Openings::default();
        let mut extended = timetable.has_overtime().then(Openings::default);
        let mut days: Vec<WorkingDay> = Vec::new();
        let mut days_before = vec![0];
        let at_midnight = |date: NaiveDate| {
            zone::instant(tz, date.and_time(NaiveTime::MIN)).unwrap_or(Timestamp::MAX)
        };
        let first = at_midnight(first_date);
        let after_last = last_date.succ_opt().unwrap_or(NaiveDate::MAX);
        let offsets = Offsets::new(tz, first, at_midnight(after_last));
        let mut begins = first;
        for date in first_date.iter_days().take_while(|date| *date <= last_date) {
            let ends = date
                .succ_opt()
                .map_or(Timestamp::MAX, |next| offsets.midnight(next));
            // A zone that moved across the date line left a date out. Nobody was open on it.
            if begins < ends {
                let at = |minute: u16| offsets.instant(date, minute);
                let windows = timetable.windows(date);
                let instants: Vec<_> = windows
                    .iter()
                    .filter_map(|window| at(window.open_minute).zip(at(window.close_minute)))
                    .collect();
                for (open, close) in &instants {
                    office.push(*open, *close);
                }
                if let Some(close) = instants.iter().map(|(_, close)| *close).max() {
                    days.push(WorkingDay { date, close });
                }
                if let Some(extended) = &mut extended {
                    let mut both = instants;
                    both.extend(
                        timetable.overtime(date).iter().filter_map(|window| {
                            at(window.open_minute).zip(at(window.close_minute))
                        }),
                    );
                    both.sort_unstable();
                    for (open, close) in both {
                        extended.push(open, close);
                    }
                }
            }
            days_before.push(u32::try_from(days.len()).unwrap_or(u32::MAX));
            begins = ends;
        }
        days.shrink_to_fit();
        days_before.shrink_to_fit();
        Self {
            reference: heading.reference,
            title: heading.title,
            tz,
            coverage: heading.coverage,
            lineage: heading.lineage,
            timetable,
            office: office.into(),
            extended: extended.map(OpenHours::from),
            days,
            days_before,
            offsets,
            first,
            last: begins,
        }
    }

    /// The name by which workflows refer to it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.reference.id
    }

    /// Which version this is.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.reference.version
    }

    /// Name and version together.
    #[must_use]
    pub fn reference(&self) -> &CalendarRef {
        &self.reference
    }

    /// The versions it inherits from, nearest first.
    #[must_use]
    pub fn lineage(&self) -> &[CalendarRef] {
        &self.lineage
    }

    /// The words on screen; the id, if the file has no title.
    #[must_use]
    pub fn title(&self) -> Text {
        self.title
            .clone()
            .unwrap_or_else(|| Text::new(self.id(), self.id()))
    }

    /// Its time zone.
    #[must_use]
    pub fn tz(&self) -> Tz {
        self.tz
    }

    /// First and last date for which it is published; `None` if it depends on no publication.
    #[must_use]
    pub fn coverage(&self) -> Option<(NaiveDate, NaiveDate)> {
        self.coverage
    }

    /// The instants it can count between: from the first day of 1970 to the last of 2099.
    #[must_use]
    pub fn range(&self) -> (Timestamp, Timestamp) {
        (self.first, self.last)
    }

    /// Whether what it says about this instant may still change, because nothing is published yet.
    ///
    /// The last published December is provisional too: next year's notice may move its last days.
    #[must_use]
    pub fn is_provisional(&self, t: Timestamp) -> bool {
        let Some((first, last)) = self.coverage else {
            return false;
        };
        let date = self.date_of(t);
        date < first || date > last || (date.year() == last.year() && date.month() == 12)
    }

    /// The local date at an instant.
    #[must_use]
    pub fn date_of(&self, t: Timestamp) -> NaiveDate {
        self.offsets.date_of(t)
    }

    /// Reads a local time such as `2023-03-23 10:00`; see [`parse_local`].
    ///
    /// # Errors
    ///
    /// As [`parse_local`].
    pub fn local(&self, text: &str) -> Result<Timestamp, LocalTimeError> {
        parse_local(self.tz, text)
    }

    /// The office hours, without overtime.
    #[must_use]
    pub fn office(&self) -> &OpenHours {
        &self.office
    }

    /// The office hours and the overtime together.
    #[must_use]
    pub fn with_overtime(&self) -> &OpenHours {
        self.extended.as_ref().unwrap_or(&self.office)
    }

    /// Returns the working milliseconds in `from..to`; negative if `to` is earlier.
    ///
    /// Outside the years the calendar holds there is no working time.
    #[must_use]
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.office.working_between(from, to)
    }

    /// Returns the earliest instant by which `ms` of working time have passed since `from`: the
    /// closing instant, not the next opening.
    ///
    /// # Errors
    ///
    /// [`NoWorkingTime`] when the calendar ends first.
    pub fn add(&self, from: Timestamp, ms: i64) -> Result<Timestamp, NoWorkingTime> {
        self.office.add(from, ms)
    }

    /// Returns the latest instant from which `ms` of working time pass until `to`: the next
    /// opening, not the closing instant.
    ///
    /// # Errors
    ///
    /// [`NoWorkingTime`] when the calendar begins later.
    pub fn sub(&self, to: Timestamp, ms: i64) -> Result<Timestamp, NoWorkingTime> {
        self.office.sub(to, ms)
    }

    /// Whether the office is open at an instant, overtime not counted.
    #[must_use]
    pub fn is_open_at(&self, t: Timestamp) -> bool {
        self.office.is_open_at(t)
    }

    /// Returns the times the office is open in `from..to`, cut to it, in order.
    pub fn open_stretches(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        self.office.stretches(from, to)
    }

    /// The windows of a date, as the local clock shows them, to draw lunch breaks and nights.
    #[must_use]
    pub fn windows(&self, date: NaiveDate) -> &[Window] {
        self.timetable.windows(date)
    }

    /// The overtime windows of a date.
    #[must_use]
    pub fn overtime_windows(&self, date: NaiveDate) -> &[Window] {
        self.timetable.overtime(date)
    }

    /// Why a date differs from its weekday, with the holiday's name if it has one.
    #[must_use]
    pub fn exception(&self, date: NaiveDate) -> Option<(ExceptionKind, Option<&str>)> {
        let exception = self.timetable.exceptions.get(&date)?;
        Some((exception.kind, exception.name.as_deref()))
    }

    /// Whether the office is open at any time of this date. Overtime alone makes no working day.
    #[must_use]
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        self.working_day(date).is_some()
    }

    fn working_day(&self, date: NaiveDate) -> Option<&WorkingDay> {
        let day = self.days.get(self.count_days_before(date))?;
        (day.date == date).then_some(day)
    }

    /// How many working days lie before a date.
    fn count_days_before(&self, date: NaiveDate) -> usize {
        usize::try_from(index(date).clamp(0, DATES))
            .ok()
            .and_then(|index| self.days_before.get(index))
            .map_or(0, |days| *days as usize)
    }

    /// The instant a date ends: when business stops, or at 24:00 if there is none or it is asked for.
    #[must_use]
    pub fn end_of(&self, date: NaiveDate, end: DayEnd) -> Timestamp {
        if end == DayEnd::Close
            && let Some(day) = self.working_day(date)
        {
            return day.close;
        }
        date.succ_opt()
            .map_or(Timestamp::MAX, |next| self.offsets.midnight(next))
    }

    /// Returns the number of working days after `from` up to and including `to`; negative, and
    /// counted from the other end, if `to` is earlier.
    #[must_use]
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        let until = |date: NaiveDate| {
            date.succ_opt()
                .map_or(self.days.len(), |next| self.count_days_before(next))
        };
        let (from, to) = (until(from), until(to));
        i64::try_from(to.abs_diff(from)).map_or(0, |days| if to < from { -days } else { days })
    }

    /// Returns when the last of `days` working days closes, counted from `from`.
    ///
    /// # Errors
    ///
    /// [`NoWorkingTime`] when the calendar ends first.
    pub fn add_working_days(
        &self,
        from: Timestamp,
        days: u32,
        start: DayStart,
    ) -> Result<Timestamp, NoWorkingTime> {
        if days == 0 {
            return Ok(from);
        }
        let ticks = self.ticks(DayKind::Working, DayEnd::Close);
        let first = ticks.first(from, first_date(self.date_of(from), start));
        ticks
            .nth(first, i64::from(days))
            .map(|tick| tick.at)
            .ok_or(NoWorkingTime { from })
    }

    /// Returns when the working day closes that lies `days` working days before the date of `to`.
    ///
    /// # Errors
    ///
    /// [`NoWorkingTime`] when the calendar begins later.
    pub fn sub_working_days(&self, to: Timestamp, days: u32) -> Result<Timestamp, NoWorkingTime> {
        if days == 0 {
            return Ok(to);
        }
        let before = self.count_days_before(self.date_of(to));
        usize::try_from(days)
            .ok()
            .and_then(|days| before.checked_sub(days))
            .and_then(|index| self.days.get(index))
            .map(|day| day.close)
            .ok_or(NoWorkingTime { from: to })
    }

    pub(crate) fn ticks(&self, kind: DayKind, end: DayEnd) -> Ticks<'_> {
        Ticks {
            calendar: self,
            kind,
            end,
        }
    }
}

/// The first date that may count for a clock that starts on `date`.
pub(crate) fn first_date(date: NaiveDate, start: DayStart) -> NaiveDate {
    match start {
        DayStart::SameDay => date,
        DayStart::NextDay => date.succ_opt().unwrap_or(NaiveDate::MAX),
    }
}

/// Which dates tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayKind {
    Working,
    Calendar,
}

/// The end of a date that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tick {
    pub(crate) date: NaiveDate,
    pub(crate) at: Timestamp,
}

/// The ends of the dates of a calendar, in order: a clock in days uses one day at each it runs through.
#[derive(Clone, Copy)]
pub(crate) struct Ticks<'a> {
    calendar: &'a Calendar,
    kind: DayKind,
    end: DayEnd,
}

impl Ticks<'_> {
    fn len(&self) -> i64 {
        match self.kind {
            DayKind::Working => i64::try_from(self.calendar.days.len()).unwrap_or(i64::MAX),
            DayKind::Calendar => DATES,
        }
    }

    fn get(&self, index: i64) -> Option<Tick> {
        let date = match self.kind {
            DayKind::Working => {
                let day = self.calendar.days.get(usize::try_from(index).ok()?)?;
                if self.end == DayEnd::Close {
                    return Some(Tick {
                        date: day.date,
                        at: day.close,
                    });
                }
                day.date
            }
            DayKind::Calendar if (0..DATES).contains(&index) => {
                NaiveDate::from_epoch_days(i32::try_from(index).ok()?)?
            }
            DayKind::Calendar => return None,
        };
        Some(Tick {
            date,
            at: self.calendar.end_of(date, self.end),
        })
    }

    /// The index of the first tick on `date` or later.
    fn on(&self, date: NaiveDate) -> i64 {
        match self.kind {
            DayKind::Working => {
                i64::try_from(self.calendar.count_days_before(date)).unwrap_or(i64::MAX)
            }
            DayKind::Calendar => index(date).clamp(0, DATES),
        }
    }

    /// The index of the first tick later than `after`, on `date` or later.
    pub(crate) fn first(&self, after: Timestamp, date: NaiveDate) -> i64 {
        // Every day ends on its date or soon after, so the date at `after` is a good guess.
        let over = |index| self.get(index).is_some_and(|tick| tick.at <= after);
        let later = settle(self.on(self.calendar.date_of(after)), self.len(), over);
        later.max(self.on(date))
    }

    /// The `count`th tick from index `first`, counted from one; nought is the one before it.
    pub(crate) fn nth(&self, first: i64, count: i64) -> Option<Tick> {
        self.get(first.checked_add(count)?.checked_sub(1)?)
    }
}
