use std::num::NonZeroU64;

use crate::Fraction;

/// How whole numbers of one unit, such as the minutes that cases took, are spread.
///
/// The order in which they came plays no part here; [`ControlChart`](crate::ControlChart) is about
/// that. Every figure is exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Ascending, and not empty.
    sorted: Vec<i64>,
    n: NonZeroU64,
    min: i64,
    max: i64,
}

impl Distribution {
    /// Returns the distribution of these values, or `None` when there are none.
    pub fn of(mut values: Vec<i64>) -> Option<Self> {
        values.sort_unstable();
        Some(Self {
            n: NonZeroU64::new(u64::try_from(values.len()).ok()?)?,
            min: *values.first()?,
            max: *values.last()?,
            sorted: values,
        })
    }

    /// Returns how many values there are: at least one.
    pub fn n(&self) -> usize {
        self.sorted.len()
    }

    /// Returns the least value.
    pub fn min(&self) -> i64 {
        self.min
    }

    /// Returns the greatest value.
    pub fn max(&self) -> i64 {
        self.max
    }

    /// Returns the arithmetic mean.
    ///
    /// A few slow cases move it far. It belongs beside the percentiles, not in their place.
    pub fn mean(&self) -> Fraction {
        let sum = self.sorted.iter().copied().map(i128::from).sum();
        Fraction::new(sum, self.n)
    }

    /// Returns the least value that at least `percent` of 100 values do not exceed: always one of
    /// the values. Of 0 it is the least; more than 100 counts as 100.
    ///
    /// # Source
    ///
    /// Hyndman & Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50
    /// (1996), definition 1.
    pub fn nearest_rank(&self, percent: u8) -> i64 {
        // Ranks begin with 1.
        let rank = (u128::from(percent.min(100)) * u128::from(self.n.get())).div_ceil(100);
        self.at(rank.saturating_sub(1))
    }

    /// Returns the percentile by linear interpolation between the two values around it, as numpy
    /// and spreadsheets do. It need not be one of the values. More than 100 counts as 100.
    ///
    /// # Source
    ///
    /// Hyndman & Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50
    /// (1996), definition 7.
    pub fn linear(&self, percent: u8) -> Fraction {
        let steps = u128::from(self.n.get()) - 1;
        let hundredths = u128::from(percent.min(100)) * steps;
        let (below, part) = (hundredths / 100, hundredths % 100);
        // The last value has none above it, and none of one is needed.
        let above = (below + 1).min(steps);
        let value = |place| i128::from(self.at(place));
        // A remainder of 100 fits whatever holds 100.
        let part = i128::try_from(part).unwrap_or(0);
        Fraction::new(value(below) * (100 - part) + value(above) * part, HUNDRED)
    }

    /// The value at a place in ascending order, counted from 0; the greatest beyond the end.
    fn at(&self, place: u128) -> i64 {
        usize::try_from(place)
            .ok()
            .and_then(|place| self.sorted.get(place).copied())
            .unwrap_or(self.max)
    }
}

/// Written as a sum, since the least number that is not zero is 1.
const HUNDRED: NonZeroU64 = NonZeroU64::MIN.saturating_add(99);
