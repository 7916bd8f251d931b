//! Which arrows are drawn, between what, and what is said in words instead.

use std::collections::BTreeMap;

use groundbreak_workflow::{StateKind, Text, TransitionCause, TransitionFace};

use crate::tree::{Form, Tree};

/// From so many states on, ways off the main path to one and the same end are told in words: their
/// arrows would cover the rest.
const ASIDE_SOURCES_MAX: usize = 2;
/// Roles that are named on an arrow.
const ROLES_MAX: usize = 3;

/// A surface on which boxes are joined by arrows: the whole picture, or one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Surface {
    /// The picture.
    Whole,
    /// The region that this state is.
    Region(usize),
}

/// An arrow.
pub(crate) struct Arc {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// What leads along it; several ways that lead alike share an arrow.
    pub(crate) ways: Vec<Way>,
}

/// What leads along an arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) said: Text,
    /// Who may act.
    pub(crate) by: Option<Text>,
    /// Whether a time must pass.
    pub(crate) wait: bool,
    /// Whether it lies off the main path.
    pub(crate) aside: bool,
}

/// What is told in words in the box of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) said: Text,
    pub(crate) kind: NoteKind,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoteKind {
    /// Something that can be done while the case stays.
    Stays,
    /// A way that leads elsewhere.
    Leads,
    /// A way that leads here.
    Comes,
}

/// The arrows by their surface, and the notes by their state.
#[derive(Default)]
pub(crate) struct Ways {
    pub(crate) arcs: BTreeMap<Surface, Vec<Arc>>,
    pub(crate) notes: BTreeMap<usize, Vec<Note>>,
    /// One way to each end whose arrows are told in words. It is not drawn, but keeps the end below
    /// what leads there.
    pub(crate) ties: BTreeMap<Surface, BTreeMap<usize, usize>>,
}

impl Ways {
    pub(crate) fn of(tree: &Tree<'_>) -> Self {
        let mut ways = Self::default();
        for transition in tree.workflow.transitions() {
            ways.add(tree, &transition);
        }
        ways.tell_asides(tree);
        ways
    }

