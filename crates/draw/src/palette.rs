//! What everything is painted with, on light and on dark paper.

/// What a shape or text is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ink {
    /// The paper.
    Paper,
    /// The body of a state.
    Card,
    /// The body of a state off the main path.
    CardAside,
    /// The body of a state the case is in.
    CardHere,
    /// The body of a state the case has been in.
    CardBeen,
    /// A state with others inside.
    Frame,
    /// One the case is in.
    FrameHere,
    /// The border between regions, which run side by side.
    Border,
    /// An arrow.
    Wire,
    /// An arrow off the main path.
    WireAside,
    /// What must be read.
    Strong,
    /// What may be read.
    Quiet,
    /// The mark of the place where a case is.
    Here,
    /// A clock, by its number.
    Clock(usize),
    /// Several clocks.
    Clocks,
    /// What is written on a clock.
    OnClock,
    /// Lights.
    Green,
    Yellow,
    Red,
    Grey,
}

/// How something is painted; `none` for what has no fill or no outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Paint {
    pub(crate) fill: &'static str,
    pub(crate) stroke: &'static str,
    pub(crate) width: f64,
    pub(crate) dash: &'static str,
}

const NONE: &str = "none";
/// Dark enough for white letters, and told apart by their numbers.
const CLOCKS: [&str; 6] = [
    "#1f5f99", "#0b6b5d", "#6b3fa0", "#8a4b08", "#a3263b", "#3d5a1e",
];

impl Ink {
    /// Every ink there is.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let plain = [
            Self::Paper,
            Self::Card,
            Self::CardAside,
            Self::CardHere,
            Self::CardBeen,
            Self::Frame,
            Self::FrameHere,
            Self::Border,
            Self::Wire,
            Self::WireAside,
            Self::Strong,
            Self::Quiet,
            Self::Here,
            Self::Clocks,
            Self::OnClock,
            Self::Green,
            Self::Yellow,
            Self::Red,
            Self::Grey,
        ];
        plain.into_iter().chain((0..CLOCKS.len()).map(Self::Clock))
    }

    /// The name by which the style sheet knows it.
    pub(crate) fn class(self) -> String {
        match self {
            Self::Clock(number) => format!("t{}", number % CLOCKS.len()),
            other => format!("{other:?}"),
        }
    }

    /// Returns how it is painted on light paper.
    pub(crate) fn light(self) -> Paint {
        match self {
            Self::Paper => body("#ffffff", NONE, 0.0),
            Self::Card => body("#ffffff", "#44525f", 1.2),
            Self::CardAside => dashed("#fafbfc", "#76838f", 1.0),
            Self::CardHere => body("#fff1c2", "#8a4b00", 2.8),
            Self::CardBeen => body("#e2f1e7", "#2c6e49", 1.4),
            Self::Frame => body("#f3f6f9", "#44525f", 1.2),
            Self::FrameHere => body("#fdf8e8", "#8a4b00", 2.0),
            Self::Border => dashed(NONE, "#76838f", 1.2),
            Self::Wire => body(NONE, "#2b3947", 1.3),
            Self::WireAside => dashed(NONE, "#76838f", 1.1),
            Self::Strong => body("#16212b", NONE, 0.0),
            Self::Quiet => body("#51606d", NONE, 0.0),
            Self::Here => body("#8a4b00", NONE, 0.0),
            Self::Clock(number) => body(clock(number), NONE, 0.0),
            Self::Clocks => body("#44525f", NONE, 0.0),
            Self::OnClock => body("#ffffff", NONE, 0.0),
            Self::Green => body("#1d7a3e", NONE, 0.0),
            Self::Yellow => body("#9a6700", NONE, 0.0),
            Self::Red => body("#b3261e", NONE, 0.0),
            Self::Grey => body("#5b6873", NONE, 0.0),
        }
    }

    /// Returns its colours on dark paper: fill and outline.
    pub(crate) fn dark(self) -> (&'static str, &'static str) {
        match self {
            Self::Paper => ("#11171d", NONE),
            Self::Card => ("#1d2730", "#9fb0bf"),
            Self::CardAside => ("#161d24", "#7d8c99"),
            Self::CardHere => ("#4a3608", "#ffd479"),
            Self::CardBeen => ("#173626", "#7fcf9f"),
            Self::Frame => ("#171f27", "#9fb0bf"),
            Self::FrameHere => ("#26210f", "#ffd479"),
            Self::Border => (NONE, "#7d8c99"),
            Self::Wire => (NONE, "#c3d0db"),
            Self::WireAside => (NONE, "#8494a2"),
            Self::Strong => ("#eef3f7", NONE),
            Self::Quiet => ("#b3c0cb", NONE),
            Self::Here => ("#ffd479", NONE),
            Self::Clock(number) => (clock(number), NONE),
            Self::Clocks => ("#4d5d6b", NONE),
            Self::OnClock => ("#ffffff", NONE),
            Self::Green => ("#6fd08f", NONE),
            Self::Yellow => ("#f0c050", NONE),
            Self::Red => ("#ff8f86", NONE),
            Self::Grey => ("#a9b5c1", NONE),
        }
    }
}

