//! A chart as diagrams: one variable for each state, and the microsteps as relations.
//!
//! The order of the variables is that of the document, so that what belongs together stands
//! together. Each has a second one next to it, for its value after a microstep.

use std::collections::BTreeMap;

use groundbreak_statechart::{
    Chart, Configuration, DelayId, Effect, Event, StateId, StateKind, Transition, TransitionId,
    Trigger,
};

use super::bdd::{Diagrams, Set, Variables};
use super::model::{Formula, Model, Stimulus};
use super::walk::Node;

/// The most variables a chart may need.
const SLOTS_MAX: usize = 1_500;
/// The most nodes of one relation before another is begun.
const CLUSTER_NODES: usize = 2_000;

/// What a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// The state is active.
    Active(StateId),
    /// The state is done, and has not heard of it yet.
    Pending,
    /// The delay has run out in vain.
    Spent(DelayId),
    /// A question to facts or documents: the answer is yes, or, in a variable of its own where
    /// there may be none, no.
    Fact,
}

/// One kind of microstep.
pub(super) struct Micro {
    /// Where a transition is taken, as the facts are.
    pub(super) moves: Set,
    /// Each transition, and where it is taken.
    pub(super) chosen: Vec<(TransitionId, Set)>,
    /// Where it would announce that a state is done a second time before the first was heard.
    pub(super) doubled: Set,
    clusters: Vec<Cluster>,
    /// The variables it may change.
    changed: Variables,
}

struct Cluster {
    relation: Set,
    /// Variables that no later cluster asks for.
    settled: Variables,
    /// The variables after the microstep.
    after: Variables,
}

/// The first microstep of a stimulus, and where it may come.
pub(super) struct Impulse {
    pub(super) micro: usize,
    pub(super) only: Set,
}

/// A done state that is heard of.
pub(super) struct Done {
    pub(super) micro: usize,
    pub(super) pending: Set,
    variable: Variables,
}

/// A delay with a condition: where it runs out in vain, and the variable that says so.
pub(super) struct Vain {
    pub(super) at: Set,
    pub(super) spent: Set,
    pub(super) variable: Variables,
}

/// A chart as diagrams.
pub(super) struct Encoding<'m> {
    pub(super) model: &'m Model<'m>,
    pub(super) diagrams: Diagrams,
    slots: Vec<Slot>,
    of_state: Vec<Option<usize>>,
    of_done: BTreeMap<StateId, usize>,
    of_delay: BTreeMap<DelayId, usize>,
    of_atom: Vec<(usize, Option<usize>)>,
    pub(super) micros: Vec<Micro>,
    /// By stimulus.
    pub(super) triggers: Vec<Impulse>,
    /// What happens by itself: index into `micros`.
    pub(super) eventless: usize,
    pub(super) dones: Vec<Done>,
    pub(super) vains: Vec<Vain>,
    /// What facts can be together.
    pub(super) facts: Set,
    pub(super) fact_variables: Variables,
    /// Facts that only stimuli ask for: what follows by itself does not hang on them.
    pub(super) passing_variables: Variables,
    /// What the other facts can be together.
    pub(super) lasting_facts: Set,
    /// Where a case has ended.
    pub(super) ended: Set,
    /// Where no done state is still to be heard of.
    pub(super) heard: Set,
    pub(super) pending_variables: Variables,
}

impl<'m> Encoding<'m> {
    /// Returns nothing for a chart this cannot stand for: one that remembers, one that asks for
    /// states inside arithmetic, one that is too large.
    pub(super) fn new(model: &'m Model<'m>, nodes: usize) -> Option<Self> {
        let chart = model.chart;
        let remembers = chart
            .states()
            .any(|state| matches!(chart.kind(state), StateKind::History(_)));
        if remembers || model.questions.iter().any(|question| question.moves) {
            return None;
        }
        let mut diagrams = Diagrams::new(nodes);
        let none = diagrams.variables([]);
        let mut encoding = Self {
            model,
            diagrams,
            slots: Vec::new(),
            of_state: vec![None; chart.states().len()],
            of_done: BTreeMap::new(),
            of_delay: BTreeMap::new(),
            of_atom: Vec::new(),
            micros: Vec::new(),
            triggers: Vec::new(),
            eventless: 0,
            dones: Vec::new(),
            vains: Vec::new(),
            facts: Set::ALL,
            fact_variables: none,
            passing_variables: none,
            lasting_facts: Set::ALL,
            ended: Set::EMPTY,
            heard: Set::ALL,
            pending_variables: none,
        };
        encoding.number_slots();
        if encoding.slots.len() > SLOTS_MAX {
            return None;
        }
        encoding.relate_facts();
        encoding.build();
        (!encoding.diagrams.exhausted()).then_some(encoding)
    }

