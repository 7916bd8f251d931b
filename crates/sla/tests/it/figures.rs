//! The figures of the house: the promises this engine was built to prove.

use groundbreak_sla::{CalendarSet, ClockPolicy, ClockReading, Used, Verdict, fold};

use crate::shipped::pengjiang;
use crate::suites::{at, events};

fn read(goal: &str, lines: &[&str], now: &str) -> ClockReading {
    let policy = ClockPolicy::new(goal.parse().unwrap());
    fold(
        &policy,
        &CalendarSet::from(pengjiang()),
        &events(lines),
        at(now),
    )
    .unwrap()
}

fn verdict(goal: &str, start: &str, stop: &str) -> Verdict {
    let policy = ClockPolicy::new(goal.parse().unwrap());
    let acts = [
        groundbreak_sla::ClockEvent::start(at(start)),
        groundbreak_sla::ClockEvent::stop(at(stop)),
    ];
    fold(&policy, &CalendarSet::from(pengjiang()), &acts, at(stop))
        .unwrap()
        .verdict
}

#[test]
fn awarded_at_ten_and_broken_ground_at_fifteen_is_within_five_hours() {
    assert_eq!(
        verdict("within 5h", "2023-03-23 10:00", "2023-03-23 15:00"),
        Verdict::Met
    );
}

#[test]
fn one_millisecond_later_is_not() {
    assert_eq!(
        verdict("within 5h", "2023-03-23 10:00", "2023-03-23 15:00:00.001"),
        Verdict::Missed
    );
}

#[test]
fn under_two_hours_leaves_the_second_hour_out() {
    assert_eq!(
        verdict("under 2h", "2023-03-23 09:00", "2023-03-23 10:59:59.999"),
        Verdict::Met
    );
    assert_eq!(
        verdict("under 2h", "2023-03-23 09:00", "2023-03-23 11:00"),
        Verdict::Missed
    );
}

#[test]
fn twenty_working_days_end_when_the_twentieth_closes() {
    let reading = read(
        "within 20 working days",
        &["2023-03-23 10:00 start"],
        "2023-03-24 09:00",
    );
    assert_eq!(reading.due, Some(at("2023-04-21 17:30")));
    assert!(!reading.provisional);
}

#[test]
fn three_working_days_of_special_procedure_move_the_end_by_three_working_days() {
    let reading = read(
        "within 20 working days",
        &[
            "2023-03-23 10:00 start",
            "2023-03-28 09:00 pause expert review",
            "2023-03-31 09:00 resume expert review",
        ],
        "2023-04-03 09:00",
    );
    // The make-up Sunday, 23 April, is one of the three.
    assert_eq!(reading.due, Some(at("2023-04-25 17:30")));
    assert_eq!(reading.used, Used::Days(3));
}

#[test]
fn a_licence_granted_over_lunch_took_wall_time_and_no_office_time() {
    let reading = read(
        "under 2h",
        &["2023-03-23 12:10 start", "2023-03-23 14:05 stop"],
        "2023-03-23 18:00",
    );
    assert_eq!(reading.verdict, Verdict::Met);
    assert_eq!(reading.wall_ms, 115 * 60_000);
    assert_eq!(reading.office_ms, 0);
    assert_eq!(reading.offhours_ms, 115 * 60_000);
}

#[test]
fn a_due_instant_past_the_published_holidays_is_provisional() {
    let reading = read(
        "within 20 working days",
        &["2026-12-20 10:00 start"],
        "2026-12-21 09:00",
    );
    assert!(reading.provisional);
    assert!(reading.due.is_some());
}
