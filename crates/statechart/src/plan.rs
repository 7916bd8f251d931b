//! The states of a chart in document order, before they have been checked.

use crate::fault::ChartFault;
use crate::{DEPTH_MAX, STATES_MAX, StateKind, StateSpec, TRANSITIONS_MAX};

/// One state of the plan: the author's words without the children, and its place.
pub(crate) struct Entry {
    pub(crate) spec: StateSpec,
    pub(crate) parent: usize,
    pub(crate) children: Vec<usize>,
}

/// The states in document order.
pub(crate) struct Plan {
    pub(crate) entries: Vec<Entry>,
    /// One past the last descendant of each.
    pub(crate) ends: Vec<usize>,
}

impl Plan {
    /// Numbers the states. Walks with a list of its own, since the author may have nested more
    /// deeply than the stack can bear, and takes the tree apart while it walks, since dropping
    /// it whole would fail in the same way.
    pub(crate) fn flatten(root: StateSpec) -> Result<Self, ChartFault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut fault = None;
        let mut transitions = 0_usize;
        let mut waiting = vec![(root, 0, 0)];
        while let Some((mut spec, parent, depth)) = waiting.pop() {
            let children = std::mem::take(&mut spec.children);
            let index = entries.len();
            waiting.extend(
                children
                    .into_iter()
                    .rev()
                    .map(|child| (child, index, depth + 1)),
            );
            transitions = transitions.saturating_add(spec.transitions.len());
            if fault.is_some() {
                continue;
            }
            if index >= STATES_MAX {
                fault = Some(ChartFault::TooManyStates { limit: STATES_MAX });
            } else if depth > DEPTH_MAX {
                fault = Some(ChartFault::TooDeep {
                    state: shorten(&spec.name),
                    limit: DEPTH_MAX,
                });
            } else if transitions > TRANSITIONS_MAX {
                fault = Some(ChartFault::TooManyTransitions {
                    limit: TRANSITIONS_MAX,
                });
            } else {
                entries.push(Entry {
                    spec,
                    parent,
                    children: Vec::new(),
                });
                if index > 0 {
                    entries[parent].children.push(index);
                }
            }
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let mut ends: Vec<usize> = (1..=entries.len()).collect();
        for index in (1..entries.len()).rev() {
            let parent = entries[index].parent;
            ends[parent] = ends[parent].max(ends[index]);
        }
        Ok(Self { entries, ends })
    }

    pub(crate) fn kind(&self, index: usize) -> StateKind {
        self.entries[index].spec.kind
    }

    pub(crate) fn name(&self, index: usize) -> String {
        self.entries[index].spec.name.clone()
    }

    pub(crate) fn is_history(&self, index: usize) -> bool {
        matches!(self.kind(index), StateKind::History(_))
    }

    pub(crate) fn is_descendant(&self, index: usize, ancestor: usize) -> bool {
        ancestor < index && index < self.ends[ancestor]
    }

    /// Returns whether two targets can be active together: different regions of one parallel
    /// state hold them. A history stands for its parent, any part of which it may bring back.
    pub(crate) fn orthogonal(&self, first: usize, second: usize) -> bool {
        let stands_for = |index: usize| {
            if self.is_history(index) {
                self.entries[index].parent
            } else {
                index
            }
        };
        let (first, second) = (stands_for(first), stands_for(second));
        if first == second || self.is_descendant(first, second) || self.is_descendant(second, first)
        {
            return false;
        }
        let mut common = self.entries[first].parent;
        while !self.is_descendant(second, common) {
            common = self.entries[common].parent;
        }
        self.kind(common) == StateKind::Parallel
    }
}

/// Cuts a name that is too long to be printed.
pub(crate) fn shorten(name: &str) -> String {
    name.chars().take(40).collect()
}
