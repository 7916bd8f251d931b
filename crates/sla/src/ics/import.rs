use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use serde::Serialize;

use super::content_line::{Property, unfold};
use super::event::{Event, IcsFile};
use super::fault::{IcsFault, IcsFaultKind as Kind};
use super::mark::{Mark, is_part_of_day, mark_of, name_in};
use super::moment::{Moment, duration_seconds, known_zone, moment, moments, moved, number, read};
use super::recurrence::Recurrence;
use crate::calendar::{YEAR_FIRST, YEAR_LAST};
use crate::calendar_compile::DATES_MAX;
use crate::calendar_spec::{CalendarSpec, ExceptionKind, ExceptionSpec, WeekdayName};
use crate::text::Text;

/// The largest file that is read, in bytes.
const LENGTH_MAX: usize = 4 << 20;
/// The most days of one event.
const EVENT_DAYS_MAX: i64 = 366;
/// The most days of all events together, each occurrence counted.
const DAYS_MAX: usize = 100_000;
/// The most days that all rules together are followed over.
const RECURRING_DAYS_MAX: i64 = 1_000_000;
/// The longest name of a date, in characters.
pub(super) const NAME_LENGTH_MAX: usize = 200;
/// The most windows of one date, as [`Calendar::compile`](crate::Calendar::compile) has it.
const WINDOWS_MAX: usize = 48;
/// After this many faults the rest is not told.
const FAULTS_MAX: usize = 1_000;

/// What an imported calendar is to be called, and how its file is read.
#[derive(Debug, Clone, Default)]
pub struct IcsOptions {
    /// The name by which workflows refer to it.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// The words on screen. Without it, the name that the file gives the calendar, in both languages.
    pub title: Option<Text>,
    /// The calendar it extends.
    pub inherits: Option<String>,
    /// Where it is. Without it, the zone that the file gives.
    pub tz: Option<Tz>,
    /// The first and the last year that are taken. Without it, those in which its events begin.
    pub years: Option<(i32, i32)>,
    /// What an all-day event means that says neither off nor worked.
    pub unmarked: Unmarked,
}

/// What an all-day event means that says neither that the day is off nor that it is worked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unmarked {
    /// It is a fault: [`IcsFaultKind::Unclear`](Kind::Unclear).
    #[default]
    Refuse,
    /// A holiday, as in files that list nothing else.
    DayOff,
    /// Nothing, as in files that mark holidays and list festivals beside them.
    LeaveOut,
}

/// A calendar as it was imported.
#[derive(Debug, Clone)]
pub struct IcsImport {
    /// The calendar. Its coverage is the whole of [`years`](Self::years), and it has no weekly hours.
    pub spec: CalendarSpec,
    /// The first and the last year that were taken.
    pub years: (i32, i32),
    /// The events of which nothing was taken.
    pub left_out: LeftOut,
}

/// How many events were left out, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// They are cancelled.
    pub cancelled: usize,
    /// They lie outside the years.
    pub outside: usize,
    /// They are unmarked, and such are to be left out.
    pub unmarked: usize,
}

