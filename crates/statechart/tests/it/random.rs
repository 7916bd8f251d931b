//! Any chart, any events.

use std::convert::Infallible;

use groundbreak_statechart::{
    ActionId, Chart, Configuration, Event, GuardId, HistoryDepth, Host, Raised, StateId, StateKind,
    StateSpec, Step, Stepper, TransitionSpec, Trigger, View,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::growing::{Genes, grow_state, list_names, untangle};
use crate::reference::{Behaviour, Reference, Taken};
use crate::sketch::stored;

const EVENTS: [&str; 4] = ["a", "a.b", "c", "d"];

/// Grows a chart that compiles.
fn grow(bytes: &[u8]) -> (StateSpec, Chart) {
    let genes = Genes::new(bytes);
    let mut numbers = 0;
    let mut root = grow_state(&genes, StateKind::Compound, 0, &mut numbers);
    let mut names = Vec::new();
    list_names(&root, &mut names);
    let mut actions = 0;
    grow_content(&genes, &mut root, &names[1..], &mut actions);
    let chart = untangle(&mut root);
    (root, chart)
}

/// Adds actions everywhere, and transitions to states of these names.
fn grow_content(genes: &Genes<'_>, state: &mut StateSpec, names: &[String], actions: &mut u32) {
    let mut action = || {
        *actions += 1;
        vec![ActionId(*actions)]
    };
    if !matches!(state.kind, StateKind::History(_)) {
        state.on_entry = action();
        state.on_exit = action();
    }
    if matches!(state.kind, StateKind::History(_) | StateKind::Compound) {
        state.initial_actions = action();
    }
    if !matches!(state.kind, StateKind::History(_) | StateKind::Final) {
        for _ in 0..genes.below(3) {
            // Those that an event from outside is not needed for have a guard: they would seldom
            // come to rest.
            let (trigger, needs_guard) = match genes.below(8) {
                0 => (Trigger::Eventless, true),
                1 => (Trigger::Event(vec!["*".into()]), true),
                2 => (Trigger::Event(vec!["done.state".into()]), true),
                event => (
                    Trigger::Event(vec![EVENTS[event % 4].into(), "x".into()]),
                    false,
                ),
            };
            let targets = (0..genes.below(4)).map(|_| names[genes.below(names.len())].clone());
            let mut transition = TransitionSpec::new(trigger, targets.collect());
            if needs_guard || genes.one_in(3) {
                transition.guard = Some(GuardId(u32::try_from(genes.below(256)).unwrap()));
            }
            transition.internal = genes.one_in(2);
            transition.actions = action();
            state.transitions.push(transition);
        }
    }
    for child in &mut state.children {
        grow_content(genes, child, names, actions);
    }
}

/// Guards and actions without a meaning, which calm down after a while.
struct Whims;

impl Behaviour for Whims {
    fn holds(&self, guard: GuardId, actions_run: usize) -> bool {
        let choice = (guard.0 as usize)
            .wrapping_mul(31)
            .wrapping_add(actions_run);
        actions_run < 300 && choice.is_multiple_of(3)
    }

    fn raises(&self, action: ActionId, actions_run: usize) -> Option<&'static str> {
        let choice = (action.0 as usize)
            .wrapping_mul(17)
            .wrapping_add(actions_run)
            % 12;
        (actions_run < 300)
            .then(|| EVENTS.get(choice).copied())
            .flatten()
    }
}

/// A host that follows its whims and notes down what it was asked to run.
#[derive(Default)]
struct Noting {
    actions: Vec<ActionId>,
}

impl Host for Noting {
    type Error = Infallible;

    fn guard(&mut self, id: GuardId, _: &View<'_>, _: &mut Raised) -> Result<bool, Infallible> {
        Ok(Whims.holds(id, self.actions.len()))
    }

    fn run(&mut self, id: ActionId, _: &View<'_>, raised: &mut Raised) -> Result<(), Infallible> {
        if let Some(event) = Whims.raises(id, self.actions.len()) {
            raised.push(event);
        }
        self.actions.push(id);
        Ok(())
    }
}

/// Returns what a step did, in the reference's terms.
fn taken(step: &Step) -> Vec<Taken> {
    let numbers = |states: &[StateId]| states.iter().map(|it| it.index()).collect::<Vec<_>>();
    let microsteps = step.microsteps.iter();
    microsteps
        .map(|it| {
            let transitions = it.transitions.iter().map(|it| it.index()).collect();
            (transitions, numbers(&it.exited), numbers(&it.entered))
        })
        .collect()
}

