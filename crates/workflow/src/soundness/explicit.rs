//! Exploring configurations one by one.

use std::collections::{HashMap, HashSet};

use groundbreak_statechart::{Chart, Configuration, Event, StateId, TransitionId, Trigger};

use super::model::{Model, Stimulus};
use super::survey::{Survey, Target};
use super::walk::{Move, Node, Outcome, Walker};
use super::{Completion, Limits};
use crate::{Witness, WitnessStep};

/// How many steps are tried for each configuration that may be looked at. Where many facts are
/// asked at once, one place has many ways on.
const STEPS_PER_CONFIGURATION: usize = 64;

/// A breadth-first search that remembers how it came where it is.
pub(super) struct Search<'m> {
    model: &'m Model<'m>,
    walker: Walker<'m>,
    nodes: Vec<Node>,
    index: HashMap<Node, usize>,
    /// From where, and by which move, each was first reached.
    origins: Vec<Option<(usize, Way)>>,
}

/// A move without where it leads.
#[derive(Clone)]
struct Way {
    stimulus: usize,
    assuming: Vec<(usize, bool)>,
}

impl<'m> Search<'m> {
    pub(super) fn new(model: &'m Model<'m>) -> Self {
        Self {
            model,
            walker: Walker::new(model),
            nodes: Vec::new(),
            index: HashMap::new(),
            origins: Vec::new(),
        }
    }

    /// Adds a place, unless it is known. Returns its number.
    fn add(&mut self, node: Node, origin: Option<(usize, Way)>) -> usize {
        if let Some(known) = self.index.get(&node) {
            return *known;
        }
        let number = self.nodes.len();
        self.index.insert(node.clone(), number);
        self.nodes.push(node);
        self.origins.push(origin);
        number
    }

    fn exhausted(&self, limits: &Limits) -> bool {
        self.nodes.len() > limits.configurations
            || self.walker.work
                > limits
                    .configurations
                    .saturating_mul(STEPS_PER_CONFIGURATION)
    }

    /// Looks for an end.
    pub(super) fn completion(&mut self, start: Node, limits: &Limits) -> Completion {
        self.add(start, None);
        let mut next = 0;
        while let Some(node) = self.nodes.get(next).cloned() {
            if node.configuration.is_done(self.model.chart) {
                return Completion::Yes(self.way_to(next));
            }
            if self.exhausted(limits) {
                return Completion::NotProven { explored: next };
            }
            for found in self.walker.moves(&node) {
                self.follow(next, found);
            }
            next += 1;
        }
        Completion::No
    }

    fn follow(&mut self, from: usize, found: Move) -> Option<usize> {
        let way = Way {
            stimulus: found.stimulus?,
            assuming: found.assuming,
        };
        match found.outcome {
            Outcome::Rest { node, .. } => Some(self.add(node, Some((from, way)))),
            Outcome::Livelock { .. } => None,
        }
    }

    /// Explores everything that can be reached from the opening of a case.
    pub(super) fn survey(mut self, limits: &Limits) -> (Survey, Self) {
        let chart = self.model.chart;
        let mut survey = Survey::new(chart);
        for opening in self.walker.openings() {
            match opening.outcome {
                Outcome::Rest { node, step } => {
                    survey.note(&step);
                    self.add(node, None);
                }
                Outcome::Livelock { states } => survey.livelock(Target {
                    node: None,
                    leads_to: states,
                }),
            }
        }
        let mut edges: Vec<(usize, usize)> = Vec::new();
        let mut next = 0;
        while let Some(node) = self.nodes.get(next).cloned() {
            if self.exhausted(limits) {
                break;
            }
            self.note_possible(&mut survey, next, &node.configuration);
            let moves = self.walker.moves(&node);
            for found in moves {
                match &found.outcome {
                    Outcome::Rest { step, .. } => survey.note(step),
                    Outcome::Livelock { .. } => survey.livelock(Target::at(next)),
                }
                if let Some(to) = self.follow(next, found) {
                    edges.push((next, to));
                }
            }
            next += 1;
        }
        survey.explored = next;
        survey.complete = next == self.nodes.len();
        let distinct: HashSet<&Configuration> =
            self.nodes.iter().map(|node| &node.configuration).collect();
        survey.configurations = u128::try_from(distinct.len()).unwrap_or(u128::MAX);
        if survey.complete {
            survey.stuck = self.first_stuck(&edges).map(Target::at);
        }
        (survey, self)
    }

