use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use crate::calendar::{Calendar, ExceptionDay, Heading, Timetable, Window, YEAR_FIRST, YEAR_LAST};
use crate::calendar_fault::{CalendarFault, CalendarFaultKind as Kind};
use crate::calendar_set::CalendarRef;
use crate::calendar_spec::{
    CalendarSpec, ExceptionKind, ExceptionSpec, Hours, WeekdayName, WeeklySpec,
};

/// More exceptions than 130 years of public holidays have.
pub(crate) const DATES_MAX: usize = 10_000;
const WINDOWS_MAX: usize = 48;
/// The first stretch of this many days without a working day makes a calendar useless.
const CLOSED_DAYS_MAX: i64 = 400;

impl Calendar {
    /// Checks a calendar file and lays it out over the years.
    ///
    /// # Errors
    ///
    /// Every [`CalendarFault`] of the file, not only the first.
    pub fn compile(spec: &CalendarSpec) -> Result<Self, Vec<CalendarFault>> {
        let mut faults = Vec::new();
        let tz = zone(spec, &mut faults);
        let coverage = coverage(spec, &mut faults);
        let timetable = timetable(spec, &mut faults);
        if faults.is_empty() {
            overlaps_across_midnight(&timetable, &mut faults);
        }
        if faults.is_empty() {
            closed_for_good(&timetable, &mut faults);
        }
        match tz {
            Some(tz) if faults.is_empty() => Ok(Self::assemble(
                Heading {
                    reference: CalendarRef::new(spec.id.clone(), spec.version),
                    title: spec.title.clone(),
                    tz,
                    coverage,
                    lineage: spec.lineage.clone(),
                },
                timetable,
            )),
            _ => Err(faults),
        }
    }
}

fn zone(spec: &CalendarSpec, faults: &mut Vec<CalendarFault>) -> Option<Tz> {
    if spec.id.trim().is_empty() {
        faults.push(CalendarFault::new(Kind::NoId, "id", ""));
    }
    if let Some(parent) = &spec.inherits {
        faults.push(CalendarFault::new(Kind::Uninherited, "inherits", parent));
    }
    let Some(name) = &spec.tz else {
        // What the parent would have brought is not a second fault.
        if spec.inherits.is_none() {
            faults.push(CalendarFault::new(Kind::NoZone, "tz", ""));
        }
        return None;
    };
    let tz = Tz::from_str(name).ok();
    if tz.is_none() {
        faults.push(CalendarFault::new(Kind::UnknownZone, "tz", name));
    }
    tz
}

fn coverage(
    spec: &CalendarSpec,
    faults: &mut Vec<CalendarFault>,
) -> Option<(NaiveDate, NaiveDate)> {
    let [first, last] = spec.coverage.as_ref()?;
    let first = date(first, "coverage[0]", faults);
    let last = date(last, "coverage[1]", faults);
    let (first, last) = first.zip(last)?;
    if first > last {
        faults.push(CalendarFault::new(
            Kind::CoverageReversed,
            "coverage",
            format!("{first} – {last}"),
        ));
    }
    Some((first, last))
}

fn timetable(spec: &CalendarSpec, faults: &mut Vec<CalendarFault>) -> Timetable {
    let count = spec.exceptions.len().max(spec.overtime.dates.len());
    if count > DATES_MAX {
        faults.push(CalendarFault::new(
            Kind::TooMany,
            "exceptions",
            format!("{count} > {DATES_MAX}"),
        ));
        return Timetable::default();
    }
    let weekly = week(&spec.weekly, "weekly", faults);
    let mut exceptions = BTreeMap::new();
    for (text, exception) in &spec.exceptions {
        let place = format!("exceptions.{text}");
        let windows = exception_windows(exception, &weekly, &place, faults);
        if let Some(date) = date(text, &place, faults) {
            exceptions.insert(
                date,
                ExceptionDay {
                    kind: exception.kind,
                    name: exception.name.clone(),
                    windows,
                },
            );
        }
    }
    let overtime_weekly = week(&spec.overtime.weekly, "overtime.weekly", faults);
    let mut overtime_dates = BTreeMap::new();
    for (text, hours) in &spec.overtime.dates {
        let place = format!("overtime.dates.{text}");
        let windows = windows(hours, &place, faults);
        if let Some(date) = date(text, &place, faults) {
            overtime_dates.insert(date, windows);
        }
    }
    Timetable {
        weekly,
        exceptions,
        overtime_weekly,
        overtime_dates,
    }
}

fn week(spec: &WeeklySpec, place: &str, faults: &mut Vec<CalendarFault>) -> [Vec<Window>; 7] {
    WeekdayName::ALL.map(|day| {
        spec.day(day)
            .map(|hours| windows(hours, &format!("{place}.{}", day.name()), faults))
            .unwrap_or_default()
    })
}

