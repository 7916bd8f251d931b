//! Where boxes and arrows lie. All that is known of the layout library is known here; see
//! docs/decisions/0012-pictures-by-elkrs.md.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use crate::view::DrawError;

/// A box, before it has a place.
pub(crate) struct Block {
    pub(crate) id: usize,
    /// Its size; for a frame, the least.
    pub(crate) size: Size,
    /// Boxes inside, and how much room is above them.
    pub(crate) frame: Option<Frame>,
}

/// What makes a box a frame.
pub(crate) struct Frame {
    pub(crate) head: f64,
    pub(crate) inside: Vec<Block>,
}

/// An arrow, before it has a way.
pub(crate) struct Wire {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The size of what is written on it, when something is.
    pub(crate) label: Option<Size>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// Where everything lies, from the upper left corner.
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) size: Size,
    /// Box by its id: corner and size.
    pub(crate) boxes: BTreeMap<usize, (Point, Size)>,
    /// By arrow, in the order they were given: its corners, and the corner of what is written on
    /// it.
    pub(crate) wires: Vec<Way>,
}

/// Room between a frame and what is inside.
pub(crate) const PADDING: f64 = 14.0;

/// Finds a place for every box and a way for every arrow: in layers downwards, with right angles.
///
/// The same boxes and arrows lie in the same places, always.
///
/// # Errors
///
/// [`DrawError::NotLaidOut`] when the library does not find one.
pub(crate) fn place(boxes: &[Block], wires: &[Wire]) -> Result<Places, DrawError> {
    let graph = json!({
        "id": "whole",
        "layoutOptions": {
            "elk.algorithm": "layered",
            "elk.direction": "DOWN",
            "elk.hierarchyHandling": "INCLUDE_CHILDREN",
            "elk.edgeRouting": "ORTHOGONAL",
            "elk.randomSeed": "1",
            "elk.padding": "[top=4,left=4,bottom=4,right=4]",
            "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
            "elk.layered.considerModelOrder.strategy": "PREFER_NODES",
            "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
            "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
            "elk.layered.spacing.nodeNodeBetweenLayers": "22",
            "elk.layered.spacing.edgeNodeBetweenLayers": "12",
            "elk.layered.spacing.edgeEdgeBetweenLayers": "10",
            "elk.spacing.nodeNode": "26",
            "elk.spacing.edgeNode": "14",
            "elk.spacing.edgeEdge": "12",
            "elk.spacing.edgeLabel": "4",
            "elk.spacing.componentComponent": "26",
        },
        "children": boxes.iter().map(written).collect::<Vec<_>>(),
        "edges": wires.iter().enumerate().map(edge).collect::<Vec<_>>(),
    });
    // The library is a translation that may fail in places where its model throws. A picture is
    // not worth a process.
    let laid = catch_unwind(AssertUnwindSafe(|| {
        elkrs::create_elk().layout_json(&graph.to_string())
    }));
    let laid = match laid {
        Ok(Ok(laid)) => laid,
        Ok(Err(_)) | Err(_) => return Err(DrawError::NotLaidOut),
    };
    read(&laid, boxes, wires).ok_or(DrawError::NotLaidOut)
}

fn written(one: &Block) -> Value {
    let id = name(one.id);
    let Size { width, height } = one.size;
    match &one.frame {
        None => json!({ "id": id, "width": width, "height": height }),
        Some(frame) => json!({
            "id": id,
            "layoutOptions": {
                "elk.padding": format!(
                    "[top={},left={PADDING},bottom={PADDING},right={PADDING}]",
                    frame.head
                ),
                "elk.nodeSize.constraints": "MINIMUM_SIZE",
                "elk.nodeSize.minimum": format!("({width},{height})"),
            },
            "children": frame.inside.iter().map(written).collect::<Vec<_>>(),
        }),
    }
}

fn edge((number, wire): (usize, &Wire)) -> Value {
    let labels: Vec<Value> = wire
        .label
        .iter()
        .map(|size| {
            json!({
                "id": format!("label{number}"),
                "text": " ",
                "width": size.width,
                "height": size.height,
            })
        })
        .collect();
    json!({
        "id": format!("edge{number}"),
        "sources": [name(wire.from)],
        "targets": [name(wire.to)],
        "labels": labels,
    })
}

fn name(id: usize) -> String {
    format!("box{id}")
}

fn read(laid: &Value, boxes: &[Block], wires: &[Wire]) -> Option<Places> {
    let mut places = Places {
        size: size(laid)?,
        ..Places::default()
    };
    let mut found = BTreeMap::new();
    read_frame(laid, boxes, Point::default(), &mut places, &mut found)?;
    for number in 0..wires.len() {
        places.wires.push(found.remove(&format!("edge{number}"))?);
    }
    Some(places)
}

/// The corners of an arrow, and the corner of what is written on it.
type Way = (Vec<Point>, Option<Point>);

/// Reads what lies in a frame: boxes, and the arrows the frame is the innermost around. Both are
/// measured from its corner.
fn read_frame(
    laid: &Value,
    boxes: &[Block],
    origin: Point,
    places: &mut Places,
    found: &mut BTreeMap<String, Way>,
) -> Option<()> {
    for edge in laid
        .get("edges")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let id = edge.get("id")?.as_str()?;
        found.insert(id.to_owned(), read_edge(edge, origin)?);
    }
    let children = laid.get("children").and_then(Value::as_array);
    let children = children.map_or(&[][..], Vec::as_slice);
    for (child, one) in children.iter().zip(boxes) {
        let corner = point(child, origin)?;
        places.boxes.insert(one.id, (corner, size(child)?));
        let inside = one.frame.as_ref().map_or(&[][..], |frame| &frame.inside);
        read_frame(child, inside, corner, places, found)?;
    }
    (children.len() == boxes.len()).then_some(())
}

fn read_edge(edge: &Value, origin: Point) -> Option<Way> {
    let at = |value: &Value| point(value, origin);
    let mut corners = Vec::new();
    for section in edge.get("sections")?.as_array()? {
        corners.push(at(section.get("startPoint")?)?);
        let bends = section.get("bendPoints").and_then(Value::as_array);
        for bend in bends.into_iter().flatten() {
            corners.push(at(bend)?);
        }
        corners.push(at(section.get("endPoint")?)?);
    }
    let labels = edge.get("labels").and_then(Value::as_array);
    let label = labels.and_then(|labels| labels.first()).and_then(at);
    Some((corners, label))
}

fn size(value: &Value) -> Option<Size> {
    Some(Size {
        width: number(value, "width")?,
        height: number(value, "height")?,
    })
}

fn point(value: &Value, origin: Point) -> Option<Point> {
    Some(Point {
        x: origin.x + number(value, "x")?,
        y: origin.y + number(value, "y")?,
    })
}

fn number(value: &Value, key: &str) -> Option<f64> {
    value.get(key)?.as_f64().filter(|number| number.is_finite())
}
