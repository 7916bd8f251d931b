//! The life of a clock: what starts, holds, ends and changes it.

use std::sync::{Arc, OnceLock};

use groundbreak_sla::{
    BreachCause, CalendarSet, ClockError, ClockEvent, ClockPolicy, ClockReading, ClockState,
    DayEnd, DayStart, Light, Party, PauseReason, StretchKind, Timestamp, Trigger, Used, Verdict,
    breach_cause, explain, fold,
};
use serde_json::json;

use crate::suites::{at, compile, events, hall};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;

/// The hall, the hall as it was before anybody knew of Qingming, and the hall without lunch break.
fn calendars() -> CalendarSet {
    static SET: OnceLock<CalendarSet> = OnceLock::new();
    SET.get_or_init(all_calendars).clone()
}

fn all_calendars() -> CalendarSet {
    let day = json!([["09:00", "12:00"], ["13:30", "17:30"]]);
    let long = json!([["09:00", "17:00"]]);
    let weekly = |day: serde_json::Value| json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day});
    CalendarSet::new(hall())
        .with(compile(
            json!({"id": "ignorant", "tz": "Asia/Shanghai", "weekly": weekly(day)}),
        ))
        .with(compile(
            json!({"id": "long", "tz": "Asia/Shanghai", "weekly": weekly(long)}),
        ))
}

fn policy(goal: &str) -> ClockPolicy {
    ClockPolicy::new(goal.parse().unwrap())
}

fn try_read(policy: &ClockPolicy, lines: &[&str], now: &str) -> Result<ClockReading, ClockError> {
    fold(policy, &calendars(), &events(lines), at(now))
}

fn read(goal: &str, lines: &[&str], now: &str) -> ClockReading {
    try_read(&policy(goal), lines, now).unwrap()
}

fn paused(reading: &ClockReading) -> Vec<(&str, i64, i64)> {
    reading
        .paused
        .iter()
        .map(|total| {
            (
                total.reason.name.as_str(),
                total.wall_ms / MINUTE,
                total.working_ms / MINUTE,
            )
        })
        .collect()
}

#[test]
fn a_clock_without_a_start_is_pending() {
    let reading = read("within 5h", &["2023-03-27 09:00 stop"], "2023-03-27 10:00");
    assert_eq!(
        (reading.state, reading.verdict, reading.light, reading.due),
        (ClockState::Pending, Verdict::Pending, Light::Grey, None)
    );
    assert_eq!(reading.remaining, Used::Ms(5 * HOUR));
}

#[test]
fn a_start_still_to_come_already_has_its_due_instant() {
    let reading = read(
        "within 2 working hours",
        &["2023-03-24 10:00 (from 2023-03-27 09:00) start"],
        "2023-03-24 11:00",
    );
    assert_eq!(reading.state, ClockState::Pending);
    assert_eq!(reading.started_at, Some(at("2023-03-27 09:00")));
    assert_eq!(reading.due, Some(at("2023-03-27 11:00")));
    assert_eq!(reading.wall_ms, 0);
}

#[test]
fn a_second_start_does_not_give_the_budget_back() {
    let reading = read(
        "within 2 working hours",
        &["2023-03-27 09:00 start", "2023-03-27 10:00 start"],
        "2023-03-27 10:30",
    );
    assert_eq!(reading.due, Some(at("2023-03-27 11:00")));
}

#[test]
fn a_moved_start_counts_from_the_last_instant_it_was_moved_to() {
    let lines = [
        "2023-03-27 10:00 start",
        "2023-03-27 14:00 (from 2023-03-27 11:00) move",
        "2023-03-27 15:00 (from 2023-03-27 09:30) move",
    ];
    let reading = read("within 4 working hours", &lines, "2023-03-27 15:00");
    assert_eq!(reading.started_at, Some(at("2023-03-27 09:30")));
    assert_eq!(reading.due, Some(at("2023-03-27 15:00")));
    // Before the second move was recorded, the first was all that was known.
    let reading = read("within 4 working hours", &lines, "2023-03-27 14:30");
    assert_eq!(reading.started_at, Some(at("2023-03-27 11:00")));
}

