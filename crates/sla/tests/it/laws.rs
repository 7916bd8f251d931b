//! Laws that hold for every calendar and every clock.

use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use groundbreak_sla::{
    Calendar, CalendarSet, ClockEvent, ClockEventKind, ClockPolicy, ClockReading, ClockState,
    DayEnd, DayStart, Party, ReopenMode, Timestamp, Verdict, explain, fold, parse_local,
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

/// The first and last instant of a calendar and what lies around them, openings and closings,
/// nights in which clocks change, and the ends of the type.
fn anywhere() -> impl Strategy<Value = (Arc<Calendar>, Timestamp)> {
    let offset = prop_oneof![-3_i64..3, -200_000_000_i64..200_000_000];
    (calendar(), instant(), 0_usize..8, offset).prop_map(|(calendar, t, place, offset)| {
        let (first, last) = calendar.range();
        let place = match place {
            0 => first,
            1 => last,
            2 => Timestamp::MIN,
            3 => Timestamp::MAX,
            // The next opening, the next closing, the next end of a date.
            4 => calendar.add(t, 1).unwrap().saturating_add_millis(-1),
            5 => calendar.end_of(calendar.date_of(t), DayEnd::Close),
            6 => calendar.end_of(calendar.date_of(t), DayEnd::Midnight),
            _ => t,
        };
        (calendar, place.saturating_add_millis(offset))
    })
}

/// The working days around a date, each with its closing, found by looking at each date.
fn working_days(calendar: &Calendar, around: NaiveDate) -> Vec<(NaiveDate, Timestamp)> {
    let minutes = |date: NaiveDate, minute: u16| {
        let days = u64::from(minute / 1440);
        let local = format!(
            "{} {:02}:{:02}",
            date + chrono::Days::new(days),
            minute % 1440 / 60,
            minute % 60
        );
        parse_local(calendar.tz(), &local).unwrap()
    };
    (around - chrono::Days::new(40))
        .iter_days()
        .take(81)
        .filter_map(|date| {
            let close = calendar.windows(date).last()?.close_minute;
            Some((date, minutes(date, close)))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn working_days_are_what_looking_at_each_date_finds(
        calendar in calendar(), t in instant(), days in 1_usize..5, same_day in any::<bool>()
    ) {
        let today = t.in_zone(calendar.tz()).date_naive();
        prop_assert_eq!(calendar.date_of(t), today);
        let found = working_days(&calendar, today);
        prop_assert_eq!(calendar.is_working_day(today), found.iter().any(|(date, _)| *date == today));
        let start = if same_day { DayStart::SameDay } else { DayStart::NextDay };
        let due = found
            .iter()
            .filter(|(date, close)| *close > t && (*date > today || (same_day && *date == today)))
            .nth(days - 1)
            .map(|(_, close)| *close);
        let count = u32::try_from(days).unwrap();
        prop_assert_eq!(calendar.add_working_days(t, count, start).ok(), due);
        let back = found.iter().rev().filter(|(date, _)| *date < today).nth(days - 1);
        prop_assert_eq!(calendar.sub_working_days(t, count).ok(), back.map(|(_, close)| *close));
    }

    #[test]
    fn working_days_added_are_the_working_days_between(
        calendar in calendar(), t in instant(), days in 1_u32..300
    ) {
        // A night shift closes on the date after its own, so the date of a due instant is told
        // from its last millisecond of work only if every window ends by midnight.
        let by_midnight = calendar.id() != "night";
        let due = calendar.add_working_days(t, days, DayStart::NextDay).unwrap();
        let due_date = calendar.date_of(due.saturating_add_millis(-1));
        if by_midnight {
            prop_assert!(calendar.is_working_day(due_date));
            prop_assert_eq!(calendar.working_days_between(calendar.date_of(t), due_date), i64::from(days));
        }
        let back = calendar.sub_working_days(t, days).unwrap();
        let back_date = calendar.date_of(back.saturating_add_millis(-1));
        if by_midnight {
            prop_assert!(calendar.is_working_day(back_date));
            let today = calendar.date_of(t);
            let before = i64::from(calendar.is_working_day(today));
            prop_assert_eq!(calendar.working_days_between(back_date, today) - before + 1, i64::from(days));
        }
        let more = calendar.add_working_days(t, days + 1, DayStart::NextDay).unwrap();
        prop_assert!(due < more);
        prop_assert!(calendar.sub_working_days(t, days + 1).unwrap() < back);
    }

    #[test]
    fn a_later_start_is_never_due_earlier_in_working_days(
        calendar in calendar(), mut instants in [instant(), instant()], days in 1_u32..40
    ) {
        instants.sort();
        let [a, b] = instants;
        // Where clocks change at midnight a date may come back; here none does.
        for start in [DayStart::NextDay, DayStart::SameDay] {
            let due = |t| calendar.add_working_days(t, days, start).unwrap();
            prop_assert!(due(a) <= due(b));
        }
        prop_assert!(calendar.sub_working_days(a, days).unwrap() <= calendar.sub_working_days(b, days).unwrap());
    }

    #[test]
    fn every_question_has_an_answer_at_every_instant((calendar, t) in anywhere(), ms in amount()) {
        let (first, last) = calendar.range();
        let all = calendar.working_between(first, last);
        let before = calendar.working_between(first, t);
        prop_assert_eq!(before + calendar.working_between(t, last), all);
        let open = calendar.is_open_at(t);
        prop_assert_eq!(calendar.working_between(t, t.saturating_add_millis(1)), i64::from(open));
        match calendar.add(t, ms) {
            Ok(due) => {
                prop_assert_eq!(calendar.working_between(t, due), ms);
                prop_assert!(calendar.is_open_at(due.saturating_add_millis(-1)));
            }
            Err(_) => prop_assert!(before + ms > all),
        }
        match calendar.sub(t, ms) {
            Ok(start) => {
                prop_assert_eq!(calendar.working_between(start, t), ms);
                prop_assert!(calendar.is_open_at(start));
            }
            Err(_) => prop_assert!(before < ms),
        }
        prop_assert!(calendar.add(t, i64::MAX).is_err() && calendar.sub(t, i64::MAX).is_err());
        prop_assert_eq!(calendar.date_of(t), t.in_zone(calendar.tz()).date_naive());
        if let Ok(due) = calendar.add_working_days(t, 3, DayStart::SameDay) {
            prop_assert!(due > t);
        }
        if let Ok(start) = calendar.sub_working_days(t, 3) {
            prop_assert!(start < t);
        }
    }

    #[test]
    fn an_answer_does_not_depend_on_the_zone_instants_are_written_in(
        calendar in calendar(), t in instant(), ms in amount(), tz in prop::sample::select(&chrono_tz::TZ_VARIANTS[..])
    ) {
        let written = |t: Timestamp| t.in_zone(tz).fixed_offset().to_rfc3339();
        let there: Timestamp = written(t).parse().unwrap();
        prop_assert_eq!(there, t);
        let due = calendar.add(there, ms).unwrap();
        prop_assert_eq!(calendar.add(t, ms).unwrap(), due);
        let read: Timestamp = written(due).parse().unwrap();
        prop_assert_eq!(read, due);
        prop_assert_eq!(calendar.working_between(there, read), ms);
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
        // What is recorded at this very instant, but later in the list, may begin another cycle.
        let whole = fold(&policy, &set, &events, now).unwrap();
        if (whole.started_at, whole.closed_cycles.len()) == (then.started_at, then.closed_cycles.len()) {
            prop_assert!(whole.wall_ms >= then.wall_ms);
        }
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
