//! What stands around a picture: whose it is, what its signs mean, and its clocks by number.

use groundbreak_workflow::{Language, Text};

use crate::card::{Badge, SMALL};
use crate::drawing::Drawing;
use crate::layout::{Point, Size};
use crate::measure::{clean, width, wrap};
use crate::palette::Ink;
use crate::sheet::{SIGN, Sheet, Sign};
use crate::timing::{effect, when};
use crate::tree::Form;
use crate::view::ClockMark;

const HEADING: f64 = 18.0;
const TEXT: f64 = 12.0;
const LINE: f64 = 18.0;
/// The least width of the whole picture: the legend must fit.
pub(crate) const WIDTH_MIN: f64 = 620.0;
/// The narrowest a column of clocks may be.
const CLOCK_WIDTH: f64 = 380.0;

/// Returns the heading: the workflow, or the state that is drawn, and the case.
pub(crate) fn heading(drawing: &Drawing<'_>, room: f64) -> Sheet {
    let language = drawing.view.language;
    let workflow = drawing.tree.workflow;
    let version = workflow.version;
    let name = clean(workflow.title.get(language));
    let title = match drawing.view.only {
        Some(only) => format!(
            "{name} › {}",
            clean(workflow.state_title(only).get(language))
        ),
        None => name,
    };
    let mut sheet = Sheet::default();
    let mut y = 0.0;
    for text in wrap(&title, HEADING, room, 2) {
        sheet.write(Point { x: 0.0, y }, &text, HEADING, true, Ink::Strong);
        y += HEADING * 1.4;
    }
    let mut said = vec![
        Text::new(
            format!("流程图 · 第 {version} 版"),
            format!("workflow chart · version {version}"),
        )
        .get(language)
        .to_owned(),
    ];
    if let Some(marks) = drawing.view.marks {
        said.push(clean(&marks.heading));
    }
    let folded = drawing
        .tree
        .nodes
        .iter()
        .any(|node| matches!(node.form, Form::Folded { .. }));
    if folded {
        let text = Text::new("带 + 的环节已折叠", "steps with a + are folded");
        said.push(text.get(language).to_owned());
    }
    for text in wrap(&said.join(" · "), TEXT, room, 2) {
        sheet.write(Point { x: 0.0, y }, &text, TEXT, false, Ink::Quiet);
        y += LINE;
    }
    sheet.size = Size {
        width: room,
        height: y + 6.0,
    };
    sheet
}

/// Returns what the signs mean, and the clocks of the workflow.
pub(crate) fn legend(drawing: &Drawing<'_>, room: f64) -> Sheet {
    let mut sheet = Sheet::default();
    let mut y = signs(drawing, &mut sheet, room);
    let clocks = drawing.tree.workflow.clocks.len();
    if clocks == 0 {
        sheet.size = Size {
            width: room,
            height: y,
        };
        return sheet;
    }
    y += 4.0;
    let title = Text::new("时限", "Clocks");
    let title = title.get(drawing.view.language);
    sheet.write(Point { x: 0.0, y }, title, TEXT + 1.0, true, Ink::Strong);
    y += LINE + 2.0;
    let columns = (1..=3)
        .rev()
        .find(|columns| room / f64::from(*columns) >= CLOCK_WIDTH)
        .unwrap_or(1);
    let wide = room / f64::from(columns);
    // Down the columns, as one reads a list.
    let rows = clocks.div_ceil(usize::try_from(columns).unwrap_or(1));
    let mut bottom = y;
    let mut at = Point { x: 0.0, y };
    for number in 0..clocks {
        if number > 0 && number % rows == 0 {
            at = Point { x: at.x + wide, y };
        }
        at.y = clock(drawing, &mut sheet, number, at, wide - 16.0);
        bottom = bottom.max(at.y);
    }
    sheet.size = Size {
        width: room,
        height: bottom,
    };
    sheet
}

