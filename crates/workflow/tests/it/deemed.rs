//! What is deemed to have happened takes effect from an earlier day.

use groundbreak_workflow::sla::{BreachCause, Verdict};
use groundbreak_workflow::{Case, Entry, decode_commit, encode_commit};

use crate::decide::{Day, data, instant};

/// What is received and not answered within two working days is accepted.
const MATTER: &str = "
workflow: matter
version: 1
title: { zh: 办件, en: Matter }
calendar: hall
roles:
  clerk: { title: { zh: 窗口, en: Clerk } }
events:
  accept: { title: { zh: 受理, en: Accept }, by: [clerk] }
  redo: { title: { zh: 重新收件, en: Receive again }, by: [clerk] }
  decide: { title: { zh: 决定, en: Decide }, by: [clerk] }
clocks:
  decision:
    title: { zh: 决定, en: Decision }
    effect: statutory
    budget: within 5 working days
    start: entering accepted
    stop: leaving accepted
states:
  received:
    title: { zh: 已收件, en: Received }
    on: { accept: accepted }
    after: [{ delay: 2 working days, last_day: midnight, to: accepted, counts_from: received }]
  accepted:
    title: { zh: 已受理, en: Accepted }
    on: { redo: received, decide: decided }
  decided: { title: { zh: 已决定, en: Decided }, final: true }
";

fn starts(day: &Day) -> Vec<&Entry> {
    let entries = day.journal().iter().flat_map(|commit| &commit.entries);
    entries
        .filter(|entry| matches!(entry, Entry::ClockStarted { .. }))
        .collect()
}

#[test]
fn an_application_nobody_answers_is_accepted_when_the_last_day_is_over_and_counts_from_its_receipt()
{
    let mut day = Day::under(MATTER);
    let accepted = day.tick("2023-03-28 00:00").unwrap();
    assert_eq!(accepted.commit.effective_at, instant("2023-03-28 00:00"));
    // Friday, Monday, Tuesday, Wednesday, Thursday.
    assert_eq!(
        starts(&day),
        [&Entry::ClockStarted {
            clock: "decision".into(),
            due_at: Some(instant("2023-03-30 18:00")),
            since: Some(instant("09:00")),
            calendar: None,
        }]
    );
    let case = day.case();
    assert_eq!(
        case.entered_at("accepted"),
        Some(instant("2023-03-28 00:00"))
    );
    assert_eq!(
        case.clocks["decision"].events[0].effective_at,
        instant("09:00")
    );
    let read: Vec<_> = day
        .journal()
        .iter()
        .map(|commit| decode_commit(&encode_commit(commit)).unwrap())
        .collect();
    assert_eq!(Case::fold(&read).unwrap().as_ref(), Some(case));
}

#[test]
fn what_is_accepted_by_somebody_counts_from_then() {
    let mut day = Day::under(MATTER);
    day.fire("2023-03-24 10:00", "c1", "clerk", "accept", data([]))
        .unwrap();
    assert!(matches!(
        starts(&day)[..],
        [Entry::ClockStarted { since: None, .. }]
    ));
}

#[test]
fn the_delay_begins_anew_with_each_receipt_and_the_clock_with_the_newest() {
    let mut day = Day::under(MATTER);
    day.fire("10:00", "c1", "clerk", "accept", data([]))
        .unwrap();
    day.fire("11:00", "c1", "clerk", "redo", data([])).unwrap();
    day.tick("2023-03-28 00:00").unwrap();
    assert!(
        matches!(starts(&day)[..], [_, Entry::ClockStarted { since: Some(since), .. }] if *since == instant("11:00"))
    );
    day.fire("2023-03-30 18:00", "c1", "clerk", "decide", data([]))
        .unwrap();
    assert_eq!(
        day.case().clocks["decision"].verdict,
        Some(Verdict::Met),
        "the last moment counts"
    );
}

#[test]
fn a_cycle_that_ended_keeps_its_time() {
    let source = MATTER
        .replace("counts_from: received", "counts_from: filed")
        .replace(
            "states:\n",
            "states:\n  filed:\n    title: { zh: 已登记, en: Filed }\n    always: received\n",
        );
    let mut day = Day::under(&source);
    day.fire("10:00", "c1", "clerk", "accept", data([]))
        .unwrap();
    day.fire("11:00", "c1", "clerk", "redo", data([])).unwrap();
    day.tick("2023-03-28 00:00").unwrap();
    // Filed at 09:00, but until 11:00 the clock was in its first cycle.
    assert!(
        matches!(starts(&day)[..], [_, Entry::ClockStarted { since: Some(since), .. }] if *since == instant("11:00"))
    );
}

#[test]
fn a_clock_that_starts_overdue_is_overdue_because_it_was_dated_back() {
    let mut day = Day::under(&MATTER.replace("within 5 working days", "within 1 working day"));
    day.tick("2023-03-28 00:00").unwrap();
    let breached = day.tick("2023-03-28 00:00").unwrap();
    assert!(
        matches!(
            &breached.commit.entries[..],
            [Entry::TimerFired { .. }, Entry::ClockBreached { due_at, cause: BreachCause::Backdating, .. }]
                if *due_at == instant("2023-03-24 18:00")
        ),
        "{breached:?}"
    );
}

#[test]
fn a_delay_that_ends_at_the_close_leaves_the_last_moment_of_office_hours() {
    let mut day = Day::under(&MATTER.replace("last_day: midnight", "last_day: close"));
    day.tick("2023-03-27 18:00").unwrap_err();
    day.tick("2023-03-27 18:01").unwrap();
    assert!(day.case().is_in("accepted"));
}

#[test]
fn an_overdue_clock_of_an_older_journal_was_overdue_by_work() {
    let older = r#"{"kind":"clock_breached","clock":"decision","due_at":0}"#;
    let read: Entry = serde_json::from_str(older).unwrap();
    assert!(matches!(
        read,
        Entry::ClockBreached {
            cause: BreachCause::Work,
            ..
        }
    ));
    assert_eq!(serde_json::to_string(&read).unwrap(), older);
}
