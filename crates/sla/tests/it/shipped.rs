//! The calendars that are shipped.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use chrono::{Datelike, NaiveDate};
use groundbreak_sla::{
    Calendar, CalendarFaultKind, CalendarRef, CalendarSpec, ExceptionKind, InheritError,
};

use crate::suites::{at, suite, text};

pub(crate) fn spec(name: &str) -> CalendarSpec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../workflows/calendars")
        .join(name);
    serde_saphyr::from_str(&text(&path)).unwrap()
}

pub(crate) fn pengjiang() -> Arc<Calendar> {
    static CALENDAR: OnceLock<Arc<Calendar>> = OnceLock::new();
    CALENDAR
        .get_or_init(|| {
            let spec = spec("pengjiang.yaml").inherit(&spec("china.yaml")).unwrap();
            Arc::new(Calendar::compile(&spec).unwrap())
        })
        .clone()
}

#[test]
fn the_hall_inherits_the_nations_holidays_and_keeps_its_own_hours() {
    let hall = pengjiang();
    assert_eq!(hall.reference(), &CalendarRef::new("pengjiang", 1));
    assert_eq!(hall.lineage(), [CalendarRef::new("china", 1)]);
    let minutes = |date: &str| -> Vec<(u16, u16)> {
        hall.windows(date.parse().unwrap())
            .iter()
            .map(|window| (window.open_minute, window.close_minute))
            .collect()
    };
    let full_day = vec![(8 * 60 + 30, 12 * 60), (14 * 60 + 30, 17 * 60 + 30)];
    assert_eq!(minutes("2023-03-23"), full_day);
    assert_eq!(minutes("2023-04-23"), full_day, "a make-up Sunday");
    assert!(minutes("2023-04-05").is_empty(), "Qingming");
    assert!(minutes("2023-04-22").is_empty(), "a Saturday");
    assert_eq!(
        hall.exception("2023-04-05".parse().unwrap()),
        Some((ExceptionKind::Holiday, Some("清明节")))
    );
    assert!(hall.is_open_at(at("2023-03-23 11:59")) && !hall.is_open_at(at("2023-03-23 12:00")));
}

#[test]
fn every_day_agrees_with_the_public_table() {
    let Some(dir) = suite("time") else { return };
    let table: serde_json::Value =
        serde_json::from_str(&text(&dir.join("cn_holidays.json"))).unwrap();
    let mut listed = std::collections::BTreeMap::new();
    for day in table["days"].as_array().unwrap() {
        let date: NaiveDate = day["date"].as_str().unwrap().parse().unwrap();
        listed.insert(date, day["is_workday"].as_bool().unwrap());
    }
    let first = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let mut checked = 0;
    for date in first.iter_days().take_while(|date| date.year() <= 2026) {
        let weekday = date.weekday().number_from_monday() <= 5;
        let expected = listed.get(&date).copied().unwrap_or(weekday);
        assert_eq!(pengjiang().is_working_day(date), expected, "{date}");
        checked += 1;
    }
    println!("shipped calendar: {checked} days agree");
}

#[test]
fn a_nation_without_hours_is_not_a_calendar_to_work_by() {
    let faults = Calendar::compile(&spec("china.yaml")).unwrap_err();
    assert!(
        faults
            .iter()
            .any(|fault| fault.kind == CalendarFaultKind::MakeupWithoutHours
                && fault.place == "exceptions.2023-04-23")
    );
}

#[test]
fn the_nearer_entry_wins() {
    let mut window = CalendarSpec {
        id: "window".to_owned(),
        inherits: Some("pengjiang".to_owned()),
        ..CalendarSpec::default()
    };
    window.exceptions = serde_json::from_value(serde_json::json!({
        "2023-04-23": {"kind": "makeup", "hours": [["09:00", "12:00"]]},
    }))
    .unwrap();
    let hall = spec("pengjiang.yaml").inherit(&spec("china.yaml")).unwrap();
    let calendar = Calendar::compile(&window.inherit(&hall).unwrap()).unwrap();
    let sunday: NaiveDate = "2023-04-23".parse().unwrap();
    assert_eq!(calendar.windows(sunday).len(), 1);
    assert_eq!(
        calendar.end_of(sunday, groundbreak_sla::DayEnd::Close),
        at("2023-04-23 12:00")
    );
    assert_eq!(
        calendar.lineage(),
        [
            CalendarRef::new("pengjiang", 1),
            CalendarRef::new("china", 1)
        ]
    );
}

#[test]
fn inheritance_is_resolved_from_the_nation_down() {
    let child = || CalendarSpec {
        id: "window".to_owned(),
        inherits: Some("pengjiang".to_owned()),
        ..CalendarSpec::default()
    };
    assert!(matches!(
        child().inherit(&spec("pengjiang.yaml")),
        Err(InheritError::ParentUnresolved { .. })
    ));
    assert!(matches!(
        child().inherit(&spec("china.yaml")),
        Err(InheritError::NotTheParent { .. })
    ));
}
