//! The quickest way through a clock.

use std::collections::BTreeMap;

use groundbreak_sla::Budget;
use groundbreak_statechart::{Chart, StateId, StateKind, Transition, TransitionId, Trigger};
use serde::Serialize;

use crate::workflow::{Clock, Edge, Workflow};

/// The shortest time in which a clock can come from its start to its stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CriticalPath {
    /// The clock.
    pub clock: String,
    /// How long it takes at least, in the unit of the clock's budget: milliseconds or days.
    pub at_least: i64,
    /// The states on the way that take time, in order.
    pub steps: Vec<CriticalStep>,
}

/// A state on the quickest way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CriticalStep {
    /// The state.
    pub state: String,
    /// How long a case stays in it at least, in the unit of the clock's budget.
    pub takes: i64,
}

impl Workflow {
    /// Returns the quickest way through each clock that can come from its start to its stop, from
    /// the shortest times that cases stay in states: declared as `takes`, given by delays, or
    /// `measured` in milliseconds of elapsed time by name of state. What was measured counts for
    /// states without inner ones that an act leads on from: elsewhere a case waits for something
    /// else, and that is on the way itself.
    ///
    /// Steps in parallel regions overlap; a condition that names a state waits for it. What can be
    /// done before the clock starts takes nothing, and so does what is not counted because the clock
    /// stands still or counts in a unit that the time says nothing about: an hour of elapsed time
    /// need not hold an office hour. The way is therefore never longer than the quickest case, when
    /// the clock runs for the first time.
    ///
    /// # Source
    ///
    /// Earliest times over alternatives and joins: D. E. Knuth, A generalization of Dijkstra's
    /// algorithm, Information Processing Letters 6 (1977).
    #[must_use]
    pub fn critical_paths(&self, measured: &BTreeMap<String, i64>) -> Vec<CriticalPath> {
        let clocks = self.clocks.iter();
        clocks
            .filter_map(|(name, clock)| Search::new(self, clock, measured).path(name))
            .collect()
    }
}

/// When a state can be entered first, counted from the start of the clock.
#[derive(Clone, Copy, Debug)]
struct Reached {
    after: i64,
    /// The state that had to be left, or to be reached, at last, and how long it took.
    through: Option<(StateId, i64)>,
}

struct Search<'a> {
    workflow: &'a Workflow,
    chart: &'a Chart,
    clock: &'a Clock,
    measured: &'a BTreeMap<String, i64>,
    /// By state: whether a case can have been there before the clock starts.
    before: Vec<bool>,
    /// By state.
    reached: Vec<Option<Reached>>,
}

impl<'a> Search<'a> {
    fn new(workflow: &'a Workflow, clock: &'a Clock, measured: &'a BTreeMap<String, i64>) -> Self {
        let count = workflow.chart.states().len();
        Self {
            workflow,
            chart: &workflow.chart,
            clock,
            measured,
            before: vec![false; count],
            reached: vec![None; count],
        }
    }

    fn path(mut self, name: &str) -> Option<CriticalPath> {
        self.find_before();
        for (index, before) in self.before.iter().enumerate() {
            self.reached[index] = before.then_some(Reached {
                after: 0,
                through: None,
            });
        }
        let at_once = Reached {
            after: 0,
            through: None,
        };
        self.enter(&self.entered(&initial(self.chart, StateId::ROOT)), at_once);
        // Every round settles at least one state for good, and the last changes nothing.
        for _ in 0..=self.reached.len() {
            let mut changed = false;
            for (id, transition) in self.chart.transitions() {
                if let Some(fired) = self.fires(id, transition) {
                    changed |= self.enter(&self.entered(&transition.targets), fired);
                }
            }
            if !changed {
                break;
            }
        }
        let stopped = self.stopped()?;
        Some(CriticalPath {
            clock: name.to_owned(),
            at_least: stopped.after,
            steps: self.steps(stopped),
        })
    }

