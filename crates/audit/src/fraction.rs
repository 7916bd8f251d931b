use std::fmt;
use std::num::NonZeroU64;

use serde::{Serialize, Serializer};

/// A figure that need not be whole, such as a mean, kept exactly: one whole number over another,
/// in lowest terms.
///
/// It becomes a floating-point number only where it is serialised, by [`Fraction::to_f64`], and a
/// decimal only where it is shown. Shown, it has as many decimals as are asked for, two if none
/// are, rounded half away from zero and without zeros at the end: `95`, `95.5`, `-0.67`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: i128,
    denominator: NonZeroU64,
}

/// Decimals that are shown when nobody says how many.
const DECIMALS: usize = 2;

/// More are not shown: the digits are computed in 128 bits.
const DECIMALS_MAX: usize = 18;

impl Fraction {
    /// Returns `numerator / denominator` in lowest terms.
    pub(crate) fn new(numerator: i128, denominator: NonZeroU64) -> Self {
        let (mut divisor, mut rest) = (u128::from(denominator.get()), numerator.unsigned_abs());
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        // The divisor divides the denominator, so it fits and what is left is not zero.
        let lowest = u64::try_from(divisor).ok().and_then(|divisor| {
            let denominator = NonZeroU64::new(denominator.get().checked_div(divisor)?)?;
            Some(Self {
                numerator: numerator.checked_div(i128::from(divisor))?,
                denominator,
            })
        });
        lowest.unwrap_or(Self {
            numerator,
            denominator,
        })
    }

    /// Whether it lies below zero.
    pub fn is_negative(&self) -> bool {
        self.numerator < 0
    }

    /// Returns the floating-point number nearest to it; of two that are equally near, the even
    /// one.
    pub fn to_f64(&self) -> f64 {
        let magnitude = self.numerator.unsigned_abs();
        if magnitude == 0 {
            return 0.0;
        }
        let shift = magnitude.leading_zeros();
        let shifted = magnitude << shift;
        let denominator = u128::from(self.denominator.get());
        // The quotient has at least 64 bits, eleven more than fit. Its last bit says whether a
        // remainder was left, so that half a step and a little more is not taken for half a step.
        let quotient = (shifted / denominator) | u128::from(!shifted.is_multiple_of(denominator));
        // Only the first conversion rounds: powers of two are exact.
        let nearest = quotient as f64 / (1_u128 << shift) as f64;
        if self.is_negative() {
            -nearest
        } else {
            nearest
        }
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(DECIMALS).min(DECIMALS_MAX);
        let scale = (0..decimals).fold(1_u128, |scale, _| scale * 10);
        let denominator = u128::from(self.denominator.get());
        let magnitude = self.numerator.unsigned_abs();
        let (mut whole, rest) = (magnitude / denominator, magnitude % denominator);
        // A remainder is less than 2^64 and the scale less than 2^60.
        let scaled = rest * scale;
        let mut part = scaled / denominator;
        if scaled % denominator >= denominator.div_ceil(2) {
            part += 1;
        }
        if part == scale {
            (whole, part) = (whole + 1, 0);
        }
        let sign = if self.is_negative() && (whole, part) != (0, 0) {
            "-"
        } else {
            ""
        };
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{part:0decimals$}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Fraction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: i128, denominator: u64) -> Fraction {
        Fraction::new(numerator, NonZeroU64::new(denominator).unwrap())
    }

    #[test]
    fn the_nearest_floating_point_number_is_the_one_its_decimals_name() {
        for (numerator, denominator, nearest) in [
            (0, 7, 0.0),
            (95, 1, 95.0),
            (953, 10, 95.3),
            (1, 3, 1.0 / 3.0),
            (-2, 3, -2.0 / 3.0),
            (1, u64::MAX, 5.421010862427522e-20),
            (i128::from(i64::MAX), 1, 9_223_372_036_854_775_807.0),
        ] {
            assert_eq!(
                fraction(numerator, denominator).to_f64(),
                nearest,
                "{numerator}/{denominator}"
            );
        }
    }

    #[test]
    fn half_a_step_goes_to_the_even_neighbour_and_a_little_more_goes_up() {
        // 2^53 is the last whole number whose neighbours are all floating-point numbers.
        let (two_53, third) = (1_i128 << 53, 3);
        assert_eq!(fraction(two_53 + 1, 1).to_f64(), 9_007_199_254_740_992.0);
        assert_eq!(
            fraction((two_53 + 1) * 3 + 1, third).to_f64(),
            9_007_199_254_740_994.0
        );
        assert_eq!(
            fraction((two_53 + 1) * 3 - 1, third).to_f64(),
            9_007_199_254_740_992.0
        );
    }

    #[test]
    fn decimals_are_rounded_half_away_from_zero_and_end_without_zeros() {
        for (numerator, denominator, shown) in [
            (95, 1, "95"),
            (191, 2, "95.5"),
            (2, 3, "0.67"),
            (-2, 3, "-0.67"),
            (1, 200, "0.01"),
            (-1, 200, "-0.01"),
            (-1, 300, "0"),
            (1999, 1000, "2"),
            (1001, 10, "100.1"),
        ] {
            assert_eq!(fraction(numerator, denominator).to_string(), shown);
        }
        assert_eq!(format!("{:.4}", fraction(1, 3)), "0.3333");
        assert_eq!(format!("{:.0}", fraction(1, 2)), "1");
    }

    #[test]
    fn equal_fractions_are_equal_in_whatever_terms() {
        assert_eq!(fraction(6, 4), fraction(3, 2));
        assert_eq!(fraction(0, 4), fraction(0, 9));
    }
}