#[test]
fn a_case_created_closed_has_a_cycle_of_no_length() {
    let reading = read(
        "within 2 working hours",
        &["2023-03-27 09:00 start", "2023-03-27 09:00 stop"],
        "2023-03-27 12:00",
    );
    assert_eq!(
        (reading.state, reading.verdict, reading.wall_ms),
        (ClockState::Stopped, Verdict::Met, 0)
    );
    assert!(reading.stretches.is_empty());
}

#[test]
fn a_case_held_before_its_start_starts_held() {
    let reading = read(
        "within 2 working hours",
        &[
            "2023-03-27 09:00 pause applicant",
            "2023-03-27 09:00 start",
            "2023-03-27 10:00 resume applicant",
        ],
        "2023-03-27 10:30",
    );
    assert_eq!(reading.due, Some(at("2023-03-27 12:00")));
    assert_eq!(paused(&reading), [("applicant", 60, 60)]);
}

#[test]
fn a_clock_runs_again_when_the_last_reason_is_gone() {
    let lines = [
        "2023-03-27 09:00 start",
        "2023-03-27 10:00 pause applicant",
        "2023-03-27 11:00 pause other_agency",
        "2023-03-27 14:00 resume applicant",
        "2023-03-27 15:00 resume other_agency",
    ];
    let held = read("within 5 working hours", &lines, "2023-03-27 14:30");
    assert_eq!((held.state, held.due), (ClockState::Paused, None));
    let reading = read("within 5 working hours", &lines, "2023-03-27 16:00");
    // The applicant was first: the hours both held it are the applicant's.
    assert_eq!(
        paused(&reading),
        [("applicant", 240, 150), ("other_agency", 60, 60)]
    );
    assert_eq!(reading.used, Used::Ms(2 * HOUR));
    assert_eq!(reading.due, Some(at("2023-03-28 10:30")));
}

#[test]
fn a_later_reason_that_ends_first_is_charged_nothing() {
    let reading = read(
        "within 5 working hours",
        &[
            "2023-03-27 09:00 start",
            "2023-03-27 10:00 pause applicant",
            "2023-03-27 10:30 pause hearing",
            "2023-03-27 11:00 resume hearing",
            "2023-03-27 11:30 resume",
        ],
        "2023-03-27 12:00",
    );
    assert_eq!(paused(&reading), [("applicant", 90, 90)]);
    assert_eq!(reading.stretches.len(), 3);
}

#[test]
fn each_reason_has_its_party() {
    for (name, party) in [
        ("applicant", Party::Applicant),
        ("补正", Party::Applicant),
        ("expert review", Party::SpecialProcedure),
        ("Hearing", Party::SpecialProcedure),
        ("other-agency", Party::OtherAgency),
        ("force majeure", Party::ForceMajeure),
        ("system_outage", Party::SystemOutage),
        ("tea", Party::Other),
    ] {
        assert_eq!(PauseReason::named(name).party, party, "{name}");
    }
    for party in Party::ALL {
        assert_eq!(serde_json::to_value(party).unwrap(), party.name());
    }
}

#[test]
fn a_pause_after_the_breach_does_not_undo_it() {
    let reading = read(
        "within 2 working hours",
        &["2023-03-27 09:00 start", "2023-03-27 11:30 pause applicant"],
        "2023-03-27 15:00",
    );
    assert_eq!(
        (reading.state, reading.verdict, reading.light, reading.due),
        (ClockState::Paused, Verdict::Missed, Light::Red, None)
    );
    assert_eq!(reading.breached_at, Some(at("2023-03-27 11:00")));
    assert_eq!(reading.overrun_wall_ms, Some(4 * HOUR));
    assert_eq!(reading.overrun_working_ms, Some(30 * MINUTE));
}

