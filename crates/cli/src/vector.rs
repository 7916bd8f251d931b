//! A worked vector: one clock with everything that happened to it, one sum on a calendar, or the
//! figures of many cases, as a file of vectors writes it. What is read here is checked; what exists
//! can be computed.

mod answer;
mod face;
mod fields;
mod order;
mod sample;
mod tally;

use std::sync::Arc;

use chrono_tz::Tz;
use groundbreak_workflow::Text;
use groundbreak_workflow::sla::{
    Budget, Calendar, CalendarChange, CalendarRef, CalendarSet, ClockError, ClockEvent,
    ClockEventKind, ClockPolicy, ClockReading, Comparator, DayEnd, DayStart, Goal, GoalError,
    Party, PauseReason, ReopenMode, Timestamp, Trigger,
};
use serde_json::{Map, Value};

use crate::calendar_files::Calendars;
use crate::trouble::unknown_calendar;
use fields::{Fields, shown};

pub(crate) use answer::instant;
pub(crate) use face::{draw, local};
pub(crate) use sample::{SampleQuestion, draw_sample};
pub(crate) use tally::{TallyQuestion, draw_tally};

/// What is wrong with a vector, or worth saying about it.
#[derive(Debug)]
pub(crate) struct Problem {
    /// Stable; has a page in `docs/errors`.
    pub(crate) code: &'static str,
    /// The key it is about, with everything it stands in.
    pub(crate) key: String,
    /// What is wrong and what to do.
    pub(crate) text: Text,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.text.en)
    }
}

impl std::error::Error for Problem {}

/// A vector that can be computed.
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) title: String,
    /// The zone in which instants are written, where there are any.
    pub(crate) tz: Tz,
    pub(crate) question: Question,
    /// The keys that are asked for; `None` for all of them.
    wanted: Option<Map<String, Value>>,
    /// What a reader should know, though it hinders nothing.
    pub(crate) notes: Vec<Problem>,
}

/// What a vector asks.
pub(crate) enum Question {
    /// The state of a clock.
    Clock(Box<ClockQuestion>),
    /// A sum.
    Sum(SumQuestion),
    /// The figures of many cases.
    Sample(Box<SampleQuestion>),
    /// How often a clock was met.
    Tally(TallyQuestion),
}

/// A clock and everything that happened to it.
pub(crate) struct ClockQuestion {
    pub(crate) policy: ClockPolicy,
    pub(crate) calendars: CalendarSet,
    events: Vec<ClockEvent>,
    pub(crate) as_of: Timestamp,
}

/// A sum on a calendar.
pub(crate) struct SumQuestion {
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) from: Timestamp,
    pub(crate) operation: Operation,
}

/// Which sum.
#[derive(Clone, Copy)]
pub(crate) enum Operation {
    /// The earliest instant by which so many milliseconds were worked.
    Add(i64),
    /// The latest instant from which so many milliseconds are worked.
    Subtract(i64),
    /// The working milliseconds until then.
    Between(Timestamp),
}

#[derive(Clone, Copy)]
enum Unit {
    Elapsed,
    Working,
    WorkingDays,
    CalendarDays,
}

const UNITS: [(&str, Unit); 4] = [
    ("elapsed", Unit::Elapsed),
    ("working", Unit::Working),
    ("working_days", Unit::WorkingDays),
    ("calendar_days", Unit::CalendarDays),
];

/// Returns the name by which errors call a vector: its id, or its place in the list.
pub(crate) fn name(value: &Value, index: usize) -> String {
    match value.get("id").and_then(Value::as_str) {
        Some(id) if !id.trim().is_empty() => id.chars().take(64).collect(),
        _ => format!("[{index}]"),
    }
}

/// What a vector is about, by its kind.
#[derive(Clone, Copy)]
enum Kind {
    Clock,
    Sum,
    Sample,
    Tally,
}

const KINDS: [(&str, Kind); 4] = [
    ("clock", Kind::Clock),
    ("arith", Kind::Sum),
    ("report", Kind::Sample),
    ("attainment", Kind::Tally),
];

/// The keys that every vector may have.
const COMMON: [&str; 7] = [
    "id",
    "kind",
    "title",
    "tags",
    "why",
    "expect",
    "verified_by",
];