/// Makes a calendar of an iCalendar file.
///
/// An all-day event is a day off or a make-up day by what it says: `X-GROUNDBREAK-KIND`,
/// `X-APPLE-SPECIAL-DAY`, else the words of its summary, its categories and its description. A
/// make-up day works as Monday. `TRANSP` tells nothing: programs write either on a holiday. A timed
/// event is a special day with these hours, or a make-up day if it says so; several on one date are
/// its windows. Hours are moved to the zone of the calendar. Rules are followed to the end of the
/// years; `EXDATE`, `RDATE`, moved and cancelled occurrences are honoured.
///
/// # Errors
///
/// Every [`IcsFault`] of the file, in the order of its lines.
///
/// # Source
///
/// RFC 5545, sections 3.1, 3.3 and 3.8; docs/decisions/0005-icalendar.md.
pub fn import_ics(bytes: &[u8], options: &IcsOptions) -> Result<IcsImport, Vec<IcsFault>> {
    if bytes.len() > LENGTH_MAX {
        let found = format!("{} > {LENGTH_MAX} B", bytes.len());
        return Err(vec![IcsFault::new(Kind::TooLong, 1, found)]);
    }
    let mut faults = Vec::new();
    let lines = unfold(bytes, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let file = IcsFile::read(&lines, &mut faults);
    let tz = zone(options, &file, &mut faults);
    let mut left_out = LeftOut::default();
    let mut plans = Vec::new();
    // RFC 5546, section 3.2.5: an event that is cancelled takes back all that was published of it.
    let is_cancelled = |event: &Event| event.text("STATUS").eq_ignore_ascii_case("CANCELLED");
    let taken_back: BTreeSet<&str> = file
        .events
        .iter()
        .filter(|event| is_cancelled(event) && event.get("RECURRENCE-ID").is_none())
        .map(|event| event.text("UID"))
        .filter(|uid| !uid.is_empty())
        .collect();
    for event in &file.events {
        if file.cancels || is_cancelled(event) || taken_back.contains(event.text("UID")) {
            left_out.cancelled += 1;
            continue;
        }
        // Without a zone the hours are read as if they were in UTC, to find the other faults.
        match Plan::read(event, tz.unwrap_or(Tz::UTC), options.unmarked) {
            Ok(Some(plan)) => plans.push(plan),
            Ok(None) => left_out.unmarked += 1,
            Err(fault) => faults.push(fault),
        }
    }
    let years = years(options, &plans, &mut faults);
    let mut days = Days::new(years);
    let replaced = Replaced::read(&file.events, tz.unwrap_or(Tz::UTC), &mut faults);
    for plan in &plans {
        match days.take(plan, &replaced) {
            Ok(true) => {}
            Ok(false) => left_out.outside += 1,
            Err(fault) => faults.push(fault),
        }
        if days.are_full() {
            break;
        }
    }
    let exceptions = days.exceptions(&mut faults);
    match tz {
        Some(tz) if faults.is_empty() => Ok(IcsImport {
            spec: CalendarSpec {
                id: options.id.clone(),
                version: options.version,
                title: options
                    .title
                    .clone()
                    .or_else(|| file.title.map(|title| Text::new(title.clone(), title))),
                inherits: options.inherits.clone(),
                tz: Some(tz.name().to_owned()),
                exceptions,
                coverage: Some([format!("{}-01-01", years.0), format!("{}-12-31", years.1)]),
                ..CalendarSpec::default()
            },
            years,
            left_out,
        }),
        _ => {
            faults.sort_by_key(|fault| fault.line);
            faults.dedup();
            if faults.len() > FAULTS_MAX {
                let found = format!("{} > {FAULTS_MAX}", faults.len());
                let line = faults.get(FAULTS_MAX).map_or(1, |fault| fault.line);
                faults.truncate(FAULTS_MAX);
                faults.push(IcsFault::new(Kind::TooMany, line, found));
            }
            Err(faults)
        }
    }
}

fn zone(options: &IcsOptions, file: &IcsFile, faults: &mut Vec<IcsFault>) -> Option<Tz> {
    if options.tz.is_some() {
        return options.tz;
    }
    let Some((name, line)) = &file.zone else {
        // A file that is no calendar has one fault, not two.
        if faults.is_empty() {
            faults.push(IcsFault::new(Kind::NoZone, 1, ""));
        }
        return None;
    };
    let tz = known_zone(name);
    if tz.is_none() {
        faults.push(IcsFault::new(Kind::UnknownZone, *line, name));
    }
    tz
}

fn years(options: &IcsOptions, plans: &[Plan<'_>], faults: &mut Vec<IcsFault>) -> (i32, i32) {
    if let Some((first, last)) = options.years {
        if first > last || first < YEAR_FIRST || last > YEAR_LAST {
            let found = format!("{first}..{last}");
            faults.push(IcsFault::new(Kind::BadYears, 1, found));
            return (YEAR_FIRST, YEAR_FIRST);
        }
        return (first, last);
    }
    let years = || plans.iter().map(|plan| plan.start.year());
    match years().min().zip(years().max()) {
        Some(years) => years,
        None => {
            if faults.is_empty() {
                faults.push(IcsFault::new(Kind::BadYears, 1, ""));
            }
            (YEAR_FIRST, YEAR_FIRST)
        }
    }
}

/// Which dates of recurring events are replaced by events of their own, by `UID`.
struct Replaced(BTreeMap<String, BTreeSet<NaiveDate>>);

impl Replaced {
    fn read(events: &[Event], tz: Tz, faults: &mut Vec<IcsFault>) -> Self {
        let mut dates: BTreeMap<String, BTreeSet<NaiveDate>> = BTreeMap::new();
        let starts: BTreeMap<&str, Tz> = events
            .iter()
            .filter(|event| event.get("RRULE").is_some())
            .filter_map(|event| Some((event.text("UID"), frame(event.get("DTSTART")?, tz))))
            .collect();
        for event in events {
            let Some(property) = event.get("RECURRENCE-ID") else {
                continue;
            };
            if property.parameter("RANGE").is_some() {
                faults.push(event.fault(Kind::Recurrence, "RECURRENCE-ID;RANGE"));
                continue;
            }
            match moment(property) {
                Ok(moment) => {
                    let uid = event.text("UID");
                    let frame = starts.get(uid).copied().unwrap_or(tz);
                    let date = moment.local_in(frame, tz).date();
                    dates.entry(uid.to_owned()).or_default().insert(date);
                }
                Err(fault) => faults.push(fault.of(event.text("SUMMARY"))),
            }
        }
        Self(dates)
    }
}

/// The zone in which an event recurs: its own, or that of the calendar.
fn frame(start: &Property, calendar_tz: Tz) -> Tz {
    match moment(start) {
        Ok(Moment::Local(_, Some(tz))) => tz,
        _ => calendar_tz,
    }
}

/// How long an event lasts.
#[derive(Debug, Clone, Copy)]
enum Span {
    Days(i64),
    /// By the local clock.
    Hours(TimeDelta),
}

/// What a date is by an event.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    kind: ExceptionKind,
    name: Option<String>,
    works_as: Option<WeekdayName>,
}

/// An event that was understood.
struct Plan<'a> {
    event: &'a Event,
    /// By the local clock of `tz`.
    start: NaiveDateTime,
    /// The zone it recurs in.
    tz: Tz,
    calendar_tz: Tz,
    span: Span,
    recurrence: Option<Recurrence>,
    meaning: Meaning,
}

