//! Shapes and texts with their places, before they are written down.

use crate::layout::{Point, Size};
use crate::palette::Ink;

/// A part of a picture: shapes measured from its own upper left corner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) size: Size,
    pub(crate) shapes: Vec<Shape>,
}

/// One thing on a sheet. Later ones cover earlier ones.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Rectangle {
        at: Point,
        size: Size,
        radius: f64,
        ink: Ink,
    },
    Line {
        points: Vec<Point>,
        ink: Ink,
        /// Whether it ends in a head.
        arrow: bool,
    },
    /// `at` is where the line of writing begins.
    Writing {
        at: Point,
        text: String,
        ink: Ink,
        size: f64,
        bold: bool,
    },
    /// `at` is the upper left corner of a square of [`SIGN`].
    Sign {
        at: Point,
        sign: Sign,
        ink: Ink,
    },
    /// What follows up to [`Shape::End`] is one thing, and is told like this.
    Begin(String),
    End,
}

/// How large a sign is.
pub(crate) const SIGN: f64 = 10.0;

/// A small sign that does not depend on any font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A clock starts.
    Start,
    /// A clock stops.
    Stop,
    /// A clock ends without a verdict.
    Cancel,
    /// Clocks stand still.
    Pause,
    /// A time must pass.
    Wait,
    /// It begins here.
    Initial,
    /// It ends here.
    Final,
    /// The case has been here.
    Been,
    /// The case is here.
    Here,
    /// There is more inside.
    Folded,
    /// Lights: a circle, a triangle, a square, a ring.
    Circle,
    Triangle,
    Square,
    Ring,
}

impl Sign {
    /// Its outline in a square of [`SIGN`], as SVG writes paths.
    pub(crate) const fn outline(self) -> &'static str {
        match self {
            Self::Start => "M2 1L9 5L2 9Z",
            Self::Stop | Self::Square => "M1.5 1.5H8.5V8.5H1.5Z",
            Self::Cancel => {
                "M2.4 1L5 3.6L7.6 1L9 2.4L6.4 5L9 7.6L7.6 9L5 6.4L2.4 9L1 7.6L3.6 5L1 2.4Z"
            }
            Self::Pause => "M1.5 1H4V9H1.5ZM6 1H8.5V9H6Z",
            Self::Wait => {
                "M1 0H9V1.4H8C8 3.4 6.2 4.2 6.2 5S8 6.6 8 8.6H9V10H1V8.6H2C2 6.6 3.8 5.8 3.8 5S2 3.4 2 1.4H1Z"
            }
            Self::Initial | Self::Circle => "M5 0.5A4.5 4.5 0 1 1 5 9.5A4.5 4.5 0 1 1 5 0.5Z",
            Self::Final => {
                "M5 0A5 5 0 1 1 5 10A5 5 0 1 1 5 0ZM5 1.4A3.6 3.6 0 1 0 5 8.6A3.6 3.6 0 1 0 5 1.4ZM5 2.6A2.4 2.4 0 1 1 5 7.4A2.4 2.4 0 1 1 5 2.6Z"
            }
            Self::Been => "M1 5.4L2.3 4L4.2 6L7.9 1.6L9.3 2.8L4.3 8.7Z",
            Self::Here => {
                "M5 0A3.6 3.6 0 0 1 8.6 3.6C8.6 6 5 10 5 10S1.4 6 1.4 3.6A3.6 3.6 0 0 1 5 0ZM5 2.2A1.4 1.4 0 1 0 5 5A1.4 1.4 0 1 0 5 2.2Z"
            }
            Self::Folded => "M4 1H6V4H9V6H6V9H4V6H1V4H4Z",
            Self::Triangle => "M5 0.5L9.7 9H0.3Z",
            Self::Ring => {
                "M5 0.5A4.5 4.5 0 1 1 5 9.5A4.5 4.5 0 1 1 5 0.5ZM5 2.1A2.9 2.9 0 1 0 5 7.9A2.9 2.9 0 1 0 5 2.1Z"
            }
        }
    }
}

impl Sheet {
    /// Returns an empty sheet.
    pub(crate) fn of(size: Size) -> Self {
        Self {
            size,
            shapes: Vec::new(),
        }
    }

    /// Puts another sheet onto this one, its corner at `at`, and makes room for it.
    pub(crate) fn put(&mut self, at: Point, other: Self) {
        self.size.width = self.size.width.max(at.x + other.size.width);
        self.size.height = self.size.height.max(at.y + other.size.height);
        self.shapes
            .extend(other.shapes.into_iter().map(|shape| shape.moved(at)));
    }

    pub(crate) fn rectangle(&mut self, at: Point, size: Size, radius: f64, ink: Ink) {
        self.shapes.push(Shape::Rectangle {
            at,
            size,
            radius,
            ink,
        });
    }

    pub(crate) fn line(&mut self, points: Vec<Point>, ink: Ink, arrow: bool) {
        self.shapes.push(Shape::Line { points, ink, arrow });
    }

    pub(crate) fn sign(&mut self, at: Point, sign: Sign, ink: Ink) {
        self.shapes.push(Shape::Sign { at, sign, ink });
    }

    /// Writes one line; `at` is its upper left corner.
    pub(crate) fn write(&mut self, at: Point, text: &str, size: f64, bold: bool, ink: Ink) {
        self.shapes.push(Shape::Writing {
            at: Point {
                x: at.x,
                y: at.y + size * 0.92,
            },
            text: text.to_owned(),
            ink,
            size,
            bold,
        });
    }
}

impl Shape {
    fn moved(mut self, by: Point) -> Self {
        match &mut self {
            Self::Rectangle { at, .. } | Self::Writing { at, .. } | Self::Sign { at, .. } => {
                at.x += by.x;
                at.y += by.y;
            }
            Self::Line { points, .. } => {
                for point in points {
                    point.x += by.x;
                    point.y += by.y;
                }
            }
            Self::Begin(_) | Self::End => {}
        }
        self
    }
}
