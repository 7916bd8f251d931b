//! iCalendar files: what an event means, what is refused, and that what was exported comes back.

#![allow(
    clippy::disallowed_methods,
    reason = "a test that measures how long something takes reads the clock"
)]

use std::time::{Duration, Instant};

use groundbreak_sla::{
    Calendar, CalendarSpec, ExceptionKind, ExceptionSpec, IcsFaultKind as Kind, IcsImport,
    IcsOptions, Timestamp, Unmarked, WeekdayName, export_ics, import_ics,
};
use proptest::prelude::*;

use crate::shipped::spec;

fn options(years: Option<(i32, i32)>) -> IcsOptions {
    IcsOptions {
        id: "hall".to_owned(),
        version: 1,
        tz: Some(chrono_tz::Asia::Shanghai),
        years,
        ..IcsOptions::default()
    }
}

/// A file with one event for each text; lines of an event are divided by spaces, and `_` is one.
fn file(events: &[&str]) -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n".to_owned();
    for event in events {
        text.push_str("BEGIN:VEVENT\r\n");
        for line in event.split(' ') {
            text.push_str(&line.replace('_', " "));
            text.push_str("\r\n");
        }
        text.push_str("END:VEVENT\r\n");
    }
    text + "END:VCALENDAR\r\n"
}

/// The dates of a file in 2026 and 2027, each as `date kind name hours`.
fn dates(text: &str) -> String {
    let import = import_ics(text.as_bytes(), &options(Some((2026, 2027)))).unwrap();
    shown(&import.spec)
}

fn shown(spec: &CalendarSpec) -> String {
    let rows = spec.exceptions.iter().map(|(date, exception)| {
        let mut row = format!("{} {:?}", &date[2..], exception.kind);
        if let Some(name) = &exception.name {
            row.push_str(&format!(" {name}"));
        }
        if let Some(day) = exception.works_as {
            row.push_str(&format!(" as {}", day.name()));
        }
        for [open, close] in exception.hours.iter().flatten() {
            row.push_str(&format!(" {open}-{close}"));
        }
        row
    });
    rows.collect::<Vec<_>>().join(", ")
}

fn check(rows: &[(&[&str], &str)]) {
    for (events, expected) in rows {
        assert_eq!(dates(&file(events)), *expected, "{events:?}");
    }
}

#[test]
fn an_all_day_event_ends_before_its_end_date() {
    check(&[
        (
            &["DTSTART;VALUE=DATE:20260101 SUMMARY:元旦（休）"],
            "26-01-01 Holiday 元旦",
        ),
        (
            &["DTSTART;VALUE=DATE:20260101 DTEND;VALUE=DATE:20260103 SUMMARY:元旦（休）"],
            "26-01-01 Holiday 元旦, 26-01-02 Holiday 元旦",
        ),
        (
            &["DTSTART:20260101 DURATION:P2D SUMMARY:元旦（休）"],
            "26-01-01 Holiday 元旦, 26-01-02 Holiday 元旦",
        ),
        // From midnight to midnight, as Outlook writes it in UTC.
        (
            &["DTSTART:20251231T160000Z DTEND:20260101T160000Z SUMMARY:元旦（休）"],
            "26-01-01 Holiday 元旦",
        ),
    ]);
}

#[test]
fn what_a_day_is_comes_from_marks_words_and_categories() {
    check(&[
        (
            &["DTSTART:20260104 SUMMARY:元旦（班）"],
            "26-01-04 Makeup 元旦 as mon",
        ),
        (
            &["DTSTART:20260104 SUMMARY:元旦 X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"],
            "26-01-04 Makeup 元旦 as mon",
        ),
        (
            &["DTSTART:20260101 SUMMARY:元旦 X-APPLE-SPECIAL-DAY:WORK-HOLIDAY"],
            "26-01-01 Holiday 元旦",
        ),
        (
            &["DTSTART:20260101 SUMMARY:元旦 CATEGORIES:Holiday,中国"],
            "26-01-01 Holiday 元旦",
        ),
        (
            &["DTSTART:20260101 SUMMARY:元旦 DESCRIPTION:公众假期"],
            "26-01-01 Holiday 元旦",
        ),
        // Either may stand on a holiday, so that it tells nothing.
        (
            &[
                "DTSTART:20260101 SUMMARY:元旦（休） TRANSP:OPAQUE",
                "DTSTART:20260104 SUMMARY:元旦（班） TRANSP:TRANSPARENT",
            ],
            "26-01-01 Holiday 元旦, 26-01-04 Makeup 元旦 as mon",
        ),
        // Two holidays on one date are one day off with both names.
        (
            &[
                "DTSTART:20251001 RDATE:20261001 SUMMARY:国庆节（休）",
                "DTSTART:20261001 SUMMARY:中秋节（休）",
            ],
            "26-10-01 Holiday 国庆节、中秋节",
        ),
        (
            &["DTSTART:20260101 SUMMARY:A\\,_B\\;\\nC（休）"],
            "26-01-01 Holiday A, B;\nC",
        ),
    ]);
}

