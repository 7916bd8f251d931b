//! Calendars: what is refused, and the edges of what is counted.

use groundbreak_sla::{
    Calendar, CalendarFaultKind, CalendarSpec, DayEnd, DayStart, NoWorkingTime, Timestamp,
    parse_local,
};
use serde_json::{Value, json};

use crate::suites::{at, compile, hall};

/// A sound calendar with one part replaced.
fn with(key: &str, value: Value) -> Value {
    let mut spec = json!({
        "id": "hall", "tz": "Asia/Shanghai",
        "weekly": {"mon": [["09:00", "12:00"], ["13:30", "17:30"]], "tue": [["09:00", "17:00"]]},
    });
    spec[key] = value;
    spec
}

fn faults(spec: Value) -> Vec<(CalendarFaultKind, String)> {
    let spec: CalendarSpec = serde_json::from_value(spec).unwrap();
    Calendar::compile(&spec)
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|fault| {
            for text in [fault.what(), fault.remedy()] {
                assert!(!text.zh.is_empty() && !text.en.is_empty());
            }
            (fault.kind, fault.place)
        })
        .collect()
}

#[test]
fn each_fault_is_found_and_placed() {
    use CalendarFaultKind as Kind;
    let mon = |hours: Value| with("weekly", json!({"mon": hours, "tue": [["09:00", "17:00"]]}));
    let on = |date: &str, exception: Value| with("exceptions", json!({date: exception}));
    let rows = [
        (with("id", json!(" ")), Kind::NoId, "id"),
        (with("tz", json!(null)), Kind::NoZone, "tz"),
        (with("tz", json!("Asia/Pengjiang")), Kind::UnknownZone, "tz"),
        (
            with("inherits", json!("china")),
            Kind::Uninherited,
            "inherits",
        ),
        (
            mon(json!([["9:00", "12:00"]])),
            Kind::BadTime,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["09:60", "12:00"]])),
            Kind::BadTime,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["09:00", "48:01"]])),
            Kind::BadTime,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["24:00", "30:00"]])),
            Kind::BadTime,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["09:00", "九点"]])),
            Kind::BadTime,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["12:00", "09:00"]])),
            Kind::CloseBeforeOpen,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["12:00", "12:00"]])),
            Kind::CloseBeforeOpen,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["00:00", "23:59"]])),
            Kind::LastMinute,
            "weekly.mon[0]",
        ),
        (
            mon(json!([["09:00", "12:00"], ["11:59", "17:00"]])),
            Kind::Overlap,
            "weekly.mon[1]",
        ),
        (
            mon(json!([["13:00", "17:00"], ["09:00", "12:00"]])),
            Kind::Overlap,
            "weekly.mon[1]",
        ),
        (
            mon(json!([["22:00", "33:01"]])),
            Kind::Overlap,
            "weekly.tue",
        ),
        (
            on(
                "2023-04-03",
                json!({"kind": "special", "hours": [["20:00", "34:00"]]}),
            ),
            Kind::Overlap,
            "exceptions.2023-04-03",
        ),
        (
            on("2023-4-3", json!({"kind": "holiday"})),
            Kind::BadDate,
            "exceptions.2023-4-3",
        ),
        (
            on("2023-02-29", json!({"kind": "holiday"})),
            Kind::BadDate,
            "exceptions.2023-02-29",
        ),
        (
            on("1969-12-31", json!({"kind": "holiday"})),
            Kind::BadDate,
            "exceptions.1969-12-31",
        ),
        (
            on("2023-04-23", json!({"kind": "makeup"})),
            Kind::MakeupWithoutHours,
            "exceptions.2023-04-23",
        ),
        (
            on("2023-04-23", json!({"kind": "makeup", "hours": []})),
            Kind::MakeupWithoutHours,
            "exceptions.2023-04-23",
        ),
        (
            on("2023-04-23", json!({"kind": "makeup", "works_as": "sun"})),
            Kind::MakeupWithoutHours,
            "exceptions.2023-04-23",
        ),
        (
            on("2023-04-24", json!({"kind": "special"})),
            Kind::SpecialWithoutHours,
            "exceptions.2023-04-24",
        ),
        (
            on(
                "2023-04-05",
                json!({"kind": "holiday", "hours": [["09:00", "12:00"]]}),
            ),
            Kind::OffWithHours,
            "exceptions.2023-04-05",
        ),
        (
            on(
                "2023-04-23",
                json!({"kind": "makeup", "hours": [["09:00", "12:00"]], "works_as": "mon"}),
            ),
            Kind::TwoSources,
            "exceptions.2023-04-23",
        ),
        (
            with("coverage", json!(["2024-01-01", "2023-12-31"])),
            Kind::CoverageReversed,
            "coverage",
        ),
        (
            with("coverage", json!(["2024", "2024-12-31"])),
            Kind::BadDate,
            "coverage[0]",
        ),
        (with("weekly", json!({})), Kind::NoWorkingTime, "weekly"),
        (
            with(
                "overtime",
                json!({"dates": {"2023-04-05": [["09:00", "08:00"]]}}),
            ),
            Kind::CloseBeforeOpen,
            "overtime.dates.2023-04-05[0]",
        ),
        (
            mon(json!(vec![["09:00", "12:00"]; 49])),
            Kind::TooMany,
            "weekly.mon",
        ),
    ];
    for (spec, kind, place) in rows {
        assert_eq!(faults(spec.clone()), [(kind, place.to_owned())], "{spec}");
    }
}

