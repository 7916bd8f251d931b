//! Appendix D of W3C SCXML 1.0, followed to the letter and without any cleverness: sets are sets,
//! relations are searched for, and nothing is prepared. The crate is compared with it.
//!
//! One thing is added: a parallel state around a parallel state becomes done too. Where the letter
//! leads to states that cannot be active together, or enters what is active already, the run says
//! so in [`Reference::astray`], and there is nothing to compare any more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use groundbreak_statechart::{ActionId, GuardId, HistoryDepth, StateKind, StateSpec, Trigger};

/// What guards and actions do: functions of how many actions have been run, and of nothing else,
/// so that two interpreters that run the same actions get the same answers.
pub(crate) trait Behaviour {
    fn holds(&self, guard: GuardId, actions_run: usize) -> bool;
    /// Returns the event that the action raises.
    fn raises(&self, action: ActionId, actions_run: usize) -> Option<&'static str>;
}

/// A state with its number in document order, which is its place in the list.
struct State {
    spec: StateSpec,
    parent: Option<usize>,
    children: Vec<usize>,
    /// The number of its first transition.
    first_transition: usize,
}

/// A microstep: transitions, exits, entries.
pub(crate) type Taken = (Vec<usize>, Vec<usize>, Vec<usize>);

pub(crate) struct Reference<'a, B> {
    states: Vec<State>,
    behaviour: &'a B,
    configuration: BTreeSet<usize>,
    history: BTreeMap<usize, BTreeSet<usize>>,
    internal: VecDeque<String>,
    running: bool,
    /// The actions that were run, in order.
    pub(crate) actions: Vec<ActionId>,
    /// The microsteps of the last macrostep.
    pub(crate) taken: Vec<Taken>,
    /// Whether the letter has led to something that cannot be.
    pub(crate) astray: bool,
}

#[derive(Default)]
struct Entering {
    states: BTreeSet<usize>,
    by_default: BTreeSet<usize>,
    /// By parent, the history whose default is entered.
    default_history: BTreeMap<usize, usize>,
}

impl<'a, B: Behaviour> Reference<'a, B> {
    pub(crate) fn new(root: &StateSpec, behaviour: &'a B) -> Self {
        let mut states = Vec::new();
        let mut transitions = 0;
        number(root, None, &mut states, &mut transitions);
        Self {
            states,
            behaviour,
            configuration: BTreeSet::new(),
            history: BTreeMap::new(),
            internal: VecDeque::new(),
            running: true,
            actions: Vec::new(),
            taken: Vec::new(),
            astray: false,
        }
    }

    /// The active states without the root.
    pub(crate) fn configuration(&self) -> Vec<usize> {
        self.configuration
            .iter()
            .copied()
            .filter(|state| *state != 0)
            .collect()
    }

    pub(crate) fn start(&mut self) {
        self.configuration.insert(0);
        self.run_all(&self.states[0].spec.on_entry.clone());
        let mut entering = Entering::default();
        self.add_descendants(0, &mut entering);
        entering.states.remove(&0);
        self.run_all(&self.states[0].spec.initial_actions.clone());
        let entered = self.enter(&entering);
        self.taken.push((Vec::new(), Vec::new(), entered));
        self.settle();
    }

    pub(crate) fn event(&mut self, name: &str) {
        self.taken.clear();
        if !self.running {
            return;
        }
        let enabled = self.select(Some(name));
        self.microstep(&enabled);
        self.settle();
    }

    fn settle(&mut self) {
        while self.running && !self.astray {
            let mut enabled = self.select(None);
            if enabled.is_empty() {
                let Some(event) = self.internal.pop_front() else {
                    return;
                };
                enabled = self.select(Some(&event));
            }
            self.microstep(&enabled);
        }
        if !self.astray {
            for state in self.configuration.clone().into_iter().rev() {
                self.run_all(&self.states[state].spec.on_exit.clone());
            }
        }
    }

