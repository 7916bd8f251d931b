//! The states that are active, and what is remembered.

use crate::state_set as set;
use crate::{Chart, HistoryDepth, StateId, StateKind, Step};

/// The active states of one chart and what its histories remember.
///
/// Cheap to clone and to compare. To store one, write down [`names`](Self::names) and
/// [`memories`](Self::memories); [`from_names`](Self::from_names) reads them back. The root is
/// always active and never listed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// The active states, then the memories of the histories.
    words: Box<[u64]>,
    width: usize,
    /// Of the chart it belongs to.
    fingerprint: u64,
}

/// Why names do not make up a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The chart has no such state.
    #[error("there is no state `{name}`")]
    UnknownState {
        /// The unknown name.
        name: String,
    },
    /// The chart has no such history.
    #[error("there is no history `{name}`")]
    UnknownHistory {
        /// The unknown name.
        name: String,
    },
    /// The state cannot be active with just these others: too many or too few of its children
    /// are, or it is a history.
    #[error("`{state}` cannot be active with just these states")]
    Illegal {
        /// The first such state in document order.
        state: String,
    },
    /// The history cannot have remembered these states.
    #[error("history `{history}` cannot have remembered these states")]
    BadMemory {
        /// The history.
        history: String,
    },
}

/// Why a step does not fit a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The configuration belongs to another chart.
    #[error("the configuration belongs to another chart")]
    OtherChart,
    /// The step names a state that the chart does not have.
    #[error("there is no state with the number {index}")]
    UnknownState {
        /// The unknown number.
        index: usize,
    },
    /// The step exits a state that is not active.
    #[error("the step exits `{state}`, which is not active")]
    NotActive {
        /// The state.
        state: String,
    },
    /// The step enters a state that is active.
    #[error("the step enters `{state}`, which is active")]
    AlreadyActive {
        /// The state.
        state: String,
    },
    /// The step leads to states that cannot be active together.
    #[error("the step leaves `{state}` without the right children or parent")]
    Illegal {
        /// The first such state in document order.
        state: String,
    },
}

impl Configuration {
    /// Returns the configuration before the first step: nothing is active, nothing remembered.
    /// The step of [`Chart::start`] applies to it.
    #[must_use]
    pub fn unstarted(chart: &Chart) -> Self {
        let mut words = vec![0; chart.configuration_words].into_boxed_slice();
        set::insert(&mut words, StateId::ROOT.index());
        Self {
            words,
            width: chart.width,
            fingerprint: chart.fingerprint,
        }
    }

    /// Makes this the configuration before the first step of the chart, whatever it was.
    pub(crate) fn reset(&mut self, chart: &Chart) {
        if self.words.len() != chart.configuration_words {
            *self = Self::unstarted(chart);
            return;
        }
        self.words.fill(0);
        set::insert(&mut self.words, StateId::ROOT.index());
        self.width = chart.width;
        self.fingerprint = chart.fingerprint;
    }

    /// Returns the configuration with these states active and these memories. Ancestors of a
    /// state may be left out, so the leaves are enough. `history` holds names of histories, each
    /// with what it remembers; those that remember nothing are left out.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::UnknownState`] and [`ConfigurationError::UnknownHistory`] for names
    /// that the chart does not have; [`ConfigurationError::Illegal`] when the states cannot be
    /// active together, or something is missing; [`ConfigurationError::BadMemory`] when a history
    /// could not remember what it is said to.
    pub fn from_names<S: AsRef<str>>(
        chart: &Chart,
        active: &[S],
        history: &[(S, Vec<S>)],
    ) -> Result<Self, ConfigurationError> {
        let mut configuration = Self::unstarted(chart);
        for name in active {
            let state = known(chart, name.as_ref())?;
            set::insert(&mut configuration.words, state.index());
            for ancestor in chart.ancestors(state) {
                set::insert(&mut configuration.words, ancestor.index());
            }
        }
        if let Some(state) = offender(chart, configuration.active_words(), StateId::ROOT) {
            return Err(ConfigurationError::Illegal {
                state: chart.name(state).to_owned(),
            });
        }
        for (name, remembered) in history {
            let unknown = || ConfigurationError::UnknownHistory {
                name: name.as_ref().to_owned(),
            };
            let history = chart.state(name.as_ref()).ok_or_else(unknown)?;
            let StateKind::History(depth) = chart.kind(history) else {
                return Err(unknown());
            };
            let states = remembered.iter().map(|name| known(chart, name.as_ref()));
            let states = states.collect::<Result<Vec<_>, _>>()?;
            if !could_remember(chart, history, depth, &states) {
                let history = name.as_ref().to_owned();
                return Err(ConfigurationError::BadMemory { history });
            }
            let mut members = vec![0; chart.width];
            for state in states {
                set::insert(&mut members, state.index());
            }
            configuration.remember(chart, history, &members);
        }
        Ok(configuration)
    }

