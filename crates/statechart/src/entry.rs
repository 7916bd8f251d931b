//! Which states are entered.

use crate::selection::Enabled;
use crate::state_set as set;
use crate::{Chart, Configuration, StateId, StateKind};

/// The states that a microstep enters. Keeps its sets, so that planning again needs no memory.
///
/// # Source
///
/// W3C SCXML 1.0, appendix D, `computeEntrySet` and the procedures below it.
#[derive(Debug, Default)]
pub(crate) struct EntryPlan {
    states: Vec<u64>,
    /// Those of `states` that are entered by their initial targets.
    by_default: Vec<u64>,
    /// Histories that remembered nothing, whose parents are among `states`.
    forgetful: Vec<StateId>,
    draft: Draft,
}

/// What one transition asks for, before it is cut to what lies below its domain.
///
/// The cut matters when a history's default lies in a region of an active parallel state: the way
/// from the history down to the default passes states that were not exited, and must not be
/// entered.
#[derive(Debug, Default)]
struct Draft {
    states: Vec<u64>,
    by_default: Vec<u64>,
    forgetful: Vec<StateId>,
}

impl EntryPlan {
    pub(crate) fn fit(&mut self, chart: &Chart) {
        for words in [
            &mut self.states,
            &mut self.by_default,
            &mut self.draft.states,
            &mut self.draft.by_default,
        ] {
            words.clear();
            words.resize(chart.width, 0);
        }
    }

    /// Returns the states to enter, in entry order.
    pub(crate) fn states(&self) -> impl Iterator<Item = usize> + '_ {
        set::iter(&self.states)
    }

    /// Returns whether the state is entered by its initial targets.
    pub(crate) fn is_by_default(&self, state: StateId) -> bool {
        set::contains(&self.by_default, state.index())
    }

    /// Returns the history of `parent` that stands for its default in this microstep.
    pub(crate) fn forgetful_history_of(&self, chart: &Chart, parent: StateId) -> Option<StateId> {
        self.forgetful
            .iter()
            .copied()
            .find(|history| chart.node(*history).parent == parent)
    }

    /// Plans what the transitions enter, after the exits have been carried out.
    pub(crate) fn plan(&mut self, chart: &Chart, configuration: &Configuration, taken: &[Enabled]) {
        self.clear();
        for Enabled { transition, domain } in taken {
            let Some(domain) = *domain else { continue };
            let targets = &chart.transitions[transition.index()].targets;
            for target in targets {
                self.draft
                    .add_with_descendants(chart, configuration, *target);
            }
            for target in targets {
                self.draft
                    .add_ancestors(chart, configuration, *target, domain);
            }
            self.adopt_draft(chart, domain);
        }
    }

    /// Plans what is entered when the chart starts.
    pub(crate) fn plan_start(&mut self, chart: &Chart, configuration: &Configuration) {
        self.clear();
        self.draft
            .add_with_descendants(chart, configuration, StateId::ROOT);
        self.adopt_draft(chart, StateId::ROOT);
    }

    fn clear(&mut self) {
        self.states.fill(0);
        self.by_default.fill(0);
        self.forgetful.clear();
    }

    fn adopt_draft(&mut self, chart: &Chart, domain: StateId) {
        let below = chart.below(domain);
        for index in set::word_range(&below) {
            let mask = set::mask(&below, index);
            self.states[index] |= self.draft.states[index] & mask;
            self.by_default[index] |= self.draft.by_default[index] & mask;
        }
        let inside = |history: &StateId| below.contains(&chart.node(*history).parent.index());
        self.forgetful
            .extend(self.draft.forgetful.drain(..).filter(inside));
        self.draft.states.fill(0);
        self.draft.by_default.fill(0);
    }
}

impl Draft {
    /// Adds the state, and what is entered below it. Recurses at most twice a level of the chart.
    fn add_with_descendants(
        &mut self,
        chart: &Chart,
        configuration: &Configuration,
        state: StateId,
    ) {
        let node = chart.node(state);
        match node.kind {
            StateKind::History(_) => {
                if configuration.remembered(chart, state).next().is_some() {
                    for remembered in configuration.remembered(chart, state) {
                        self.add_with_descendants(chart, configuration, remembered);
                    }
                    for remembered in configuration.remembered(chart, state) {
                        self.add_ancestors(chart, configuration, remembered, node.parent);
                    }
                } else {
                    self.forgetful.push(state);
                    self.add_initial(chart, configuration, state, node.parent);
                }
            }
            StateKind::Compound => {
                set::insert(&mut self.states, state.index());
                set::insert(&mut self.by_default, state.index());
                self.add_initial(chart, configuration, state, state);
            }
            StateKind::Parallel => {
                set::insert(&mut self.states, state.index());
                self.add_missing_regions(chart, configuration, state);
            }
            StateKind::Atomic | StateKind::Final => {
                set::insert(&mut self.states, state.index());
            }
        }
    }

    /// Adds where `state` begins, up to `ancestor`, which is not added.
    fn add_initial(
        &mut self,
        chart: &Chart,
        configuration: &Configuration,
        state: StateId,
        ancestor: StateId,
    ) {
        let initial = &chart.node(state).initial;
        for target in initial {
            self.add_with_descendants(chart, configuration, *target);
        }
        for target in initial {
            self.add_ancestors(chart, configuration, *target, ancestor);
        }
    }

    /// Adds the ancestors of the state up to `ancestor`, which is not added, and the regions that
    /// they need.
    fn add_ancestors(
        &mut self,
        chart: &Chart,
        configuration: &Configuration,
        state: StateId,
        ancestor: StateId,
    ) {
        let between = |state: &StateId| *state != ancestor && *state != StateId::ROOT;
        for state in chart.ancestors(state).take_while(between) {
            set::insert(&mut self.states, state.index());
            if chart.kind(state) == StateKind::Parallel {
                self.add_missing_regions(chart, configuration, state);
            }
        }
    }

    /// Adds the regions of a parallel state of which nothing has been added yet.
    fn add_missing_regions(
        &mut self,
        chart: &Chart,
        configuration: &Configuration,
        parallel: StateId,
    ) {
        for child in &chart.node(parallel).children {
            if !set::any_in(&self.states, &chart.below(*child)) {
                self.add_with_descendants(chart, configuration, *child);
            }
        }
    }
}
