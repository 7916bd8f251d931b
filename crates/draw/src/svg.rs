//! Shapes written down as SVG that stands alone: no font, style, script or picture from elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write;

use groundbreak_workflow::{Text, Workflow};

use crate::drawing::Drawing;
use crate::layout::{Point, Size};
use crate::legend::{self, WIDTH_MIN};
use crate::measure::clean;
use crate::palette::Ink;
use crate::sheet::{Shape, Sheet};
use crate::view::{DrawError, View};

const MARGIN: f64 = 18.0;
const FONTS: &str = "system-ui, -apple-system, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', sans-serif";

/// Draws a workflow, or where a case is in it, as SVG.
///
/// The picture stands alone, is the same for the same workflow and view, and shows titles, never
/// names. Whatever a title holds is text in it and nothing else.
///
/// # Errors
///
/// [`DrawError`] when the view names no state of the workflow, or sees more states than a picture
/// holds; and when the layout is not found.
pub fn svg(workflow: &Workflow, view: &View<'_>) -> Result<String, DrawError> {
    let drawing = Drawing::of(workflow, view)?;
    let chart = drawing.draw()?;
    let room = chart.size.width.max(WIDTH_MIN);
    let heading = legend::heading(&drawing, room);
    let legend = legend::legend(&drawing, room);
    let mut sheet = Sheet::default();
    let mut y = MARGIN;
    for (part, x) in [
        (heading, 0.0),
        (legend_gap(chart, room), 0.0),
        (legend, 0.0),
    ] {
        let height = part.size.height;
        sheet.put(Point { x: MARGIN + x, y }, part);
        y += height + 12.0;
    }
    let size = Size {
        width: room + 2.0 * MARGIN,
        height: y - 12.0 + MARGIN,
    };
    Ok(write(&sheet, size, &told(&drawing), view))
}

/// Puts the chart into the middle of the room.
fn legend_gap(chart: Sheet, room: f64) -> Sheet {
    let mut sheet = Sheet::default();
    let x = (room - chart.size.width) / 2.0;
    sheet.put(Point { x, y: 0.0 }, chart);
    sheet
}

/// What the picture is, for who does not see it: its name, and what it shows.
fn told(drawing: &Drawing<'_>) -> (String, String) {
    let language = drawing.view.language;
    let workflow = drawing.tree.workflow;
    let title = match drawing.view.only {
        Some(only) => workflow.state_title(only),
        None => workflow.title.clone(),
    };
    let here: Vec<String> = drawing
        .view
        .marks
        .iter()
        .flat_map(|marks| &marks.here)
        .filter(|state| {
            let inside = |other: &String| {
                workflow
                    .states
                    .get(other)
                    .and_then(|other| other.parent.as_ref())
                    == Some(*state)
            };
            !drawing
                .view
                .marks
                .is_some_and(|marks| marks.here.iter().any(inside))
        })
        .map(|state| clean(workflow.state_title(state).get(language)))
        .collect();
    let (steps, clocks) = (drawing.tree.nodes.len(), workflow.clocks.len());
    let mut shown = Text::new(
        format!("流程图：{steps} 个环节，{clocks} 个时限。"),
        format!("A chart of {steps} states and {clocks} clocks. "),
    );
    if !here.is_empty() {
        shown
            .zh
            .push_str(&format!("当前所在：{}。", here.join("、")));
        shown
            .en
            .push_str(&format!("The case is in: {}. ", here.join(", ")));
    }
    (
        clean(title.get(language)),
        shown.get(language).trim_end().to_owned(),
    )
}

fn write(sheet: &Sheet, size: Size, told: &(String, String), view: &View<'_>) -> String {
    let (width, height) = (size.width.ceil(), size.height.ceil());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title desc\" xml:lang=\"{lang}\" lang=\"{lang}\" font-family=\"{FONTS}\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n",
        escaped(&told.0),
        escaped(&told.1),
        lang = view.language.tag(),
    );
    style(&mut out, sheet);
    let paper = Shape::Rectangle {
        at: Point::default(),
        size: Size { width, height },
        radius: 0.0,
        ink: Ink::Paper,
    };
    for shape in std::iter::once(&paper).chain(&sheet.shapes) {
        self::shape(&mut out, shape);
    }
    out.push_str("</svg>\n");
    out
}