/// Reads a vector, and checks that it makes sense.
pub(crate) fn read(value: &Value, index: usize, calendars: &Calendars) -> Result<Vector, Problem> {
    let fields = Fields::of(value, "")?;
    let mut notes = Vec::new();
    fields.text("id")?;
    fields.needed(
        "kind",
        (
            "请写 clock、arith、report 或 attainment。",
            "Write clock, arith, report or attainment.",
        ),
    )?;
    let kind = fields.word("kind", &KINDS)?.unwrap_or(Kind::Clock);
    let own: Vec<&str> = match kind {
        Kind::Clock | Kind::Sum => [
            "calendar",
            "tz",
            "clock",
            "events",
            "as_of",
            "op",
            "a",
            "b",
            "amount_ms",
        ]
        .to_vec(),
        Kind::Sample => fields
            .names()
            .filter(|name| sample::unit(name).is_some())
            .collect(),
        Kind::Tally => vec!["counts"],
    };
    let known: Vec<&str> = COMMON.iter().copied().chain(own).collect();
    fields.only(&known, &mut notes)?;
    let (tz, question) = match kind {
        Kind::Clock | Kind::Sum => {
            let calendar = named_calendar(&fields, calendars)?;
            let tz = zone(&fields, calendar)?;
            let question = if matches!(kind, Kind::Sum) {
                Question::Sum(sum(&fields, calendar)?)
            } else {
                Question::Clock(Box::new(clock(&fields, calendar, calendars, &mut notes)?))
            };
            (tz, question)
        }
        Kind::Sample => {
            let sample = SampleQuestion::read(&fields, &mut notes)?;
            (chrono_tz::UTC, Question::Sample(Box::new(sample)))
        }
        Kind::Tally => {
            let tally = TallyQuestion::read(&fields, &mut notes)?;
            (chrono_tz::UTC, Question::Tally(tally))
        }
    };
    let wanted = match fields.get("expect") {
        None => None,
        Some(value) => {
            Fields::of(value, "expect")?;
            value.as_object().cloned()
        }
    };
    Ok(Vector {
        id: name(value, index),
        title: fields.text("title")?.unwrap_or_default().to_owned(),
        tz,
        question,
        wanted,
        notes,
    })
}

/// The zone in which instants are written: that of the calendar, unless another is named.
fn zone(fields: &Fields<'_>, calendar: &Calendar) -> Result<Tz, Problem> {
    match fields.text("tz")? {
        None => Ok(calendar.tz()),
        Some(text) => text.parse().map_err(|_| {
            Problem::new(
                "tz",
                format!("时区“{text}”不存在。请写 IANA 时区名，如 Asia/Shanghai。"),
                format!(
                    "there is no time zone \"{text}\". Write an IANA name such as Asia/Shanghai."
                ),
            )
        }),
    }
}

fn named_calendar<'a>(
    fields: &Fields<'_>,
    calendars: &'a Calendars,
) -> Result<&'a Arc<Calendar>, Problem> {
    fields.needed(
        "calendar",
        ("请写日历的 id。", "Write the id of a calendar."),
    )?;
    let id = fields.text("calendar")?.unwrap_or_default();
    calendars.get(id).ok_or_else(|| Problem {
        code: "unknown-calendar",
        key: fields.key("calendar"),
        text: unknown_calendar(id, &calendars.names()),
    })
}

fn sum(fields: &Fields<'_>, calendar: &Arc<Calendar>) -> Result<SumQuestion, Problem> {
    let amount = || -> Result<i64, Problem> {
        let remedy = (
            "请写毫秒数，0 至五十年。",
            "Write milliseconds, from 0 to fifty years.",
        );
        fields.needed("amount_ms", remedy)?;
        fields
            .whole("amount_ms")?
            .filter(|ms| (0..=Budget::MS_MAX).contains(ms))
            .ok_or_else(|| {
                Problem::new(
                    "amount_ms",
                    format!("数值超出范围。{}", remedy.0),
                    format!("it is out of range. {}", remedy.1),
                )
            })
    };
    let within = |name: &str| -> Result<Timestamp, Problem> {
        let at = fields.needed_instant(name)?;
        let (first, last) = calendar.range();
        if (first..last).contains(&at) {
            Ok(at)
        } else {
            Err(refused(name, &ClockError::OutOfRange { at }))
        }
    };
    #[derive(Clone, Copy)]
    enum Name {
        Add,
        Subtract,
        Between,
    }
    let names = [
        ("add", Name::Add),
        ("sub", Name::Subtract),
        ("between", Name::Between),
    ];
    fields.needed(
        "op",
        ("请写 add、sub 或 between。", "Write add, sub or between."),
    )?;
    let operation = match fields.word("op", &names)? {
        Some(Name::Subtract) => Operation::Subtract(amount()?),
        Some(Name::Between) => Operation::Between(within("b")?),
        _ => Operation::Add(amount()?),
    };
    Ok(SumQuestion {
        calendar: Arc::clone(calendar),
        from: within("a")?,
        operation,
    })
}

