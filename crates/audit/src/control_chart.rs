use std::num::NonZeroU64;

use crate::Fraction;

/// The limits of a chart of individual values and their moving ranges (XmR), in the unit of the
/// values.
///
/// A value beyond its limit is a signal that something was different about that case; one within
/// is the process as it always is. Below [`ControlChart::DRAWN_FROM`] values no limits should be
/// drawn: they are computed so that they can be checked, but a handful of values says too little.
///
/// The limits are those of the formula. A lower limit below zero of something that cannot be
/// negative, such as a time, is no limit; see [`Fraction::is_negative`].
///
/// # Source
///
/// Wheeler & Chambers, Understanding Statistical Process Control, 2nd ed. 1992: for moving ranges
/// of two values the limits of the values are 2.66 mean ranges from the mean (3 / 1.128), and the
/// limit of the ranges is 3.268 mean ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlChart {
    /// How many values it rests on.
    pub n: usize,
    /// The mean of the values: the centre line.
    pub mean: Fraction,
    /// The mean of the distances from each value to the next, mR-bar.
    pub mean_range: Fraction,
    /// Upper natural process limit.
    pub upper_limit: Fraction,
    /// Lower natural process limit, which may lie below zero.
    pub lower_limit: Fraction,
    /// Upper limit of the distances from each value to the next.
    pub range_limit: Fraction,
}

/// 2.66, in hundredths.
const MEAN_RANGES_TO_LIMIT_HUNDREDTHS: i128 = 266;

/// 3.268, in thousandths.
const MEAN_RANGES_OF_RANGES_THOUSANDTHS: i128 = 3_268;

impl ControlChart {
    /// Fewer values than this should be shown as points, without limits.
    pub const DRAWN_FROM: usize = 10;

    /// More values than this have no chart: up to here every sum fits 128 bits, whatever the
    /// values.
    pub const VALUES_MAX: usize = 1_000_000;

    /// Returns the chart of these values, which are in the order in which they came about.
    ///
    /// `None` of fewer than two, which have no range between them, and of more than
    /// [`ControlChart::VALUES_MAX`].
    pub fn of(values: &[i64]) -> Option<Self> {
        let n = values.len();
        if n > Self::VALUES_MAX {
            return None;
        }
        let count = u64::try_from(n).ok()?;
        // Of fewer than two values there is no step to divide by.
        let (values_n, ranges_n) = (
            NonZeroU64::new(count)?,
            NonZeroU64::new(count.checked_sub(1)?)?,
        );
        let sum: i128 = values.iter().copied().map(i128::from).sum();
        let ranges: i128 = values
            .iter()
            .zip(values.iter().skip(1))
            .map(|(earlier, later)| i128::from(earlier.abs_diff(*later)))
            .sum();
        // mean ± 2.66 ranges / (n - 1), over the denominator that both parts share.
        let shared = NonZeroU64::new(100 * values_n.get() * ranges_n.get())?;
        let centre = 100 * i128::from(ranges_n.get()) * sum;
        let reach = MEAN_RANGES_TO_LIMIT_HUNDREDTHS * i128::from(values_n.get()) * ranges;
        Some(Self {
            n,
            mean: Fraction::new(sum, values_n),
            mean_range: Fraction::new(ranges, ranges_n),
            upper_limit: Fraction::new(centre + reach, shared),
            lower_limit: Fraction::new(centre - reach, shared),
            range_limit: Fraction::new(
                MEAN_RANGES_OF_RANGES_THOUSANDTHS * ranges,
                NonZeroU64::new(1_000 * ranges_n.get())?,
            ),
        })
    }

    /// Whether there are values enough for limits to be drawn.
    pub fn is_drawn(&self) -> bool {
        self.n >= Self::DRAWN_FROM
    }
}
