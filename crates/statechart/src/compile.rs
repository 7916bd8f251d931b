//! From what the author wrote to a chart, or to all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use crate::chart::{Chart, Memory, Node, Transition};
use crate::event::normalise;
use crate::fault::{ChartFault, HistoryProblem};
use crate::plan::{Plan, shorten};
use crate::state_set as set;
use crate::{DelayId, StateId, StateKind, StateSpec, TransitionSpec, Trigger};

/// How many states a chart may have, the root and the histories included.
pub const STATES_MAX: usize = 4096;
/// How many levels below the root a state may lie.
pub const DEPTH_MAX: usize = 64;
/// How many transitions a chart may have.
pub const TRANSITIONS_MAX: usize = 65_535;
/// How many targets one transition, or one state's `initial`, may list.
pub const TARGETS_MAX: usize = 256;
/// How many bytes of UTF-8 a state's name may have.
pub const NAME_BYTES_MAX: usize = 255;

impl Chart {
    /// Compiles what an author wrote. The root stands for the chart as a whole: it must be
    /// compound, is never exited, and its transitions hold everywhere.
    ///
    /// # Errors
    ///
    /// Every fault, in document order, and never an empty list. A chart that exceeds a bound is
    /// not looked at further.
    ///
    /// # Source
    ///
    /// W3C SCXML 1.0, sections 3.2 to 3.12 and appendix D. A transition of the root, which has
    /// no place there, is taken as an internal one: the root cannot be exited.
    pub fn compile(root: StateSpec) -> Result<Self, Vec<ChartFault>> {
        let plan = Plan::flatten(root).map_err(|fault| vec![fault])?;
        let mut compiler = Compiler::new(&plan);
        let (nodes, transitions) = compiler.compile(&plan);
        if compiler.faults.is_empty() {
            Ok(finish(nodes, transitions, compiler.by_name))
        } else {
            Err(compiler.faults)
        }
    }
}

fn id(index: usize) -> StateId {
    // The plan holds at most STATES_MAX states, fewer than a u16 counts.
    StateId(u16::try_from(index).unwrap_or(u16::MAX))
}

struct Compiler {
    faults: Vec<ChartFault>,
    by_name: BTreeMap<String, usize>,
    delays: BTreeMap<DelayId, usize>,
}

impl Compiler {
    fn new(plan: &Plan) -> Self {
        let mut compiler = Self {
            faults: Vec::new(),
            by_name: BTreeMap::new(),
            delays: BTreeMap::new(),
        };
        for (index, entry) in plan.entries.iter().enumerate() {
            let name = &entry.spec.name;
            let too_long = name.len() > NAME_BYTES_MAX;
            if name.is_empty() || too_long || name.contains(char::is_whitespace) {
                compiler.faults.push(ChartFault::BadName {
                    name: shorten(name),
                });
            } else if compiler.by_name.contains_key(name) {
                compiler
                    .faults
                    .push(ChartFault::DuplicateName { name: name.clone() });
            } else {
                compiler.by_name.insert(name.clone(), index);
            }
        }
        compiler
    }

    fn compile(&mut self, plan: &Plan) -> (Vec<Node>, Vec<Transition>) {
        let mut nodes = Vec::with_capacity(plan.entries.len());
        let mut transitions = Vec::new();
        for (index, entry) in plan.entries.iter().enumerate() {
            self.check_shape(plan, index);
            let first = transitions.len();
            let (initial, initial_actions) = match entry.spec.kind {
                StateKind::History(_) => self.default_of(plan, index),
                _ => (
                    self.initial_of(plan, index),
                    entry.spec.initial_actions.clone(),
                ),
            };
            if !plan.is_history(index) {
                for (position, spec) in entry.spec.transitions.iter().enumerate() {
                    transitions.push(self.transition(plan, index, position, spec));
                }
            }
            let (histories, children) = entry
                .children
                .iter()
                .partition::<Vec<usize>, _>(|child| plan.is_history(**child));
            nodes.push(Node {
                name: entry.spec.name.clone().into_boxed_str(),
                done_event: format!("done.state.{}", entry.spec.name).into_boxed_str(),
                kind: entry.spec.kind,
                parent: id(entry.parent),
                end: id(plan.ends[index]).0,
                children: children.into_iter().map(id).collect(),
                histories: histories.into_iter().map(id).collect(),
                initial,
                initial_actions,
                on_entry: entry.spec.on_entry.clone(),
                on_exit: entry.spec.on_exit.clone(),
                transitions: position(first)..position(transitions.len()),
                waits: Vec::new(),
                memory: Memory::default(),
            });
        }
        (nodes, transitions)
    }