    fn kind(&self, state: usize) -> StateKind {
        self.states[state].spec.kind
    }

    fn is_history(&self, state: usize) -> bool {
        matches!(self.kind(state), StateKind::History(_))
    }

    fn is_atomic(&self, state: usize) -> bool {
        matches!(self.kind(state), StateKind::Atomic | StateKind::Final)
    }

    fn find(&self, name: &str) -> usize {
        self.states
            .iter()
            .position(|state| state.spec.name == name)
            .unwrap()
    }

    fn find_all(&self, names: &[String]) -> Vec<usize> {
        names.iter().map(|name| self.find(name)).collect()
    }

    fn child_states(&self, state: usize) -> Vec<usize> {
        let children = self.states[state].children.iter().copied();
        children.filter(|child| !self.is_history(*child)).collect()
    }

    fn initial(&self, state: usize) -> Vec<usize> {
        let named = self.find_all(&self.states[state].spec.initial);
        if named.is_empty() {
            vec![self.child_states(state)[0]]
        } else {
            named
        }
    }

    fn proper_ancestors(&self, state: usize, until: Option<usize>) -> Vec<usize> {
        let mut ancestors = Vec::new();
        let mut next = self.states[state].parent;
        while let Some(ancestor) = next.filter(|ancestor| Some(*ancestor) != until) {
            ancestors.push(ancestor);
            next = self.states[ancestor].parent;
        }
        if until.is_some_and(|until| !self.is_descendant(state, until)) {
            return Vec::new();
        }
        ancestors
    }

    fn is_descendant(&self, state: usize, ancestor: usize) -> bool {
        self.proper_ancestors(state, None).contains(&ancestor)
    }

    /// Returns sources and positions of transitions.
    fn select(&self, event: Option<&str>) -> Vec<(usize, usize)> {
        let mut enabled: Vec<(usize, usize)> = Vec::new();
        for leaf in self
            .configuration
            .iter()
            .copied()
            .filter(|state| self.is_atomic(*state))
        {
            let mut chain = vec![leaf];
            chain.extend(self.proper_ancestors(leaf, None));
            let found = chain.into_iter().find_map(|state| {
                let transitions = &self.states[state].spec.transitions;
                let position = transitions.iter().position(|transition| {
                    let triggered = match (&transition.trigger, event) {
                        (Trigger::Eventless, None) => true,
                        (Trigger::Event(descriptors), Some(name)) => descriptors
                            .iter()
                            .any(|descriptor| matches(descriptor, name)),
                        _ => false,
                    };
                    let holds = |guard| self.behaviour.holds(guard, self.actions.len());
                    triggered && transition.guard.is_none_or(holds)
                });
                position.map(|position| (state, position))
            });
            if let Some(found) = found.filter(|found| !enabled.contains(found)) {
                enabled.push(found);
            }
        }
        self.remove_conflicting(&enabled)
    }

    fn remove_conflicting(&self, enabled: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let mut filtered: Vec<(usize, usize)> = Vec::new();
        for one in enabled {
            let mut preempted = false;
            let mut to_remove = Vec::new();
            for two in &filtered {
                if !self.exit_set(&[*one]).is_disjoint(&self.exit_set(&[*two])) {
                    if self.is_descendant(one.0, two.0) {
                        to_remove.push(*two);
                    } else {
                        preempted = true;
                        break;
                    }
                }
            }
            if !preempted {
                filtered.retain(|it| !to_remove.contains(it));
                filtered.push(*one);
            }
        }
        filtered
    }

    fn targets(&self, transition: (usize, usize)) -> Vec<usize> {
        self.find_all(&self.states[transition.0].spec.transitions[transition.1].targets)
    }

    fn effective_targets(&self, targets: &[usize]) -> BTreeSet<usize> {
        let mut effective = BTreeSet::new();
        for target in targets {
            if !self.is_history(*target) {
                effective.insert(*target);
            } else if let Some(remembered) = self.history.get(target) {
                effective.extend(remembered);
            } else {
                effective.extend(self.effective_targets(&self.initial(*target)));
            }
        }
        effective
    }

