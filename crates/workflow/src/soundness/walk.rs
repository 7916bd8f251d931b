//! Every move a case can make from one place, by the stepper that the engine uses.

use std::collections::BTreeMap;
use std::convert::Infallible;

use groundbreak_statechart::{
    ActionId, Cause, Configuration, DelayId, Event, GuardId, Host, Raised, StateId, Step,
    StepError, Stepper, TransitionId, View,
};

use super::model::{Model, Question, Stimulus};

/// Where a case is: its configuration, and the delays with a condition that have run out in vain
/// while their state is still active.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) configuration: Configuration,
    pub(super) spent: Vec<DelayId>,
}

/// One way a stimulus can go.
#[derive(Clone, Debug)]
pub(super) struct Move {
    /// Index into the stimuli of the model; `None` for the opening of a case.
    pub(super) stimulus: Option<usize>,
    /// The guards whose answer hung on facts, in the order they were asked.
    pub(super) assuming: Vec<(usize, bool)>,
    pub(super) outcome: Outcome,
}

/// How a move ends.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// The case comes to rest.
    Rest { node: Node, step: Step },
    /// It never does; the innermost states it was last in.
    Livelock { states: Vec<String> },
}

/// Takes moves, and keeps its lists from one to the next.
pub(super) struct Walker<'m> {
    model: &'m Model<'m>,
    stepper: Stepper,
    oracle: Oracle,
    /// How many steps were tried.
    pub(super) work: usize,
}

/// Answers atoms: what the script says, and then the first answer possible.
#[derive(Default)]
struct Oracle {
    script: Vec<u8>,
    asked: Vec<(usize, u8)>,
    /// Whether no document can be there yet.
    no_documents: bool,
    /// The answers to questions about opinions, by atom; where there is none, either may be.
    opinions: BTreeMap<usize, bool>,
}

const NO: u8 = 0;
const YES: u8 = 1;
const NONE: u8 = 2;

impl Oracle {
    fn ask(&mut self, questions: &[Question], atom: usize) -> Option<bool> {
        let Some(question) = questions.get(atom) else {
            return Some(false);
        };
        if let Some(answer) = self.opinions.get(&atom) {
            return Some(*answer);
        }
        if question.document && self.no_documents {
            return Some(false);
        }
        let known = self.asked.iter().find(|(asked, _)| *asked == atom);
        let answer = match known {
            Some((_, answer)) if !question.moves => *answer,
            _ => {
                let answer = self.script.get(self.asked.len()).copied().unwrap_or(NO);
                self.asked.push((atom, answer));
                answer
            }
        };
        match answer {
            NO => Some(false),
            YES => Some(true),
            _ => None,
        }
    }

    /// Moves on to the next script, if there is one.
    fn advance(&mut self, questions: &[Question]) -> bool {
        while let Some((atom, answer)) = self.asked.pop() {
            let mut next = answer + 1;
            if next == YES && self.excluded(questions, atom) {
                next = NONE;
            }
            let last = match questions.get(atom) {
                Some(question) if question.may_fail => NONE,
                _ => YES,
            };
            if next <= last {
                self.script.clear();
                self.script
                    .extend(self.asked.iter().map(|(_, answer)| *answer));
                self.script.push(next);
                self.asked.clear();
                return true;
            }
        }
        self.script.clear();
        false
    }

    /// Tells whether an answer that was given before rules a yes out: a fact equals one constant.
    fn excluded(&self, questions: &[Question], atom: usize) -> bool {
        let Some((field, constant)) = questions.get(atom).and_then(|it| it.equals.as_ref()) else {
            return false;
        };
        self.asked.iter().any(|(asked, answer)| {
            *answer == YES
                && questions
                    .get(*asked)
                    .and_then(|it| it.equals.as_ref())
                    .is_some_and(|(other, value)| other == field && value != constant)
        })
    }
}

/// Answers the stepper's guards through the oracle.
struct Asking<'a> {
    model: &'a Model<'a>,
    oracle: &'a mut Oracle,
    assuming: Vec<(usize, bool)>,
}