fn clock(
    fields: &Fields<'_>,
    calendar: &Arc<Calendar>,
    calendars: &Calendars,
    notes: &mut Vec<Problem>,
) -> Result<ClockQuestion, Problem> {
    let written = fields.needed(
        "clock",
        (
            "请写 unit 与 budget_ms 或 budget_days。",
            "Write unit, and budget_ms or budget_days.",
        ),
    )?;
    let settings = Fields::of(written, "clock")?;
    settings.only(
        &[
            "unit",
            "budget_ms",
            "budget_days",
            "compare",
            "day_start",
            "day_end",
            "count_overtime",
            "warn_pct",
            "warn_before_ms",
            "warn_before_days",
            "proof_for",
        ],
        notes,
    )?;
    let policy = policy(&settings)?;
    let written = fields.needed(
        "events",
        (
            "请按登记顺序列出事件，从 start 开始。",
            "List the events in the order they were recorded, from start.",
        ),
    )?;
    let Some(list) = written.as_array() else {
        return Err(Problem::new(
            "events",
            format!("应为事件的列表，而不是 {}。", shown(written)),
            format!("a list of events is needed, not {}.", shown(written)),
        ));
    };
    let mut events = Vec::with_capacity(list.len().min(10_000));
    for (index, value) in list.iter().enumerate() {
        let path = format!("events[{index}]");
        let fields = Fields::of(value, &path)?;
        fields.only(
            &[
                "type",
                "at",
                "effective",
                "reason",
                "law",
                "document",
                "approved_by",
                "mode",
                "calendar",
                "unit",
                "compare",
                "budget_ms",
                "budget_days",
            ],
            notes,
        )?;
        events.push(event(&fields, &settings, calendars, notes)?);
    }
    let as_of = fields.needed_instant("as_of")?;
    order::check(&policy, &events, as_of, notes)?;
    Ok(ClockQuestion {
        policy,
        calendars: calendars.beginning_with(calendar),
        events,
        as_of,
    })
}

fn policy(settings: &Fields<'_>) -> Result<ClockPolicy, Problem> {
    let far = |name: &str| {
        Problem::new(
            &settings.key(name),
            "提醒点须为 1 至 1000（百分比），或 1 毫秒、1 天至五十年。".to_owned(),
            "a warning is 1 to 1000 percent, or 1 ms or 1 day to fifty years away.".to_owned(),
        )
    };
    let mut triggers = Vec::new();
    for percent in settings.wholes("warn_pct")? {
        let percent = u16::try_from(percent)
            .ok()
            .filter(|percent| (1..=Trigger::PERCENT_MAX).contains(percent));
        triggers.push(Trigger::Percent(percent.ok_or_else(|| far("warn_pct"))?));
    }
    for ms in settings.wholes("warn_before_ms")? {
        if !(1..=Budget::MS_MAX).contains(&ms) {
            return Err(far("warn_before_ms"));
        }
        triggers.push(Trigger::Before { ms });
    }
    for days in settings.wholes("warn_before_days")? {
        let days = u32::try_from(days)
            .ok()
            .filter(|days| (1..=Budget::DAYS_MAX).contains(days));
        triggers.push(Trigger::BeforeDays(
            days.ok_or_else(|| far("warn_before_days"))?,
        ));
    }
    let mut policy = ClockPolicy::new(goal(settings, settings)?).with_triggers(triggers);
    let starts = [
        ("next_day", DayStart::NextDay),
        ("same_day", DayStart::SameDay),
    ];
    policy.day_start = settings.word("day_start", &starts)?.unwrap_or_default();
    let ends = [("close", DayEnd::Close), ("midnight", DayEnd::Midnight)];
    policy.day_end = settings.word("day_end", &ends)?.unwrap_or_default();
    policy.count_overtime = settings.truth("count_overtime")?;
    policy.proof_for = parties(settings)?;
    Ok(policy)
}

