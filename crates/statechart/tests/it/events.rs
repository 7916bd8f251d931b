//! Named, raised and eventless: what is taken when.

use groundbreak_statechart::{Cause, Event, StepError};

use crate::sketch::{Sketch, check, check_actions, check_steps, error_of};

#[test]
fn an_event_that_nothing_waits_for_does_nothing() {
    check_steps(
        "state a\n  on go -> b\nstate b",
        &[("", "+a"), ("other", "")],
    );
}

#[test]
fn one_transition_can_wait_for_several_events() {
    check(
        "state a\n  on x y -> b\nstate b\n  on x y -> a",
        &[("", "a"), ("y", "b"), ("x", "a")],
    );
}

#[test]
fn eventless_transitions_are_taken_at_once() {
    check_steps(
        "state a\n  always -> b\nstate b\n  on go -> c\nstate c\n  always -> a",
        &[("", "+a | -a +b"), ("go", "-b +c | -c +a | -a +b")],
    );
}

#[test]
fn eventless_comes_before_raised_and_raised_before_the_next_event() {
    check_steps(
        "
state a
  on go -> b : !r
state b
  on r -> wrong
  always -> c
state c
  on r -> d
state d
  on go -> e
state wrong
state e",
        &[("", "+a"), ("go", "-a +b | -b +c | -c +d"), ("go", "-d +e")],
    );
}

#[test]
fn raised_events_are_taken_in_the_order_they_were_raised() {
    check(
        "
state a
  exit !one
  on go -> b : !two
state b
  entry !three
  on one -> c
  on two three -> wrong
state c
  on two -> d
  on three -> wrong
state d
  on three -> e
state e
state wrong",
        &[("", "a"), ("go", "e")],
    );
}

#[test]
fn a_raised_event_that_nothing_waits_for_is_gone() {
    check(
        "
state a
  on go -> b : !r
state b
  on next -> c
state c
  on r -> wrong
state wrong",
        &[("", "a"), ("go", "b"), ("next", "c")],
    );
}

#[test]
fn an_eventless_transition_waits_for_its_guard() {
    check(
        "
parallel p
  state a
    state a1
      on go -> a2
    state a2
  state b
    state b1
      always if in:a2 -> b2
    state b2",
        &[("", "a1 b1"), ("go", "a2 b2")],
    );
}

#[test]
fn actions_see_the_event_being_taken() {
    check_actions(
        "
state a
  entry event
  on go -> b : event !r
state b
  always -> c : event
state c
  on r -> d : event
state d
  state d1
    always -> e
  final e
    entry event
  on done.state.d : event",
        &[("", "-"), ("go", "go go r r done.state.d")],
    );
}

#[test]
fn each_microstep_tells_what_caused_it() {
    let sketch = Sketch::new(
        "
state a
  on go -> b : !r
state b
  always -> c
state c
  on r -> d
state d
  final f
  on done.state.d -> e
state e",
    );
    let before = sketch.run(&[]);
    let external = Event::Named("go");
    let (_, step) = sketch
        .chart
        .step(&before, external, &mut sketch.host())
        .unwrap();
    let names: Vec<_> = step
        .microsteps
        .iter()
        .map(|it| it.event_name(&sketch.chart, external))
        .collect();
    assert_eq!(names, [Some("go"), None, Some("r"), Some("done.state.d")]);
    assert_eq!(step.microsteps[0].cause, Cause::External);
    assert_eq!(step.microsteps[1].cause, Cause::Eventless);
    assert_eq!(step.microsteps[2].cause, Cause::Raised("r".into()));
    assert_eq!(
        step.microsteps[3].cause,
        Cause::Done(sketch.chart.state("d").unwrap())
    );
}

#[test]
fn a_guard_that_cannot_be_answered_ends_the_step() {
    let err = error_of("state a\n  on go if fails -> b\nstate b", &[], "go");
    assert!(matches!(err, StepError::Guard { state, .. } if state == "a"));
}

#[test]
fn an_action_that_cannot_be_carried_out_undoes_the_step() {
    let chart = "state a\n  on go -> b\nstate b\n  always -> c : fails\nstate c";
    assert!(matches!(
        error_of(chart, &[], "go"),
        StepError::Action { .. }
    ));
}

#[test]
fn a_chart_that_never_comes_to_rest_is_an_error() {
    let err = error_of(
        "state a\n  on go -> b\nstate b\n  always -> c\nstate c\n  always -> b",
        &[],
        "go",
    );
    assert!(matches!(err, StepError::Livelock { states } if states.len() == 1));
}

#[test]
fn events_that_raise_each_other_for_ever_are_an_error() {
    let err = error_of("state a\n  on ping : !ping\n", &[], "ping");
    assert_eq!(
        err,
        StepError::Livelock {
            states: vec!["a".into()]
        }
    );
}