impl Host for Asking<'_> {
    type Error = Infallible;

    fn guard(
        &mut self,
        guard: GuardId,
        view: &View<'_>,
        _: &mut Raised,
    ) -> Result<bool, Infallible> {
        let index = usize::try_from(guard.0).unwrap_or(usize::MAX);
        let Some(formula) = self.model.guards.get(index) else {
            return Ok(false);
        };
        let at = |state: StateId| view.is_in(state);
        if let Some(settled) = formula.settled(&at) {
            return Ok(settled);
        }
        let answer = formula.eval(&at, &mut |atom| {
            self.oracle.ask(&self.model.questions, atom)
        });
        let holds = answer == Some(true);
        if !self.assuming.contains(&(index, holds)) {
            self.assuming.push((index, holds));
        }
        Ok(holds)
    }

    fn run(&mut self, _: ActionId, _: &View<'_>, _: &mut Raised) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<'m> Walker<'m> {
    pub(super) fn new(model: &'m Model<'m>) -> Self {
        Self {
            model,
            stepper: Stepper::default(),
            oracle: Oracle::default(),
            work: 0,
        }
    }

    /// Returns every way a case can be opened.
    pub(super) fn openings(&mut self) -> Vec<Move> {
        let chart = self.model.chart;
        let before = Node {
            configuration: Configuration::unstarted(chart),
            spent: Vec::new(),
        };
        let mut moves = Vec::new();
        self.oracle.no_documents = true;
        self.know_opinions(None);
        self.every_answer(&mut moves, None, |walker, assuming| {
            walker.step(&before, None, assuming)
        });
        self.oracle.no_documents = false;
        moves
    }

    /// Returns every move from a place.
    pub(super) fn moves(&mut self, from: &Node) -> Vec<Move> {
        let model = self.model;
        let mut moves = Vec::new();
        if from.configuration.is_done(model.chart) {
            return moves;
        }
        for (index, stimulus) in model.stimuli.iter().enumerate() {
            if self.concerns(stimulus, from) {
                self.know_opinions(Some(stimulus));
                self.every_answer(&mut moves, Some(index), |walker, assuming| {
                    walker.stimulate(from, stimulus, assuming)
                });
            }
        }
        moves
    }

    fn know_opinions(&mut self, stimulus: Option<&Stimulus>) {
        let model = self.model;
        let questions = model.questions.iter().enumerate();
        let opinions = questions.filter(|(_, question)| question.unchanged.is_some());
        self.oracle.opinions = opinions
            .filter_map(|(atom, _)| Some((atom, model.unchanged(stimulus, atom)?)))
            .collect();
    }

    /// Tells whether some active state answers to it.
    fn concerns(&self, stimulus: &Stimulus, from: &Node) -> bool {
        let chart = self.model.chart;
        match stimulus {
            Stimulus::Event(event) => {
                let event = Event::Named(event);
                chart
                    .candidates(&from.configuration)
                    .filter_map(|id| chart.transition(id))
                    .any(|transition| transition.accepts(event))
            }
            Stimulus::Delay { state, delay, .. } => {
                from.configuration.is_in(*state) && !from.spent.contains(delay)
            }
            Stimulus::Document => chart
                .candidates(&from.configuration)
                .any(|id| self.model.asks_for_document(id)),
            Stimulus::Changed(_) => chart
                .candidates(&from.configuration)
                .any(|id| self.model.asks_for_opinion(id)),
        }
    }

    fn every_answer(
        &mut self,
        moves: &mut Vec<Move>,
        stimulus: Option<usize>,
        mut take: impl FnMut(&mut Self, &mut Vec<(usize, bool)>) -> Option<Outcome>,
    ) {
        self.oracle.script.clear();
        loop {
            self.oracle.asked.clear();
            self.work += 1;
            let mut assuming = Vec::new();
            if let Some(outcome) = take(self, &mut assuming) {
                moves.push(Move {
                    stimulus,
                    assuming,
                    outcome,
                });
            }
            if !self.oracle.advance(&self.model.questions) {
                return;
            }
        }
    }

    /// Takes one step with the answers of the oracle; `None` when nothing comes of it.
    fn stimulate(
        &mut self,
        from: &Node,
        stimulus: &Stimulus,
        assuming: &mut Vec<(usize, bool)>,
    ) -> Option<Outcome> {
        match stimulus {
            Stimulus::Event(event) => {
                let outcome = self.step(from, Some(Event::Named(event)), assuming)?;
                let Outcome::Rest { step, .. } = &outcome else {
                    return Some(outcome);
                };
                let first = step
                    .microsteps
                    .first()
                    .filter(|first| first.cause == Cause::External)?;
                let taken = first.transitions.clone();
                self.admitted(from, &taken).then_some(outcome)
            }
            Stimulus::Delay {
                transition, delay, ..
            } => {
                let outcome = self.step(from, Some(Event::Due(*delay)), assuming)?;
                let Outcome::Rest { node, step } = outcome else {
                    return Some(outcome);
                };
                if step.transitions().any(|taken| taken == *transition) {
                    return Some(Outcome::Rest { node, step });
                }
                // It has run out in vain. Facts have not changed since the case came to rest, so
                // nothing happens by itself either.
                let mut node = from.clone();
                node.spent.push(*delay);
                node.spent.sort();
                Some(Outcome::Rest {
                    node,
                    step: Step::default(),
                })
            }
            Stimulus::Document | Stimulus::Changed(_) => {
                // No event of a workflow has a dot in its name, so this one moves nothing itself.
                let outcome = self.step(from, Some(Event::Named("facts.changed")), assuming)?;
                let Outcome::Rest { step, .. } = &outcome else {
                    return Some(outcome);
                };
                let first = step.microsteps.first()?;
                let by_document = first.transitions.iter().any(|id| {
                    self.model.asks_for_document(*id) || self.model.asks_for_opinion(*id)
                });
                by_document.then_some(outcome)
            }
        }
    }

    fn step(
        &mut self,
        from: &Node,
        event: Option<Event<'_>>,
        assuming: &mut Vec<(usize, bool)>,
    ) -> Option<Outcome> {
        let chart = self.model.chart;
        let mut host = Asking {
            model: self.model,
            oracle: &mut self.oracle,
            assuming: Vec::new(),
        };
        let mut configuration = from.configuration.clone();
        let step = match event {
            Some(event) => self
                .stepper
                .step(chart, &mut configuration, event, &mut host),
            None => self.stepper.start(chart, &mut configuration, &mut host),
        };
        let outcome = match step {
            Ok(step) => {
                let left = |delay: &DelayId| {
                    step.microsteps
                        .iter()
                        .flat_map(|microstep| &microstep.exited)
                        .any(|state| {
                            chart.transitions_of(*state).any(|(_, it)| {
                                it.trigger == groundbreak_statechart::Trigger::After(*delay)
                            })
                        })
                };
                let spent = from
                    .spent
                    .iter()
                    .copied()
                    .filter(|delay| !left(delay))
                    .collect();
                Outcome::Rest {
                    step: step.clone(),
                    node: Node {
                        configuration,
                        spent,
                    },
                }
            }
            Err(StepError::Livelock { states }) => Outcome::Livelock { states },
            Err(_) => return None,
        };
        assuming.append(&mut host.assuming);
        Some(outcome)
    }

    /// Tells whether the gates of these transitions are open and their documents there.
    fn admitted(&mut self, from: &Node, taken: &[TransitionId]) -> bool {
        let model = self.model;
        let oracle = &mut self.oracle;
        let at = |state: StateId| from.configuration.is_in(state);
        taken
            .iter()
            .filter_map(|id| model.needs.get(id.index()))
            .flat_map(|needs| &needs.all)
            .all(|formula| {
                formula.eval(&at, &mut |atom| oracle.ask(&model.questions, atom)) == Some(true)
            })
    }
}