#[test]
fn a_pause_dated_back_before_the_breach_does() {
    let lines = [
        "2023-03-27 09:00 start",
        "2023-03-27 15:00 (from 2023-03-27 10:00) pause applicant",
        "2023-03-27 15:00 (from 2023-03-27 14:00) resume applicant",
    ];
    assert_eq!(
        read("within 2 working hours", &lines, "2023-03-27 14:59").verdict,
        Verdict::Missed
    );
    let reading = read("within 2 working hours", &lines, "2023-03-27 15:00");
    assert_eq!(
        (reading.verdict, reading.breached_at),
        (Verdict::Pending, None)
    );
    assert_eq!(reading.due, Some(at("2023-03-27 15:00")));
}

#[test]
fn work_paused_exactly_when_due_is_in_time_if_within_and_late_if_under() {
    let lines = ["2023-03-27 09:00 start", "2023-03-27 11:00 pause applicant"];
    assert_eq!(
        read("within 2h", &lines, "2023-03-27 12:00").verdict,
        Verdict::Pending
    );
    assert_eq!(
        read("under 2h", &lines, "2023-03-27 12:00").verdict,
        Verdict::Missed
    );
    let resumed = [lines[0], lines[1], "2023-03-27 15:00 resume"];
    let reading = read("within 2h", &resumed, "2023-03-27 15:00");
    assert_eq!(
        (reading.verdict, reading.due),
        (Verdict::Pending, Some(at("2023-03-27 15:00")))
    );
    let reading = read("within 2h", &resumed, "2023-03-27 15:01");
    assert_eq!(reading.breached_at, Some(at("2023-03-27 15:00")));
}

#[test]
fn a_day_is_used_if_the_clock_runs_up_to_its_close() {
    let used = |pause: &str, resume: &str| {
        let (pause, resume) = (
            format!("{pause} pause applicant"),
            format!("{resume} resume"),
        );
        read(
            "within 5 working days",
            &["2023-03-27 10:00 start", &pause, &resume],
            "2023-03-30 09:00",
        )
        .used
    };
    assert_eq!(used("2023-03-28 10:00", "2023-03-28 17:29"), Used::Days(2));
    assert_eq!(used("2023-03-28 10:00", "2023-03-28 17:30"), Used::Days(1));
    assert_eq!(used("2023-03-28 17:30", "2023-03-29 09:00"), Used::Days(2));
    assert_eq!(used("2023-03-28 17:29", "2023-03-29 17:30"), Used::Days(0));
}

#[test]
fn calendar_days_that_end_on_a_holiday_end_with_the_next_working_day() {
    let lines = ["2023-03-31 10:00 start"];
    // 5 April is Qingming.
    let reading = read("within 5 days", &lines, "2023-04-03 10:00");
    assert_eq!(reading.due, Some(at("2023-04-06 17:30")));
    let mut midnight = policy("within 5 days");
    midnight.day_end = DayEnd::Midnight;
    let reading = try_read(&midnight, &lines, "2023-04-03 10:00").unwrap();
    assert_eq!(reading.due, Some(at("2023-04-07 00:00")));
    let mut receipt = policy("within 4 days");
    receipt.day_start = DayStart::SameDay;
    let reading = try_read(&receipt, &lines, "2023-04-03 10:00").unwrap();
    assert_eq!(reading.due, Some(at("2023-04-03 17:30")));
}

#[test]
fn calendar_days_paused_in_the_rolled_part_are_due_with_the_day_they_go_on_in() {
    let reading = read(
        "within 5 days",
        &[
            "2023-03-31 10:00 start",
            "2023-04-06 10:00 pause applicant",
            "2023-04-10 09:00 resume",
        ],
        "2023-04-10 10:00",
    );
    assert_eq!(
        (reading.verdict, reading.due),
        (Verdict::Pending, Some(at("2023-04-10 17:30")))
    );
}