#[test]
fn a_timed_event_gives_its_hours_where_the_calendar_is() {
    check(&[
        (
            &["DTSTART:20260216T083000 DTEND:20260216T120000 SUMMARY:除夕"],
            "26-02-16 Special 除夕 08:30-12:00",
        ),
        (
            &["DTSTART:20260216T003000Z DTEND:20260216T040000Z SUMMARY:除夕"],
            "26-02-16 Special 除夕 08:30-12:00",
        ),
        (
            &["DTSTART;TZID=Asia/Tokyo:20260216T093000 DURATION:PT3H30M SUMMARY:除夕"],
            "26-02-16 Special 除夕 08:30-12:00",
        ),
        (
            &[
                "DTSTART;TZID=\"China_Standard_Time\":20260104T090000 DTEND:20260104T100000Z SUMMARY:元旦_补班",
            ],
            "26-01-04 Makeup 元旦 09:00-18:00",
        ),
        // Two events are two windows; a night shift ends beyond 24:00.
        (
            &[
                "DTSTART:20260216T220000 DTEND:20260217T060000 SUMMARY:除夕",
                "DTSTART:20260216T083000 DTEND:20260216T120000 SUMMARY:除夕",
            ],
            "26-02-16 Special 除夕 08:30-12:00 22:00-30:00",
        ),
    ]);
}

#[test]
fn rules_are_followed_to_the_end_of_the_years() {
    check(&[
        (
            &["DTSTART:20200101 RRULE:FREQ=YEARLY SUMMARY:元旦（休）"],
            "26-01-01 Holiday 元旦, 27-01-01 Holiday 元旦",
        ),
        (
            &["DTSTART:20260101 RRULE:FREQ=YEARLY;UNTIL=99991231T000000Z SUMMARY:元旦（休）"],
            "26-01-01 Holiday 元旦, 27-01-01 Holiday 元旦",
        ),
        (
            &["DTSTART:20260525 RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO SUMMARY:X（休）"],
            "26-05-25 Holiday X, 27-05-31 Holiday X",
        ),
        (
            &["DTSTART:20260525 RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=MO;BYSETPOS=-1 SUMMARY:X（休）"],
            "26-05-25 Holiday X, 27-05-31 Holiday X",
        ),
        (
            &[
                "DTSTART:20260105 RRULE:FREQ=WEEKLY;COUNT=3 EXDATE:20260112 RDATE:20260401 SUMMARY:X（休）",
            ],
            "26-01-05 Holiday X, 26-01-19 Holiday X, 26-04-01 Holiday X",
        ),
        // The last day lies on the far side of midnight in UTC.
        (
            &[
                "DTSTART;TZID=Asia/Shanghai:20260105T083000 DURATION:PT1H RRULE:FREQ=DAILY;UNTIL=20260106T003000Z SUMMARY:X",
            ],
            "26-01-05 Special X 08:30-09:30, 26-01-06 Special X 08:30-09:30",
        ),
    ]);
}

#[test]
fn moved_and_cancelled_occurrences_and_events_are_left_out() {
    let series = "UID:a DTSTART:20260105 RRULE:FREQ=WEEKLY;COUNT=3 SUMMARY:X（休）";
    check(&[
        (
            &[
                series,
                "UID:a RECURRENCE-ID:20260112 DTSTART:20260113 SUMMARY:Y（休）",
            ],
            "26-01-05 Holiday X, 26-01-13 Holiday Y, 26-01-19 Holiday X",
        ),
        (
            &[
                series,
                "UID:a RECURRENCE-ID:20260112 STATUS:CANCELLED DTSTART:20260112",
            ],
            "26-01-05 Holiday X, 26-01-19 Holiday X",
        ),
        (
            &[
                "DTSTART:20260101 SUMMARY:元旦（休）",
                "STATUS:CANCELLED DTSTART:20260102",
            ],
            "26-01-01 Holiday 元旦",
        ),
        (
            &[
                "DTSTART:20260101 SUMMARY:元旦（休）",
                "UID:b SEQUENCE:0 DTSTART:20260105 SUMMARY:X（休）",
                "UID:b SEQUENCE:1 STATUS:CANCELLED DTSTART:20260105 SUMMARY:X（休）",
            ],
            "26-01-01 Holiday 元旦",
        ),
    ]);
}

