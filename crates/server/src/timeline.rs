use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{NaiveTime, Offset, TimeDelta};
use groundbreak_workflow::sla::{Budget, Calendar, ClockReading, ClockState, Timestamp};

use crate::moment::Moment;
use crate::ribbon::{Axis, Bar, WIDTH, bars, percent};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Up to this length the hours of the office are drawn; above, its days.
const HOURS_MAX_MS: i64 = 36 * HOUR_MS;
/// Steps between ticks, the finest first.
const STEPS: [i64; 15] = [
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    5 * DAY_MS,
    10 * DAY_MS,
    20 * DAY_MS,
    60 * DAY_MS,
    200 * DAY_MS,
];
const TICKS_MAX: i64 = 9;
/// Days looked at for shading; a clock that runs longer is drawn without.
const SHADED_DAYS_MAX: i64 = 400;
/// What a pixel is of the width, where the drawing is 770 wide: between its widest on a large screen
/// and its narrowest on which labels are shown.
const PIXEL: i64 = WIDTH / 770;
/// The same on a telephone, where the drawing is 310 wide.
const PIXEL_NARROW: i64 = WIDTH / 310;

/// The life of one clock, large: what happened when, now, the due time, and when the office was
/// closed.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/timeline.html")]
pub(crate) struct Timeline {
    pub(crate) label: String,
    pub(crate) shades: Vec<Shade>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) over: Option<Bar>,
    pub(crate) events: Vec<EventMark>,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) now: Option<Mark>,
    pub(crate) due: Option<Mark>,
}

impl HtmlSafe for Timeline {}

/// Time in which the office was closed.
#[derive(Clone, Debug)]
pub(crate) struct Shade {
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) middle: String,
    pub(crate) label: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct EventMark {
    pub(crate) x: String,
    pub(crate) title: String,
    /// Absent where it would lie on its neighbour.
    pub(crate) label: Option<String>,
    pub(crate) anchor: &'static str,
}

/// A line across the timeline.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) x: String,
    pub(crate) label: String,
    pub(crate) anchor: &'static str,
    /// The row of its label, from the top.
    pub(crate) y: u32,
}

/// A place on the scale.
#[derive(Clone, Debug)]
pub(crate) struct Tick {
    pub(crate) x: String,
    pub(crate) label: String,
    pub(crate) anchor: &'static str,
    /// Left out on narrow screens.
    pub(crate) minor: bool,
}

impl Timeline {
    /// Draws a clock. `happened` are the acts of the case, oldest first.
    pub(crate) fn of(
        reading: &ClockReading,
        calendar: &Calendar,
        happened: &[(Timestamp, String)],
        label: String,
        at: &Moment,
    ) -> Option<Self> {
        let start = reading.started_at?;
        let end = reading.stopped_at.unwrap_or(at.now).max(start);
        let (axis, step) = scale(reading, start, end, at);
        let ended = !matches!(reading.state, ClockState::Running | ClockState::Paused);
        let now = (!ended).then(|| axis.place(at.now));
        let due = reading.due.map(|due| (due, axis.place(due)));
        // Two labels that would lie on each other get a row each.
        let close =
            matches!((now, due), (Some(now), Some((_, due))) if (now - due).abs() < 260 * PIXEL);
        Some(Self {
            label,
            shades: shades(reading, calendar, &axis, at),
            bars: bars(reading, &axis),
            over: due.map(|(_, place)| Bar {
                x: percent(place),
                width: percent(WIDTH - place),
                class: "overzone",
            }),
            events: events(happened, &axis, now.unwrap_or(WIDTH)),
            ticks: ticks(&axis, step, at),
            now: now.map(|place| Mark {
                x: percent(place),
                label: at.words.s("ribbon-now", now_label(&axis, at)),
                anchor: anchor(place, 60 * PIXEL_NARROW),
                y: if close { 28 } else { 14 },
            }),
            due: due.map(|(due, place)| Mark {
                x: percent(place),
                label: at.words.s(
                    "ribbon-due",
                    if axis.span() > HOURS_MAX_MS {
                        at.instant(due)
                    } else {
                        at.time(due)
                    },
                ),
                anchor: anchor(place, 80 * PIXEL_NARROW),
                y: 14,
            }),
        })
    }
}