impl<'a> Plan<'a> {
    /// Reads an event; `None` if it is unmarked and such are to be left out.
    fn read(
        event: &'a Event,
        calendar_tz: Tz,
        unmarked: Unmarked,
    ) -> Result<Option<Self>, IcsFault> {
        let placed = |fault: IcsFault| fault.of(event.text("SUMMARY"));
        let property = event
            .get("DTSTART")
            .ok_or_else(|| event.fault(Kind::NoStart, ""))?;
        let start = moment(property).map_err(placed)?;
        let (start, tz, span) = span(event, start, calendar_tz)?;
        let Some(meaning) = meaning(event, span, unmarked)? else {
            return Ok(None);
        };
        let unread = |found: &str| Err(event.fault(Kind::Recurrence, found));
        if event.all("RRULE").count() > 1 {
            return unread("RRULE, RRULE");
        }
        if event.get("EXRULE").is_some() {
            return unread("EXRULE");
        }
        let recurrence = match event.get("RRULE") {
            None => None,
            Some(rule) => match Recurrence::read(&rule.value, start.date()) {
                None => return unread(&rule.value),
                read => read,
            },
        };
        Ok(Some(Self {
            event,
            start,
            tz,
            calendar_tz,
            span,
            recurrence,
            meaning,
        }))
    }