#[test]
fn a_night_shift_may_end_on_a_closed_morning() {
    // 4 April 2023 is a Tuesday, and Wednesdays are closed.
    let shift = json!({"2023-04-04": {"kind": "special", "hours": [["20:00", "30:00"]]}});
    assert_eq!(faults(with("exceptions", shift)), []);
}

#[test]
fn every_fault_is_reported_at_once() {
    let spec = json!({
        "id": "", "tz": "Nowhere", "coverage": ["2024-01-01", "2023-01-01"],
        "weekly": {"mon": [["09:00", "23:59"]]}, "exceptions": {"today": {"kind": "makeup"}},
    });
    let kinds: Vec<_> = faults(spec)
        .into_iter()
        .map(|(kind, _)| kind.code())
        .collect();
    assert_eq!(
        kinds,
        [
            "calendar-no-id",
            "calendar-unknown-zone",
            "calendar-coverage-reversed",
            "calendar-last-minute",
            "calendar-makeup-without-hours",
            "calendar-bad-date"
        ]
    );
}

#[test]
fn an_unknown_field_is_refused() {
    assert!(serde_json::from_value::<CalendarSpec>(with("holidays", json!([]))).is_err());
}

#[test]
fn the_closing_instant_is_reached_and_the_next_opening_is_left() {
    let hall = hall();
    let hours = |hours: i64| hours * 3_600_000;
    assert_eq!(
        hall.add(at("2023-03-24 15:30"), hours(2)),
        Ok(at("2023-03-24 17:30"))
    );
    assert_eq!(
        hall.sub(at("2023-03-24 17:30"), hours(2)),
        Ok(at("2023-03-24 15:30"))
    );
    assert_eq!(
        hall.sub(at("2023-03-27 10:00"), hours(1)),
        Ok(at("2023-03-27 09:00"))
    );
    assert_eq!(
        hall.add(at("2023-03-25 10:00"), 0),
        Ok(at("2023-03-25 10:00"))
    );
    assert_eq!(
        hall.add(at("2023-03-27 10:00"), -hours(1)),
        hall.sub(at("2023-03-27 10:00"), hours(1))
    );
}

#[test]
fn a_search_ends_where_the_calendar_ends() {
    let hall = hall();
    let (first, last) = hall.range();
    assert_eq!(hall.add(last, 1), Err(NoWorkingTime { from: last }));
    assert_eq!(hall.sub(first, 1), Err(NoWorkingTime { from: first }));
    assert_eq!(
        hall.add(first, i64::MAX),
        Err(NoWorkingTime { from: first })
    );
    assert_eq!(hall.sub(last, i64::MIN), hall.add(last, i64::MAX));
    assert!(
        hall.add_working_days(first, u32::MAX, DayStart::NextDay)
            .is_err()
    );
    assert!(hall.sub_working_days(last, u32::MAX).is_err());
    assert_eq!(
        hall.working_between(Timestamp::MIN, Timestamp::MAX),
        hall.working_between(first, last)
    );
}

#[test]
fn a_day_skipped_by_the_date_line_is_no_working_day() {
    let all_week = json!([["09:00", "17:00"]]);
    let samoa = compile(json!({
        "id": "samoa", "tz": "Pacific/Apia",
        "weekly": {"mon": all_week, "tue": all_week, "wed": all_week, "thu": all_week, "fri": all_week,
                   "sat": all_week, "sun": all_week},
    }));
    assert!(!samoa.is_working_day("2011-12-30".parse().unwrap()));
    assert_eq!(
        samoa.working_days_between("2011-12-29".parse().unwrap(), "2011-12-31".parse().unwrap()),
        1
    );
    let thursday = samoa.local("2011-12-29 16:00").unwrap();
    assert_eq!(
        samoa.add(thursday, 2 * 3_600_000),
        samoa.local("2011-12-31 10:00").map_err(|_| unreachable!())
    );
}

