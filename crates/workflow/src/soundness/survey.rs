//! What an exploration saw.

use groundbreak_statechart::{Chart, StateId, Step, TransitionId};

/// What an exploration saw of a workflow.
pub(super) struct Survey {
    /// Different configurations that were reached.
    pub(super) configurations: u128,
    /// How many were looked at one by one.
    pub(super) explored: usize,
    /// Whether there are no others.
    pub(super) complete: bool,
    entered: Vec<bool>,
    exited: Vec<bool>,
    taken: Vec<bool>,
    /// Where guards and gates first allowed a transition, and the stimulus for it.
    possible: Vec<Option<(usize, usize)>>,
    /// The first place from which no end can be reached.
    pub(super) stuck: Option<Target>,
    /// The first move that never comes to rest.
    pub(super) livelock: Option<Target>,
}

/// A place that was reached.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The number of the place; `None` before a case is opened.
    pub(super) node: Option<usize>,
    /// Where the opening of a case goes in circles, if it does.
    pub(super) leads_to: Vec<String>,
}

impl Target {
    pub(super) fn at(number: usize) -> Self {
        Self {
            node: Some(number),
            leads_to: Vec::new(),
        }
    }
}

impl Survey {
    pub(super) fn new(chart: &Chart) -> Self {
        let states = chart.states().len();
        let transitions = chart.transitions().count();
        Self {
            configurations: 0,
            explored: 0,
            complete: false,
            entered: vec![false; states],
            exited: vec![false; states],
            taken: vec![false; transitions],
            possible: vec![None; transitions],
            stuck: None,
            livelock: None,
        }
    }

    /// Notes what a step entered, exited and took.
    pub(super) fn note(&mut self, step: &Step) {
        for microstep in &step.microsteps {
            for state in &microstep.entered {
                self.entered[state.index()] = true;
            }
            for state in &microstep.exited {
                self.exited[state.index()] = true;
            }
            for transition in &microstep.transitions {
                self.taken[transition.index()] = true;
            }
        }
    }

    pub(super) fn set_taken(&mut self, id: TransitionId) {
        if let Some(taken) = self.taken.get_mut(id.index()) {
            *taken = true;
        }
    }

    pub(super) fn set_entered(&mut self, state: StateId) {
        if let Some(entered) = self.entered.get_mut(state.index()) {
            *entered = true;
        }
    }

    pub(super) fn set_exited(&mut self, state: StateId) {
        if let Some(exited) = self.exited.get_mut(state.index()) {
            *exited = true;
        }
    }

    pub(super) fn livelock(&mut self, target: Target) {
        self.livelock.get_or_insert(target);
    }

    pub(super) fn entered(&self, state: StateId) -> bool {
        self.entered.get(state.index()).copied().unwrap_or(false)
    }

    pub(super) fn exited(&self, state: StateId) -> bool {
        self.exited.get(state.index()).copied().unwrap_or(false)
    }

    pub(super) fn taken(&self, id: TransitionId) -> bool {
        self.taken.get(id.index()).copied().unwrap_or(false)
    }

    pub(super) fn possible(&self, id: TransitionId) -> Option<(usize, usize)> {
        self.possible.get(id.index()).copied().flatten()
    }

    pub(super) fn set_possible(&mut self, id: TransitionId, number: usize, stimulus: usize) {
        if let Some(possible) = self.possible.get_mut(id.index()) {
            possible.get_or_insert((number, stimulus));
        }
    }
}
