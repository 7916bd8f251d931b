//! A workflow as the proof sees it: its chart, its conditions as formulas over states and atoms,
//! and what can happen to a case.

use std::collections::{BTreeMap, BTreeSet};

use groundbreak_statechart::{Chart, DelayId, StateId, TransitionId, Trigger};

use crate::guard::{Atom, Outline};
use crate::{Happening, Workflow};

/// A condition over states and atoms, by number.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    Constant(bool),
    At(StateId),
    Atom(usize),
    Not(Box<Formula>),
    Both(Box<[Formula; 2]>),
    Either(Box<[Formula; 2]>),
    Choose(Box<[Formula; 3]>),
}

/// What is known of the facts about one question. Facts change only through acts, so within one
/// step the same question has the same answer.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Whether it may have no answer, and somebody could tell that from a no. A guard without an
    /// answer does not hold, and neither does its opposite.
    pub(super) may_fail: bool,
    /// Whether it asks for a document.
    pub(super) document: bool,
    /// The state whose opinion it asks about: whether that rests on what it was given on. What changes that is a stimulus of
    /// its own ([`Stimulus::Changed`]).
    pub(super) unchanged: Option<String>,
    /// Whether the answer may change within a step.
    pub(super) moves: bool,
    /// The fact and the constant it is compared with, if that is all it asks.
    pub(super) equals: Option<(String, String)>,
}

/// Something that can happen to a case.
#[derive(Clone, Debug)]
pub(super) enum Stimulus {
    /// An actor sends the event.
    Event(String),
    /// A delay is over.
    Delay {
        state: StateId,
        transition: TransitionId,
        delay: DelayId,
    },
    /// A document is handed in, so that what waits for documents by itself may go on.
    Document,
    /// A document or a fact that opinions rest on is another now: the questions that are answered with no.
    Changed(Vec<usize>),
}

/// What a transition needs beyond its guard before an act may take it.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// Gates, as formulas over the states before the act, and documents.
    pub(super) all: Vec<Formula>,
}

/// A workflow, ready to be explored.
pub(super) struct Model<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) chart: &'a Chart,
    pub(super) questions: Vec<Question>,
    /// By guard id.
    pub(super) guards: Vec<Formula>,
    /// By transition.
    pub(super) needs: Vec<Needs>,
    pub(super) stimuli: Vec<Stimulus>,
}

/// Numbers atoms by what they ask.
#[derive(Default)]
struct Numbering {
    by_key: BTreeMap<String, usize>,
    questions: Vec<Question>,
    /// Whether somebody asks for the opposite.
    opposed: Vec<bool>,
}

impl<'a> Model<'a> {
    pub(super) fn new(workflow: &'a Workflow) -> Self {
        let chart = &workflow.chart;
        let mut numbering = Numbering::default();
        let guards = workflow
            .guards
            .iter()
            .map(|guard| numbering.formula(workflow, &guard.outline(), true))
            .collect();
        let needs = workflow
            .transitions
            .iter()
            .map(|transition| {
                let gates = transition.gates.iter().filter_map(|name| {
                    let gate = workflow.gates.get(name)?;
                    Some(numbering.formula(workflow, &gate.when.outline(), true))
                });
                let mut all: Vec<Formula> = gates.collect();
                for document in &transition.requires {
                    let event = transition.event.as_deref();
                    all.push(numbering.required(workflow, event, document));
                }
                Needs { all }
            })
            .collect();
        for (question, opposed) in numbering.questions.iter_mut().zip(&numbering.opposed) {
            question.may_fail &= *opposed;
        }
        let mut model = Self {
            workflow,
            chart,
            questions: numbering.questions,
            guards,
            needs,
            stimuli: Vec::new(),
        };
        model.stimuli = model.all_stimuli();
        model
    }

    fn all_stimuli(&self) -> Vec<Stimulus> {
        let mut stimuli: Vec<Stimulus> = self
            .workflow
            .events
            .keys()
            .filter(|event| {
                self.workflow
                    .transitions
                    .iter()
                    .any(|transition| transition.event.as_deref() == Some(event.as_str()))
            })
            .map(|event| Stimulus::Event(event.clone()))
            .collect();
        for (id, transition) in self.chart.transitions() {
            if let Trigger::After(delay) = transition.trigger {
                stimuli.push(Stimulus::Delay {
                    state: transition.source,
                    transition: id,
                    delay,
                });
            }
        }
        if self.chart.transitions().any(|(id, transition)| {
            transition.trigger == Trigger::Eventless && self.asks_for_document(id)
        }) {
            stimuli.push(Stimulus::Document);
        }
        stimuli.extend(self.all_changes().into_iter().map(Stimulus::Changed));
        stimuli
    }

