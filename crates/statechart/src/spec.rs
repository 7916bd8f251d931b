//! What the author of a chart writes.

use crate::{ActionId, DelayId, GuardId};

/// One state as its author wrote it, with everything below it.
///
/// Plain data without any promise; [`Chart::compile`](crate::Chart::compile) checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateSpec {
    /// Unique in the chart, without white space.
    pub name: String,
    /// What the state may hold and how it behaves.
    pub kind: StateKind,
    /// In document order, which decides priorities.
    pub children: Vec<StateSpec>,
    /// Where a compound state begins: names of descendants, in different parallel regions when
    /// there are several. Empty means the first child. For a history, what it stands for while
    /// nothing is remembered.
    pub initial: Vec<String>,
    /// Run when `initial` is followed: after the state's own `on_entry`, before the children's.
    pub initial_actions: Vec<ActionId>,
    /// In document order: the first that is enabled is taken.
    pub transitions: Vec<TransitionSpec>,
    /// Run in this order when the state is entered.
    pub on_entry: Vec<ActionId>,
    /// Run in this order when the state is exited. A top-level final state is exited, in this
    /// sense only, as soon as it has been entered.
    pub on_exit: Vec<ActionId>,
}

impl StateSpec {
    /// Returns a state that has a name and a kind and nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: StateKind) -> Self {
        Self {
            name: name.into(),
            kind,
            children: Vec::new(),
            initial: Vec::new(),
            initial_actions: Vec::new(),
            transitions: Vec::new(),
            on_entry: Vec::new(),
            on_exit: Vec::new(),
        }
    }

    /// Returns the state with these children instead of those it had.
    #[must_use]
    pub fn with_children(mut self, children: Vec<Self>) -> Self {
        self.children = children;
        self
    }

    /// Returns the state with one more transition, after those it has.
    #[must_use]
    pub fn with_transition(mut self, transition: TransitionSpec) -> Self {
        self.transitions.push(transition);
        self
    }
}

/// What a state may hold and how it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// No children.
    Atomic,
    /// Exactly one child is active while the state is.
    Compound,
    /// All children are active while the state is.
    Parallel,
    /// The end of its parent: no children, no transitions.
    Final,
    /// Not a state to be in, but a target that stands for where its parent was last left.
    History(HistoryDepth),
}

/// How much of its parent a history remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HistoryDepth {
    /// The children that were active; below them, entry is by default.
    Shallow,
    /// Every active descendant.
    Deep,
}

/// A transition as its author wrote it. Its source is the state that lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionSpec {
    /// What sets it off.
    pub trigger: Trigger,
    /// What must hold besides.
    pub guard: Option<GuardId>,
    /// Names of states, in different parallel regions when there are several. Empty: nothing is
    /// exited or entered, the actions run.
    pub targets: Vec<String>,
    /// Whether a compound source stays active when all targets lie inside it.
    pub internal: bool,
    /// Run in this order, after the exits and before the entries.
    pub actions: Vec<ActionId>,
}

impl TransitionSpec {
    /// Returns an external transition to `targets`, without guard and actions.
    #[must_use]
    pub fn new(trigger: Trigger, targets: Vec<String>) -> Self {
        Self {
            trigger,
            guard: None,
            targets,
            internal: false,
            actions: Vec::new(),
        }
    }
}

/// What sets a transition off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A named event that one of these descriptors matches. `land.listed` matches itself and
    /// `land.listed.again`, but not `land.listedness`; a trailing `.*` changes nothing; `*`
    /// matches every name.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, section 3.12.1.
    Event(Vec<String>),
    /// Nothing: it is taken as soon as its guard holds.
    Eventless,
    /// The end of a wait that begins when the source is entered and is off when it is exited.
    After(DelayId),
}
