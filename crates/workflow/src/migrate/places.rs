//! Where a case is under another version.

use std::collections::{BTreeMap, BTreeSet};

use groundbreak_statechart::{
    Chart, Configuration, ConfigurationError, HistoryDepth, StateId, StateKind,
};

use super::{Migration, Obstacle};
use crate::suggest::nearest;
use crate::{Case, Stuck, Workflow};

/// Where a case is under the new version, and what that means for the states it is in.
pub(super) struct Places {
    /// States of the old version that nothing takes the place of.
    pub(super) left: Vec<String>,
    /// States of the new version that take the place of none, in entry order.
    pub(super) entered: Vec<String>,
    /// All that history states remember.
    pub(super) remembered: BTreeMap<String, Vec<String>>,
}

impl Migration {
    /// Returns the name in the new version of a state of the old one, unless it is dropped or has
    /// none.
    pub(super) fn counterpart<'a>(&'a self, from: &Workflow, state: &'a str) -> Option<&'a str> {
        if self.is_dropped(from, state) {
            return None;
        }
        let mapped = self.mapping.states.get(state).map_or(state, String::as_str);
        self.to.states.contains_key(mapped).then_some(mapped)
    }

    /// Tells whether the state, or one around it, is dropped.
    fn is_dropped(&self, from: &Workflow, state: &str) -> bool {
        let parent = |name: &&str| from.states.get(*name).and_then(|it| it.parent.as_deref());
        std::iter::successors(Some(state), parent)
            .take(from.states.len())
            .any(|state| self.mapping.drop.contains(state))
    }

    /// Works out where the case is under the new version. The inner error says why it cannot be
    /// there.
    pub(super) fn places(
        &self,
        from: &Workflow,
        case: &Case,
    ) -> Result<Result<Places, Vec<Obstacle>>, Stuck> {
        let before = from.configuration(case)?;
        let (remembered, mut obstacles) = self.memories(from, case);
        let wanted = self.wanted(from, &before, &mut obstacles);
        if !obstacles.is_empty() {
            return Ok(Err(obstacles));
        }
        Ok(self
            .arrive(from, &before, wanted, remembered)
            .map_err(|obstacle| vec![obstacle]))
    }

    /// Returns what takes the place of the innermost states, with all that lies around it.
    fn wanted(
        &self,
        from: &Workflow,
        before: &Configuration,
        obstacles: &mut Vec<Obstacle>,
    ) -> BTreeSet<StateId> {
        let chart = &self.to.chart;
        let leaves: Vec<&str> = before
            .leaves(&from.chart)
            .map(|leaf| from.chart.name(leaf))
            .collect();
        let all_dropped = leaves.iter().all(|leaf| self.is_dropped(from, leaf));
        let mut wanted = BTreeSet::new();
        for leaf in leaves {
            let found = self.counterpart(from, leaf);
            match found.and_then(|name| chart.state(name)) {
                Some(state)
                    if chart.kind(state) == StateKind::Final
                        && chart.parent(state) == Some(StateId::ROOT) =>
                {
                    obstacles.push(Obstacle::MigrateWouldEnd {
                        state: chart.name(state).to_owned(),
                    });
                }
                Some(state) => include(chart, state, &mut wanted),
                None if self.is_dropped(from, leaf) && !all_dropped => {}
                None => obstacles.push(self.no_counterpart(from, leaf)),
            }
        }
        wanted
    }

    fn no_counterpart(&self, from: &Workflow, state: &str) -> Obstacle {
        let new = self.to.states.keys().map(String::as_str);
        Obstacle::MigrateNoCounterpart {
            state: state.to_owned(),
            title: from.state_title(state),
            suggestion: nearest(state, new).map(str::to_owned),
        }
    }

    /// Completes what is wanted by where new states begin, and compares it with where the case is.
    fn arrive(
        &self,
        from: &Workflow,
        before: &Configuration,
        mut target: BTreeSet<StateId>,
        remembered: BTreeMap<String, Vec<String>>,
    ) -> Result<Places, Obstacle> {
        let chart = &self.to.chart;
        let names = |states: &[StateId]| -> Vec<String> {
            states
                .iter()
                .map(|state| chart.name(*state).to_owned())
                .collect()
        };
        fill(chart, StateId::ROOT, &remembered, &mut target).map_err(|apart| {
            Obstacle::MigrateNotTogether {
                states: names(&apart),
            }
        })?;
        target.remove(&StateId::ROOT);
        let target: Vec<StateId> = target.into_iter().collect();
        let history: Vec<(String, Vec<String>)> = remembered.clone().into_iter().collect();
        Configuration::from_names(chart, &names(&target), &history).map_err(
            |error| match error {
                ConfigurationError::BadMemory { history } => Obstacle::MigrateMemory {
                    states: remembered.get(&history).cloned().unwrap_or_default(),
                    history,
                },
                ConfigurationError::Illegal { state } => Obstacle::MigrateNotTogether {
                    states: vec![state],
                },
                other => Obstacle::MigrateCannotRun {
                    problem: other.to_string(),
                },
            },
        )?;
        let mut left = Vec::new();
        let mut kept = BTreeSet::new();
        for state in before.names(&from.chart) {
            let new = self
                .counterpart(from, state)
                .and_then(|name| chart.state(name));
            match new.filter(|new| target.contains(new)) {
                Some(new) => {
                    kept.insert(new);
                }
                None => left.push(state.to_owned()),
            }
        }
        let entered: Vec<StateId> = target.into_iter().filter(|it| !kept.contains(it)).collect();
        Ok(Places {
            left,
            entered: names(&entered),
            remembered,
        })
    }

