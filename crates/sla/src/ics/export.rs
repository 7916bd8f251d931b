use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use icalendar::{Calendar as IcsCalendar, Component, Event, Property};

use super::import::NAME_LENGTH_MAX;
use super::mark::seen;
use crate::calendar_compile::{date, windows};
use crate::calendar_fault::{CalendarFault, CalendarFaultKind as Kind};
use crate::calendar_spec::{CalendarSpec, ExceptionKind, ExceptionSpec};
use crate::timestamp::Timestamp;

/// The longest line, in bytes, its end not counted: RFC 5545, section 3.1.
const LINE_LENGTH_MAX: usize = 75;

/// Writes the exceptions of a calendar as an iCalendar file, for other programs to show.
///
/// Each run of equal days is an all-day event; a day with hours of its own has a timed event for
/// each of its windows, in the zone of the calendar. Summaries end in （休） or （班）, and
/// `X-APPLE-SPECIAL-DAY` says the same. `X-GROUNDBREAK-KIND`, `-NAME` and `-WORKS-AS` hold what
/// [`import_ics`](super::import_ics) needs to give the same exceptions back. An event takes up no
/// time of who subscribes to it (`TRANSP`). Weekly hours and overtime are not written.
///
/// `years` are the first and the last year; without it, all. `written_at` becomes the `DTSTAMP` of
/// every event. Equal arguments give equal bytes: a `UID` is made of the calendar's id, the date
/// and the kind, so that a newer version takes the place of an older one. Control characters in
/// names, which the format has no place for, are written as spaces.
///
/// # Errors
///
/// Every [`CalendarFault`] of an exception: a date or a time that is not one, a day off with
/// hours, a special day without, a name of more than 200 characters.
pub fn export_ics(
    spec: &CalendarSpec,
    years: Option<(i32, i32)>,
    written_at: Timestamp,
) -> Result<String, Vec<CalendarFault>> {
    let mut faults = Vec::new();
    let mut runs: Vec<Run<'_>> = Vec::new();
    for (text, exception) in &spec.exceptions {
        let place = format!("exceptions.{text}");
        let hours = hours_of(exception, &place, &mut faults);
        let length = exception
            .name
            .as_ref()
            .map_or(0, |name| name.chars().count());
        if length > NAME_LENGTH_MAX {
            let found = format!("{length} > {NAME_LENGTH_MAX}");
            faults.push(CalendarFault::new(
                Kind::TooMany,
                format!("{place}.name"),
                found,
            ));
        }
        let Some(first) = date(text, &place, &mut faults) else {
            continue;
        };
        if years.is_some_and(|(from, to)| first.year() < from || first.year() > to) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.goes_on(first, exception) => run.days += 1,
            _ => runs.push(Run {
                first,
                days: 1,
                exception,
                hours,
            }),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut calendar = IcsCalendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//Groundbreak//Calendar//ZH"));
    calendar.append_property(Property::new("METHOD", "PUBLISH"));
    calendar.append_property(Property::new("X-WR-CALNAME", title(spec)));
    if let Some(tz) = &spec.tz {
        calendar.append_property(Property::new("X-WR-TIMEZONE", tz));
    }
    for run in &runs {
        for event in run.events(spec, written_at) {
            calendar.push(event);
        }
    }
    Ok(folded(&calendar.to_string()))
}

fn title(spec: &CalendarSpec) -> String {
    let title = spec.title.as_ref().map_or(&spec.id, |title| &title.zh);
    plain(title)
}

/// Days in a row about which the same is to be said.
struct Run<'a> {
    first: NaiveDate,
    days: i64,
    exception: &'a ExceptionSpec,
    /// In minutes from 00:00; none for an all-day event.
    hours: Vec<(u16, u16)>,
}

