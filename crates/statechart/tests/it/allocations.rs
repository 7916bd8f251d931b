//! A stepper that has warmed up asks for no memory: not to start a case, not to take a step, not
//! to tell which waits ended and began.

use std::convert::Infallible;
use std::sync::Arc;

use groundbreak_statechart::{
    ActionId, Chart, Configuration, DelayId, Event, GuardId, Host, Raised, Stepper, View,
};

use crate::sketch::Sketch;
use crate::standard_case;

/// Guards hold, and every action raises the same event, whose name is kept.
struct Raising(Arc<str>);

impl Host for Raising {
    type Error = Infallible;

    fn guard(&mut self, _: GuardId, _: &View<'_>, _: &mut Raised) -> Result<bool, Infallible> {
        Ok(true)
    }

    fn run(&mut self, _: ActionId, _: &View<'_>, raised: &mut Raised) -> Result<(), Infallible> {
        raised.push(self.0.clone());
        Ok(())
    }
}

/// Runs the chart from start to end many times, and returns how often memory was asked for and
/// how many waits ended and began. The first runs, which warm the stepper up, are not counted.
fn measure(chart: &Chart, events: &[Event<'_>]) -> (u64, usize) {
    let mut host = Raising("raised".into());
    let mut stepper = Stepper::default();
    let mut configuration = Configuration::unstarted(chart);
    let mut waits = 0;
    let mut rounds = |count: usize| {
        for _ in 0..count {
            stepper.start(chart, &mut configuration, &mut host).unwrap();
            for event in events {
                let step = stepper.step(chart, &mut configuration, *event, &mut host);
                assert!(!step.unwrap().is_empty(), "{event:?} does nothing");
                waits += stepper.armed(chart).count() + stepper.disarmed(chart).count();
            }
            assert!(configuration.is_done(chart));
        }
    };
    rounds(100);
    let counted = allocation_counter::measure(|| rounds(1000));
    (counted.count_total, waits)
}

fn check(chart: &Chart, events: &[Event<'_>], waits_each_round: usize) {
    assert_eq!(measure(chart, events), (0, 1100 * waits_each_round));
}

#[test]
fn the_standard_case_asks_for_no_memory() {
    let events = standard_case::EVENTS.map(Event::Named);
    check(&standard_case::chart(), &events, 2);
}

#[test]
fn histories_raised_events_guards_and_waits_ask_for_no_memory() {
    let sketch = Sketch::new(
        "
parallel work
  on leave if yes -> away
  after 1 -> away
  deep back
    initial a2
  state a
    history again
      initial a1
    entry x
    state a1
      on next b -> a2 : x
    state a2
      on raised -> a3
      exit x
    state a3
      on end -> a4
    final a4
  state b
    after 2 -> b
    state b1
      on next -> b2
    state b2
      always if yes -> b3
    state b3
      on end -> b4
    final b4
  on done.state.work -> over
state away
  on return -> back
  on part -> again
final over",
    );
    let events = [
        Event::Named("next"),
        Event::Named("leave"),
        Event::Named("return"),
        Event::Due(DelayId(1)),
        Event::Named("part"),
        Event::Due(DelayId(2)),
        Event::Named("next"),
        Event::Named("end"),
    ];
    // Work has two waits. It is entered and exited three times after the start; the end of its
    // second wait exits and enters it once more, since a parallel state is no domain.
    check(&sketch.chart, &events, 14);
}

#[test]
fn a_chart_of_many_words_asks_for_no_memory() {
    let mut text = String::from("parallel all\n  on done.state.all -> end\n");
    for region in 0..100 {
        text.push_str(&format!(
            "  state r{region}\n    state a{region}\n      on go -> f{region}\n    final f{region}\n"
        ));
    }
    text.push_str("final end");
    check(&Sketch::new(&text).chart, &[Event::Named("go")], 0);
}

#[test]
fn what_asks_for_memory_is_counted() {
    // A step by value makes a configuration each time.
    let chart = standard_case::chart();
    let mut host = Raising("raised".into());
    let (before, _) = chart.start(&mut host).unwrap();
    let counted = allocation_counter::measure(|| {
        let event = Event::Named(standard_case::EVENTS[0]);
        chart.step(&before, event, &mut host).unwrap();
    });
    assert!(counted.count_total > 0);
    // So does an event whose name is not kept.
    let counted = allocation_counter::measure(|| Raised::default().push("raised"));
    assert!(counted.count_total > 0);
}
