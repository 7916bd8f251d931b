use serde::Serialize;

/// How many cycles of a clock came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Stopped in time.
    pub met: usize,
    /// Stopped too late.
    pub missed: usize,
    /// Cancelled: they count neither way.
    pub void: usize,
    /// Late by no fault of the office, as decided afterwards, and not among `missed`. They count
    /// neither way.
    pub excused: usize,
    /// Not stopped yet, and in time so far. They count neither way until they stop.
    pub running_in_time: usize,
    /// Not stopped yet, and late already.
    pub running_missed: usize,
}

impl Counts {
    /// Returns the share of those met among those that stopped, in basis points (hundredths of a
    /// percent), rounded down: what was missed is never rounded away.
    ///
    /// `None` when none stopped: nothing out of nothing is no share.
    pub fn closed_bp(&self) -> Option<usize> {
        self.met_among(&[self.met, self.missed])
    }

    /// Returns the same with those that are late already counted as missed.
    ///
    /// Never more than [`Counts::closed_bp`]: a case that is late cannot be met any more.
    pub fn pessimistic_bp(&self) -> Option<usize> {
        self.met_among(&[self.met, self.missed, self.running_missed])
    }

    fn met_among(&self, parts: &[usize]) -> Option<usize> {
        // In 128 bits neither the sum nor the product can overflow.
        let whole: u128 = parts.iter().map(|part| *part as u128).sum();
        let share = (self.met as u128 * 10_000).checked_div(whole)?;
        usize::try_from(share).ok()
    }
}

/// How often a clock was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Attainment {
    /// Stopped in time.
    pub met: usize,
    /// Stopped too late, excused or not.
    pub missed: usize,
    /// How many of the missed were excused. Nothing is deleted: both figures are given.
    pub excused: usize,
    /// Cancelled: they count neither way.
    pub void: usize,
    /// Not stopped yet, and in time so far.
    pub running: usize,
    /// Not stopped yet, and late already.
    pub running_late: usize,
    /// [`Counts::closed_bp`], the excused counted as missed.
    pub closed_bp: Option<usize>,
    /// [`Counts::pessimistic_bp`], the excused counted as missed.
    pub with_running_late_bp: Option<usize>,
    /// [`Counts::closed_bp`], the excused left out.
    pub without_excused_bp: Option<usize>,
}

impl From<Counts> for Attainment {
    fn from(counts: Counts) -> Self {
        let strict = Counts {
            missed: counts.missed.saturating_add(counts.excused),
            excused: 0,
            ..counts
        };
        Self {
            met: counts.met,
            missed: strict.missed,
            excused: counts.excused,
            void: counts.void,
            running: counts.running_in_time,
            running_late: counts.running_missed,
            closed_bp: strict.closed_bp(),
            with_running_late_bp: strict.pessimistic_bp(),
            without_excused_bp: counts.closed_bp(),
        }
    }
}