    /// Checks what a state of this kind may hold.
    fn check_shape(&mut self, plan: &Plan, index: usize) {
        let entry = &plan.entries[index];
        let state = || entry.spec.name.clone();
        if index == 0 && entry.spec.kind != StateKind::Compound {
            self.faults
                .push(ChartFault::RootNotCompound { root: state() });
        }
        match entry.spec.kind {
            StateKind::Compound | StateKind::Parallel => {
                if entry.children.iter().all(|child| plan.is_history(*child)) {
                    self.faults.push(ChartFault::NoChildren { state: state() });
                }
            }
            StateKind::Atomic | StateKind::Final | StateKind::History(_) => {
                if !entry.children.is_empty() {
                    self.faults
                        .push(ChartFault::ChildrenNotAllowed { state: state() });
                }
            }
        }
        if entry.spec.kind == StateKind::Final {
            if !entry.spec.transitions.is_empty() {
                self.faults
                    .push(ChartFault::TransitionsNotAllowed { state: state() });
            }
            if plan.kind(entry.parent) == StateKind::Parallel {
                let parallel = plan.name(entry.parent);
                self.faults.push(ChartFault::FinalInParallel {
                    state: state(),
                    parallel,
                });
            }
        }
        let begins = matches!(entry.spec.kind, StateKind::Compound | StateKind::History(_));
        let has_initial = !entry.spec.initial.is_empty() || !entry.spec.initial_actions.is_empty();
        if has_initial && !begins {
            self.faults
                .push(ChartFault::InitialNotAllowed { state: state() });
        }
    }

    /// Returns where a compound state begins; nothing for other kinds.
    fn initial_of(&mut self, plan: &Plan, index: usize) -> Vec<StateId> {
        let entry = &plan.entries[index];
        if entry.spec.kind != StateKind::Compound {
            return Vec::new();
        }
        if entry.spec.initial.is_empty() {
            let first = entry
                .children
                .iter()
                .find(|child| !plan.is_history(**child));
            return first.map(|child| id(*child)).into_iter().collect();
        }
        let targets = self.resolve_initial(plan, index, &entry.spec.initial);
        for target in &targets {
            if !plan.is_descendant(*target, index) {
                let (state, target) = (plan.name(index), plan.name(*target));
                self.faults
                    .push(ChartFault::InitialOutside { state, target });
            }
        }
        targets.into_iter().map(id).collect()
    }

