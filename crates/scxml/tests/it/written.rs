//! Charts as documents: what is written is read again, and behaves alike.

use groundbreak_scxml::{Documents, Interpreter, Labels, Machine, WriteError, write};
use groundbreak_statechart::{
    Chart, Configuration, DelayId, Event, GuardId, HistoryDepth, Host, Raised, StateKind,
    StateSpec, TransitionSpec, Trigger, View,
};
use proptest::prelude::*;

/// Guards that ask for a state, as documents can.
struct Asking(Vec<String>);

impl Host for Asking {
    type Error = std::convert::Infallible;

    fn guard(
        &mut self,
        guard: GuardId,
        view: &View<'_>,
        _: &mut Raised,
    ) -> Result<bool, Self::Error> {
        let index = usize::try_from(guard.0).unwrap() % self.0.len();
        Ok(view.is_in_name(&self.0[index]))
    }

    fn run(
        &mut self,
        _: groundbreak_statechart::ActionId,
        _: &View<'_>,
        _: &mut Raised,
    ) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A shape of a state; its name is its place in the chart.
#[derive(Clone, Debug)]
struct Shape {
    kind: u8,
    children: Vec<Shape>,
    ways: Vec<(u8, u8, Option<u8>, bool)>,
    history: bool,
}

fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    let ways = prop::collection::vec(
        (
            0..4_u8,
            any::<u8>(),
            prop::option::weighted(0.2, any::<u8>()),
            any::<bool>(),
        ),
        0..3,
    );
    let leaf = (0..3_u8, ways.clone()).prop_map(|(kind, ways)| Shape {
        kind,
        children: Vec::new(),
        ways,
        history: false,
    });
    let tree = leaf.prop_recursive(3, 16, 3, move |inner| {
        (
            any::<u8>(),
            prop::collection::vec(inner, 1..4),
            ways.clone(),
            any::<bool>(),
        )
            .prop_map(|(kind, children, ways, history)| Shape {
                kind,
                children,
                ways,
                history,
            })
    });
    prop::collection::vec(tree, 1..4)
}

/// Names the states in document order.
fn names(shape: &Shape, count: &mut usize, names: &mut Vec<String>) {
    names.push(format!("s{count}"));
    *count += 1;
    for child in &shape.children {
        self::names(child, count, names);
    }
}

