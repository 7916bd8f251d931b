//! What the crate makes of a chart and its events.

use std::convert::Infallible;

use groundbreak_statechart::{
    ActionId, Cause, Chart, Configuration, Event, GuardId, Host, Raised, Step, StepError, Stepper,
    View,
};

use crate::generate::Specimen;

/// How many microsteps a step may take and still count as one that comes to rest; as in
/// `peer.mjs`.
const MICROSTEPS_MAX: usize = 100;
/// What is said of a step that does not; nothing is compared after it.
pub(crate) const RESTLESS: &str = "does not come to rest";

/// What is expected of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// What the crate does.
    Ours,
    /// That, with the actions of exits in the wrong order: to see that a difference is found.
    ExitsReversed,
}

/// Gives the words of a chart their meaning, and notes down those that have none.
struct Notes<'a> {
    words: &'a [String],
    notes: Vec<&'a str>,
}

impl Host for Notes<'_> {
    type Error = Infallible;

    fn guard(&mut self, id: GuardId, view: &View<'_>, _: &mut Raised) -> Result<bool, Infallible> {
        let (sense, state) = self.words[id.0 as usize].split_once(':').unwrap();
        Ok(view.is_in_name(state) == (sense == "in"))
    }

    fn run(&mut self, id: ActionId, _: &View<'_>, raised: &mut Raised) -> Result<(), Infallible> {
        let word = self.words[id.0 as usize].as_str();
        match word.strip_prefix('!') {
            Some(event) => raised.push(event),
            None => self.notes.push(word),
        }
        Ok(())
    }
}

/// What a chart did.
pub(crate) struct Outcome {
    /// What the start and each event led to, until the chart was done or restless.
    pub(crate) stages: Vec<String>,
    /// What set each microstep off, the start aside, in steps that came to rest.
    pub(crate) causes: Vec<&'static str>,
}

/// Starts the chart and sends it its events.
pub(crate) fn run(specimen: &Specimen, expectation: Expectation) -> Outcome {
    let chart = Chart::compile(specimen.root.clone()).unwrap();
    let mut configuration = Configuration::unstarted(&chart);
    let mut stepper = Stepper::default();
    let (mut stages, mut causes) = (Vec::new(), Vec::new());
    let events = specimen.events.iter().copied().map(Some);
    for event in std::iter::once(None).chain(events) {
        let mut host = Notes {
            words: &specimen.words,
            notes: Vec::new(),
        };
        let taken = match event {
            None => stepper.start(&chart, &mut configuration, &mut host),
            Some(event) => stepper.step(&chart, &mut configuration, Event::Named(event), &mut host),
        };
        match taken {
            Ok(step) if step.microsteps.len() <= MICROSTEPS_MAX => causes.extend(causes_of(step)),
            Ok(_) | Err(StepError::Livelock { .. }) => {
                stages.push(RESTLESS.to_owned());
                break;
            }
            Err(err) => panic!("{err}"),
        }
        let mut notes = host.notes;
        if expectation == Expectation::ExitsReversed {
            reverse_exits(&mut notes);
        }
        let mut names: Vec<&str> = configuration.names(&chart).collect();
        names.sort_unstable();
        stages.push(format!("{} | {}", notes.join(" "), names.join(" ")));
        if configuration.is_done(&chart) {
            break;
        }
    }
    Outcome { stages, causes }
}

fn causes_of(step: &Step) -> impl Iterator<Item = &'static str> {
    step.microsteps.iter().filter_map(|it| match it.cause {
        Cause::Start => None,
        Cause::External => Some("by an event from outside"),
        Cause::Raised(_) => Some("by a raised event"),
        Cause::Done(_) => Some("by a done event"),
        Cause::Eventless => Some("without event"),
    })
}

/// Reverses each run of exits.
fn reverse_exits(notes: &mut [&str]) {
    for run in notes.chunk_by_mut(|one, next| one.starts_with('-') && next.starts_with('-')) {
        run.reverse();
    }
}
