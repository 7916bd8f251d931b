//! Where a state was last left.

use crate::sketch::{Sketch, check, check_actions, check_steps};

const SHALLOW_AND_DEEP: &str = "
state z
  on shallow -> hs
  on deep -> hd
state a
  on out -> z
  history hs
    initial a1
  deep hd
    initial a1
  state a1
    state a11
    state a12
  state a2
    on in -> a22
    state a21
    state a22
    state a23
      state a231
      state a232
    on deeper -> a232";

#[test]
fn a_history_without_memory_stands_for_its_default() {
    check(SHALLOW_AND_DEEP, &[("", "z"), ("shallow", "a11")]);
    check(SHALLOW_AND_DEEP, &[("", "z"), ("deep", "a11")]);
}

#[test]
fn a_shallow_history_remembers_the_child() {
    let sketch = format!("initial a232{SHALLOW_AND_DEEP}");
    check(&sketch, &[("", "a232"), ("out", "z"), ("shallow", "a21")]);
}

#[test]
fn a_deep_history_remembers_everything() {
    let sketch = format!("initial a232{SHALLOW_AND_DEEP}");
    check(&sketch, &[("", "a232"), ("out", "z"), ("deep", "a232")]);
}

#[test]
fn a_history_remembers_the_last_time() {
    let sketch = format!("initial a232{SHALLOW_AND_DEEP}");
    check(
        &sketch,
        &[
            ("", "a232"),
            ("out", "z"),
            ("deep", "a232"),
            ("in", "a22"),
            ("out", "z"),
            ("deep", "a22"),
        ],
    );
}

#[test]
fn a_deep_history_remembers_every_region() {
    check(
        "
state z
  on back -> h
parallel p
  on out -> z
  deep h
    initial a
  state a
    state a1
      on go -> a2
    state a2
  state b
    state b1
      on go -> b2
    state b2
      state b21
        on go -> b22
      state b22",
        &[
            ("", "z"),
            ("back", "a1 b1"),
            ("go", "a2 b21"),
            ("go", "a2 b22"),
            ("out", "z"),
            ("back", "a2 b22"),
        ],
    );
}

#[test]
fn a_shallow_history_of_a_parallel_state_starts_its_regions_anew() {
    check(
        "
state z
  on back -> h
parallel p
  on out -> z
  history h
    initial a
  state a
    state a1
      on go -> a2
    state a2
  state b
    state b1
    state b2",
        &[
            ("", "z"),
            ("back", "a1 b1"),
            ("go", "a2 b1"),
            ("out", "z"),
            ("back", "a1 b1"),
        ],
    );
}

#[test]
fn a_default_may_lie_deeper_than_a_shallow_history_remembers() {
    check(
        "
state z
  on back -> h
state a
  history h
    initial a12
  state a1
    state a11
    state a12",
        &[("", "z"), ("back", "a12")],
    );
}

#[test]
fn a_default_is_a_list_or_a_transition() {
    let chart = |default: &str| {
        format!(
            "state z\n  on back -> h\nstate a\n  history h\n    {default}\n  state a1\n  state a2"
        )
    };
    check(&chart("initial a2"), &[("", "z"), ("back", "a2")]);
    check(&chart("always -> a2"), &[("", "z"), ("back", "a2")]);
}

#[test]
fn default_actions_run_after_the_parent_entered_and_only_without_memory() {
    check_actions(
        "
state z
  on back -> h
state a
  entry a+
  on out -> z
  history h
    always -> a2 : default
  state a1
  state a2
    entry a2+",
        &[
            ("", ""),
            ("back", "a+ default a2+"),
            ("out", ""),
            ("back", "a+ a2+"),
        ],
    );
}

#[test]
fn a_state_may_begin_with_its_own_history() {
    check_actions(
        "
state z
  on go -> a
state a
  entry a+
  initial h
  begin begin
  on out -> z
  on two -> a2
  history h
    always -> a1 : default
  state a1
    entry a1+
  state a2
    entry a2+",
        &[
            ("", ""),
            ("go", "a+ begin default a1+"),
            ("two", "a+ a2+"),
            ("out", ""),
            ("go", "a+ begin a2+"),
        ],
    );
}

#[test]
fn a_state_left_for_its_own_history_comes_back_as_it_was() {
    check_steps(
        "
initial a2
state a
  on again -> h
  history h
    initial a1
  state a1
  state a2",
        &[("", "+a +a2"), ("again", "-a2 -a +a +a2")],
    );
}

#[test]
fn a_transition_inside_to_the_history_exits_only_what_it_must() {
    check_steps(
        "
initial z
state z
  on back -> h
state p
  on out -> z
  deep h
    initial a2
  state a
    state a1
      on h -> h
    state a2
      on one -> a1",
        &[
            ("", "+z"),
            ("back", "-z +p +a +a2"),
            ("out", "-a2 -a -p +z"),
            ("back", "-z +p +a +a2"),
            ("one", "-a2 +a1"),
            // What is remembered, a2, lies in the same region; neither p nor a is exited.
            ("h", "-a1 +a2"),
        ],
    );
}

#[test]
fn a_default_in_one_region_leaves_the_other_regions_alone() {
    check_steps(
        "
state p
  deep h
    initial a2
  parallel q
    state a
      state a1
        on h -> h
      state a2
    state b
      entry !go
      state b1
        on go -> b2
      state b2",
        // The way from p to the default a2 passes q and b, which stay as they are.
        &[("", "+p +q +a +a1 +b +b1 | -b1 +b2"), ("h", "-a1 +a2")],
    );
}

#[test]
fn a_default_in_one_region_runs_no_initial_actions_in_another() {
    check_actions(
        "
initial a1 b1
state p
  deep h
    initial a2
  parallel q
    state a
      state a1
        on go -> h
      state a2
    state b
      initial x
      state b1
        on go -> x2
      state x
        initial hx
        begin begin
        history hx
          always -> x1 : default
        state x1
        state x2
          entry x2+",
        // The way from p to the default a2 passes b, which would begin in x. But b stays, and x is
        // entered for its child.
        &[("", ""), ("go", "x2+")],
    );
}

#[test]
fn a_parallel_state_of_one_region_is_entered_again_through_its_history() {
    check_steps(
        "
parallel p
  deep h
    initial a
  state a
    state a1
      on h -> h
    state a2",
        &[("", "+p +a +a1"), ("h", "-a1 -a -p +p +a +a1")],
    );
}

#[test]
fn nothing_is_remembered_while_the_parent_stays() {
    let sketch = Sketch::new(SHALLOW_AND_DEEP);
    let inside = sketch.run(&["deep"]);
    assert_eq!(inside.memories(&sketch.chart).count(), 0);
    let outside = sketch.run(&["deep", "out"]);
    let names: Vec<_> = outside
        .memories(&sketch.chart)
        .map(|(history, states)| {
            let states: Vec<_> = states.into_iter().map(|it| sketch.chart.name(it)).collect();
            (sketch.chart.name(history), states.join(" "))
        })
        .collect();
    assert_eq!(names, [("hs", "a1".to_owned()), ("hd", "a11".to_owned())]);
}
