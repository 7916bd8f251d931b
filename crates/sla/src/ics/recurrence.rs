//! Recurrence rules, as far as whole days recur.
//!
//! A rule is checked part by part, and only one whose dates are never far apart is handed to the
//! crate that expands it: what never comes to pass would be searched for until the year 10000.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone, Weekday};
use icalendar::{RRule, RRuleSet, rrule};

use super::moment::number;

/// Longest rule that is read, in bytes.
const LENGTH_MAX: usize = 500;
const INTERVAL_MAX: u32 = 400;
const COUNT_MAX: u32 = 1_000_000;

/// A rule by which whole days recur.
#[derive(Debug)]
pub(super) struct Recurrence {
    /// Without `UNTIL`.
    text: String,
    until: Option<String>,
    counted: bool,
}

/// The parts of a rule that decide which days it can fall on.
#[derive(Debug, Default)]
struct Parts {
    frequency: Option<&'static str>,
    months: Vec<u32>,
    month_days: Vec<i32>,
    /// Which one of the month or year, nought for every one, and the weekday.
    weekdays: Vec<(i32, Weekday)>,
    positions: bool,
}

impl Recurrence {
    /// Reads a rule whose first date is `start`; `None` if it is not one that is read, or `start`
    /// is not one of its dates.
    pub(super) fn read(text: &str, start: NaiveDate) -> Option<Self> {
        if text.len() > LENGTH_MAX {
            return None;
        }
        let text = text.trim_end_matches(';').to_ascii_uppercase();
        let mut parts = Parts::default();
        let mut kept: Vec<String> = Vec::new();
        let mut keys: Vec<&str> = Vec::new();
        let mut until = None;
        for part in text.split(';') {
            let (key, value) = part.split_once('=')?;
            if keys.contains(&key) {
                return None;
            }
            keys.push(key);
            match key {
                "FREQ" => {
                    let known = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY"];
                    parts.frequency = Some(known.into_iter().find(|name| *name == value)?);
                }
                "INTERVAL" => {
                    number(value).filter(|number| (1..=INTERVAL_MAX).contains(number))?;
                }
                "COUNT" => {
                    number(value).filter(|number| (1..=COUNT_MAX).contains(number))?;
                }
                "UNTIL" => {
                    until = Some(value.to_owned());
                    continue;
                }
                "WKST" => {
                    weekday(value)?;
                }
                "BYMONTH" => {
                    parts.months = list(value, |text| {
                        number(text).filter(|month| (1..=12).contains(month))
                    })?;
                }
                "BYMONTHDAY" => parts.month_days = list(value, |text| signed(text, 31))?,
                "BYDAY" => parts.weekdays = list(value, numbered_weekday)?,
                "BYSETPOS" => {
                    signed(value, 4)?;
                    parts.positions = true;
                }
                _ => return None,
            }
            kept.push(part.to_owned());
        }
        let counted = keys.contains(&"COUNT");
        if !parts.are_sound() || !parts.fit(start) || (counted && until.is_some()) {
            return None;
        }
        Some(Self {
            text: kept.join(";"),
            until,
            counted,
        })
    }

    /// What stands behind `UNTIL`.
    pub(super) fn until(&self) -> Option<&str> {
        self.until.as_deref()
    }

    /// Returns its dates from `start` to `last`; `None` if the rule cannot be expanded or does not
    /// begin with `start`.
    pub(super) fn dates(&self, start: NaiveDate, last: NaiveDate) -> Option<Vec<NaiveDate>> {
        if last < start {
            return Some(Vec::new());
        }
        let mut text = self.text.clone();
        if !self.counted {
            text.push_str(&format!(";UNTIL={}T000000Z", last.format("%Y%m%d")));
        }
        let midnight = rrule::Tz::UTC.from_utc_datetime(&start.and_time(NaiveTime::MIN));
        let rule: RRule<rrule::Unvalidated> = text.parse().ok()?;
        let set: RRuleSet = rule.build(midnight).ok()?;
        let dates: Vec<NaiveDate> = set
            .limit()
            .into_iter()
            .map(|at| at.date_naive())
            .take_while(|date| *date <= last)
            .collect();
        (dates.first() == Some(&start)).then_some(dates)
    }
}

impl Parts {
    /// Whether the parts belong together, and dates that have them are never far apart.
    fn are_sound(&self) -> bool {
        let Some(frequency) = self.frequency else {
            return false;
        };
        let long = matches!(frequency, "YEARLY" | "MONTHLY");
        let which = self.weekdays.iter().map(|(which, _)| which.abs()).max();
        let which = which.unwrap_or(0);
        let which_max = match (frequency, self.months.is_empty()) {
            ("YEARLY", true) => 53,
            ("YEARLY" | "MONTHLY", _) => 5,
            _ => 0,
        };
        // The second Monday is never the first of a month.
        let crossed = which > 0 && !self.month_days.is_empty();
        let weekly = frequency == "WEEKLY" && !self.month_days.is_empty();
        let positions = !self.positions
            || (long && which == 0 && !self.weekdays.is_empty() && self.month_days.is_empty());
        which <= which_max && !crossed && !weekly && positions
    }

    /// Whether a date is on one of the months, days and weekdays. Which of the weekdays it is, is
    /// found out by expanding.
    fn fit(&self, date: NaiveDate) -> bool {
        let days = i32::from(date.num_days_in_month());
        let day = date.day().cast_signed();
        let month = self.months.is_empty() || self.months.contains(&date.month());
        let month_day = self.month_days.is_empty()
            || self.month_days.contains(&day)
            || self.month_days.contains(&(day - days - 1));
        let weekday = self.weekdays.is_empty()
            || self
                .weekdays
                .iter()
                .any(|(_, weekday)| *weekday == date.weekday());
        month && month_day && weekday
    }
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(read).collect()
}

/// Reads a number from `-most` to `most` that is not nought.
fn signed(text: &str, most: u32) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = number(digits).filter(|number| (1..=most).contains(number))?;
    Some(sign * number.cast_signed())
}

fn numbered_weekday(text: &str) -> Option<(i32, Weekday)> {
    let at = text.len().checked_sub(2)?;
    let (which, name) = (text.get(..at)?, text.get(at..)?);
    let which = if which.is_empty() {
        0
    } else {
        signed(which, 53)?
    };
    Some((which, weekday(name)?))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}
