//! How many macrosteps of the standard case one core takes in a second, and how long one takes in a
//! chart of many regions.
//!
//! `cargo bench -p groundbreak-statechart`; with XState beside it: `crates/statechart/benches/run`

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say where"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use groundbreak_statechart::{
    Chart, Configuration, Event, PassiveHost, StateKind, StateSpec, Stepper, TransitionSpec,
    Trigger,
};

#[path = "../tests/it/standard_case.rs"]
mod standard_case;

criterion_group!(benches, whole_case, one_step, wide);
criterion_main!(benches);

/// Creates the case, sends it its events, and looks after each which waits ended and began.
fn whole_case(c: &mut Criterion) {
    let chart = standard_case::chart();
    let mut stepper = Stepper::default();
    let mut configuration = Configuration::unstarted(&chart);
    let mut group = c.benchmark_group("standard case");
    group.throughput(Throughput::Elements(1 + standard_case::EVENTS.len() as u64));
    group.bench_function("in place", |bencher| {
        bencher.iter(|| {
            let (mut begun, mut ended) = (0, 0);
            stepper
                .start(&chart, &mut configuration, &mut PassiveHost)
                .unwrap();
            for event in standard_case::EVENTS {
                let event = Event::Named(black_box(event));
                stepper
                    .step(&chart, &mut configuration, event, &mut PassiveHost)
                    .unwrap();
                begun += stepper.armed(&chart).count();
                ended += stepper.disarmed(&chart).count();
            }
            assert!(configuration.is_done(&chart) && begun == 1 && ended == 1);
        });
    });
    group.bench_function("by value", |bencher| {
        bencher.iter(|| {
            let (mut configuration, _) = chart.start(&mut PassiveHost).unwrap();
            for event in standard_case::EVENTS {
                let event = Event::Named(black_box(event));
                let (next, step) = chart.step(&configuration, event, &mut PassiveHost).unwrap();
                black_box((step.armed(&chart), step.disarmed(&chart)));
                configuration = next;
            }
            assert!(configuration.is_done(&chart));
        });
    });
    group.finish();
}

/// Takes each event of the case by itself, from the same configuration again and again.
fn one_step(c: &mut Criterion) {
    let chart = standard_case::chart();
    let mut stepper = Stepper::default();
    let (mut before, _) = chart.start(&mut PassiveHost).unwrap();
    let mut group = c.benchmark_group("one step");
    for event in standard_case::EVENTS {
        let named = Event::Named(event);
        let mut configuration = before.clone();
        group.bench_function(event, |bencher| {
            bencher.iter(|| {
                configuration.clone_from(&before);
                stepper
                    .step(
                        &chart,
                        &mut configuration,
                        black_box(named),
                        &mut PassiveHost,
                    )
                    .unwrap();
            });
        });
        before = configuration;
    }
    group.finish();
}

/// All of 1,000 regions take a transition on one event.
fn wide(c: &mut Criterion) {
    let region = |number: usize| {
        let (one, other) = (format!("one{number}"), format!("other{number}"));
        let state = |name: &str, target: &str| {
            let trigger = Trigger::Event(vec!["go".into()]);
            StateSpec::new(name, StateKind::Atomic)
                .with_transition(TransitionSpec::new(trigger, vec![target.into()]))
        };
        StateSpec::new(format!("region{number}"), StateKind::Compound)
            .with_children(vec![state(&one, &other), state(&other, &one)])
    };
    let all =
        StateSpec::new("all", StateKind::Parallel).with_children((0..1000).map(region).collect());
    let root = StateSpec::new("case", StateKind::Compound).with_children(vec![all]);
    let chart = Chart::compile(root).unwrap();
    let mut stepper = Stepper::default();
    let (mut configuration, _) = chart.start(&mut PassiveHost).unwrap();
    c.bench_function("1,000 regions react", |bencher| {
        bencher.iter(|| {
            let event = Event::Named("go");
            let step = stepper.step(&chart, &mut configuration, event, &mut PassiveHost);
            step.unwrap().transitions().count()
        });
    });
}
