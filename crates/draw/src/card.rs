//! What stands in the box of a state, and on an arrow.

use groundbreak_workflow::{Language, StateKind, Text};

use crate::arcs::{Arc, NoteKind};
use crate::drawing::Drawing;
use crate::layout::{Point, Size};
use crate::measure::{clean, width, wrap};
use crate::palette::Ink;
use crate::sheet::{SIGN, Sheet, Sign};
use crate::timing::{Border, Turn};
use crate::tree::Form;

/// Sizes of letters.
pub(crate) const TITLE: f64 = 13.0;
pub(crate) const SMALL: f64 = 11.0;
/// Room between the outline of a box and what stands in it.
const INSET: f64 = 8.0;
/// The least width of a box.
const WIDTH_MIN: f64 = 92.0;
/// Lines of a title.
const TITLE_LINES: usize = 3;
/// Notes that stand in a box; more are counted.
const NOTES_MAX: usize = 6;
/// Clocks that are named one by one where as many things happen to them; more share a badge.
const BADGES_MAX: usize = 2;
/// Height of a badge.
const BADGE: f64 = 16.0;

/// One line of a box.
enum Row {
    Writing {
        text: String,
        size: f64,
        bold: bool,
        ink: Ink,
        sign: Option<(Sign, Ink)>,
    },
    Badges(Vec<Badge>),
}

/// A clock, and what happens to it here.
#[derive(Clone)]
pub(crate) struct Badge {
    pub(crate) sign: Sign,
    pub(crate) text: String,
    pub(crate) ink: Ink,
}

/// What stands in a box.
pub(crate) struct Card {
    rows: Vec<Row>,
    told: String,
    pub(crate) size: Size,
}

impl Row {
    fn height(&self) -> f64 {
        match self {
            Self::Writing { size, .. } => size * 1.32,
            Self::Badges(_) => BADGE + 3.0,
        }
    }

    fn width(&self) -> f64 {
        match self {
            Self::Writing {
                text,
                size,
                bold,
                sign,
                ..
            } => {
                // Bold letters are wider.
                let wide = width(text, *size) * if *bold { 1.06 } else { 1.0 };
                wide + if sign.is_some() { SIGN + 4.0 } else { 0.0 }
            }
            Self::Badges(badges) => badges.iter().map(|badge| badge.width() + 3.0).sum(),
        }
    }
}

impl Badge {
    pub(crate) fn width(&self) -> f64 {
        let text = if self.text.is_empty() {
            0.0
        } else {
            // Bold.
            width(&self.text, SMALL) * 1.12 + 4.0
        };
        5.0 + SIGN + text + 6.0
    }

    pub(crate) fn draw(&self, sheet: &mut Sheet, at: Point) {
        let size = Size {
            width: self.width(),
            height: BADGE,
        };
        sheet.rectangle(at, size, BADGE / 2.0, self.ink);
        let sign = Point {
            x: at.x + 5.0,
            y: at.y + (BADGE - SIGN) / 2.0,
        };
        sheet.sign(sign, self.sign, Ink::OnClock);
        let text = Point {
            x: at.x + 5.0 + SIGN + 4.0,
            y: at.y + (BADGE - SMALL * 1.1) / 2.0,
        };
        sheet.write(text, &self.text, SMALL, true, Ink::OnClock);
    }
}

impl Card {
    /// Returns what stands in the box of a state: its title, the clocks that start or stop there,
    /// and what is told in words.
    pub(crate) fn of(drawing: &Drawing<'_>, node: usize, line_width: f64) -> Self {
        Self::with(drawing, node, &[], line_width)
    }