    fn domain(&self, transition: (usize, usize)) -> Option<usize> {
        let targets = self.effective_targets(&self.targets(transition));
        let source = transition.0;
        if targets.is_empty() {
            return None;
        }
        let internal = self.states[source].spec.transitions[transition.1].internal;
        let inside = targets
            .iter()
            .all(|target| self.is_descendant(*target, source));
        // The root cannot be exited, so all its transitions are internal.
        if source == 0 || internal && self.kind(source) == StateKind::Compound && inside {
            return Some(source);
        }
        self.proper_ancestors(source, None)
            .into_iter()
            .find(|ancestor| {
                self.kind(*ancestor) == StateKind::Compound
                    && targets
                        .iter()
                        .all(|target| self.is_descendant(*target, *ancestor))
            })
    }

    fn exit_set(&self, transitions: &[(usize, usize)]) -> BTreeSet<usize> {
        let domains = transitions
            .iter()
            .filter_map(|transition| self.domain(*transition));
        let domains: Vec<usize> = domains.collect();
        let active = self.configuration.iter().copied();
        active
            .filter(|state| {
                domains
                    .iter()
                    .any(|domain| self.is_descendant(*state, *domain))
            })
            .collect()
    }

    fn microstep(&mut self, enabled: &[(usize, usize)]) {
        if enabled.is_empty() {
            return;
        }
        let exited = self.exit(enabled);
        for (source, position) in enabled {
            self.run_all(
                &self.states[*source].spec.transitions[*position]
                    .actions
                    .clone(),
            );
        }
        let mut entering = Entering::default();
        for transition in enabled {
            let targets = self.targets(*transition);
            for target in &targets {
                self.add_descendants(*target, &mut entering);
            }
            let domain = self.domain(*transition);
            for target in self.effective_targets(&targets) {
                self.add_ancestors(target, domain, &mut entering);
            }
        }
        let entered = self.enter(&entering);
        let number =
            |(source, position): &(usize, usize)| self.states[*source].first_transition + position;
        self.taken
            .push((enabled.iter().map(number).collect(), exited, entered));
    }

    fn exit(&mut self, enabled: &[(usize, usize)]) -> Vec<usize> {
        let exited: Vec<usize> = self.exit_set(enabled).into_iter().rev().collect();
        for state in &exited {
            for history in self.states[*state].children.clone() {
                let StateKind::History(depth) = self.kind(history) else {
                    continue;
                };
                let active = self.configuration.iter().copied();
                let remembered = active.filter(|it| match depth {
                    HistoryDepth::Deep => self.is_atomic(*it) && self.is_descendant(*it, *state),
                    HistoryDepth::Shallow => self.states[*it].parent == Some(*state),
                });
                let remembered = remembered.collect();
                self.history.insert(history, remembered);
            }
        }
        for state in &exited {
            self.run_all(&self.states[*state].spec.on_exit.clone());
            self.configuration.remove(state);
        }
        exited
    }

    fn enter(&mut self, entering: &Entering) -> Vec<usize> {
        for state in &entering.states {
            self.astray |= !self.configuration.insert(*state);
            self.run_all(&self.states[*state].spec.on_entry.clone());
            if entering.by_default.contains(state) {
                self.run_all(&self.states[*state].spec.initial_actions.clone());
            }
            if let Some(history) = entering.default_history.get(state) {
                self.run_all(&self.states[*history].spec.initial_actions.clone());
            }
            if self.kind(*state) == StateKind::Final {
                self.raise_done(*state);
            }
        }
        self.astray |= !self.is_legal();
        entering.states.iter().copied().collect()
    }