#[test]
fn reopening_begins_a_new_cycle_and_keeps_the_old_verdict() {
    let reading = read(
        "within 2 working hours",
        &[
            "2023-03-27 09:00 start",
            "2023-03-27 12:00 stop",
            "2023-03-28 09:00 reopen",
            "2023-03-28 10:00 stop",
        ],
        "2023-03-29 09:00",
    );
    assert_eq!(reading.verdict, Verdict::Met);
    assert_eq!(reading.used, Used::Ms(HOUR));
    assert!(reading.ever_missed());
    assert_eq!(reading.closed_cycles.len(), 1);
    assert_eq!(reading.closed_cycles[0].verdict, Verdict::Missed);
    assert_eq!(
        reading.closed_cycles[0].breached_at,
        Some(at("2023-03-27 11:00"))
    );
    assert_eq!(reading.closed_cycles[0].office_ms, 3 * HOUR);
}

#[test]
fn an_annulled_closing_is_nobodys_time() {
    let reading = read(
        "within 4 working hours",
        &[
            "2023-03-27 09:00 start",
            "2023-03-27 10:00 stop",
            "2023-03-28 09:00 reopen resume",
        ],
        "2023-03-28 10:00",
    );
    assert_eq!(reading.state, ClockState::Running);
    assert_eq!(reading.used, Used::Ms(2 * HOUR));
    assert_eq!(reading.due, Some(at("2023-03-28 12:00")));
    assert_eq!(paused(&reading), [("closed", 23 * 60, 6 * 60)]);
    assert_eq!(reading.paused[0].reason.party, Party::Closed);
    assert!(reading.closed_cycles.is_empty());
}

#[test]
fn a_sealed_cycle_cannot_be_reached_into() {
    let sealed = ["2023-03-27 09:00 start", "2023-03-27 12:00 stop"];
    for late in [
        "2023-03-28 09:00 (from 2023-03-27 10:00) pause applicant",
        "2023-03-28 09:00 (from 2023-03-27 11:00) start",
        "2023-03-28 09:00 (from 2023-03-27 08:00) goal within 9h",
    ] {
        assert_eq!(
            try_read(
                &policy("within 2h"),
                &[sealed[0], sealed[1], late],
                "2023-03-29 09:00"
            ),
            Err(ClockError::CrossesSealedCycle {
                event: 2,
                sealed_at: at("2023-03-27 12:00")
            }),
            "{late}"
        );
    }
    // An annulled closing seals nothing.
    let reading = read(
        "within 2h",
        &[
            sealed[0],
            sealed[1],
            "2023-03-28 09:00 reopen resume",
            "2023-03-28 09:00 (from 2023-03-27 10:00) pause applicant",
        ],
        "2023-03-28 10:00",
    );
    assert_eq!(reading.state, ClockState::Running);
}

#[test]
fn a_stop_before_a_start_to_come_leaves_a_cycle_that_never_ran() {
    let reading = read(
        "within 2h",
        &[
            "2023-03-27 09:00 (from 2023-03-28 09:00) start",
            "2023-03-27 10:00 stop",
        ],
        "2023-03-29 09:00",
    );
    assert_eq!(
        (reading.state, reading.verdict, reading.wall_ms),
        (ClockState::Stopped, Verdict::Met, 0)
    );
}

#[test]
fn a_stop_dated_ahead_seals_nothing_before_it_comes() {
    let lines = [
        "2023-03-27 09:00 start",
        "2023-03-27 09:30 (from 2023-03-27 16:00) stop",
        "2023-03-27 10:00 pause applicant",
    ];
    let reading = read("within 5h", &lines, "2023-03-27 11:00");
    assert_eq!(reading.state, ClockState::Paused);
    let reading = read("within 5h", &lines, "2023-03-27 17:00");
    assert_eq!(
        (reading.state, reading.stopped_at),
        (ClockState::Stopped, Some(at("2023-03-27 16:00")))
    );
    assert_eq!(paused(&reading), [("applicant", 360, 270)]);
}

