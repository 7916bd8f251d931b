use groundbreak_sla::Budget;
use groundbreak_statechart::{HistoryDepth, StateId, StateKind, Trigger};

use crate::Workflow;
use crate::workflow::Transition;

/// A transition as readers of a workflow see it: where from, what causes it, where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionFace<'a> {
    /// The state that has it.
    pub from: &'a str,
    /// What causes it.
    pub cause: TransitionCause<'a>,
    /// The state or history state it leads to; `None` when the case stays, and only facts are
    /// recorded.
    pub to: Option<&'a str>,
    /// What must hold besides, in CEL.
    pub condition: Option<&'a str>,
    /// Documents that must be there.
    pub requires: &'a [String],
    /// Legal gates that must be open.
    pub gates: &'a [String],
}

/// What causes a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitionCause<'a> {
    /// Somebody sends this event.
    Event(&'a str),
    /// All that is inside the state has come to its end.
    Done,
    /// Nothing: it is taken as soon as its condition holds.
    Always,
    /// So much time in the state has passed.
    After(Budget),
}

impl Workflow {
    /// Returns every transition, in document order.
    pub fn transitions(&self) -> impl Iterator<Item = TransitionFace<'_>> {
        self.chart
            .transitions()
            .zip(&self.transitions)
            // The root has none of its own.
            .filter(|((_, written), _)| written.source != StateId::ROOT)
            .map(|((_, written), needs)| self.face(written, needs))
    }

    /// Returns where a compound state begins, or what a history state stands for while nothing is
    /// remembered; `None` asks for the workflow itself. Nothing for other states.
    pub fn initial(&self, state: Option<&str>) -> impl Iterator<Item = &str> {
        let state = match state {
            Some(name) => self.chart.state(name),
            None => Some(StateId::ROOT),
        };
        let initial = state.map_or(&[][..], |state| self.chart.initial(state));
        initial.iter().map(|state| self.chart.name(*state))
    }

    /// Tells whether this is a history state that remembers all descendants of the state around
    /// it, and not its children alone.
    pub fn is_deep_history(&self, state: &str) -> bool {
        self.chart
            .state(state)
            .is_some_and(|state| self.chart.kind(state) == StateKind::History(HistoryDepth::Deep))
    }

    fn face<'a>(
        &'a self,
        written: &'a groundbreak_statechart::Transition,
        needs: &'a Transition,
    ) -> TransitionFace<'a> {
        let cause = match (&written.trigger, &needs.event) {
            (_, Some(event)) => TransitionCause::Event(event),
            (Trigger::After(delay), None) => usize::try_from(delay.0)
                .ok()
                .and_then(|delay| self.delays.get(delay))
                .map_or(TransitionCause::Always, |delay| {
                    TransitionCause::After(delay.policy.goal.budget())
                }),
            (Trigger::Event(_), None) => TransitionCause::Done,
            (Trigger::Eventless, None) => TransitionCause::Always,
        };
        TransitionFace {
            from: self.chart.name(written.source),
            cause,
            to: written.targets.first().map(|state| self.chart.name(*state)),
            condition: needs
                .guard
                .and_then(|guard| self.guards.get(guard))
                .map(crate::guard::Guard::source),
            requires: &needs.requires,
            gates: &needs.gates,
        }
    }
}