#[test]
fn what_is_no_event_is_passed_over() {
    let text = "\u{feff}BEGIN:VCALENDAR\nX-WR-CALNAME:放假\\, 2026\nX-ODD;A=b:c\nBEGIN:VTIMEZONE\nTZID:Asia/Shanghai\nBEGIN:STANDARD\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\n\nbegin:vevent\nSUMM\n ARY:春\n\t节（休）\nDTSTART;VALUE=DATE\n :20260217\nBEGIN:VALARM\nTRIGGER:-PT5M\nDTSTART:never\nEND:VALARM\nX-ODD:1\nEND:VEVENT\nEND:VCALENDAR";
    let import = import_ics(text.as_bytes(), &options(None)).unwrap();
    assert_eq!(shown(&import.spec), "26-02-17 Holiday 春节");
    assert_eq!(import.spec.title.unwrap().zh, "放假, 2026");
    assert_eq!(import.years, (2026, 2026));
}

#[test]
fn a_character_that_was_folded_in_its_middle_is_read() {
    let mut bytes = file(&["DTSTART:20260101 SUMMARY:元旦（休）"]).into_bytes();
    let at = bytes
        .windows(3)
        .position(|part| part == "元".as_bytes())
        .unwrap();
    bytes.splice(at + 1..at + 1, *b"\r\n ");
    let import = import_ics(&bytes, &options(None)).unwrap();
    assert_eq!(shown(&import.spec), "26-01-01 Holiday 元旦");
}

#[test]
fn unmarked_events_are_refused_or_taken_as_one_says() {
    let text = file(&[
        "DTSTART:20260101 SUMMARY:元旦",
        "DTSTART:20260102 SUMMARY:X（休）",
    ]);
    let import = |unmarked| {
        let options = IcsOptions {
            unmarked,
            ..options(None)
        };
        import_ics(text.as_bytes(), &options)
    };
    assert_eq!(import(Unmarked::Refuse).unwrap_err()[0].kind, Kind::Unclear);
    let IcsImport { spec, left_out, .. } = import(Unmarked::LeaveOut).unwrap();
    assert_eq!(
        (shown(&spec).as_str(), left_out.unmarked),
        ("26-01-02 Holiday X", 1)
    );
    let spec = import(Unmarked::DayOff).unwrap().spec;
    assert_eq!(shown(&spec), "26-01-01 Holiday 元旦, 26-01-02 Holiday X");
}

