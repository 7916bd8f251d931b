//! What the index of a million cases takes: memory a case, time a change, time a question.
//!
//! `cargo bench -p groundbreak-store --bench index` prints JSON lines. Each case has two timers
//! and the terms that the engine gives a case of `workflows/matter.yaml`, and two more.

use std::hint::black_box;
use std::time::{Duration, Instant};

use groundbreak_store::{Direction, Index, Query, Term, Timer};
use uuid::Uuid;

const CASES: u64 = 1_000_000;
/// 2026-01-01 in milliseconds.
const START: i64 = 1_767_225_600_000;
const WORKING_DAY: i64 = 86_400_000;

/// The states a case goes through: the name, those around it, and who may act.
const STAGES: [(&str, &[&str], &[&str]); 5] = [
    ("received", &[], &["applicant", "window_clerk"]),
    ("one_time_notice", &[], &["applicant", "window_clerk"]),
    (
        "in_review",
        &["accepted"],
        &["applicant", "reviewer", "window_clerk"],
    ),
    (
        "deciding",
        &["accepted"],
        &["applicant", "approver", "window_clerk"],
    ),
    ("granted", &["decided"], &["window_clerk"]),
];

/// Numbers as a machine makes them: in order of time at the front, at random behind.
fn case(number: u64) -> Uuid {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^= mixed >> 29;
    let time = u128::from(number) * 37 + 1_767_225_600_000;
    Uuid::from_u128((time << 80) | (7 << 76) | (2 << 62) | u128::from(mixed >> 2))
}

fn timers(number: u64, stage: usize) -> Vec<Timer> {
    let opened = opened(number);
    let (name, ..) = STAGES[stage];
    [
        (format!("warn/{name}/80%"), 16),
        (format!("breach/{name}"), 20),
    ]
    .map(|(id, days)| Timer {
        id,
        due_at: opened + days * WORKING_DAY,
    })
    .into()
}

fn terms(number: u64, stage: usize) -> Vec<Term> {
    let (state, around, roles) = STAGES[stage];
    let mut terms = vec![
        Term::text(
            "workflow",
            ["matter", "company-registration"][number as usize % 2],
        ),
        Term::text("status", "open"),
        Term::text("number", format!("PJ-2026-{number:07}")),
        Term::integer("opened", opened(number)),
        Term::text("state", state),
        Term::text("department", format!("department-{}", number % 12)),
        Term::text("kind", ["licence", "record", "notice"][number as usize % 3]),
    ];
    terms.extend(around.iter().map(|state| Term::text("state", *state)));
    terms.extend(roles.iter().map(|role| Term::text("role", *role)));
    terms.push(Term::integer("due", opened(number) + 20 * WORKING_DAY));
    terms
}

fn opened(number: u64) -> i64 {
    START + (number as i64) * 7_919 % (365 * WORKING_DAY)
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4_096
}

fn quickest(runs: usize, mut run: impl FnMut()) -> Duration {
    let once = |_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    };
    (0..runs).map(once).min().unwrap_or_default()
}

fn main() {
    let mut index = Index::new();
    let before = resident();
    let begun = Instant::now();
    let memory = allocation_counter::measure(|| {
        for number in 0..CASES {
            let stage = number as usize % STAGES.len();
            index.put(
                case(number),
                1,
                &timers(number, stage),
                &terms(number, stage),
            );
        }
    });
    let filled = begun.elapsed();
    let resident = resident().saturating_sub(before);
    let count: usize = (0..STAGES.len() as u64)
        .map(|number| terms(number, number as usize).len())
        .sum();
    println!(
        "{{\"what\":\"memory\",\"cases\":{CASES},\"terms\":{:.1},\"allocated_per_case\":{:.1},\"resident_per_case\":{:.1},\"put_ns\":{}}}",
        count as f64 / STAGES.len() as f64,
        memory.bytes_current as f64 / CASES as f64,
        resident as f64 / CASES as f64,
        filled.as_nanos() / u128::from(CASES),
    );

    // Every step of a case changes its state, roles, timers and clock. What making the arguments
    // takes is measured apart and taken off.
    let moved: Vec<u64> = (0..200_000)
        .map(|step: u64| step.wrapping_mul(7_368_787) % CASES)
        .collect();
    let made = quickest(1, || {
        for number in &moved {
            let stage = (*number as usize + 1) % STAGES.len();
            black_box((timers(*number, stage), terms(*number, stage)));
        }
    });
    let put = quickest(1, || {
        for number in &moved {
            let stage = (*number as usize + 1) % STAGES.len();
            index.put(
                case(*number),
                2,
                &timers(*number, stage),
                &terms(*number, stage),
            );
        }
    });
    println!(
        "{{\"what\":\"replace\",\"ns\":{}}}",
        put.saturating_sub(made).as_nanos() / moved.len() as u128
    );

    let open = Query::all(50)
        .with("status", "open")
        .with("role", "reviewer");
    let questions = [
        ("number", Query::all(1).with("number", "PJ-2026-0500000")),
        ("desk", open.clone().ordered_by("due", Direction::Ascending)),
        (
            "desk, one department",
            open.clone()
                .with("department", "department-3")
                .ordered_by("due", Direction::Ascending),
        ),
        (
            "latest",
            Query::all(50).ordered_by("opened", Direction::Descending),
        ),
        (
            "late",
            open.within("due", None, Some(START + 25 * WORKING_DAY)),
        ),
    ];
    for (name, query) in questions {
        let took = quickest(5, || {
            black_box(index.query(&query));
        });
        let total = index.query(&query).total;
        println!(
            "{{\"what\":\"query\",\"query\":\"{name}\",\"total\":{total},\"us\":{}}}",
            took.as_micros()
        );
    }
}
