//! The chart as Mermaid text, for tools that draw by themselves.

use std::collections::BTreeMap;
use std::fmt::Write;

use groundbreak_workflow::{StateKind, TransitionCause, TransitionFace, Workflow};

use crate::drawing::Drawing;
use crate::measure::clean;
use crate::tree::{Form, Tree};
use crate::view::{DrawError, View};

/// Writes a workflow as a Mermaid state diagram (`stateDiagram-v2`): titles instead of names,
/// states nested, regions side by side. With marks, the states a case is in and has been in have
/// classes of their own.
///
/// Mermaid forbids arrows between the regions of one state, and from a state to one around it;
/// those are left out.
///
/// # Errors
///
/// [`DrawError::UnknownState`] and [`DrawError::TooLarge`], as for [`svg`](crate::svg).
pub fn mermaid(workflow: &Workflow, view: &View<'_>) -> Result<String, DrawError> {
    let drawing = Drawing::of(workflow, view)?;
    let mut writer = Writer {
        drawing: &drawing,
        out: String::from("stateDiagram-v2\n"),
        arrows: BTreeMap::new(),
    };
    writer.collect();
    writer.level(&drawing.tree.roots, None, 1);
    writer.classes();
    Ok(writer.out)
}

struct Writer<'a> {
    drawing: &'a Drawing<'a>,
    out: String,
    /// By the innermost state around both ends.
    arrows: BTreeMap<Option<usize>, Vec<Arrow>>,
}

/// Where from, where to, and what is said on it.
type Arrow = (usize, usize, Vec<String>);

impl Writer<'_> {
    fn collect(&mut self) {
        let tree = &self.drawing.tree;
        for transition in tree.workflow.transitions() {
            let ends = (
                tree.shown_by.get(transition.from),
                transition.to.and_then(|to| tree.shown_by.get(to)),
            );
            let (Some(&from), Some(&to)) = ends else {
                continue;
            };
            let itself = from == to && Some(transition.from) != transition.to;
            if itself || tree.is_inside(from, to) || tree.is_inside(to, from) {
                continue;
            }
            let around = tree
                .outwards(from)
                .skip(1)
                .find(|outer| tree.is_inside(to, *outer));
            let lanes = around
                .and_then(|around| tree.node(around))
                .is_some_and(|around| around.form == Form::Lanes);
            if lanes {
                continue;
            }
            let said = self.said(&transition);
            let arrows = self.arrows.entry(around).or_default();
            match arrows
                .iter_mut()
                .find(|arrow| (arrow.0, arrow.1) == (from, to))
            {
                Some((.., words)) if words.contains(&said) => {}
                Some((.., words)) => words.push(said),
                None => arrows.push((from, to, vec![said])),
            }
        }
    }

    fn said(&self, transition: &TransitionFace<'_>) -> String {
        let language = self.drawing.view.language;
        let workflow = self.drawing.tree.workflow;
        let text = match transition.cause {
            TransitionCause::Event(event) => workflow
                .events
                .get(event)
                .map_or(event, |event| event.title.get(language))
                .to_owned(),
            TransitionCause::After(budget) => format!("⏳ {}", budget.text().get(language)),
            TransitionCause::Done | TransitionCause::Always => "⚙".to_owned(),
        };
        escaped(&text)
    }

    fn level(&mut self, nodes: &[usize], around: Option<usize>, depth: usize) {
        let drawing = self.drawing;
        let tree = &drawing.tree;
        let indent = "    ".repeat(depth);
        for node in nodes {
            let Some(shown) = tree.node(*node) else {
                continue;
            };
            let title = escaped(shown.state.title.get(drawing.view.language));
            let id = id(*node);
            let _ = writeln!(self.out, "{indent}state \"{title}\" as {id}");
            match shown.form {
                Form::Graph | Form::Column => {
                    let _ = writeln!(self.out, "{indent}state {id} {{");
                    self.level(&shown.children, Some(*node), depth + 1);
                    let _ = writeln!(self.out, "{indent}}}");
                }
                Form::Lanes => {
                    let _ = writeln!(self.out, "{indent}state {id} {{");
                    for (number, region) in shown.children.iter().enumerate() {
                        if number > 0 {
                            let _ = writeln!(self.out, "{indent}    --");
                        }
                        self.level(&[*region], Some(*node), depth + 1);
                    }
                    let _ = writeln!(self.out, "{indent}}}");
                }
                Form::Step | Form::Folded { .. } | Form::History => {}
            }
        }
        let lanes = around
            .and_then(|around| tree.node(around))
            .is_some_and(|around| around.form == Form::Lanes);
        if lanes {
            return;
        }
        if let Some(first) = first(tree, around, nodes) {
            let _ = writeln!(self.out, "{indent}[*] --> {}", id(first));
        }
        for (from, to, words) in self.arrows.remove(&around).unwrap_or_default() {
            let words = words.join(" / ");
            let _ = writeln!(self.out, "{indent}{} --> {} : {words}", id(from), id(to));
        }
        for node in nodes {
            let ends = tree
                .node(*node)
                .is_some_and(|node| node.state.kind == StateKind::Final);
            if ends {
                let _ = writeln!(self.out, "{indent}{} --> [*]", id(*node));
            }
        }
    }

    fn classes(&mut self) {
        let Some(marks) = self.drawing.view.marks else {
            return;
        };
        let classes = [
            (
                "here",
                &marks.here,
                "fill:#fff1c2,stroke:#8a4b00,stroke-width:3px,color:#16212b",
            ),
            (
                "been",
                &marks.been,
                "fill:#e2f1e7,stroke:#2c6e49,color:#16212b",
            ),
        ];
        for (class, states, style) in classes {
            let nodes: Vec<String> = (0..)
                .zip(&self.drawing.tree.nodes)
                // Mermaid styles no state that has others inside.
                .filter(|(_, node)| matches!(node.form, Form::Step | Form::Folded { .. }))
                .filter(|(_, node)| states.contains(node.name))
                .filter(|(_, node)| class == "here" || !marks.here.contains(node.name))
                .map(|(node, _)| id(node))
                .collect();
            if !nodes.is_empty() {
                let _ = writeln!(self.out, "    classDef {class} {style}");
                let _ = writeln!(self.out, "    class {} {class}", nodes.join(","));
            }
        }
    }
}

fn first(tree: &Tree<'_>, around: Option<usize>, nodes: &[usize]) -> Option<usize> {
    let name = match around {
        Some(around) => Some(tree.node(around)?.name),
        None => None,
    };
    let first = tree
        .workflow
        .initial(name)
        .find_map(|state| tree.shown_by.get(state).copied())?;
    tree.outwards(first).find(|node| nodes.contains(node))
}

/// The name of a state in Mermaid's text. Names of definitions could be its key words.
fn id(node: usize) -> String {
    format!("s{node}")
}

/// Returns a text that Mermaid reads as text: what has a meaning to it, or to HTML, is written as
/// an entity, which it turns back.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in clean(text).chars() {
        match character {
            '"' | '#' | ';' | ':' | '<' | '>' | '&' | '{' | '}' | '[' | ']' | '%' | '\\' | '`'
            | '-' | '~' | '*' => {
                // Writing to a string does not fail.
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    escaped
}
