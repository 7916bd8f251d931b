//! Laws that hold for every calendar and every clock.

use std::sync::{Arc, OnceLock};

use groundbreak_sla::{
    Calendar, CalendarSet, ClockEvent, ClockEventKind, ClockPolicy, ClockReading, ClockState,
    Party, ReopenMode, Timestamp, Verdict, explain, fold,
};
use proptest::prelude::*;
use serde_json::json;

use crate::shipped::pengjiang;
use crate::suites::{at, compile, hall};

/// Calendars with lunch breaks, holidays, night shifts, overtime, and days of 23 and 25 hours.
fn calendars() -> &'static [Arc<Calendar>] {
    static CALENDARS: OnceLock<Vec<Arc<Calendar>>> = OnceLock::new();
    CALENDARS.get_or_init(|| {
        let week = |day: serde_json::Value| {
            json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day, "sun": day})
        };
        vec![
            pengjiang(),
            hall(),
            Arc::new(Calendar::always_open(chrono_tz::America::New_York)),
            compile(json!({"id": "night", "tz": "Europe/Berlin", "weekly": week(json!([["22:00", "30:00"]]))})),
            compile(json!({"id": "gap", "tz": "America/New_York",
                           "weekly": week(json!([["01:30", "02:30"], ["02:45", "06:00"]]))})),
            compile(json!({"id": "half-hour", "tz": "Australia/Lord_Howe", "weekly": week(json!([["00:00", "24:00"]]))})),
            compile(json!({"id": "overtime", "tz": "Asia/Kathmandu", "weekly": {"sun": [["09:00", "17:00"]]},
                           "overtime": {"weekly": week(json!([["16:00", "20:00"]]))}})),
        ]
    })
}

fn calendar() -> impl Strategy<Value = Arc<Calendar>> {
    (0..calendars().len()).prop_map(|index| calendars()[index].clone())
}