    fn number_slots(&mut self) {
        let model = self.model;
        let chart = model.chart;
        for state in chart.states().skip(1) {
            self.of_state[state.index()] = Some(self.slots.len());
            self.slots.push(Slot::Active(state));
            let done = Event::Named(chart.done_event(state));
            if chart.transitions().any(|(_, it)| it.accepts(done)) {
                self.of_done.insert(state, self.slots.len());
                self.slots.push(Slot::Pending);
            }
            for (_, transition) in chart.transitions_of(state) {
                if let (Trigger::After(delay), Some(_)) = (&transition.trigger, transition.guard) {
                    self.of_delay.insert(*delay, self.slots.len());
                    self.slots.push(Slot::Spent(*delay));
                }
            }
        }
        for question in &model.questions {
            let yes = self.slots.len();
            self.slots.push(Slot::Fact);
            let no = question.may_fail.then(|| {
                self.slots.push(Slot::Fact);
                yes + 1
            });
            self.of_atom.push((yes, no));
        }
        let facts = self.numbers(|slot| slot == Slot::Fact);
        self.fact_variables = self.diagrams.variables(facts);
        let pending = self.numbers(|slot| slot == Slot::Pending);
        self.pending_variables = self.diagrams.variables(pending);
    }

    fn numbers(&self, wanted: impl Fn(Slot) -> bool) -> Vec<u32> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(_, slot)| wanted(**slot))
            .map(|(number, _)| before(number))
            .collect()
    }

    /// Returns the variables of a configuration, and those besides that are no part of it.
    pub(super) fn state_variables(&mut self) -> (Vec<u32>, Variables) {
        let states = self.numbers(|slot| matches!(slot, Slot::Active(_)));
        let others = self.numbers(|slot| matches!(slot, Slot::Spent(_) | Slot::Pending));
        (states, self.diagrams.variables(others))
    }

    /// Two answers to one question exclude each other, and so do two constants for one fact.
    fn relate_facts(&mut self) {
        let questions = &self.model.questions;
        for (number, question) in questions.iter().enumerate() {
            let (yes, no) = self.of_atom[number];
            let mut excluded = Vec::new();
            if let Some(no) = no {
                excluded.push(no);
            }
            for (other, asked) in questions.iter().enumerate().take(number) {
                let rivals = match (&question.equals, &asked.equals) {
                    (Some((field, constant)), Some((same, value))) => {
                        field == same && constant != value
                    }
                    _ => false,
                };
                if rivals {
                    excluded.push(self.of_atom[other].0);
                }
            }
            for other in excluded {
                let one = self.diagrams.variable(before(yes));
                let two = self.diagrams.variable(before(other));
                let both = self.diagrams.and(one, two);
                self.facts = self.diagrams.minus(self.facts, both);
            }
        }
    }

    fn build(&mut self) {
        let model = self.model;
        let chart = model.chart;
        for end in chart.children(StateId::ROOT) {
            if chart.kind(*end) == StateKind::Final {
                let active = self.active(*end);
                self.ended = self.diagrams.or(self.ended, active);
            }
        }
        for slot in self.of_done.clone().into_values() {
            let pending = self.diagrams.variable(before(slot));
            self.heard = self.diagrams.minus(self.heard, pending);
        }
        let microstep = self.micro(None, |it| it.trigger == Trigger::Eventless);
        self.eventless = self.push(microstep);
        for (state, slot) in self.of_done.clone() {
            let event = Event::Named(chart.done_event(state));
            let micro = self.micro(Some(slot), |it| it.accepts(event));
            let micro = self.push(micro);
            let pending = self.diagrams.variable(before(slot));
            let variable = self.diagrams.variables([before(slot)]);
            self.dones.push(Done {
                micro,
                pending,
                variable,
            });
        }
        let mut lasting = Vec::new();
        for micro in &self.micros {
            for (_, at) in &micro.chosen {
                lasting.extend(self.diagrams.support(*at));
            }
        }
        let mut passing = self.numbers(|slot| slot == Slot::Fact);
        passing.retain(|variable| !lasting.contains(variable));
        self.passing_variables = self.diagrams.variables(passing);
        self.lasting_facts = self.diagrams.exists(self.facts, self.passing_variables);
        for stimulus in &model.stimuli {
            let mut trigger = self.trigger(stimulus);
            for (number, question) in model.questions.iter().enumerate() {
                if question.unchanged.is_none() {
                    continue;
                }
                let yes = self.diagrams.variable(before(self.of_atom[number].0));
                trigger.only = match model.unchanged(Some(stimulus), number) {
                    Some(true) => self.diagrams.and(trigger.only, yes),
                    Some(false) => self.diagrams.minus(trigger.only, yes),
                    None => trigger.only,
                };
            }
            self.triggers.push(trigger);
        }
    }

    fn push(&mut self, micro: Micro) -> usize {
        self.micros.push(micro);
        self.micros.len() - 1
    }

    fn trigger(&mut self, stimulus: &Stimulus) -> Impulse {
        let model = self.model;
        match stimulus {
            Stimulus::Event(event) => {
                let event = Event::Named(event);
                let micro = self.micro(None, |it| it.accepts(event));
                let mut only = micro.moves;
                for (id, at) in &micro.chosen {
                    for formula in &model.needs[id.index()].all {
                        let [open, _] = self.rails(formula);
                        let shut = self.diagrams.minus(*at, open);
                        only = self.diagrams.minus(only, shut);
                    }
                }
                let micro = self.push(micro);
                Impulse { micro, only }
            }
            Stimulus::Delay { state, delay, .. } => {
                let event = Event::Due(*delay);
                let micro = self.micro(None, |it| it.accepts(event));
                let mut only = micro.moves;
                if let Some(slot) = self.of_delay.get(delay).copied() {
                    let spent = self.diagrams.variable(before(slot));
                    only = self.diagrams.minus(only, spent);
                    let active = self.active(*state);
                    let idle = self.diagrams.minus(active, micro.moves);
                    let at = self.diagrams.minus(idle, spent);
                    let variable = self.diagrams.variables([before(slot)]);
                    self.vains.push(Vain {
                        at,
                        spent,
                        variable,
                    });
                }
                let micro = self.push(micro);
                Impulse { micro, only }
            }
            Stimulus::Document | Stimulus::Changed(_) => {
                let mut only = Set::EMPTY;
                let opinions = matches!(stimulus, Stimulus::Changed(_));
                let asking: Vec<Set> = self.micros[self.eventless]
                    .chosen
                    .iter()
                    .filter(|(id, _)| match opinions {
                        true => model.asks_for_opinion(*id),
                        false => model.asks_for_document(*id),
                    })
                    .map(|(_, at)| *at)
                    .collect();
                for at in asking {
                    only = self.diagrams.or(only, at);
                }
                Impulse {
                    micro: self.eventless,
                    only,
                }
            }
        }
    }

    /// Returns where a state is active. The root always is.
    pub(super) fn active(&mut self, state: StateId) -> Set {
        match self.of_state.get(state.index()).copied().flatten() {
            Some(slot) => self.diagrams.variable(before(slot)),
            None => Set::ALL,
        }
    }

    /// Returns where a formula holds, and where it does not; between the two it has no answer.
    pub(super) fn rails(&mut self, formula: &Formula) -> [Set; 2] {
        match formula {
            Formula::Constant(true) => [Set::ALL, Set::EMPTY],
            Formula::Constant(false) => [Set::EMPTY, Set::ALL],
            Formula::At(state) => {
                let active = self.active(*state);
                [active, self.diagrams.not(active)]
            }
            Formula::Atom(number) => {
                let (yes, no) = self.of_atom[*number];
                let yes = self.diagrams.variable(before(yes));
                let no = match no {
                    Some(no) => self.diagrams.variable(before(no)),
                    None => self.diagrams.not(yes),
                };
                [yes, no]
            }
            Formula::Not(inner) => {
                let [yes, no] = self.rails(inner);
                [no, yes]
            }
            Formula::Both(sides) => {
                let [yes, no] = self.rails(&sides[0]);
                let [yes_too, no_too] = self.rails(&sides[1]);
                [
                    self.diagrams.and(yes, yes_too),
                    self.diagrams.or(no, no_too),
                ]
            }
            Formula::Either(sides) => {
                let [yes, no] = self.rails(&sides[0]);
                let [yes_too, no_too] = self.rails(&sides[1]);
                [
                    self.diagrams.or(yes, yes_too),
                    self.diagrams.and(no, no_too),
                ]
            }
            Formula::Choose(parts) => {
                let [when, unless] = self.rails(&parts[0]);
                let then = self.rails(&parts[1]);
                let otherwise = self.rails(&parts[2]);
                [0, 1].map(|rail| {
                    let one = self.diagrams.and(when, then[rail]);
                    let other = self.diagrams.and(unless, otherwise[rail]);
                    self.diagrams.or(one, other)
                })
            }
        }
    }

    /// Builds the microstep of the transitions with such a trigger. `heard` is the variable of
    /// the done state that sets it off.
    fn micro(&mut self, heard: Option<usize>, answers: impl Fn(&Transition) -> bool) -> Micro {
        let model = self.model;
        let chart = model.chart;
        let mut enabled = Vec::new();
        self.walk(StateId::ROOT, &answers, &mut enabled);
        let nowhere = Configuration::unstarted(chart);
        // Inner transitions stand before outer ones, and otherwise in document order: whichever
        // comes first wins.
        let mut chosen: Vec<(TransitionId, Set, Option<Effect>)> = Vec::new();
        for (id, at) in enabled {
            let effect = chart.effect(id, &nowhere);
            let mut at = at;
            for (_, won, other) in &chosen {
                if conflict(chart, effect.as_ref(), other.as_ref()) {
                    at = self.diagrams.minus(at, *won);
                }
            }
            if !at.is_empty() {
                chosen.push((id, at, effect));
            }
        }
        let mut moves = Set::EMPTY;
        for (_, at, _) in &chosen {
            moves = self.diagrams.or(moves, *at);
        }
        let (after, doubled) = self.after(heard, &chosen);
        let (clusters, changed) = self.clusters(moves, &after);
        Micro {
            moves,
            chosen: chosen.into_iter().map(|(id, at, _)| (id, at)).collect(),
            doubled,
            clusters,
            changed,
        }
    }

    /// Adds the transitions at and below a state that are enabled, and where, inner ones first.
    /// Returns where a leaf below has found none.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, appendix D, `selectTransitions`: each leaf asks itself and then its
    /// ancestors, up to the first that has an enabled transition.
    fn walk(
        &mut self,
        state: StateId,
        answers: &impl Fn(&Transition) -> bool,
        enabled: &mut Vec<(TransitionId, Set)>,
    ) -> Set {
        let chart = self.model.chart;
        let mut asking = match chart.kind(state) {
            StateKind::Atomic | StateKind::Final => self.active(state),
            _ => {
                let mut asking = Set::EMPTY;
                for child in chart.children(state) {
                    let child = self.walk(*child, answers, enabled);
                    asking = self.diagrams.or(asking, child);
                }
                asking
            }
        };
        for (id, transition) in chart.transitions_of(state) {
            if !answers(transition) {
                continue;
            }
            let holds = match self.model.guard(id) {
                Some(guard) => self.rails(guard)[0],
                None => Set::ALL,
            };
            let at = self.diagrams.and(asking, holds);
            asking = self.diagrams.minus(asking, holds);
            if !at.is_empty() {
                enabled.push((id, at));
            }
        }
        asking
    }

    /// Returns the variables that transitions may change, each with where it is true afterwards;
    /// and where a done state would be announced twice.
    fn after(
        &mut self,
        heard: Option<usize>,
        chosen: &[(TransitionId, Set, Option<Effect>)],
    ) -> (BTreeMap<usize, Set>, Set) {
        let chart = self.model.chart;
        let mut exits: BTreeMap<StateId, Set> = BTreeMap::new();
        let mut entries: BTreeMap<StateId, Set> = BTreeMap::new();
        for (_, at, effect) in chosen {
            let Some(effect) = effect else { continue };
            let below = chart
                .states()
                .filter(|it| chart.is_descendant(*it, effect.domain));
            for state in below {
                let exit = exits.entry(state).or_insert(Set::EMPTY);
                *exit = self.diagrams.or(*exit, *at);
            }
            for state in &effect.entered {
                let entry = entries.entry(*state).or_insert(Set::EMPTY);
                *entry = self.diagrams.or(*entry, *at);
            }
        }
        let mut after = BTreeMap::new();
        for (state, exit) in &exits {
            let Some(slot) = self.of_state[state.index()] else {
                continue;
            };
            let active = self.active(*state);
            let stays = self.diagrams.minus(active, *exit);
            let entry = entries.get(state).copied().unwrap_or(Set::EMPTY);
            let active = self.diagrams.or(stays, entry);
            after.insert(slot, active);
            for (_, delay) in self.delays_of(*state) {
                let spent = self.diagrams.variable(before(delay));
                let spent = self.diagrams.minus(spent, *exit);
                after.insert(delay, spent);
            }
        }
        let mut doubled = Set::EMPTY;
        for (state, slot) in self.of_done.clone() {
            let raised = self.raised(state, &after, &entries);
            if raised.is_empty() && heard != Some(slot) {
                continue;
            }
            let pending = match heard {
                Some(heard) if heard == slot => Set::EMPTY,
                _ => self.diagrams.variable(before(slot)),
            };
            let twice = self.diagrams.and(raised, pending);
            doubled = self.diagrams.or(doubled, twice);
            let pending = self.diagrams.or(pending, raised);
            after.insert(slot, pending);
        }
        (after, doubled)
    }

    fn delays_of(&self, state: StateId) -> Vec<(DelayId, usize)> {
        let transitions = self.model.chart.transitions_of(state);
        transitions
            .filter_map(|(_, transition)| match transition.trigger {
                Trigger::After(delay) => Some((delay, *self.of_delay.get(&delay)?)),
                _ => None,
            })
            .collect()
    }

    /// Returns where a microstep announces that a state is done: it enters a final state that
    /// counts for it, and afterwards nothing is missing.
    fn raised(
        &mut self,
        state: StateId,
        after: &BTreeMap<usize, Set>,
        entries: &BTreeMap<StateId, Set>,
    ) -> Set {
        let mut counting = Vec::new();
        finals_of(self.model.chart, state, &mut counting);
        let mut entered = Set::EMPTY;
        for end in counting {
            let entry = entries.get(&end).copied().unwrap_or(Set::EMPTY);
            entered = self.diagrams.or(entered, entry);
        }
        if entered.is_empty() {
            return Set::EMPTY;
        }
        let done = self.done_after(state, after);
        self.diagrams.and(entered, done)
    }

    fn done_after(&mut self, state: StateId, after: &BTreeMap<usize, Set>) -> Set {
        let chart = self.model.chart;
        match chart.kind(state) {
            StateKind::Compound => {
                let mut done = Set::EMPTY;
                for child in chart.children(state) {
                    if chart.kind(*child) == StateKind::Final {
                        let slot = self.of_state[child.index()];
                        let active = match slot.and_then(|slot| after.get(&slot)) {
                            Some(active) => *active,
                            None => self.active(*child),
                        };
                        done = self.diagrams.or(done, active);
                    }
                }
                done
            }
            StateKind::Parallel => {
                let mut done = Set::ALL;
                for child in chart.children(state) {
                    let child = self.done_after(*child, after);
                    done = self.diagrams.and(done, child);
                }
                done
            }
            _ => Set::EMPTY,
        }
    }

    /// Joins the relations of single variables, as far as they stay small.
    fn clusters(&mut self, moves: Set, after: &BTreeMap<usize, Set>) -> (Vec<Cluster>, Variables) {
        let mut parts: Vec<(Set, Vec<u32>)> = Vec::new();
        for (slot, value) in after {
            let value = self.simplified(*value, moves);
            let variable = self.diagrams.variable(before(*slot) + 1);
            let relation = self.diagrams.same(variable, value);
            let joined = parts.last_mut().and_then(|(last, variables)| {
                let joined = self.diagrams.and(*last, relation);
                (self.diagrams.size(joined) <= CLUSTER_NODES).then(|| {
                    *last = joined;
                    variables.push(before(*slot) + 1);
                })
            });
            if joined.is_none() {
                parts.push((relation, vec![before(*slot) + 1]));
            }
        }
        let changed: Vec<u32> = after.keys().map(|slot| before(*slot)).collect();
        let supports: Vec<Vec<u32>> = parts
            .iter()
            .map(|(relation, _)| self.diagrams.support(*relation))
            .collect();
        let mut clusters = Vec::new();
        let mut gone: Vec<u32> = Vec::new();
        for (number, (relation, variables)) in parts.into_iter().enumerate() {
            let later = |variable: &u32| {
                supports[number + 1..]
                    .iter()
                    .any(|support| support.binary_search(variable).is_ok())
            };
            let settled: Vec<u32> = changed
                .iter()
                .copied()
                .filter(|variable| !gone.contains(variable) && !later(variable))
                .collect();
            gone.extend(&settled);
            clusters.push(Cluster {
                relation,
                settled: self.diagrams.variables(settled),
                after: self.diagrams.variables(variables),
            });
        }
        let changed = self.diagrams.variables(changed);
        (clusters, changed)
    }

    /// Returns a constant for what is one wherever the microstep is taken.
    fn simplified(&mut self, value: Set, moves: Set) -> Set {
        if self.diagrams.and(moves, value).is_empty() {
            Set::EMPTY
        } else if self.diagrams.minus(moves, value).is_empty() {
            Set::ALL
        } else {
            value
        }
    }

    /// Returns where a microstep leads from a set in which it is taken.
    pub(super) fn image(&mut self, micro: usize, from: Set) -> Set {
        let Self {
            micros, diagrams, ..
        } = self;
        let Some(micro) = micros.get(micro) else {
            return Set::EMPTY;
        };
        let mut set = diagrams.and(from, micro.moves);
        for cluster in &micro.clusters {
            set = diagrams.and_exists(set, cluster.relation, cluster.settled);
        }
        diagrams.lower(set)
    }

    /// Returns from where a microstep leads into a set.
    pub(super) fn preimage(&mut self, micro: usize, into: Set) -> Set {
        let Self {
            micros, diagrams, ..
        } = self;
        let Some(micro) = micros.get(micro) else {
            return Set::EMPTY;
        };
        let mut set = diagrams.raise(into, micro.changed);
        for cluster in &micro.clusters {
            set = diagrams.and_exists(set, cluster.relation, cluster.after);
        }
        diagrams.and(set, micro.moves)
    }

    /// Returns a set after its done state was heard of by nobody.
    pub(super) fn unheard(&mut self, done: usize, from: Set) -> Set {
        let done = &self.dones[done];
        let (variable, pending) = (done.variable, done.pending);
        let forgotten = self.diagrams.exists(from, variable);
        self.diagrams.minus(forgotten, pending)
    }

    /// Returns a set before its done state was heard of by nobody.
    pub(super) fn heard_before(&mut self, done: usize, after: Set) -> Set {
        let variable = self.dones[done].variable;
        self.diagrams.exists(after, variable)
    }

    /// Returns the place a case is in before anything happens by itself.
    pub(super) fn first(&mut self) -> Set {
        let chart = self.model.chart;
        let entered = chart.first_entered();
        let mut after = BTreeMap::new();
        let mut entries = BTreeMap::new();
        for state in chart.states().skip(1) {
            let active = if entered.contains(&state) {
                entries.insert(state, Set::ALL);
                Set::ALL
            } else {
                Set::EMPTY
            };
            if let Some(slot) = self.of_state[state.index()] {
                after.insert(slot, active);
            }
        }
        for (state, slot) in self.of_done.clone() {
            let raised = self.raised(state, &after, &entries);
            after.insert(slot, raised);
        }
        let mut first = self.assignment(|slot| after.get(&slot) == Some(&Set::ALL));
        // No document can have been handed in to a case that is not open yet.
        for (number, question) in self.model.questions.iter().enumerate() {
            if question.unchanged.is_some() {
                let unchanged = self.diagrams.variable(before(self.of_atom[number].0));
                first = self.diagrams.and(first, unchanged);
            } else if question.document {
                let document = self.diagrams.variable(before(self.of_atom[number].0));
                first = self.diagrams.minus(first, document);
            }
        }
        first
    }

    /// Returns the set that holds one place alone, whatever the facts.
    pub(super) fn place(&mut self, node: &Node) -> Set {
        let slots = self.slots.clone();
        self.assignment(|number| holds(node, slots[number]))
    }

    fn assignment(&mut self, value: impl Fn(usize) -> bool) -> Set {
        let mut set = Set::ALL;
        for (number, slot) in self.slots.clone().into_iter().enumerate().rev() {
            if slot == Slot::Fact {
                continue;
            }
            let variable = self.diagrams.variable(before(number));
            set = if value(number) {
                self.diagrams.and(variable, set)
            } else {
                self.diagrams.minus(set, variable)
            };
        }
        set
    }

    /// Tells whether a place lies in a set.
    pub(super) fn contains(&self, set: Set, node: &Node) -> bool {
        self.diagrams.contains(set, &|variable| {
            let slot = usize::try_from(variable / 2).unwrap_or(usize::MAX);
            self.slots.get(slot).is_some_and(|slot| holds(node, *slot))
        })
    }

    /// Returns a place of a set.
    pub(super) fn pick(&self, set: Set) -> Option<Node> {
        let chart = self.model.chart;
        let mut names = Vec::new();
        let mut spent = Vec::new();
        for variable in self.diagrams.pick(set)? {
            let slot = usize::try_from(variable / 2).unwrap_or(usize::MAX);
            match self.slots.get(slot) {
                Some(Slot::Active(state)) => names.push(chart.name(*state)),
                Some(Slot::Spent(delay)) => spent.push(*delay),
                Some(Slot::Pending | Slot::Fact) | None => {}
            }
        }
        let configuration = Configuration::from_names(chart, &names, &[]).ok()?;
        spent.sort();
        Some(Node {
            configuration,
            spent,
        })
    }

    /// Forgets the diagrams that neither this nor one of these sets needs.
    pub(super) fn keep_only(&mut self, sets: &mut [&mut Set]) {
        let mut roots: Vec<&mut Set> = vec![
            &mut self.facts,
            &mut self.lasting_facts,
            &mut self.ended,
            &mut self.heard,
        ];
        for micro in &mut self.micros {
            roots.push(&mut micro.moves);
            roots.push(&mut micro.doubled);
            roots.extend(micro.chosen.iter_mut().map(|(_, at)| at));
            roots.extend(micro.clusters.iter_mut().map(|it| &mut it.relation));
        }
        roots.extend(self.triggers.iter_mut().map(|it| &mut it.only));
        roots.extend(self.dones.iter_mut().map(|it| &mut it.pending));
        for vain in &mut self.vains {
            roots.push(&mut vain.at);
            roots.push(&mut vain.spent);
        }
        for set in sets {
            roots.push(set);
        }
        self.diagrams.keep_only(&mut roots);
    }
}

/// Returns the variable of a slot. The one after it is its value after a microstep.
fn before(slot: usize) -> u32 {
    u32::try_from(slot * 2).unwrap_or(0)
}

fn holds(node: &Node, slot: Slot) -> bool {
    match slot {
        Slot::Active(state) => node.configuration.is_in(state),
        Slot::Spent(delay) => node.spent.contains(&delay),
        Slot::Pending | Slot::Fact => false,
    }
}

/// Two transitions conflict when one domain is the other or lies below it.
fn conflict(chart: &Chart, one: Option<&Effect>, other: Option<&Effect>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one.domain == other.domain
                || chart.is_descendant(one.domain, other.domain)
                || chart.is_descendant(other.domain, one.domain)
        }
        _ => false,
    }
}

/// Adds the final states whose entry can announce that a state is done: children of a compound
/// one; of a parallel one those of its regions.
fn finals_of(chart: &Chart, state: StateId, found: &mut Vec<StateId>) {
    for child in chart.children(state) {
        match (chart.kind(state), chart.kind(*child)) {
            (StateKind::Compound, StateKind::Final) => found.push(*child),
            (StateKind::Parallel, _) => finals_of(chart, *child, found),
            _ => {}
        }
    }
}
