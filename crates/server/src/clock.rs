use askama::Template;
use askama::filters::HtmlSafe;
use groundbreak_workflow::sla::{Budget, ClockReading, ClockState, Light, Used, Verdict};
use groundbreak_workflow::{ClockFace, LegalEffect};

use crate::light::LightView;
use crate::moment::{DurationPart, Moment};
use crate::ribbon::Ribbon;

/// A clock in words: what remains, when it is due, whose limit it is.
#[derive(Clone, Debug)]
pub(crate) struct ClockView {
    pub(crate) name: String,
    pub(crate) title: String,
    /// `承诺 5 小时以内`.
    pub(crate) budget: String,
    pub(crate) law: Option<String>,
    pub(crate) light: LightView,
    pub(crate) remaining: Remaining,
    /// `今天 15:00`, `应于 3月22日 17:30`, `暂停中，恢复后计算`.
    pub(crate) due: String,
    pub(crate) due_machine: Option<String>,
    /// The due date rests on days for which no calendar is published yet.
    pub(crate) provisional: bool,
    /// `已用 1 小时 32 分`.
    pub(crate) used: String,
    /// `连续计时，午休不停`.
    pub(crate) unit: String,
    /// Whether it counts or stands still, that is, has not ended.
    pub(crate) open: bool,
    pub(crate) paused: bool,
    pub(crate) ribbon: Ribbon,
}

/// What remains of a budget, or how far it is overrun, or what was used. The script counts it
/// down each minute where it can be counted without a calendar.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/remaining.html")]
pub(crate) struct Remaining {
    pub(crate) red: bool,
    /// Milliseconds since the epoch towards or from which it counts.
    pub(crate) tick: Option<i64>,
    pub(crate) before: String,
    pub(crate) parts: Vec<DurationPart>,
    pub(crate) after: String,
}

impl HtmlSafe for Remaining {}

impl ClockView {
    pub(crate) fn of(face: &ClockFace, at: &Moment) -> Self {
        let words = at.words;
        let reading = &face.reading;
        let effect = words.t(effect_key(face.effect));
        let remaining = remaining(reading, at);
        Self {
            name: face.name.clone(),
            title: words.text(&face.title).to_owned(),
            budget: words.with(
                "clock-budget",
                [("effect", &effect), ("budget", words.text(&face.budget))],
            ),
            law: face.law.as_ref().map(|law| words.text(law).to_owned()),
            light: LightView::of(reading, words),
            due: due(reading, at),
            due_machine: reading
                .due
                .filter(|_| reading.state == ClockState::Running)
                .map(|due| at.machine(due)),
            provisional: reading.provisional && reading.state == ClockState::Running,
            used: words.s("clock-used", used_words(reading.used, reading, at)),
            unit: words.t(unit_key(reading)),
            open: reading.state.is_open(),
            paused: reading.state == ClockState::Paused,
            ribbon: Ribbon::of(reading, at.now, remaining.sentence()),
            remaining,
        }
    }
}

impl Remaining {
    /// Returns the same as plain words.
    pub(crate) fn sentence(&self) -> String {
        let mut words = vec![self.before.clone()];
        words.extend(
            self.parts
                .iter()
                .map(|part| format!("{} {}", part.number, part.unit)),
        );
        words.push(self.after.clone());
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }
}

/// Returns the key of what binds a clock.
pub(crate) const fn effect_key(effect: LegalEffect) -> &'static str {
    match effect {
        LegalEffect::Statutory => "effect-statutory",
        LegalEffect::Promised => "effect-promised",
        LegalEffect::Internal => "effect-internal",
    }
}

/// Returns an amount in the unit its goal counts in.
pub(crate) fn used_words(used: Used, reading: &ClockReading, at: &Moment) -> String {
    amount(used, reading, at)
        .iter()
        .map(|part| format!("{} {}", part.number, part.unit))
        .collect::<Vec<_>>()
        .join(" ")
}