    /// Returns what a history stands for at first, and what is run then.
    fn default_of(&mut self, plan: &Plan, index: usize) -> (Vec<StateId>, Vec<crate::ActionId>) {
        let entry = &plan.entries[index];
        let spec = &entry.spec;
        let mut problems = Vec::new();
        if entry.parent == 0 {
            problems.push(HistoryProblem::OfRoot);
        }
        if !(spec.on_entry.is_empty() && spec.on_exit.is_empty()) {
            problems.push(HistoryProblem::Actions);
        }
        let conditional = |transition: &TransitionSpec| {
            transition.trigger != Trigger::Eventless || transition.guard.is_some()
        };
        if spec.transitions.iter().any(conditional) {
            problems.push(HistoryProblem::Conditional);
        }
        let (names, actions) = match (spec.initial.as_slice(), spec.transitions.as_slice()) {
            ([_, ..], []) => (&spec.initial, spec.initial_actions.clone()),
            ([], [only]) if !only.targets.is_empty() => {
                let actions = spec
                    .initial_actions
                    .iter()
                    .chain(&only.actions)
                    .copied()
                    .collect();
                (&only.targets, actions)
            }
            ([], [] | [_]) => {
                problems.push(HistoryProblem::NoDefault);
                (&spec.initial, Vec::new())
            }
            _ => {
                problems.push(HistoryProblem::ManyDefaults);
                (&spec.initial, Vec::new())
            }
        };
        let targets = self.resolve_initial(plan, index, names);
        for target in &targets {
            if !plan.is_descendant(*target, entry.parent) {
                problems.push(HistoryProblem::DefaultOutside {
                    target: plan.name(*target),
                });
            } else if plan.is_history(*target) && plan.entries[*target].parent == entry.parent {
                // Histories could otherwise name each other in a circle: a circle cannot lead
                // down into a child and come back.
                problems.push(HistoryProblem::DefaultIsSibling {
                    target: plan.name(*target),
                });
            }
        }
        let misuse = |problem| ChartFault::HistoryMisuse {
            state: plan.name(index),
            problem,
        };
        self.faults.extend(problems.into_iter().map(misuse));
        (targets.into_iter().map(id).collect(), actions)
    }

    fn resolve_initial(&mut self, plan: &Plan, index: usize, names: &[String]) -> Vec<usize> {
        let unknown = |target: String| ChartFault::UnknownInitial {
            state: plan.name(index),
            target,
        };
        self.resolve(plan, index, None, names, unknown)
    }

    fn transition(
        &mut self,
        plan: &Plan,
        index: usize,
        transition: usize,
        spec: &TransitionSpec,
    ) -> Transition {
        let unknown = |target: String| ChartFault::UnknownTarget {
            state: plan.name(index),
            transition,
            target,
        };
        let targets = self.resolve(plan, index, Some(transition), &spec.targets, unknown);
        if targets.contains(&0) {
            self.faults.push(ChartFault::RootTargeted {
                state: plan.name(index),
                transition,
            });
        }
        let trigger = match &spec.trigger {
            Trigger::Event(descriptors) => {
                Trigger::Event(self.descriptors(plan, index, transition, descriptors))
            }
            Trigger::After(delay) => {
                let first = *self.delays.entry(*delay).or_insert(index);
                if first != index {
                    let (first, second) = (plan.name(first), plan.name(index));
                    self.faults.push(ChartFault::DelayShared {
                        delay: *delay,
                        first,
                        second,
                    });
                }
                Trigger::After(*delay)
            }
            Trigger::Eventless => Trigger::Eventless,
        };
        Transition {
            source: id(index),
            trigger,
            guard: spec.guard,
            targets: targets.into_iter().map(id).collect(),
            internal: spec.internal,
            actions: spec.actions.clone(),
            domain: None,
        }
    }

    fn descriptors(
        &mut self,
        plan: &Plan,
        index: usize,
        transition: usize,
        descriptors: &[String],
    ) -> Vec<String> {
        if descriptors.is_empty() {
            self.faults.push(ChartFault::NoEvent {
                state: plan.name(index),
                transition,
            });
        }
        let mut normal = Vec::with_capacity(descriptors.len());
        for descriptor in descriptors {
            match normalise(descriptor) {
                Some(descriptor) => normal.push(descriptor.to_owned()),
                None => self.faults.push(ChartFault::BadDescriptor {
                    state: plan.name(index),
                    transition,
                    descriptor: shorten(descriptor),
                }),
            }
        }
        normal
    }

