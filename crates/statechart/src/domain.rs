//! The state below which a transition exits and enters.

use crate::state_set as set;
use crate::{Chart, Configuration, StateId, StateKind, chart::Transition};

/// The first and the last, in document order, of the states a transition leads to. Whether an
/// ancestor has all of them below it depends on these two alone.
#[derive(Clone, Copy)]
struct Span {
    first: usize,
    last: usize,
}

impl Span {
    fn around(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

impl Chart {
    /// Returns the domain of a transition that does not depend on what is remembered.
    pub(crate) fn fixed_domain(&self, transition: &Transition) -> Option<StateId> {
        let remembered = transition
            .targets
            .iter()
            .any(|state| matches!(self.kind(*state), StateKind::History(_)));
        if remembered {
            return None;
        }
        let at = |state: &StateId| Span {
            first: state.index(),
            last: state.index(),
        };
        let span = transition.targets.iter().map(at).reduce(Span::around)?;
        Some(self.domain_over(transition, span))
    }

    /// Returns the state below which the transition exits and enters, or `None` if it has no
    /// targets and so does neither.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `getTransitionDomain`. There, the domain is worked out again
    /// for the entries, after the exits have changed what is remembered; a parallel state with
    /// one region could then be exited and never entered. Here, it is worked out once.
    pub(crate) fn domain(
        &self,
        transition: &Transition,
        configuration: &Configuration,
    ) -> Option<StateId> {
        transition.domain.or_else(|| {
            let span = self.span(&transition.targets, configuration)?;
            Some(self.domain_over(transition, span))
        })
    }

    /// Returns the span of the states that `targets` stand for now.
    fn span(&self, targets: &[StateId], configuration: &Configuration) -> Option<Span> {
        let stands_for = |state: &StateId| {
            if !matches!(self.kind(*state), StateKind::History(_)) {
                return Some(Span {
                    first: state.index(),
                    last: state.index(),
                });
            }
            let remembered = configuration
                .remembered(self, *state)
                .map(|state| Span {
                    first: state.index(),
                    last: state.index(),
                })
                .reduce(Span::around);
            remembered.or_else(|| self.span(&self.node(*state).initial, configuration))
        };
        targets.iter().filter_map(stands_for).reduce(Span::around)
    }

    fn domain_over(&self, transition: &Transition, span: Span) -> StateId {
        let holds = |state: StateId| {
            let below = self.below(state);
            below.contains(&span.first) && below.contains(&span.last)
        };
        let source = transition.source;
        if transition.internal && self.is_compound(source) && holds(source) {
            return source;
        }
        let common = self
            .ancestors(source)
            .find(|state| self.is_compound(*state) && holds(*state));
        // Everything lies below the root. It is also the answer for its own transitions, which
        // cannot exit it.
        common.unwrap_or(StateId::ROOT)
    }

    /// Returns whether the state is done: a compound one by an active final child, a parallel one
    /// by all its children.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `isInFinalState`.
    pub(crate) fn is_done(&self, state: StateId, active: &[u64]) -> bool {
        let children = &self.node(state).children;
        match self.kind(state) {
            StateKind::Compound => children.iter().any(|child| {
                self.kind(*child) == StateKind::Final && set::contains(active, child.index())
            }),
            StateKind::Parallel => children.iter().all(|child| self.is_done(*child, active)),
            StateKind::Atomic | StateKind::Final | StateKind::History(_) => false,
        }
    }
}