/// Reads the parties for whose time a pause must name the law and the letter.
fn parties(settings: &Fields<'_>) -> Result<Vec<Party>, Problem> {
    let names = || Party::ALL.map(Party::name).join(", ");
    let wrong = || {
        Problem::new(
            &settings.key("proof_for"),
            format!("应为责任方的列表。可写：{}。", names()),
            format!("a list of parties is needed. There are: {}.", names()),
        )
    };
    let Some(written) = settings.get("proof_for") else {
        return Ok(Vec::new());
    };
    written
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(|name| {
            Party::ALL
                .into_iter()
                .find(|party| name.as_str() == Some(party.name()))
                .ok_or_else(wrong)
        })
        .collect()
}

/// Reads a goal. A change of it keeps the unit and the comparison that it does not name.
fn goal(fields: &Fields<'_>, settings: &Fields<'_>) -> Result<Goal, Problem> {
    let unit = match fields.word("unit", &UNITS)? {
        Some(unit) => unit,
        None => {
            settings.needed(
                "unit",
                (
                    "请写 elapsed、working、working_days 或 calendar_days。",
                    "Write elapsed, working, working_days or calendar_days.",
                ),
            )?;
            settings.word("unit", &UNITS)?.unwrap_or(Unit::Elapsed)
        }
    };
    let comparators = [("within", Comparator::Within), ("under", Comparator::Under)];
    let comparator = match fields.word("compare", &comparators)? {
        Some(comparator) => comparator,
        None => settings.word("compare", &comparators)?.unwrap_or_default(),
    };
    let (name, other) = match unit {
        Unit::Elapsed | Unit::Working => ("budget_ms", "budget_days"),
        Unit::WorkingDays | Unit::CalendarDays => ("budget_days", "budget_ms"),
    };
    if fields.get(other).is_some() {
        return Err(Problem::new(
            &fields.key(other),
            format!("这个单位的时限写在 {name} 中。请改用 {name}。"),
            format!("a budget of this unit stands in {name}. Write {name} instead."),
        ));
    }
    fields.needed(
        name,
        (
            "请写时限，至少 1 毫秒或 1 天。",
            "Write the budget, at least 1 ms or 1 day.",
        ),
    )?;
    let amount = fields.whole(name)?.unwrap_or_default();
    let wrong = |error: GoalError| Problem {
        code: error.code(),
        key: fields.key(name),
        text: Text::new(
            format!("{}。现为 {amount}，请改正。", error.text().zh),
            format!("{}. It is {amount}: correct it.", error.text().en),
        ),
    };
    let days = || -> Result<u32, GoalError> {
        match u32::try_from(amount) {
            Ok(days) => Ok(days),
            Err(_) if amount < 0 => Err(GoalError::Zero),
            Err(_) => Err(GoalError::TooLarge),
        }
    };
    let budget = match unit {
        Unit::Elapsed => Budget::Elapsed { ms: amount },
        Unit::Working => Budget::Working { ms: amount },
        Unit::WorkingDays => Budget::WorkingDays {
            days: days().map_err(wrong)?,
        },
        Unit::CalendarDays => Budget::CalendarDays {
            days: days().map_err(wrong)?,
        },
    };
    Goal::new(budget, comparator).map_err(wrong)
}

fn event(
    fields: &Fields<'_>,
    settings: &Fields<'_>,
    calendars: &Calendars,
    notes: &mut Vec<Problem>,
) -> Result<ClockEvent, Problem> {
    #[derive(Clone, Copy)]
    enum Name {
        Start,
        Pause,
        Resume,
        Stop,
        Cancel,
        Reopen,
        SetBudget,
        SetCalendar,
        Excuse,
    }
    let names = [
        ("start", Name::Start),
        ("pause", Name::Pause),
        ("resume", Name::Resume),
        ("stop", Name::Stop),
        ("cancel", Name::Cancel),
        ("reopen", Name::Reopen),
        ("set_budget", Name::SetBudget),
        ("set_calendar", Name::SetCalendar),
        ("excuse", Name::Excuse),
    ];
    fields.needed(
        "type",
        (
            "请写事件的种类，如 start。",
            "Write what happened, such as start.",
        ),
    )?;
    let reason = fields.text("reason")?;
    let told = || reason.unwrap_or_default().to_owned();
    let kind = match fields.word("type", &names)? {
        Some(Name::Pause) => ClockEventKind::Pause {
            reason: PauseReason {
                law: fields.text("law")?.map(str::to_owned),
                document: fields.text("document")?.map(str::to_owned),
                ..pause_reason(fields, reason, notes)?
            },
        },
        Some(Name::Resume) => ClockEventKind::Resume {
            reason: reason.map(str::to_owned),
        },
        Some(Name::Stop) => ClockEventKind::Stop,
        Some(Name::Cancel) => ClockEventKind::Cancel { reason: told() },
        Some(Name::Reopen) => {
            let modes = [
                ("new_cycle", ReopenMode::NewCycle),
                ("resume", ReopenMode::Resume),
            ];
            ClockEventKind::Reopen {
                mode: fields.word("mode", &modes)?.unwrap_or_default(),
            }
        }
        Some(Name::Excuse) => ClockEventKind::Excuse {
            reason: told(),
            document: fields.text("document")?.map(str::to_owned),
        },
        Some(Name::SetBudget) => ClockEventKind::SetGoal {
            goal: goal(fields, settings)?,
            reason: told(),
            approved_by: fields.text("approved_by")?.map(str::to_owned),
        },
        Some(Name::SetCalendar) => {
            let modes = [
                ("retro", CalendarChange::Retro),
                ("from_now", CalendarChange::FromNow),
            ];
            let remedy = ("请写 retro 或 from_now。", "Write retro or from_now.");
            fields.needed("mode", remedy)?;
            let calendar = named_calendar(fields, calendars)?;
            ClockEventKind::SetCalendar {
                calendar: CalendarRef::clone(calendar.reference()),
                mode: fields
                    .word("mode", &modes)?
                    .unwrap_or(CalendarChange::Retro),
            }
        }
        Some(Name::Start) | None => ClockEventKind::Start,
    };
    let recorded = ClockEvent::at(fields.needed_instant("at")?, kind);
    Ok(match fields.instant("effective")? {
        Some(effective) => recorded.effective(effective),
        None => recorded,
    })
}

