//! The standard case: what one case of a service centre goes through, as small as it can be.
//!
//! It is registered and accepted, which begins a wait of five hours; two departments say yes, each
//! in its own time; it is decided, signed and closed, which ends the wait. The benchmark and the
//! count of allocations run it; `benches/xstate.mjs` holds the same chart for XState.

use groundbreak_statechart::{
    ActionId, Chart, DelayId, StateKind, StateSpec, TransitionSpec, Trigger,
};

/// What is sent, after the start, until the case is closed: one macrostep each.
pub(crate) const EVENTS: [&str; 8] = [
    "register",
    "accept",
    "assign",
    "legal_ok",
    "technical_ok",
    "decide",
    "sign",
    "close",
];

fn atomic(name: &str, event: &str, target: &str) -> StateSpec {
    StateSpec::new(name, StateKind::Atomic).with_transition(on(event, target))
}

fn on(event: &str, target: &str) -> TransitionSpec {
    TransitionSpec::new(Trigger::Event(vec![event.into()]), vec![target.into()])
}

/// A department that has not answered yet, and one that has.
fn opinion(name: &str) -> StateSpec {
    let (open, done) = (format!("{name}_open"), format!("{name}_done"));
    StateSpec::new(name, StateKind::Compound).with_children(vec![
        atomic(&open, &format!("{name}_ok"), &done),
        StateSpec::new(done, StateKind::Final),
    ])
}

/// Returns the chart.
pub(crate) fn chart() -> Chart {
    let review = StateSpec::new("review", StateKind::Parallel)
        .with_children(vec![opinion("legal"), opinion("technical")])
        .with_transition(on("done.state.review", "reviewed"));
    let mut overdue = TransitionSpec::new(Trigger::After(DelayId(1)), Vec::new());
    overdue.actions = vec![ActionId(1)];
    let in_hand = StateSpec::new("in_hand", StateKind::Compound)
        .with_children(vec![
            atomic("accepted", "assign", "review"),
            review,
            atomic("reviewed", "decide", "decided"),
            atomic("decided", "sign", "signed"),
            atomic("signed", "close", "closed"),
        ])
        .with_transition(overdue);
    let root = StateSpec::new("case", StateKind::Compound).with_children(vec![
        atomic("draft", "register", "registered"),
        atomic("registered", "accept", "in_hand"),
        in_hand,
        StateSpec::new("closed", StateKind::Final),
    ]);
    Chart::compile(root).unwrap()
}
