use serde::Serialize;

use crate::Distribution;

/// Percentiles of durations in milliseconds, by nearest rank: each is the duration of an actual
/// case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// How many durations there were.
    pub n: usize,
    /// Half took no longer.
    pub p50_ms: i64,
    /// Three quarters took no longer.
    pub p75_ms: i64,
    /// Nine tenths took no longer.
    pub p90_ms: i64,
    /// 95 of 100 took no longer.
    pub p95_ms: i64,
    /// The longest.
    pub max_ms: i64,
}

impl Percentiles {
    /// Returns the percentiles of these durations, or `None` when there are none.
    pub fn of(durations_ms: Vec<i64>) -> Option<Self> {
        let durations = Distribution::of(durations_ms)?;
        Some(Self {
            n: durations.n(),
            p50_ms: durations.nearest_rank(50),
            p75_ms: durations.nearest_rank(75),
            p90_ms: durations.nearest_rank(90),
            p95_ms: durations.nearest_rank(95),
            max_ms: durations.max(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_actual_cases_by_nearest_rank() {
        let percentiles = Percentiles::of(vec![50, 20, 40, 35, 15]).unwrap();
        assert_eq!(
            (
                percentiles.n,
                percentiles.p50_ms,
                percentiles.p75_ms,
                percentiles.max_ms
            ),
            (5, 35, 40, 50)
        );
        let one = Percentiles::of(vec![7]).unwrap();
        assert_eq!((one.p50_ms, one.p95_ms), (7, 7));
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