    /// Returns the same, and more that is told in words.
    pub(crate) fn with(
        drawing: &Drawing<'_>,
        node: usize,
        more: &[(NoteKind, String)],
        line_width: f64,
    ) -> Self {
        let Some(shown) = drawing.tree.node(node) else {
            return Self::new(Vec::new(), String::new());
        };
        let language = drawing.view.language;
        let title = clean(shown.state.title.get(language));
        let mut rows = Vec::new();
        let quiet = shown.state.aside && !drawing.is_here(shown.name);
        let mut signs = drawing.signs(shown).into_iter();
        let room = line_width - if signs.len() > 0 { SIGN + 4.0 } else { 0.0 };
        for (line, text) in wrap(&title, TITLE, room, TITLE_LINES)
            .into_iter()
            .enumerate()
        {
            rows.push(Row::Writing {
                text,
                size: TITLE,
                bold: !quiet,
                ink: if quiet { Ink::Quiet } else { Ink::Strong },
                sign: if line == 0 { signs.next() } else { None },
            });
        }
        if let Form::Folded { states, regions } = shown.form {
            let mut first = true;
            for text in wrap(
                &folded(states, regions, language),
                SMALL,
                line_width - SIGN,
                2,
            ) {
                let sign = Some(Sign::Folded).filter(|_| first);
                first = false;
                rows.push(Row::small(text, sign));
            }
        }
        rows.extend(badge_rows(badges(drawing, node), line_width));
        let inside = drawing.timing.inside(node);
        if !inside.is_empty() {
            let numbers = numbers(inside, language);
            let said = Text::new(
                format!("其中的时限：{numbers}"),
                format!("clocks inside: {numbers}"),
            );
            rows.extend(
                wrap(said.get(language), SMALL, line_width, 2)
                    .into_iter()
                    .map(|text| Row::small(text, None)),
            );
        }
        let mut notes = notes(drawing, node);
        notes.extend_from_slice(more);
        rows.extend(note_rows(&notes, language, line_width));
        let around = drawing
            .tree
            .outwards(node)
            .skip(1)
            .filter_map(|outer| drawing.tree.node(outer))
            .map(|outer| clean(outer.state.title.get(language)));
        let path: Vec<String> = std::iter::once(title).chain(around).collect();
        Self::new(rows, path.join(" ‹ "))
    }

    fn new(rows: Vec<Row>, told: String) -> Self {
        let widest = rows.iter().map(Row::width).fold(0.0, f64::max);
        let height: f64 = rows.iter().map(Row::height).sum();
        Self {
            rows,
            told,
            size: Size {
                width: (widest + 2.0 * INSET).max(WIDTH_MIN).ceil(),
                height: (height + 2.0 * INSET - 3.0).ceil(),
            },
        }
    }

    /// Draws the box as a step.
    pub(crate) fn step(self, size: Size, ink: Ink, kind: StateKind) -> Sheet {
        let mut sheet = self.frame(size, ink, 7.0);
        if kind == StateKind::Final {
            // A second outline inside the first says that it ends here.
            let inner = Size {
                width: size.width - 5.0,
                height: size.height - 5.0,
            };
            sheet.shapes.insert(
                2,
                crate::sheet::Shape::Rectangle {
                    at: Point { x: 2.5, y: 2.5 },
                    size: inner,
                    radius: 5.0,
                    ink,
                },
            );
        }
        sheet
    }

    /// Draws the box with room for what is inside.
    pub(crate) fn frame(self, size: Size, ink: Ink, radius: f64) -> Sheet {
        let mut sheet = Sheet::of(size);
        sheet
            .shapes
            .push(crate::sheet::Shape::Begin(self.told.clone()));
        sheet.rectangle(Point::default(), size, radius, ink);
        self.write(&mut sheet);
        sheet.shapes.push(crate::sheet::Shape::End);
        sheet
    }

    /// Writes what stands in the box, without a box.
    pub(crate) fn bare(self) -> Sheet {
        let mut sheet = Sheet::of(self.size);
        self.write(&mut sheet);
        sheet
    }

    fn write(self, sheet: &mut Sheet) {
        let mut y = INSET - 1.0;
        for row in self.rows {
            let height = row.height();
            let mut x = INSET;
            match row {
                Row::Writing {
                    text,
                    size,
                    bold,
                    ink,
                    sign,
                } => {
                    if let Some((sign, ink)) = sign {
                        let at = Point {
                            x,
                            y: y + (size * 1.15 - SIGN) / 2.0,
                        };
                        sheet.sign(at, sign, ink);
                        x += SIGN + 4.0;
                    }
                    sheet.write(Point { x, y }, &text, size, bold, ink);
                }
                Row::Badges(badges) => {
                    for badge in badges {
                        badge.draw(sheet, Point { x, y: y + 1.0 });
                        x += badge.width() + 3.0;
                    }
                }
            }
            y += height;
        }
    }

