use crate::buckets::Buckets;
use crate::timestamp::Timestamp;

/// One time the office was open, and how much it had been open before.
#[derive(Debug, Clone, Copy)]
struct Opening {
    open: i64,
    close: i64,
    before: i64,
}

/// When an office is open, over all the years a calendar holds. Every question looks at a
/// few openings only.
///
/// Time is counted between instants, so a night hour that occurs twice when daylight saving ends
/// counts twice, and one that is skipped counts nothing.
#[derive(Debug, Clone, Default)]
pub struct OpenHours {
    openings: Vec<Opening>,
    by_instant: Buckets,
    by_work: Buckets,
}

/// There is not that much working time in the years the calendar holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the calendar has no working time left to count from {from}")]
pub struct NoWorkingTime {
    /// Where the search began.
    pub from: Timestamp,
}

impl NoWorkingTime {
    /// The same in both languages.
    #[must_use]
    pub fn text(&self) -> crate::Text {
        crate::Text::new(
            format!("日历中从 {} 起没有足够的工作时间", self.from),
            self.to_string(),
        )
    }
}

/// Openings in the course of being collected.
#[derive(Debug, Default)]
pub(crate) struct Openings(Vec<Opening>);

impl Openings {
    /// Adds a window. Windows come in the order of their dates; what overlaps is counted once.
    pub(crate) fn push(&mut self, open: Timestamp, close: Timestamp) {
        let (mut open, close) = (open.as_millis(), close.as_millis());
        let mut before = 0;
        if let Some(last) = self.0.last_mut() {
            open = open.max(last.close);
            if open == last.close {
                last.close = last.close.max(close);
                return;
            }
            before = last.before + (last.close - last.open);
        }
        if open < close {
            self.0.push(Opening {
                open,
                close,
                before,
            });
        }
    }
}

impl From<Openings> for OpenHours {
    fn from(Openings(mut openings): Openings) -> Self {
        openings.shrink_to_fit();
        Self {
            by_instant: Buckets::new(openings.iter().map(|opening| opening.open)),
            by_work: Buckets::new(openings.iter().map(|opening| opening.before)),
            openings,
        }
    }
}

impl OpenHours {
    /// The last opening that begins before `t`.
    fn opened_before(&self, t: i64) -> Option<&Opening> {
        let after = self
            .by_instant
            .count_below(&self.openings, |opening| opening.open, t);
        self.openings.get(after.checked_sub(1)?)
    }

    /// The opening in which the `nth` millisecond of work is done, counted from one.
    fn doing(&self, nth: i64) -> Option<&Opening> {
        let after = self
            .by_work
            .count_below(&self.openings, |opening| opening.before, nth);
        self.openings.get(after.checked_sub(1)?)
    }

    /// Working milliseconds before `t`, since the first year the calendar holds.
    fn worked_before(&self, t: i64) -> i64 {
        match self.opened_before(t) {
            Some(opening) => opening.before + (t.min(opening.close) - opening.open),
            None => 0,
        }
    }

    /// Returns the working milliseconds in `from..to`; negative if `to` is earlier.
    #[must_use]
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.worked_before(to.as_millis()) - self.worked_before(from.as_millis())
    }

    /// Returns the earliest instant by which `ms` of working time have passed since `from`.
    ///
    /// `from` itself for nought. A negative amount is [`OpenHours::sub`].
    ///
    /// # Errors
    ///
    /// [`NoWorkingTime`] when the calendar ends first.
    pub fn add(&self, from: Timestamp, ms: i64) -> Result<Timestamp, NoWorkingTime> {
        match ms {
            0 => Ok(from),
            ..0 => self.sub(from, ms.saturating_neg()),
            _ => {
                let target = self
                    .worked_before(from.as_millis())
                    .checked_add(ms)
                    .ok_or(NoWorkingTime { from })?;
                let opening = self.doing(target).ok_or(NoWorkingTime { from })?;
                let into = target - opening.before;
                if into > opening.close - opening.open {
                    return Err(NoWorkingTime { from });
                }
                Ok(Timestamp::from_millis(opening.open + into))
            }
        }
    }

    /// Returns the latest instant from which `ms` of working time pass until `to`.
    ///
    /// `to` itself for nought. A negative amount is [`OpenHours::add`].
    ///
    /// # Errors
    ///
    /// [`NoWorkingTime`] when the calendar begins later.
    pub fn sub(&self, to: Timestamp, ms: i64) -> Result<Timestamp, NoWorkingTime> {
        match ms {
            0 => Ok(to),
            ..0 => self.add(to, ms.saturating_neg()),
            _ => {
                let target = self.worked_before(to.as_millis()) - ms;
                if target < 0 {
                    return Err(NoWorkingTime { from: to });
                }
                let opening = self.doing(target + 1).ok_or(NoWorkingTime { from: to })?;
                Ok(Timestamp::from_millis(
                    opening.open + (target - opening.before),
                ))
            }
        }
    }

    /// Whether the office is open at `t`. It is at its opening instant, it is not at its closing instant.
    #[must_use]
    pub fn is_open_at(&self, t: Timestamp) -> bool {
        let t = t.as_millis();
        self.opened_before(t.saturating_add(1))
            .is_some_and(|opening| t < opening.close)
    }

    /// Returns the times the office is open in `from..to`, cut to it, in order.
    pub fn stretches(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let first = self
            .openings
            .partition_point(|opening| opening.close <= from.as_millis());
        self.openings
            .iter()
            .skip(first)
            .take_while(move |opening| opening.open < to.as_millis())
            .map(move |opening| {
                (
                    Timestamp::from_millis(opening.open).max(from),
                    Timestamp::from_millis(opening.close).min(to),
                )
            })
            .filter(|(open, close)| open < close)
    }
}
