//! What gives guards and actions their meaning.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use crate::{ActionId, Chart, Configuration, Event, GuardId, PayloadId, StateId};

/// Gives guards and actions their meaning. A host that is pure makes steps that are.
///
/// A host that changes while it runs actions must be able to undo the changes: when a step fails,
/// the configuration is as before.
pub trait Host {
    /// Why a guard or an action could not be carried out.
    type Error;

    /// Returns whether the guard holds. May raise events, as SCXML raises `error.execution`.
    ///
    /// # Errors
    ///
    /// An error ends the step. A guard that merely does not hold is `false`.
    fn guard(
        &mut self,
        guard: GuardId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<bool, Self::Error>;

    /// Carries the action out.
    ///
    /// # Errors
    ///
    /// An error ends the step.
    fn run(
        &mut self,
        action: ActionId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<(), Self::Error>;

    /// Returns what the event carries that says that the parent of the final state `end` is done.
    /// Asked after the actions of `end` and before the event is raised; not for a final child of
    /// the root, which raises none. A host without such data need not say so.
    ///
    /// # Errors
    ///
    /// An error ends the step.
    fn done_data(
        &mut self,
        end: StateId,
        view: &View<'_>,
        raised: &mut Raised,
    ) -> Result<Option<PayloadId>, Self::Error> {
        let _ = (end, view, raised);
        Ok(None)
    }
}

/// A host for charts without guards and actions: every guard holds, no action does anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassiveHost;

impl Host for PassiveHost {
    type Error = Infallible;

    fn guard(&mut self, _: GuardId, _: &View<'_>, _: &mut Raised) -> Result<bool, Infallible> {
        Ok(true)
    }

    fn run(&mut self, _: ActionId, _: &View<'_>, _: &mut Raised) -> Result<(), Infallible> {
        Ok(())
    }
}

/// What a guard or an action can see of the chart: the states that are active at this very moment
/// of the step, and the event being taken.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub(crate) chart: &'a Chart,
    pub(crate) configuration: &'a Configuration,
    pub(crate) event: Option<CurrentEvent<'a>>,
    pub(crate) payload: Option<PayloadId>,
}

/// The event being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurrentEvent<'a> {
    /// The event that the step was asked to take.
    External(Event<'a>),
    /// An event that an action or a guard raised.
    Raised {
        /// Its name.
        name: &'a str,
        /// What it carries.
        payload: Option<PayloadId>,
    },
    /// The state was done.
    Done(StateId),
}

impl<'a> View<'a> {
    /// Returns the chart.
    #[must_use]
    pub fn chart(&self) -> &'a Chart {
        self.chart
    }

    /// Returns the states that are active now. During exits and entries, those that are already
    /// gone are missing, and those that are still to come as well.
    #[must_use]
    pub fn configuration(&self) -> &'a Configuration {
        self.configuration
    }

    /// Returns whether the state is active: the `In` predicate.
    #[must_use]
    pub fn is_in(&self, state: StateId) -> bool {
        self.configuration.is_in(state)
    }

    /// Returns whether the state of this name is active; an unknown name is not.
    #[must_use]
    pub fn is_in_name(&self, name: &str) -> bool {
        self.chart
            .state(name)
            .is_some_and(|state| self.is_in(state))
    }

    /// Returns the event being taken. Eventless transitions see the one taken before them; when
    /// a chart starts there is none.
    #[must_use]
    pub fn event(&self) -> Option<CurrentEvent<'a>> {
        self.event
    }

    /// Returns what the event being taken carries, under the number the host gave it.
    #[must_use]
    pub fn payload(&self) -> Option<PayloadId> {
        self.payload
    }

    /// Returns the name of the event being taken; the end of a wait has none.
    #[must_use]
    pub fn event_name(&self) -> Option<&'a str> {
        match self.event? {
            CurrentEvent::External(Event::Named(name)) | CurrentEvent::Raised { name, .. } => {
                Some(name)
            }
            CurrentEvent::Done(state) => Some(self.chart.done_event(state)),
            CurrentEvent::External(Event::Due(_)) => None,
        }
    }
}

/// The events that wait to be taken before the step ends, first in, first out.
#[derive(Debug, Clone, Default)]
pub struct Raised {
    queue: VecDeque<InternalEvent>,
}

/// An event that a step raised itself.
#[derive(Debug, Clone)]
pub(crate) enum InternalEvent {
    Named {
        name: Arc<str>,
        payload: Option<PayloadId>,
    },
    Done {
        state: StateId,
        payload: Option<PayloadId>,
    },
}

impl Raised {
    /// Raises an event without data. An `Arc` that the host keeps spares the copy of the name.
    pub fn push(&mut self, name: impl Into<Arc<str>>) {
        self.queue.push_back(InternalEvent::Named {
            name: name.into(),
            payload: None,
        });
    }

    /// Raises an event with data, which the host keeps under the number `payload`.
    pub fn push_with(&mut self, name: impl Into<Arc<str>>, payload: PayloadId) {
        self.queue.push_back(InternalEvent::Named {
            name: name.into(),
            payload: Some(payload),
        });
    }

    pub(crate) fn push_done(&mut self, state: StateId, payload: Option<PayloadId>) {
        self.queue.push_back(InternalEvent::Done { state, payload });
    }

    pub(crate) fn pop(&mut self) -> Option<InternalEvent> {
        self.queue.pop_front()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }
}