    /// Returns when it begins, up to a date, and how many days its rule was followed.
    fn occurrences(
        &self,
        last: NaiveDate,
        replaced: &Replaced,
    ) -> Result<Vec<NaiveDateTime>, IcsFault> {
        let time = self.start.time();
        let mut starts: BTreeSet<NaiveDateTime> = BTreeSet::from([self.start]);
        if let Some(rule) = &self.recurrence {
            let unread = || self.event.fault(Kind::Recurrence, self.event.text("RRULE"));
            let last = match rule.until() {
                None => last,
                Some(until) => self.until(until).ok_or_else(unread)?.min(last),
            };
            let dates = rule.dates(self.start.date(), last).ok_or_else(unread)?;
            starts = dates.into_iter().map(|date| date.and_time(time)).collect();
        }
        let placed = |fault: IcsFault| fault.of(self.event.text("SUMMARY"));
        for property in self.event.all("RDATE") {
            for moment in moments(property).map_err(placed)? {
                starts.insert(match moment {
                    Moment::Date(date) => date.and_time(time),
                    local if matches!(self.span, Span::Days(_)) => {
                        self.local(local).date().and_time(time)
                    }
                    local => self.local(local),
                });
            }
        }
        let mut without: BTreeSet<NaiveDate> = BTreeSet::new();
        for property in self.event.all("EXDATE") {
            let dates = moments(property).map_err(placed)?;
            without.extend(dates.into_iter().map(|moment| self.local(moment).date()));
        }
        if self.event.get("RECURRENCE-ID").is_none()
            && let Some(dates) = replaced.0.get(self.event.text("UID"))
        {
            without.extend(dates);
        }
        Ok(starts
            .into_iter()
            .filter(|start| !without.contains(&start.date()))
            .collect())
    }

    fn local(&self, moment: Moment) -> NaiveDateTime {
        moment.local_in(self.tz, self.calendar_tz)
    }

    /// The last date on which it may begin.
    fn until(&self, text: &str) -> Option<NaiveDate> {
        // Some programs mean "for ever" by the end of the year 9999.
        let year = number(text.get(..4)?)?;
        if year > YEAR_LAST.unsigned_abs() {
            return NaiveDate::from_ymd_opt(YEAR_LAST, 12, 31);
        }
        let moment = read(text, Some(self.tz))?;
        let until = self.local(moment);
        let timed = matches!((self.span, moment), (Span::Hours(_), Moment::Local(..)));
        if timed && until.time() < self.start.time() {
            return until.date().pred_opt();
        }
        Some(until.date())
    }
}

/// Returns when an event begins, in which zone, and how long it lasts.
fn span(
    event: &Event,
    start: Moment,
    calendar_tz: Tz,
) -> Result<(NaiveDateTime, Tz, Span), IcsFault> {
    let placed = |fault: IcsFault| fault.of(event.text("SUMMARY"));
    let bad_end = |found: &str| event.fault(Kind::BadEnd, found);
    let end = event.get("DTEND").map(moment).transpose().map_err(placed)?;
    let length = event
        .get("DURATION")
        .map(|property| property.value.as_str());
    let found = event
        .get("DTEND")
        .map_or("", |property| property.value.as_str());
    if end.is_some() && length.is_some() {
        return Err(bad_end("DTEND, DURATION"));
    }
    let seconds = match length {
        None => None,
        Some(text) => Some(duration_seconds(text).ok_or_else(|| bad_end(text))?),
    };
    let (first, own) = match start {
        Moment::Date(first) => {
            let days = match (end, seconds) {
                (Some(Moment::Date(end)), _) => (end - first).num_days(),
                (Some(Moment::Local(..)), _) => return Err(bad_end(found)),
                (None, Some(seconds)) if seconds % 86_400 == 0 => seconds / 86_400,
                (None, Some(_)) => return Err(bad_end(length.unwrap_or_default())),
                (None, None) => 1,
            };
            return all_day(event, first, days, calendar_tz);
        }
        Moment::Local(first, own) => (first, own),
    };
    let tz = own.unwrap_or(calendar_tz);
    let last = match (end, seconds) {
        (Some(Moment::Date(_)), _) => return Err(bad_end(found)),
        (Some(end), _) => end.local_in(tz, calendar_tz),
        // A duration passes on the clock of the world, not on the wall.
        (None, Some(seconds)) => moved(
            moved(first, tz, Tz::UTC) + TimeDelta::seconds(seconds),
            Tz::UTC,
            tz,
        ),
        (None, None) => return Err(event.fault(Kind::NoHours, "DTEND")),
    };
    if last <= first {
        return Err(bad_end(found));
    }
    // Some programs write all-day events from midnight to midnight.
    let (opens, closes) = (moved(first, tz, calendar_tz), moved(last, tz, calendar_tz));
    let midnights = opens.time() == NaiveTime::MIN && closes.time() == NaiveTime::MIN;
    if midnights && event.get("X-GROUNDBREAK-KIND").is_none() {
        let days = (closes.date() - opens.date()).num_days();
        return all_day(event, opens.date(), days, calendar_tz);
    }
    Ok((first, tz, Span::Hours(last - first)))
}

