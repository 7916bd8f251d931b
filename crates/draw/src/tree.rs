//! Which states are seen, and in what form.

use std::collections::BTreeMap;

use groundbreak_workflow::{State, StateKind, Workflow, nearest};

use crate::view::{DrawError, View};

/// The most states of a picture.
pub(crate) const STATES_MAX: usize = 400;
/// The most states that are opened when nothing is said: more do not fit one page.
const PAGE_STATES: usize = 48;
/// The most levels that are opened.
const DEPTH_MAX: usize = 12;

/// A state that is seen.
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) state: &'a State,
    /// The state around it, when that is seen.
    pub(crate) parent: Option<usize>,
    /// Those inside that are seen.
    pub(crate) children: Vec<usize>,
    pub(crate) form: Form,
}

/// What a state is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A box.
    Step,
    /// A box that stands for this many states and regions inside.
    Folded { states: usize, regions: usize },
    /// A frame with boxes and arrows.
    Graph,
    /// A frame with regions side by side.
    Lanes,
    /// A column of boxes, which reads downwards: a region without frames inside.
    Column,
    /// A small circle.
    History,
}

/// The states that are seen.
pub(crate) struct Tree<'a> {
    pub(crate) workflow: &'a Workflow,
    /// In document order; a state comes before those inside it.
    pub(crate) nodes: Vec<Node<'a>>,
    /// The outermost.
    pub(crate) roots: Vec<usize>,
    /// For each state that is drawn or folded away: the one that shows it.
    pub(crate) shown_by: BTreeMap<&'a str, usize>,
}

impl<'a> Tree<'a> {
    /// Returns what a view sees of a workflow.
    pub(crate) fn of(workflow: &'a Workflow, view: &View<'_>) -> Result<Self, DrawError> {
        let inside = inside(workflow);
        let roots: Vec<&'a str> = match view.only {
            None => inside.get("").cloned().unwrap_or_default(),
            Some(only) => match workflow.states.get_key_value(only) {
                Some((name, _)) => vec![name.as_str()],
                None => {
                    let names = workflow.states.keys().map(String::as_str);
                    return Err(DrawError::UnknownState {
                        state: only.to_owned(),
                        meant: nearest(only, names).map(str::to_owned),
                    });
                }
            },
        };
        let depth = match view.depth {
            Some(depth) => depth.clamp(1, DEPTH_MAX),
            None => (1..=DEPTH_MAX)
                .rev()
                .find(|depth| count(&inside, &roots, *depth) <= PAGE_STATES)
                .unwrap_or(1),
        };
        let states = count(&inside, &roots, depth);
        if states > STATES_MAX {
            return Err(DrawError::TooLarge {
                states,
                max: STATES_MAX,
            });
        }
        let mut tree = Self {
            workflow,
            nodes: Vec::new(),
            roots: Vec::new(),
            shown_by: BTreeMap::new(),
        };
        for root in roots {
            if let Some(node) = tree.add(&inside, root, None, depth) {
                tree.roots.push(node);
            }
        }
        Ok(tree)
    }

    fn add(
        &mut self,
        inside: &BTreeMap<&'a str, Vec<&'a str>>,
        name: &'a str,
        parent: Option<usize>,
        depth: usize,
    ) -> Option<usize> {
        let state = self.workflow.states.get(name)?;
        let node = self.nodes.len();
        self.nodes.push(Node {
            name,
            state,
            parent,
            children: Vec::new(),
            form: Form::Step,
        });
        self.shown_by.insert(name, node);
        let children = inside.get(name).map_or(&[][..], Vec::as_slice);
        let form = match state.kind {
            StateKind::Atomic | StateKind::Final => Form::Step,
            StateKind::History => Form::History,
            StateKind::Compound | StateKind::Parallel if depth <= 1 => {
                let states = self.fold(inside, name, node);
                let regions = match state.kind {
                    StateKind::Parallel => children.len(),
                    _ => 0,
                };
                Form::Folded { states, regions }
            }
            kind => {
                let mut flat = true;
                for child in children {
                    if let Some(child) = self.add(inside, child, Some(node), depth - 1) {
                        let form = self.nodes.get(child).map(|child| child.form);
                        flat &= matches!(form, Some(Form::Step | Form::Folded { .. }));
                        if let Some(node) = self.nodes.get_mut(node) {
                            node.children.push(child);
                        }
                    }
                }
                let region = parent
                    .and_then(|parent| self.nodes.get(parent))
                    .is_some_and(|parent| parent.state.kind == StateKind::Parallel);
                match kind {
                    StateKind::Parallel => Form::Lanes,
                    _ if flat && region => Form::Column,
                    _ => Form::Graph,
                }
            }
        };
        if let Some(node) = self.nodes.get_mut(node) {
            node.form = form;
        }
        Some(node)
    }

    /// Lets `node` stand for everything inside `name`; returns how many states that are.
    fn fold(
        &mut self,
        inside: &BTreeMap<&'a str, Vec<&'a str>>,
        name: &'a str,
        node: usize,
    ) -> usize {
        let mut states = 0;
        let mut waiting = vec![name];
        while let Some(name) = waiting.pop() {
            for child in inside.get(name).into_iter().flatten() {
                self.shown_by.insert(child, node);
                let kind = self.workflow.states.get(*child).map(|state| state.kind);
                let step = matches!(kind, Some(StateKind::Atomic | StateKind::Final));
                states += usize::from(step);
                waiting.push(child);
            }
        }
        states
    }

    pub(crate) fn node(&self, node: usize) -> Option<&Node<'a>> {
        self.nodes.get(node)
    }

    /// Returns the state and those around it, from the inside.
    pub(crate) fn outwards(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(node), |node| self.nodes.get(*node)?.parent)
    }

    /// Tells whether a state lies inside another.
    pub(crate) fn is_inside(&self, node: usize, around: usize) -> bool {
        self.outwards(node).skip(1).any(|outer| outer == around)
    }
}

/// Returns the names of the states that a view folds: each can be drawn alone, by
/// [`View::only`](crate::View::only).
///
/// # Errors
///
/// [`DrawError::UnknownState`] and [`DrawError::TooLarge`], as for [`svg`](crate::svg).
pub fn folded<'a>(workflow: &'a Workflow, view: &View<'_>) -> Result<Vec<&'a str>, DrawError> {
    let tree = Tree::of(workflow, view)?;
    let folded = tree
        .nodes
        .iter()
        .filter(|node| matches!(node.form, Form::Folded { .. }));
    Ok(folded.map(|node| node.name).collect())
}

/// Returns the states inside each state, in document order; the outermost under the empty name.
fn inside(workflow: &Workflow) -> BTreeMap<&str, Vec<&str>> {
    let mut inside: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, state) in &workflow.states {
        let parent = state.parent.as_deref().unwrap_or_default();
        inside.entry(parent).or_default().push(name);
    }
    inside
}

/// Returns how many states are seen when so many levels are opened.
fn count(inside: &BTreeMap<&str, Vec<&str>>, names: &[&str], depth: usize) -> usize {
    if depth == 0 {
        return 0;
    }
    let deeper = names
        .iter()
        .filter_map(|name| inside.get(name))
        .map(|children| count(inside, children, depth - 1));
    names.len() + deeper.sum::<usize>()
}
