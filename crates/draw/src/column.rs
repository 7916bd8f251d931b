//! A region as a column: its steps from top to bottom, what leads on between them, and what lies
//! off the main path below.

use crate::arcs::{Arc, NoteKind, Surface};
use crate::card::{Card, SMALL};
use crate::drawing::{Drawing, SMALL_LINE};
use crate::layout::{Point, Size};
use crate::measure::{clean, wrap};
use crate::palette::Ink;
use crate::sheet::{Sheet, Sign};

/// Width of a line of writing.
const LINE: f64 = 132.0;
/// Room between steps that nothing leads between.
const GAP: f64 = 10.0;
/// Length of an arrow that nothing is written on.
const ARROW: f64 = 18.0;

/// Draws a region whose states have nothing inside.
pub(crate) fn column(drawing: &Drawing<'_>, region: usize) -> Sheet {
    let Some(shown) = drawing.tree.node(region) else {
        return Sheet::default();
    };
    let (aside, main): (Vec<usize>, Vec<usize>) = shown.children.iter().partition(|node| {
        drawing
            .tree
            .node(**node)
            .is_some_and(|node| node.state.aside)
    });
    let arcs = drawing.ways.arcs_on(Surface::Region(region));
    let first = drawing
        .tree
        .workflow
        .initial(Some(shown.name))
        .find_map(|state| drawing.tree.shown_by.get(state).copied());
    let cards: Vec<(usize, Card)> = main
        .iter()
        .enumerate()
        .chain(aside.iter().map(|node| (usize::MAX, node)))
        .map(|(position, node)| {
            let next = position
                .checked_add(1)
                .and_then(|next| main.get(next))
                .copied();
            let words = told(drawing, arcs, *node, next, &aside);
            (*node, Card::with(drawing, *node, &words, LINE))
        })
        .collect();
    let width = cards
        .iter()
        .map(|(_, card)| card.size.width)
        .fold(0.0, f64::max);
    let mut sheet = Sheet::of(Size { width, height: 0.0 });
    let mut y = 0.0;
    for (position, (node, card)) in cards.into_iter().enumerate() {
        let before = position.checked_sub(1).and_then(|before| main.get(before));
        if first == Some(node) && position == 0 {
            sheet.sign(
                Point {
                    x: width / 2.0 - 5.0,
                    y,
                },
                Sign::Initial,
                Ink::Strong,
            );
            arrow(&mut sheet, width / 2.0, y + 10.0, y + 24.0);
            y += 24.0;
        } else if position == main.len() {
            y += GAP * 1.4;
        } else if position > 0 {
            let arc = before
                .filter(|_| position < main.len())
                .and_then(|before| between(arcs, *before, node));
            y = match arc {
                Some(arc) => lead(drawing, &mut sheet, arc, width, y),
                None => y + GAP,
            };
        }
        let Some(shown) = drawing.tree.node(node) else {
            continue;
        };
        let size = Size {
            width,
            height: card.size.height,
        };
        sheet.put(
            Point { x: 0.0, y },
            card.step(size, drawing.ink(shown), shown.state.kind),
        );
        y += size.height;
    }
    sheet.size.height = y;
    sheet
}

fn between(arcs: &[Arc], from: usize, to: usize) -> Option<&Arc> {
    arcs.iter().find(|arc| arc.from == from && arc.to == to)
}

/// What is told in the box of a step: the ways that no arrow shows. Those to a state off the main
/// path are told there.
fn told(
    drawing: &Drawing<'_>,
    arcs: &[Arc],
    node: usize,
    next: Option<usize>,
    aside: &[usize],
) -> Vec<(NoteKind, String)> {
    let language = drawing.view.language;
    let mut words: Vec<(NoteKind, String)> = Vec::new();
    for arc in arcs {
        let Some(target) = drawing.tree.node(arc.to) else {
            continue;
        };
        for way in &arc.ways {
            let word = if arc.to == node && aside.contains(&node) {
                (NoteKind::Comes, way.said.get(language).to_owned())
            } else if arc.from == node && Some(arc.to) != next && !aside.contains(&arc.to) {
                let said = way.leads_to(&target.state.title);
                (NoteKind::Leads, said.get(language).to_owned())
            } else {
                continue;
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words
}

/// Draws what leads from one step to the next; returns where the next begins.
fn lead(drawing: &Drawing<'_>, sheet: &mut Sheet, arc: &Arc, width: f64, y: f64) -> f64 {
    let language = drawing.view.language;
    let x = 12.0;
    let mut lines: Vec<(String, bool, Option<Sign>)> = Vec::new();
    for way in &arc.ways {
        let said = clean(way.said.get(language));
        let sign = way.wait.then_some(Sign::Wait);
        for (line, text) in wrap(&said, SMALL, width - 26.0, 3).into_iter().enumerate() {
            lines.push((text, false, if line == 0 { sign } else { None }));
        }
        if let Some(by) = &way.by {
            let by = clean(by.get(language));
            lines.extend(
                wrap(&by, SMALL - 1.0, width - 26.0, 2)
                    .into_iter()
                    .map(|text| (text, true, None)),
            );
        }
    }
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let height = (f64::from(count) * SMALL_LINE + 8.0).max(ARROW);
    arrow(sheet, x, y, y + height);
    for (number, (text, quiet, sign)) in (0_u32..).zip(lines) {
        let mut at = Point {
            x: x + 9.0,
            y: y + 3.0 + f64::from(number) * SMALL_LINE,
        };
        if let Some(sign) = sign {
            sheet.sign(
                Point {
                    x: at.x,
                    y: at.y + 1.0,
                },
                sign,
                Ink::Quiet,
            );
            at.x += 14.0;
        }
        let (size, ink) = if quiet {
            (SMALL - 1.0, Ink::Quiet)
        } else {
            (SMALL, Ink::Strong)
        };
        sheet.write(at, &text, size, false, ink);
    }
    y + height
}

fn arrow(sheet: &mut Sheet, x: f64, from: f64, to: f64) {
    sheet.line(
        vec![Point { x, y: from }, Point { x, y: to }],
        Ink::Wire,
        true,
    );
}