#[test]
fn a_host_clock_that_steps_back_moves_nothing_back() {
    let acts = [
        ClockEvent::start(at("2023-03-27 10:00")),
        ClockEvent::pause(at("2023-03-27 10:30"), Party::Applicant.into()),
        ClockEvent::resume(at("2023-03-27 10:29:57")),
    ];
    let reading = fold(
        &policy("within 2h"),
        &calendars(),
        &acts,
        at("2023-03-27 11:00"),
    )
    .unwrap();
    assert_eq!(reading.state, ClockState::Running);
    assert_eq!(reading.skew_ms, 3_000);
    assert_eq!(reading.used, Used::Ms(HOUR));
    assert!(reading.paused.is_empty());
}

#[test]
fn an_extension_in_time_moves_the_due_instant_and_keeps_what_was_used() {
    let reading = read(
        "within 20 working days",
        &[
            "2023-03-27 10:00 start",
            "2023-03-30 10:00 goal within 30 working days",
        ],
        "2023-03-31 09:00",
    );
    assert_eq!(reading.used, Used::Days(3));
    assert_eq!(reading.remaining, Used::Days(27));
    assert_eq!(reading.due_at_start, Some(at("2023-04-25 17:30")));
    assert_eq!(reading.due, Some(at("2023-05-09 17:30")));
}

#[test]
fn an_extension_after_the_due_instant_is_an_overrun() {
    let lines = ["2023-03-27 09:00 start", "2023-03-27 11:30 goal within 8h"];
    let reading = read("within 2h", &lines, "2023-03-27 12:00");
    assert_eq!(reading.verdict, Verdict::Missed);
    assert_eq!(reading.breached_at, Some(at("2023-03-27 11:00")));
    assert_eq!(reading.due, Some(at("2023-03-27 17:00")));
    let cause = breach_cause(
        &policy("within 2h"),
        &calendars(),
        &events(&lines),
        at("2023-03-27 12:00"),
    );
    assert_eq!(cause, Ok(Some(BreachCause::Work)));
}

#[test]
fn the_cause_of_a_breach_is_what_made_it_late() {
    let rows: [(&str, &[&str], &str, BreachCause); 4] = [
        (
            "within 2h",
            &["2023-03-27 09:00 start"],
            "2023-03-27 12:00",
            BreachCause::Work,
        ),
        (
            "within 8h",
            &["2023-03-27 09:00 start", "2023-03-27 12:00 goal within 2h"],
            "2023-03-27 12:00",
            BreachCause::GoalChange,
        ),
        (
            "within 2 working hours",
            &["2023-03-27 15:00 (from 2023-03-27 09:00) start"],
            "2023-03-27 15:00",
            BreachCause::Backdating,
        ),
        (
            // What changed while there was time left is not the cause.
            "within 5 working hours",
            &[
                "2023-03-27 13:00 start",
                "2023-03-28 09:45 calendar long retro",
            ],
            "2023-03-28 10:30",
            BreachCause::Work,
        ),
    ];
    for (goal, lines, now, cause) in rows {
        let found = breach_cause(&policy(goal), &calendars(), &events(lines), at(now)).unwrap();
        assert_eq!(found, Some(cause), "{lines:?}");
    }
    let in_time = breach_cause(
        &policy("within 2h"),
        &calendars(),
        &events(&["2023-03-27 09:00 start"]),
        at("2023-03-27 10:00"),
    );
    assert_eq!(in_time, Ok(None));
}

