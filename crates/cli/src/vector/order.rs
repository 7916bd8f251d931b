//! Whether the events of a clock can have happened in the order they stand in.
//!
//! The engine takes what it recorded itself and passes over what changes nothing. A person who
//! types events by hand means every one of them, so what could change nothing is told, and what
//! can only be a slip is refused.

use groundbreak_workflow::sla::{ClockEvent, ClockEventKind, ClockPolicy, Objection, Timestamp};

use super::Problem;

/// How far the clock of a recording machine may step back: the hour that ends summer time. More
/// than that is events out of order.
const STEP_BACK_MAX_MS: i64 = 3_600_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Unborn,
    Open,
    Closed,
}

/// Checks the events in the order they were recorded.
pub(super) fn check(
    policy: &ClockPolicy,
    events: &[ClockEvent],
    as_of: Timestamp,
    notes: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let mut last = Timestamp::MIN;
    let mut life = Life::Unborn;
    let mut held: Vec<&str> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let at = event.recorded_at;
        let back_ms = last.millis_since(at);
        if last != Timestamp::MIN && back_ms > STEP_BACK_MAX_MS {
            return Err(about(
                index,
                "at",
                "早于前一事件的登记时刻。请按登记的先后排列；追溯的事件另写 effective。",
                "it lies before the event above. Put the events in the order they were recorded; what is dated back also has effective.",
            ));
        }
        if last != Timestamp::MIN && back_ms > 0 {
            notes.push(about(
                index,
                "at",
                "登记机器的时钟在此后退；按前一事件的时刻计。",
                "the clock of the recording machine stepped back here; the event counts from the one above.",
            ));
        }
        last = last.max(at);
        if at > as_of {
            notes.push(about(
                index,
                "at",
                "晚于 as_of，未计入。",
                "it lies after as_of and does not count.",
            ));
        }
        if let ClockEventKind::Pause { reason } = &event.kind {
            let lacking = |key, objection| objected(index, key, &objection);
            policy
                .check_proof(reason)
                .map_err(|objection| match objection {
                    Objection::NoDocument { .. } => lacking("document", objection),
                    _ => lacking("law", objection),
                })?;
        }
        life = after(life, index, event, &mut held, notes)?;
    }
    Ok(())
}

fn after<'a>(
    life: Life,
    index: usize,
    event: &'a ClockEvent,
    held: &mut Vec<&'a str>,
    notes: &mut Vec<Problem>,
) -> Result<Life, Problem> {
    let idle = |notes: &mut Vec<Problem>| {
        notes.push(about(
            index,
            "type",
            "在此不改变任何结果。",
            "it changes nothing here.",
        ));
    };
    match &event.kind {
        ClockEventKind::Start if life == Life::Open => idle(notes),
        ClockEventKind::Start => return Ok(Life::Open),
        ClockEventKind::Pause { reason } if held.contains(&reason.name.as_str()) => idle(notes),
        ClockEventKind::Pause { reason } => held.push(&reason.name),
        ClockEventKind::Resume { reason } => {
            let known = match reason {
                Some(reason) => held.contains(&reason.as_str()),
                None => !held.is_empty(),
            };
            if !known {
                let key = if reason.is_some() { "reason" } else { "type" };
                return Err(objected(index, key, &Objection::NotPaused));
            }
            held.retain(|name| reason.as_ref().is_some_and(|reason| reason != name));
        }
        ClockEventKind::Stop | ClockEventKind::Cancel { .. } | ClockEventKind::Reopen { .. }
            if life == Life::Unborn =>
        {
            return Err(about(
                index,
                "type",
                "此前时限没有开始。请先写 start，并按先后排列事件。",
                "the clock had not started. Put a start before it, and the events in their order.",
            ));
        }
        ClockEventKind::Stop | ClockEventKind::Cancel { .. } => {
            if life == Life::Closed {
                idle(notes);
            }
            return Ok(Life::Closed);
        }
        ClockEventKind::Reopen { .. } => {
            if life == Life::Open {
                idle(notes);
            }
            return Ok(Life::Open);
        }
        ClockEventKind::MoveStart
        | ClockEventKind::SetGoal { .. }
        | ClockEventKind::SetCalendar { .. } => {}
        ClockEventKind::Excuse { .. } if life == Life::Unborn => {
            return Err(objected(index, "type", &Objection::NotStarted));
        }
        ClockEventKind::Excuse { .. } => {}
    }
    Ok(life)
}

fn objected(index: usize, name: &str, objection: &Objection) -> Problem {
    Problem {
        code: objection.code(),
        key: format!("events[{index}].{name}"),
        text: objection.text(),
    }
}

fn about(index: usize, name: &str, zh: &str, en: &str) -> Problem {
    Problem::new(
        &format!("events[{index}].{name}"),
        zh.to_owned(),
        en.to_owned(),
    )
}
