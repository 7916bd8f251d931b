//! A chart that has compiled.

use std::ops::Range;

use crate::state_set as set;
use crate::{
    ActionId, Configuration, DelayId, Event, GuardId, StateId, StateKind, TransitionId, Trigger,
};

/// States and transitions that have been checked and numbered in document order.
///
/// A chart that exists can run: every name is known, every target can be entered, and no depth or
/// number exceeds its bound. It never changes, and can be shared between threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    pub(crate) nodes: Vec<Node>,
    pub(crate) transitions: Vec<Transition>,
    /// All states, sorted by name.
    pub(crate) by_name: Vec<StateId>,
    /// Words that hold one bit a state.
    pub(crate) width: usize,
    /// Words of a configuration: one set of active states, then the memories of the histories.
    pub(crate) configuration_words: usize,
    /// Differs between charts whose configurations mean different things.
    pub(crate) fingerprint: u64,
    /// Atomic and final states.
    pub(crate) leaves: Vec<u64>,
    /// Final children of the root.
    pub(crate) ends: Vec<u64>,
    /// States with an eventless transition.
    pub(crate) eventless: Vec<u64>,
    /// States with a transition on a named event.
    pub(crate) eventful: Vec<u64>,
    /// States with a transition on the end of a wait.
    pub(crate) waiting: Vec<u64>,
}

/// A state, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: Box<str>,
    /// `done.state.` and the name.
    pub(crate) done_event: Box<str>,
    pub(crate) kind: StateKind,
    /// The root is its own parent.
    pub(crate) parent: StateId,
    /// One past the last descendant.
    pub(crate) end: u16,
    /// Children that one can be in.
    pub(crate) children: Vec<StateId>,
    pub(crate) histories: Vec<StateId>,
    pub(crate) initial: Vec<StateId>,
    pub(crate) initial_actions: Vec<ActionId>,
    pub(crate) on_entry: Vec<ActionId>,
    pub(crate) on_exit: Vec<ActionId>,
    pub(crate) transitions: Range<u32>,
    /// Begun when the state is entered, each once.
    pub(crate) waits: Vec<DelayId>,
    pub(crate) memory: Memory,
}

/// Where a history keeps its set in a configuration. Only the words that can hold a descendant of
/// its parent are kept. Empty for what is not a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The words of the configuration.
    pub(crate) words: Range<usize>,
    /// Which word of a full set the first of them is.
    pub(crate) first: usize,
}

/// A transition, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The state that has it.
    pub source: StateId,
    /// What sets it off. Descriptors have lost a trailing `.*`.
    pub trigger: Trigger,
    /// What must hold besides.
    pub guard: Option<GuardId>,
    /// What it enters, as written: a target may be a history. Empty: nothing is exited or entered.
    pub targets: Vec<StateId>,
    /// Whether a compound source stays active when all targets lie inside it.
    pub internal: bool,
    /// Run after the exits and before the entries.
    pub actions: Vec<ActionId>,
    /// The state below which all exits and entries lie, if no history has a say in it.
    pub(crate) domain: Option<StateId>,
}

impl Transition {
    /// Returns whether the event sets it off, guard aside. Nothing sets off an eventless one.
    #[must_use]
    pub fn accepts(&self, event: Event<'_>) -> bool {
        self.trigger.accepts(event)
    }
}