#[test]
fn an_amended_calendar_can_breach_and_can_withdraw_a_breach() {
    let calendars =
        CalendarSet::new(Arc::clone(calendars().get(&id("ignorant")).unwrap())).with(hall());
    let policy = policy("within 2 working hours");
    let acts = events(&[
        "2023-04-04 16:30 start",
        "2023-04-06 09:00 calendar hall retro",
    ]);
    let before = fold(&policy, &calendars, &acts, at("2023-04-05 18:00")).unwrap();
    assert_eq!(before.breached_at, Some(at("2023-04-05 10:00")));
    let after = fold(&policy, &calendars, &acts, at("2023-04-06 09:30")).unwrap();
    assert_eq!(
        (after.verdict, after.due),
        (Verdict::Pending, Some(at("2023-04-06 10:00")))
    );
    // And the other way round: a day off that turns out to be worked.
    let swapped = CalendarSet::new(hall()).with(Arc::clone(calendars.initial()));
    let acts = events(&[
        "2023-04-04 16:30 start",
        "2023-04-06 09:00 calendar ignorant retro",
    ]);
    let reading = fold(&policy, &swapped, &acts, at("2023-04-06 09:00")).unwrap();
    assert_eq!(reading.breached_at, Some(at("2023-04-05 10:00")));
    assert_eq!(
        breach_cause(&policy, &swapped, &acts, at("2023-04-06 09:00")),
        Ok(Some(BreachCause::CalendarChange))
    );
}

fn id(id: &str) -> groundbreak_sla::CalendarRef {
    groundbreak_sla::CalendarRef::new(id, 1)
}

#[test]
fn new_hours_from_now_on_leave_the_past_alone() {
    let reading = read(
        "within 10 working hours",
        &[
            "2023-03-27 09:00 start",
            "2023-03-28 00:00 calendar long from now",
        ],
        "2023-03-28 12:30",
    );
    assert_eq!(reading.used, Used::Ms(7 * HOUR + 3 * HOUR + 30 * MINUTE));
    assert_eq!(reading.breached_at, Some(at("2023-03-28 12:00")));
    let used_by: Vec<_> = reading
        .stretches
        .iter()
        .map(|stretch| (stretch.calendar.id.as_str(), stretch.working_ms))
        .collect();
    assert_eq!(
        used_by,
        [("hall", 7 * HOUR), ("long", 3 * HOUR + 30 * MINUTE)]
    );
}

#[test]
fn two_calendars_cannot_both_count_a_day() {
    // Changed at 17:15: the long hall closed at 17:00, this one closes at 17:30.
    let set = CalendarSet::new(Arc::clone(calendars().get(&id("long")).unwrap())).with(hall());
    let acts = events(&[
        "2023-03-27 10:00 start",
        "2023-03-28 17:15 calendar hall from now",
    ]);
    let reading = fold(
        &policy("within 3 working days"),
        &set,
        &acts,
        at("2023-03-28 18:00"),
    )
    .unwrap();
    assert_eq!(reading.used, Used::Days(1));
    assert_eq!(reading.due, Some(at("2023-03-30 17:30")));
}

#[test]
fn a_calendar_that_is_not_at_hand_is_named() {
    let error = try_read(
        &policy("within 2h"),
        &[
            "2023-03-27 09:00 start",
            "2023-03-28 00:00 calendar lunar retro",
        ],
        "2023-03-28 12:00",
    );
    assert_eq!(
        error,
        Err(ClockError::UnknownCalendar {
            calendar: id("lunar")
        })
    );
}

#[test]
fn a_cancelled_clock_has_no_verdict_and_no_colour() {
    let reading = read(
        "within 2h",
        &[
            "2023-03-27 09:00 start",
            "2023-03-27 12:00 cancel withdrawn",
        ],
        "2023-03-27 13:00",
    );
    assert_eq!(
        (reading.state, reading.verdict, reading.light),
        (ClockState::Cancelled, Verdict::Void, Light::Grey)
    );
    assert_eq!(reading.overrun_wall_ms, None);
}