/// Colours for dark paper. Those for light paper stand at the shapes themselves, so that a reader
/// which allows no styles sees them; and paper that is printed on is light.
fn style(out: &mut String, sheet: &Sheet) {
    let used: BTreeSet<Ink> = sheet
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Rectangle { ink, .. }
            | Shape::Line { ink, .. }
            | Shape::Writing { ink, .. }
            | Shape::Sign { ink, .. } => Some(*ink),
            Shape::Begin(_) | Shape::End => None,
        })
        .chain([Ink::Paper])
        .collect();
    out.push_str("<style>@media screen and (prefers-color-scheme:dark){");
    let mut rules: BTreeSet<String> = BTreeSet::new();
    for ink in Ink::all().filter(|ink| used.iter().any(|used| used.class() == ink.class())) {
        let (fill, stroke) = ink.dark();
        let class = ink.class();
        rules.insert(format!(".{class}{{fill:{fill};stroke:{stroke}}}"));
        // The head of an arrow is filled with the colour of its line.
        if stroke != "none" {
            rules.insert(format!(".{class}-head{{fill:{stroke}}}"));
        }
    }
    for rule in rules {
        out.push_str(&rule);
    }
    out.push_str("}</style>\n");
}

fn shape(out: &mut String, shape: &Shape) {
    // Writing to a string does not fail.
    let _ = match shape {
        Shape::Rectangle {
            at,
            size,
            radius,
            ink,
        } => writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"{}/>",
            Short(at.x),
            Short(at.y),
            Short(size.width),
            Short(size.height),
            Short(*radius),
            painted(*ink),
        ),
        Shape::Line { points, ink, arrow } => line(out, points, *ink, *arrow),
        Shape::Writing {
            at,
            text,
            ink,
            size,
            bold,
        } => writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{}{}>{}</text>",
            Short(at.x),
            Short(at.y),
            Short(*size),
            if *bold { " font-weight=\"600\"" } else { "" },
            painted(*ink),
            escaped(text),
        ),
        Shape::Sign { at, sign, ink } => writeln!(
            out,
            "<path d=\"{}\" transform=\"translate({} {})\"{}/>",
            sign.outline(),
            Short(at.x),
            Short(at.y),
            painted_evenly(*ink),
        ),
        Shape::Begin(told) => writeln!(out, "<g><title>{}</title>", escaped(told)),
        Shape::End => writeln!(out, "</g>"),
    };
}

/// Writes a line with rounded corners, and its head.
fn line(out: &mut String, points: &[Point], ink: Ink, arrow: bool) -> std::fmt::Result {
    const RADIUS: f64 = 5.0;
    const HEAD: f64 = 7.0;
    let [first, .., last] = points else {
        return Ok(());
    };
    let toward = |from: Point, to: Point, length: f64| {
        let (x, y) = (to.x - from.x, to.y - from.y);
        let whole = x.hypot(y);
        let share = if whole > 0.0 {
            (length / whole).min(0.5)
        } else {
            0.0
        };
        Point {
            x: from.x + x * share,
            y: from.y + y * share,
        }
    };
    let mut way = format!("M{} {}", Short(first.x), Short(first.y));
    for corner in points.windows(3) {
        let [before, at, after] = corner else {
            continue;
        };
        let (enter, leave) = (toward(*at, *before, RADIUS), toward(*at, *after, RADIUS));
        write!(
            way,
            "L{} {}Q{} {} {} {}",
            Short(enter.x),
            Short(enter.y),
            Short(at.x),
            Short(at.y),
            Short(leave.x),
            Short(leave.y)
        )?;
    }
    write!(way, "L{} {}", Short(last.x), Short(last.y))?;
    writeln!(out, "<path d=\"{way}\"{}/>", painted(ink))?;
    let before = points.iter().rev().find(|point| *point != last);
    if let (true, Some(before)) = (arrow, before) {
        let (x, y) = (last.x - before.x, last.y - before.y);
        let length = x.hypot(y);
        let (x, y) = (x / length * HEAD, y / length * HEAD);
        writeln!(
            out,
            "<path d=\"M{} {}L{} {}L{} {}Z\" class=\"{}-head\" fill=\"{}\"/>",
            Short(last.x),
            Short(last.y),
            Short(last.x - x + y * 0.5),
            Short(last.y - y - x * 0.5),
            Short(last.x - x - y * 0.5),
            Short(last.y - y + x * 0.5),
            ink.class(),
            ink.light().stroke,
        )?;
    }
    Ok(())
}

fn painted(ink: Ink) -> String {
    let paint = ink.light();
    let mut attributes = format!(" class=\"{}\" fill=\"{}\"", ink.class(), paint.fill);
    if paint.stroke != "none" {
        attributes.push_str(&format!(
            " stroke=\"{}\" stroke-width=\"{}\"",
            paint.stroke, paint.width
        ));
        if !paint.dash.is_empty() {
            attributes.push_str(&format!(" stroke-dasharray=\"{}\"", paint.dash));
        }
    }
    attributes
}

fn painted_evenly(ink: Ink) -> String {
    format!("{} fill-rule=\"evenodd\"", painted(ink))
}

/// A number as it is written down: at most one digit behind the point.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round() / 10.0;
        // No minus before a zero.
        write!(f, "{}", if tenths == 0.0 { 0.0 } else { tenths })
    }
}

/// Returns a text as it stands in XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