    /// Returns what is written on an arrow: what leads along it, and who may.
    pub(crate) fn of_arc(drawing: &Drawing<'_>, arc: &Arc, line_width: f64) -> Option<Self> {
        let language = drawing.view.language;
        let mut rows = Vec::new();
        for way in &arc.ways {
            let sign = way.wait.then_some((Sign::Wait, Ink::Quiet));
            let said = clean(way.said.get(language));
            for (line, text) in wrap(&said, SMALL, line_width, 2).into_iter().enumerate() {
                rows.push(Row::Writing {
                    text,
                    size: SMALL,
                    bold: !way.aside && way.by.is_some(),
                    ink: if way.aside { Ink::Quiet } else { Ink::Strong },
                    sign: if line == 0 { sign } else { None },
                });
            }
            if let Some(by) = &way.by {
                let by = clean(by.get(language));
                rows.extend(
                    wrap(&by, SMALL - 1.0, line_width, 2)
                        .into_iter()
                        .map(|text| Row::Writing {
                            text,
                            size: SMALL - 1.0,
                            bold: false,
                            ink: Ink::Quiet,
                            sign: None,
                        }),
                );
            }
        }
        if rows.is_empty() {
            return None;
        }
        let mut card = Self::new(rows, String::new());
        let widest = card.rows.iter().map(Row::width).fold(0.0, f64::max);
        card.size = Size {
            width: (widest + 2.0 * INSET).ceil(),
            height: (card.rows.iter().map(Row::height).sum::<f64>() + 8.0).ceil(),
        };
        Some(card)
    }
}

impl Row {
    fn small(text: String, sign: Option<Sign>) -> Self {
        Self::Writing {
            text,
            size: SMALL,
            bold: false,
            ink: Ink::Quiet,
            sign: sign.map(|sign| (sign, Ink::Quiet)),
        }
    }
}

fn folded(states: usize, regions: usize, language: Language) -> String {
    let said = if regions > 0 {
        Text::new(
            format!("{regions} 线并行，共 {states} 个环节"),
            format!("{regions} lanes, {states} steps"),
        )
    } else {
        Text::new(
            format!("内含 {states} 个环节"),
            format!("{states} steps inside"),
        )
    };
    said.get(language).to_owned()
}

/// Returns numbers as one reads them: `1–4、7`.
fn numbers(numbers: &[usize], language: Language) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let runs: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}–{last}")
            }
        })
        .collect();
    runs.join(match language {
        Language::Zh => "、",
        Language::En => ", ",
    })
}

fn badges(drawing: &Drawing<'_>, node: usize) -> Vec<Badge> {
    let language = drawing.view.language;
    let mut badges = Vec::new();
    for (turn, clocks) in drawing.timing.at(node) {
        let (sign, leaving) = match turn {
            Turn::Start(border) => (Sign::Start, *border == Border::Leaving),
            Turn::Stop(border) => (Sign::Stop, *border == Border::Leaving),
            Turn::Cancel(border) => (Sign::Cancel, *border == Border::Leaving),
            Turn::Pause => (Sign::Pause, false),
        };
        let leaving = Text::new("离开时 ", "on leaving ")
            .get(language)
            .repeat(usize::from(leaving));
        if clocks.len() > BADGES_MAX {
            badges.push(Badge {
                sign,
                text: format!("{leaving}{}", numbers(clocks, language)),
                ink: Ink::Clocks,
            });
            continue;
        }
        for number in clocks {
            let budget = match turn {
                Turn::Start(_) => drawing
                    .tree
                    .workflow
                    .clocks
                    .values()
                    .nth(number - 1)
                    .map(|clock| format!(" · {}", clock.policy.goal.text().get(language))),
                _ => None,
            };
            badges.push(Badge {
                sign,
                text: format!("{leaving}{number}{}", budget.unwrap_or_default()),
                ink: Ink::Clock(number - 1),
            });
        }
    }
    badges
}

fn badge_rows(badges: Vec<Badge>, line_width: f64) -> Vec<Row> {
    let mut rows: Vec<Vec<Badge>> = Vec::new();
    let mut used = 0.0;
    for badge in badges {
        let wide = badge.width() + 3.0;
        if used + wide > line_width || rows.is_empty() {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += wide;
        if let Some(row) = rows.last_mut() {
            row.push(badge);
        }
    }
    rows.into_iter().map(Row::Badges).collect()
}

fn notes(drawing: &Drawing<'_>, node: usize) -> Vec<(NoteKind, String)> {
    let notes = drawing.ways.notes_of(node).iter();
    notes
        .map(|note| (note.kind, note.said.get(drawing.view.language).to_owned()))
        .collect()
}

fn note_rows(notes: &[(NoteKind, String)], language: Language, line_width: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, said) in notes.iter().take(NOTES_MAX) {
        let said = match kind {
            NoteKind::Stays => format!("· {}", clean(said)),
            NoteKind::Leads => clean(said),
            NoteKind::Comes => format!("← {}", clean(said)),
        };
        let lines = wrap(&said, SMALL, line_width, 2);
        rows.extend(lines.into_iter().map(|text| Row::small(text, None)));
    }
    let more = notes.len().saturating_sub(NOTES_MAX);
    if more > 0 {
        let said = Text::new(format!("另有 {more} 条"), format!("{more} more"));
        rows.push(Row::small(said.get(language).to_owned(), None));
    }
    rows
}
