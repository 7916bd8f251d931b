//! What a step did.

use std::sync::Arc;

use crate::state_set as set;
use crate::{Chart, DelayId, Event, StateId, TransitionId};

/// Everything one event did: the microsteps of one macrostep.
///
/// A value: it can be stored and [applied](crate::Configuration::apply) again without any guard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Step {
    /// In the order in which they were taken. None when nothing was enabled.
    pub microsteps: Vec<Microstep>,
}

/// One set of transitions that were taken together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Microstep {
    /// What set them off.
    pub cause: Cause,
    /// In the order in which their actions ran. None in the microstep that starts a chart.
    pub transitions: Vec<TransitionId>,
    /// In exit order: descendants first, then the reverse of document order.
    pub exited: Vec<StateId>,
    /// In entry order, which is document order.
    pub entered: Vec<StateId>,
}

/// What set a microstep off.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The chart was started.
    Start,
    /// The event that the step was asked to take.
    External,
    /// An event that an action or a guard of this step raised.
    Raised(Arc<str>),
    /// The state was done: its final child, or all its regions' final children, became active.
    Done(StateId),
    /// Nothing: eventless transitions were enabled.
    Eventless,
}

impl Microstep {
    /// Returns the name of the event that caused the microstep, given the event that the step was
    /// asked to take. `None` for a start, for eventless transitions and for the end of a wait.
    #[must_use]
    pub fn event_name<'a>(&'a self, chart: &'a Chart, external: Event<'a>) -> Option<&'a str> {
        match (&self.cause, external) {
            (Cause::External, Event::Named(name)) => Some(name),
            (Cause::Raised(name), _) => Some(name),
            (Cause::Done(state), _) => Some(chart.done_event(*state)),
            (Cause::External, Event::Due(_)) | (Cause::Start | Cause::Eventless, _) => None,
        }
    }
}

impl Step {
    /// Returns whether nothing was enabled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.microsteps.is_empty()
    }

    /// Returns all transitions that were taken, in order.
    pub fn transitions(&self) -> impl Iterator<Item = TransitionId> + '_ {
        self.microsteps
            .iter()
            .flat_map(|microstep| microstep.transitions.iter().copied())
    }

    /// Returns the waits that ran before the step and that it ended, in document order. A state
    /// that was exited and entered again ends its waits and begins them anew.
    ///
    /// [`Stepper::disarmed`](crate::Stepper::disarmed) tells the same without asking for memory,
    /// right after the step.
    #[must_use]
    pub fn disarmed(&self, chart: &Chart) -> Vec<DelayId> {
        // Only what was active before the step had a wait to end: its first change is an exit.
        let mut seen = vec![0; chart.width];
        let mut ended = vec![0; chart.width];
        for (state, entered) in self.changes(chart) {
            if set::insert(&mut seen, state.index()) && !entered {
                set::insert(&mut ended, state.index());
            }
        }
        waits(chart, &ended).collect()
    }

    /// Returns the waits that run after the step and that it began, in document order.
    #[must_use]
    pub fn armed(&self, chart: &Chart) -> Vec<DelayId> {
        let mut begun = vec![0; chart.width];
        for (state, entered) in self.changes(chart) {
            if entered {
                set::insert(&mut begun, state.index());
            } else {
                set::remove(&mut begun, state.index());
            }
        }
        waits(chart, &begun).collect()
    }

    /// Returns each exit (`false`) and entry (`true`) in order. Leaves out what is not the
    /// chart's.
    fn changes(&self, chart: &Chart) -> impl Iterator<Item = (StateId, bool)> + '_ {
        let states = usize::from(chart.state_count());
        self.microsteps
            .iter()
            .flat_map(|microstep| {
                let exits = microstep.exited.iter().map(|state| (*state, false));
                exits.chain(microstep.entered.iter().map(|state| (*state, true)))
            })
            .filter(move |(state, _)| state.index() < states)
    }
}

/// Returns the waits of these states, each once, in document order.
pub(crate) fn waits<'a>(chart: &'a Chart, states: &'a [u64]) -> impl Iterator<Item = DelayId> + 'a {
    let states = set::iter_both(states, &chart.waiting);
    let states = states.filter_map(|index| u16::try_from(index).ok().map(StateId));
    states.flat_map(|state| chart.node(state).waits.iter().copied())
}
