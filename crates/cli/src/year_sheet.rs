//! A year of a working calendar as a sheet: twelve months, with what is not an ordinary working day
//! marked.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate, Weekday};
use groundbreak_workflow::sla::{Calendar, ExceptionKind, Window};
use groundbreak_workflow::{Language, Text};
use serde::Serialize;

/// Months side by side.
const ACROSS: usize = 3;
/// Seven days of a number and a mark.
const MONTH_WIDTH: usize = 7 * 4;

/// What a date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DayMark {
    /// An ordinary working day.
    Working,
    /// A working day with fewer hours than the longest of the year.
    Short,
    /// A weekend day that is worked in exchange for another.
    Makeup,
    /// A weekday on which the office never works.
    Rest,
    /// Closed on that date: a holiday, or off here alone.
    Holiday,
}

impl DayMark {
    pub(crate) const ALL: [Self; 5] = [
        Self::Working,
        Self::Short,
        Self::Makeup,
        Self::Rest,
        Self::Holiday,
    ];

    /// Returns the sign behind the number.
    fn sign(self) -> char {
        match self {
            Self::Working => ' ',
            Self::Short => '/',
            Self::Makeup => '+',
            Self::Rest => '-',
            Self::Holiday => '*',
        }
    }

    /// Returns the words of the legend.
    pub(crate) fn text(self) -> Text {
        match self {
            Self::Working => Text::new("工作日", "working day"),
            Self::Short => Text::new("工时较短（如半天）", "fewer hours, a half day for instance"),
            Self::Makeup => Text::new("调休上班", "make-up working day"),
            Self::Rest => Text::new("休息日", "rest day"),
            Self::Holiday => Text::new("放假或本地休息", "holiday, or closed here"),
        }
    }
}

/// A year of a calendar.
pub(crate) struct YearSheet<'a> {
    calendar: &'a Calendar,
    year: i32,
    /// The working minutes of its longest date that is no exception.
    full_minutes: u32,
}

/// Dates in a row that differ from their weekdays for the same reason.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Special {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) kind: ExceptionKind,
    pub(crate) name: Option<String>,
    pub(crate) hours: String,
}

impl<'a> YearSheet<'a> {
    pub(crate) fn new(calendar: &'a Calendar, year: i32) -> Self {
        let full_minutes = dates(year)
            .filter(|date| calendar.exception(*date).is_none())
            .map(|date| minutes(calendar.windows(date)))
            .max();
        Self {
            calendar,
            year,
            full_minutes: full_minutes.unwrap_or(0),
        }
    }

    /// Returns what a date is.
    pub(crate) fn mark(&self, date: NaiveDate) -> DayMark {
        let exception = self.calendar.exception(date).map(|(kind, _)| kind);
        let worked = minutes(self.calendar.windows(date));
        match exception {
            _ if worked == 0 && exception.is_some() => DayMark::Holiday,
            _ if worked == 0 => DayMark::Rest,
            Some(ExceptionKind::Makeup) if worked >= self.full_minutes => DayMark::Makeup,
            _ if worked < self.full_minutes => DayMark::Short,
            _ => DayMark::Working,
        }
    }

    /// Returns the working days of each month.
    pub(crate) fn working_days(&self) -> [u32; 12] {
        let mut counts = [0; 12];
        for date in dates(self.year).filter(|date| self.calendar.is_working_day(*date)) {
            if let Some(count) = counts.get_mut(date.month0() as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// Returns the exceptions of the year, those in a row together.
    pub(crate) fn specials(&self) -> Vec<Special> {
        let mut specials: Vec<Special> = Vec::new();
        for date in dates(self.year) {
            let Some((kind, name)) = self.calendar.exception(date) else {
                continue;
            };
            let hours = hours(self.calendar.windows(date));
            match specials.last_mut() {
                Some(last)
                    if last.to.succ_opt() == Some(date)
                        && last.kind == kind
                        && last.name.as_deref() == name
                        && last.hours == hours =>
                {
                    last.to = date;
                }
                _ => specials.push(Special {
                    from: date,
                    to: date,
                    kind,
                    name: name.map(str::to_owned),
                    hours,
                }),
            }
        }
        specials
    }

    /// Returns the lines of the twelve months.
    pub(crate) fn lines(&self, language: Language) -> Vec<String> {
        let months: Vec<Vec<String>> = (1..=12).map(|month| self.month(month, language)).collect();
        let mut lines = Vec::new();
        for row in months.chunks(ACROSS) {
            let height = row.iter().map(Vec::len).max().unwrap_or(0);
            for index in 0..height {
                let mut line = String::new();
                for month in row {
                    let cell = month.get(index).map_or("", String::as_str);
                    let blank = (MONTH_WIDTH + 3).saturating_sub(width(cell));
                    line.push_str(cell);
                    line.push_str(&" ".repeat(blank));
                }
                lines.push(line.trim_end().to_owned());
            }
            lines.push(String::new());
        }
        lines
    }

    fn month(&self, month: u32, language: Language) -> Vec<String> {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let name = NAMES.get(month as usize - 1).copied().unwrap_or_default();
        let (title, week) = match language {
            Language::Zh => (
                format!(" {} 年 {month} 月", self.year),
                " 一  二  三  四  五  六  日 ",
            ),
            Language::En => (
                format!(" {name} {}", self.year),
                " Mo  Tu  We  Th  Fr  Sa  Su ",
            ),
        };
        let mut lines = vec![title, week.to_owned()];
        let mut line = String::new();
        for date in dates(self.year).filter(|date| date.month() == month) {
            if line.is_empty() {
                let before = date.weekday().num_days_from_monday() as usize;
                line = " ".repeat(4 * before);
            }
            let sign = self.mark(date).sign();
            // Writing into a string does not fail.
            let _ = write!(line, "{:>3}{sign}", date.day());
            if date.weekday() == Weekday::Sun {
                lines.push(std::mem::take(&mut line));
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

/// Returns the legend of the signs.
pub(crate) fn legend(language: Language) -> String {
    let signs: Vec<String> = DayMark::ALL
        .into_iter()
        .filter(|mark| *mark != DayMark::Working)
        .map(|mark| format!("{} {}", mark.sign(), mark.text().get(language)))
        .collect();
    signs.join("   ")
}

/// Returns opening hours as they are spoken: `08:30-12:00 14:30-17:30`.
pub(crate) fn hours(windows: &[Window]) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let windows: Vec<String> = windows
        .iter()
        .map(|window| {
            format!(
                "{}-{}",
                clock(window.open_minute),
                clock(window.close_minute)
            )
        })
        .collect();
    windows.join(" ")
}

fn minutes(windows: &[Window]) -> u32 {
    windows
        .iter()
        .map(|window| u32::from(window.close_minute.saturating_sub(window.open_minute)))
        .sum()
}

fn dates(year: i32) -> impl Iterator<Item = NaiveDate> {
    NaiveDate::from_ymd_opt(year, 1, 1)
        .into_iter()
        .flat_map(|first| first.iter_days())
        .take_while(move |date| date.year() == year)
}

/// Returns how many columns a terminal takes for a text: a Chinese character takes two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| if c >= '\u{2e80}' { 2 } else { 1 })
        .sum()
}