#[test]
fn each_fault_is_found_and_names_its_event() {
    use Kind as K;
    let rows: &[(Kind, &str)] = &[
        (K::NoStart, "SUMMARY:X（休）"),
        (K::BadDate, "DTSTART:20260230 SUMMARY:X（休）"),
        (K::BadDate, "DTSTART:99990101 SUMMARY:X（休）"),
        (K::BadDate, "DTSTART:20260101T250000 SUMMARY:X（休）"),
        (
            K::BadDate,
            "DTSTART:20260101 EXDATE:tomorrow SUMMARY:X（休）",
        ),
        (K::BadEnd, "DTSTART:20260101 DTEND:20260101 SUMMARY:X（休）"),
        (K::BadEnd, "DTSTART:20260102 DTEND:20260101 SUMMARY:X（休）"),
        (K::BadEnd, "DTSTART:20260101 DURATION:PT3H SUMMARY:X（休）"),
        (K::BadEnd, "DTSTART:20260101 DURATION:-P1D SUMMARY:X（休）"),
        (
            K::BadEnd,
            "DTSTART:20260101 DURATION:P1D DTEND:20260102 SUMMARY:X（休）",
        ),
        (
            K::UnknownZone,
            "DTSTART;TZID=Mars/Base:20260101T080000 SUMMARY:X",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=SECONDLY SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=DAILY;INTERVAL=0 SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=DAILY;COUNT=1000000000 SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=2MO SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=MONTHLY;BYSETPOS=9;BYDAY=MO SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30 SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=YEARLY;BYEASTER=1 SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:FREQ=WEEKLY;BYDAY=MO SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 RRULE:nonsense SUMMARY:X（休）",
        ),
        (
            K::Recurrence,
            "DTSTART:20260101 EXRULE:FREQ=DAILY SUMMARY:X（休）",
        ),
        (K::Unclear, "DTSTART:20260101 SUMMARY:X调休"),
        (K::Unclear, "DTSTART:20260101 SUMMARY:X"),
        (K::NoHours, "DTSTART:20260101 SUMMARY:X半天（休）"),
        (K::NoHours, "DTSTART:20260101T080000 SUMMARY:X"),
        (
            K::NoHours,
            "DTSTART:20260101 X-GROUNDBREAK-KIND:special SUMMARY:X",
        ),
        (
            K::BadHours,
            "DTSTART:20260101T080000 DTEND:20260101T235900 SUMMARY:X",
        ),
        (
            K::BadHours,
            "DTSTART:20260101T080030 DTEND:20260101T100000 SUMMARY:X",
        ),
        (
            K::BadHours,
            "DTSTART:20260101T080000 DURATION:P3D SUMMARY:X",
        ),
        (
            K::PartlyOff,
            "DTSTART:20260101T120000 DTEND:20260101T180000 SUMMARY:X（休）",
        ),
        (
            K::BadMark,
            "DTSTART:20260101 X-GROUNDBREAK-KIND:party SUMMARY:X",
        ),
        (
            K::BadMark,
            "DTSTART:20260101 X-GROUNDBREAK-KIND:makeup X-GROUNDBREAK-WORKS-AS:someday SUMMARY:X",
        ),
        (
            K::TooMany,
            "DTSTART:20260101 DTEND:20280101 SUMMARY:X（休）",
        ),
        (K::BadLine, "DTSTART:20260101 SUMMARY:X（休） nonsense"),
    ];
    for (kind, event) in rows {
        let text = file(&["DTSTART:20260501 SUMMARY:好（休）", event]);
        let faults = import_ics(text.as_bytes(), &options(None)).unwrap_err();
        let kinds: Vec<Kind> = faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, [*kind], "{event}");
        let fault = &faults[0];
        assert!(
            fault.line >= 7 && fault.event.starts_with('X'),
            "{event}: {fault}"
        );
        for text in [fault.what(), fault.remedy()] {
            assert!(!text.zh.is_empty() && !text.en.is_empty());
        }
        assert!(fault.what().zh.contains('X') && fault.what().en.contains('X'));
    }
}

#[test]
fn a_file_that_is_no_calendar_is_refused() {
    let good = file(&["DTSTART:20260101 SUMMARY:X（休）"]);
    let deep = format!("{}{}", "BEGIN:VCALENDAR\n", "BEGIN:X\n".repeat(100_000));
    let events = format!(
        "BEGIN:VCALENDAR\n{}",
        "BEGIN:VEVENT\nEND:VEVENT\n".repeat(6_000)
    );
    let rows: Vec<(Kind, Vec<u8>)> = vec![
        (Kind::TooLong, vec![b'\n'; (4 << 20) + 1]),
        (
            Kind::NotUtf8,
            b"BEGIN:VCALENDAR\nSUMMARY:\xd4\xaa\xb5\xa9\n".to_vec(),
        ),
        (Kind::NotACalendar, Vec::new()),
        (Kind::NotACalendar, b"<html>".to_vec()),
        (Kind::NotACalendar, format!("{good}X:1\n").into_bytes()),
        (
            Kind::Unbalanced,
            good.replace("END:VCALENDAR\r\n", "").into_bytes(),
        ),
        (
            Kind::Unbalanced,
            good.replace("END:VEVENT", "END:VTODO").into_bytes(),
        ),
        (
            Kind::Unbalanced,
            good.replace("VERSION:2.0", "BEGIN:VCALENDAR").into_bytes(),
        ),
        (Kind::Unbalanced, deep.into_bytes()),
        (Kind::NoStart, events.into_bytes()),
    ];
    for (kind, bytes) in rows {
        let faults = import_ics(&bytes, &options(None)).unwrap_err();
        assert_eq!(faults[0].kind, kind, "{:?}", faults[0]);
    }
    let unzoned = IcsOptions {
        tz: None,
        ..options(None)
    };
    let faults = import_ics(good.as_bytes(), &unzoned).unwrap_err();
    assert_eq!(faults[0].kind, Kind::NoZone);
    for years in [(2027, 2026), (1900, 2026), (2026, 3000)] {
        let faults = import_ics(good.as_bytes(), &options(Some(years))).unwrap_err();
        assert_eq!(faults[0].kind, Kind::BadYears);
    }
}