#[test]
fn weekly_overtime_rests_on_holidays_and_makes_no_working_day() {
    let calendar = compile(json!({
        "id": "hall", "tz": "Asia/Shanghai",
        "weekly": {"mon": [["09:00", "17:00"]]},
        "exceptions": {"2023-04-08": {"kind": "holiday"}},
        "overtime": {"weekly": {"sat": [["09:00", "12:00"]]}, "dates": {"2023-04-09": [["10:00", "11:00"]]}},
    }));
    let offered = |date: &str| !calendar.overtime_windows(date.parse().unwrap()).is_empty();
    assert!(offered("2023-04-01") && offered("2023-04-09"));
    assert!(!offered("2023-04-08"));
    assert!(!calendar.is_working_day("2023-04-01".parse().unwrap()));
    let week = (at("2023-04-01 00:00"), at("2023-04-02 00:00"));
    assert_eq!(calendar.working_between(week.0, week.1), 0);
    assert_eq!(
        calendar.with_overtime().working_between(week.0, week.1),
        3 * 3_600_000
    );
}

#[test]
fn the_last_published_december_is_provisional() {
    let mut spec = with("coverage", json!(["2023-01-01", "2024-12-31"]));
    spec["weekly"]["wed"] = json!([["09:00", "17:00"]]);
    let calendar = compile(spec);
    for (day, provisional) in [
        ("2022-12-31 12:00", true),
        ("2023-01-01 12:00", false),
        ("2023-12-15 12:00", false),
        ("2024-11-30 23:59", false),
        ("2024-12-01 00:00", true),
        ("2025-06-01 00:00", true),
    ] {
        assert_eq!(calendar.is_provisional(at(day)), provisional, "{day}");
    }
    assert!(!hall().is_provisional(at("2099-01-01 00:00")));
}

#[test]
fn a_day_ends_at_its_close_or_at_midnight() {
    let hall = hall();
    let monday = "2023-03-27".parse().unwrap();
    let sunday = "2023-03-26".parse().unwrap();
    assert_eq!(hall.end_of(monday, DayEnd::Close), at("2023-03-27 17:30"));
    assert_eq!(
        hall.end_of(monday, DayEnd::Midnight),
        at("2023-03-28 00:00")
    );
    assert_eq!(hall.end_of(sunday, DayEnd::Close), at("2023-03-27 00:00"));
}

#[test]
fn the_receipt_day_counts_only_if_asked_for_and_still_open() {
    let hall = hall();
    let day = |from: &str, start| hall.add_working_days(at(from), 1, start);
    assert_eq!(
        day("2023-03-27 10:00", DayStart::NextDay),
        Ok(at("2023-03-28 17:30"))
    );
    assert_eq!(
        day("2023-03-27 10:00", DayStart::SameDay),
        Ok(at("2023-03-27 17:30"))
    );
    assert_eq!(
        day("2023-03-27 18:00", DayStart::SameDay),
        Ok(at("2023-03-28 17:30"))
    );
    assert_eq!(
        day("2023-03-25 10:00", DayStart::SameDay),
        Ok(at("2023-03-27 17:30"))
    );
}

#[test]
fn open_stretches_are_cut_to_the_question() {
    let hall = hall();
    let stretches: Vec<_> = hall
        .open_stretches(at("2023-03-27 10:00"), at("2023-03-28 09:30"))
        .collect();
    assert_eq!(
        stretches,
        [
            (at("2023-03-27 10:00"), at("2023-03-27 12:00")),
            (at("2023-03-27 13:30"), at("2023-03-27 17:30")),
            (at("2023-03-28 09:00"), at("2023-03-28 09:30")),
        ]
    );
}

#[test]
fn local_times_are_read_to_the_millisecond_and_moved_out_of_gaps() {
    let new_york = chrono_tz::America::New_York;
    let read = |text: &str| parse_local(new_york, text).unwrap().to_string();
    assert_eq!(read("2026-03-08 02:30"), "2026-03-08T07:30:00.000Z");
    assert_eq!(read("2026-11-01 01:30"), "2026-11-01T05:30:00.000Z");
    assert_eq!(read("2026-06-01 10:00:30.5"), "2026-06-01T14:00:30.500Z");
    assert_eq!(read("2026-06-01T10:00"), "2026-06-01T14:00:00.000Z");
    for text in [
        "",
        "10:00",
        "2026-02-30 10:00",
        "2026-06-01 25:00",
        "2026-06-01",
    ] {
        assert!(parse_local(new_york, text).is_err(), "{text}");
    }
}

#[test]
fn an_instant_is_read_with_any_offset_and_shown_in_utc() {
    let instant: Timestamp = "2023-03-23T10:00:00.0019+08:00".parse().unwrap();
    assert_eq!(instant.to_string(), "2023-03-23T02:00:00.001Z");
    assert_eq!(
        serde_json::to_string(&instant).unwrap(),
        instant.as_millis().to_string()
    );
    assert!("2023-03-23 10:00".parse::<Timestamp>().is_err());
    assert_eq!(
        Timestamp::MIN.to_string(),
        format!("{} ms from the epoch", i64::MIN)
    );
    let farthest = Timestamp::MAX.in_zone(chrono_tz::Pacific::Kiritimati);
    assert!(farthest > Timestamp::EPOCH.in_zone(chrono_tz::UTC));
    assert_eq!(Timestamp::MAX.checked_add_millis(1), None);
}