/// Returns whether these states can be active together.
fn is_legal(chart: &Chart, configuration: &Configuration) -> bool {
    let legal = |state: StateId| {
        let children = chart.children(state);
        let active = children
            .iter()
            .filter(|child| configuration.is_in(**child))
            .count();
        let has_children = match chart.kind(state) {
            StateKind::Atomic | StateKind::Final => true,
            StateKind::Compound => active == 1,
            StateKind::Parallel => active == children.len(),
            StateKind::History(_) => false,
        };
        has_children
            && chart
                .parent(state)
                .is_none_or(|parent| configuration.is_in(parent))
    };
    configuration.is_in(StateId::ROOT) && legal(StateId::ROOT) && configuration.active().all(legal)
}

/// Runs a chart in four ways at once: step by step, in place, by replay, and by the reference.
/// Returns how many events could be compared with the reference.
fn run(bytes: &[u8], events: &[u8]) -> usize {
    let (root, chart) = grow(bytes);
    let mut reference = Reference::new(&root, &Whims);
    let (mut host, mut host_in_place) = (Noting::default(), Noting::default());
    let mut stepper = Stepper::default();
    let mut before = Configuration::unstarted(&chart);
    let mut in_place = before.clone();
    let mut compared = 0;
    for position in 0..=events.len() {
        let (after, step) = if position == 0 {
            reference.start();
            stepper
                .start(&chart, &mut in_place, &mut host_in_place)
                .unwrap();
            chart.start(&mut host).unwrap()
        } else {
            let event = EVENTS[usize::from(events[position - 1]) % 4];
            if !reference.astray {
                reference.event(event);
            }
            let event = Event::Named(event);
            stepper
                .step(&chart, &mut in_place, event, &mut host_in_place)
                .unwrap();
            chart.step(&before, event, &mut host).unwrap()
        };
        assert!(
            is_legal(&chart, &after),
            "{:?}",
            after.names(&chart).collect::<Vec<_>>()
        );
        assert_eq!(before.apply(&chart, &step).as_ref(), Ok(&after));
        assert_eq!(stored(&chart, &after), after);
        assert_eq!(in_place, after);
        assert_eq!(host_in_place.actions, host.actions);
        if !reference.astray {
            compared += 1;
            assert_eq!(taken(&step), reference.taken);
            assert_eq!(host.actions, reference.actions);
            let active: Vec<usize> = after.active().map(StateId::index).collect();
            assert_eq!(active, reference.configuration());
        }
        before = after;
    }
    compared
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_chart_does_what_the_recommendation_says(
        bytes in vec(any::<u8>(), 0..400),
        events in vec(any::<u8>(), 0..12),
    ) {
        run(&bytes, &events);
    }

    #[test]
    fn any_tree_compiles_or_is_refused(
        shape in vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..40),
    ) {
        // Kinds, names and targets without regard for any rule.
        let kinds = [
            StateKind::Atomic,
            StateKind::Compound,
            StateKind::Parallel,
            StateKind::Final,
            StateKind::History(HistoryDepth::Deep),
        ];
        let mut open = vec![StateSpec::new("s0", StateKind::Compound)];
        for (name, kind, up) in shape {
            let mut state = StateSpec::new(format!("s{}", name % 40), kinds[usize::from(kind) % 5]);
            let targets = vec![format!("s{}", up % 40)];
            if kind % 3 == 0 {
                state.transitions.push(TransitionSpec::new(Trigger::Event(vec!["a".into()]), targets));
            } else if kind % 3 == 1 {
                state.initial = targets;
            }
            for _ in 0..usize::from(up % 4).min(open.len() - 1) {
                let child = open.pop().unwrap();
                open.last_mut().unwrap().children.push(child);
            }
            open.push(state);
        }
        while open.len() > 1 {
            let child = open.pop().unwrap();
            open.last_mut().unwrap().children.push(child);
        }
        match Chart::compile(open.remove(0)) {
            Ok(chart) => {
                let (configuration, _) = chart.start(&mut Noting::default()).unwrap();
                prop_assert!(is_legal(&chart, &configuration));
            }
            Err(faults) => prop_assert!(!faults.is_empty()),
        }
    }
}

#[test]
fn the_reference_seldom_goes_astray() {
    // The comparison proves something only where the reference has an answer. These charts are
    // always the same ones: a linear congruential generator, constants by Knuth.
    let mut seed = 1_u64;
    let mut byte = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 56) as u8
    };
    let mut compared = 0;
    for _ in 0..500 {
        let bytes: Vec<u8> = (0..300).map(|_| byte()).collect();
        compared += run(&bytes, &[0, 1, 2, 3, 0, 1, 2, 3, 0]);
    }
    assert!(compared > 4500, "{compared} of 5000 steps compared");
}
