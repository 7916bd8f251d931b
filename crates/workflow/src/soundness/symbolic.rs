//! Exploring all configurations at once.

use groundbreak_statechart::{Configuration, StateId, TransitionId};

use super::bdd::Set;
use super::encode::Encoding;
use super::explicit::said;
use super::model::Model;
use super::survey::{Survey, Target};
use super::walk::{Node, Outcome, Walker};
use super::{Completion, explicit};
use crate::Witness;

/// How many microsteps in a row, from all places at once, come to rest at the latest.
const ROUNDS_MAX: usize = 10_000;

/// A proof over sets of configurations.
pub(super) struct Proof<'m> {
    model: &'m Model<'m>,
    encoding: Encoding<'m>,
    nodes_max: usize,
    /// Where a case is before anything happens by itself.
    first: Set,
    /// Where a case can be when it has been opened and has come to rest.
    opened: Set,
    /// Where it can be at rest.
    reached: Set,
    /// Where it can be on its way, with the facts as they are then.
    passed: Set,
    /// From where an end can be reached.
    completes: Set,
    /// What targets of the survey stand for.
    targets: Vec<Set>,
    taken: Vec<bool>,
    /// Something came up that the relations do not express.
    beyond: bool,
}

impl<'m> Proof<'m> {
    /// Returns nothing when the chart is one that diagrams cannot stand for, or when they grow
    /// beyond the limit.
    pub(super) fn survey(model: &'m Model<'m>, nodes_max: usize) -> Option<(Survey, Self)> {
        let mut proof = Self::new(model, nodes_max)?;
        let first = proof.encoding.first();
        let passing = proof.encoding.passing_variables;
        let first = proof.encoding.diagrams.exists(first, passing);
        let first = proof
            .encoding
            .diagrams
            .and(first, proof.encoding.lasting_facts);
        proof.first = first;
        proof.opened = proof.settle(first);
        proof.explore()?;
        let mut survey = Survey::new(model.chart);
        proof.note_taken(&mut survey);
        proof.note_possible(&mut survey);
        proof.find_livelock(&mut survey)?;
        proof.find_completing()?;
        let encoding = &mut proof.encoding;
        let (states, others) = encoding.state_variables();
        let plain = encoding.diagrams.exists(proof.reached, others);
        survey.configurations = encoding.diagrams.count(plain, &states);
        survey.complete = true;
        let stuck = encoding.diagrams.minus(proof.reached, proof.completes);
        if !stuck.is_empty() {
            let target = proof.target(stuck);
            survey.stuck = Some(target);
        }
        (!proof.failed()).then_some((survey, proof))
    }

    /// Tells whether an end can be reached from a place; nothing as for a survey.
    pub(super) fn completion(
        model: &'m Model<'m>,
        start: &Node,
        nodes_max: usize,
    ) -> Option<Completion> {
        let mut proof = Self::new(model, nodes_max)?;
        let start_set = proof.encoding.place(start);
        proof.opened = start_set;
        proof.explore()?;
        proof.find_completing()?;
        if !proof.encoding.contains(proof.completes, start) {
            return Some(Completion::No);
        }
        let ended = proof.encoding.ended;
        let ended = proof.encoding.diagrams.and(proof.reached, ended);
        let target = proof.target(ended);
        Some(Completion::Yes(proof.way(&target)?.0))
    }

    fn new(model: &'m Model<'m>, nodes_max: usize) -> Option<Self> {
        Some(Self {
            model,
            encoding: Encoding::new(model, nodes_max)?,
            nodes_max,
            first: Set::EMPTY,
            opened: Set::EMPTY,
            reached: Set::EMPTY,
            passed: Set::EMPTY,
            completes: Set::EMPTY,
            targets: Vec::new(),
            taken: vec![false; model.chart.transitions().count()],
            beyond: false,
        })
    }

    fn failed(&self) -> bool {
        self.beyond || self.encoding.diagrams.exhausted()
    }

    /// Makes room when much of it is taken.
    fn tidy(&mut self, more: &mut [&mut Set]) {
        if self.encoding.diagrams.len() < self.nodes_max / 4 {
            return;
        }
        let mut sets: Vec<&mut Set> = vec![
            &mut self.first,
            &mut self.opened,
            &mut self.reached,
            &mut self.passed,
            &mut self.completes,
        ];
        sets.extend(self.targets.iter_mut());
        for set in more {
            sets.push(set);
        }
        self.encoding.keep_only(&mut sets);
    }