impl Run<'_> {
    fn goes_on(&self, date: NaiveDate, exception: &ExceptionSpec) -> bool {
        self.hours.is_empty()
            && self.exception == exception
            && self.first.checked_add_signed(TimeDelta::days(self.days)) == Some(date)
            // As long an event as is read back.
            && self.days < 366
    }

    fn events(&self, spec: &CalendarSpec, written_at: Timestamp) -> Vec<Event> {
        if self.hours.is_empty() {
            let mut event = self.event(spec, written_at, 0);
            let end = self.first.checked_add_signed(TimeDelta::days(self.days));
            event.append_property(on("DTSTART", self.first));
            event.append_property(on("DTEND", end.unwrap_or(self.first)));
            return vec![event];
        }
        let zone = spec.tz.as_deref();
        let windows = self.hours.iter().enumerate();
        windows
            .map(|(index, (open, close))| {
                let mut event = self.event(spec, written_at, index);
                let midnight = self.first.and_time(NaiveTime::MIN);
                let clock = |minute: u16| midnight + TimeDelta::minutes(i64::from(minute));
                event.append_property(at("DTSTART", clock(*open), zone));
                event.append_property(at("DTEND", clock(*close), zone));
                event
            })
            .collect()
    }

    /// An event with everything but its time.
    fn event(&self, spec: &CalendarSpec, written_at: Timestamp, index: usize) -> Event {
        let (kind, mark, word) = match self.exception.kind {
            ExceptionKind::Holiday => ("holiday", "（休）", "放假"),
            ExceptionKind::Makeup => ("makeup", "（班）", "补班"),
            ExceptionKind::LocalOff => ("local_off", "（休）", "休息"),
            ExceptionKind::Special => ("special", "", "特殊安排"),
        };
        let name = self.exception.name.as_deref().map(plain);
        let summary = match name.as_deref() {
            Some(name) if !name.trim().is_empty() => format!("{name}{mark}"),
            _ => word.to_owned(),
        };
        let part = if index == 0 {
            String::new()
        } else {
            format!("-{}", index + 1)
        };
        let id = plain(&spec.id);
        let stamp = written_at
            .in_zone(chrono_tz::Tz::UTC)
            .format("%Y%m%dT%H%M%SZ");
        let mut event = Event::new();
        event.uid(&format!("{}-{kind}{part}.{id}@groundbreak", self.first));
        event.append_property(Property::new("DTSTAMP", stamp.to_string()));
        event.sequence(spec.version);
        event.summary(&summary);
        event.append_property(Property::new("TRANSP", "TRANSPARENT"));
        event.append_property(Property::new("X-GROUNDBREAK-KIND", kind));
        if let Some(name) = name {
            event.append_property(Property::new("X-GROUNDBREAK-NAME", name));
        }
        if let Some(day) = self.exception.works_as {
            event.append_property(Property::new("X-GROUNDBREAK-WORKS-AS", day.name()));
        }
        match self.exception.kind {
            ExceptionKind::Holiday | ExceptionKind::LocalOff => {
                event.append_property(Property::new("X-APPLE-SPECIAL-DAY", "WORK-HOLIDAY"));
            }
            ExceptionKind::Makeup => {
                event.append_property(Property::new("X-APPLE-SPECIAL-DAY", "ALTERNATE-WORKDAY"));
            }
            ExceptionKind::Special => {}
        }
        event
    }
}

/// The hours an exception gives of its own, checked as a calendar's are.
fn hours_of(
    exception: &ExceptionSpec,
    place: &str,
    faults: &mut Vec<CalendarFault>,
) -> Vec<(u16, u16)> {
    let written = exception.hours.as_ref().filter(|hours| !hours.is_empty());
    let fault = match (exception.kind, written, exception.works_as) {
        (ExceptionKind::Holiday | ExceptionKind::LocalOff, None, None) => None,
        (ExceptionKind::Holiday | ExceptionKind::LocalOff, ..) => Some(Kind::OffWithHours),
        (_, Some(_), Some(_)) => Some(Kind::TwoSources),
        (ExceptionKind::Makeup, None, None) => Some(Kind::MakeupWithoutHours),
        (ExceptionKind::Special, None, None) => Some(Kind::SpecialWithoutHours),
        _ => None,
    };
    if let Some(kind) = fault {
        faults.push(CalendarFault::new(kind, place, ""));
        return Vec::new();
    }
    let Some(hours) = written else {
        return Vec::new();
    };
    windows(hours, &format!("{place}.hours"), faults)
        .into_iter()
        .map(|window| (window.open_minute, window.close_minute))
        .collect()
}

fn on(name: &str, date: NaiveDate) -> Property {
    let mut property = Property::new(name, date.format("%Y%m%d").to_string());
    property.add_parameter("VALUE", "DATE").done()
}

fn at(name: &str, local: NaiveDateTime, zone: Option<&str>) -> Property {
    let mut property = Property::new(name, local.format("%Y%m%dT%H%M%S").to_string());
    match zone {
        Some("UTC" | "Etc/UTC") => Property::new(name, format!("{}Z", property.value())),
        Some(zone) => property.add_parameter("TZID", zone).done(),
        None => property,
    }
}

/// A text without control characters, but for the end of a line, and not longer than a name.
fn plain(text: &str) -> String {
    text.chars().map(seen).take(NAME_LENGTH_MAX).collect()
}

/// Folds lines at 75 bytes, between characters. The crate folds too, and gives a last part 76.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + text.len() / 64);
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let mut length = 0;
        for c in line.chars() {
            if length + c.len_utf8() > LINE_LENGTH_MAX {
                folded.push_str("\r\n ");
                length = 1;
            }
            folded.push(c);
            length += c.len_utf8();
        }
        folded.push_str("\r\n");
    }
    folded
}
