//! Charts and events, grown from one number.

use groundbreak_statechart::{
    ActionId, Chart, GuardId, HistoryDepth, StateId, StateKind, StateSpec, TransitionSpec, Trigger,
};

use crate::growing::{Genes, find, grow_state, list_names, untangle};
use crate::rules;

/// What is sent.
const EVENTS: [&str; 6] = ["a", "a.b", "a.b.c", "b", "c.d", "e"];
/// What is raised: each other event would keep a chart going that answers to it.
const RAISED: [&str; 3] = ["r", "r.s", "a.r"];
const GENES: usize = 600;

/// What a chart and its events grow from.
#[derive(Debug, Clone)]
pub(crate) struct Genome {
    chart: Vec<u8>,
    events: Vec<u8>,
}

impl Genome {
    /// Returns the genome of this number, the same one every time (SplitMix64).
    pub(crate) fn of(number: u64) -> Self {
        let mut state = number.wrapping_mul(0x2545_F491_4F6C_DD1D);
        let mut byte = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z >> 56) as u8
        };
        let count = 10 + usize::from(byte() % 11);
        Self {
            chart: (0..GENES).map(|_| byte()).collect(),
            events: (0..count).map(|_| byte()).collect(),
        }
    }

    /// Returns genomes that are a little smaller: pieces cut out, then pieces turned to zero.
    pub(crate) fn smaller(&self) -> impl Iterator<Item = Self> + use<> {
        let of_events = cuts(&self.events).map({
            let whole = self.clone();
            move |events| Self {
                events,
                ..whole.clone()
            }
        });
        let whole = self.clone();
        of_events.chain(
            cuts(&self.chart)
                .chain(zeros(&self.chart))
                .map(move |chart| Self {
                    chart,
                    ..whole.clone()
                }),
        )
    }
}

/// Returns the pieces to try, the large ones first.
fn pieces(length: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    [256, 64, 16, 4, 1].into_iter().flat_map(move |size| {
        let starts = (0..length).step_by(size);
        starts.map(move |start| start..length.min(start + size))
    })
}

fn cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + use<> {
    let bytes = bytes.to_vec();
    pieces(bytes.len()).map(move |piece| [&bytes[..piece.start], &bytes[piece.end..]].concat())
}

