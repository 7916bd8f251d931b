//! What may be recorded for a clock, and what is objected to.

use groundbreak_sla::{
    Budget, CalendarSet, ClockEvent, ClockEventKind, ClockPolicy, Extension, Light, Party,
    PauseReason, Verdict, Yellow, admit, fold,
};

use crate::suites::{at, events, hall};

fn policy() -> ClockPolicy {
    let mut policy = ClockPolicy::new("within 20 working days".parse().unwrap());
    policy.proof_for = vec![Party::SpecialProcedure];
    policy.extension = Some(Extension {
        at_most: Budget::WorkingDays { days: 10 },
    });
    policy
}

fn check(before: &[&str], event: ClockEvent, objection: Option<&str>) {
    let found = admit(
        &policy(),
        &CalendarSet::from(hall()),
        &events(before),
        &event,
    );
    let code = found.as_ref().err().map(|objection| objection.code());
    assert_eq!(code, objection, "{event:?}");
    if let Err(objection) = found {
        let text = objection.text();
        assert!(!text.zh.is_empty() && text.en.contains(". "), "{text:?}");
    }
}

fn lines(before: &[&str], line: &str, objection: Option<&str>) {
    let event = events(&[line]).into_iter().next().unwrap();
    check(before, event, objection);
}

const START: &str = "2023-03-27 09:00 start";
const STOP: &str = "2023-03-28 09:00 stop";

#[test]
fn an_event_comes_in_its_place() {
    lines(&[], START, None);
    lines(
        &[START],
        "2023-03-27 10:00 start",
        Some("clock-already-open"),
    );
    lines(&[], STOP, Some("clock-not-started"));
    lines(&[START], STOP, None);
    lines(
        &[START, STOP],
        "2023-03-28 10:00 stop",
        Some("clock-already-ended"),
    );
    lines(
        &[START],
        "2023-03-28 10:00 reopen",
        Some("clock-already-open"),
    );
    lines(&[START, STOP], "2023-03-28 10:00 reopen", None);
    lines(&[START, STOP], "2023-03-28 10:00 start", None);
}

#[test]
fn what_resumes_was_paused() {
    let paused = "2023-03-27 10:00 pause applicant";
    lines(
        &[START],
        "2023-03-27 11:00 resume",
        Some("clock-not-paused"),
    );
    lines(&[START, paused], "2023-03-27 11:00 resume", None);
    lines(&[START, paused], "2023-03-27 11:00 resume applicant", None);
    lines(
        &[START, paused],
        "2023-03-27 11:00 resume hearing",
        Some("clock-not-paused"),
    );
    lines(
        &[START, paused],
        "2023-03-27 11:00 pause applicant",
        Some("clock-already-paused"),
    );
    lines(&[START, paused], "2023-03-27 11:00 pause outage", None);
}

#[test]
fn a_pause_rests_on_a_law_and_a_letter_where_the_policy_wants_them() {
    let pause = |reason| ClockEvent::pause(at("2023-03-27 10:00"), reason);
    let hearing = PauseReason::named("hearing");
    check(&[START], pause(hearing.clone()), Some("pause-without-law"));
    let lawful = hearing.with_law("行政许可法 §45");
    check(
        &[START],
        pause(lawful.clone()),
        Some("pause-without-document"),
    );
    check(
        &[START],
        pause(lawful.clone().with_document(" ")),
        Some("pause-without-document"),
    );
    check(&[START], pause(lawful.with_document("示〔2023〕1号")), None);
    check(&[START], pause(PauseReason::named("applicant")), None);
}

fn extension(on: &str, goal: &str, approved_by: Option<&str>) -> ClockEvent {
    ClockEvent::at(
        at(on),
        ClockEventKind::SetGoal {
            goal: goal.parse().unwrap(),
            reason: "专家意见分歧".into(),
            approved_by: approved_by.map(str::to_owned),
        },
    )
}

#[test]
fn an_extension_is_approved_in_time_and_within_bounds() {
    let head = Some("分管负责人");
    let row = |on, goal, by, objection| check(&[START], extension(on, goal, by), objection);
    row("2023-04-10 09:00", "within 30 working days", head, None);
    row(
        "2023-04-10 09:00",
        "within 30 working days",
        None,
        Some("extension-not-approved"),
    );
    row(
        "2023-04-10 09:00",
        "within 31 working days",
        head,
        Some("extension-too-long"),
    );
    row(
        "2023-04-10 09:00",
        "within 30 days",
        head,
        Some("goal-other-unit"),
    );
    row(
        "2023-06-10 09:00",
        "within 30 working days",
        head,
        Some("extension-too-late"),
    );
    row("2023-04-10 09:00", "within 12 working days", None, None);
    row(
        "2023-04-10 09:00",
        "within 5 working days",
        None,
        Some("goal-already-used"),
    );
    let closed = extension("2023-04-10 09:00", "within 30 working days", head);
    check(&[START, STOP], closed, Some("extension-too-late"));
}