fn now_label(axis: &Axis, at: &Moment) -> String {
    if axis.span() > HOURS_MAX_MS {
        at.instant(at.now)
    } else {
        at.time(at.now)
    }
}

/// Chooses how far the drawing reaches and where its ticks lie: from a whole tick before the
/// start to one after the due time.
fn scale(reading: &ClockReading, start: Timestamp, end: Timestamp, at: &Moment) -> (Axis, i64) {
    let past = end.millis_since(start);
    let beyond = match (reading.due, reading.state) {
        (Some(due), _) => due.max(end),
        (None, ClockState::Paused) => end.saturating_add_millis(past / 3),
        (None, _) => end,
    };
    let span = beyond.millis_since(start).max(10 * MINUTE_MS);
    let wanted = span.saturating_add(span / 8);
    let step = STEPS
        .into_iter()
        .find(|step| wanted / step < TICKS_MAX)
        .unwrap_or(STEPS[STEPS.len() - 1]);
    let offset = local_offset(start, at);
    let local = start.as_millis().saturating_add(offset);
    let from = Timestamp::from_millis(
        local
            .div_euclid(step)
            .saturating_mul(step)
            .saturating_sub(offset),
    );
    // The start is not pushed far into the drawing: an axis that begins long before it wastes room.
    let from = if start.millis_since(from) > wanted / 12 {
        start
    } else {
        from
    };
    let last = beyond.saturating_add_millis(span / 10);
    let local = last.as_millis().saturating_add(offset);
    let to = Timestamp::from_millis(
        local
            .div_euclid(step)
            .saturating_add(1)
            .saturating_mul(step)
            .saturating_sub(offset),
    );
    let to = if to.millis_since(last) > span / 6 {
        last
    } else {
        to
    };
    (Axis::new(from, to), step)
}

fn local_offset(instant: Timestamp, at: &Moment) -> i64 {
    i64::from(instant.in_zone(at.zone).offset().fix().local_minus_utc()) * 1_000
}

fn ticks(axis: &Axis, step: i64, at: &Moment) -> Vec<Tick> {
    let offset = local_offset(axis.from, at);
    let first = axis.from.as_millis().saturating_add(offset);
    let mut local = first.div_euclid(step) * step;
    if local < first {
        local += step;
    }
    let mut ticks = Vec::new();
    let mut last_right = -WIDTH;
    let mut last_right_narrow = -WIDTH;
    while ticks.len() < 16 {
        let instant = Timestamp::from_millis(local - offset);
        if instant > axis.to {
            break;
        }
        let place = axis.place(instant);
        let label = if step >= DAY_MS {
            at.day(at.date(instant))
        } else {
            at.time(instant)
        };
        let half = width_of(&label) / 2;
        if place - half > last_right {
            last_right = place + half + 12 * PIXEL;
            let half_narrow = half / PIXEL * PIXEL_NARROW;
            let (left_narrow, right_narrow) = match anchor(place, half) {
                "" => (place, place + 2 * half_narrow),
                "t-e" => (place - 2 * half_narrow, place),
                _ => (place - half_narrow, place + half_narrow),
            };
            let minor = left_narrow < last_right_narrow;
            if !minor {
                last_right_narrow = right_narrow + 8 * PIXEL_NARROW;
            }
            ticks.push(Tick {
                x: percent(place),
                label,
                anchor: anchor(place, half),
                minor,
            });
        }
        local += step;
    }
    ticks
}

/// Keeps labels at the edges inside.
const fn anchor(place: i64, half: i64) -> &'static str {
    if place < half {
        ""
    } else if place > WIDTH - half {
        "t-e"
    } else {
        "t-m"
    }
}