    /// Notes the transitions of a microstep that are taken from somewhere in a set.
    fn note(&mut self, micro: usize, from: Set) {
        let Self {
            encoding,
            taken,
            beyond,
            ..
        } = self;
        let micro = &encoding.micros[micro];
        for (id, at) in &micro.chosen {
            if !taken[id.index()] {
                taken[id.index()] = !encoding.diagrams.and(from, *at).is_empty();
            }
        }
        *beyond |= !encoding.diagrams.and(from, micro.doubled).is_empty();
    }

    /// Lets everything happen that happens by itself. Returns where it comes to rest.
    fn settle(&mut self, from: Set) -> Set {
        let mut rest = Set::EMPTY;
        let mut moving = from;
        for _ in 0..ROUNDS_MAX {
            moving = self.encoding.diagrams.minus(moving, self.passed);
            if moving.is_empty() || self.failed() {
                break;
            }
            let (still, going) = self.parted(moving);
            self.passed = self.encoding.diagrams.or(self.passed, going);
            rest = self.encoding.diagrams.or(rest, still);
            moving = self.round(going);
        }
        self.beyond |= !moving.is_empty();
        rest
    }

    /// Parts a set into where it is at rest, without facts, and, at an end, with nothing left to
    /// be heard; and where it goes on.
    fn parted(&mut self, moving: Set) -> (Set, Set) {
        let encoding = &mut self.encoding;
        let diagrams = &mut encoding.diagrams;
        let ended = diagrams.and(moving, encoding.ended);
        let ended = diagrams.exists(ended, encoding.pending_variables);
        let ended = diagrams.and(ended, encoding.heard);
        let open = diagrams.minus(moving, encoding.ended);
        let eventless = encoding.micros[encoding.eventless].moves;
        let still = diagrams.minus(open, eventless);
        let still = diagrams.and(still, encoding.heard);
        let going = diagrams.minus(open, still);
        let rest = diagrams.or(ended, still);
        (diagrams.exists(rest, encoding.fact_variables), going)
    }

    /// Takes one microstep from all places that go on.
    fn round(&mut self, going: Set) -> Set {
        let eventless = self.encoding.eventless;
        let by_itself = self.encoding.micros[eventless].moves;
        self.note_at(eventless, going);
        let mut next = self.encoding.image(eventless, going);
        let waiting = self.encoding.diagrams.minus(going, by_itself);
        let mut heard_once = Set::EMPTY;
        for number in 0..self.encoding.dones.len() {
            let done = &self.encoding.dones[number];
            let (micro, pending) = (done.micro, done.pending);
            let hearing = self.encoding.diagrams.and(waiting, pending);
            // Which of two comes first depends on which was raised first, and that is not kept.
            let both = self.encoding.diagrams.and(hearing, heard_once);
            self.beyond |= !both.is_empty();
            heard_once = self.encoding.diagrams.or(heard_once, hearing);
            self.note_at(micro, hearing);
            let answered = self.encoding.image(micro, hearing);
            next = self.encoding.diagrams.or(next, answered);
            let moves = self.encoding.micros[micro].moves;
            let unanswered = self.encoding.diagrams.minus(hearing, moves);
            let unanswered = self.encoding.unheard(number, unanswered);
            next = self.encoding.diagrams.or(next, unanswered);
        }
        next
    }

    fn note_at(&mut self, micro: usize, from: Set) {
        let moves = self.encoding.micros[micro].moves;
        let from = self.encoding.diagrams.and(from, moves);
        if !from.is_empty() {
            self.note(micro, from);
        }
    }

    /// Finds every place where a case can be at rest. Each stimulus builds on what those before
    /// it have found, so that far places are found in few rounds.
    fn explore(&mut self) -> Option<()> {
        self.reached = self.opened;
        let mut seen = vec![Set::EMPTY; self.encoding.triggers.len()];
        loop {
            let before = self.reached;
            for (number, seen) in seen.iter_mut().enumerate() {
                if std::mem::replace(seen, self.reached) == self.reached {
                    continue;
                }
                let found = self.stimulated(number);
                self.reached = self.encoding.diagrams.or(self.reached, found);
                if self.failed() {
                    return None;
                }
            }
            for number in 0..self.encoding.vains.len() {
                let found = self.in_vain(number);
                self.reached = self.encoding.diagrams.or(self.reached, found);
            }
            if before == self.reached {
                return (!self.failed()).then_some(());
            }
            let mut before = before;
            self.tidy(&mut [&mut before]);
            seen.fill(Set::EMPTY);
        }
    }