fn all_day(
    event: &Event,
    first: NaiveDate,
    days: i64,
    tz: Tz,
) -> Result<(NaiveDateTime, Tz, Span), IcsFault> {
    if days < 1 {
        return Err(event.fault(Kind::BadEnd, event.text("DTEND")));
    }
    if days > EVENT_DAYS_MAX {
        return Err(event.fault(Kind::TooMany, format!("{days} > {EVENT_DAYS_MAX} d")));
    }
    Ok((first.and_time(NaiveTime::MIN), tz, Span::Days(days)))
}

/// Returns what an event says about its dates; `None` if it is to be left out.
fn meaning(event: &Event, span: Span, unmarked: Unmarked) -> Result<Option<Meaning>, IcsFault> {
    use ExceptionKind::{Holiday, LocalOff, Makeup, Special};
    let timed = matches!(span, Span::Hours(_));
    let summary = event.text("SUMMARY");
    let name = |name: Option<String>| match name {
        Some(name) if name.chars().count() > NAME_LENGTH_MAX => {
            Err(event.fault(Kind::TooMany, format!("> {NAME_LENGTH_MAX}: {name}")))
        }
        name => Ok(name),
    };
    let meaning = |kind, name, works_as: Option<WeekdayName>| {
        if timed && matches!(kind, Holiday | LocalOff) {
            return Err(event.fault(Kind::PartlyOff, summary));
        }
        let works_as = match kind {
            Makeup if !timed => works_as.or(Some(WeekdayName::Mon)),
            _ => works_as,
        };
        Ok(Some(Meaning {
            kind,
            name,
            works_as,
        }))
    };
    if let Some(property) = event.get("X-GROUNDBREAK-KIND") {
        let kind = match property.value.as_str() {
            "holiday" => Holiday,
            "makeup" => Makeup,
            "local_off" => LocalOff,
            "special" => Special,
            other => return Err(event.fault(Kind::BadMark, other)),
        };
        let works_as = works_as(event)?;
        if works_as.is_some() && (timed || matches!(kind, Holiday | LocalOff)) {
            return Err(event.fault(Kind::BadMark, event.text("X-GROUNDBREAK-WORKS-AS")));
        }
        if kind == Special && !timed && works_as.is_none() {
            return Err(event.fault(Kind::NoHours, summary));
        }
        let given = event.get("X-GROUNDBREAK-NAME");
        return meaning(
            kind,
            name(given.map(|given| given.value.clone()))?,
            works_as,
        );
    }
    let special_day = event.text("X-APPLE-SPECIAL-DAY").to_ascii_uppercase();
    let mark = match special_day.as_str() {
        "WORK-HOLIDAY" => Mark::Off,
        "ALTERNATE-WORKDAY" => Mark::Worked,
        _ => said(event),
    };
    if !timed && is_part_of_day(summary) {
        return Err(event.fault(Kind::NoHours, summary));
    }
    let name = name(name_in(summary))?;
    match mark {
        Mark::Off => meaning(Holiday, name, None),
        Mark::Worked => meaning(Makeup, name, None),
        Mark::Unclear => Err(event.fault(Kind::Unclear, summary)),
        Mark::None if timed => meaning(Special, name, None),
        Mark::None => match unmarked {
            Unmarked::Refuse => Err(event.fault(Kind::Unclear, summary)),
            Unmarked::DayOff => meaning(Holiday, name, None),
            Unmarked::LeaveOut => Ok(None),
        },
    }
}