fn excuse(on: &str, reason: &str) -> ClockEvent {
    ClockEvent::at(
        at(on),
        ClockEventKind::Excuse {
            reason: reason.into(),
            document: Some("示免〔2023〕1号".into()),
        },
    )
}

#[test]
fn only_a_miss_is_excused_and_with_a_reason() {
    check(
        &[START],
        excuse("2023-04-01 09:00", "停电"),
        Some("nothing-to-excuse"),
    );
    check(
        &[START],
        excuse("2023-06-01 09:00", " "),
        Some("excuse-without-reason"),
    );
    check(&[START], excuse("2023-06-01 09:00", "停电"), None);
}

#[test]
fn an_excuse_deletes_nothing() {
    let mut all = events(&[START, "2023-06-01 09:00 stop"]);
    all.push(excuse("2023-06-02 09:00", "停电"));
    let read = |now| fold(&policy(), &CalendarSet::from(hall()), &all, at(now)).unwrap();
    let before = read("2023-06-01 10:00");
    let after = read("2023-06-02 10:00");
    assert_eq!((before.verdict, before.excused), (Verdict::Missed, None));
    assert_eq!((after.verdict, after.light), (Verdict::Missed, Light::Red));
    assert_eq!(after.breached_at, before.breached_at);
    assert_eq!(after.excused.unwrap().reason, "停电");
}

#[test]
fn the_policy_says_when_the_light_turns_yellow() {
    let check = |goal: &str, yellow: Option<&[&str]>, now: &str, light: Light| {
        let mut policy = ClockPolicy::new(goal.parse().unwrap());
        if let Some(yellow) = yellow {
            policy.yellow = Yellow::At(yellow.iter().map(|at| at.parse().unwrap()).collect());
        }
        let reading = fold(
            &policy,
            &CalendarSet::from(hall()),
            &events(&[START]),
            at(now),
        )
        .unwrap();
        assert_eq!(reading.light, light, "{goal} {yellow:?} {now}");
    };
    check(
        "within 10 working hours",
        None,
        "2023-03-28 09:59",
        Light::Green,
    );
    check(
        "within 10 working hours",
        None,
        "2023-03-28 10:00",
        Light::Yellow,
    );
    check(
        "within 10 working hours",
        Some(&["50%"]),
        "2023-03-27 15:30",
        Light::Yellow,
    );
    check(
        "within 10 working hours",
        Some(&["50%"]),
        "2023-03-27 15:29",
        Light::Green,
    );
    check(
        "within 10 working hours",
        Some(&[]),
        "2023-03-28 11:59",
        Light::Green,
    );
    check(
        "within 10 working hours",
        Some(&["1h before"]),
        "2023-03-28 10:59",
        Light::Green,
    );
    check(
        "within 10 working hours",
        Some(&["1h before"]),
        "2023-03-28 11:00",
        Light::Yellow,
    );
    check(
        "within 3 working days",
        None,
        "2023-03-29 17:29",
        Light::Green,
    );
    check(
        "within 3 working days",
        None,
        "2023-03-29 17:30",
        Light::Yellow,
    );
    check(
        "within 3 working days",
        Some(&["2 days before"]),
        "2023-03-28 17:30",
        Light::Yellow,
    );
    check(
        "within 1 working day",
        None,
        "2023-03-27 09:00",
        Light::Yellow,
    );
    check(
        "within 10 working hours",
        Some(&["1h before"]),
        "2023-03-28 12:01",
        Light::Red,
    );
}

#[test]
fn a_trigger_may_lie_days_after_the_due_day() {
    let policy = ClockPolicy::new("within 1 working day".parse().unwrap())
        .with_triggers(vec!["2 days after".parse().unwrap()]);
    let reading = fold(
        &policy,
        &CalendarSet::from(hall()),
        &events(&["2023-03-31 09:00 start"]),
        at("2023-03-31 10:00"),
    )
    .unwrap();
    assert_eq!(reading.due, Some(at("2023-04-03 17:30")));
    // 5 April is a holiday.
    assert_eq!(reading.triggers[0].at, at("2023-04-06 17:30"));
}
