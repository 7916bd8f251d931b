//! Worked vectors: clocks and arithmetic. Every key of what a vector expects is compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use groundbreak_sla::{
    Budget, Calendar, CalendarChange, CalendarRef, CalendarSet, CalendarSpec, ClockEvent,
    ClockEventKind, ClockPolicy, ClockReading, Comparator, Goal, PauseReason, ReopenMode,
    Timestamp, Trigger, Used, explain, fold,
};
use serde_json::{Map, Value, json};

use crate::suites::{suite, text};

type Calendars = BTreeMap<String, Arc<Calendar>>;

#[test]
fn every_worked_vector_holds() {
    let Some(dir) = suite("sla") else { return };
    let read = |name: &str| -> Vec<Value> { serde_json::from_str(&text(&dir.join(name))).unwrap() };
    let calendars: Calendars = read("calendars.json")
        .into_iter()
        .map(|json| {
            let spec: CalendarSpec = serde_json::from_value(json).unwrap();
            let calendar =
                Calendar::compile(&spec).unwrap_or_else(|faults| panic!("{}: {faults:?}", spec.id));
            (spec.id, Arc::new(calendar))
        })
        .collect();
    let (mut passed, mut failed, mut skipped) = (0, 0, BTreeMap::<String, u32>::new());
    for vector in read("vectors.json") {
        let kind = vector["kind"].as_str().unwrap();
        let faults = match kind {
            "clock" => clock(&vector, &calendars),
            "arith" => arithmetic(&vector, &calendars),
            // The figures of many cases: crates/audit/tests/it/vectors.rs.
            "report" | "attainment" => {
                *skipped.entry(kind.to_owned()).or_default() += 1;
                continue;
            }
            other => vec![format!("unknown kind {other}")],
        };
        if faults.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            eprintln!(
                "{} {}:\n  {}",
                vector["id"],
                vector["title"],
                faults.join("\n  ")
            );
        }
    }
    println!(
        "sla vectors: {passed} passed, {failed} failed, skipped {skipped:?} (computed in crates/audit/tests/it/vectors.rs)"
    );
    assert_eq!(failed, 0);
    assert!(passed > 0, "the suite is empty");
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

fn goal(clock: &Value, budget: &Value) -> Goal {
    let budget_ms = || budget["budget_ms"].as_i64().unwrap();
    let budget_days = || u32::try_from(budget["budget_days"].as_u64().unwrap()).unwrap();
    let budget = match clock["unit"].as_str().unwrap() {
        "elapsed" => Budget::Elapsed { ms: budget_ms() },
        "working" => Budget::Working { ms: budget_ms() },
        "working_days" => Budget::WorkingDays {
            days: budget_days(),
        },
        "calendar_days" => Budget::CalendarDays {
            days: budget_days(),
        },
        other => panic!("unknown unit {other}"),
    };
    let comparator = match clock["compare"].as_str() {
        Some("under") => Comparator::Under,
        _ => Comparator::Within,
    };
    Goal::new(budget, comparator).unwrap()
}

