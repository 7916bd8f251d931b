//! In which order states are exited and entered, and actions run.

use crate::sketch::{check, check_actions, check_steps};

#[test]
fn a_chart_starts_in_its_first_child() {
    check("state a\nstate b", &[("", "a")]);
}

#[test]
fn a_chart_starts_where_initial_says() {
    check(
        "
initial b2
state a
state b
  state b1
  state b2",
        &[("", "b2")],
    );
}

#[test]
fn a_history_that_comes_first_is_not_the_first_child() {
    check(
        "
state a
  history h
    initial a2
  state a1
  state a2",
        &[("", "a1")],
    );
}

#[test]
fn parents_are_entered_first_and_exited_last() {
    check_steps(
        "
state a
  on go -> c
  state b
    state b1
state c
  state c1",
        &[("", "+a +b +b1"), ("go", "-b1 -b -a +c +c1")],
    );
}

#[test]
fn regions_are_entered_in_document_order_and_exited_in_reverse() {
    check_steps(
        "
parallel p
  on go -> z
  state a
    state a1
  state b
    state b1
state z
  on back -> p",
        &[
            ("", "+p +a +a1 +b +b1"),
            ("go", "-b1 -b -a1 -a -p +z"),
            ("back", "-z +p +a +a1 +b +b1"),
        ],
    );
}

#[test]
fn a_target_brings_its_ancestors_and_their_other_regions() {
    check_steps(
        "
state z
  on go -> b2
parallel p
  state a
    state a1
  state b
    state b1
    state b2",
        &[("", "+z"), ("go", "-z +p +a +a1 +b +b2")],
    );
}

#[test]
fn several_targets_are_entered_together() {
    check_steps(
        "
state z
  on go -> b2 a2
parallel p
  state a
    state a1
    state a2
  state b
    state b1
    state b2",
        &[("", "+z"), ("go", "-z +p +a +a2 +b +b2")],
    );
}

#[test]
fn initial_may_name_a_state_in_each_region() {
    check(
        "
initial x
state x
  initial a2 b2
  parallel p
    state a
      state a1
      state a2
    state b
      state b1
      state b2",
        &[("", "a2 b2")],
    );
}

#[test]
fn an_external_transition_exits_its_source_even_for_a_child() {
    check_steps(
        "
state a
  on go -> a2
  state a1
  state a2",
        &[("", "+a +a1"), ("go", "-a1 -a +a +a2")],
    );
}

#[test]
fn an_internal_transition_keeps_its_source() {
    check_steps(
        "
state a
  internal on go -> a2
  state a1
  state a2",
        &[("", "+a +a1"), ("go", "-a1 +a2"), ("go", "-a2 +a2")],
    );
}

#[test]
fn an_internal_transition_that_leads_outside_is_external() {
    check_steps(
        "
state a
  internal on out -> b
  internal on self -> a
  state a1
state b",
        &[
            ("", "+a +a1"),
            ("self", "-a1 -a +a +a1"),
            ("out", "-a1 -a +b"),
        ],
    );
}

#[test]
fn an_internal_transition_of_a_parallel_state_is_external() {
    check_steps(
        "
parallel p
  internal on go -> a2
  state a
    state a1
    state a2
  state b",
        &[("", "+p +a +a1 +b"), ("go", "-b -a1 -a -p +p +a +a2 +b")],
    );
}

#[test]
fn a_transition_between_regions_exits_the_parallel_state() {
    check_steps(
        "
parallel p
  state a
    state a1
      on go -> b2
    state a2
  state b
    state b1
    state b2",
        &[
            ("", "+p +a +a1 +b +b1"),
            ("go", "-b1 -b -a1 -a -p +p +a +a1 +b +b2"),
        ],
    );
}

#[test]
fn a_transition_from_a_region_to_itself_exits_the_parallel_state() {
    check_steps(
        "
parallel p
  state a
    on go -> a
  state b",
        &[("", "+p +a +b"), ("go", "-b -a -p +p +a +b")],
    );
}

#[test]
fn a_transition_within_a_region_leaves_the_others_alone() {
    check_steps(
        "
parallel p
  state a
    state a1
      on go -> a2
    state a2
  state b
    state b1",
        &[("", "+p +a +a1 +b +b1"), ("go", "-a1 +a2")],
    );
}

#[test]
fn a_transition_without_targets_exits_and_enters_nothing() {
    check_actions(
        "
state a
  exit never
  on go : x
  entry once",
        &[("", "once"), ("go", "x"), ("go", "x")],
    );
    check_steps("state a\n  on go : x", &[("", "+a"), ("go", "")]);
}

#[test]
fn a_transition_of_the_root_holds_everywhere_and_keeps_the_root() {
    check_steps(
        "
on reset -> a
state a
  on go -> b
state b",
        &[
            ("", "+a"),
            ("go", "-a +b"),
            ("reset", "-b +a"),
            ("reset", "-a +a"),
        ],
    );
}

#[test]
fn exits_run_before_transitions_and_transitions_before_entries() {
    check_actions(
        "
state a
  entry a+
  exit a-
  on go -> b : t1 t2
  state a1
    entry a1+
    exit a1- also
state b
  entry b+ then
  begin b:
  state b1
    entry b1+",
        &[("", "a+ a1+"), ("go", "a1- also a- t1 t2 b+ then b: b1+")],
    );
}

#[test]
fn transitions_taken_together_run_in_the_order_of_the_regions() {
    check_actions(
        "
parallel p
  state a
    state a1
      on go -> a2 : a
      exit a1-
    state a2
      entry a2+
  state b
    state b1
      on go -> b2 : b
      exit b1-
    state b2
      entry b2+",
        &[("", ""), ("go", "b1- a1- a b a2+ b2+")],
    );
}

#[test]
fn initial_actions_run_only_when_the_initial_target_is_followed() {
    check_actions(
        "
state z
  on default -> a
  on explicit -> a2
  on history -> h
state a
  begin begin
  on back -> z
  history h
    initial a2
  state a1
  state a2",
        &[
            ("", ""),
            ("explicit", ""),
            ("back", ""),
            ("default", "begin"),
            ("back", ""),
            ("history", ""),
        ],
    );
}

#[test]
fn the_root_runs_its_entry_and_its_initial_actions_first() {
    check_actions(
        "entry root+\nbegin root:\nstate a\n  entry a+",
        &[("", "root+ root: a+")],
    );
}

#[test]
fn an_exit_action_still_sees_its_state_but_no_longer_the_states_below() {
    check_actions(
        "
state a
  exit where
  on go -> b
  state a1
    exit where
state b
  entry where
  state b1",
        &[("", ""), ("go", "(a a1) (a) (b)")],
    );
}
