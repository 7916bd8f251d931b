//! Any events in any order, as a clock: it is read or the reason is told, its parts add up, and
//! what may be recorded next can be recorded.

#![no_main]

use std::sync::{Arc, OnceLock};

use arbitrary::Arbitrary;
use groundbreak_sla::{
    Budget, Calendar, CalendarChange, CalendarRef, CalendarSet, CalendarSpec, ClockEvent,
    ClockEventKind, ClockPolicy, Comparator, Extension, Goal, Party, PauseReason, ReopenMode,
    Timestamp, Trigger, Yellow, admit, breach_cause, explain, fold,
};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    unit: u8,
    amount: u32,
    under: bool,
    overtime: bool,
    triggers: Vec<(u8, u16)>,
    events: Vec<(u8, i32, i32, u8)>,
    as_of: i32,
}

fn calendars() -> &'static [Arc<Calendar>; 3] {
    static CALENDARS: OnceLock<[Arc<Calendar>; 3]> = OnceLock::new();
    CALENDARS.get_or_init(|| {
        let hall = |version: u32, open: &str, holiday: &str| {
            let day = serde_json::json!([[open, "12:00"], ["13:30", "17:30"]]);
            let spec: CalendarSpec = serde_json::from_value(serde_json::json!({
                "id": "hall", "version": version, "tz": "Europe/Berlin",
                "weekly": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
                "exceptions": {holiday: {"kind": "holiday"}},
                "overtime": {"weekly": {"sat": [["09:00", "12:00"]]}},
                "coverage": ["1990-01-01", "2030-12-31"],
            }))
            .expect("a calendar");
            Arc::new(Calendar::compile(&spec).expect("a calendar"))
        };
        [
            hall(1, "09:00", "2023-04-05"),
            hall(2, "08:30", "2023-04-06"),
            Arc::new(Calendar::always_open(chrono_tz::Asia::Shanghai)),
        ]
    })
}

fn trigger((kind, amount): (u8, u16)) -> Trigger {
    let ms = i64::from(amount.max(1)) * 60_000;
    match kind % 5 {
        0 => Trigger::Percent(amount.clamp(1, Trigger::PERCENT_MAX)),
        1 => Trigger::Before { ms },
        2 => Trigger::BeforeDays(u32::from(amount)),
        3 => Trigger::AfterDays(u32::from(amount)),
        _ => Trigger::After { ms },
    }
}

fn goal(unit: u8, amount: u32, under: bool) -> Option<Goal> {
    let budget = match unit % 4 {
        0 => Budget::Elapsed { ms: i64::from(amount) * 1_000 },
        1 => Budget::Working { ms: i64::from(amount) * 1_000 },
        2 => Budget::WorkingDays { days: amount },
        _ => Budget::CalendarDays { days: amount },
    };
    let comparator = if under { Comparator::Under } else { Comparator::Within };
    Goal::new(budget, comparator).ok()
}

fn kind(kind: u8, amount: i32, detail: u8, calendars: &[Arc<Calendar>]) -> Option<ClockEventKind> {
    let party = Party::ALL[usize::from(detail) % Party::ALL.len()];
    Some(match kind % 11 {
        0 => ClockEventKind::Start,
        1 => ClockEventKind::MoveStart,
        2 => ClockEventKind::Pause { reason: PauseReason::from(party) },
        3 => ClockEventKind::Resume { reason: Some(party.name().to_owned()) },
        4 => ClockEventKind::Resume { reason: None },
        5 => ClockEventKind::Stop,
        6 => ClockEventKind::Cancel { reason: String::new() },
        7 => ClockEventKind::Reopen {
            mode: if detail % 2 == 0 { ReopenMode::Resume } else { ReopenMode::NewCycle },
        },
        8 => ClockEventKind::SetGoal {
            goal: goal(detail, amount.unsigned_abs(), detail % 3 == 0)?,
            reason: "r".to_owned(),
            approved_by: Some("a".to_owned()),
        },
        9 => ClockEventKind::SetCalendar {
            calendar: match detail % 4 {
                3 => CalendarRef::new("nowhere", 1),
                index => calendars[usize::from(index)].reference().clone(),
            },
            mode: if detail % 2 == 0 { CalendarChange::Retro } else { CalendarChange::FromNow },
        },
        _ => ClockEventKind::Excuse { reason: "r".to_owned(), document: None },
    })
}

fuzz_target!(|input: Input| {
    let Some(goal) = goal(input.unit, input.amount, input.under) else {
        return;
    };
    let calendars = calendars();
    let set = calendars
        .iter()
        .fold(CalendarSet::new(calendars[0].clone()), |set, calendar| set.with(calendar.clone()));
    let mut policy = ClockPolicy::new(goal)
        .with_triggers(input.triggers.iter().take(8).copied().map(trigger).collect());
    policy.count_overtime = input.overtime;
    policy.proof_for = vec![Party::SpecialProcedure];
    policy.extension = Some(Extension { at_most: goal.budget() });
    if input.overtime {
        policy.yellow = Yellow::At(policy.triggers.clone());
    }
    // Minutes around 2023, and now and then far outside what a calendar holds.
    let at = |minutes: i32| {
        Timestamp::from_millis(1_672_531_200_000 + i64::from(minutes) * 60_000)
    };
    let mut events = Vec::new();
    for (number, recorded, back, detail) in input.events.iter().take(24) {
        let Some(kind) = kind(*number, *back, *detail, calendars) else {
            continue;
        };
        let mut event = ClockEvent::at(at(*recorded), kind);
        if detail % 5 == 0 {
            event = event.effective(at(recorded.saturating_sub(back.saturating_abs())));
        }
        if admit(&policy, &set, &events, &event).is_ok() {
            // What may be recorded can be read at once.
            let mut after = events.clone();
            after.push(event.clone());
            let now = after.iter().map(|event| event.recorded_at).max();
            assert!(fold(&policy, &set, &after, now.unwrap_or(at(0))).is_ok());
        }
        events.push(event);
    }
    let as_of = at(input.as_of);
    let _ = breach_cause(&policy, &set, &events, as_of);
    if let Ok(reading) = fold(&policy, &set, &events, as_of) {
        let paused: i64 = reading.paused.iter().map(|total| total.wall_ms).sum();
        assert_eq!(reading.wall_ms, reading.office_ms + reading.offhours_ms + paused);
        let parts: i64 = reading.stretches.iter().map(|stretch| stretch.wall_ms()).sum();
        assert_eq!(parts, reading.wall_ms);
        // A clock of many years has many nights; a short one is explained night by night.
        if reading.wall_ms < 400 * 86_400_000
            && let Ok(explained) = explain(&policy, &set, &reading)
        {
            let parts: i64 = explained.iter().map(|stretch| stretch.wall_ms()).sum();
            assert_eq!(parts, reading.wall_ms);
        }
    }
});
