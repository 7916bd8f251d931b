//! What is large, deep or foreign is refused, not suffered.

use groundbreak_statechart::{
    Chart, ChartFault, Configuration, DEPTH_MAX, Event, PassiveHost, STATES_MAX, StateId,
    StateKind, StateSpec, StepError, TARGETS_MAX, TRANSITIONS_MAX, TransitionSpec, Trigger,
};

use crate::sketch::Sketch;

/// A chain of states, each inside the one before, `depth` levels below the root.
fn nested(depth: usize) -> StateSpec {
    let mut state = StateSpec::new(format!("s{depth}"), StateKind::Atomic);
    for level in (0..depth).rev() {
        state = StateSpec::new(format!("s{level}"), StateKind::Compound).with_children(vec![state]);
    }
    state
}

fn flat(states: usize) -> StateSpec {
    let children = (1..states).map(|it| StateSpec::new(format!("s{it}"), StateKind::Atomic));
    StateSpec::new("case", StateKind::Compound).with_children(children.collect())
}

fn to(target: &str) -> TransitionSpec {
    TransitionSpec::new(Trigger::Event(vec!["go".into()]), vec![target.into()])
}

#[test]
fn the_deepest_chart_runs() {
    let chart = Chart::compile(nested(DEPTH_MAX)).unwrap();
    let (configuration, step) = chart.start(&mut PassiveHost).unwrap();
    assert_eq!(configuration.active().count(), DEPTH_MAX);
    assert_eq!(step.microsteps[0].entered.len(), DEPTH_MAX);
}

#[test]
fn a_deeper_chart_is_refused() {
    let faults = Chart::compile(nested(DEPTH_MAX + 1)).unwrap_err();
    let state = format!("s{}", DEPTH_MAX + 1);
    assert_eq!(
        faults,
        [ChartFault::TooDeep {
            state,
            limit: DEPTH_MAX
        }]
    );
}

#[test]
fn nesting_beyond_any_stack_is_refused() {
    let faults = Chart::compile(nested(1_000_000)).unwrap_err();
    assert!(matches!(faults[..], [ChartFault::TooDeep { .. }]));
}

#[test]
fn the_largest_chart_runs() {
    let mut root = flat(STATES_MAX);
    root.kind = StateKind::Compound;
    root.children[0]
        .transitions
        .push(to(&format!("s{}", STATES_MAX - 1)));
    let chart = Chart::compile(root).unwrap();
    let (before, _) = chart.start(&mut PassiveHost).unwrap();
    let (after, step) = chart
        .step(&before, Event::Named("go"), &mut PassiveHost)
        .unwrap();
    let last = chart.states().next_back().unwrap();
    assert_eq!(after.active().collect::<Vec<_>>(), [last]);
    assert_eq!(before.apply(&chart, &step), Ok(after));
}

#[test]
fn the_widest_parallel_state_runs() {
    let mut regions = flat(STATES_MAX - 1);
    regions.kind = StateKind::Parallel;
    regions.name = "p".into();
    let root = StateSpec::new("case", StateKind::Compound).with_children(vec![regions]);
    let chart = Chart::compile(root).unwrap();
    let (configuration, _) = chart.start(&mut PassiveHost).unwrap();
    assert_eq!(configuration.active().count(), STATES_MAX - 1);
}

#[test]
fn more_states_are_refused() {
    let faults = Chart::compile(flat(STATES_MAX + 1)).unwrap_err();
    assert_eq!(faults, [ChartFault::TooManyStates { limit: STATES_MAX }]);
}

#[test]
fn more_transitions_are_refused() {
    let mut root = flat(2);
    root.children[0].transitions = vec![to("s1"); TRANSITIONS_MAX];
    assert!(Chart::compile(root.clone()).is_ok());
    root.children[0].transitions.push(to("s1"));
    let faults = Chart::compile(root).unwrap_err();
    assert_eq!(
        faults,
        [ChartFault::TooManyTransitions {
            limit: TRANSITIONS_MAX
        }]
    );
}

#[test]
fn more_targets_are_refused() {
    let mut root = flat(2);
    let mut transition = to("s1");
    transition.targets = vec!["s1".into(); TARGETS_MAX + 1];
    root.children[0].transitions.push(transition);
    let faults = Chart::compile(root).unwrap_err();
    let (state, limit) = ("s1".to_owned(), TARGETS_MAX);
    assert_eq!(
        faults,
        [ChartFault::TooManyTargets {
            state,
            transition: Some(0),
            limit
        }]
    );
}

#[test]
fn a_configuration_of_another_chart_is_refused() {
    let one = Sketch::new("state a\nstate b");
    let other = Sketch::new("state a\nstate c");
    let configuration = one.run(&[]);
    let refused = other
        .chart
        .step(&configuration, Event::Named("go"), &mut other.host());
    assert_eq!(refused.unwrap_err(), StepError::OtherChart);
}

#[test]
fn charts_that_differ_by_a_kind_are_other_charts() {
    for (one, other) in [
        ("state a\nstate b", "state a\nfinal b"),
        ("state a\n  state b", "parallel a\n  state b"),
        (
            "state a\n  state b\n  history h\n    initial b",
            "state a\n  state b\n  deep h\n    initial b",
        ),
    ] {
        let configuration = Sketch::new(one).run(&[]);
        let other = Sketch::new(other);
        let refused = other
            .chart
            .step(&configuration, Event::Named("go"), &mut other.host());
        assert_eq!(refused.unwrap_err(), StepError::OtherChart);
    }
}

#[test]
fn a_configuration_serves_a_chart_that_differs_by_transitions_only() {
    let one = Sketch::new("state a\nstate b");
    let other = Sketch::new("state a\n  on go -> b\nstate b");
    let configuration = one.run(&[]);
    let (after, _) = other
        .chart
        .step(&configuration, Event::Named("go"), &mut other.host())
        .unwrap();
    assert_eq!(after.names(&other.chart).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn an_id_of_another_chart_is_answered_for_as_the_root() {
    let large = Chart::compile(flat(300)).unwrap();
    let small = Chart::compile(flat(2)).unwrap();
    let foreign = large.states().next_back().unwrap();
    assert_eq!(small.name(foreign), "case");
    assert_eq!(small.kind(foreign), StateKind::Compound);
    assert!(!small.is_descendant(foreign, StateId::ROOT));
    assert!(!small.is_descendant(small.state("s1").unwrap(), foreign));
    assert!(!Configuration::unstarted(&small).is_in(foreign));
    assert_eq!(
        Configuration::unstarted(&small)
            .remembered(&small, foreign)
            .count(),
        0
    );
}