    /// Returns the guard of a transition.
    pub(super) fn guard(&self, id: TransitionId) -> Option<&Formula> {
        let guard = self.chart.transition(id)?.guard?;
        self.guards.get(usize::try_from(guard.0).ok()?)
    }

    /// Tells whether the guard of a transition asks for a document.
    pub(super) fn asks_for_document(&self, id: TransitionId) -> bool {
        self.guard(id).is_some_and(|guard| {
            guard.any_atom(&|atom| self.questions.get(atom).is_some_and(|it| it.document))
        })
    }

    /// Returns the answer to a question about an opinion, whatever the facts; `None` when either may be.
    pub(super) fn unchanged(&self, stimulus: Option<&Stimulus>, atom: usize) -> Option<bool> {
        match stimulus {
            Some(Stimulus::Changed(changed)) => Some(!changed.contains(&atom)),
            // Whoever acts may act on what has changed before.
            Some(Stimulus::Event(_)) => None,
            _ => Some(true),
        }
    }

    /// The questions about opinions that a document or a fact changes the answers to, for each document and fact that
    /// opinions rest on.
    fn all_changes(&self) -> BTreeSet<Vec<usize>> {
        let mut changes: BTreeMap<(bool, &str), Vec<usize>> = BTreeMap::new();
        for (atom, question) in self.questions.iter().enumerate() {
            let state = question.unchanged.as_ref();
            let state = state.and_then(|state| self.workflow.states.get(state));
            let Some(binds) = state.and_then(|state| state.binds.as_ref()) else {
                continue;
            };
            for document in &binds.documents {
                changes.entry((true, document)).or_default().push(atom);
            }
            for fact in &binds.facts {
                changes.entry((false, fact)).or_default().push(atom);
            }
        }
        changes.into_values().collect()
    }

    /// Tells whether the guard of a transition asks about an opinion.
    pub(super) fn asks_for_opinion(&self, id: TransitionId) -> bool {
        self.guard(id).is_some_and(|guard| {
            guard.any_atom(&|atom| {
                let question = self.questions.get(atom);
                question.is_some_and(|it| it.unchanged.is_some())
            })
        })
    }

    /// Returns what happens, as a witness says it.
    pub(super) fn happening(&self, stimulus: &Stimulus) -> Happening {
        match stimulus {
            Stimulus::Event(event) => Happening::Event(event.clone()),
            Stimulus::Delay { delay, .. } => {
                let index = usize::try_from(delay.0).unwrap_or(usize::MAX);
                let timer = self.workflow.delays.get(index);
                Happening::Timer(timer.map(|delay| delay.timer.clone()).unwrap_or_default())
            }
            Stimulus::Document | Stimulus::Changed(_) => Happening::Document,
        }
    }
}

impl Numbering {
    /// A document before a transition: it is there, or it is not needed, or it is deferred.
    fn required(&mut self, workflow: &Workflow, event: Option<&str>, name: &str) -> Formula {
        let mut formula = self.atom(workflow, &Atom::document(name), true);
        let Some(document) = workflow.documents.get(name) else {
            return formula;
        };
        if let Some(condition) = &document.needed_if {
            let needed = self.formula(workflow, &condition.outline(), false);
            let not_needed = Formula::Not(Box::new(needed));
            formula = Formula::Either(Box::new([formula, not_needed]));
        }
        let waits = event.is_some_and(|event| workflow.awaits(event, name));
        if document.deferral.is_some() && !waits {
            let deferred = self.atom(workflow, &Atom::deferred(name), true);
            formula = Formula::Either(Box::new([formula, deferred]));
        }
        formula
    }

