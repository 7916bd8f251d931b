use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::content_line::Property;
use super::fault::{IcsFault, IcsFaultKind as Kind};
use crate::calendar::{YEAR_FIRST, YEAR_LAST};
use crate::zone;

/// A date or time as an event gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// A date: the event is all day.
    Date(NaiveDate),
    /// A local time, in a zone if it names one. Without one it is a time where the calendar is.
    Local(NaiveDateTime, Option<Tz>),
}

impl Moment {
    /// The local time in `tz`. A date begins at 00:00, wherever that is.
    pub(super) fn local_in(self, tz: Tz, calendar_tz: Tz) -> NaiveDateTime {
        match self {
            Self::Date(date) => date.and_time(NaiveTime::MIN),
            Self::Local(local, own) => moved(local, own.unwrap_or(calendar_tz), tz),
        }
    }
}

/// What the local clock of `to` shows when that of `from` shows `local`.
pub(super) fn moved(local: NaiveDateTime, from: Tz, to: Tz) -> NaiveDateTime {
    if from == to {
        // Hours in a gap or a fold stay as they are written.
        return local;
    }
    zone::instant(from, local).map_or(local, |at| at.in_zone(to).naive_local())
}

/// Reads the one moment of a property.
pub(super) fn moment(property: &Property) -> Result<Moment, IcsFault> {
    let zone = zone_of(property)?;
    read(&property.value, zone)
        .ok_or_else(|| IcsFault::new(Kind::BadDate, property.line, &property.value))
}

/// Reads the moments of a property that takes a list.
pub(super) fn moments(property: &Property) -> Result<Vec<Moment>, IcsFault> {
    let zone = zone_of(property)?;
    property
        .value
        .split(',')
        .map(|text| {
            read(text, zone).ok_or_else(|| IcsFault::new(Kind::BadDate, property.line, text))
        })
        .collect()
}

fn zone_of(property: &Property) -> Result<Option<Tz>, IcsFault> {
    match property.parameter("TZID") {
        None | Some("") => Ok(None),
        // A date has no zone, whatever is written beside it.
        Some(_) if !property.value.contains('T') => Ok(None),
        Some(name) => known_zone(name)
            .map(Some)
            .ok_or_else(|| IcsFault::new(Kind::UnknownZone, property.line, name)),
    }
}

/// The zone of that name: of the IANA database, behind a prefix as some programs put it, or the
/// name that Windows has for China's.
pub(super) fn known_zone(name: &str) -> Option<Tz> {
    if let Ok(tz) = Tz::from_str(name) {
        return Some(tz);
    }
    if name == "China Standard Time" {
        return Some(Tz::Asia__Shanghai);
    }
    if !name.starts_with('/') {
        return None;
    }
    name.match_indices('/')
        .find_map(|(at, _)| Tz::from_str(&name[at + 1..]).ok())
}

/// Reads a date or a time, which is in `tz` unless it ends with `Z`.
pub(super) fn read(text: &str, tz: Option<Tz>) -> Option<Moment> {
    let (digits, time) = match text.split_once('T') {
        None => return read_date(text).map(Moment::Date),
        Some(parts) => parts,
    };
    let date = read_date(digits)?;
    let (time, tz) = match time.strip_suffix('Z') {
        Some(time) => (time, Some(Tz::UTC)),
        None => (time, tz),
    };
    if time.len() != 6 {
        return None;
    }
    let part = |at: usize| number(time.get(at..at + 2)?);
    let time = NaiveTime::from_hms_opt(part(0)?, part(2)?, part(4)?)?;
    Some(Moment::Local(date.and_time(time), tz))
}

fn read_date(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 {
        return None;
    }
    let year = i32::try_from(number(text.get(..4)?)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(text.get(4..6)?)?, number(text.get(6..)?)?)
        .filter(|date| (YEAR_FIRST..=YEAR_LAST).contains(&date.year()))
}

/// Reads digits alone: no sign, no space.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Reads a duration that is not negative, in seconds: `P1D`, `PT3H30M`, `P2W`.
pub(super) fn duration_seconds(text: &str) -> Option<i64> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (days, time) = match text.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (text, None),
    };
    let mut seconds = 0_i64;
    let mut sum = |text: &str, units: &[(char, i64)]| {
        let mut rest = text;
        // Each unit at most once, from the longest.
        for (unit, length) in units {
            if let Some((amount, after)) = rest.split_once(*unit) {
                // More digits than these are no length of an event.
                let amount = number(amount).filter(|amount| *amount < 10_000_000)?;
                seconds += i64::from(amount) * length;
                rest = after;
            }
        }
        rest.is_empty().then_some(())
    };
    sum(days, &[('W', 604_800), ('D', 86_400)])?;
    if let Some(time) = time {
        sum(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    }
    (seconds > 0).then_some(seconds)
}