/// What the words of an event say: those of its summary, else of its categories, else that its
/// description calls it a public holiday.
fn said(event: &Event) -> Mark {
    let mark = mark_of(event.text("SUMMARY"));
    if mark != Mark::None {
        return mark;
    }
    let categories: Vec<&str> = event
        .all("CATEGORIES")
        .map(|property| property.value.as_str())
        .collect();
    let mark = mark_of(&categories.join(","));
    if mark != Mark::None {
        return mark;
    }
    let description = event.text("DESCRIPTION").to_lowercase();
    if ["公众假期", "法定节假日", "public holiday"]
        .iter()
        .any(|words| description.contains(words))
    {
        return Mark::Off;
    }
    Mark::None
}

fn works_as(event: &Event) -> Result<Option<WeekdayName>, IcsFault> {
    let Some(property) = event.get("X-GROUNDBREAK-WORKS-AS") else {
        return Ok(None);
    };
    WeekdayName::ALL
        .into_iter()
        .find(|day| day.name() == property.value)
        .map(Some)
        .ok_or_else(|| event.fault(Kind::BadMark, &property.value))
}

/// A date as the events so far have it.
struct Day {
    meaning: Meaning,
    /// In minutes from 00:00; none for an all-day event.
    windows: BTreeSet<(i64, i64)>,
    line: usize,
    event: String,
}

/// The dates of the years that are taken.
struct Days {
    first: NaiveDate,
    last: NaiveDate,
    dates: BTreeMap<NaiveDate, Day>,
    /// How many more days may be taken, and followed.
    budget: usize,
    recurring_budget: i64,
}

impl Days {
    fn new((first, last): (i32, i32)) -> Self {
        let january = NaiveDate::from_ymd_opt(first, 1, 1);
        let december = NaiveDate::from_ymd_opt(last, 12, 31);
        Self {
            first: january.unwrap_or(NaiveDate::MIN),
            last: december.unwrap_or(NaiveDate::MIN),
            dates: BTreeMap::new(),
            budget: DAYS_MAX,
            recurring_budget: RECURRING_DAYS_MAX,
        }
    }

    fn are_full(&self) -> bool {
        self.budget == 0 || self.recurring_budget < 0 || self.dates.len() > DATES_MAX
    }

    /// Takes the dates of an event. Returns whether there were any in the years.
    fn take(&mut self, plan: &Plan<'_>, replaced: &Replaced) -> Result<bool, IcsFault> {
        let event = plan.event;
        if plan.recurrence.is_some() {
            self.recurring_budget -= (self.last - plan.start.date()).num_days().max(0);
            if self.recurring_budget < 0 {
                let found = format!("> {RECURRING_DAYS_MAX} d");
                return Err(event.fault(Kind::TooMany, found));
            }
        }
        let mut any = false;
        for start in plan.occurrences(self.last, replaced)? {
            match plan.span {
                Span::Days(days) => {
                    for date in start
                        .date()
                        .iter_days()
                        .take(usize::try_from(days).unwrap_or(0))
                    {
                        any |= self.put(date, None, plan)?;
                    }
                }
                Span::Hours(length) => {
                    let (date, window) = window(plan, start, length)?;
                    any |= self.put(date, Some(window), plan)?;
                }
            }
        }
        Ok(any)
    }