    /// Finds the states a case can have been in without crossing the border that starts the clock.
    fn find_before(&mut self) {
        let first = self.entered(&initial(self.chart, StateId::ROOT));
        if self.starts_by(None, &first) {
            return;
        }
        self.mark(&first);
        loop {
            let mut changed = false;
            for (_, transition) in self.chart.transitions() {
                let entered = self.entered(&transition.targets);
                if self.before[transition.source.index()]
                    && !self.starts_by(Some(transition), &entered)
                {
                    changed |= self.mark(&entered);
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn mark(&mut self, states: &[StateId]) -> bool {
        let mut changed = false;
        for state in states {
            changed |= !std::mem::replace(&mut self.before[state.index()], true);
        }
        changed
    }

    /// Tells whether the clock is sure to start with this transition, or with the opening.
    fn starts_by(&self, transition: Option<&Transition>, entered: &[StateId]) -> bool {
        match &self.clock.start {
            Edge::Entering(state) => {
                let state = self.chart.state(state);
                state.is_some_and(|state| entered.contains(&state))
            }
            Edge::Leaving(state) => {
                let left = self.chart.state(state).zip(transition);
                left.is_some_and(|(state, transition)| {
                    let within = transition.source == state
                        || self.chart.is_descendant(transition.source, state);
                    within && self.can_leave(transition, state)
                })
            }
        }
    }

    /// Tells whether the transition leaves the state if that is active.
    fn can_leave(&self, transition: &Transition, state: StateId) -> bool {
        let chart = self.chart;
        let holds = |around: StateId| {
            let targets = &transition.targets;
            targets
                .iter()
                .all(|target| chart.is_descendant(*target, around))
        };
        let source = transition.source;
        let compound = |state: StateId| chart.kind(state) == StateKind::Compound;
        let own = transition.internal && compound(source);
        let domain = own
            .then_some(source)
            .into_iter()
            .chain(chart.ancestors(source).filter(|around| compound(*around)))
            .find(|around| holds(*around));
        !transition.targets.is_empty()
            && domain.is_some_and(|domain| chart.is_descendant(state, domain))
    }

    /// Returns the states that are entered with these, the regions beside them included.
    fn entered(&self, targets: &[StateId]) -> Vec<StateId> {
        let mut entered = Vec::new();
        for target in targets {
            self.descend(*target, &mut entered);
            let mut inner = *target;
            for around in self.chart.ancestors(*target) {
                if around == StateId::ROOT {
                    break;
                }
                if self.chart.kind(around) == StateKind::Parallel {
                    for region in self.chart.children(around) {
                        if *region != inner {
                            self.descend(*region, &mut entered);
                        }
                    }
                }
                entered.push(around);
                inner = around;
            }
        }
        entered
    }

    fn descend(&self, state: StateId, entered: &mut Vec<StateId>) {
        if entered.contains(&state) {
            return;
        }
        entered.push(state);
        for child in initial(self.chart, state) {
            self.descend(child, entered);
            // An initial state may lie deeper than one level.
            let around = self.chart.ancestors(child);
            entered.extend(around.take_while(|around| self.chart.is_descendant(*around, state)));
        }
    }

    fn enter(&mut self, states: &[StateId], fired: Reached) -> bool {
        let mut changed = false;
        for state in states {
            let reached = &mut self.reached[state.index()];
            if reached.is_none_or(|reached| fired.after < reached.after) {
                *reached = Some(fired);
                changed = true;
            }
        }
        changed
    }

    /// Returns when the transition can be taken first.
    fn fires(&self, id: TransitionId, transition: &Transition) -> Option<Reached> {
        let source = transition.source;
        let needs = self.workflow.transition(id);
        let done = matches!(transition.trigger, Trigger::Event(_)) && needs.event.is_none();
        let mut fired = if done {
            self.done(source)?
        } else {
            let stays = match transition.trigger {
                Trigger::After(delay) => {
                    let delay = self.workflow.delays.get(delay.0 as usize)?;
                    let waits = self.counted(source, delay.policy.goal.budget());
                    self.declared(source).max(waits)
                }
                Trigger::Event(_) => self.declared(source).max(self.measured(source)),
                Trigger::Eventless => self.declared(source),
            };
            let entered = self.reached[source.index()]?;
            Reached {
                after: entered.after.saturating_add(stays),
                through: Some((source, stays)),
            }
        };
        let gates = needs.gates.iter().filter_map(|gate| {
            let gate = self.workflow.gates.get(gate)?;
            Some(&gate.when)
        });
        let guard = needs
            .guard
            .and_then(|guard| self.workflow.guards.get(guard));
        for condition in gates.chain(guard) {
            let (after, state) = condition.earliest(&|name| {
                let state = self.chart.state(name)?;
                Some(self.reached[state.index()]?.after)
            })?;
            if after > fired.after {
                let state = state.and_then(|name| self.chart.state(&name));
                let through = state.map(|state| (state, 0));
                fired = Reached { after, through };
            }
        }
        Some(fired)
    }

    /// Returns when the state can be done first: a compound one with the first of its ends, a
    /// parallel one with the last of its regions.
    fn done(&self, state: StateId) -> Option<Reached> {
        let children = self.chart.children(state);
        match self.chart.kind(state) {
            StateKind::Compound => children
                .iter()
                .filter(|child| self.chart.kind(**child) == StateKind::Final)
                .filter_map(|child| {
                    let reached = self.reached[child.index()]?;
                    let through = Some((*child, 0));
                    Some(Reached { through, ..reached })
                })
                .min_by_key(|reached| reached.after),
            StateKind::Parallel => {
                let regions = children.iter().map(|child| self.done(*child));
                let regions: Option<Vec<Reached>> = regions.collect();
                regions?.into_iter().max_by_key(|reached| reached.after)
            }
            _ => None,
        }
    }

    /// Returns how much of the time that is declared for the state the clock is sure to count.
    fn declared(&self, state: StateId) -> i64 {
        let face = self.workflow.states.get(self.chart.name(state));
        let takes = face.and_then(|face| face.takes);
        takes.map_or(0, |takes| self.counted(state, takes))
    }

    fn measured(&self, state: StateId) -> i64 {
        if self.chart.kind(state) != StateKind::Atomic {
            return 0;
        }
        let ms = self.measured.get(self.chart.name(state)).copied();
        ms.map_or(0, |ms| self.counted(state, Budget::Elapsed { ms }))
    }

    /// Returns how much of a time in a state the clock is sure to count.
    fn counted(&self, state: StateId, time: Budget) -> i64 {
        if self.before[state.index()] || self.may_stand_still_in(state) {
            return 0;
        }
        at_least(time, self.clock.policy.goal.budget())
    }

    /// Tells whether a state that lets the clock stand still can be active together with this one.
    fn may_stand_still_in(&self, state: StateId) -> bool {
        let paused_by = &self.clock.paused_by;
        let mut pausing = self.workflow.states.iter().filter(|(_, face)| {
            let reason = face.pauses.as_ref();
            reason.is_some_and(|reason| paused_by.contains(&reason.party))
        });
        pausing.any(|(name, _)| {
            let other = self.chart.state(name);
            other.is_some_and(|other| self.together(other, state))
        })
    }

    fn together(&self, one: StateId, other: StateId) -> bool {
        if one == other
            || self.chart.is_descendant(one, other)
            || self.chart.is_descendant(other, one)
        {
            return true;
        }
        let mut around = self.chart.ancestors(one);
        around
            .find(|around| self.chart.is_descendant(other, *around))
            .is_some_and(|common| self.chart.kind(common) == StateKind::Parallel)
    }

    fn stopped(&self) -> Option<Reached> {
        match &self.clock.stop {
            Edge::Entering(state) => {
                let state = self.chart.state(state)?;
                self.reached[state.index()]
            }
            Edge::Leaving(state) => {
                let state = self.chart.state(state)?;
                let entered = self.reached[state.index()]?;
                let leaving = self.chart.transitions();
                let leaving = leaving
                    .filter(|(_, it)| self.together(it.source, state) && self.can_leave(it, state));
                leaving
                    .filter_map(|(id, transition)| self.fires(id, transition))
                    .map(|fired| {
                        if fired.after < entered.after {
                            entered
                        } else {
                            fired
                        }
                    })
                    .min_by_key(|fired| fired.after)
            }
        }
    }

    fn steps(&self, stopped: Reached) -> Vec<CriticalStep> {
        let mut steps = Vec::new();
        let mut through = stopped.through;
        // Each state on the way was settled before the next.
        for _ in 0..self.reached.len() {
            let Some((state, takes)) = through else { break };
            if takes > 0 {
                let state = self.chart.name(state).to_owned();
                steps.push(CriticalStep { state, takes });
            }
            through = self.reached[state.index()].and_then(|reached| reached.through);
        }
        steps.reverse();
        steps
    }
}

/// Returns where a state begins; nothing for one without children.
fn initial(chart: &Chart, state: StateId) -> Vec<StateId> {
    match (chart.kind(state), chart.initial(state)) {
        (StateKind::Parallel, _) => chart.children(state).to_vec(),
        (StateKind::Compound, []) => chart.children(state).first().copied().into_iter().collect(),
        (_, initial) => initial.to_vec(),
    }
}

/// Returns how much a time comes to at least, in the unit of a budget.
///
/// `n` days end on the `n`th date after the first, so they hold `n - 1` whole dates. An hour of
/// elapsed time can fall into the night, and so can a date; nothing about office time follows.
fn at_least(time: Budget, unit: Budget) -> i64 {
    const DAY_MS: i64 = 86_400_000;
    match (time, unit) {
        (Budget::Elapsed { ms } | Budget::Working { ms }, Budget::Elapsed { .. })
        | (Budget::Working { ms }, Budget::Working { .. }) => ms,
        (Budget::WorkingDays { days } | Budget::CalendarDays { days }, Budget::Elapsed { .. }) => {
            i64::from(days.saturating_sub(1)) * DAY_MS
        }
        (
            Budget::WorkingDays { days },
            Budget::WorkingDays { .. } | Budget::CalendarDays { .. },
        )
        | (Budget::CalendarDays { days }, Budget::CalendarDays { .. }) => i64::from(days),
        (Budget::Elapsed { ms } | Budget::Working { ms }, Budget::CalendarDays { .. }) => {
            ms / DAY_MS
        }
        (_, Budget::Working { .. } | Budget::WorkingDays { .. }) => 0,
    }
}
