//! From what is seen to shapes: frames around boxes, regions side by side, arrows between.

use std::collections::BTreeMap;

use groundbreak_workflow::{StateKind, Workflow};

use crate::arcs::{Surface, Ways};
use crate::card::{Card, SMALL, TITLE};
use crate::column;
use crate::layout::{Block, Frame, PADDING, Point, Size, Wire, place};
use crate::palette::Ink;
use crate::sheet::{Sheet, Sign};
use crate::timing::Timing;
use crate::tree::{Form, Node, Tree};
use crate::view::{DrawError, View};

/// Width of a line of writing in a box, on an arrow, and at the head of a frame.
const BOX_LINE: f64 = 178.0;
const ARROW_LINE: f64 = 118.0;
/// The first of two is for frames whose width the layout finds, which is not made for their heads.
const FRAME_LINE: f64 = 150.0;
const HEAD_LINE: f64 = 420.0;
/// How wide regions side by side may become before they go on below.
const ROW_WIDTH: f64 = 1180.0;
/// Room between a region and the border to the next.
const REGION_GAP: f64 = 10.0;

/// All that a picture is made from.
pub(crate) struct Drawing<'a> {
    pub(crate) tree: Tree<'a>,
    pub(crate) ways: Ways,
    pub(crate) timing: Timing,
    pub(crate) view: &'a View<'a>,
}

impl<'a> Drawing<'a> {
    pub(crate) fn of(workflow: &'a Workflow, view: &'a View<'a>) -> Result<Self, DrawError> {
        let tree = Tree::of(workflow, view)?;
        let ways = Ways::of(&tree);
        let timing = Timing::of(&tree);
        Ok(Self {
            tree,
            ways,
            timing,
            view,
        })
    }

    /// Draws the whole.
    pub(crate) fn draw(&self) -> Result<Sheet, DrawError> {
        self.graph(&self.tree.roots, None, Surface::Whole)
    }

    /// Tells whether the case is in a state.
    pub(crate) fn is_here(&self, state: &str) -> bool {
        self.view
            .marks
            .is_some_and(|marks| marks.here.contains(state))
    }

    fn has_been(&self, state: &str) -> bool {
        self.view
            .marks
            .is_some_and(|marks| marks.been.contains(state))
    }

    /// The signs before a title: where the case is or has been, and whether it ends there.
    pub(crate) fn signs(&self, node: &Node<'_>) -> Vec<(Sign, Ink)> {
        let leaf = matches!(node.form, Form::Step | Form::Folded { .. });
        if leaf && self.is_here(node.name) {
            vec![(Sign::Here, Ink::Here)]
        } else if leaf && self.has_been(node.name) {
            vec![(Sign::Been, Ink::Green)]
        } else if node.state.kind == StateKind::Final {
            vec![(Sign::Final, Ink::Quiet)]
        } else {
            Vec::new()
        }
    }

    /// How the box of a step is painted.
    pub(crate) fn ink(&self, node: &Node<'_>) -> Ink {
        let framed = matches!(node.form, Form::Graph | Form::Lanes | Form::Column);
        match (framed, self.is_here(node.name), self.has_been(node.name)) {
            (false, true, _) => Ink::CardHere,
            (false, false, true) => Ink::CardBeen,
            (true, true, _) => Ink::FrameHere,
            (true, false, _) => Ink::Frame,
            _ if node.state.aside => Ink::CardAside,
            _ => Ink::Card,
        }
    }