/// Returns about how wide a label is: Chinese characters are twice as wide as others.
fn width_of(label: &str) -> i64 {
    label
        .chars()
        .map(|c| if c.is_ascii() { 7 } else { 12 })
        .sum::<i64>()
        * PIXEL
}

fn events(happened: &[(Timestamp, String)], axis: &Axis, end: i64) -> Vec<EventMark> {
    const MARKS_MAX: usize = 40;
    const LABEL_MAX: i64 = 150 * PIXEL;
    let mut marks = Vec::new();
    let mut last_right = -WIDTH;
    let inside = happened
        .iter()
        .filter(|(instant, _)| (axis.from..=axis.to).contains(instant));
    for (instant, title) in inside.take(MARKS_MAX) {
        let place = axis.place(*instant);
        let half = width_of(title) / 2;
        // What happened lies before now, and so does its label.
        let anchor = if place + half > end && place >= half {
            "t-e"
        } else {
            anchor(place, half)
        };
        let left = match anchor {
            "" => place,
            "t-e" => place - 2 * half,
            _ => place - half,
        };
        let fits = left >= last_right && 2 * half <= LABEL_MAX && left + 2 * half <= end.max(place);
        let label = fits.then(|| title.clone());
        if label.is_some() {
            last_right = left + 2 * half + 10 * PIXEL;
        }
        marks.push(EventMark {
            x: percent(place),
            title: title.clone(),
            label,
            anchor,
        });
    }
    marks
}

/// Returns when the office was closed: its hours on a short axis, its days on a long one.
fn shades(reading: &ClockReading, calendar: &Calendar, axis: &Axis, at: &Moment) -> Vec<Shade> {
    let closed = if axis.span() <= HOURS_MAX_MS {
        closed_hours(calendar, axis)
    } else {
        closed_days(calendar, axis, at)
    };
    let counted = matches!(
        reading.goal.budget(),
        Budget::Elapsed { .. } | Budget::CalendarDays { .. }
    );
    let key = if counted {
        "ribbon-closed-counted"
    } else {
        "ribbon-closed"
    };
    closed
        .into_iter()
        .map(|(from, to)| {
            let (x, end) = (axis.place(from), axis.place(to));
            let label = if axis.span() <= HOURS_MAX_MS {
                at.words
                    .with(key, [("from", &at.time(from)), ("to", &at.time(to))])
            } else {
                at.words.t("ribbon-closed-days")
            };
            Shade {
                x: percent(x),
                width: percent(end - x),
                middle: percent(i64::midpoint(x, end)),
                label: (width_of(&label) < end - x).then_some(label),
            }
        })
        .collect()
}

fn closed_hours(calendar: &Calendar, axis: &Axis) -> Vec<(Timestamp, Timestamp)> {
    let mut closed = Vec::new();
    let mut since = axis.from;
    for (from, to) in calendar.open_stretches(axis.from, axis.to) {
        if since < from {
            closed.push((since, from));
        }
        since = to;
    }
    if since < axis.to {
        closed.push((since, axis.to));
    }
    closed
}

fn closed_days(calendar: &Calendar, axis: &Axis, at: &Moment) -> Vec<(Timestamp, Timestamp)> {
    let mut closed: Vec<(Timestamp, Timestamp)> = Vec::new();
    if axis.span() / DAY_MS > SHADED_DAYS_MAX {
        return closed;
    }
    let offset = local_offset(axis.from, at);
    let mut date = at.date(axis.from);
    while let Some(next) = date.checked_add_signed(TimeDelta::days(1)) {
        let midnight = |date: chrono::NaiveDate| {
            Timestamp::from_millis(
                date.and_time(NaiveTime::MIN).and_utc().timestamp_millis() - offset,
            )
        };
        let (from, to) = (midnight(date).max(axis.from), midnight(next).min(axis.to));
        if from >= axis.to {
            break;
        }
        if !calendar.is_working_day(date) {
            match closed.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ => closed.push((from, to)),
            }
        }
        date = next;
    }
    closed
}
