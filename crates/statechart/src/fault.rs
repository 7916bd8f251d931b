//! What can be wrong with a chart.

use crate::DelayId;

/// One thing wrong with a chart, and where. `transition` counts from 0 within its state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChartFault {
    /// There are more states than [`STATES_MAX`](crate::STATES_MAX).
    #[error("the chart has more than {limit} states")]
    TooManyStates {
        /// How many a chart may have.
        limit: usize,
    },
    /// There are more transitions than [`TRANSITIONS_MAX`](crate::TRANSITIONS_MAX).
    #[error("the chart has more than {limit} transitions")]
    TooManyTransitions {
        /// How many a chart may have.
        limit: usize,
    },
    /// The state lies deeper than [`DEPTH_MAX`](crate::DEPTH_MAX) below the root.
    #[error("state `{state}` lies more than {limit} levels deep")]
    TooDeep {
        /// The first state that lies too deep.
        state: String,
        /// How deep a state may lie.
        limit: usize,
    },
    /// A list of targets is longer than [`TARGETS_MAX`](crate::TARGETS_MAX).
    #[error("state `{state}` has a list of more than {limit} targets")]
    TooManyTargets {
        /// Whose list it is.
        state: String,
        /// Which transition; `None` for the state's initial targets.
        transition: Option<usize>,
        /// How many a list may have.
        limit: usize,
    },
    /// The name is empty, holds white space, or is longer than
    /// [`NAME_BYTES_MAX`](crate::NAME_BYTES_MAX) bytes.
    #[error("`{name}` cannot be the name of a state")]
    BadName {
        /// The name, cut short if it is long.
        name: String,
    },
    /// Two states have this name.
    #[error("two states are called `{name}`")]
    DuplicateName {
        /// The name both have.
        name: String,
    },
    /// The root must be compound.
    #[error("the root `{root}` is not a compound state")]
    RootNotCompound {
        /// The root's name.
        root: String,
    },
    /// A compound or parallel state without a child that one could be in.
    #[error("state `{state}` has no child to be in")]
    NoChildren {
        /// The empty state.
        state: String,
    },
    /// An atomic state, a final state or a history has children.
    #[error("state `{state}` is of a kind that has no children")]
    ChildrenNotAllowed {
        /// The state that has them.
        state: String,
    },
    /// A final state is a direct child of a parallel one, which would be half done by itself.
    #[error("final state `{state}` is a direct child of the parallel state `{parallel}`")]
    FinalInParallel {
        /// The final state.
        state: String,
        /// Its parent.
        parallel: String,
    },
    /// A final state has transitions, which could never be taken.
    #[error("final state `{state}` has transitions")]
    TransitionsNotAllowed {
        /// The final state.
        state: String,
    },
    /// Initial targets or actions on a state that is neither compound nor a history.
    #[error("state `{state}` is of a kind that has no initial target")]
    InitialNotAllowed {
        /// The state that has them.
        state: String,
    },
    /// An initial target is not the name of a state.
    #[error("the initial target `{target}` of `{state}` does not exist")]
    UnknownInitial {
        /// The compound state or history.
        state: String,
        /// The unknown name.
        target: String,
    },
    /// An initial target lies outside the state that begins there.
    #[error("the initial target `{target}` lies outside `{state}`")]
    InitialOutside {
        /// The compound state.
        state: String,
        /// The target.
        target: String,
    },
    /// A target is not the name of a state.
    #[error("a transition of `{state}` has the target `{target}`, which does not exist")]
    UnknownTarget {
        /// The source.
        state: String,
        /// Which of its transitions.
        transition: usize,
        /// The unknown name.
        target: String,
    },
    /// A target is the root, which is never entered.
    #[error("a transition of `{state}` has the root as its target")]
    RootTargeted {
        /// The source.
        state: String,
        /// Which of its transitions.
        transition: usize,
    },
    /// Two targets cannot be active together.
    #[error("the targets `{first}` and `{second}` of `{state}` cannot be active together")]
    TargetsNotOrthogonal {
        /// The source, or the state whose initial targets they are.
        state: String,
        /// Which of its transitions; `None` for the state's initial targets.
        transition: Option<usize>,
        /// One target.
        first: String,
        /// The other.
        second: String,
    },
    /// A trigger lists no event at all.
    #[error("a transition of `{state}` waits for an event and names none")]
    NoEvent {
        /// The source.
        state: String,
        /// Which of its transitions.
        transition: usize,
    },
    /// An event descriptor is empty, holds white space, or has `*` where it means nothing.
    #[error("a transition of `{state}` has the event descriptor `{descriptor}`")]
    BadDescriptor {
        /// The source.
        state: String,
        /// Which of its transitions.
        transition: usize,
        /// The descriptor.
        descriptor: String,
    },
    /// Two states use one delay, so that the end of one wait would end the other.
    #[error("the states `{first}` and `{second}` share a delay")]
    DelayShared {
        /// The delay.
        delay: DelayId,
        /// The state that used it first, in document order.
        first: String,
        /// The other.
        second: String,
    },
    /// A history is used as it cannot be.
    #[error("history `{state}` {problem}")]
    HistoryMisuse {
        /// The history.
        state: String,
        /// In which way.
        problem: HistoryProblem,
    },
}

/// How a history can be misused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryProblem {
    /// It belongs to the root, which is never exited and so never remembered.
    #[error("belongs to the root, which is never left")]
    OfRoot,
    /// It has actions on entry or exit, though one is never in it.
    #[error("has actions on entry or exit")]
    Actions,
    /// Neither initial targets nor a transition say what it stands for at first.
    #[error("does not say what it stands for at first")]
    NoDefault,
    /// More than one list says what it stands for at first.
    #[error("says more than once what it stands for at first")]
    ManyDefaults,
    /// Its transition has a trigger or a guard.
    #[error("has a transition with a trigger or a guard")]
    Conditional,
    /// Its default lies outside its parent.
    #[error("has the default `{target}` outside its parent")]
    DefaultOutside {
        /// The default.
        target: String,
    },
    /// Its default is a history of the same parent.
    #[error("has the default `{target}`, a history of the same parent")]
    DefaultIsSibling {
        /// The default.
        target: String,
    },
}