    fn put(
        &mut self,
        date: NaiveDate,
        window: Option<(i64, i64)>,
        plan: &Plan<'_>,
    ) -> Result<bool, IcsFault> {
        let event = plan.event;
        self.budget = self.budget.saturating_sub(1);
        if self.budget == 0 {
            return Err(event.fault(Kind::TooMany, format!("> {DAYS_MAX} d")));
        }
        if date < self.first || date > self.last {
            return Ok(false);
        }
        let Some(day) = self.dates.get_mut(&date) else {
            if self.dates.len() >= DATES_MAX {
                self.budget = 0;
                return Err(event.fault(Kind::TooMany, format!("> {DATES_MAX} d")));
            }
            self.dates.insert(
                date,
                Day {
                    meaning: plan.meaning.clone(),
                    windows: window.into_iter().collect(),
                    line: event.line,
                    event: event.text("SUMMARY").chars().take(64).collect(),
                },
            );
            return Ok(true);
        };
        let alike = day.meaning.kind == plan.meaning.kind
            && day.meaning.works_as == plan.meaning.works_as
            && day.windows.is_empty() == window.is_none();
        if !alike {
            let found = format!("{date}, {}: {}", day.line, day.event);
            return Err(event.fault(Kind::Conflict, found));
        }
        day.windows.extend(window);
        let too_many = day.windows.len() > WINDOWS_MAX || !day.add_name(&plan.meaning);
        if too_many {
            return Err(event.fault(Kind::TooMany, date.to_string()));
        }
        Ok(true)
    }

    /// Returns the dates as a calendar file has them.
    fn exceptions(self, faults: &mut Vec<IcsFault>) -> BTreeMap<String, ExceptionSpec> {
        let mut exceptions = BTreeMap::new();
        for (date, day) in self.dates {
            let windows: Vec<(i64, i64)> = day.windows.into_iter().collect();
            if let Some(pair) = windows.windows(2).find(|pair| pair[0].1 > pair[1].0) {
                let found = format!("{date} {}, {}", show(pair[0]), show(pair[1]));
                faults.push(IcsFault::new(Kind::Conflict, day.line, found).of(&day.event));
            }
            let hours = windows
                .iter()
                .map(|(open, close)| [clock(*open), clock(*close)]);
            exceptions.insert(
                date.to_string(),
                ExceptionSpec {
                    kind: day.meaning.kind,
                    name: day.meaning.name,
                    hours: (!windows.is_empty()).then(|| hours.collect()),
                    works_as: day.meaning.works_as,
                },
            );
        }
        exceptions
    }
}

impl Day {
    /// Adds the name of another holiday on this date. Returns whether the name is not too long.
    fn add_name(&mut self, other: &Meaning) -> bool {
        let Some(more) = &other.name else {
            return true;
        };
        let Some(name) = &mut self.meaning.name else {
            self.meaning.name = Some(more.clone());
            return true;
        };
        if name != more && !name.split('、').any(|part| part == more) {
            name.push('、');
            name.push_str(more);
        }
        name.chars().count() <= NAME_LENGTH_MAX
    }
}

/// Returns the date an occurrence belongs to, and its hours, where the calendar is.
fn window(
    plan: &Plan<'_>,
    start: NaiveDateTime,
    length: TimeDelta,
) -> Result<(NaiveDate, (i64, i64)), IcsFault> {
    let opens = moved(start, plan.tz, plan.calendar_tz);
    let closes = moved(start + length, plan.tz, plan.calendar_tz);
    let midnight = opens.date().and_time(NaiveTime::MIN);
    let (open, close) = (opens - midnight, closes - midnight);
    let whole = open.num_seconds() % 60 == 0 && close.num_seconds() % 60 == 0;
    let (open, close) = (open.num_minutes(), close.num_minutes());
    if !whole || close <= open || close > 2 * 1440 || close % 1440 == 1439 {
        let found = format!("{opens} – {closes}");
        return Err(plan.event.fault(Kind::BadHours, found));
    }
    Ok((opens.date(), (open, close)))
}

fn show((open, close): (i64, i64)) -> String {
    format!("{}–{}", clock(open), clock(close))
}

fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
