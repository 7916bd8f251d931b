use askama::Template;
use askama::filters::HtmlSafe;
use groundbreak_workflow::sla::{ClockReading, ClockState, Party, Timestamp};

/// The whole width of a drawing.
pub(crate) const WIDTH: i64 = 10_000;

/// Who held the case, for how long, against which due time: one line of a list.
///
/// Everything is in percent of the width, so that nothing scales but the bars.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/ribbon.html")]
pub(crate) struct Ribbon {
    pub(crate) bars: Vec<Bar>,
    pub(crate) due: Option<String>,
    /// The same in words, for who does not see it.
    pub(crate) label: String,
}

impl HtmlSafe for Ribbon {}

/// A stretch of a ribbon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) class: &'static str,
}

impl Ribbon {
    /// Draws a clock from its start to its due time, or to now when that is later.
    pub(crate) fn of(reading: &ClockReading, now: Timestamp, label: String) -> Self {
        let Some(start) = reading.started_at else {
            return Self {
                label,
                ..Self::default()
            };
        };
        let end = reading.stopped_at.unwrap_or(now).max(start);
        let axis = match (reading.due, reading.state) {
            (Some(due), _) => Axis::new(start, due.max(end)),
            // While a clock stands still its due time is not known. What is used of the budget is:
            // the past is drawn as that share of the width, and never quite fills it.
            (None, ClockState::Paused) => {
                let past = end.millis_since(start).max(1);
                let share = reading.percent_bp.clamp(500, 9_000);
                Axis::new(
                    start,
                    start.saturating_add_millis(past.saturating_mul(WIDTH) / share),
                )
            }
            (None, _) => Axis::new(start, end),
        };
        Self {
            bars: bars(reading, &axis),
            due: reading.due.map(|due| percent(axis.place(due))),
            label,
        }
    }
}

/// Returns the stretches of a clock as bars; what ran after the due time is red.
pub(crate) fn bars(reading: &ClockReading, axis: &Axis) -> Vec<Bar> {
    let breach = reading.breached_at;
    let mut pieces: Vec<(Timestamp, Timestamp, &'static str)> = Vec::new();
    for stretch in &reading.stretches {
        let class = class(stretch.party());
        let cut = breach
            .filter(|_| class == "f-office")
            .unwrap_or(Timestamp::MAX)
            .clamp(stretch.from, stretch.to);
        for (from, to, class) in [(stretch.from, cut, class), (cut, stretch.to, "f-over")] {
            match pieces.last_mut() {
                _ if from >= to => {}
                Some(last) if last.2 == class && last.1 == from => last.1 = to,
                _ => pieces.push((from, to, class)),
            }
        }
    }
    pieces
        .into_iter()
        .map(|(from, to, class)| {
            let (x, end) = (axis.place(from), axis.place(to));
            // A stretch that is too short to see is still there.
            Bar {
                x: percent(x),
                width: percent((end - x).max(60)),
                class,
            }
        })
        .collect()
}

/// Returns the fill of who held the case. Nights belong to the office here; the page of the clock
/// tells them apart.
pub(crate) const fn class(party: Party) -> &'static str {
    match party {
        Party::Office | Party::OffHours => "f-office",
        Party::Applicant => "f-applicant",
        Party::SpecialProcedure => "f-special",
        Party::OtherAgency => "f-other",
        Party::ForceMajeure | Party::SystemOutage | Party::Other | Party::Closed => "f-off",
    }
}

/// A stretch of time laid over the width of a drawing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Axis {
    pub(crate) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to: to.max(from.saturating_add_millis(1)),
        }
    }

    pub(crate) const fn span(&self) -> i64 {
        self.to.millis_since(self.from)
    }

    /// Returns where an instant lies, in hundredths of a percent of the width. Instants outside
    /// lie at the edge.
    pub(crate) fn place(&self, at: Timestamp) -> i64 {
        let past = i128::from(at.millis_since(self.from).clamp(0, self.span()));
        i64::try_from(past * i128::from(WIDTH) / i128::from(self.span().max(1))).unwrap_or(WIDTH)
    }
}

/// Returns `12.34%`.
pub(crate) fn percent(place: i64) -> String {
    format!("{}.{:02}%", place / 100, place % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_on_the_axis_and_never_overflow() {
        let axis = Axis::new(Timestamp::from_millis(0), Timestamp::from_millis(200));
        let rows = [
            (-5, "0.00%"),
            (0, "0.00%"),
            (1, "0.50%"),
            (100, "50.00%"),
            (200, "100.00%"),
            (900, "100.00%"),
        ];
        for (at, place) in rows {
            assert_eq!(percent(axis.place(Timestamp::from_millis(at))), place);
        }
        assert_eq!(
            Axis::new(Timestamp::MIN, Timestamp::MAX).place(Timestamp::MAX),
            WIDTH
        );
    }
}