fn policy(clock: &Value) -> ClockPolicy {
    let setting = |key: &str| clock.get(key).cloned();
    let mut triggers = Vec::new();
    let numbers = |key: &str| {
        setting(key)
            .and_then(|list| list.as_array().cloned())
            .unwrap_or_default()
            .into_iter()
            .map(|number| number.as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    triggers.extend(
        numbers("warn_pct")
            .into_iter()
            .map(|pct| Trigger::Percent(u16::try_from(pct).unwrap())),
    );
    triggers.extend(
        numbers("warn_before_ms")
            .into_iter()
            .map(|ms| Trigger::Before { ms }),
    );
    triggers.extend(
        numbers("warn_before_days")
            .into_iter()
            .map(|days| Trigger::BeforeDays(u32::try_from(days).unwrap())),
    );
    let mut policy = ClockPolicy::new(goal(clock, clock)).with_triggers(triggers);
    if let Some(start) = setting("day_start") {
        policy.day_start = serde_json::from_value(start).unwrap();
    }
    if let Some(end) = setting("day_end") {
        policy.day_end = serde_json::from_value(end).unwrap();
    }
    policy.count_overtime = setting("count_overtime") == Some(json!(true));
    policy
}

fn event(json: &Value, clock: &Value) -> ClockEvent {
    let reason = json.get("reason").and_then(Value::as_str);
    let kind = match json["type"].as_str().unwrap() {
        "start" => ClockEventKind::Start,
        "pause" => ClockEventKind::Pause {
            reason: PauseReason::named(reason.unwrap_or("other")),
        },
        "resume" => ClockEventKind::Resume {
            reason: reason.map(str::to_owned),
        },
        "stop" => ClockEventKind::Stop,
        "cancel" => ClockEventKind::Cancel {
            reason: reason.unwrap_or_default().to_owned(),
        },
        "reopen" => ClockEventKind::Reopen {
            mode: match json["mode"].as_str() {
                Some("resume") => ReopenMode::Resume,
                _ => ReopenMode::NewCycle,
            },
        },
        "set_budget" => ClockEventKind::SetGoal {
            goal: goal(clock, json),
            reason: reason.unwrap_or_default().to_owned(),
            approved_by: None,
        },
        "set_calendar" => ClockEventKind::SetCalendar {
            calendar: CalendarRef::new(json["calendar"].as_str().unwrap(), 1),
            mode: match json["mode"].as_str().unwrap() {
                "retro" => CalendarChange::Retro,
                "from_now" => CalendarChange::FromNow,
                other => panic!("unknown mode {other}"),
            },
        },
        other => panic!("unknown event {other}"),
    };
    let recorded = ClockEvent::at(instant(&json["at"]), kind);
    match json.get("effective") {
        Some(effective) => recorded.effective(instant(effective)),
        None => recorded,
    }
}

fn clock(vector: &Value, calendars: &Calendars) -> Vec<String> {
    let initial = &calendars[vector["calendar"].as_str().unwrap()];
    let set = calendars
        .values()
        .fold(CalendarSet::new(initial.clone()), |set, calendar| {
            set.with(calendar.clone())
        });
    let policy = policy(&vector["clock"]);
    let events: Vec<_> = vector["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|json| event(json, &vector["clock"]))
        .collect();
    let reading = match fold(&policy, &set, &events, instant(&vector["as_of"])) {
        Ok(reading) => reading,
        Err(error) => return vec![error.to_string()],
    };
    let mut faults: Vec<String> = vector["expect"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(key, expected)| differs(key, expected, &found(key, &reading, expected)))
        .collect();
    let paused: i64 = reading.paused.iter().map(|total| total.wall_ms).sum();
    if reading.wall_ms != reading.office_ms + reading.offhours_ms + paused {
        faults.push("the parties' times do not add up".to_owned());
    }
    let explained = explain(&policy, &set, &reading).unwrap();
    let explained_ms: i64 = explained.iter().map(|stretch| stretch.wall_ms()).sum();
    if explained_ms != reading.wall_ms {
        faults.push(format!(
            "explained {explained_ms} ms of {}",
            reading.wall_ms
        ));
    }
    faults
}

fn differs(key: &str, expected: &Value, found: &Value) -> Option<String> {
    let same = match (expected.as_str(), found.as_i64()) {
        // The suite writes instants with many offsets; they are compared as instants.
        (Some(text), Some(found)) if text.contains('T') => {
            instant(&json!(text)).as_millis() == found
        }
        _ => expected == found,
    };
    (!same).then(|| format!("{key}: expected {expected}, found {found}"))
}

fn found(key: &str, reading: &ClockReading, expected: &Value) -> Value {
    match key {
        "deadline" => json!(reading.due),
        "elapsed_ms" | "elapsed_days" => json!(reading.used.amount()),
        "remaining_ms" | "remaining_days" => json!(reading.remaining.amount()),
        "pct_floor_bp" => json!(reading.percent_bp),
        "state" => json!(reading.state),
        "outcome" => json!(reading.verdict),
        "breached_at" => json!(reading.breached_at),
        "wall_ms" => json!(reading.wall_ms),
        "offhours_ms" => json!(reading.offhours_ms),
        "light" => json!(reading.light),
        "overrun_wall_ms" => json!(reading.overrun_wall_ms),
        "overrun_working_ms" => json!(reading.overrun_working_ms),
        "provisional" => json!(reading.provisional),
        "paused" => reading
            .paused
            .iter()
            .map(|total| {
                let figures = json!({"wall_ms": total.wall_ms, "working_ms": total.working_ms});
                (total.reason.name.clone(), figures)
            })
            .collect::<Map<_, _>>()
            .into(),
        "warn" => warnings(reading, expected),
        "closed_cycles" => closed_cycles(reading, expected),
        other => json!(format!("no such key: {other}")),
    }
}

/// The triggers in the suite's form, with the offsets it writes where the instants agree.
fn warnings(reading: &ClockReading, expected: &Value) -> Value {
    let written = |index: usize, at: Timestamp| match expected[index].get("at") {
        Some(text) if text.as_str().is_some() && instant(text) == at => text.clone(),
        _ => json!(at.to_string()),
    };
    reading
        .triggers
        .iter()
        .enumerate()
        .map(|(index, trigger)| {
            let at = written(index, trigger.at);
            match trigger.trigger {
                Trigger::Percent(pct) => json!({"pct": pct, "at": at}),
                Trigger::Before { ms } => json!({"before_ms": ms, "at": at}),
                Trigger::BeforeDays(days) => json!({"before_days": days, "at": at}),
                Trigger::After { ms } => json!({"after_ms": ms, "at": at}),
                Trigger::AfterDays(days) => json!({"after_days": days, "at": at}),
            }
        })
        .collect()
}

/// The closed cycles with the keys the suite asks for.
fn closed_cycles(reading: &ClockReading, expected: &Value) -> Value {
    reading
        .closed_cycles
        .iter()
        .enumerate()
        .map(|(index, cycle)| {
            let Some(keys) = expected[index].as_object() else {
                return json!(cycle);
            };
            keys.iter()
                .map(|(key, expected)| {
                    let found = match key.as_str() {
                        "outcome" => json!(cycle.verdict),
                        "state" => json!(cycle.state),
                        "deadline" => json!(cycle.due),
                        "elapsed_ms" | "elapsed_days" => json!(cycle.used.amount()),
                        "wall_ms" => json!(cycle.wall_ms),
                        "offhours_ms" => json!(cycle.offhours_ms),
                        "breached_at" => json!(cycle.breached_at),
                        "start" | "started_at" => json!(cycle.started_at),
                        "stop" | "end" | "stopped_at" => json!(cycle.stopped_at),
                        other => json!(format!("no such key: {other}")),
                    };
                    let shown = match differs(key, expected, &found) {
                        None => expected.clone(),
                        Some(_) => found,
                    };
                    (key.clone(), shown)
                })
                .collect::<Map<_, _>>()
                .into()
        })
        .collect()
}

fn arithmetic(vector: &Value, calendars: &Calendars) -> Vec<String> {
    let calendar = &calendars[vector["calendar"].as_str().unwrap()];
    let a = instant(&vector["a"]);
    let amount = || vector["amount_ms"].as_i64().unwrap();
    let (key, found) = match vector["op"].as_str().unwrap() {
        "add" => ("at", json!(calendar.add(a, amount()).unwrap())),
        "sub" => ("at", json!(calendar.sub(a, amount()).unwrap())),
        "between" => (
            "ms",
            json!(calendar.working_between(a, instant(&vector["b"]))),
        ),
        other => return vec![format!("unknown operation {other}")],
    };
    differs(key, &vector["expect"][key], &found)
        .into_iter()
        .collect()
}

#[test]
fn a_reading_survives_being_written_and_read() {
    let policy = ClockPolicy::new("within 5h".parse().unwrap());
    let set = CalendarSet::from(Calendar::always_open(chrono_tz::UTC));
    let reading = fold(
        &policy,
        &set,
        &[ClockEvent::start(Timestamp::EPOCH)],
        Timestamp::from_millis(5),
    )
    .unwrap();
    let written = serde_json::to_string(&reading).unwrap();
    assert_eq!(
        serde_json::from_str::<ClockReading>(&written).unwrap(),
        reading
    );
    assert_eq!(reading.used, Used::Ms(5));
}
