use chrono::{Datelike, NaiveDate, Timelike};
use chrono_tz::Tz;
use groundbreak_workflow::sla::Timestamp;

use crate::words::Words;

/// Now, where it is read, and in whose language: everything needed to put an instant into words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) words: Words,
    pub(crate) now: Timestamp,
    pub(crate) zone: Tz,
}

impl Moment {
    /// Returns `10:05`.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        let local = at.in_zone(self.zone);
        format!("{:02}:{:02}", local.hour(), local.minute())
    }

    /// Returns the date on the wall where the case is handled.
    pub(crate) fn date(&self, at: Timestamp) -> NaiveDate {
        at.in_zone(self.zone).date_naive()
    }

    /// Returns `3月23日` / `23 Mar`; the year is there when it is another one than now.
    pub(crate) fn day(&self, date: NaiveDate) -> String {
        let key = if date.year() == self.date(self.now).year() {
            "date"
        } else {
            "date-year"
        };
        let month = self.words.t(&format!("month-{}", date.month()));
        let (year, day) = (date.year().to_string(), date.day().to_string());
        self.words
            .with(key, [("year", &year), ("month", &month), ("day", &day)])
    }

    /// Returns `今天`, or the day as [`Moment::day`] does.
    pub(crate) fn near_day(&self, date: NaiveDate) -> String {
        match (date - self.date(self.now)).num_days() {
            -1 => self.words.t("yesterday"),
            0 => self.words.t("today"),
            1 => self.words.t("tomorrow"),
            _ => self.day(date),
        }
    }

    /// Returns the day with its weekday: `3月23日 周四` / `Thu 23 Mar`.
    pub(crate) fn full_day(&self, date: NaiveDate) -> String {
        let weekday = self
            .words
            .t(&format!("weekday-{}", date.weekday().number_from_monday()));
        self.words.with(
            "date-weekday",
            [("date", &self.day(date)), ("weekday", &weekday)],
        )
    }

    /// Returns `今天 15:00` / `3月28日 17:30`.
    pub(crate) fn instant(&self, at: Timestamp) -> String {
        format!("{} {}", self.near_day(self.date(at)), self.time(at))
    }

    /// Returns `3月28日 17:30`, for what was said at another time: then, tomorrow was another day.
    pub(crate) fn dated(&self, at: Timestamp) -> String {
        format!("{} {}", self.day(self.date(at)), self.time(at))
    }

    /// Returns `3月23日 周四 11:32`.
    pub(crate) fn full_instant(&self, at: Timestamp) -> String {
        format!("{} {}", self.full_day(self.date(at)), self.time(at))
    }

    /// Returns `2023-03-23T07:00:00.000Z`, for machines.
    pub(crate) fn machine(&self, at: Timestamp) -> String {
        at.to_string()
    }

    /// Returns a duration as people say it, to the minute: `3 小时 28 分`. Negative ones lose
    /// their sign: which side of the due time it is on is said by another word.
    pub(crate) fn duration(&self, millis: i64) -> String {
        self.parts(millis)
            .iter()
            .map(|part| format!("{} {}", part.number, part.unit))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Returns the parts of a duration: at most two, rounded down to the minute below two days
    /// and to the hour above.
    pub(crate) fn parts(&self, millis: i64) -> Vec<DurationPart> {
        let minutes = millis.unsigned_abs() / 60_000;
        let (days, hours, minutes) = (minutes / 1_440, minutes / 60, minutes % 60);
        let part = |number: u64, key: &str| DurationPart {
            number: number.to_string(),
            unit: self.words.n(
                &format!("unit-{key}"),
                i64::try_from(number).unwrap_or(i64::MAX),
            ),
            kind: match key {
                "day" => "d",
                "hour" => "h",
                _ => "m",
            },
        };
        match (days, hours) {
            (0..2, 0) => vec![part(minutes, "minute")],
            (0..2, hours) if minutes == 0 => vec![part(hours, "hour")],
            (0..2, hours) => vec![part(hours, "hour"), part(minutes, "minute")],
            (days, hours) if hours % 24 == 0 => vec![part(days, "day")],
            (days, hours) => vec![part(days, "day"), part(hours % 24, "hour")],
        }
    }
}

/// A number and its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DurationPart {
    pub(crate) number: String,
    pub(crate) unit: String,
    /// `d`, `h`, `m`, or `w` for working days: what the script counts down. Working days it leaves alone.
    pub(crate) kind: &'static str,
}

#[cfg(test)]
mod tests {
    use groundbreak_workflow::Language;
    use groundbreak_workflow::sla::parse_local;

    use super::*;

    fn at(now: &str, language: Language) -> Moment {
        let zone = chrono_tz::Asia::Shanghai;
        Moment {
            words: Words::new(language),
            now: parse_local(zone, now).unwrap(),
            zone,
        }
    }

    #[test]
    fn days_near_now_are_named_and_other_years_are_said() {
        let rows = [
            ("2023-03-23 15:00", "今天 15:00", "today 15:00"),
            ("2023-03-22 17:30", "昨天 17:30", "yesterday 17:30"),
            ("2023-03-24 09:05", "明天 09:05", "tomorrow 09:05"),
            ("2023-03-28 17:30", "3月28日 17:30", "28 Mar 17:30"),
            ("2024-01-08 17:30", "2024年1月8日 17:30", "8 Jan 2024 17:30"),
        ];
        for (instant, zh, en) in rows {
            for (language, words) in [(Language::Zh, zh), (Language::En, en)] {
                let moment = at("2023-03-23 11:32", language);
                assert_eq!(
                    moment.instant(parse_local(moment.zone, instant).unwrap()),
                    words
                );
            }
        }
    }

    #[test]
    fn durations_are_said_to_the_minute_and_never_with_seconds() {
        const MINUTE: i64 = 60_000;
        let rows = [
            (0, "0 分", "0 min"),
            (59_999, "0 分", "0 min"),
            (48 * MINUTE, "48 分", "48 min"),
            (208 * MINUTE, "3 小时 28 分", "3 h 28 min"),
            (-182 * MINUTE, "3 小时 2 分", "3 h 2 min"),
            (300 * MINUTE, "5 小时", "5 h"),
            (47 * 60 * MINUTE, "47 小时", "47 h"),
            (51 * 60 * MINUTE, "2 天 3 小时", "2 d 3 h"),
        ];
        for (millis, zh, en) in rows {
            assert_eq!(at("2023-03-23 11:32", Language::Zh).duration(millis), zh);
            assert_eq!(at("2023-03-23 11:32", Language::En).duration(millis), en);
        }
    }
}