    /// Carries over what history states remember. A history state that the new version does not
    /// have has nothing to remember for.
    fn memories(
        &self,
        from: &Workflow,
        case: &Case,
    ) -> (BTreeMap<String, Vec<String>>, Vec<Obstacle>) {
        let chart = &self.to.chart;
        let (mut remembered, mut obstacles) = (BTreeMap::new(), Vec::new());
        for (history, states) in &case.remembered {
            let new = self
                .counterpart(from, history)
                .and_then(|name| chart.state(name));
            let Some(new) = new else { continue };
            if states.iter().any(|state| self.is_dropped(from, state)) {
                continue;
            }
            match self.memory(from, new, states) {
                Some(states) => {
                    remembered.insert(chart.name(new).to_owned(), states);
                }
                None => obstacles.push(Obstacle::MigrateMemory {
                    history: history.clone(),
                    states: states.clone(),
                }),
            }
        }
        (remembered, obstacles)
    }

    /// Returns what a history state of the new version remembers for these states of the old one.
    fn memory(&self, from: &Workflow, history: StateId, states: &[String]) -> Option<Vec<String>> {
        let chart = &self.to.chart;
        let StateKind::History(depth) = chart.kind(history) else {
            return None;
        };
        let parent = chart.parent(history)?;
        let mut below = BTreeSet::new();
        for state in states {
            let new = chart.state(self.counterpart(from, state)?)?;
            if !chart.is_descendant(new, parent) {
                return None;
            }
            include(chart, new, &mut below);
        }
        below.retain(|state| chart.is_descendant(*state, parent));
        fill(chart, parent, &BTreeMap::new(), &mut below).ok()?;
        let kept = below.into_iter().filter(|state| match depth {
            HistoryDepth::Shallow => chart.parent(*state) == Some(parent),
            HistoryDepth::Deep => {
                matches!(chart.kind(*state), StateKind::Atomic | StateKind::Final)
            }
        });
        Some(kept.map(|state| chart.name(state).to_owned()).collect())
    }
}

/// Adds a state and all that lies around it, the root too.
fn include(chart: &Chart, state: StateId, states: &mut BTreeSet<StateId>) {
    states.insert(state);
    states.extend(chart.ancestors(state));
}

/// Completes what lies below a state: a region that nothing is in begins where it begins, and so
/// does a compound state. The error is the children that exclude each other.
///
/// Recurses once a level of the chart, whose depth is bounded.
fn fill(
    chart: &Chart,
    state: StateId,
    remembered: &BTreeMap<String, Vec<String>>,
    states: &mut BTreeSet<StateId>,
) -> Result<(), Vec<StateId>> {
    let children = chart.children(state);
    let inside = |states: &BTreeSet<StateId>| -> Vec<StateId> {
        children
            .iter()
            .copied()
            .filter(|child| states.contains(child))
            .collect()
    };
    match chart.kind(state) {
        StateKind::Parallel => states.extend(children),
        StateKind::Compound => match inside(states).as_slice() {
            [] => {
                for target in begins(chart, chart.initial(state), remembered) {
                    states.insert(target);
                    let around = chart
                        .ancestors(target)
                        .take_while(|around| *around != state);
                    states.extend(around);
                }
            }
            [_] => {}
            [..] => return Err(inside(states)),
        },
        StateKind::Atomic | StateKind::Final | StateKind::History(_) => {}
    }
    for child in inside(states) {
        fill(chart, child, remembered, states)?;
    }
    Ok(())
}

/// Returns where initial targets lead: a history state stands for what it remembers, or for its
/// default.
fn begins(
    chart: &Chart,
    targets: &[StateId],
    remembered: &BTreeMap<String, Vec<String>>,
) -> Vec<StateId> {
    targets
        .iter()
        .flat_map(|target| match chart.kind(*target) {
            StateKind::History(_) => match remembered.get(chart.name(*target)) {
                Some(names) => names.iter().filter_map(|name| chart.state(name)).collect(),
                None => chart.initial(*target).to_vec(),
            },
            _ => vec![*target],
        })
        .collect()
}