    /// Returns the states of these names, and reports names that are unknown and the first pair
    /// of states that cannot be active together.
    fn resolve(
        &mut self,
        plan: &Plan,
        index: usize,
        transition: Option<usize>,
        names: &[String],
        unknown: impl Fn(String) -> ChartFault,
    ) -> Vec<usize> {
        if names.len() > TARGETS_MAX {
            let (state, limit) = (plan.name(index), TARGETS_MAX);
            self.faults.push(ChartFault::TooManyTargets {
                state,
                transition,
                limit,
            });
            return Vec::new();
        }
        let mut targets = Vec::with_capacity(names.len());
        for name in names {
            match self.by_name.get(name) {
                Some(target) => targets.push(*target),
                None => self.faults.push(unknown(shorten(name))),
            }
        }
        let pairs = targets.iter().enumerate().flat_map(|(position, first)| {
            targets[position + 1..]
                .iter()
                .map(move |second| (*first, *second))
        });
        let clash = pairs
            .into_iter()
            .find(|(first, second)| !plan.orthogonal(*first, *second));
        if let Some((first, second)) = clash {
            let (first, second) = (plan.name(first), plan.name(second));
            let state = plan.name(index);
            self.faults.push(ChartFault::TargetsNotOrthogonal {
                state,
                transition,
                first,
                second,
            });
        }
        targets
    }
}

fn position(index: usize) -> u32 {
    // The plan holds at most TRANSITIONS_MAX transitions.
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Adds to a faultless chart what makes a step cheap.
fn finish(
    nodes: Vec<Node>,
    transitions: Vec<Transition>,
    by_name: BTreeMap<String, usize>,
) -> Chart {
    let width = set::words_for(nodes.len());
    let mut chart = Chart {
        fingerprint: fingerprint(&nodes),
        nodes,
        transitions,
        by_name: by_name.into_values().map(id).collect(),
        width,
        configuration_words: width,
        leaves: vec![0; width],
        ends: vec![0; width],
        eventless: vec![0; width],
        eventful: vec![0; width],
        waiting: vec![0; width],
    };
    for index in 0..chart.nodes.len() {
        let parent = chart.nodes[index].parent;
        match chart.nodes[index].kind {
            StateKind::Atomic | StateKind::Final => {
                set::insert(&mut chart.leaves, index);
            }
            StateKind::History(_) => {
                let full = set::word_range(&chart.below(parent));
                let start = chart.configuration_words;
                chart.configuration_words += full.len();
                let words = start..chart.configuration_words;
                chart.nodes[index].memory = Memory {
                    words,
                    first: full.start,
                };
            }
            StateKind::Compound | StateKind::Parallel => {}
        }
        if chart.nodes[index].kind == StateKind::Final && parent == StateId::ROOT {
            set::insert(&mut chart.ends, index);
        }
    }
    let mut delays = BTreeSet::new();
    for index in 0..chart.transitions.len() {
        let source = chart.transitions[index].source.index();
        let sources = match chart.transitions[index].trigger {
            Trigger::Event(_) => &mut chart.eventful,
            Trigger::Eventless => &mut chart.eventless,
            Trigger::After(delay) => {
                if delays.insert(delay) {
                    chart.nodes[source].waits.push(delay);
                }
                &mut chart.waiting
            }
        };
        set::insert(sources, source);
        chart.transitions[index].domain = chart.fixed_domain(&chart.transitions[index]);
    }
    chart
}

/// Returns a number that differs, but for an accident of one in 2^64, between charts that number
/// their states differently. Transitions do not count: a configuration does not depend on them.
///
/// # Source
///
/// FNV-1a, 64 bits.
fn fingerprint(nodes: &[Node]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for node in nodes {
        let kind = match node.kind {
            StateKind::Atomic => 0,
            StateKind::Compound => 1,
            StateKind::Parallel => 2,
            StateKind::Final => 3,
            StateKind::History(crate::HistoryDepth::Shallow) => 4,
            StateKind::History(crate::HistoryDepth::Deep) => 5,
        };
        add(kind);
        node.parent.0.to_le_bytes().into_iter().for_each(&mut add);
        node.name.bytes().for_each(&mut add);
        // No name holds this byte, so two names cannot run into each other.
        add(0xff);
    }
    hash
}