/// Writes one clock; returns where the next begins.
fn clock(drawing: &Drawing<'_>, sheet: &mut Sheet, number: usize, at: Point, room: f64) -> f64 {
    let language = drawing.view.language;
    let workflow = drawing.tree.workflow;
    let Some((name, clock)) = workflow.clocks.get_index(number) else {
        return at.y;
    };
    let badge = Badge {
        sign: Sign::Start,
        text: (number + 1).to_string(),
        ink: Ink::Clock(number),
    };
    badge.draw(sheet, at);
    let mut x = at.x + 46.0;
    let mark = drawing.view.marks.and_then(|marks| marks.clocks.get(name));
    if let Some(mark) = mark {
        let (sign, ink) = light(*mark);
        sheet.sign(Point { x, y: at.y + 3.0 }, sign, ink);
        let word = mark.text();
        let word = word.get(language);
        sheet.write(
            Point {
                x: x + SIGN + 4.0,
                y: at.y + 1.0,
            },
            word,
            TEXT,
            true,
            ink,
        );
        x += SIGN + 4.0 + width(word, TEXT) + 8.0;
    }
    let between = match language {
        Language::Zh => "：",
        Language::En => ": ",
    };
    let title = format!(
        "{}{between}{}（{}）",
        clean(clock.title.get(language)),
        clock.policy.goal.text().get(language),
        effect(clock.effect).get(language),
    );
    let title = match language {
        Language::Zh => title,
        Language::En => title.replace('（', " (").replace('）', ")"),
    };
    let mut y = at.y;
    for text in wrap(&title, TEXT, at.x + room - x, 2) {
        sheet.write(Point { x, y: y + 1.0 }, &text, TEXT, true, Ink::Strong);
        y += LINE - 1.0;
        x = at.x + 46.0;
    }
    let (start, stop) = (when(workflow, &clock.start), when(workflow, &clock.stop));
    let said = Text::new(
        format!("{}起，{}止", start.zh, stop.zh),
        format!("from {}, to {}", start.en, stop.en),
    );
    for text in wrap(&clean(said.get(language)), SMALL, room - 46.0, 2) {
        sheet.write(
            Point {
                x: at.x + 46.0,
                y: y + 1.0,
            },
            &text,
            SMALL,
            false,
            Ink::Quiet,
        );
        y += SMALL * 1.35;
    }
    y + 6.0
}

fn light(mark: ClockMark) -> (Sign, Ink) {
    match mark {
        ClockMark::OnTrack => (Sign::Circle, Ink::Green),
        ClockMark::DueSoon => (Sign::Triangle, Ink::Yellow),
        ClockMark::Overdue => (Sign::Square, Ink::Red),
        ClockMark::Paused => (Sign::Pause, Ink::Grey),
        ClockMark::Met => (Sign::Been, Ink::Green),
        ClockMark::Missed => (Sign::Cancel, Ink::Red),
        ClockMark::Void => (Sign::Ring, Ink::Grey),
    }
}

/// Writes what the signs mean, in as many lines as that takes; returns what is below.
fn signs(drawing: &Drawing<'_>, sheet: &mut Sheet, room: f64) -> f64 {
    let language = drawing.view.language;
    let mut entries: Vec<(Sign, Ink, Text)> = vec![
        (Sign::Initial, Ink::Strong, Text::new("开始", "begins")),
        (Sign::Final, Ink::Quiet, Text::new("结束", "ends")),
    ];
    let nodes = &drawing.tree.nodes;
    if nodes
        .iter()
        .any(|node| matches!(node.form, Form::Folded { .. }))
    {
        entries.push((Sign::Folded, Ink::Quiet, Text::new("已折叠", "folded")));
    }
    if drawing.view.marks.is_some() {
        entries.push((
            Sign::Here,
            Ink::Here,
            Text::new("当前所在", "the case is here"),
        ));
        entries.push((
            Sign::Been,
            Ink::Green,
            Text::new("已经过", "it has been here"),
        ));
    }
    if !drawing.tree.workflow.clocks.is_empty() {
        entries.extend([
            (
                Sign::Start,
                Ink::Quiet,
                Text::new("时限起算", "a clock starts"),
            ),
            (
                Sign::Stop,
                Ink::Quiet,
                Text::new("时限停止", "a clock stops"),
            ),
            (
                Sign::Pause,
                Ink::Quiet,
                Text::new("时限暂停", "a clock stands still"),
            ),
            (
                Sign::Cancel,
                Ink::Quiet,
                Text::new("时限作废", "a clock is void"),
            ),
        ]);
    }
    entries.push((
        Sign::Wait,
        Ink::Quiet,
        Text::new("到时自动", "by itself after a time"),
    ));
    let mut at = Point::default();
    for (sign, ink, text) in entries {
        let text = text.get(language);
        let wide = SIGN + 5.0 + width(text, TEXT) + 18.0;
        if at.x + wide > room {
            at = Point {
                x: 0.0,
                y: at.y + LINE,
            };
        }
        sheet.sign(
            Point {
                x: at.x,
                y: at.y + 2.5,
            },
            sign,
            ink,
        );
        sheet.write(
            Point {
                x: at.x + SIGN + 5.0,
                y: at.y,
            },
            text,
            TEXT,
            false,
            Ink::Quiet,
        );
        at.x += wide;
    }
    let dashed = Text::new(
        "虚线框、虚线箭头：旁支",
        "dashed boxes and arrows: off the main path",
    );
    let dashed = dashed.get(language);
    let wide = 30.0 + width(dashed, TEXT);
    if at.x + wide > room {
        at = Point {
            x: 0.0,
            y: at.y + LINE,
        };
    }
    let (x, y) = (at.x, at.y + 8.0);
    sheet.line(
        vec![Point { x, y }, Point { x: x + 22.0, y }],
        Ink::WireAside,
        true,
    );
    sheet.write(
        Point {
            x: x + 28.0,
            y: at.y,
        },
        dashed,
        TEXT,
        false,
        Ink::Quiet,
    );
    at.y + LINE
}
