//! Which of several enabled transitions are taken.

use crate::sketch::{check, check_steps};

#[test]
fn the_first_in_document_order_wins() {
    check(
        "state a\n  on go -> b\n  on go -> c\nstate b\nstate c",
        &[("", "a"), ("go", "b")],
    );
}

#[test]
fn a_guard_that_does_not_hold_passes_the_turn() {
    check(
        "
state a
  on go if no -> b
  on go if yes -> c
state b
state c",
        &[("", "a"), ("go", "c")],
    );
}

#[test]
fn the_inner_state_wins_over_the_outer() {
    check(
        "
state a
  on go -> b
  state a1
    on go -> c
state b
state c",
        &[("", "a1"), ("go", "c")],
    );
}

#[test]
fn the_outer_state_has_its_turn_when_the_inner_guard_does_not_hold() {
    check(
        "
state a
  on go -> b
  state a1
    on go if no -> c
state b
state c",
        &[("", "a1"), ("go", "b")],
    );
}

#[test]
fn regions_react_together() {
    check(
        "
parallel p
  state a
    state a1
      on go -> a2
    state a2
  state b
    state b1
      on go -> b2
    state b2",
        &[("", "a1 b1"), ("go", "a2 b2")],
    );
}

#[test]
fn the_earlier_region_wins_when_both_leave() {
    check(
        "
parallel p
  state a
    on go -> x
  state b
    on go -> y
state x
state y",
        &[("", "a b"), ("go", "x")],
    );
}

#[test]
fn an_earlier_inner_transition_preempts_a_later_one_that_leaves() {
    check(
        "
parallel p
  state a
    state a1
      on go -> a2
    state a2
  state b
    on go -> y
state y",
        &[("", "a1 b"), ("go", "a2 b")],
    );
}

#[test]
fn an_earlier_transition_that_leaves_preempts_the_later_inner_ones() {
    check(
        "
parallel p
  state a
    on go -> y
  state b
    state b1
      on go -> b2
    state b2
state y",
        &[("", "a b1"), ("go", "y")],
    );
}

#[test]
fn a_descendant_preempts_the_ancestor_that_an_earlier_region_chose() {
    check_steps(
        "
parallel p
  on go -> y
  state a
  state b
    state b1
      on go -> b2
    state b2
state y",
        &[("", "+p +a +b +b1"), ("go", "-b1 +b2")],
    );
}

#[test]
fn one_descendant_frees_the_way_for_the_next_region() {
    check(
        "
parallel p
  on go -> y
  state a
  state b
    state b1
      on go -> b2
    state b2
  state c
    state c1
      on go -> c2
    state c2
state y",
        &[("", "a b1 c1"), ("go", "a b2 c2")],
    );
}

#[test]
fn a_transition_without_targets_preempts_nothing_across_regions() {
    check_steps(
        "
parallel p
  state a
    on go : x
  state b
    state b1
      on go -> b2
    state b2",
        &[("", "+p +a +b +b1"), ("go", "-b1 +b2")],
    );
}

#[test]
fn a_transition_without_targets_hides_the_outer_one() {
    check(
        "
state a
  on go -> b
  state a1
    on go : x
state b",
        &[("", "a1"), ("go", "a1")],
    );
}

#[test]
fn a_transition_that_two_regions_choose_is_taken_once() {
    check_steps(
        "
parallel p
  on go -> y
  state a
  state b
state y",
        &[("", "+p +a +b"), ("go", "-b -a -p +y")],
    );
}

#[test]
fn a_guard_can_ask_for_the_state_of_another_region() {
    check(
        "
parallel p
  state a
    state a1
      on go -> a2
    state a2
  state b
    state b1
      on go if in:a2 -> b2
    state b2",
        &[("", "a1 b1"), ("go", "a2 b1"), ("go", "a2 b2")],
    );
}
