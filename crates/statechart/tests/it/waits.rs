//! Waits that begin and end with their state.

use groundbreak_statechart::{DelayId, Event};

use crate::sketch::{Sketch, check};

const CHART: &str = "
state a
  after 1 if no -> c
  after 1 -> b
  on again -> a
  on inside -> a2
  state a1
    after 2 -> c
  state a2
  internal on keep -> a1
state b
  on back -> a
state c";

#[test]
fn the_end_of_a_wait_is_taken_by_its_own_transition() {
    check(CHART, &[("", "a1"), ("@2", "c")]);
    check(CHART, &[("", "a1"), ("@1", "b")]);
}

#[test]
fn the_end_of_a_wait_whose_state_was_left_does_nothing() {
    check(CHART, &[("", "a1"), ("@1", "b"), ("@2", "b"), ("@1", "b")]);
}

#[test]
fn a_star_does_not_stand_for_the_end_of_a_wait() {
    check(
        "state a\n  on * -> b\nstate b",
        &[("", "a"), ("@1", "a"), ("x", "b")],
    );
}

fn armed(sketch: &Sketch, events: &[&str]) -> Vec<(String, u32)> {
    let configuration = sketch.run(events);
    let armed = sketch.chart.armed(&configuration);
    armed
        .map(|(state, _, delay)| (sketch.chart.name(state).to_owned(), delay.0))
        .collect()
}

#[test]
fn a_wait_runs_while_its_state_is_active() {
    let sketch = Sketch::new(CHART);
    let row = |state: &str, delay: u32| (state.to_owned(), delay);
    assert_eq!(
        armed(&sketch, &[]),
        [row("a", 1), row("a", 1), row("a1", 2)]
    );
    assert_eq!(armed(&sketch, &["inside"]), [row("a", 1), row("a", 1)]);
    assert_eq!(armed(&sketch, &["@1"]), []);
}

/// Checks which waits the last event ends and begins.
fn check_changes(events: &[&str], last: &str, disarmed: &[u32], armed: &[u32]) {
    let sketch = Sketch::new(CHART);
    let before = sketch.run(events);
    let (_, step) = sketch
        .chart
        .step(&before, Event::Named(last), &mut sketch.host())
        .unwrap();
    let numbers = |delays: Vec<DelayId>| delays.into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(numbers(step.disarmed(&sketch.chart)), disarmed, "{last}");
    assert_eq!(numbers(step.armed(&sketch.chart)), armed, "{last}");
}

#[test]
fn a_state_that_is_entered_again_begins_its_wait_anew() {
    check_changes(&[], "again", &[1, 2], &[1, 2]);
    check_changes(&[], "inside", &[1, 2], &[1]);
    check_changes(&[], "keep", &[2], &[2]);
}

#[test]
fn a_step_that_does_nothing_changes_no_wait() {
    check_changes(&[], "nothing", &[], &[]);
}

#[test]
fn a_wait_that_begins_and_ends_within_a_step_never_ran() {
    let sketch =
        Sketch::new("state a\n  on go -> b\nstate b\n  after 1 -> a\n  always -> c\nstate c");
    let before = sketch.run(&[]);
    let (_, step) = sketch
        .chart
        .step(&before, Event::Named("go"), &mut sketch.host())
        .unwrap();
    assert_eq!(step.disarmed(&sketch.chart), []);
    assert_eq!(step.armed(&sketch.chart), []);
}