    /// Draws states that arrows join.
    fn graph(
        &self,
        nodes: &[usize],
        around: Option<usize>,
        surface: Surface,
    ) -> Result<Sheet, DrawError> {
        let mut drawn = BTreeMap::new();
        let mut wires = Vec::new();
        let mut blocks = Vec::new();
        if self.view.only.is_none() || around.is_some() {
            self.begin(around, &mut blocks, &mut wires);
        }
        for node in nodes {
            blocks.push(self.block(*node, &mut drawn, &mut wires)?);
        }
        let arcs = self.ways.arcs_on(surface);
        let beginnings = wires.len();
        let mut labels: Vec<Option<Sheet>> = (0..beginnings).map(|_| None).collect();
        for arc in arcs {
            let label = Card::of_arc(self, arc, ARROW_LINE);
            wires.push(Wire {
                from: arc.from,
                to: arc.to,
                label: label.as_ref().map(|card| card.size),
            });
            labels.push(label.map(Card::bare));
        }
        let drawn_wires = wires.len();
        for (to, from) in self.ways.ties.get(&surface).into_iter().flatten() {
            wires.push(Wire {
                from: *from,
                to: *to,
                label: None,
            });
        }
        let places = place(&blocks, &wires)?;
        let mut sheet = Sheet::of(places.size);
        // Frames before what is inside them: boxes are numbered in the order of the document.
        for (id, (corner, size)) in &places.boxes {
            match drawn.remove(id) {
                Some(body) => self.put(&mut sheet, *id, *corner, *size, body),
                None => sheet.sign(*corner, Sign::Initial, Ink::Strong),
            }
        }
        let mut written = Vec::new();
        for (number, (points, at)) in places.wires.into_iter().take(drawn_wires).enumerate() {
            let arc = number
                .checked_sub(beginnings)
                .and_then(|number| arcs.get(number));
            let aside = arc.is_some_and(|arc| {
                let ends = [arc.from, arc.to];
                let quiet =
                    |node: &usize| self.tree.node(*node).is_some_and(|node| node.state.aside);
                arc.ways.iter().all(|way| way.aside) || ends.iter().any(quiet)
            });
            let ink = if aside { Ink::WireAside } else { Ink::Wire };
            sheet.line(points, ink, true);
            if let (Some(at), Some(Some(label))) = (at, labels.get_mut(number).map(Option::take)) {
                written.push((at, label));
            }
        }
        for (at, label) in written {
            sheet.put(
                Point {
                    x: at.x - 4.0,
                    y: at.y - 3.0,
                },
                label,
            );
        }
        Ok(sheet)
    }

    /// Adds the dot where it begins, and its arrow.
    fn begin(&self, around: Option<usize>, blocks: &mut Vec<Block>, wires: &mut Vec<Wire>) {
        let name = around
            .and_then(|node| self.tree.node(node))
            .map(|node| node.name);
        let dot = self.tree.nodes.len() + around.map_or(0, |node| node + 1);
        let first = self
            .tree
            .workflow
            .initial(name)
            .find_map(|state| self.tree.shown_by.get(state).copied());
        // Several deep beginnings, and those inside regions, are seen in the regions themselves.
        let first = first.and_then(|first| {
            self.tree
                .outwards(first)
                .find(|node| self.tree.node(*node).and_then(|node| node.parent) == around)
        });
        let Some(first) = first else {
            return;
        };
        blocks.push(Block {
            id: dot,
            size: Size {
                width: 10.0,
                height: 10.0,
            },
            frame: None,
        });
        wires.push(Wire {
            from: dot,
            to: first,
            label: None,
        });
    }

    fn block(
        &self,
        node: usize,
        drawn: &mut BTreeMap<usize, Body>,
        wires: &mut Vec<Wire>,
    ) -> Result<Block, DrawError> {
        let plain = |size| Block {
            id: node,
            size,
            frame: None,
        };
        let Some(shown) = self.tree.node(node) else {
            return Ok(plain(Size::default()));
        };
        Ok(match shown.form {
            Form::Step | Form::Folded { .. } => {
                let card = Card::of(self, node, BOX_LINE);
                let size = card.size;
                drawn.insert(node, Body::Step(card));
                plain(size)
            }
            Form::History => {
                drawn.insert(node, Body::History);
                plain(Size {
                    width: 26.0,
                    height: 26.0,
                })
            }
            Form::Lanes => {
                let sheet = self.lanes(node)?;
                let size = sheet.size;
                drawn.insert(node, Body::Ready(sheet));
                plain(size)
            }
            Form::Graph | Form::Column => {
                let head = Card::of(self, node, FRAME_LINE);
                let size = head.size;
                drawn.insert(node, Body::Frame(head));
                let mut inside = Vec::new();
                self.begin(Some(node), &mut inside, wires);
                for child in &shown.children {
                    inside.push(self.block(*child, drawn, wires)?);
                }
                Block {
                    id: node,
                    size,
                    frame: Some(Frame {
                        head: size.height + 4.0,
                        inside,
                    }),
                }
            }
        })
    }

    fn put(&self, sheet: &mut Sheet, node: usize, corner: Point, size: Size, body: Body) {
        let Some(shown) = self.tree.node(node) else {
            return;
        };
        let ink = self.ink(shown);
        match body {
            Body::Step(card) => sheet.put(corner, card.step(size, ink, shown.state.kind)),
            Body::Frame(card) => sheet.put(corner, card.frame(size, ink, 10.0)),
            Body::Ready(ready) => sheet.put(corner, ready),
            Body::History => {
                sheet.rectangle(corner, size, size.width / 2.0, ink);
                let deep = self.tree.workflow.is_deep_history(shown.name);
                let text = if deep { "H*" } else { "H" };
                let at = Point {
                    x: corner.x + if deep { 5.0 } else { 8.5 },
                    y: corner.y + 6.0,
                };
                sheet.write(at, text, TITLE, true, Ink::Quiet);
            }
        }
    }

