use crate::calendar::Calendar;
use crate::goal::Goal;
use crate::pause::{Party, PauseReason};
use crate::reading::{ClockState, Excuse};
use crate::timestamp::Timestamp;

/// The calendar in force from an instant until the next segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) from: Timestamp,
    pub(crate) calendar: &'a Calendar,
}

/// Time in which a cycle ran, or was held for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) held: Option<PauseReason>,
}

/// One life of a clock, from its start to its stop.
#[derive(Debug, Clone)]
pub(crate) struct Cycle<'a> {
    pub(crate) started_at: Timestamp,
    /// Each goal and since when. Never empty.
    pub(crate) goals: Vec<(Timestamp, Goal)>,
    pub(crate) segments: Vec<Segment<'a>>,
    pub(crate) segments_at_start: Vec<Segment<'a>>,
    /// The newest decision that excuses a miss.
    pub(crate) excused: Option<Excuse>,
    /// How and when it was closed.
    pub(crate) end: Option<(Timestamp, ClockState)>,
    /// What is over, without gaps, the newest last.
    spans: Vec<Span>,
    /// Since when it has been what it is.
    since: Timestamp,
    /// What holds it, the oldest reason first.
    holding: Vec<PauseReason>,
}

/// When a cycle ran, until one instant.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) runs: Vec<(Timestamp, Timestamp)>,
    /// Whether it was still running at the end, so that the last run can be thought on.
    pub(crate) live: bool,
    pub(crate) end: Timestamp,
}

impl<'a> Cycle<'a> {
    pub(crate) fn start(
        at: Timestamp,
        goal: Goal,
        segments: &[Segment<'a>],
        holding: Vec<PauseReason>,
    ) -> Self {
        Self {
            started_at: at,
            goals: vec![(at, goal)],
            segments: segments.to_vec(),
            segments_at_start: segments.to_vec(),
            excused: None,
            end: None,
            spans: Vec::new(),
            since: at,
            holding,
        }
    }

    /// The goal in force.
    pub(crate) fn goal(&self, otherwise: Goal) -> Goal {
        self.goals.last().map_or(otherwise, |(_, goal)| *goal)
    }

    pub(crate) fn state(&self) -> ClockState {
        match (&self.end, self.holding.is_empty()) {
            (Some((_, state)), _) => *state,
            (None, true) => ClockState::Running,
            (None, false) => ClockState::Paused,
        }
    }

    pub(crate) fn pause(&mut self, at: Timestamp, reason: &PauseReason) {
        if self.holding.iter().any(|held| held.name == reason.name) {
            return;
        }
        if self.holding.is_empty() {
            self.turn(at);
        }
        self.holding.push(reason.clone());
    }

    pub(crate) fn resume(&mut self, at: Timestamp, name: Option<&str>) {
        let oldest = self.holding.first().cloned();
        release(&mut self.holding, name);
        if oldest.as_ref() != self.holding.first() {
            self.turn_from(at, oldest);
        }
    }

    pub(crate) fn close(&mut self, at: Timestamp, state: ClockState) {
        self.end = Some((at, state));
    }

    /// Annuls the closing. The time in between is nobody's; what held the clock before it is
    /// over, and `holding` is what holds it now.
    pub(crate) fn reopen(&mut self, at: Timestamp, holding: Vec<PauseReason>) {
        let Some((closed_at, _)) = self.end.take() else {
            return;
        };
        let held = self.holding.first().cloned();
        self.turn_from(closed_at, held);
        self.turn_from(at, Some(PauseReason::from(Party::Closed)));
        self.holding = holding;
    }

    /// Ends what the cycle has been until `at`.
    fn turn(&mut self, at: Timestamp) {
        let held = self.holding.first().cloned();
        self.turn_from(at, held);
    }

    fn turn_from(&mut self, at: Timestamp, held: Option<PauseReason>) {
        if self.since < at {
            self.spans.push(Span {
                from: self.since,
                to: at,
                held,
            });
        }
        self.since = at;
    }

    /// What the cycle was from its start to `until`, or to its end. The last span may be empty:
    /// it says what the cycle is at that very instant.
    pub(crate) fn spans(&self, until: Timestamp) -> Vec<Span> {
        let end = self.end.map_or(until, |(end, _)| end.min(until));
        let now = Span {
            from: self.since,
            to: end.max(self.since),
            held: self.holding.first().cloned(),
        };
        self.spans
            .iter()
            .chain([&now])
            .filter(|span| span.from <= end)
            .map(|span| Span {
                to: span.to.min(end),
                ..span.clone()
            })
            .collect()
    }

    pub(crate) fn course(&self, until: Timestamp) -> Course {
        let spans = self.spans(until);
        let end = spans.last().map_or(self.started_at, |span| span.to);
        let live = spans.last().is_none_or(|span| span.held.is_none());
        let mut runs: Vec<(Timestamp, Timestamp)> = Vec::new();
        for span in spans.iter().filter(|span| span.held.is_none()) {
            match runs.last_mut() {
                // An annulled closing of no length leaves one run in two spans.
                Some(last) if last.1 == span.from => last.1 = span.to,
                _ => runs.push((span.from, span.to)),
            }
        }
        Course { runs, live, end }
    }
}

/// Takes a reason, or all of them, off what holds a clock.
pub(crate) fn release(holding: &mut Vec<PauseReason>, name: Option<&str>) {
    match name {
        Some(name) => holding.retain(|reason| reason.name != name),
        None => holding.clear(),
    }
}

/// Cuts `from..to` where the calendar changes.
pub(crate) fn pieces<'a>(
    segments: &[Segment<'a>],
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp, &'a Calendar)> {
    let mut pieces = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let ends = segments
            .get(index + 1)
            .map_or(Timestamp::MAX, |next| next.from);
        let (begin, end) = (from.max(segment.from), to.min(ends));
        // An empty stretch still has one calendar: the one in force at its instant.
        if begin < end || (from == to && segment.from <= from && from < ends) {
            pieces.push((begin, end, segment.calendar));
        }
    }
    pieces
}