    pub(crate) fn notes_of(&self, node: usize) -> &[Note] {
        self.notes.get(&node).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn arcs_on(&self, surface: Surface) -> &[Arc] {
        self.arcs.get(&surface).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, tree: &Tree<'_>, transition: &TransitionFace<'_>) {
        let Some(&from) = tree.shown_by.get(transition.from) else {
            return;
        };
        let folded = tree
            .node(from)
            .is_some_and(|node| node.name != transition.from);
        let way = Way::of(tree, transition);
        let Some(target) = transition.to else {
            if !folded {
                self.note(from, NoteKind::Stays, way.said_with_roles());
            }
            return;
        };
        let to = tree.shown_by.get(target).copied();
        let leads = way.leads_to(&tree.workflow.state_title(target));
        let Some(to) = to else {
            self.note(from, NoteKind::Leads, leads);
            return;
        };
        if from == to {
            // What happens inside a folded state is not seen.
            if !folded && transition.from == target {
                self.note(from, NoteKind::Leads, leads);
            }
            return;
        }
        match meeting(tree, from, to) {
            Some((surface, lifted, reached)) => {
                if lifted != from {
                    self.note(from, NoteKind::Leads, leads);
                }
                let arcs = self.arcs.entry(surface).or_default();
                let arc = arcs
                    .iter_mut()
                    .find(|arc| arc.from == lifted && arc.to == reached);
                match arc {
                    Some(arc) if arc.ways.contains(&way) => {}
                    Some(arc) => arc.ways.push(way),
                    None => arcs.push(Arc {
                        from: lifted,
                        to: reached,
                        ways: vec![way],
                    }),
                }
            }
            None => self.note(from, NoteKind::Leads, leads),
        }
    }

    /// Turns arrows off the main path into notes where too many lead to one end.
    fn tell_asides(&mut self, tree: &Tree<'_>) {
        let mut told: Vec<(usize, Note)> = Vec::new();
        for (surface, arcs) in &mut self.arcs {
            if is_column(tree, *surface) {
                continue;
            }
            let mut sources: BTreeMap<usize, usize> = BTreeMap::new();
            for arc in arcs.iter().filter(|arc| is_aside(tree, arc)) {
                *sources.entry(arc.to).or_default() += 1;
            }
            arcs.retain(|arc| {
                let many = sources
                    .get(&arc.to)
                    .is_some_and(|count| *count > ASIDE_SOURCES_MAX);
                let keep = !(many && is_aside(tree, arc));
                if !keep && let Some(to) = tree.node(arc.to) {
                    let ties = self.ties.entry(*surface).or_default();
                    ties.insert(arc.to, arc.from);
                    told.extend(arc.ways.iter().map(|way| {
                        let said = way.leads_to(&to.state.title);
                        (
                            arc.from,
                            Note {
                                said,
                                kind: NoteKind::Leads,
                            },
                        )
                    }));
                    let comes = arc.ways.iter().map(|way| {
                        let said = way.said.clone();
                        (
                            arc.to,
                            Note {
                                said,
                                kind: NoteKind::Comes,
                            },
                        )
                    });
                    told.extend(comes);
                }
                keep
            });
        }
        for (node, note) in told {
            self.note(node, note.kind, note.said);
        }
    }

    fn note(&mut self, node: usize, kind: NoteKind, said: Text) {
        let notes = self.notes.entry(node).or_default();
        let note = Note { said, kind };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// Whether an arrow and its end both lie off the main path, and nothing goes on from there.
fn is_aside(tree: &Tree<'_>, arc: &Arc) -> bool {
    let end = tree
        .node(arc.to)
        .is_some_and(|node| node.state.aside && node.state.kind == StateKind::Final);
    end && arc.ways.iter().all(|way| way.aside)
}

fn is_column(tree: &Tree<'_>, surface: Surface) -> bool {
    match surface {
        Surface::Whole => false,
        Surface::Region(region) => tree
            .node(region)
            .is_some_and(|region| region.form == Form::Column),
    }
}

/// Returns the innermost surface on which both states are boxes, or lie inside boxes, and those
/// boxes. `None` when it is one and the same box, or one lies inside the other.
fn meeting(tree: &Tree<'_>, from: usize, to: usize) -> Option<(Surface, usize, usize)> {
    if tree.is_inside(from, to) || tree.is_inside(to, from) {
        return None;
    }
    let reached = surfaces(tree, to);
    surfaces(tree, from)
        .into_iter()
        .find_map(|(surface, lifted)| {
            let (_, reached) = reached.iter().find(|(other, _)| *other == surface)?;
            Some((surface, lifted, *reached))
        })
        .filter(|(_, lifted, reached)| lifted != reached)
}

/// Returns the surfaces a state lies on, from the inside, and as which box.
fn surfaces(tree: &Tree<'_>, node: usize) -> Vec<(Surface, usize)> {
    let mut surfaces = Vec::new();
    let mut as_box = node;
    for inner in tree.outwards(node) {
        let outer = tree.node(inner).and_then(|inner| inner.parent);
        let lanes = outer.filter(|outer| {
            tree.node(*outer)
                .is_some_and(|outer| outer.form == Form::Lanes)
        });
        if let Some(lanes) = lanes {
            // A region is no box of its own surface.
            if inner != as_box {
                surfaces.push((Surface::Region(inner), as_box));
            }
            as_box = lanes;
        }
    }
    surfaces.push((Surface::Whole, as_box));
    surfaces
}

impl Way {
    fn of(tree: &Tree<'_>, transition: &TransitionFace<'_>) -> Self {
        let workflow = tree.workflow;
        let target_aside = transition
            .to
            .and_then(|to| workflow.states.get(to))
            .is_some_and(|state| state.aside);
        let plain = |said: Text| Self {
            said,
            by: None,
            wait: false,
            aside: target_aside,
        };
        let conditional = transition.condition.is_some();
        match transition.cause {
            TransitionCause::Event(name) => {
                let Some(event) = workflow.events.get(name) else {
                    return plain(Text::new(name, name));
                };
                Self {
                    by: roles(tree, &event.by),
                    aside: event.aside || target_aside,
                    ..plain(event.title.clone())
                }
            }
            TransitionCause::After(budget) => {
                let Text { zh, en } = budget.text();
                Self {
                    wait: true,
                    ..plain(Text::new(format!("满 {zh}"), format!("after {en}")))
                }
            }
            TransitionCause::Done => {
                let parallel = workflow
                    .states
                    .get(transition.from)
                    .is_some_and(|state| state.kind == StateKind::Parallel);
                plain(if parallel {
                    Text::new("各线全部办结", "all lanes done")
                } else {
                    Text::new("内部办结", "done inside")
                })
            }
            TransitionCause::Always if conditional => {
                plain(Text::new("条件满足即自动", "by itself, once it holds"))
            }
            TransitionCause::Always => plain(Text::new("自动", "by itself")),
        }
    }

    /// What leads along, and who may: for a note.
    fn said_with_roles(&self) -> Text {
        match &self.by {
            Some(by) => Text::new(
                format!("{}（{}）", self.said.zh, by.zh),
                format!("{} ({})", self.said.en, by.en),
            ),
            None => self.said.clone(),
        }
    }

    /// What leads along, and where to: for a note.
    pub(crate) fn leads_to(&self, title: &Text) -> Text {
        Text::new(
            format!("{} → {}", self.said.zh, title.zh),
            format!("{} → {}", self.said.en, title.en),
        )
    }
}

fn roles(tree: &Tree<'_>, by: &[String]) -> Option<Text> {
    let titles: Vec<Text> = by
        .iter()
        .map(|role| tree.workflow.role_title(role))
        .collect();
    let shown = titles.get(..ROLES_MAX).unwrap_or(&titles);
    let more = titles.len() > shown.len();
    let joined = |words: Vec<&str>, between: &str, rest: &str| {
        format!("{}{}", words.join(between), if more { rest } else { "" })
    };
    (!shown.is_empty()).then(|| {
        Text::new(
            joined(
                shown.iter().map(|title| title.zh.as_str()).collect(),
                "、",
                " 等",
            ),
            joined(
                shown.iter().map(|title| title.en.as_str()).collect(),
                ", ",
                " …",
            ),
        )
    })
}