fn amount(used: Used, reading: &ClockReading, at: &Moment) -> Vec<DurationPart> {
    match used {
        Used::Ms(millis) => at.parts(millis),
        Used::Days(days) => {
            let key = if matches!(reading.goal.budget(), Budget::CalendarDays { .. }) {
                "unit-day"
            } else {
                "unit-working-day"
            };
            let days = days.saturating_abs();
            vec![DurationPart {
                number: days.to_string(),
                unit: at.words.n(key, days),
                kind: "w",
            }]
        }
    }
}

fn remaining(reading: &ClockReading, at: &Moment) -> Remaining {
    const DAY_MS: i64 = 86_400_000;
    let ended = |parts| Remaining {
        red: reading.verdict == Verdict::Missed,
        tick: None,
        before: at.words.t("used-before"),
        parts,
        after: at.words.t("used-after"),
    };
    let left = |parts, tick| Remaining {
        red: false,
        tick,
        before: at.words.t("left-before"),
        parts,
        after: at.words.t("left-after"),
    };
    match reading.state {
        ClockState::Pending => Remaining {
            red: false,
            tick: None,
            before: at.words.t("light-pending"),
            parts: Vec::new(),
            after: String::new(),
        },
        // A limit in days that was met within one says more in hours.
        ClockState::Stopped if reading.wall_ms < DAY_MS => ended(at.parts(reading.wall_ms)),
        ClockState::Stopped => ended(amount(reading.used, reading, at)),
        ClockState::Cancelled => ended(at.parts(reading.wall_ms)),
        ClockState::Running | ClockState::Paused
            if reading.light == Light::Red || reading.verdict == Verdict::Missed =>
        {
            let overrun = reading.overrun_wall_ms.unwrap_or(0);
            Remaining {
                red: true,
                tick: reading.breached_at.map(|at| at.as_millis()),
                before: at.words.t("over-before"),
                parts: at.parts(overrun),
                after: at.words.t("over-after"),
            }
        }
        ClockState::Running => {
            let wall = reading.due.map(|due| due.millis_since(at.now));
            match (reading.goal.budget(), wall) {
                // Time that runs through the night can be counted down without a calendar; and on
                // the last day hours say more than "0 days".
                (Budget::Elapsed { .. }, Some(wall)) => left(
                    at.parts(wall.max(0)),
                    reading.due.map(|due| due.as_millis()),
                ),
                (
                    Budget::WorkingDays { .. } | Budget::CalendarDays { .. },
                    Some(wall @ 0..DAY_MS),
                ) => left(at.parts(wall), reading.due.map(|due| due.as_millis())),
                _ => left(amount(reading.remaining, reading, at), None),
            }
        }
        ClockState::Paused => left(amount(reading.remaining, reading, at), None),
    }
}

fn due(reading: &ClockReading, at: &Moment) -> String {
    let words = at.words;
    match (reading.state, reading.due, reading.stopped_at) {
        (ClockState::Stopped, Some(due), Some(stopped)) if stopped <= due => {
            words.s("due-early", at.duration(due.millis_since(stopped)))
        }
        (ClockState::Stopped, Some(due), Some(stopped)) => {
            words.s("due-late", at.duration(stopped.millis_since(due)))
        }
        (ClockState::Stopped | ClockState::Cancelled, _, Some(stopped)) => {
            words.s("due-ended", at.instant(stopped))
        }
        (ClockState::Paused, _, _) => words.t("due-paused"),
        (_, Some(due), _) if reading.light == Light::Red => words.s("due-was", at.instant(due)),
        (_, Some(due), _) => at.instant(due),
        _ => words.t("due-unknown"),
    }
}

fn unit_key(reading: &ClockReading) -> &'static str {
    match reading.goal.budget() {
        Budget::Elapsed { .. } => "unit-elapsed",
        Budget::Working { .. } => "unit-working",
        Budget::WorkingDays { .. } => "unit-working-days",
        Budget::CalendarDays { .. } => "unit-calendar-days",
    }
}
