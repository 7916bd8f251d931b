//! When states, and the chart, are done.

use groundbreak_statechart::{Configuration, StepError, Stepper};

use crate::sketch::{Sketch, check, check_actions, check_steps, error_of};

#[test]
fn a_compound_state_is_done_when_its_final_child_is_entered() {
    check(
        "
state a
  on done.state.a -> b
  state a1
    on go -> end
  final end
state b",
        &[("", "a1"), ("go", "b")],
    );
}

#[test]
fn a_parallel_state_is_done_when_all_its_regions_are() {
    check(
        "
parallel p
  on done.state.p -> z
  state a
    state a1
      on a -> ax
    final ax
  state b
    state b1
      on b -> bx
    final bx
state z",
        &[("", "a1 b1"), ("b", "a1 bx"), ("a", "z")],
    );
}

#[test]
fn the_region_is_done_before_the_parallel_state() {
    check_actions(
        "
parallel p
  on done.state.* : event
  state a
    final ax
  state b
    final bx",
        &[("", "done.state.a done.state.b done.state.p")],
    );
}

#[test]
fn a_parallel_state_with_a_region_that_has_no_end_is_never_done() {
    check(
        "
parallel p
  on done.state.p -> z
  state a
    final ax
  state b
state z",
        &[("", "ax b")],
    );
}

#[test]
fn a_parallel_state_around_a_parallel_state_is_done_whichever_ends_last() {
    let chart = "
parallel outer
  on done.state.outer -> z
  parallel inner
    state a
      state a1
        on a -> ax
      final ax
    state b
      state b1
        on b -> bx
      final bx
  state c
    state c1
      on c -> cx
    final cx
state z";
    check(
        chart,
        &[
            ("", "a1 b1 c1"),
            ("a", "ax b1 c1"),
            ("b", "ax bx c1"),
            ("c", "z"),
        ],
    );
    check(
        chart,
        &[
            ("", "a1 b1 c1"),
            ("c", "a1 b1 cx"),
            ("a", "ax b1 cx"),
            ("b", "z"),
        ],
    );
}

#[test]
fn an_end_below_a_region_does_not_end_the_region() {
    check(
        "
parallel p
  on done.state.p -> z
  state a
    state a1
      final a1x
  state b
    final bx
state z",
        &[("", "a1x bx")],
    );
}

#[test]
fn the_chart_is_done_when_a_final_child_of_the_root_is_entered() {
    let chart = "state a\n  on go -> end\nfinal end";
    let sketch = Sketch::new(chart);
    assert!(!sketch.run(&[]).is_done(&sketch.chart));
    let after = sketch.run(&["go"]);
    assert!(after.is_done(&sketch.chart));
    assert_eq!(after.end(&sketch.chart), sketch.chart.state("end"));
}

#[test]
fn nothing_happens_any_more_when_the_chart_is_done() {
    check_steps(
        "
on go -> a
state a
  on end -> end : !go
final end",
        &[("", "+a"), ("end", "-a +end"), ("go", "")],
    );
}

#[test]
fn a_final_state_further_down_does_not_end_the_chart() {
    check(
        "
on go -> b
state a
  final ax
state b",
        &[("", "ax"), ("go", "b")],
    );
}

#[test]
fn the_end_and_the_root_are_left_at_once() {
    check_actions(
        "
exit root-
state a
  on go -> end
final end
  entry end+
  exit end-",
        &[("", ""), ("go", "end+ end- root-"), ("go", "")],
    );
}

#[test]
fn a_chart_can_end_as_it_starts() {
    check(
        "state a\n  always -> end\nfinal end",
        &[("", "end"), ("go", "end")],
    );
}

#[test]
fn a_done_event_carries_what_the_host_says_of_the_final_state() {
    check_actions(
        "
state a
  on done.state.a : event data
  state b
    on go -> end
  final end
state z",
        &[("", ""), ("go", "done.state.a Some(3)")],
    );
}

#[test]
fn only_the_parent_of_the_final_state_gets_its_data() {
    check_actions(
        "
parallel p
  on done.state.* : event data
  state a
    final ax
  state b
    final bx",
        &[(
            "",
            "done.state.a Some(3) done.state.b Some(5) done.state.p None",
        )],
    );
}

#[test]
fn what_the_host_raises_for_the_data_comes_before_the_done_event() {
    check_actions(
        "
state a
  on before done.state.a : event data
  final early",
        &[("", "before None done.state.a None")],
    );
}

#[test]
fn data_that_cannot_be_worked_out_end_the_step() {
    let error = error_of(
        "state a\n  state b\n    on go -> fails\n  final fails",
        &[],
        "go",
    );
    assert!(matches!(error, StepError::DoneData { state, .. } if state == "fails"));
}

/// Ends a chart from outside, and returns what it ran.
fn stop(sketch: &Sketch, configuration: &mut Configuration) -> String {
    let mut host = sketch.host();
    let mut stepper = Stepper::default();
    stepper
        .stop(&sketch.chart, configuration, &mut host)
        .unwrap();
    host.notes.join(" ")
}

#[test]
fn a_chart_that_is_ended_from_outside_leaves_its_states_innermost_first() {
    let sketch = Sketch::new(
        "
exit root-
parallel p
  exit p- where
  state a
    exit a-
    state a1
      exit a1-
  state b
    exit b- !again
    on again -> a1
final end",
    );
    let mut configuration = sketch.run(&[]);
    assert_eq!(stop(&sketch, &mut configuration), "b- a1- a- p- (p) root-");
    assert_eq!(configuration.active().count(), 0);
}

#[test]
fn a_chart_that_is_done_has_nothing_left_to_leave() {
    let sketch = Sketch::new("exit root-\nstate a\n  on go -> end\nfinal end\n  exit end-");
    let mut configuration = sketch.run(&["go"]);
    assert_eq!(stop(&sketch, &mut configuration), "");
    assert!(configuration.is_done(&sketch.chart));
}

#[test]
fn an_exit_that_fails_leaves_the_chart_as_it_was() {
    let sketch = Sketch::new("state a\n  exit fails\n  state b\n    exit b-");
    let mut configuration = sketch.run(&[]);
    let before = configuration.clone();
    let stopped = Stepper::default().stop(&sketch.chart, &mut configuration, &mut sketch.host());
    assert!(matches!(stopped, Err(StepError::Action { .. })));
    assert_eq!(configuration, before);
}
