mod export_ics;
mod import_ics;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use chrono::{Datelike, NaiveDate};
use clap::{Args, Subcommand};
use groundbreak_engine::{SystemTime, TimeSource};
use groundbreak_workflow::Text;
use groundbreak_workflow::sla::{
    Calendar, ClockEvent, ClockPolicy, DayEnd, DayStart, ExceptionKind, Goal, Timestamp, Used, fold,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::amount;
use crate::calendar_files::{self, Calendars};
use crate::commands::check;
use crate::screen::{Format, Screen};
use crate::trouble::{Outcome, Trouble};
use crate::vector::{instant, local};
use crate::year_sheet::{DayMark, Special, YearSheet, legend};

/// The first and last year that a calendar holds.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a year: rest days, make-up days, half days, and how far it is published
    Show(ShowArguments),
    /// Check calendars, and show every fault in its place
    Check(CheckArguments),
    /// Compute when a budget that starts at an instant is used up
    Deadline(DeadlineArguments),
    /// Count the working time and the working days between two instants
    Between(BetweenArguments),
    /// Make a calendar of an iCalendar file (.ics), and show every fault in its place
    ImportIcs(import_ics::Arguments),
    /// Write a calendar as an iCalendar file (.ics), for other programs to show
    ExportIcs(export_ics::Arguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak calendar show pengjiang --year 2026")]
pub(crate) struct ShowArguments {
    /// Which calendar
    #[arg(value_name = "ID")]
    id: String,
    /// Which year. Without it, this one
    #[arg(long)]
    year: Option<i32>,
    /// Calendars besides the shipped ones: YAML, or JSON with one or a list of them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    calendars: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: groundbreak calendar check hall.yaml")]
pub(crate) struct CheckArguments {
    /// Calendars to check: YAML, or JSON with one or a list of them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak calendar deadline pengjiang --from \"2023-03-23 10:00\" --budget \"within 20 working days\""
)]
pub(crate) struct DeadlineArguments {
    /// Which calendar
    #[arg(value_name = "ID")]
    id: String,
    /// When it starts: 2023-03-23 10:00 or 2023-03-23 where the calendar is, or RFC 3339; may be repeated
    #[arg(long, value_name = "TIME", required = true, num_args = 1..)]
    from: Vec<String>,
    /// How much there is: within 5h, under 2 working hours, within 20 working days, within 7 days
    #[arg(long)]
    budget: String,
    /// Count the day it starts as the first
    #[arg(long)]
    same_day: bool,
    /// End the last day at 24:00 instead of at the close of business
    #[arg(long)]
    until_midnight: bool,
    /// Count overtime service as working time
    #[arg(long)]
    overtime: bool,
    /// Calendars besides the shipped ones: YAML, or JSON with one or a list of them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    calendars: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: groundbreak calendar between pengjiang --from \"2023-03-23 10:00\" --to \"2023-04-06 15:00\""
)]
pub(crate) struct BetweenArguments {
    /// Which calendar
    #[arg(value_name = "ID")]
    id: String,
    /// From when: 2023-03-23 10:00 or 2023-03-23 where the calendar is, or RFC 3339
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Until when
    #[arg(long, value_name = "TIME")]
    to: String,
    /// Calendars besides the shipped ones: YAML, or JSON with one or a list of them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    calendars: Vec<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(command: Command, screen: &mut Screen) -> Result<Outcome> {
    match command {
        Command::Show(arguments) => show(&arguments, screen),
        Command::Check(arguments) => check(&arguments, screen),
        Command::Deadline(arguments) => deadline(&arguments, screen),
        Command::Between(arguments) => between(&arguments, screen),
        Command::ImportIcs(arguments) => import_ics::run(&arguments, screen),
        Command::ExportIcs(arguments) => export_ics::run(&arguments, screen),
    }
}

fn check(arguments: &CheckArguments, screen: &mut Screen) -> Result<Outcome> {
    let mut library = calendar_files::with_shipped()?;
    let files = calendar_files::read(&arguments.files)?;
    let (good, faulty) = check::check_calendars(&mut library, files);
    let good: Vec<Text> = good
        .iter()
        .map(|calendar| check::praise(calendar))
        .collect();
    check::show(&good, &faulty, arguments.format, screen)
}

/// A year as programs read it.
#[derive(Serialize)]
struct YearAnswer {
    calendar: String,
    version: u32,
    tz: String,
    year: i32,
    coverage: Option<(NaiveDate, NaiveDate)>,
    working_days: u32,
    working_days_by_month: [u32; 12],
    /// Every date that is no ordinary working day and no ordinary rest day.
    exceptions: Vec<Special>,
}

fn show(arguments: &ShowArguments, screen: &mut Screen) -> Result<Outcome> {
    let calendars = Calendars::load(&arguments.calendars)?;
    let calendar = calendars.find(&arguments.id)?;
    let year = match arguments.year {
        Some(year) => year,
        None => calendar.date_of(SystemTime.now()).year(),
    };
    if !YEARS.contains(&year) {
        return Err(bad(
            "--year",
            "日历涵盖 1970 至 2099 年，请写其中一年。",
            "a calendar holds the years 1970 to 2099; write one of them.",
        ));
    }
    let sheet = YearSheet::new(calendar, year);
    let by_month = sheet.working_days();
    let total: u32 = by_month.iter().sum();
    if arguments.format == Format::Json {
        screen.json(&YearAnswer {
            calendar: calendar.id().to_owned(),
            version: calendar.version(),
            tz: calendar.tz().to_string(),
            year,
            coverage: calendar.coverage(),
            working_days: total,
            working_days_by_month: by_month,
            exceptions: sheet.specials(),
        })?;
        return Ok(Outcome::Good);
    }
    let language = screen.language();
    screen.line(format!(
        "{}  {}  {}",
        calendar.reference(),
        calendar.title().get(language),
        calendar.tz()
    ))?;
    screen.line("")?;
    for line in sheet.lines(language) {
        screen.line(line)?;
    }
    screen.line(legend(language))?;
    let months: Vec<String> = by_month.iter().map(ToString::to_string).collect();
    screen.say(&Text::new(
        format!("全年 {total} 个工作日，各月 {}", months.join("、")),
        format!("{total} working days; by month {}", months.join(" ")),
    ))?;
    for special in sheet.specials() {
        screen.line(row(&special, &sheet, screen))?;
    }
    screen.say(&published(calendar, year))?;
    Ok(Outcome::Good)
}

fn row(special: &Special, sheet: &YearSheet<'_>, screen: &Screen) -> String {
    let language = screen.language();
    let span = if special.from == special.to {
        special.from.to_string()
    } else {
        format!("{} – {}", special.from, special.to.format("%m-%d"))
    };
    let kind = match special.kind {
        ExceptionKind::Holiday => screen.word("放假", "holiday"),
        ExceptionKind::Makeup => screen.word("调休上班", "make-up day"),
        ExceptionKind::LocalOff => screen.word("本地休息", "closed here"),
        ExceptionKind::Special => screen.word("特殊安排", "special hours"),
    };
    let mut line = format!("  {span}  {kind}");
    let short = sheet.mark(special.from) == DayMark::Short;
    let name = special.name.as_deref().unwrap_or_default();
    let shorter = DayMark::Short.text();
    let more = [
        name,
        &special.hours,
        if short { shorter.get(language) } else { "" },
    ];
    for part in more.into_iter().filter(|part| !part.is_empty()) {
        line.push_str("  ");
        line.push_str(part);
    }
    line
}

/// Says how far a calendar is published, and whether that covers a year.
fn published(calendar: &Calendar, year: i32) -> Text {
    match calendar.coverage() {
        None => Text::new(
            "不依赖每年公布的放假安排。",
            "It depends on no yearly publication.",
        ),
        Some((first, last)) if (first.year()..=last.year()).contains(&year) => Text::new(
            format!("已公布 {first} 至 {last}。"),
            format!("Published from {first} to {last}."),
        ),
        Some((first, last)) => Text::new(
            format!("已公布 {first} 至 {last}；{year} 年尚未公布，以上为暂定。"),
            format!(
                "Published from {first} to {last}; {year} is not, and what stands above is provisional."
            ),
        ),
    }
}

fn deadline(arguments: &DeadlineArguments, screen: &mut Screen) -> Result<Outcome> {
    let goal: Goal = arguments.budget.parse().map_err(|error| {
        let text = groundbreak_workflow::sla::GoalError::text(error);
        bad(
            "--budget",
            format!("{}。", text.zh),
            format!("{}.", text.en),
        )
    })?;
    let calendars = Calendars::load(&arguments.calendars)?;
    let calendar = calendars.find(&arguments.id)?;
    let mut policy = ClockPolicy::new(goal);
    if arguments.same_day {
        policy.day_start = DayStart::SameDay;
    }
    if arguments.until_midnight {
        policy.day_end = DayEnd::Midnight;
    }
    policy.count_overtime = arguments.overtime;
    let set = Arc::clone(calendar).into();
    let mut answers = Vec::new();
    for from in &arguments.from {
        let from = time("--from", from, calendar)?;
        let reading = fold(&policy, &set, &[ClockEvent::start(from)], from).map_err(|error| {
            let text = error.text();
            bad(
                "--from",
                format!("{}。请改用较近的时刻或较短的时限。", text.zh),
                format!("{}. Take a nearer time or a smaller budget.", text.en),
            )
        })?;
        answers.push((from, reading.due, reading.provisional));
    }
    let tz = calendar.tz();
    if arguments.format == Format::Json {
        let rows: Vec<Value> = answers
            .iter()
            .map(|(from, due, provisional)| {
                json!({"from": instant(tz, *from), "due": due.map(|due| instant(tz, due)),
                    "provisional": provisional})
            })
            .collect();
        screen.json(&rows)?;
        return Ok(Outcome::Good);
    }
    let language = screen.language();
    screen.line(format!(
        "{} · {} · {tz}",
        goal.text().get(language),
        calendar.reference()
    ))?;
    for (from, due, provisional) in answers {
        let due = due.map_or_else(|| "–".to_owned(), |due| local(tz, due));
        let provisional = if provisional {
            screen.word(
                "（暂定：日历尚未公布到此）",
                " (provisional: the calendar is not published so far)",
            )
        } else {
            ""
        };
        screen.line(format!("{} → {due}{provisional}", local(tz, from)))?;
    }
    Ok(Outcome::Good)
}

fn between(arguments: &BetweenArguments, screen: &mut Screen) -> Result<Outcome> {
    let calendars = Calendars::load(&arguments.calendars)?;
    let calendar = calendars.find(&arguments.id)?;
    let from = time("--from", &arguments.from, calendar)?;
    let to = time("--to", &arguments.to, calendar)?;
    let working_ms = calendar.working_between(from, to);
    let days = calendar.working_days_between(calendar.date_of(from), calendar.date_of(to));
    let wall_ms = to.millis_since(from);
    let provisional = calendar.is_provisional(from) || calendar.is_provisional(to);
    let tz = calendar.tz();
    if arguments.format == Format::Json {
        screen.json(&json!({
            "from": instant(tz, from), "to": instant(tz, to), "wall_ms": wall_ms,
            "working_ms": working_ms, "working_days": days, "provisional": provisional,
        }))?;
        return Ok(Outcome::Good);
    }
    screen.line(format!(
        "{} → {} · {} · {tz}",
        local(tz, from),
        local(tz, to),
        calendar.reference()
    ))?;
    let show = |ms: i64| amount::show(Used::Ms(ms));
    screen.say(&Text::new(
        format!("工作时间 {}，历时 {}", show(working_ms), show(wall_ms)),
        format!("{} of working time in {}", show(working_ms), show(wall_ms)),
    ))?;
    let unit = if days.abs() == 1 { "day" } else { "days" };
    screen.say(&Text::new(
        format!("{days} 个工作日，首日不计，末日计入"),
        format!("{days} working {unit}, without the first date and with the last"),
    ))?;
    if provisional {
        screen.say(&Text::new(
            "暂定：日历尚未公布到此。",
            "Provisional: the calendar is not published so far.",
        ))?;
    }
    Ok(Outcome::Good)
}

/// Reads an instant, a local time or a date, which begins at 00:00.
fn time(argument: &str, text: &str, calendar: &Calendar) -> Result<Timestamp> {
    let read = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| calendar.local(text).ok())
        .or_else(|| calendar.local(&format!("{text} 00:00")).ok());
    let (first, last) = calendar.range();
    match read {
        Some(at) if (first..last).contains(&at) => Ok(at),
        Some(_) => Err(bad(
            argument,
            "时间须在 1970 至 2099 年之间。",
            "the time lies outside the years 1970 to 2099.",
        )),
        None => Err(bad(
            argument,
            "应为时间，如 2023-03-23 10:00、2023-03-23 或 2023-03-23T10:00:00+08:00。",
            "a time is needed, such as 2023-03-23 10:00, 2023-03-23 or 2023-03-23T10:00:00+08:00.",
        )),
    }
}

/// Reads years: `2026`, or the first and the last, `2026..2027`.
fn years(text: &str) -> Result<(i32, i32)> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let year = |text: &str| text.trim().parse::<i32>().ok();
    let read = year(first).zip(year(last));
    read.filter(|(first, last)| YEARS.contains(first) && YEARS.contains(last) && first <= last)
        .ok_or_else(|| {
            bad(
                "--years",
                "应为 1970 至 2099 之间的一年或先后两年，如 2027、2026..2027。",
                "one year or two in order between 1970 and 2099 are needed, such as 2027 or 2026..2027.",
            )
        })
}

fn bad(argument: &str, zh: impl Into<String>, en: impl Into<String>) -> anyhow::Error {
    Trouble::BadArgument {
        argument: argument.to_owned(),
        problem: Text::new(zh, en),
    }
    .into()
}