    fn raise_done(&mut self, end: usize) {
        let parent = self.states[end].parent.unwrap();
        if parent == 0 {
            self.running = false;
            return;
        }
        self.internal
            .push_back(format!("done.state.{}", self.states[parent].spec.name));
        for ancestor in self.proper_ancestors(parent, None) {
            if self.kind(ancestor) != StateKind::Parallel || !self.is_in_final(ancestor) {
                return;
            }
            self.internal
                .push_back(format!("done.state.{}", self.states[ancestor].spec.name));
        }
    }

    fn is_in_final(&self, state: usize) -> bool {
        let children = self.child_states(state);
        match self.kind(state) {
            StateKind::Compound => children.iter().any(|child| {
                self.kind(*child) == StateKind::Final && self.configuration.contains(child)
            }),
            StateKind::Parallel => children.iter().all(|child| self.is_in_final(*child)),
            _ => false,
        }
    }

    fn add_descendants(&self, state: usize, entering: &mut Entering) {
        if self.is_history(state) {
            let parent = self.states[state].parent.unwrap();
            let targets = match self.history.get(&state) {
                Some(remembered) => remembered.iter().copied().collect(),
                None => {
                    entering.default_history.insert(parent, state);
                    self.initial(state)
                }
            };
            for target in &targets {
                self.add_descendants(*target, entering);
            }
            for target in &targets {
                self.add_ancestors(*target, Some(parent), entering);
            }
            return;
        }
        entering.states.insert(state);
        match self.kind(state) {
            StateKind::Compound => {
                entering.by_default.insert(state);
                for target in self.initial(state) {
                    self.add_descendants(target, entering);
                }
                for target in self.initial(state) {
                    self.add_ancestors(target, Some(state), entering);
                }
            }
            StateKind::Parallel => self.add_regions(state, entering),
            _ => {}
        }
    }

    fn add_ancestors(&self, state: usize, until: Option<usize>, entering: &mut Entering) {
        for ancestor in self.proper_ancestors(state, until) {
            entering.states.insert(ancestor);
            if self.kind(ancestor) == StateKind::Parallel {
                self.add_regions(ancestor, entering);
            }
        }
    }

    fn add_regions(&self, parallel: usize, entering: &mut Entering) {
        for child in self.child_states(parallel) {
            if !entering
                .states
                .iter()
                .any(|state| self.is_descendant(*state, child))
            {
                self.add_descendants(child, entering);
            }
        }
    }

    fn run_all(&mut self, actions: &[ActionId]) {
        for action in actions {
            if let Some(event) = self.behaviour.raises(*action, self.actions.len()) {
                self.internal.push_back(event.to_owned());
            }
            self.actions.push(*action);
        }
    }

    /// Returns whether the active states can be active together.
    fn is_legal(&self) -> bool {
        self.configuration.iter().all(|state| {
            let children = self.child_states(*state);
            let active = children
                .iter()
                .filter(|it| self.configuration.contains(it))
                .count();
            let parent = self.states[*state].parent;
            let has_parent = parent.is_none_or(|it| self.configuration.contains(&it));
            let has_children = match self.kind(*state) {
                StateKind::Compound => active == 1,
                StateKind::Parallel => active == children.len(),
                StateKind::Atomic | StateKind::Final => true,
                StateKind::History(_) => false,
            };
            has_parent && has_children
        })
    }
}

fn number(
    spec: &StateSpec,
    parent: Option<usize>,
    states: &mut Vec<State>,
    transitions: &mut usize,
) {
    let index = states.len();
    let first_transition = *transitions;
    *transitions += spec.transitions.len();
    states.push(State {
        spec: spec.clone(),
        parent,
        children: Vec::new(),
        first_transition,
    });
    for child in &spec.children {
        let place = states.len();
        states[index].children.push(place);
        number(child, Some(index), states, transitions);
    }
}

fn matches(descriptor: &str, name: &str) -> bool {
    let tokens: Vec<&str> = descriptor.split('.').collect();
    descriptor == "*" || name.split('.').collect::<Vec<_>>().starts_with(&tokens)
}