    /// Returns where a stimulus leads from what is reached.
    fn stimulated(&mut self, number: usize) -> Set {
        let impulse = &self.encoding.triggers[number];
        let (micro, only) = (impulse.micro, impulse.only);
        let diagrams = &mut self.encoding.diagrams;
        let from = diagrams.minus(self.reached, self.encoding.ended);
        let from = diagrams.and(from, only);
        let from = diagrams.and(from, self.encoding.facts);
        if from.is_empty() {
            return Set::EMPTY;
        }
        self.note(micro, from);
        let moved = self.encoding.image(micro, from);
        let passing = self.encoding.passing_variables;
        let moved = self.encoding.diagrams.exists(moved, passing);
        self.settle(moved)
    }

    /// Returns where delays run out in vain.
    fn in_vain(&mut self, number: usize) -> Set {
        let encoding = &mut self.encoding;
        let vain = &encoding.vains[number];
        let (at, spent, variable) = (vain.at, vain.spent, vain.variable);
        let diagrams = &mut encoding.diagrams;
        let from = diagrams.minus(self.reached, encoding.ended);
        let from = diagrams.and(from, at);
        let from = diagrams.and_exists(from, encoding.facts, encoding.fact_variables);
        let forgotten = diagrams.exists(from, variable);
        diagrams.and(forgotten, spent)
    }

    fn note_taken(&mut self, survey: &mut Survey) {
        let chart = self.model.chart;
        let mut entered = chart.first_entered();
        let nowhere = Configuration::unstarted(chart);
        for (id, _) in chart.transitions() {
            if !self.taken[id.index()] {
                continue;
            }
            survey.set_taken(id);
            if let Some(effect) = chart.effect(id, &nowhere) {
                entered.extend(effect.entered);
                let below = chart
                    .states()
                    .filter(|it| chart.is_descendant(*it, effect.domain));
                for state in below {
                    if !survey.exited(state) && self.leaves(id, state) {
                        survey.set_exited(state);
                    }
                }
            }
        }
        for state in entered {
            survey.set_entered(state);
        }
    }

    /// Tells whether a transition is taken somewhere while a state below its domain is active.
    fn leaves(&mut self, id: TransitionId, state: StateId) -> bool {
        let encoding = &self.encoding;
        let by_itself = std::iter::once(encoding.eventless)
            .chain(encoding.dones.iter().map(|done| done.micro))
            .map(|micro| (micro, self.passed));
        let by_stimulus = encoding.triggers.iter().map(|it| (it.micro, it.only));
        let reached = self.reached;
        let taken: Vec<[Set; 3]> = by_itself
            .map(|(micro, from)| (micro, from, Set::ALL))
            .chain(by_stimulus.map(|(micro, only)| (micro, only, reached)))
            .filter_map(|(micro, from, within)| {
                let chosen = &encoding.micros[micro].chosen;
                let (_, at) = chosen.iter().find(|(chosen, _)| *chosen == id)?;
                Some([*at, from, within])
            })
            .collect();
        let active = self.encoding.active(state);
        taken.into_iter().any(|parts| {
            let encoding = &mut self.encoding;
            let start = encoding.diagrams.and(active, encoding.facts);
            let met = parts
                .into_iter()
                .fold(start, |met, part| encoding.diagrams.and(met, part));
            !met.is_empty()
        })
    }

    /// Notes where guards and gates allow a transition that is never taken.
    fn note_possible(&mut self, survey: &mut Survey) {
        let model = self.model;
        for (id, transition) in model.chart.transitions() {
            if self.taken[id.index()] {
                continue;
            }
            let Some(stimulus) = model.stimulus_of(id) else {
                continue;
            };
            let source = self.encoding.active(transition.source);
            let mut at = self.encoding.diagrams.and(self.reached, source);
            at = self.encoding.diagrams.and(at, self.encoding.facts);
            let needs = model.needs[id.index()].all.iter();
            for formula in model.guard(id).into_iter().chain(needs) {
                let [holds, _] = self.encoding.rails(formula);
                at = self.encoding.diagrams.and(at, holds);
            }
            let facts = self.encoding.fact_variables;
            let at = self.encoding.diagrams.exists(at, facts);
            if !at.is_empty() {
                self.targets.push(at);
                survey.set_possible(id, self.targets.len() - 1, stimulus);
            }
        }
    }

