use std::collections::{BTreeMap, BTreeSet};

use groundbreak_workflow::sla::{ClockReading, ClockState, Light, Verdict};
use groundbreak_workflow::{Case, Language, Situation, Text};

/// What a picture shows, and to whom.
#[derive(Clone, Debug, Default)]
pub struct View<'a> {
    /// The language of its words.
    pub language: Language,
    /// How many levels of states are opened, from the outermost, which is 1. What lies deeper is
    /// folded into the state around it. `None` opens as many as one page takes.
    pub depth: Option<usize>,
    /// The one state that is drawn, with what is inside it. `None` draws the whole workflow.
    pub only: Option<&'a str>,
    /// Where a case is.
    pub marks: Option<&'a Marks>,
}

/// Where a case is in its workflow, and how its clocks stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Number and title of the case.
    pub(crate) heading: String,
    /// The states it is in, those around others included.
    pub(crate) here: BTreeSet<String>,
    /// The states it has been in.
    pub(crate) been: BTreeSet<String>,
    /// How each clock stands that ever started, by its name.
    pub(crate) clocks: BTreeMap<String, ClockMark>,
}

/// How a clock stands at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockMark {
    /// Running, and all is well.
    OnTrack,
    /// Running, and most of the time is gone.
    DueSoon,
    /// Missed, and not ended.
    Overdue,
    /// Standing still.
    Paused,
    /// Ended in time.
    Met,
    /// Ended late.
    Missed,
    /// Counts for nothing, or not yet.
    Void,
}

impl Marks {
    /// Returns where a case is, as of the instant of its situation.
    #[must_use]
    pub fn of(case: &Case, situation: &Situation) -> Self {
        Self {
            heading: format!("{} {}", case.number, case.title),
            here: case.active.iter().cloned().collect(),
            been: case.stays.keys().cloned().collect(),
            clocks: situation
                .clocks
                .iter()
                .map(|clock| (clock.name.clone(), ClockMark::of(&clock.reading)))
                .collect(),
        }
    }
}

impl ClockMark {
    fn of(reading: &ClockReading) -> Self {
        match (reading.state, reading.verdict, reading.light) {
            (ClockState::Stopped, Verdict::Met, _) => Self::Met,
            (ClockState::Stopped, _, _) => Self::Missed,
            (ClockState::Cancelled | ClockState::Pending, _, _) => Self::Void,
            (_, _, Light::Red) => Self::Overdue,
            (ClockState::Paused, _, _) | (_, _, Light::Grey) => Self::Paused,
            (_, _, Light::Yellow) => Self::DueSoon,
            (_, _, Light::Green) => Self::OnTrack,
        }
    }

    /// The word on screen.
    pub(crate) fn text(self) -> Text {
        match self {
            Self::OnTrack => Text::new("正常", "on track"),
            Self::DueSoon => Text::new("临期", "due soon"),
            Self::Overdue => Text::new("超期", "overdue"),
            Self::Paused => Text::new("暂停", "paused"),
            Self::Met => Text::new("按时", "met"),
            Self::Missed => Text::new("未按时", "missed"),
            Self::Void => Text::new("作废", "void"),
        }
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The workflow has no such state.
    #[error("there is no state `{state}`")]
    UnknownState {
        /// The name that was given.
        state: String,
        /// The state that was perhaps meant.
        meant: Option<String>,
    },
    /// More states would be drawn than a picture holds.
    #[error("{states} states are too many for one picture; it holds {max}")]
    TooLarge {
        /// How many there are at this depth.
        states: usize,
        /// How many a picture holds.
        max: usize,
    },
    /// The arrangement of boxes and arrows was not found.
    #[error("the picture could not be laid out")]
    NotLaidOut,
}

impl DrawError {
    /// The stable code; it has a page in `docs/errors`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownState { .. } => "unknown-state",
            Self::TooLarge { .. } => "chart-too-large",
            Self::NotLaidOut => "chart-not-laid-out",
        }
    }

    /// What went wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::UnknownState { state, meant } => {
                let (zh, en) = match meant {
                    Some(meant) => (
                        format!("是否指“{meant}”？"),
                        format!("Did you mean \"{meant}\"?"),
                    ),
                    None => (
                        "请写流程定义里的状态名。".to_owned(),
                        "Use a name from the definition.".to_owned(),
                    ),
                };
                Text::new(
                    format!("流程里没有状态“{state}”。{zh}"),
                    format!("The workflow has no state \"{state}\". {en}"),
                )
            }
            Self::TooLarge { states, max } => Text::new(
                format!(
                    "{states} 个环节画不进一张图（最多 {max} 个）。请减少层数（--depth），或只画一个环节（--only）。"
                ),
                format!(
                    "{states} states do not fit one picture, which holds {max}. Open fewer levels with --depth, or draw one state with --only."
                ),
            ),
            Self::NotLaidOut => Text::new(
                "这张图排不出来。请减少层数（--depth），或改用 --format mermaid；并请把流程定义报给维护者。",
                "This picture could not be laid out. Open fewer levels with --depth, or use --format mermaid; and please report the definition.",
            ),
        }
    }
}