#[test]
fn overtime_is_its_own_column_and_counts_only_if_promised() {
    let day = json!([["09:00", "12:00"], ["13:30", "17:30"]]);
    let calendars = CalendarSet::new(compile(json!({
        "id": "late", "tz": "Asia/Shanghai", "weekly": {"mon": day, "tue": day},
        "overtime": {"weekly": {"mon": [["17:30", "20:00"]]}},
    })));
    let acts = events(&["2023-03-27 16:30 start", "2023-03-27 19:00 stop"]);
    let mut policy = policy("within 2 working hours");
    let reading = fold(&policy, &calendars, &acts, at("2023-03-27 20:00")).unwrap();
    assert_eq!(
        (reading.office_ms, reading.overtime_ms),
        (HOUR, 90 * MINUTE)
    );
    assert_eq!(
        (reading.verdict, reading.due),
        (Verdict::Met, Some(at("2023-03-28 10:00")))
    );
    policy.count_overtime = true;
    let reading = fold(&policy, &calendars, &acts, at("2023-03-27 20:00")).unwrap();
    assert_eq!(
        (reading.office_ms, reading.overtime_ms),
        (150 * MINUTE, 90 * MINUTE)
    );
    assert_eq!(
        (reading.verdict, reading.due),
        (Verdict::Missed, Some(at("2023-03-27 18:30")))
    );
}

#[test]
fn triggers_are_counted_in_the_goals_unit() {
    let warned = |goal: &str, trigger: &str, start: &str| -> Option<Timestamp> {
        let policy = policy(goal).with_triggers(vec![trigger.parse().unwrap()]);
        let reading = try_read(&policy, &[&format!("{start} start")], start).unwrap();
        reading.triggers.first().map(|trigger| trigger.at)
    };
    for (goal, trigger, start, expected) in [
        ("within 5h", "80%", "2023-03-27 10:00", "2023-03-27 14:00"),
        (
            "within 5h",
            "30min before",
            "2023-03-27 10:00",
            "2023-03-27 14:30",
        ),
        (
            "within 5h",
            "2h after",
            "2023-03-27 10:00",
            "2023-03-27 17:00",
        ),
        (
            "within 5 working hours",
            "80%",
            "2023-03-27 10:00",
            "2023-03-27 15:30",
        ),
        (
            "within 3 working hours",
            "1h before",
            "2023-03-24 16:30",
            "2023-03-27 10:00",
        ),
        (
            "within 3 working hours",
            "2h before",
            "2023-03-24 16:30",
            "2023-03-27 09:00",
        ),
        (
            "within 3 working hours",
            "8h after",
            "2023-03-24 14:30",
            "2023-03-28 10:00",
        ),
        (
            "within 5 working days",
            "80%",
            "2023-03-27 10:00",
            "2023-03-31 17:30",
        ),
        (
            "within 5 working days",
            "1 day before",
            "2023-03-27 10:00",
            "2023-03-31 17:30",
        ),
        (
            "within 5 working days",
            "1h before",
            "2023-03-27 10:00",
            "2023-04-03 16:30",
        ),
        (
            "within 5 days",
            "1 day before",
            "2023-03-31 10:00",
            "2023-04-06 00:00",
        ),
        (
            "within 5 days",
            "60%",
            "2023-03-31 10:00",
            "2023-04-03 17:30",
        ),
    ] {
        assert_eq!(
            warned(goal, trigger, start),
            Some(at(expected)),
            "{goal}, {trigger}"
        );
    }
    // It would lie before the start.
    assert_eq!(
        warned("within 1 working hour", "2h before", "2023-03-27 10:00"),
        None
    );
}

#[test]
fn a_share_is_rounded_up_to_the_next_millisecond() {
    let policy = policy("within 101ms").with_triggers(vec![Trigger::Percent(50)]);
    let reading = try_read(&policy, &["2023-03-27 10:00 start"], "2023-03-27 10:00").unwrap();
    assert_eq!(reading.triggers[0].at, at("2023-03-27 10:00:00.051"));
}