    /// Draws regions side by side, and in further rows below when they do not fit the page.
    fn lanes(&self, node: usize) -> Result<Sheet, DrawError> {
        let Some(shown) = self.tree.node(node) else {
            return Ok(Sheet::default());
        };
        let mut regions = Vec::new();
        for region in &shown.children {
            regions.push(self.region(*region)?);
        }
        let rows = rows(&regions);
        let head = Card::of(self, node, HEAD_LINE);
        let widest = rows
            .iter()
            .map(|row| row.iter().map(|region| region.size.width).sum::<f64>())
            .fold(head.size.width, f64::max);
        let size = Size {
            width: widest,
            height: rows.iter().map(|row| height(row)).sum::<f64>() + head.size.height,
        };
        let mut y = head.size.height;
        let mut sheet = head.frame(size, self.ink(shown), 10.0);
        for row in rows {
            let (height, spare) = (
                height(&row),
                widest - row.iter().map(|region| region.size.width).sum::<f64>(),
            );
            let spare = spare / row.len().max(1) as f64;
            let border = |from: Point, to: Point| (vec![from, to], Ink::Border);
            let (line, ink) = border(Point { x: 0.0, y }, Point { x: widest, y });
            sheet.line(line, ink, false);
            let mut x = 0.0;
            let last = row.len().saturating_sub(1);
            for (number, region) in row.into_iter().enumerate() {
                let wide = region.size.width + spare;
                sheet.put(
                    Point {
                        x: x + spare / 2.0,
                        y,
                    },
                    region,
                );
                x += wide;
                if number < last {
                    let (line, ink) = border(Point { x, y }, Point { x, y: y + height });
                    sheet.line(line, ink, false);
                }
            }
            y += height;
        }
        Ok(sheet)
    }

    fn region(&self, node: usize) -> Result<Sheet, DrawError> {
        let Some(shown) = self.tree.node(node) else {
            return Ok(Sheet::default());
        };
        let head = Card::of(self, node, BOX_LINE);
        let inside = match shown.form {
            Form::Column => column::column(self, node),
            Form::Graph => self.graph(&shown.children, Some(node), Surface::Region(node))?,
            Form::Lanes => self.lanes(node)?,
            Form::Step | Form::Folded { .. } | Form::History => {
                // A region without an inside of its own is one box.
                let size = head.size;
                let mut sheet = Sheet::default();
                let at = Point {
                    x: REGION_GAP,
                    y: REGION_GAP,
                };
                sheet.put(at, head.step(size, self.ink(shown), shown.state.kind));
                sheet.size.width += REGION_GAP;
                sheet.size.height += REGION_GAP;
                return Ok(sheet);
            }
        };
        let width = (inside.size.width + 2.0 * REGION_GAP).max(head.size.width);
        let mut sheet = Sheet::of(Size { width, height: 0.0 });
        let below = head.size.height;
        if shown.form == Form::Lanes {
            sheet.put(
                Point {
                    x: REGION_GAP,
                    y: REGION_GAP,
                },
                inside,
            );
        } else {
            sheet.put(Point::default(), head.bare());
            let at = Point {
                x: (width - inside.size.width) / 2.0,
                y: below,
            };
            sheet.put(at, inside);
        }
        sheet.size.height += PADDING;
        Ok(sheet)
    }
}

/// What is drawn where a block lies.
enum Body {
    Step(Card),
    Frame(Card),
    Ready(Sheet),
    History,
}

fn height(row: &[Sheet]) -> f64 {
    row.iter()
        .map(|region| region.size.height)
        .fold(0.0, f64::max)
}

/// Distributes regions over as many rows as they need, in their order, and as evenly as that
/// allows.
fn rows(regions: &[Sheet]) -> Vec<Vec<Sheet>> {
    let widths: Vec<f64> = regions.iter().map(|region| region.size.width).collect();
    let widest = widths.iter().copied().fold(ROW_WIDTH, f64::max);
    let total: f64 = widths.iter().sum();
    let even = (total / (total / widest).ceil().max(1.0)) * 1.08;
    let room = even
        .max(widths.iter().copied().fold(0.0, f64::max))
        .min(widest.max(even));
    let mut rows: Vec<Vec<Sheet>> = Vec::new();
    let mut used = 0.0;
    for (region, width) in regions.iter().zip(widths) {
        if used + width > room || rows.is_empty() {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += width;
        if let Some(row) = rows.last_mut() {
            row.push(region.clone());
        }
    }
    rows
}

/// Height of one line of small writing.
pub(crate) const SMALL_LINE: f64 = SMALL * 1.32;
