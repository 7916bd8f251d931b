//! Where things stand in the text of a definition.

use std::collections::HashMap;
use std::ops::Range;

use groundbreak_statechart::{Chart, StateId, TransitionId};

use crate::block::Origins;
use crate::compile::{reread, settled};
use crate::definition::{Named, StateDefinition, Transitions};
use crate::source::At;
use crate::{Diagnostic, Workflow};

/// Where things stand in the text of a definition.
#[derive(Default)]
pub(super) struct Places {
    states: HashMap<String, Range<usize>>,
    transitions: Vec<Range<usize>>,
    clocks: HashMap<String, Range<usize>>,
    roles: HashMap<String, Range<usize>>,
    workflow: Range<usize>,
    origins: Option<Origins>,
}

impl Places {
    /// Reads the text of a workflow once more, for the places that the workflow does not keep.
    pub(super) fn of(workflow: &Workflow) -> Self {
        let Some((definition, origins)) = reread(&workflow.source) else {
            return Self::default();
        };
        let mut places = Self {
            workflow: definition.workflow.span.clone(),
            origins: Some(origins),
            ..Self::default()
        };
        places.read_states(&definition.states);
        for (name, _) in &definition.clocks {
            places.clocks.insert(name.value.clone(), name.span.clone());
        }
        for (name, _) in &definition.roles {
            places.roles.insert(name.value.clone(), name.span.clone());
        }
        if places.transitions.len() != workflow.transitions.len() {
            places.transitions.clear();
        }
        places
    }

    /// In the order in which the chart numbers transitions.
    fn read_states(&mut self, named: &Named<StateDefinition>) {
        for (name, state) in named {
            self.states.insert(name.value.clone(), name.span.clone());
            for (_, at) in &state.on {
                self.read_transitions(at);
            }
            for at in state.done.iter().chain(&state.always) {
                self.read_transitions(at);
            }
            for delay in &state.after {
                self.transitions.push(delay.delay.span.clone());
            }
            let inside = if state.states.is_empty() {
                &state.parallel
            } else {
                &state.states
            };
            self.read_states(inside);
        }
    }

    fn read_transitions(&mut self, at: &At<Transitions>) {
        for transition in &at.value.0 {
            let to = transition.to.as_ref().map(|to| to.span.clone());
            let span = to.filter(|span| !span.is_empty());
            self.transitions
                .push(span.unwrap_or_else(|| at.span.clone()));
        }
    }

    /// Puts what was found in the order of the text. What stands in a block is placed there.
    pub(super) fn settle(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        match &self.origins {
            Some(origins) => settled(found, origins),
            None => found,
        }
    }

    pub(super) fn workflow(&self) -> Range<usize> {
        self.workflow.clone()
    }

    pub(super) fn state(&self, name: &str) -> Range<usize> {
        self.states.get(name).cloned().unwrap_or(0..0)
    }

    pub(super) fn clock(&self, name: &str) -> Range<usize> {
        self.clocks.get(name).cloned().unwrap_or(0..0)
    }

    pub(super) fn role(&self, name: &str) -> Range<usize> {
        self.roles.get(name).cloned().unwrap_or(0..0)
    }

    /// Returns where a transition stands, or else its state.
    pub(super) fn transition(&self, chart: &Chart, id: TransitionId) -> Range<usize> {
        let source = chart.transition(id).map_or(StateId::ROOT, |it| it.source);
        let span = self.transitions.get(id.index()).cloned();
        span.unwrap_or_else(|| self.state(chart.name(source)))
    }
}
