//! What cannot be a chart.

use groundbreak_statechart::{Chart, StateKind, StateSpec};

use crate::sketch::parse;

/// Checks that these, and no others, are the faults of a chart.
fn check(text: &str, expected: &[&str]) {
    let faults = Chart::compile(parse(text).0).err().unwrap_or_default();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, expected, "{text}");
}

#[test]
fn a_sound_chart_has_no_fault() {
    check("state a\n  on go -> b\nstate b", &[]);
}

#[test]
fn all_faults_are_reported_at_once() {
    check(
        "state a\n  on go -> nowhere\nstate a\n  initial x",
        &[
            "two states are called `a`",
            "a transition of `a` has the target `nowhere`, which does not exist",
            "state `a` is of a kind that has no initial target",
        ],
    );
}

#[test]
fn names_are_unique_and_without_white_space() {
    check("state case", &["two states are called `case`"]);
    check("state a b", &["`a b` cannot be the name of a state"]);
    check("state 受理", &[]);
    let long = "x".repeat(256);
    check(
        &format!("state {long}"),
        &[&format!("`{}` cannot be the name of a state", &long[..40])],
    );
    check(&format!("state {}", &long[..255]), &[]);
}

#[test]
fn the_root_is_compound() {
    for kind in [StateKind::Atomic, StateKind::Final] {
        let faults = Chart::compile(StateSpec::new("case", kind)).unwrap_err();
        assert_eq!(
            faults[0].to_string(),
            "the root `case` is not a compound state"
        );
    }
    check("", &["state `case` has no child to be in"]);
}

#[test]
fn a_parallel_state_has_children() {
    check("parallel p", &["state `p` has no child to be in"]);
    let only_history = "state z\nparallel p\n  history h\n    initial z";
    check(
        only_history,
        &[
            "state `p` has no child to be in",
            "history `h` has the default `z` outside its parent",
        ],
    );
}

#[test]
fn some_kinds_have_no_children() {
    check(
        "final a\n  state b",
        &["state `a` is of a kind that has no children"],
    );
    let history = "state a\n  state c\n  history h\n    initial c\n    state b";
    check(history, &["state `h` is of a kind that has no children"]);
}

#[test]
fn a_final_state_has_no_transitions() {
    check(
        "final a\n  on go -> a",
        &["final state `a` has transitions"],
    );
}

#[test]
fn a_final_state_is_no_region() {
    check(
        "parallel p\n  final a",
        &["final state `a` is a direct child of the parallel state `p`"],
    );
}

#[test]
fn initial_targets_lie_inside() {
    check(
        "state a\n  initial b\n  state a1\nstate b",
        &["the initial target `b` lies outside `a`"],
    );
    check(
        "state a\n  initial a\n  state a1",
        &["the initial target `a` lies outside `a`"],
    );
    check(
        "state a\n  initial x\n  state a1",
        &["the initial target `x` of `a` does not exist"],
    );
    check(
        "parallel p\n  initial a\n  state a",
        &["state `p` is of a kind that has no initial target"],
    );
}

#[test]
fn the_root_is_no_target() {
    check(
        "state a\n  on go -> case",
        &["a transition of `a` has the root as its target"],
    );
}

#[test]
fn targets_can_be_active_together() {
    let chart = |targets: &str| {
        format!(
            "
state z
  on go -> {targets}
parallel p
  history h
    initial a
  state a
    history ha
      initial a1
    state a1
    state a2
  state b
    state b1
    state b2"
        )
    };
    let clash = |first: &str, second: &str| {
        format!("the targets `{first}` and `{second}` of `z` cannot be active together")
    };
    check(&chart("a1 b1"), &[]);
    check(&chart("a b"), &[]);
    check(&chart("ha b1"), &[]);
    check(&chart("a1 a2"), &[&clash("a1", "a2")]);
    check(&chart("a a1"), &[&clash("a", "a1")]);
    check(&chart("a1 a1"), &[&clash("a1", "a1")]);
    check(&chart("p z"), &[&clash("p", "z")]);
    check(&chart("ha a1"), &[&clash("ha", "a1")]);
    check(&chart("h b1"), &[&clash("h", "b1")]);
}

#[test]
fn a_history_belongs_to_a_state_that_is_left() {
    check(
        "history h\n  initial a\nstate a",
        &["history `h` belongs to the root, which is never left"],
    );
}

#[test]
fn a_history_has_one_default_without_conditions() {
    let check_default = |default: &str, expected: &[&str]| {
        check(
            &format!("state a\n  history h\n{default}\n  history i\n    initial a1\n  state a1"),
            expected,
        );
    };
    check_default("    always -> a1", &[]);
    check_default(
        "",
        &["history `h` does not say what it stands for at first"],
    );
    check_default(
        "    always",
        &["history `h` does not say what it stands for at first"],
    );
    check_default(
        "    initial a1\n    always -> a1",
        &["history `h` says more than once what it stands for at first"],
    );
    check_default(
        "    on go -> a1",
        &["history `h` has a transition with a trigger or a guard"],
    );
    check_default(
        "    always if yes -> a1",
        &["history `h` has a transition with a trigger or a guard"],
    );
    check_default(
        "    initial i",
        &["history `h` has the default `i`, a history of the same parent"],
    );
    check_default(
        "    initial a1\n    entry x",
        &["history `h` has actions on entry or exit"],
    );
    check_default(
        "    initial x",
        &["the initial target `x` of `h` does not exist"],
    );
}

#[test]
fn a_trigger_names_an_event() {
    check(
        "state a\n  on -> a",
        &["a transition of `a` waits for an event and names none"],
    );
    check(
        "state a\n  on a*b -> a",
        &["a transition of `a` has the event descriptor `a*b`"],
    );
}

#[test]
fn a_delay_belongs_to_one_state() {
    check(
        "state a\n  after 1 if yes -> b\n  after 1 -> a\nstate b",
        &[],
    );
    check(
        "state a\n  after 1 -> b\nstate b\n  after 1 -> a",
        &["the states `a` and `b` share a delay"],
    );
}