    fn target(&mut self, set: Set) -> Target {
        self.targets.push(set);
        Target::at(self.targets.len() - 1)
    }

    /// Finds what goes on for ever: the largest set of places on their way that leads into
    /// itself.
    fn find_livelock(&mut self, survey: &mut Survey) -> Option<()> {
        let mut going = self.passed;
        loop {
            let before = self.back(going);
            let next = self.encoding.diagrams.and(going, before);
            if self.failed() {
                return None;
            }
            if next == going {
                break;
            }
            going = next;
        }
        if going.is_empty() {
            return Some(());
        }
        if !self.encoding.diagrams.and(self.first, going).is_empty() {
            let opening = Walker::new(self.model).openings();
            for found in opening {
                if let Outcome::Livelock { states } = found.outcome {
                    survey.livelock(Target {
                        node: None,
                        leads_to: states,
                    });
                }
            }
            return Some(());
        }
        let from = self.before_impulses(going);
        let target = self.target(from);
        survey.livelock(target);
        Some(())
    }

    /// Returns the places on their way from which one microstep leads into a set.
    fn back(&mut self, into: Set) -> Set {
        let eventless = self.encoding.eventless;
        let by_itself = self.encoding.micros[eventless].moves;
        let mut before = self.encoding.preimage(eventless, into);
        for number in 0..self.encoding.dones.len() {
            let done = &self.encoding.dones[number];
            let (micro, pending) = (done.micro, done.pending);
            let answered = self.encoding.preimage(micro, into);
            let moves = self.encoding.micros[micro].moves;
            let after = self.encoding.diagrams.minus(into, pending);
            let unanswered = self.encoding.heard_before(number, after);
            let unanswered = self.encoding.diagrams.minus(unanswered, moves);
            let both = self.encoding.diagrams.or(answered, unanswered);
            let both = self.encoding.diagrams.and(both, pending);
            let both = self.encoding.diagrams.minus(both, by_itself);
            before = self.encoding.diagrams.or(before, both);
        }
        let before = self.encoding.diagrams.minus(before, self.encoding.ended);
        self.encoding.diagrams.and(before, self.passed)
    }

    /// Returns the places at rest from which some stimulus leads into a set of places on their
    /// way.
    fn before_impulses(&mut self, into: Set) -> Set {
        let mut found = Set::EMPTY;
        for number in 0..self.encoding.triggers.len() {
            let before = self.before_impulse(number, into);
            found = self.encoding.diagrams.or(found, before);
        }
        found
    }

    fn before_impulse(&mut self, number: usize, into: Set) -> Set {
        let impulse = &self.encoding.triggers[number];
        let (micro, only) = (impulse.micro, impulse.only);
        // What excludes each other among facts goes in first: it keeps the diagrams small.
        let into = self.encoding.diagrams.and(into, self.encoding.facts);
        let before = self.encoding.preimage(micro, into);
        let diagrams = &mut self.encoding.diagrams;
        let before = diagrams.and_exists(before, only, self.encoding.fact_variables);
        let before = diagrams.minus(before, self.encoding.ended);
        diagrams.and(before, self.reached)
    }

    fn before_vain(&mut self, number: usize, into: Set) -> Set {
        let encoding = &mut self.encoding;
        let vain = &encoding.vains[number];
        let (at, spent, variable) = (vain.at, vain.spent, vain.variable);
        let diagrams = &mut encoding.diagrams;
        let into = diagrams.and(into, spent);
        let before = diagrams.exists(into, variable);
        let before = diagrams.and(before, at);
        let before = diagrams.and_exists(before, encoding.facts, encoding.fact_variables);
        let before = diagrams.minus(before, encoding.ended);
        diagrams.and(before, self.reached)
    }