fn zeros(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + use<> {
    let bytes = bytes.to_vec();
    let pieces: Vec<_> = pieces(bytes.len())
        .filter(|piece| bytes[piece.clone()].iter().any(|byte| *byte != 0))
        .collect();
    pieces.into_iter().map(move |piece| {
        let mut zeroed = bytes.clone();
        zeroed[piece].fill(0);
        zeroed
    })
}

/// A chart, the words of its guards and actions, and the events to send.
pub(crate) struct Specimen {
    pub(crate) root: StateSpec,
    pub(crate) words: Vec<String>,
    pub(crate) events: Vec<&'static str>,
    /// How often each rule changed the chart.
    pub(crate) exclusions: Vec<(&'static str, usize)>,
}

impl Specimen {
    /// Grows the chart and applies all rules but the one called `without`.
    pub(crate) fn grow(genome: &Genome, without: Option<&str>) -> Self {
        let genes = Genes::new(&genome.chart);
        let mut root = grow_state(&genes, StateKind::Compound, 0, &mut 0);
        root.name = "case".to_owned();
        let mut grower = Grower {
            genes,
            words: Vec::new(),
            names: Vec::new(),
            parallels: Vec::new(),
            marks: 0,
        };
        grower.let_regions_end(&mut root);
        list_names(&root, &mut grower.names);
        grower.names.remove(0);
        grower.list_parallels(&root);
        grower.add_content(&mut root);
        untangle(&mut root);
        let exclusions = rules::apply(&mut root, &grower.words, without);
        let events = genome.events.iter();
        Self {
            root,
            words: grower.words,
            events: events
                .map(|byte| EVENTS[usize::from(*byte) % EVENTS.len()])
                .collect(),
            exclusions,
        }
    }

    /// Returns whether a run of so many stages did not take all events.
    pub(crate) fn ended_early(&self, stages: usize) -> bool {
        stages < self.events.len() + 1
    }

    /// Counts what the chart is made of.
    pub(crate) fn features(&self) -> Vec<(&'static str, usize)> {
        let chart = Chart::compile(self.root.clone()).unwrap();
        let kinds = |wanted: fn(StateKind) -> bool| {
            let states = chart.states().skip(1);
            states.filter(|state| wanted(chart.kind(*state))).count()
        };
        let transitions = |wanted: fn(&groundbreak_statechart::Transition) -> bool| {
            chart.transitions().filter(|(_, it)| wanted(it)).count()
        };
        let raises = self.words.iter().filter(|word| word.starts_with('!'));
        vec![
            ("states", chart.states().len() - 1),
            ("compound states", kinds(|it| it == StateKind::Compound)),
            ("parallel states", kinds(|it| it == StateKind::Parallel)),
            ("final states", kinds(|it| it == StateKind::Final)),
            (
                "shallow histories",
                kinds(|it| it == StateKind::History(HistoryDepth::Shallow)),
            ),
            (
                "deep histories",
                kinds(|it| it == StateKind::History(HistoryDepth::Deep)),
            ),
            (
                "parallel states that can be done",
                chart
                    .states()
                    .filter(|it| rules::is_joinable(&chart, *it))
                    .count(),
            ),
            ("transitions", chart.transitions().count()),
            ("transitions without event", {
                transitions(|it| it.trigger == Trigger::Eventless)
            }),
            (
                "transitions without target",
                transitions(|it| it.targets.is_empty()),
            ),
            (
                "transitions with several targets",
                transitions(|it| it.targets.len() > 1),
            ),
            ("internal transitions", transitions(|it| it.internal)),
            ("raised events", raises.count()),
        ]
    }
}

/// Adds to a bare tree of states what makes them move.
struct Grower<'a> {
    genes: Genes<'a>,
    words: Vec<String>,
    /// All states but the root.
    names: Vec<String>,
    /// For each parallel state, the names in each of its regions.
    parallels: Vec<(String, Vec<Vec<String>>)>,
    marks: usize,
}

impl Grower<'_> {
    fn word(&mut self, word: String) -> u32 {
        self.words.push(word);
        u32::try_from(self.words.len() - 1).unwrap()
    }

    /// Returns a mark, and now and then an event that is raised before or after it.
    fn actions(&mut self, mark: String, may_raise: bool) -> Vec<ActionId> {
        let mut actions = vec![ActionId(self.word(mark))];
        if may_raise && self.genes.one_in(16) {
            let event = RAISED[self.genes.below(RAISED.len())];
            let raise = ActionId(self.word(format!("!{event}")));
            actions.insert(self.genes.below(2), raise);
        }
        actions
    }

    /// Gives the regions of half of the parallel states an end: seldom would all of them have one.
    fn let_regions_end(&mut self, state: &mut StateSpec) {
        if state.kind == StateKind::Parallel && self.genes.one_in(2) {
            for region in &mut state.children {
                let inner =
                    |suffix: &str, kind| StateSpec::new(format!("{}{suffix}", region.name), kind);
                let (only, end) = (inner("a", StateKind::Atomic), inner("f", StateKind::Final));
                if region.kind == StateKind::Atomic {
                    region.kind = StateKind::Compound;
                    region.children.push(only);
                }
                let has_end = region.children.iter().any(|it| it.kind == StateKind::Final);
                if region.kind == StateKind::Compound && !has_end {
                    let event = EVENTS[self.genes.below(EVENTS.len())];
                    let first = region.children.iter_mut();
                    let mut bare = first.filter(|it| !matches!(it.kind, StateKind::History(_)));
                    bare.next().unwrap().transitions.push(TransitionSpec::new(
                        Trigger::Event(vec![event.to_owned()]),
                        vec![end.name.clone()],
                    ));
                    region.children.push(end);
                }
            }
        }
        for child in &mut state.children {
            self.let_regions_end(child);
        }
    }

    fn list_parallels(&mut self, state: &StateSpec) {
        if state.kind == StateKind::Parallel {
            let regions = state
                .children
                .iter()
                .filter(|it| !matches!(it.kind, StateKind::History(_)));
            let regions = regions.map(|region| {
                let mut names = Vec::new();
                list_names(region, &mut names);
                names
            });
            self.parallels.push((state.name.clone(), regions.collect()));
        }
        for child in &state.children {
            self.list_parallels(child);
        }
    }

    /// Returns states in several regions of one of the parallel states.
    fn spread(&self, parallels: &[(String, Vec<Vec<String>>)]) -> Vec<String> {
        let (_, regions) = &parallels[self.genes.below(parallels.len())];
        let mut names = Vec::new();
        for region in regions {
            if !self.genes.one_in(3) {
                names.push(region[self.genes.below(region.len())].clone());
            }
        }
        // Which comes first means nothing; it must not matter either.
        if self.genes.one_in(2) {
            names.reverse();
        }
        names
    }

    fn add_content(&mut self, state: &mut StateSpec) {
        let name = state.name.clone();
        let history = matches!(state.kind, StateKind::History(_));
        if !history {
            state.on_entry = self.actions(format!("+{name}"), true);
            state.on_exit = self.actions(format!("-{name}"), true);
        }
        let begins = history || state.kind == StateKind::Compound;
        if begins && self.genes.one_in(2) {
            state.initial_actions = self.actions(format!(">{name}"), false);
            if state.initial.is_empty() {
                let mut children = state.children.iter();
                let first = children.find(|it| !matches!(it.kind, StateKind::History(_)));
                state.initial = vec![first.unwrap().name.clone()];
            }
        }
        if state.kind == StateKind::Compound && self.genes.one_in(4) {
            let inside: Vec<_> = self
                .parallels
                .iter()
                .filter(|(parallel, _)| find(state, parallel).is_some())
                .cloned()
                .collect();
            if !inside.is_empty() {
                let spread = self.spread(&inside);
                if !spread.is_empty() {
                    state.initial = spread;
                }
            }
        }
        for position in 0..state.transitions.len() {
            state.transitions[position].actions = self.transition_actions();
        }
        // The root of the Recommendation has no transitions.
        if name != "case" && !history && state.kind != StateKind::Final {
            for _ in 0..self.genes.below(4) {
                let transition = self.transition();
                state.transitions.push(transition);
            }
        }
        for child in &mut state.children {
            self.add_content(child);
        }
    }

    fn transition_actions(&mut self) -> Vec<ActionId> {
        self.marks += 1;
        self.actions(format!("t{}", self.marks), true)
    }

    fn transition(&mut self) -> TransitionSpec {
        let some_name = |grower: &Self| {
            let position = grower.genes.below(grower.names.len());
            grower.names[position].clone()
        };
        let kind = self.genes.below(24);
        let trigger = match kind {
            0 => Trigger::Eventless,
            1 => Trigger::Event(vec!["*".into()]),
            2 => Trigger::Event(vec!["done.*".into()]),
            3..=5 => Trigger::Event(vec![format!("done.state.{}", some_name(self))]),
            6 => Trigger::Event(vec!["a.*".into(), "e".into()]),
            raised @ 7..=9 => Trigger::Event(vec![RAISED[raised % RAISED.len()].into()]),
            event => Trigger::Event(vec![EVENTS[event % EVENTS.len()].into()]),
        };
        let eventless = trigger == Trigger::Eventless;
        let targets = match self.genes.below(8) {
            // Without event and target, it would be taken again and again.
            0 | 1 if !eventless => Vec::new(),
            2 if !self.parallels.is_empty() => self.spread(&self.parallels),
            _ => vec![some_name(self)],
        };
        let mut transition = TransitionSpec::new(trigger, targets);
        // For the same reason, one that needs no event from outside waits for a state, of which
        // most are not active.
        let by_itself = kind < 3;
        if by_itself || self.genes.one_in(4) {
            let not = !by_itself && self.genes.one_in(2);
            let sense = if not { "not" } else { "in" };
            let guard = format!("{sense}:{}", some_name(self));
            transition.guard = Some(GuardId(self.word(guard)));
        }
        transition.internal = self.genes.one_in(3);
        transition.actions = self.transition_actions();
        transition
    }
}

/// Returns whether the state is a history.
pub(crate) fn is_history(chart: &Chart, state: StateId) -> bool {
    matches!(chart.kind(state), StateKind::History(_))
}