    fn formula(&mut self, workflow: &Workflow, outline: &Outline, positive: bool) -> Formula {
        match outline {
            Outline::Constant(value) => Formula::Constant(*value),
            Outline::At(name) => match workflow.chart.state(name) {
                Some(state) => Formula::At(state),
                None => Formula::Constant(false),
            },
            Outline::Atom(atom) => self.atom(workflow, atom, positive),
            Outline::Not(inner) => Formula::Not(Box::new(self.formula(workflow, inner, !positive))),
            Outline::Both(sides) => Formula::Both(Box::new(
                sides
                    .each_ref()
                    .map(|side| self.formula(workflow, side, positive)),
            )),
            Outline::Either(sides) => Formula::Either(Box::new(
                sides
                    .each_ref()
                    .map(|side| self.formula(workflow, side, positive)),
            )),
            Outline::Choose(parts) => {
                // What decides is asked both ways.
                self.formula(workflow, &parts[0], !positive);
                Formula::Choose(Box::new(
                    parts
                        .each_ref()
                        .map(|part| self.formula(workflow, part, positive)),
                ))
            }
        }
    }

    fn atom(&mut self, workflow: &Workflow, atom: &Atom, positive: bool) -> Formula {
        let number = match self.by_key.get(&atom.key) {
            Some(number) => *number,
            None => {
                let unknown = |field: &String| {
                    workflow
                        .fields
                        .get(field)
                        .is_none_or(|field| !field.required)
                };
                self.questions.push(Question {
                    may_fail: atom.may_overflow || atom.needs.iter().any(unknown),
                    document: atom.document.is_some(),
                    unchanged: atom.unchanged.clone(),
                    moves: atom.moves,
                    equals: atom.equals.clone(),
                });
                self.opposed.push(false);
                self.by_key
                    .insert(atom.key.clone(), self.questions.len() - 1);
                self.questions.len() - 1
            }
        };
        if !positive {
            self.opposed[number] = true;
        }
        Formula::Atom(number)
    }
}

impl Formula {
    /// Tells whether an atom it asks is of this kind.
    pub(super) fn any_atom(&self, of_kind: &dyn Fn(usize) -> bool) -> bool {
        match self {
            Self::Constant(_) | Self::At(_) => false,
            Self::Atom(number) => of_kind(*number),
            Self::Not(inner) => inner.any_atom(of_kind),
            Self::Both(parts) | Self::Either(parts) => {
                parts.iter().any(|part| part.any_atom(of_kind))
            }
            Self::Choose(parts) => parts.iter().any(|part| part.any_atom(of_kind)),
        }
    }

    /// Returns the outcome if the states alone settle it.
    pub(super) fn settled(&self, at: &dyn Fn(StateId) -> bool) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::At(state) => Some(at(*state)),
            Self::Atom(_) => None,
            Self::Not(inner) => inner.settled(at).map(|value| !value),
            Self::Both(sides) => match (sides[0].settled(at), sides[1].settled(at)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Either(sides) => match (sides[0].settled(at), sides[1].settled(at)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Choose(parts) => match parts[0].settled(at)? {
                true => parts[1].settled(at),
                false => parts[2].settled(at),
            },
        }
    }

    /// Evaluates it; `None` is no answer. Asks no more atoms than it must.
    pub(super) fn eval(
        &self,
        at: &dyn Fn(StateId) -> bool,
        ask: &mut dyn FnMut(usize) -> Option<bool>,
    ) -> Option<bool> {
        if let Some(settled) = self.settled(at) {
            return Some(settled);
        }
        match self {
            Self::Constant(value) => Some(*value),
            Self::At(state) => Some(at(*state)),
            Self::Atom(number) => ask(*number),
            Self::Not(inner) => inner.eval(at, ask).map(|value| !value),
            Self::Both(sides) => Self::decide(sides, false, at, ask),
            Self::Either(sides) => Self::decide(sides, true, at, ask),
            Self::Choose(parts) => match parts[0].eval(at, ask)? {
                true => parts[1].eval(at, ask),
                false => parts[2].eval(at, ask),
            },
        }
    }

    /// As a guard does: a side that settles the answer does so even when the other has none.
    fn decide(
        sides: &[Self; 2],
        settles: bool,
        at: &dyn Fn(StateId) -> bool,
        ask: &mut dyn FnMut(usize) -> Option<bool>,
    ) -> Option<bool> {
        let left = sides[0].eval(at, ask);
        if left == Some(settles) {
            return left;
        }
        let right = sides[1].eval(at, ask);
        if right == Some(settles) {
            right
        } else {
            left.and(right)
        }
    }
}