#[test]
fn two_events_that_disagree_about_a_date_are_a_conflict() {
    for events in [
        [
            "DTSTART:20260101 SUMMARY:X（休）",
            "DTSTART:20260101 SUMMARY:X（班）",
        ],
        [
            "DTSTART:20260101T080000 DURATION:PT3H SUMMARY:X",
            "DTSTART:20260101T100000 DURATION:PT3H SUMMARY:X",
        ],
    ] {
        let faults = import_ics(file(&events).as_bytes(), &options(None)).unwrap_err();
        assert_eq!(faults[0].kind, Kind::Conflict, "{events:?}");
    }
}

#[test]
fn every_fault_is_reported_in_the_order_of_the_lines() {
    let text = file(&[
        "DTSTART:2026 SUMMARY:A（休）",
        "SUMMARY:B（休）",
        "DTSTART:20260101 SUMMARY:C",
    ]);
    let faults = import_ics(text.as_bytes(), &options(None)).unwrap_err();
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.line, fault.kind))
        .collect();
    assert_eq!(
        found,
        [(4, Kind::BadDate), (7, Kind::NoStart), (10, Kind::Unclear)]
    );
}

#[test]
fn what_would_take_for_ever_is_refused_in_time() {
    let started = Instant::now();
    let daily = "DTSTART:19700101 RRULE:FREQ=DAILY SUMMARY:X（休）";
    let rare = "DTSTART:19720229 RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29 SUMMARY:X（休）";
    let long = "DTSTART:19700101 DTEND:19710101 RRULE:FREQ=DAILY SUMMARY:X（休）";
    for event in [daily, rare, long] {
        let text = file(&vec![event; 2_000]);
        let faults = import_ics(text.as_bytes(), &options(Some((1970, 2099)))).unwrap_err();
        assert!(
            faults.iter().any(|fault| fault.kind == Kind::TooMany),
            "{event}"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(60));
}

/// The State Council's arrangement for 2026, as a subscription has it.
const ARRANGEMENT: &str = include_str!("china-2026.ics");

#[test]
fn the_arrangement_of_2026_is_that_of_the_shipped_calendar() {
    let import = import_ics(ARRANGEMENT.as_bytes(), &options(Some((2026, 2026)))).unwrap();
    let mut china = spec("china.yaml").exceptions;
    china.retain(|date, _| date.starts_with("2026"));
    assert_eq!(import.spec.exceptions, china);
    assert_eq!(import.left_out.cancelled, 1);
}

fn back(spec: &CalendarSpec, text: &str) -> CalendarSpec {
    let options = IcsOptions {
        tz: spec.tz.as_deref().map(|tz| tz.parse().unwrap()),
        ..options(Some((1970, 2099)))
    };
    import_ics(text.as_bytes(), &options).unwrap().spec
}

#[test]
fn the_shipped_calendar_comes_back_from_its_export() {
    let china = spec("china.yaml");
    let text = export_ics(&china, None, Timestamp::EPOCH).unwrap();
    assert_eq!(back(&china, &text).exceptions, china.exceptions);
    assert_eq!(text, export_ics(&china, None, Timestamp::EPOCH).unwrap());
    let year = export_ics(&china, Some((2026, 2026)), Timestamp::EPOCH).unwrap();
    for once in ["BEGIN:VCALENDAR", "VERSION:", "PRODID:", "METHOD:"] {
        assert_eq!(year.matches(once).count(), 1, "{once}");
    }
    let spring = "BEGIN:VEVENT\r\nDTEND;VALUE=DATE:20260224\r\nDTSTAMP:19700101T000000Z\r\nDTSTART;VALUE=DATE:20260215\r\nSEQUENCE:1\r\nSUMMARY:春节（休）\r\nTRANSP:TRANSPARENT\r\nUID:2026-02-15-holiday.china@groundbreak\r\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY\r\nX-GROUNDBREAK-KIND:holiday\r\nX-GROUNDBREAK-NAME:春节\r\nEND:VEVENT\r\n";
    assert!(year.contains(spring), "{year}");
    // Without our own properties, the words alone say the same.
    let plain: Vec<&str> = year
        .split("\r\n")
        .filter(|line| !line.starts_with("X-GROUNDBREAK") && !line.starts_with("X-APPLE"))
        .collect();
    let plain = back(&china, &plain.join("\r\n")).exceptions;
    assert!(
        plain
            .iter()
            .all(|(date, day)| china.exceptions[date] == *day)
    );
    assert_eq!(plain.len(), back(&china, &year).exceptions.len());
}

#[test]
fn an_exception_that_does_not_hold_together_is_not_exported() {
    let mut spec = spec("china.yaml");
    spec.exceptions.insert(
        "2026-13-01".to_owned(),
        ExceptionSpec {
            kind: ExceptionKind::Special,
            name: None,
            hours: Some(vec![["9:00".to_owned(), "12:00".to_owned()]]),
            works_as: None,
        },
    );
    let faults = export_ics(&spec, None, Timestamp::EPOCH).unwrap_err();
    let codes: Vec<_> = faults.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes, ["calendar-bad-time", "calendar-bad-date"]);
}