    /// Notes the transitions that their guards and gates allow here.
    fn note_possible(&self, survey: &mut Survey, number: usize, configuration: &Configuration) {
        let model = self.model;
        let at = |state| configuration.is_in(state);
        for id in model.chart.candidates(configuration) {
            if survey.taken(id) || survey.possible(id).is_some() {
                continue;
            }
            let Some(stimulus) = model.stimulus_of(id) else {
                continue;
            };
            let needs = model.needs.get(id.index()).into_iter();
            let allowed = model
                .guard(id)
                .into_iter()
                .chain(needs.flat_map(|needs| &needs.all))
                .all(|formula| formula.settled(&at) != Some(false));
            if allowed {
                survey.set_possible(id, number, stimulus);
            }
        }
    }

    /// Returns the first place from which no end can be reached.
    fn first_stuck(&self, edges: &[(usize, usize)]) -> Option<usize> {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (from, to) in edges {
            before[*to].push(*from);
        }
        let done = |number: &usize| self.nodes[*number].configuration.is_done(self.model.chart);
        let mut waiting: Vec<usize> = (0..self.nodes.len()).filter(done).collect();
        let mut completes = vec![false; self.nodes.len()];
        while let Some(number) = waiting.pop() {
            if !std::mem::replace(&mut completes[number], true) {
                waiting.extend(&before[number]);
            }
        }
        completes.iter().position(|completes| !completes)
    }

    /// Returns the place of a target; none before a case is opened.
    pub(super) fn node(&self, target: &Target) -> Option<&Node> {
        self.nodes.get(target.node?)
    }

    /// Returns the way to a target.
    pub(super) fn witness(&self, target: &Target) -> Option<Witness> {
        Some(self.way_to(target.node?))
    }

    /// Returns the first place in which both states are active.
    pub(super) fn together(&self, one: StateId, two: StateId) -> Option<Witness> {
        let both = |node: &Node| node.configuration.is_in(one) && node.configuration.is_in(two);
        Some(self.way_to(self.nodes.iter().position(both)?))
    }

    fn way_to(&self, number: usize) -> Witness {
        let chart = self.model.chart;
        let mut steps = Vec::new();
        let mut number = number;
        while let Some(Some((from, way))) = self.origins.get(number) {
            let leads_to = leaves(chart, &self.nodes[number].configuration);
            steps.push(said(self.model, way.stimulus, &way.assuming, leads_to));
            number = *from;
        }
        steps.reverse();
        Witness {
            opened_in: leaves(chart, &self.nodes[number].configuration),
            steps,
        }
    }
}

/// Returns a move as a witness says it.
pub(super) fn said(
    model: &Model<'_>,
    stimulus: usize,
    assuming: &[(usize, bool)],
    leads_to: Vec<String>,
) -> WitnessStep {
    let guards = &model.workflow.guards;
    WitnessStep {
        happens: model.happening(&model.stimuli[stimulus]),
        assuming: assuming
            .iter()
            .filter_map(|(guard, holds)| Some((guards.get(*guard)?.source().to_owned(), *holds)))
            .collect(),
        leads_to,
    }
}

/// Returns the names of the innermost states.
pub(super) fn leaves(chart: &Chart, configuration: &Configuration) -> Vec<String> {
    configuration
        .leaves(chart)
        .map(|state| chart.name(state).to_owned())
        .collect()
}

impl Model<'_> {
    /// Returns the number of the stimulus that sets a transition off; none for what happens by
    /// itself.
    pub(super) fn stimulus_of(&self, id: TransitionId) -> Option<usize> {
        let written = self.chart.transition(id)?;
        self.stimuli.iter().position(|stimulus| match stimulus {
            Stimulus::Event(event) => written.accepts(Event::Named(event)),
            Stimulus::Delay { delay, .. } => written.trigger == Trigger::After(*delay),
            Stimulus::Document | Stimulus::Changed(_) => false,
        })
    }
}