    /// Returns the places on their way, and at rest, that come to rest in a set.
    fn coming_to(&mut self, rest: Set) -> Set {
        let encoding = &mut self.encoding;
        let diagrams = &mut encoding.diagrams;
        let eventless = encoding.micros[encoding.eventless].moves;
        let ended = diagrams.and(rest, encoding.ended);
        let ended = diagrams.exists(ended, encoding.pending_variables);
        let still = diagrams.minus(rest, encoding.ended);
        let still = diagrams.minus(still, eventless);
        let mut coming = diagrams.or(ended, still);
        coming = diagrams.and(coming, encoding.lasting_facts);
        loop {
            let before = self.back(coming);
            let next = self.encoding.diagrams.or(coming, before);
            if next == coming || self.failed() {
                return coming;
            }
            coming = next;
        }
    }

    /// Finds every place from which an end can be reached.
    fn find_completing(&mut self) -> Option<()> {
        self.completes = self
            .encoding
            .diagrams
            .and(self.reached, self.encoding.ended);
        loop {
            let start = self.completes;
            let mut coming = self.coming_to(start);
            // What is written first mostly happens first: going back, the last comes first.
            for number in (0..self.encoding.triggers.len()).rev() {
                let before = self.before_impulse(number, coming);
                let new = self.encoding.diagrams.minus(before, self.completes);
                if new.is_empty() {
                    continue;
                }
                self.completes = self.encoding.diagrams.or(self.completes, new);
                // What rests there under some facts counts at once for the stimuli that follow.
                let encoding = &mut self.encoding;
                let eventless = encoding.micros[encoding.eventless].moves;
                let still = encoding.diagrams.minus(new, eventless);
                let still = encoding.diagrams.and(still, encoding.lasting_facts);
                coming = encoding.diagrams.or(coming, still);
                if self.failed() {
                    return None;
                }
            }
            for number in 0..self.encoding.vains.len() {
                let before = self.before_vain(number, self.completes);
                self.completes = self.encoding.diagrams.or(self.completes, before);
            }
            if start == self.completes {
                return (!self.failed()).then_some(());
            }
            let mut start = start;
            self.tidy(&mut [&mut start]);
        }
    }

    /// Returns a shortest way to a target, as the stepper takes it.
    fn trace(&mut self, set: Set) -> Option<(Witness, Node)> {
        let mut layers = vec![self.encoding.diagrams.and(set, self.reached)];
        let mut known = layers[0];
        loop {
            let last = *layers.last()?;
            let start = self.encoding.diagrams.and(last, self.opened);
            if self.failed() || last.is_empty() {
                return None;
            }
            if !start.is_empty() {
                layers.pop();
                let node = self.encoding.pick(start)?;
                return self.follow(node, &layers);
            }
            let coming = self.coming_to(last);
            let mut before = self.before_impulses(coming);
            for number in 0..self.encoding.vains.len() {
                let vain = self.before_vain(number, last);
                before = self.encoding.diagrams.or(before, vain);
            }
            let next = self.encoding.diagrams.minus(before, known);
            known = self.encoding.diagrams.or(known, next);
            layers.push(next);
        }
    }

    /// Walks down the layers with the real stepper.
    fn follow(&self, node: Node, layers: &[Set]) -> Option<(Witness, Node)> {
        let chart = self.model.chart;
        let mut walker = Walker::new(self.model);
        let mut witness = Witness {
            opened_in: explicit::leaves(chart, &node.configuration),
            steps: Vec::new(),
        };
        let mut node = node;
        for layer in layers.iter().rev() {
            let (step, next) = walker.moves(&node).into_iter().find_map(|found| {
                let Outcome::Rest { node: next, .. } = &found.outcome else {
                    return None;
                };
                if !self.encoding.contains(*layer, next) {
                    return None;
                }
                let leads_to = explicit::leaves(chart, &next.configuration);
                let step = said(self.model, found.stimulus?, &found.assuming, leads_to);
                Some((step, next.clone()))
            })?;
            witness.steps.push(step);
            node = next;
        }
        Some((witness, node))
    }

    /// Returns the way to a target, and the place there.
    pub(super) fn way(&mut self, target: &Target) -> Option<(Witness, Node)> {
        let set = self.targets.get(target.node?).copied()?;
        self.trace(set)
    }

    /// Returns the way to a place in which both states are active.
    pub(super) fn together(&mut self, one: StateId, two: StateId) -> Option<Witness> {
        let (one, two) = (self.encoding.active(one), self.encoding.active(two));
        let both = self.encoding.diagrams.and(one, two);
        let both = self.encoding.diagrams.and(both, self.reached);
        if both.is_empty() {
            return None;
        }
        Some(self.trace(both)?.0)
    }
}