fn clock(number: usize) -> &'static str {
    CLOCKS
        .get(number % CLOCKS.len())
        .copied()
        .unwrap_or(CLOCKS[0])
}

const fn body(fill: &'static str, stroke: &'static str, width: f64) -> Paint {
    Paint {
        fill,
        stroke,
        width,
        dash: "",
    }
}

const fn dashed(fill: &'static str, stroke: &'static str, width: f64) -> Paint {
    Paint {
        fill,
        stroke,
        width,
        dash: "5 4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// # Source
    ///
    /// WCAG 2.2, relative luminance and contrast ratio.
    fn contrast(one: &str, other: &str) -> f64 {
        let luminance = |colour: &str| {
            let channel = |from: usize| {
                let value =
                    f64::from(u8::from_str_radix(&colour[from..from + 2], 16).unwrap()) / 255.0;
                if value <= 0.04045 {
                    value / 12.92
                } else {
                    ((value + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    const GROUNDS: [Ink; 7] = [
        Ink::Paper,
        Ink::Card,
        Ink::CardAside,
        Ink::CardHere,
        Ink::CardBeen,
        Ink::Frame,
        Ink::FrameHere,
    ];

    #[test]
    fn letters_stand_out_from_every_ground_by_four_and_a_half_to_one() {
        for ground in GROUNDS {
            for ink in [Ink::Strong, Ink::Quiet, Ink::Here] {
                let light = contrast(ink.light().fill, ground.light().fill);
                let dark = contrast(ink.dark().0, ground.dark().0);
                assert!(light >= 4.5, "{ink:?} on {ground:?}: {light:.2}");
                assert!(dark >= 4.5, "{ink:?} on {ground:?}, dark: {dark:.2}");
            }
        }
        for clock in (0..CLOCKS.len()).map(Ink::Clock).chain([Ink::Clocks]) {
            for (on, ground) in [
                (Ink::OnClock.light().fill, clock.light().fill),
                (Ink::OnClock.dark().0, clock.dark().0),
            ] {
                assert!(contrast(on, ground) >= 4.5, "{clock:?}");
            }
        }
    }

    #[test]
    fn outlines_arrows_and_lights_stand_out_by_three_to_one() {
        let lines = [Ink::Wire, Ink::WireAside, Ink::Border];
        for ground in [Ink::Paper, Ink::Frame, Ink::FrameHere] {
            for line in
                lines
                    .into_iter()
                    .chain([Ink::Card, Ink::CardAside, Ink::CardHere, Ink::CardBeen])
            {
                let light = contrast(line.light().stroke, ground.light().fill);
                let dark = contrast(line.dark().1, ground.dark().0);
                assert!(light >= 3.0, "{line:?} on {ground:?}: {light:.2}");
                assert!(dark >= 3.0, "{line:?} on {ground:?}, dark: {dark:.2}");
            }
            for light in [Ink::Green, Ink::Yellow, Ink::Red, Ink::Grey] {
                assert!(
                    contrast(light.light().fill, ground.light().fill) >= 3.0,
                    "{light:?}"
                );
                assert!(
                    contrast(light.dark().0, ground.dark().0) >= 3.0,
                    "{light:?}, dark"
                );
            }
        }
    }
}
