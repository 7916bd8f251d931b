//! Charts that grow from bytes, so that a smaller list of bytes is a smaller chart.

use std::cell::Cell;

use groundbreak_statechart::{Chart, ChartFault, HistoryDepth, StateKind, StateSpec};

/// Reads choices from bytes, so that a failing chart can be made smaller. Zeros follow the end.
pub(crate) struct Genes<'a> {
    bytes: &'a [u8],
    position: Cell<usize>,
}

impl<'a> Genes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            position: Cell::new(0),
        }
    }

    pub(crate) fn below(&self, bound: usize) -> usize {
        let position = self.position.get();
        self.position.set(position + 1);
        usize::from(self.bytes.get(position).copied().unwrap_or(0)) % bound
    }

    pub(crate) fn one_in(&self, bound: usize) -> bool {
        self.below(bound) == bound - 1
    }
}

/// Compiles a chart whose targets were chosen blindly. Those that cannot be active together are
/// cut to the first.
pub(crate) fn untangle(root: &mut StateSpec) -> Chart {
    loop {
        let faults = match Chart::compile(root.clone()) {
            Ok(chart) => return chart,
            Err(faults) => faults,
        };
        for fault in faults {
            let ChartFault::TargetsNotOrthogonal {
                state,
                transition: Some(at),
                ..
            } = fault
            else {
                panic!("{fault}");
            };
            let state = find(root, &state).unwrap();
            state.transitions[at].targets.truncate(1);
        }
    }
}

/// Grows a state with all below it, without actions and transitions.
pub(crate) fn grow_state(
    genes: &Genes<'_>,
    kind: StateKind,
    depth: usize,
    numbers: &mut usize,
) -> StateSpec {
    let mut state = StateSpec::new(format!("s{numbers}"), kind);
    *numbers += 1;
    if !matches!(kind, StateKind::Compound | StateKind::Parallel) {
        return state;
    }
    let children = 1 + genes.below(3);
    for position in 0..children {
        let kind = match genes.below(if depth < 3 { 6 } else { 2 }) {
            // A region cannot end by itself, and not every state should end at once.
            1 if kind == StateKind::Compound && position > 0 => StateKind::Final,
            2 | 3 => StateKind::Compound,
            4 | 5 => StateKind::Parallel,
            _ => StateKind::Atomic,
        };
        state
            .children
            .push(grow_state(genes, kind, depth + 1, numbers));
    }
    if depth > 0 && genes.one_in(2) {
        let depth = if genes.one_in(2) {
            HistoryDepth::Deep
        } else {
            HistoryDepth::Shallow
        };
        let mut inside = Vec::new();
        state
            .children
            .iter()
            .for_each(|child| list_names(child, &mut inside));
        let mut history = StateSpec::new(format!("s{numbers}"), StateKind::History(depth));
        *numbers += 1;
        history
            .initial
            .push(inside[genes.below(inside.len())].clone());
        // Before its siblings, where it must not be taken for the first child.
        state.children.insert(0, history);
    }
    if kind == StateKind::Compound && genes.one_in(3) {
        let mut inside = Vec::new();
        state
            .children
            .iter()
            .for_each(|child| list_names(child, &mut inside));
        state
            .initial
            .push(inside[genes.below(inside.len())].clone());
    }
    state
}

/// Lists the names of the state and of all below it, in document order.
pub(crate) fn list_names(state: &StateSpec, names: &mut Vec<String>) {
    names.push(state.name.clone());
    state
        .children
        .iter()
        .for_each(|child| list_names(child, names));
}

pub(crate) fn find<'a>(state: &'a mut StateSpec, name: &str) -> Option<&'a mut StateSpec> {
    if state.name == name {
        return Some(state);
    }
    state
        .children
        .iter_mut()
        .find_map(|child| find(child, name))
}
