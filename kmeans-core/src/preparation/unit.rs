//! What weights are multiples of.
//!
//! NumPy's quantiles, and deviations by n − 1, depend on how many rows there are: they count repetitions. A row of weight
//! w is taken as `w/unit` repetitions of it, where the unit of some weights is the largest power of two that divides all
//! of them. So whole weights, one of them odd, are repetitions as they stand; a power of two as a factor on all weights
//! changes nothing; and weights that are no multiples of anything coarse have a unit so small that quantiles are the
//! inverse of the weighted cumulative distribution, and that one repetition less makes no difference.

/// The largest power of two that divides a weight, a positive `f32`.
pub(super) fn unit_of(weight: f64) -> f64 {
    debug_assert!(weight.is_normal() && weight > 0.0);
    let (bits, digits) = (weight.to_bits(), f64::MANTISSA_DIGITS - 1);
    let zeros = (bits | 1 << digits).trailing_zeros();
    // The last digit of 1.x·2^e is 2^(e − 52); an `f32` keeps e far from the ends of its range.
    f64::from_bits(((bits >> digits) - u64::from(digits - zeros)) << digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_divides_and_is_the_largest_power_of_two_that_does() {
        for (weight, unit) in [(1.0, 1.0), (3.0, 1.0), (12.0, 4.0), (0.75, 0.25), (2.5, 0.5)] {
            assert_eq!(unit_of(weight), unit);
        }
        assert_eq!(unit_of(f32::from_bits(1).into()), 2.0_f64.powi(-149));
        assert_eq!(unit_of(f32::MAX.into()), 2.0_f64.powi(104));
        assert_eq!(unit_of(0.1_f32.into()), 2.0_f64.powi(-27));
    }
}