impl Chart {
    /// Returns the state of this name, the root and the histories included.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<StateId> {
        let found = self
            .by_name
            .binary_search_by(|id| (*self.node(*id).name).cmp(name))
            .ok()?;
        self.by_name.get(found).copied()
    }

    /// Returns the state's name.
    #[must_use]
    pub fn name(&self, state: StateId) -> &str {
        &self.node(state).name
    }

    /// Returns what the state may hold and how it behaves.
    #[must_use]
    pub fn kind(&self, state: StateId) -> StateKind {
        self.node(state).kind
    }

    /// Returns the name of the event that is raised when the state is done: `done.state.` and its
    /// name.
    #[must_use]
    pub fn done_event(&self, state: StateId) -> &str {
        &self.node(state).done_event
    }

    /// Returns the parent; the root has none.
    #[must_use]
    pub fn parent(&self, state: StateId) -> Option<StateId> {
        (state != StateId::ROOT).then(|| self.node(state).parent)
    }

    /// Returns the children one can be in, in document order. Histories are not among them.
    #[must_use]
    pub fn children(&self, state: StateId) -> &[StateId] {
        &self.node(state).children
    }

    /// Returns the histories that remember the state, in document order.
    #[must_use]
    pub fn histories(&self, state: StateId) -> &[StateId] {
        &self.node(state).histories
    }

    /// Returns where a compound state begins, or what a history stands for while nothing is
    /// remembered. Empty for other kinds.
    #[must_use]
    pub fn initial(&self, state: StateId) -> &[StateId] {
        &self.node(state).initial
    }

    /// Returns what is run when [`initial`](Self::initial) is followed.
    #[must_use]
    pub fn initial_actions(&self, state: StateId) -> &[ActionId] {
        &self.node(state).initial_actions
    }

    /// Returns what is run when the state is entered.
    #[must_use]
    pub fn on_entry(&self, state: StateId) -> &[ActionId] {
        &self.node(state).on_entry
    }

    /// Returns what is run when the state is exited.
    #[must_use]
    pub fn on_exit(&self, state: StateId) -> &[ActionId] {
        &self.node(state).on_exit
    }

    /// Returns the ancestors, the parent first and the root last.
    pub fn ancestors(&self, state: StateId) -> impl Iterator<Item = StateId> + '_ {
        std::iter::successors(self.parent(state), |state| self.parent(*state))
    }

    /// Returns whether `state` lies below `ancestor`. No state lies below itself.
    #[must_use]
    pub fn is_descendant(&self, state: StateId, ancestor: StateId) -> bool {
        self.below(ancestor).contains(&state.index())
    }

    /// Returns all states in document order: the root first, histories included.
    pub fn states(&self) -> impl DoubleEndedIterator<Item = StateId> + ExactSizeIterator + use<> {
        (0..self.state_count()).map(StateId)
    }

    /// Returns the transition, or `None` if it is another chart's.
    #[must_use]
    pub fn transition(&self, id: TransitionId) -> Option<&Transition> {
        self.transitions.get(id.index())
    }

    /// Returns the transitions of one state in document order. A history has none: its default is
    /// [`initial`](Self::initial).
    pub fn transitions_of(
        &self,
        state: StateId,
    ) -> impl Iterator<Item = (TransitionId, &Transition)> + '_ {
        let range = self.node(state).transitions.clone();
        range
            .map(TransitionId)
            .filter_map(|id| Some((id, self.transition(id)?)))
    }

    /// Returns all transitions in document order.
    pub fn transitions(&self) -> impl Iterator<Item = (TransitionId, &Transition)> + '_ {
        (0..).map(TransitionId).zip(&self.transitions)
    }

    /// Returns the transitions whose source is active, guards aside, in the order in which they
    /// are asked: for each active leaf in document order, its own and then its ancestors'.
    /// Each comes once.
    pub fn candidates(
        &self,
        configuration: &Configuration,
    ) -> impl Iterator<Item = TransitionId> + use<> {
        let mut seen = vec![0; self.width];
        let mut found = Vec::new();
        for leaf in configuration.leaves(self) {
            for state in std::iter::once(leaf).chain(self.ancestors(leaf)) {
                // Another leaf came by here, and so above here.
                if !set::insert(&mut seen, state.index()) {
                    break;
                }
                found.extend(self.node(state).transitions.clone().map(TransitionId));
            }
        }
        found.into_iter()
    }

    /// Returns the waits that are running, with the state whose entry began each, in document
    /// order. Transitions of one state that differ by guard can share a wait.
    pub fn armed<'a>(
        &'a self,
        configuration: &'a Configuration,
    ) -> impl Iterator<Item = (StateId, TransitionId, DelayId)> + 'a {
        configuration
            .active()
            .flat_map(|state| self.waits_of(state))
    }

    /// Returns the waits that the state begins when it is entered.
    pub(crate) fn waits_of(
        &self,
        state: StateId,
    ) -> impl Iterator<Item = (StateId, TransitionId, DelayId)> + '_ {
        self.transitions_of(state)
            .filter_map(move |(id, transition)| match transition.trigger {
                Trigger::After(delay) => Some((state, id, delay)),
                Trigger::Event(_) | Trigger::Eventless => None,
            })
    }

    /// Returns the state, or the root for an id that is another chart's.
    pub(crate) fn node(&self, state: StateId) -> &Node {
        self.nodes.get(state.index()).unwrap_or(&self.nodes[0])
    }

    /// Returns the numbers of the state's descendants.
    pub(crate) fn below(&self, state: StateId) -> Range<usize> {
        // Empty for a foreign id, which lies at or beyond the root's end.
        state.index() + 1..usize::from(self.node(state).end)
    }

    /// Returns how many states there are, the root and the histories included.
    pub(crate) fn state_count(&self) -> u16 {
        // The root's end is one past the last state of all.
        self.nodes[0].end
    }

    /// Returns whether exactly one child is active while the state is. The root counts.
    pub(crate) fn is_compound(&self, state: StateId) -> bool {
        self.kind(state) == StateKind::Compound
    }
}
