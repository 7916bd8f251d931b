use askama::Template;
use askama::filters::HtmlSafe;
use groundbreak_workflow::sla::{ClockReading, ClockState, Light, Verdict};

use crate::words::Words;

/// How a clock stands at a glance: a shape and a word, never a colour alone.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/light.html")]
pub(crate) struct LightView {
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) word: String,
}

impl HtmlSafe for LightView {}

impl LightView {
    pub(crate) fn of(reading: &ClockReading, words: Words) -> Self {
        let (class, icon, key) = match (reading.state, reading.verdict, reading.light) {
            (ClockState::Stopped, Verdict::Met, _) => ("lg", "ok", "light-met"),
            (ClockState::Stopped, _, _) => ("lr", "no", "light-missed"),
            (ClockState::Cancelled, _, _) => ("lx", "no", "light-void"),
            (ClockState::Pending, _, _) => ("lx", "ring", "light-pending"),
            (_, _, Light::Red) => ("lr", "r", "light-overdue"),
            (ClockState::Paused, _, _) | (_, _, Light::Grey) => ("lx", "x", "light-paused"),
            (_, _, Light::Yellow) => ("ly", "y", "light-due-soon"),
            (_, _, Light::Green) => ("lg", "g", "light-on-track"),
        };
        Self {
            class,
            icon,
            word: words.t(key),
        }
    }

    /// A case that no clock runs for.
    pub(crate) fn none(words: Words) -> Self {
        Self {
            class: "lx",
            icon: "ring",
            word: words.t("light-no-clock"),
        }
    }

    /// A case that has ended.
    pub(crate) fn closed(words: Words) -> Self {
        Self {
            class: "lx",
            icon: "ok",
            word: words.t("light-closed"),
        }
    }
}