fn exception() -> impl Strategy<Value = ExceptionSpec> {
    let name = proptest::option::of("[春节国庆休班、，,;:\\\\ \"a-z（）\n]{0,60}");
    let hours = proptest::collection::btree_set(0_u16..96, 2..6).prop_map(|quarters| {
        let quarters: Vec<u16> = quarters.into_iter().collect();
        let clock = |quarter: u16| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
        quarters
            .chunks_exact(2)
            .map(|pair| [clock(pair[0]), clock(pair[1])])
            .collect::<Vec<_>>()
    });
    let hours = prop_oneof![
        hours,
        Just(vec![["00:00".to_owned(), "24:00".to_owned()]]),
        Just(vec![["22:00".to_owned(), "30:00".to_owned()]])
    ];
    (0_usize..4, name, hours, 0_usize..8).prop_map(|(kind, name, hours, weekday)| {
        let kind = [
            ExceptionKind::Holiday,
            ExceptionKind::LocalOff,
            ExceptionKind::Makeup,
            ExceptionKind::Special,
        ][kind];
        let off = matches!(kind, ExceptionKind::Holiday | ExceptionKind::LocalOff);
        let works_as = WeekdayName::ALL.get(weekday).copied().filter(|_| !off);
        ExceptionSpec {
            kind,
            name,
            hours: (!off && works_as.is_none()).then_some(hours),
            works_as,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_exported_comes_back(
        days in proptest::collection::btree_map(0_u32..40, exception(), 0..30),
        tz in prop_oneof![Just("Asia/Shanghai"), Just("Europe/Berlin"), Just("UTC")],
    ) {
        let first = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let exceptions = days.into_iter().map(|(day, exception)| {
            ((first + chrono::Days::new(day.into())).to_string(), exception)
        });
        let spec = CalendarSpec {
            id: "hall".to_owned(),
            version: 3,
            tz: Some(tz.to_owned()),
            exceptions: exceptions.collect(),
            ..CalendarSpec::default()
        };
        let text = export_ics(&spec, None, Timestamp::EPOCH).unwrap();
        for line in text.split("\r\n") {
            prop_assert!(line.len() <= 75 && !line.contains('\n'), "{line}");
        }
        prop_assert_eq!(back(&spec, &text).exceptions, spec.exceptions);
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = import_ics(&bytes, &options(None));
    }

    #[test]
    fn no_change_to_a_good_file_brings_it_down(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[A-Z0-9;:=,TZ\n /-]{0,12}"), 1..6),
    ) {
        let rules = file(&[
            "DTSTART:20200101 RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYMONTHDAY=1 SUMMARY:X（休）",
            "UID:a DTSTART;TZID=Asia/Shanghai:20260105T083000 DTEND:20260105T120000 RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=9 EXDATE:20260202 SUMMARY:Y",
        ]);
        let mut bytes = (rules + ARRANGEMENT).into_bytes();
        for (at, length, text) in cuts {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, text.into_bytes());
        }
        let started = Instant::now();
        if let Ok(import) = import_ics(&bytes, &options(Some((1970, 2099)))) {
            let mut spec = import.spec;
            spec.weekly = crate::shipped::spec("pengjiang.yaml").weekly;
            // Nothing is wrong with what was imported but a night that runs into a morning.
            if let Err(faults) = Calendar::compile(&spec) {
                prop_assert!(faults.iter().all(|fault| fault.code() == "calendar-overlap"), "{faults:?}");
            }
        }
        prop_assert!(started.elapsed() < Duration::from_secs(20));
    }
}