#[test]
fn a_trigger_that_was_reached_turns_the_clock_yellow() {
    let policy = policy("within 5h").with_triggers(vec![Trigger::Percent(50)]);
    let light = |now: &str| {
        try_read(&policy, &["2023-03-27 10:00 start"], now)
            .unwrap()
            .light
    };
    assert_eq!(light("2023-03-27 12:29"), Light::Green);
    assert_eq!(light("2023-03-27 12:30"), Light::Yellow);
    assert_eq!(light("2023-03-27 15:01"), Light::Red);
}

#[test]
fn while_paused_only_what_has_been_reached_is_known() {
    let policy = policy("within 4h").with_triggers(vec![
        Trigger::Percent(50),
        Trigger::Percent(80),
        Trigger::Before { ms: HOUR },
    ]);
    let reading = try_read(
        &policy,
        &["2023-03-27 09:00 start", "2023-03-27 12:00 pause applicant"],
        "2023-03-27 15:00",
    )
    .unwrap();
    let known: Vec<_> = reading
        .triggers
        .iter()
        .map(|trigger| (trigger.trigger, trigger.at))
        .collect();
    assert_eq!(known, [(Trigger::Percent(50), at("2023-03-27 11:00"))]);
}

#[test]
fn the_explanation_shows_breaks_and_nights_apart() {
    let policy = policy("within 9 working hours");
    let acts = events(&[
        "2023-03-27 11:00 start",
        "2023-03-27 14:00 pause applicant",
        "2023-03-28 08:00 resume",
    ]);
    let reading = fold(&policy, &calendars(), &acts, at("2023-03-28 10:00")).unwrap();
    let shown: Vec<_> = explain(&policy, &calendars(), &reading)
        .unwrap()
        .into_iter()
        .map(|stretch| (stretch.party(), stretch.from, stretch.to))
        .collect();
    assert_eq!(
        shown,
        [
            (
                Party::Office,
                at("2023-03-27 11:00"),
                at("2023-03-27 12:00")
            ),
            (
                Party::OffHours,
                at("2023-03-27 12:00"),
                at("2023-03-27 13:30")
            ),
            (
                Party::Office,
                at("2023-03-27 13:30"),
                at("2023-03-27 14:00")
            ),
            (
                Party::Applicant,
                at("2023-03-27 14:00"),
                at("2023-03-28 08:00")
            ),
            (
                Party::OffHours,
                at("2023-03-28 08:00"),
                at("2023-03-28 09:00")
            ),
            (
                Party::Office,
                at("2023-03-28 09:00"),
                at("2023-03-28 10:00")
            ),
        ]
    );
    assert!(matches!(reading.stretches[1].kind, StretchKind::Paused(_)));
}

#[test]
fn instants_outside_the_years_of_a_calendar_are_refused() {
    let policy = policy("within 2h");
    let start = [ClockEvent::start(at("2023-03-27 09:00"))];
    for now in [
        Timestamp::MAX,
        Timestamp::from_millis(i64::MAX - 1),
        "2100-01-01T00:00:00+08:00".parse().unwrap(),
    ] {
        assert_eq!(
            fold(&policy, &calendars(), &start, now),
            Err(ClockError::OutOfRange { at: now })
        );
    }
    let ancient = start[0].clone().effective(Timestamp::MIN);
    assert_eq!(
        fold(&policy, &calendars(), &[ancient], at("2023-03-27 10:00")),
        Err(ClockError::OutOfRange { at: Timestamp::MIN })
    );
    assert!(matches!(
        fold(
            &self::policy("within 20 working days"),
            &calendars(),
            &[ClockEvent::start(at("2099-12-30 09:00"))],
            at("2099-12-30 10:00")
        ),
        Err(ClockError::NoWorkingTime(_))
    ));
    let many = vec![start[0].clone(); 10_001];
    assert!(matches!(
        fold(&policy, &calendars(), &many, at("2023-03-27 10:00")),
        Err(ClockError::TooManyEvents { .. })
    ));
}