fn exception_windows(
    exception: &ExceptionSpec,
    weekly: &[Vec<Window>; 7],
    place: &str,
    faults: &mut Vec<CalendarFault>,
) -> Vec<Window> {
    let written = exception.hours.as_ref().filter(|hours| !hours.is_empty());
    let empty = match exception.kind {
        ExceptionKind::Holiday | ExceptionKind::LocalOff => {
            if written.is_some() || exception.works_as.is_some() {
                faults.push(CalendarFault::new(Kind::OffWithHours, place, ""));
            }
            return Vec::new();
        }
        ExceptionKind::Makeup => Kind::MakeupWithoutHours,
        ExceptionKind::Special => Kind::SpecialWithoutHours,
    };
    match (written, exception.works_as) {
        (Some(_), Some(_)) => {
            faults.push(CalendarFault::new(Kind::TwoSources, place, ""));
            Vec::new()
        }
        (Some(hours), None) => windows(hours, &format!("{place}.hours"), faults),
        (None, Some(day)) => {
            let windows = weekly.get(day as usize).cloned().unwrap_or_default();
            if windows.is_empty() {
                faults.push(CalendarFault::new(empty, place, day.name()));
            }
            windows
        }
        (None, None) => {
            faults.push(CalendarFault::new(empty, place, ""));
            Vec::new()
        }
    }
}

pub(crate) fn date(text: &str, place: &str, faults: &mut Vec<CalendarFault>) -> Option<NaiveDate> {
    // chrono also reads `2023-4-5`, and then two spellings would name one date.
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| text.len() == 10 && (YEAR_FIRST..=YEAR_LAST).contains(&date.year()));
    if date.is_none() {
        faults.push(CalendarFault::new(Kind::BadDate, place, text));
    }
    date
}

pub(crate) fn windows(hours: &Hours, place: &str, faults: &mut Vec<CalendarFault>) -> Vec<Window> {
    if hours.len() > WINDOWS_MAX {
        faults.push(CalendarFault::new(
            Kind::TooMany,
            place,
            format!("{} > {WINDOWS_MAX}", hours.len()),
        ));
        return Vec::new();
    }
    let mut windows: Vec<Window> = Vec::with_capacity(hours.len());
    for (index, [open, close]) in hours.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let found = format!("{open}–{close}");
        let (Some(open_minute), Some(close_minute)) =
            (minute(open, &place, faults), minute(close, &place, faults))
        else {
            continue;
        };
        if close_minute % 1440 == 1439 {
            faults.push(CalendarFault::new(Kind::LastMinute, place, found));
        } else if open_minute >= 1440 {
            // It would belong to the next date and make this one a working day.
            faults.push(CalendarFault::new(Kind::BadTime, place, open));
        } else if close_minute <= open_minute {
            faults.push(CalendarFault::new(Kind::CloseBeforeOpen, place, found));
        } else if windows
            .last()
            .is_some_and(|last| open_minute < last.close_minute)
        {
            faults.push(CalendarFault::new(Kind::Overlap, place, found));
        } else {
            windows.push(Window {
                open_minute,
                close_minute,
            });
        }
    }
    windows
}

fn minute(text: &str, place: &str, faults: &mut Vec<CalendarFault>) -> Option<u16> {
    let minute = match text.as_bytes() {
        [
            h1 @ b'0'..=b'4',
            h2 @ b'0'..=b'9',
            b':',
            m1 @ b'0'..=b'5',
            m2 @ b'0'..=b'9',
        ] => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            let minute = (digit(h1) * 10 + digit(h2)) * 60 + digit(m1) * 10 + digit(m2);
            (minute <= 2 * 1440).then_some(minute)
        }
        _ => None,
    };
    if minute.is_none() {
        faults.push(CalendarFault::new(Kind::BadTime, place, text));
    }
    minute
}

/// A night shift must not run into the next date's first window: it would be unclear on which
/// date the work was done. Looks at each pair of weekdays and around each exception once.
fn overlaps_across_midnight(timetable: &Timetable, faults: &mut Vec<CalendarFault>) {
    let runs_into = |evening: &[Window], morning: &[Window]| {
        let (Some(last), Some(first)) = (evening.last(), morning.first()) else {
            return false;
        };
        last.close_minute > first.open_minute + 1440
    };
    for (index, day) in WeekdayName::ALL.into_iter().enumerate() {
        let tomorrow = WeekdayName::ALL[(index + 1) % 7];
        if runs_into(
            &timetable.weekly[day as usize],
            &timetable.weekly[tomorrow as usize],
        ) {
            faults.push(CalendarFault::new(
                Kind::Overlap,
                format!("weekly.{}", tomorrow.name()),
                format!("{} → {}", day.name(), tomorrow.name()),
            ));
        }
    }
    for date in timetable.exceptions.keys() {
        let around = [
            date.pred_opt().map(|before| (before, *date)),
            date.succ_opt().map(|after| (*date, after)),
        ];
        for (evening, morning) in around.into_iter().flatten() {
            // Two exceptions in a row would be reported from both sides.
            let twice = evening == *date && timetable.exceptions.contains_key(&morning);
            if !twice && runs_into(timetable.windows(evening), timetable.windows(morning)) {
                faults.push(CalendarFault::new(
                    Kind::Overlap,
                    format!("exceptions.{date}"),
                    format!("{evening} → {morning}"),
                ));
            }
        }
    }
}

fn closed_for_good(timetable: &Timetable, faults: &mut Vec<CalendarFault>) {
    let Some(first) = NaiveDate::from_ymd_opt(YEAR_FIRST, 1, 1) else {
        return;
    };
    let mut closed_since = first;
    for date in first
        .iter_days()
        .take_while(|date| date.year() <= YEAR_LAST)
    {
        if !timetable.windows(date).is_empty() {
            closed_since = date + TimeDelta::days(1);
        } else if (date - closed_since).num_days() + 1 >= CLOSED_DAYS_MAX {
            faults.push(CalendarFault::new(
                Kind::NoWorkingTime,
                "weekly",
                closed_since.to_string(),
            ));
            return;
        }
    }
}