    /// Returns whether the state is active. The root always is, a history never.
    #[must_use]
    pub fn is_in(&self, state: StateId) -> bool {
        set::contains(self.active_words(), state.index())
    }

    /// Returns the active states in document order, without the root.
    pub fn active(&self) -> impl Iterator<Item = StateId> + '_ {
        // The root is state 0 and always active.
        set::iter(self.active_words()).skip(1).map(to_id)
    }

    /// Returns the active states that have no children, in document order.
    pub fn leaves<'a>(&'a self, chart: &'a Chart) -> impl Iterator<Item = StateId> + 'a {
        set::iter_both(self.active_words(), &chart.leaves).map(to_id)
    }

    /// Returns the names of the active states in document order, without the root.
    pub fn names<'a>(&'a self, chart: &'a Chart) -> impl Iterator<Item = &'a str> + 'a {
        self.active().map(|state| chart.name(state))
    }

    /// Returns the final child of the root that is active: the chart has come to its end, and
    /// nothing will happen any more.
    #[must_use]
    pub fn end(&self, chart: &Chart) -> Option<StateId> {
        set::iter_both(self.active_words(), &chart.ends)
            .map(to_id)
            .next()
    }

    /// Returns whether the chart has come to its end.
    #[must_use]
    pub fn is_done(&self, chart: &Chart) -> bool {
        set::intersects(self.active_words(), &chart.ends)
    }

    /// Returns what the history remembers, in document order; nothing while its parent has not
    /// been exited.
    pub fn remembered<'a>(
        &'a self,
        chart: &'a Chart,
        history: StateId,
    ) -> impl Iterator<Item = StateId> + 'a {
        let memory = &chart.node(history).memory;
        let words = self.words.get(memory.words.clone()).unwrap_or_default();
        set::iter(words).map(move |bit| to_id(bit + memory.first * 64))
    }

    /// Returns the histories that remember something, each with what it remembers, in document
    /// order.
    pub fn memories<'a>(
        &'a self,
        chart: &'a Chart,
    ) -> impl Iterator<Item = (StateId, Vec<StateId>)> + 'a {
        let histories = chart
            .states()
            .filter(|id| matches!(chart.kind(*id), StateKind::History(_)));
        histories
            .map(|history| (history, self.remembered(chart, history).collect::<Vec<_>>()))
            .filter(|(_, states)| !states.is_empty())
    }

    /// Returns the configuration after a step. Runs no guard and no action; what is remembered is
    /// worked out again.
    ///
    /// # Errors
    ///
    /// Those of [`replay`](Self::replay): the step was not taken from this configuration.
    pub fn apply(&self, chart: &Chart, step: &Step) -> Result<Self, ReplayError> {
        let mut next = self.clone();
        next.check_chart(chart)?;
        for microstep in &step.microsteps {
            next.replay_in_place(chart, &microstep.exited, &microstep.entered)?;
        }
        Ok(next)
    }

    /// Returns the configuration after one microstep that exited and entered these states, in any
    /// order. Histories of the states it exits remember what was active before.
    ///
    /// Microsteps must be replayed one by one: what is remembered can differ when several are
    /// thrown together.
    ///
    /// # Errors
    ///
    /// [`ReplayError::OtherChart`] and [`ReplayError::UnknownState`] when chart, configuration and
    /// states do not belong together; [`ReplayError::NotActive`], [`ReplayError::AlreadyActive`]
    /// and [`ReplayError::Illegal`] when no microstep from here could have done this.
    pub fn replay(
        &self,
        chart: &Chart,
        exited: &[StateId],
        entered: &[StateId],
    ) -> Result<Self, ReplayError> {
        let mut next = self.clone();
        next.check_chart(chart)?;
        next.replay_in_place(chart, exited, entered)?;
        Ok(next)
    }

    fn replay_in_place(
        &mut self,
        chart: &Chart,
        exited: &[StateId],
        entered: &[StateId],
    ) -> Result<(), ReplayError> {
        let unknown = |state: &&StateId| state.index() >= usize::from(chart.state_count());
        if let Some(state) = exited.iter().chain(entered).find(unknown) {
            return Err(ReplayError::UnknownState {
                index: state.index(),
            });
        }
        let name = |state: StateId| chart.name(state).to_owned();
        self.remember_exits(chart, exited);
        for state in exited {
            if !set::remove(&mut self.words, state.index()) {
                return Err(ReplayError::NotActive {
                    state: name(*state),
                });
            }
        }
        for state in entered {
            if !set::insert(&mut self.words, state.index()) {
                return Err(ReplayError::AlreadyActive {
                    state: name(*state),
                });
            }
        }
        match offender(chart, self.active_words(), StateId::ROOT) {
            Some(state) => Err(ReplayError::Illegal { state: name(state) }),
            None => Ok(()),
        }
    }

    /// Lets the histories of these states, which are about to be exited, remember what is active.
    pub(crate) fn remember_exits(&mut self, chart: &Chart, exited: &[StateId]) {
        for state in exited {
            for history in &chart.node(*state).histories {
                self.remember_now(chart, *state, *history);
            }
        }
    }

    fn remember_now(&mut self, chart: &Chart, parent: StateId, history: StateId) {
        let memory = &chart.node(history).memory;
        let below = chart.below(parent);
        match chart.kind(history) {
            StateKind::History(HistoryDepth::Deep) => {
                for (offset, word) in memory.words.clone().enumerate() {
                    let full = memory.first + offset;
                    self.words[word] =
                        self.words[full] & chart.leaves[full] & set::mask(&below, full);
                }
            }
            _ => {
                self.words[memory.words.clone()].fill(0);
                for child in &chart.node(parent).children {
                    if set::contains(&self.words[..self.width], child.index()) {
                        let bit = child.index() - memory.first * 64;
                        set::insert(&mut self.words[memory.words.clone()], bit);
                    }
                }
            }
        }
    }

    /// Lets a history remember a set that lies below its parent.
    fn remember(&mut self, chart: &Chart, history: StateId, members: &[u64]) {
        let memory = &chart.node(history).memory;
        for (offset, word) in memory.words.clone().enumerate() {
            self.words[word] = members[memory.first + offset];
        }
    }

    /// Returns whether the configuration belongs to this chart, or to one that numbers its states
    /// alike.
    pub(crate) fn belongs_to(&self, chart: &Chart) -> bool {
        self.fingerprint == chart.fingerprint && self.words.len() == chart.configuration_words
    }

    fn check_chart(&self, chart: &Chart) -> Result<(), ReplayError> {
        if self.belongs_to(chart) {
            Ok(())
        } else {
            Err(ReplayError::OtherChart)
        }
    }

    pub(crate) fn active_words(&self) -> &[u64] {
        &self.words[..self.width]
    }

    pub(crate) fn active_words_mut(&mut self) -> &mut [u64] {
        &mut self.words[..self.width]
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn restore(&mut self, words: &[u64]) {
        self.words.copy_from_slice(words);
    }
}

