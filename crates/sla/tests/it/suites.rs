//! Where the suites are, and the calendars several tests use.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use groundbreak_sla::{
    Calendar, CalendarChange, CalendarRef, CalendarSpec, ClockEvent, ClockEventKind, PauseReason,
    ReopenMode, Timestamp,
};

/// The directory of a suite; `None`, aloud, if it is not there.
pub(crate) fn suite(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GROUNDBREAK_SUITES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("NOT RUN: there is no suite `{name}` at {}", path.display());
    None
}

/// Reads a file of a suite, or a shipped one.
#[allow(
    clippy::disallowed_methods,
    reason = "the room reads no file; its tests read what they compare it with"
)]
pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn compile(json: serde_json::Value) -> Arc<Calendar> {
    let spec: CalendarSpec = serde_json::from_value(json).unwrap();
    Arc::new(Calendar::compile(&spec).unwrap())
}

/// A service hall: 09:00-12:00 and 13:30-17:30, Monday to Friday, without holidays but one.
pub(crate) fn hall() -> Arc<Calendar> {
    static HALL: OnceLock<Arc<Calendar>> = OnceLock::new();
    HALL.get_or_init(|| {
        let day = serde_json::json!([["09:00", "12:00"], ["13:30", "17:30"]]);
        compile(serde_json::json!({
            "id": "hall", "tz": "Asia/Shanghai",
            "weekly": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
            "exceptions": {"2023-04-05": {"kind": "holiday", "name": "清明节"}},
        }))
    })
    .clone()
}

/// An instant on the wall clock of Shanghai.
pub(crate) fn at(local: &str) -> Timestamp {
    groundbreak_sla::parse_local(chrono_tz::Asia::Shanghai, local).unwrap()
}

/// Reads events written as `2023-03-27 09:00 start`, `… pause hearing`, `… resume hearing`,
/// `… goal within 6 working hours`, `… calendar winter from now`, `… reopen resume`; dated back
/// with `2023-03-27 15:00 (from 2023-03-27 10:00) pause applicant`.
pub(crate) fn events(lines: &[&str]) -> Vec<ClockEvent> {
    lines.iter().map(|line| event(line)).collect()
}

fn event(line: &str) -> ClockEvent {
    let (recorded, rest) = line.split_at("2023-03-27 09:00".len());
    let (effective, rest) = match rest.trim().strip_prefix("(from ") {
        Some(rest) => rest.split_once(')').unwrap(),
        None => (recorded, rest),
    };
    let (verb, rest) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let kind = match (verb, rest) {
        ("start", _) => ClockEventKind::Start,
        ("move", _) => ClockEventKind::MoveStart,
        ("stop", _) => ClockEventKind::Stop,
        ("cancel", reason) => ClockEventKind::Cancel {
            reason: reason.to_owned(),
        },
        ("pause", name) => ClockEventKind::Pause {
            reason: PauseReason::named(name),
        },
        ("resume", "") => ClockEventKind::Resume { reason: None },
        ("resume", name) => ClockEventKind::Resume {
            reason: Some(name.to_owned()),
        },
        ("reopen", "resume") => ClockEventKind::Reopen {
            mode: ReopenMode::Resume,
        },
        ("reopen", _) => ClockEventKind::Reopen {
            mode: ReopenMode::NewCycle,
        },
        ("goal", goal) => ClockEventKind::SetGoal {
            goal: goal.parse().unwrap(),
            reason: String::new(),
            approved_by: None,
        },
        ("calendar", rest) => {
            let (id, mode) = rest.split_once(' ').unwrap();
            ClockEventKind::SetCalendar {
                calendar: CalendarRef::new(id, 1),
                mode: if mode == "retro" {
                    CalendarChange::Retro
                } else {
                    CalendarChange::FromNow
                },
            }
        }
        other => panic!("{other:?} is not an event"),
    };
    ClockEvent::at(at(recorded), kind).effective(at(effective))
}
