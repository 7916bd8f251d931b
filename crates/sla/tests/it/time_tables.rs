//! Tables computed elsewhere: Chinese working-day deadlines, and business time in three zones.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use groundbreak_sla::{Calendar, CalendarSpec, DayEnd, DayStart, ExceptionSpec, Timestamp};
use serde_json::json;

use crate::shipped::{pengjiang, spec};
use crate::suites::{compile, suite, text};

fn rows(path: &Path) -> Vec<Vec<String>> {
    text(path)
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

#[test]
fn working_day_deadlines_agree_in_both_directions() {
    let Some(dir) = suite("time") else { return };
    let calendar = pengjiang();
    let rows = rows(&dir.join("cn_workday_deadlines.csv"));
    for row in &rows {
        let start: NaiveDate = row[0].parse().unwrap();
        let days: u32 = row[1].parse().unwrap();
        let due: NaiveDate = row[2].parse().unwrap();
        let morning = calendar.local(&format!("{start} 10:00")).unwrap();
        let close = calendar.end_of(due, DayEnd::Close);
        assert_eq!(
            calendar.add_working_days(morning, days, DayStart::NextDay),
            Ok(close),
            "{row:?}"
        );
        assert_eq!(
            calendar.working_days_between(start, due),
            i64::from(days),
            "{row:?}"
        );
        assert_eq!(
            calendar.working_days_between(due, start),
            -i64::from(days),
            "{row:?}"
        );
        // Backwards from a working day lies the latest working day that is not after the start.
        let mut before = start;
        while !calendar.is_working_day(before) {
            before = before.pred_opt().unwrap();
        }
        // A start in the first days of the table may lie before its first working day.
        if before >= NaiveDate::from_ymd_opt(2020, 1, 2).unwrap() {
            assert_eq!(
                calendar.sub_working_days(close, days),
                Ok(calendar.end_of(before, DayEnd::Close)),
                "{row:?}"
            );
        }
    }
    println!("working-day deadlines: {} rows agree", rows.len());
    assert!(!rows.is_empty());
}

fn schedules() -> BTreeMap<&'static str, Arc<Calendar>> {
    let china: BTreeMap<String, ExceptionSpec> = spec("china.yaml").exceptions;
    let day = json!([["09:00", "12:00"], ["13:30", "17:30"]]);
    let mut chinese: CalendarSpec = serde_json::from_value(json!({
        "id": "cn", "tz": "Asia/Shanghai",
        "weekly": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
    }))
    .unwrap();
    chinese.exceptions = china;
    let dutch = json!([["08:30", "17:00"]]);
    let night = json!([["00:00", "06:00"]]);
    BTreeMap::from([
        (
            "CN_9-12_1330-1730_cnholidays",
            Arc::new(Calendar::compile(&chinese).unwrap()),
        ),
        (
            "NL_0830-1700_monfri",
            compile(json!({
                "id": "nl", "tz": "Europe/Amsterdam",
                "weekly": {"mon": dutch, "tue": dutch, "wed": dutch, "thu": dutch, "fri": dutch},
            })),
        ),
        (
            "US_night_0000-0600_daily",
            compile(json!({
                "id": "us", "tz": "America/New_York",
                "weekly": {"mon": night, "tue": night, "wed": night, "thu": night, "fri": night, "sat": night,
                           "sun": night},
            })),
        ),
    ])
}

#[test]
fn business_time_agrees_in_both_directions() {
    let Some(dir) = suite("time") else { return };
    let schedules = schedules();
    let mut counts = BTreeMap::<String, u32>::new();
    for row in rows(&dir.join("business_time_oracle.csv")) {
        let calendar = &schedules[row[0].as_str()];
        let instant = |index: usize| -> Timestamp { row[index].parse().unwrap() };
        let ms = |index: usize| row[index].parse::<i64>().unwrap() * 1_000;
        let (start, end, amount, due) = (instant(1), instant(2), ms(4), instant(5));
        assert_eq!(calendar.working_between(start, end), ms(3), "{row:?}");
        assert_eq!(calendar.working_between(end, start), -ms(3), "{row:?}");
        assert_eq!(calendar.add(start, amount), Ok(due), "{row:?}");
        let back = calendar.sub(due, amount).unwrap();
        assert_eq!(calendar.working_between(back, due), amount, "{row:?}");
        assert!(back >= start, "{row:?}");
        if calendar.is_open_at(start) {
            assert_eq!(back, start, "{row:?}");
        }
        *counts.entry(row[0].clone()).or_default() += 1;
    }
    println!("business time: {counts:?} rows agree");
    assert!(!counts.is_empty());
}
