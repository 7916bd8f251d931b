//! The clocks of a workflow by number, and where each starts, stops and stands still.

use std::collections::BTreeMap;

use groundbreak_workflow::{Edge, LegalEffect, Text, Workflow};

use crate::tree::{Form, Tree};

/// What happens to clocks at a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Turn {
    /// It starts when the state is entered, or left.
    Start(Border),
    /// It stops with a verdict.
    Stop(Border),
    /// It ends without one.
    Cancel(Border),
    /// It stands still as long as the case is there.
    Pause,
}

/// Which border of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Border {
    Entering,
    Leaving,
}

/// What happens to which clocks, by the state that shows it. Clocks are numbered from 1 in the
/// order of the definition.
pub(crate) struct Timing {
    turns: BTreeMap<usize, Vec<(Turn, Vec<usize>)>>,
    /// The clocks that something happens to inside a folded state.
    folded: BTreeMap<usize, Vec<usize>>,
}

impl Timing {
    pub(crate) fn of(tree: &Tree<'_>) -> Self {
        let mut timing = Self {
            turns: BTreeMap::new(),
            folded: BTreeMap::new(),
        };
        for (number, clock) in (1..).zip(tree.workflow.clocks.values()) {
            let edges = [
                Some((&clock.start, Turn::Start as fn(Border) -> Turn)),
                Some((&clock.stop, Turn::Stop as fn(Border) -> Turn)),
                clock
                    .cancel
                    .as_ref()
                    .map(|edge| (edge, Turn::Cancel as fn(Border) -> Turn)),
            ];
            for (edge, turn) in edges.into_iter().flatten() {
                let (state, border) = crossing(edge);
                timing.add(tree, state, turn(border), number);
            }
            for (name, state) in &tree.workflow.states {
                let pauses = state
                    .pauses
                    .as_ref()
                    .is_some_and(|reason| clock.paused_by.contains(&reason.party));
                if pauses {
                    timing.add(tree, name, Turn::Pause, number);
                }
            }
        }
        for turns in timing.turns.values_mut() {
            turns.sort_by_key(|(turn, _)| *turn);
        }
        timing
    }

    /// Returns what happens at a state, and to which clocks.
    pub(crate) fn at(&self, node: usize) -> &[(Turn, Vec<usize>)] {
        self.turns.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Returns the clocks that something happens to inside a folded state.
    pub(crate) fn inside(&self, node: usize) -> &[usize] {
        self.folded.get(&node).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, tree: &Tree<'_>, state: &str, turn: Turn, number: usize) {
        let Some(&node) = tree.shown_by.get(state) else {
            return;
        };
        let Some(shown) = tree.node(node) else {
            return;
        };
        if matches!(shown.form, Form::Folded { .. }) && shown.name != state {
            let inside = self.folded.entry(node).or_default();
            if !inside.contains(&number) {
                inside.push(number);
            }
            return;
        }
        let turns = self.turns.entry(node).or_default();
        match turns.iter_mut().find(|(other, _)| *other == turn) {
            Some((_, numbers)) => numbers.push(number),
            None => turns.push((turn, vec![number])),
        }
    }
}

fn crossing(edge: &Edge) -> (&str, Border) {
    match edge {
        Edge::Entering(state) => (state, Border::Entering),
        Edge::Leaving(state) => (state, Border::Leaving),
    }
}

/// Returns when something happens, in words: `进入“已提交”`.
pub(crate) fn when(workflow: &Workflow, edge: &Edge) -> Text {
    let (state, border) = crossing(edge);
    let title = workflow.state_title(state);
    match border {
        Border::Entering => Text::new(
            format!("进入“{}”", title.zh),
            format!("entering \"{}\"", title.en),
        ),
        Border::Leaving => Text::new(
            format!("离开“{}”", title.zh),
            format!("leaving \"{}\"", title.en),
        ),
    }
}

/// What binds a clock, in words.
pub(crate) fn effect(effect: LegalEffect) -> Text {
    match effect {
        LegalEffect::Statutory => Text::new("法定", "statutory"),
        LegalEffect::Promised => Text::new("承诺", "promised"),
        LegalEffect::Internal => Text::new("内部", "internal"),
    }
}