fn build(
    shape: &Shape,
    names: &[String],
    at: &mut usize,
    in_parallel: bool,
    delays: &mut u32,
) -> StateSpec {
    let name = names[*at].clone();
    *at += 1;
    let kind = match (shape.children.is_empty(), shape.kind) {
        (true, 0) if !in_parallel => StateKind::Final,
        (true, _) => StateKind::Atomic,
        (false, kind) if kind % 2 == 0 => StateKind::Parallel,
        (false, _) => StateKind::Compound,
    };
    let mut spec = StateSpec::new(name.clone(), kind);
    if kind != StateKind::Final {
        for (event, target, guard, internal) in &shape.ways {
            let trigger = match event {
                3 => {
                    *delays += 1;
                    Trigger::After(DelayId(*delays))
                }
                event => Trigger::Event(vec![format!("e{event}")]),
            };
            let target = names[usize::from(*target) % names.len()].clone();
            let mut transition = TransitionSpec::new(trigger, vec![target]);
            transition.guard = guard.map(|guard| GuardId(u32::from(guard)));
            transition.internal = *internal;
            spec.transitions.push(transition);
        }
    }
    for child in &shape.children {
        spec.children
            .push(build(child, names, at, kind == StateKind::Parallel, delays));
    }
    if shape.history && !shape.children.is_empty() {
        let depth = if shape.kind > 127 {
            HistoryDepth::Deep
        } else {
            HistoryDepth::Shallow
        };
        let mut history = StateSpec::new(format!("h.{name}"), StateKind::History(depth));
        history.initial = match kind {
            StateKind::Parallel => spec
                .children
                .iter()
                .map(|child| child.name.clone())
                .collect(),
            _ => vec![spec.children[0].name.clone()],
        };
        let mut back = TransitionSpec::new(
            Trigger::Event(vec!["back".into()]),
            vec![history.name.clone()],
        );
        back.internal = true;
        spec.transitions.push(back);
        spec.children.push(history);
    }
    spec
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_is_read_again_and_behaves_alike(
        shapes in shapes(),
        root_ways in prop::collection::vec((0..3_u8, any::<u8>()), 0..2),
        events in prop::collection::vec(0..6_u8, 0..12),
    ) {
        let (mut all, mut count) = (Vec::new(), 0);
        shapes.iter().for_each(|shape| names(shape, &mut count, &mut all));
        let mut root = StateSpec::new("root", StateKind::Compound);
        let (mut at, mut delays) = (0, 0);
        for shape in &shapes {
            root.children.push(build(shape, &all, &mut at, false, &mut delays));
        }
        for (event, target) in root_ways {
            let target = all[usize::from(target) % all.len()].clone();
            root.transitions.push(TransitionSpec::new(Trigger::Event(vec![format!("e{event}")]), vec![target]));
        }
        let chart = Chart::compile(root).unwrap();
        let guard = |guard: GuardId| {
            let index = usize::try_from(guard.0).unwrap() % all.len();
            Some(format!("In('{}')", all[index]))
        };
        let labels = Labels {
            name: "a & \"b\"",
            guard: &guard,
            delay: &|_| Some("1h".to_owned()),
            title: &|name| Some(format!("--{name}--")),
        };
        let text = write(&chart, &labels).unwrap();
        let machine = Machine::read(&text, &Documents::new())
            .unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"));
        let mut run = Interpreter::new(machine, Documents::new());
        let mut host = Asking(all.clone());
        let (mut configuration, _) = chart.start(&mut host).unwrap();
        run.step(0).unwrap();
        prop_assert_eq!(run.leaves(), leaves(&chart, &configuration), "{}", text);
        for event in events {
            let (name, event) = match event {
                4 => ("back".to_owned(), None),
                5 => {
                    let Some((_, _, delay)) = chart.armed(&configuration).next() else { continue };
                    (format!("after.{}", delay.0), Some(delay))
                }
                event => (format!("e{event}"), None),
            };
            let event = event.map_or(Event::Named(&name), Event::Due);
            configuration = chart.step(&configuration, event, &mut host).unwrap().0;
            run.send(&name, None);
            while run.step(0).unwrap().is_some() {}
            prop_assert_eq!(run.leaves(), leaves(&chart, &configuration), "{} then {}", text, name);
        }
    }
}

fn leaves<'a>(chart: &'a Chart, configuration: &Configuration) -> Vec<&'a str> {
    configuration
        .leaves(chart)
        .map(|state| chart.name(state))
        .collect()
}

/// A chart of two states between which a wait leads, with this name and delay.
fn written(name: &str, delay: &str) -> Result<String, WriteError> {
    let mut root = StateSpec::new("root", StateKind::Compound);
    let wait = TransitionSpec::new(Trigger::After(DelayId(7)), vec!["end".into()]);
    root.children = vec![
        StateSpec::new(name, StateKind::Atomic).with_transition(wait),
        StateSpec::new("end", StateKind::Final),
    ];
    let chart = Chart::compile(root).unwrap();
    write(
        &chart,
        &Labels {
            name: "waits",
            guard: &|_| None,
            delay: &|_| Some(delay.to_owned()),
            title: &|_| None,
        },
    )
}

#[test]
fn a_wait_becomes_an_event_that_is_sent_with_a_delay() {
    let text = written("受理", "2h").unwrap();
    let machine = Machine::read(&text, &Documents::new()).unwrap();
    let mut run = Interpreter::new(machine, Documents::new());
    while run.step(7_199_999).unwrap().is_some() {}
    assert_eq!(run.leaves(), ["受理"]);
    while run.step(7_200_000).unwrap().is_some() {}
    assert!(run.is_done());
}

#[test]
fn what_xml_cannot_say_is_refused() {
    assert!(matches!(
        written("a/b", "2h"),
        Err(WriteError::BadName { .. })
    ));
    assert!(matches!(
        written("1st", "2h"),
        Err(WriteError::BadName { .. })
    ));
    assert!(matches!(
        written("a", "two hours"),
        Err(WriteError::BadDelay { .. })
    ));
}
