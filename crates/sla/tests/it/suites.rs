//! Where the suites are, and the calendars several tests use.

use std::path::PathBuf;
use std::sync::Arc;

use groundbreak_sla::{Calendar, CalendarSpec, Timestamp};

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

pub(crate) fn compile(json: serde_json::Value) -> Arc<Calendar> {
    let spec: CalendarSpec = serde_json::from_value(json).unwrap();
    Arc::new(Calendar::compile(&spec).unwrap())
}

/// A service hall: 09:00-12:00 and 13:30-17:30, Monday to Friday, without holidays but one.
pub(crate) fn hall() -> Arc<Calendar> {
    let day = serde_json::json!([["09:00", "12:00"], ["13:30", "17:30"]]);
    compile(serde_json::json!({
        "id": "hall", "tz": "Asia/Shanghai",
        "weekly": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
        "exceptions": {"2023-04-05": {"kind": "holiday", "name": "清明节"}},
    }))
}

/// An instant on the wall clock of Shanghai.
pub(crate) fn at(local: &str) -> Timestamp {
    groundbreak_sla::parse_local(chrono_tz::Asia::Shanghai, local).unwrap()
}
