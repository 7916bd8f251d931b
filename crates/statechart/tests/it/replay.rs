//! Storing configurations and steps, and reading them again.

use groundbreak_statechart::{Configuration, ConfigurationError, ReplayError, StateId};

use crate::sketch::Sketch;

const CHART: &str = "
state z
  on back -> h
parallel p
  on out -> z
  history h
    initial a
  deep d
    initial a
  state a
    history ha
      initial a1
    state a1
    state a2
  state b
    state b1
    state b2";

fn ids(sketch: &Sketch, names: &[&str]) -> Vec<StateId> {
    names
        .iter()
        .map(|name| sketch.chart.state(name).unwrap())
        .collect()
}

fn names(sketch: &Sketch, configuration: &Configuration) -> String {
    configuration
        .names(&sketch.chart)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_step_by_names_is_replayed_with_what_is_remembered() {
    let sketch = Sketch::new(CHART);
    let start = Configuration::unstarted(&sketch.chart);
    let z = start
        .replay(&sketch.chart, &[], &ids(&sketch, &["z"]))
        .unwrap();
    let entered = ids(&sketch, &["p", "a", "a2", "b", "b1"]);
    let p = z
        .replay(&sketch.chart, &ids(&sketch, &["z"]), &entered)
        .unwrap();
    assert_eq!(names(&sketch, &p), "p a a2 b b1");
    let back = p
        .replay(&sketch.chart, &entered, &ids(&sketch, &["z"]))
        .unwrap();
    let remembered = |history: &str| {
        let history = sketch.chart.state(history).unwrap();
        let states = back.remembered(&sketch.chart, history);
        states
            .map(|it| sketch.chart.name(it))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(remembered("h"), "a b");
    assert_eq!(remembered("d"), "a2 b1");
    assert_eq!(remembered("ha"), "a2");
}

#[test]
fn a_step_that_does_not_fit_is_refused() {
    let sketch = Sketch::new(CHART);
    let z = sketch.run(&[]);
    let check = |exited: &[&str], entered: &[&str], expected: &str| {
        let (exited, entered) = (ids(&sketch, exited), ids(&sketch, entered));
        let err = z.replay(&sketch.chart, &exited, &entered).unwrap_err();
        assert_eq!(err.to_string(), expected);
    };
    check(&["a1"], &["p"], "the step exits `a1`, which is not active");
    check(
        &["z", "z"],
        &["z"],
        "the step exits `z`, which is not active",
    );
    check(&[], &["z"], "the step enters `z`, which is active");
    check(
        &["z"],
        &["p", "a", "a1"],
        "the step leaves `p` without the right children or parent",
    );
    check(
        &["z"],
        &["a1"],
        "the step leaves `case` without the right children or parent",
    );
    check(
        &["z"],
        &[],
        "the step leaves `case` without the right children or parent",
    );
    check(
        &["case"],
        &[],
        "the step leaves `case` without the right children or parent",
    );
    check(
        &[],
        &["h"],
        "the step leaves `h` without the right children or parent",
    );
}

#[test]
fn a_step_of_another_chart_is_refused() {
    let sketch = Sketch::new("state a");
    let larger = Sketch::new(CHART);
    let a = sketch.run(&[]);
    let foreign = ids(&larger, &["b2"]);
    let err = a.replay(&sketch.chart, &foreign, &[]).unwrap_err();
    assert_eq!(err, ReplayError::UnknownState { index: 11 });
    assert_eq!(
        a.replay(&larger.chart, &[], &[]),
        Err(ReplayError::OtherChart)
    );
}

#[test]
fn the_leaves_are_enough_to_name_a_configuration() {
    let sketch = Sketch::new(CHART);
    let all = Configuration::from_names(&sketch.chart, &["p", "a", "a2", "b", "b1"], &[]).unwrap();
    assert_eq!(
        Configuration::from_names(&sketch.chart, &["b1", "a2"], &[]),
        Ok(all)
    );
}

#[test]
fn what_cannot_be_active_together_is_refused() {
    let sketch = Sketch::new(CHART);
    let check = |active: &[&str], state: &str| {
        let err = Configuration::from_names(&sketch.chart, active, &[]).unwrap_err();
        assert_eq!(
            err,
            ConfigurationError::Illegal {
                state: state.to_owned()
            }
        );
    };
    check(&[], "case");
    check(&["z", "a1", "b1"], "case");
    check(&["a1"], "p");
    check(&["a1", "a2", "b1"], "a");
    check(&["a", "b1"], "a");
    check(&["z", "h"], "case");
}

#[test]
fn names_that_do_not_exist_are_refused() {
    let sketch = Sketch::new(CHART);
    let chart = &sketch.chart;
    let state = Configuration::from_names(chart, &["x"], &[]).unwrap_err();
    assert_eq!(state, ConfigurationError::UnknownState { name: "x".into() });
    let remembered = Configuration::from_names(chart, &["z"], &[("h", vec!["x"])]).unwrap_err();
    assert_eq!(
        remembered,
        ConfigurationError::UnknownState { name: "x".into() }
    );
    for name in ["x", "a"] {
        let history = Configuration::from_names(chart, &["z"], &[(name, vec!["a"])]).unwrap_err();
        assert_eq!(
            history,
            ConfigurationError::UnknownHistory { name: name.into() }
        );
    }
}

#[test]
fn what_a_history_cannot_remember_is_refused() {
    let sketch = Sketch::new(CHART);
    let check = |history: &str, states: &[&str], fits: bool| {
        let history = [(history, states.to_vec())];
        let read = Configuration::from_names(&sketch.chart, &["z"], &history);
        assert_eq!(read.is_ok(), fits, "{history:?}");
    };
    check("h", &["a", "b"], true);
    check("h", &["a"], false);
    check("h", &["a1", "b"], false);
    check("d", &["a2", "b1"], true);
    check("d", &["a2"], false);
    check("d", &["a1", "a2", "b1"], false);
    check("d", &["a", "b1"], false);
    check("d", &["z"], false);
    check("ha", &["a1"], true);
    check("ha", &["a1", "a2"], false);
    check("ha", &[], false);
}

#[test]
fn candidates_are_asked_from_the_inside_out_and_once() {
    let sketch = Sketch::new(
        "
on root -> z
parallel p
  on p -> z
  state a
    on a -> z
    state a1
      on a1 -> z
      always if no -> z
  state b
    on b -> z
state z
  on z -> z",
    );
    let configuration = sketch.run(&[]);
    let order: Vec<&str> = sketch
        .chart
        .candidates(&configuration)
        .map(|id| {
            sketch
                .chart
                .name(sketch.chart.transition(id).unwrap().source)
        })
        .collect();
    assert_eq!(order, ["a1", "a1", "a", "p", "case", "b"]);
}
