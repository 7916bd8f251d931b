use crate::clock::ClockError;
use crate::event::{ClockEvent, ClockEventKind, ReopenMode};
use crate::timestamp::Timestamp;

/// More events than a clock of any real case has.
const EVENTS_MAX: usize = 10_000;

/// An event at the instant it takes effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    pub(crate) at: Timestamp,
    pub(crate) kind: &'a ClockEventKind,
}

/// The acts of a clock in the order they take effect.
#[derive(Debug)]
pub(crate) struct History<'a> {
    pub(crate) acts: Vec<Act<'a>>,
    /// How far the recording machine's clock was seen to step back.
    pub(crate) skew_ms: i64,
}

/// Walks the events in the order they were recorded: settles when each takes effect, drops those
/// that change nothing, and finds those that would reach into a sealed cycle.
struct Recording<'a> {
    acts: Vec<Act<'a>>,
    last_recorded: Timestamp,
    skew_ms: i64,
    /// Where in `acts` the open cycle begins.
    opener: Option<usize>,
    /// The openers and ends of the cycles that are sealed.
    sealed: Vec<(usize, Timestamp)>,
}

/// Puts the events that were recorded until `as_of` into the order in which they take effect.
pub(crate) fn order(events: &[ClockEvent], as_of: Timestamp) -> Result<History<'_>, ClockError> {
    if events.len() > EVENTS_MAX {
        return Err(ClockError::TooManyEvents {
            given: events.len(),
            max: EVENTS_MAX,
        });
    }
    let mut recording = Recording {
        acts: Vec::with_capacity(events.len()),
        last_recorded: Timestamp::MIN,
        skew_ms: 0,
        opener: None,
        sealed: Vec::new(),
    };
    for (index, event) in events.iter().enumerate() {
        if event.recorded_at > as_of {
            continue;
        }
        recording.record(index, event)?;
    }
    let Recording {
        mut acts, skew_ms, ..
    } = recording;
    // Stable: what takes effect at the same instant stays in the order it was recorded.
    acts.sort_by_key(|act| act.at);
    Ok(History { acts, skew_ms })
}

impl<'a> Recording<'a> {
    fn record(&mut self, index: usize, event: &'a ClockEvent) -> Result<(), ClockError> {
        let back_dated = event.effective_at < event.recorded_at;
        // A host clock that steps back must not let an act take effect before the one it followed.
        let recorded_at = event.recorded_at.max(self.last_recorded);
        self.skew_ms = self
            .skew_ms
            .max(recorded_at.millis_since(event.recorded_at));
        self.last_recorded = recorded_at;
        let at = if event.effective_at == event.recorded_at {
            recorded_at
        } else {
            event.effective_at
        };
        let sealed_at = self.sealed.last().map(|(_, at)| *at);
        if let Some(sealed_at) = sealed_at
            && back_dated
            && at < sealed_at
        {
            return Err(ClockError::CrossesSealedCycle {
                event: index,
                sealed_at,
            });
        }
        let kind = &event.kind;
        match kind {
            ClockEventKind::Start
            | ClockEventKind::Reopen {
                mode: ReopenMode::NewCycle,
            } => {
                let reopens = !matches!(kind, ClockEventKind::Start);
                if self.opener.is_none() && (sealed_at.is_some() || !reopens) {
                    self.opener = Some(self.acts.len());
                    self.push(at.max(sealed_at.unwrap_or(at)), kind);
                }
            }
            ClockEventKind::Reopen {
                mode: ReopenMode::Resume,
            } => {
                if self.opener.is_none()
                    && let Some((opener, sealed_at)) = self.sealed.pop()
                {
                    self.opener = Some(opener);
                    self.push(at.max(sealed_at), kind);
                }
            }
            ClockEventKind::MoveStart => {
                if let Some(act) = self.opener.and_then(|opener| self.acts.get_mut(opener)) {
                    act.at = at;
                }
            }
            ClockEventKind::Stop | ClockEventKind::Cancel { .. } => {
                if let Some(opener) = self.opener.take() {
                    // A start that was still to come when the work was stopped: it never ran.
                    let at = self.acts.get(opener).map_or(at, |start| at.max(start.at));
                    self.sealed.push((opener, at));
                    self.push(at, kind);
                }
            }
            ClockEventKind::Pause { .. }
            | ClockEventKind::Resume { .. }
            | ClockEventKind::SetGoal { .. }
            | ClockEventKind::SetCalendar { .. }
            | ClockEventKind::Excuse { .. } => self.push(at, kind),
        }
        Ok(())
    }

    fn push(&mut self, at: Timestamp, kind: &'a ClockEventKind) {
        self.acts.push(Act { at, kind });
    }
}
