//! The ways to what an exploration found.

use groundbreak_statechart::StateId;

use super::Limits;
use super::explicit::{Search, leaves, said};
use super::model::Model;
use super::survey::{Survey, Target};
use super::symbolic::Proof;
use super::walk::{Node, Outcome, Walker};
use crate::Witness;

/// The ways to what an exploration found.
pub(super) struct Evidence<'m> {
    model: &'m Model<'m>,
    source: Source<'m>,
}

/// How it was explored.
enum Source<'m> {
    OneByOne(Box<Search<'m>>),
    AllAtOnce(Box<Proof<'m>>),
}

/// Explores a workflow: one configuration after the other if they are few, else all at once, and
/// if that cannot be done, one after the other up to the limit.
pub(super) fn gather<'m>(model: &'m Model<'m>, limits: &Limits) -> (Survey, Evidence<'m>) {
    let (survey, search) = Search::new(model).survey(&limits.one_by_one());
    if survey.complete {
        return (survey, Evidence::one_by_one(model, search));
    }
    if let Some((survey, proof)) = Proof::survey(model, limits.nodes) {
        let source = Source::AllAtOnce(Box::new(proof));
        return (survey, Evidence { model, source });
    }
    let (survey, search) = Search::new(model).survey(limits);
    (survey, Evidence::one_by_one(model, search))
}

impl<'m> Evidence<'m> {
    fn one_by_one(model: &'m Model<'m>, search: Search<'m>) -> Self {
        let source = Source::OneByOne(Box::new(search));
        Self { model, source }
    }

    fn way(&mut self, target: &Target) -> Option<(Witness, Node)> {
        match &mut self.source {
            Source::OneByOne(search) => {
                Some((search.witness(target)?, search.node(target)?.clone()))
            }
            Source::AllAtOnce(proof) => proof.way(target),
        }
    }

    /// Returns the way to a place from which no end can be reached, and whether nothing at all
    /// can be done there.
    pub(super) fn stuck(&mut self, target: &Target) -> Option<(Witness, bool)> {
        let (witness, node) = self.way(target)?;
        let moves = Walker::new(self.model).moves(&node);
        // A delay that runs out in vain is nothing anybody does.
        let silent = moves.iter().all(|found| match &found.outcome {
            Outcome::Rest { step, .. } => step.is_empty(),
            Outcome::Livelock { .. } => false,
        });
        Some((witness, silent))
    }

    /// Returns the way to a move that never comes to rest.
    pub(super) fn livelock(&mut self, target: &Target) -> Option<Witness> {
        if target.node.is_none() {
            return Some(Witness {
                opened_in: target.leads_to.clone(),
                steps: Vec::new(),
            });
        }
        let (mut witness, node) = self.way(target)?;
        let moves = Walker::new(self.model).moves(&node);
        let (stimulus, assuming, states) =
            moves.into_iter().find_map(|found| match found.outcome {
                Outcome::Livelock { states } => Some((found.stimulus?, found.assuming, states)),
                Outcome::Rest { .. } => None,
            })?;
        witness
            .steps
            .push(said(self.model, stimulus, &assuming, states));
        Some(witness)
    }

    /// Returns the way to a place, and where a stimulus leads from there.
    pub(super) fn instead(&mut self, number: usize, stimulus: usize) -> Option<Witness> {
        let (mut witness, node) = self.way(&Target::at(number))?;
        let moves = Walker::new(self.model).moves(&node).into_iter();
        let (assuming, leads_to) = moves
            .filter(|found| found.stimulus == Some(stimulus))
            .find_map(|found| match found.outcome {
                Outcome::Rest { node, .. } => {
                    let leads_to = leaves(self.model.chart, &node.configuration);
                    Some((found.assuming, leads_to))
                }
                Outcome::Livelock { .. } => None,
            })?;
        witness
            .steps
            .push(said(self.model, stimulus, &assuming, leads_to));
        Some(witness)
    }

    /// Returns the way to a place in which both states are active.
    pub(super) fn together(&mut self, one: StateId, two: StateId) -> Option<Witness> {
        match &mut self.source {
            Source::OneByOne(search) => search.together(one, two),
            Source::AllAtOnce(proof) => proof.together(one, two),
        }
    }
}