/// Five years, with an eye on the weeks in which clocks change.
fn instant() -> impl Strategy<Value = Timestamp> {
    let from = at("2022-01-01 00:00").as_millis();
    let to = at("2027-01-01 00:00").as_millis();
    let spring = at("2026-03-07 00:00").as_millis();
    let autumn = at("2026-10-31 00:00").as_millis();
    let days = 3 * 86_400_000;
    prop_oneof![from..to, spring..spring + days, autumn..autumn + days]
        .prop_map(Timestamp::from_millis)
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![
        1_i64..1_000,
        (1_i64..400).prop_map(|quarters| quarters * 900_000),
        1..200_000_000_i64
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn working_time_adds_up(calendar in calendar(), mut instants in [instant(), instant(), instant()]) {
        instants.sort();
        let [a, b, c] = instants;
        let between = |from, to| calendar.working_between(from, to);
        prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
        prop_assert_eq!(between(b, a), -between(a, b));
        prop_assert!((0..=b.millis_since(a)).contains(&between(a, b)));
        let listed: i64 = calendar.open_stretches(a, b).map(|(open, close)| close.millis_since(open)).sum();
        prop_assert_eq!(listed, between(a, b));
    }

    #[test]
    fn adding_gives_the_earliest_instant_and_taking_away_the_latest(
        calendar in calendar(), t in instant(), ms in amount()
    ) {
        let later = calendar.add(t, ms).unwrap();
        prop_assert_eq!(calendar.working_between(t, later), ms);
        prop_assert_eq!(calendar.working_between(t, later.saturating_add_millis(-1)), ms - 1);
        let earlier = calendar.sub(t, ms).unwrap();
        prop_assert_eq!(calendar.working_between(earlier, t), ms);
        prop_assert_eq!(calendar.working_between(earlier.saturating_add_millis(1), t), ms - 1);
        let back = calendar.sub(later, ms).unwrap();
        prop_assert!(back >= t);
        prop_assert_eq!(back == t, calendar.is_open_at(t));
    }

    #[test]
    fn more_work_and_a_later_start_are_never_due_earlier(
        calendar in calendar(), mut instants in [instant(), instant()], mut amounts in [amount(), amount()]
    ) {
        instants.sort();
        amounts.sort_unstable();
        prop_assert!(calendar.add(instants[0], amounts[0]).unwrap() <= calendar.add(instants[0], amounts[1]).unwrap());
        prop_assert!(calendar.add(instants[0], amounts[0]).unwrap() <= calendar.add(instants[1], amounts[0]).unwrap());
    }

    #[test]
    fn around_the_clock_working_time_is_wall_time(t in instant(), ms in amount()) {
        for calendar in [&calendars()[2], &calendars()[5]] {
            prop_assert_eq!(calendar.add(t, ms).unwrap(), t.saturating_add_millis(ms));
            prop_assert_eq!(calendar.sub(t, ms).unwrap(), t.saturating_add_millis(-ms));
        }
    }
}

/// What may happen to a clock, in the order it is recorded. Times are minutes after the one before.
fn history() -> impl Strategy<Value = Vec<ClockEvent>> {
    let party = prop_oneof![
        Just(Party::Applicant),
        Just(Party::SpecialProcedure),
        Just(Party::OtherAgency)
    ];
    let goal = prop_oneof![
        Just("within 20h"),
        Just("under 3 working days"),
        Just("within 9 working hours"),
        Just("within 4 days")
    ];
    let kind = prop_oneof![
        1 => Just(ClockEventKind::Start),
        6 => party.clone().prop_map(|party| ClockEventKind::Pause { reason: party.into() }),
        4 => party.prop_map(|party| ClockEventKind::Resume { reason: Some(party.name().to_owned()) }),
        4 => Just(ClockEventKind::Resume { reason: None }),
        1 => Just(ClockEventKind::Stop),
        1 => Just(ClockEventKind::Cancel { reason: String::new() }),
        1 => Just(ClockEventKind::Reopen { mode: ReopenMode::NewCycle }),
        1 => Just(ClockEventKind::Reopen { mode: ReopenMode::Resume }),
        1 => goal.prop_map(|goal| ClockEventKind::SetGoal { goal: goal.parse().unwrap(), reason: String::new(), approved_by: None }),
    ];
    (
        instant(),
        prop::collection::vec((0_i64..3_000, kind), 0..14),
    )
        .prop_map(|(start, acts)| {
            let mut now = start;
            let mut events = vec![ClockEvent::start(start)];
            for (minutes, kind) in acts {
                now = now.saturating_add_millis(minutes * 60_000);
                events.push(ClockEvent::at(now, kind));
            }
            events
        })
}

fn policy() -> impl Strategy<Value = ClockPolicy> {
    let goal = prop_oneof![
        Just("within 20h"),
        Just("under 20h"),
        Just("within 9 working hours"),
        Just("under 9 working hours"),
        Just("within 3 working days"),
        Just("within 4 days"),
    ];
    let triggers = ["50%", "80%", "1h before", "1 day before", "2h after"];
    (goal, any::<bool>()).prop_map(move |(goal, count_overtime)| {
        let mut policy = ClockPolicy::new(goal.parse().unwrap()).with_triggers(
            triggers
                .iter()
                .map(|trigger| trigger.parse().unwrap())
                .collect(),
        );
        policy.count_overtime = count_overtime;
        policy
    })
}

fn adds_up(reading: &ClockReading) -> bool {
    let paused: i64 = reading.paused.iter().map(|total| total.wall_ms).sum();
    let stretches: i64 = reading
        .stretches
        .iter()
        .map(|stretch| stretch.wall_ms())
        .sum();
    let joined = reading
        .stretches
        .windows(2)
        .all(|pair| pair[0].to == pair[1].from);
    reading.wall_ms == reading.office_ms + reading.offhours_ms + paused
        && stretches == reading.wall_ms
        && joined
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn wall_time_is_office_and_off_hours_and_the_others(
        calendar in calendar(), policy in policy(), events in history(), beyond in 0_i64..500_000
    ) {
        let set = CalendarSet::from(calendar);
        let now = events.last().unwrap().recorded_at.saturating_add_millis(beyond * 1_000);
        let reading = fold(&policy, &set, &events, now).unwrap();
        prop_assert!(adds_up(&reading), "{reading:?}");
        for cycle in &reading.closed_cycles {
            let paused: i64 = cycle.paused.iter().map(|total| total.wall_ms).sum();
            prop_assert_eq!(cycle.wall_ms, cycle.office_ms + cycle.offhours_ms + paused);
        }
        let explained = explain(&policy, &set, &reading).unwrap();
        let sum = |party: Party| -> i64 {
            explained.iter().filter(|stretch| stretch.party() == party).map(|stretch| stretch.wall_ms()).sum()
        };
        prop_assert_eq!(sum(Party::Office), reading.office_ms);
        prop_assert_eq!(sum(Party::OffHours), reading.offhours_ms);
        prop_assert_eq!(reading.used.amount() + reading.remaining.amount(), reading.goal.budget().amount());
    }

    #[test]
    fn a_breach_once_seen_stays_until_an_input_is_corrected(
        calendar in calendar(), policy in policy(), events in history(), until in 0_usize..14
    ) {
        let set = CalendarSet::from(calendar);
        let until = until.min(events.len() - 1);
        let now = events[until].recorded_at;
        let then = fold(&policy, &set, &events[..=until], now).unwrap();
        let later = events.last().unwrap().recorded_at;
        let last = fold(&policy, &set, &events, later).unwrap();
        prop_assert_eq!(fold(&policy, &set, &events, now).unwrap().wall_ms >= then.wall_ms, true);
        if let Some(breached_at) = then.breached_at {
            prop_assert!(breached_at <= now);
            let cycle = then.started_at.unwrap();
            let kept = if last.started_at == Some(cycle) {
                last.breached_at
            } else {
                last.closed_cycles.iter().find(|closed| closed.started_at == cycle).and_then(|closed| closed.breached_at)
            };
            prop_assert_eq!(kept, Some(breached_at));
        }
    }

    #[test]
    fn the_verdict_follows_from_the_due_instant(
        calendar in calendar(), policy in policy(), events in history(), beyond in 0_i64..500_000
    ) {
        let set = CalendarSet::from(calendar);
        let now = events.last().unwrap().recorded_at.saturating_add_millis(beyond * 1_000);
        let reading = fold(&policy, &set, &events, now).unwrap();
        prop_assert_eq!(reading.due.is_none() && reading.state == ClockState::Running, false);
        prop_assert_eq!(reading.state == ClockState::Paused && reading.due.is_some(), false);
        prop_assert_eq!(reading.verdict == Verdict::Void, reading.state == ClockState::Cancelled);
        prop_assert_eq!(reading.overrun_wall_ms.is_some(), reading.verdict == Verdict::Missed);
        if reading.state == ClockState::Running && reading.breached_at.is_none() {
            // The due instant that was promised is the one at which the clock turns.
            let due = reading.due.unwrap();
            prop_assert!(due >= now);
            let at = |now| fold(&policy, &set, &events, now).unwrap();
            prop_assert_eq!(at(due.saturating_add_millis(-1).max(now)).breached_at, None);
            prop_assert_eq!(at(due.saturating_add_millis(1)).breached_at, Some(due));
        }
    }

    #[test]
    fn around_the_clock_a_working_goal_is_an_elapsed_goal(events in history(), under in any::<bool>()) {
        let set = CalendarSet::from(calendars()[2].clone());
        let events: Vec<_> = events
            .into_iter()
            .filter(|event| !matches!(event.kind, ClockEventKind::SetGoal { .. }))
            .collect();
        let now = events.last().unwrap().recorded_at;
        let word = if under { "under" } else { "within" };
        let read = |goal: &str| {
            let policy = ClockPolicy::new(format!("{word} {goal}").parse().unwrap());
            let reading = fold(&policy, &set, &events, now).unwrap();
            (reading.due, reading.used, reading.verdict, reading.breached_at, reading.light, reading.office_ms)
        };
        prop_assert_eq!(read("30 working hours"), read("30h"));
    }
}