/// A pause is charged to somebody. The vectors leave the reason out where it does not matter; such
/// a pause is charged to `other`, and that is said aloud.
fn pause_reason(
    fields: &Fields<'_>,
    reason: Option<&str>,
    notes: &mut Vec<Problem>,
) -> Result<PauseReason, Problem> {
    match reason {
        Some(reason) if reason.trim().is_empty() => Err(Problem::new(
            &fields.key("reason"),
            "暂停没有原因。请写明原因，如 applicant、hearing、force_majeure。".to_owned(),
            "the pause has no reason. Write one, such as applicant, hearing or force_majeure."
                .to_owned(),
        )),
        Some(reason) => Ok(PauseReason::named(reason)),
        None => {
            notes.push(Problem::new(
                &fields.key("reason"),
                "暂停没有写原因，计入 other。若有原因请写明。".to_owned(),
                "the pause names no reason and is charged to other. Write the reason if there was one."
                    .to_owned(),
            ));
            Ok(PauseReason::named("other"))
        }
    }
}

impl ClockQuestion {
    /// Computes the clock.
    pub(crate) fn reading(&self) -> Result<ClockReading, Problem> {
        groundbreak_workflow::sla::fold(&self.policy, &self.calendars, &self.events, self.as_of)
            .map_err(|error| {
                let key = match &error {
                    ClockError::NoWorkingTime(_) => "clock".to_owned(),
                    ClockError::CrossesSealedCycle { event, .. } => {
                        format!("events[{event}].effective")
                    }
                    ClockError::OutOfRange { at } => self.place_of(*at),
                    _ => "events".to_owned(),
                };
                refused(&key, &error)
            })
    }

    fn place_of(&self, at: Timestamp) -> String {
        let place = |index: usize| {
            let event = self.events.get(index)?;
            Some(if event.recorded_at == at {
                format!("events[{index}].at")
            } else {
                format!("events[{index}].effective")
            })
        };
        self.events
            .iter()
            .position(|event| event.effective_at == at || event.recorded_at == at)
            .and_then(place)
            .unwrap_or_else(|| "as_of".to_owned())
    }
}

/// Says why a clock cannot be read, and what to do.
fn refused(key: &str, error: &ClockError) -> Problem {
    let (zh, en) = match error {
        ClockError::NoWorkingTime(_) => (
            "请核对日历的工作时间与时限。",
            "Check the hours of the calendar, and the budget.",
        ),
        ClockError::CrossesSealedCycle { .. } => (
            "追溯的时刻不得早于已封存的周期，请改正 effective。",
            "Correct effective: what is dated back may not reach into a sealed cycle.",
        ),
        ClockError::OutOfRange { .. } => ("请核对年份。", "Check the year."),
        _ => ("请核对事件。", "Check the events."),
    };
    let text = error.text();
    Problem {
        code: error.code(),
        key: key.to_owned(),
        text: Text::new(format!("{}。{zh}", text.zh), format!("{}. {en}", text.en)),
    }
}