fn to_id(index: usize) -> StateId {
    // Bits beyond the chart's states, of which there are fewer than a u16 counts, are never set.
    StateId(u16::try_from(index).unwrap_or(u16::MAX))
}

fn known(chart: &Chart, name: &str) -> Result<StateId, ConfigurationError> {
    chart
        .state(name)
        .ok_or_else(|| ConfigurationError::UnknownState {
            name: name.to_owned(),
        })
}

/// Returns the first state, at or below `top`, that cannot be active with just the others.
///
/// # Source
///
/// W3C SCXML 1.0, section 3.11, "Legal State Configurations".
fn offender(chart: &Chart, active: &[u64], top: StateId) -> Option<StateId> {
    let is_active = |state: StateId| set::contains(active, state.index());
    let at_fault = |state: StateId| {
        let node = chart.node(state);
        let active_children = node
            .children
            .iter()
            .filter(|child| is_active(**child))
            .count();
        let children = match node.kind {
            StateKind::Atomic | StateKind::Final => true,
            StateKind::Compound => active_children == 1,
            StateKind::Parallel => active_children == node.children.len(),
            StateKind::History(_) => false,
        };
        !(children && (state == top || is_active(node.parent)))
    };
    if !is_active(top) {
        return Some(top);
    }
    let below = chart.below(top);
    set::iter(active)
        .filter(|index| *index == top.index() || below.contains(index))
        .map(to_id)
        .find(|state| at_fault(*state))
}

/// Returns whether the states are what the history finds when its parent is exited.
fn could_remember(
    chart: &Chart,
    history: StateId,
    depth: HistoryDepth,
    states: &[StateId],
) -> bool {
    let parent = chart.node(history).parent;
    let mut closure = vec![0; chart.width];
    set::insert(&mut closure, parent.index());
    for state in states {
        let fits = match depth {
            HistoryDepth::Shallow => chart.children(parent).contains(state),
            HistoryDepth::Deep => {
                chart.is_descendant(*state, parent)
                    && matches!(chart.kind(*state), StateKind::Atomic | StateKind::Final)
            }
        };
        if !fits {
            return false;
        }
        set::insert(&mut closure, state.index());
        for ancestor in chart
            .ancestors(*state)
            .take_while(|ancestor| *ancestor != parent)
        {
            set::insert(&mut closure, ancestor.index());
        }
    }
    match depth {
        HistoryDepth::Deep => offender(chart, &closure, parent).is_none(),
        HistoryDepth::Shallow => {
            let remembered = chart
                .children(parent)
                .iter()
                .filter(|child| states.contains(child))
                .count();
            match chart.kind(parent) {
                StateKind::Parallel => remembered == chart.children(parent).len(),
                _ => remembered == 1,
            }
        }
    }
}
