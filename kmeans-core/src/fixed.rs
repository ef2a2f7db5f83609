//! Order-free sums: real numbers added as integers on a power-of-two grid.
//!
//! Floating-point addition depends on its order, integer addition does not. Every sum that
//! decides a result (column sums, weights, objectives) is therefore kept as integers, so that
//! threads, chunks and processes may add in any order and still agree to the last bit.

use serde::{Deserialize, Serialize};

/// Most bits a single term may have, so that `t + 1.5·2^52` rounds it in one addition.
const MAX_TERM_BITS: u32 = 50;

/// 1.5 · 2⁵²: a double of that size has a unit in the last place of 1.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// `t` rounded to a whole number, ties to even; of at most [`MAX_TERM_BITS`] bits.
#[inline]
fn round(t: f64) -> f64 {
    (t + ROUNDER) - ROUNDER
}

/// Bits of a sum; one bit of an `i64` is its sign and one is slack for rounding.
const SUM_BITS: u32 = 62;

/// A power-of-two grid on which up to `n` terms of bounded size add without overflow.
///
/// A value `v` becomes the integer `round(v / 2^exponent)`, ties to even. With `n` terms of at
/// most `bound` the step is at most `bound · 2^(2 + log2 n - 62)`, or `bound · 2^-49` for few terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    exponent: i32,
    bits: u32,
}

impl Grid {
    /// The finest grid on which `n` terms of absolute value at most `bound` can be added.
    pub fn covering(bound: f64, n: u64) -> Self {
        debug_assert!(bound.is_finite() && bound >= 0.0);
        let log_n = u64::BITS - n.max(1).saturating_sub(1).leading_zeros();
        let bits = (SUM_BITS - log_n).min(MAX_TERM_BITS);
        let exponent = if bound > 0.0 { ceil_log2(bound) - bits as i32 } else { 0 };
        Self { exponent, bits }
    }

    /// The binary logarithm of the step.
    pub fn exponent(self) -> i32 {
        self.exponent
    }

    /// Bits from the lower limb to the upper.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// `2^-exponent`: multiply by it to come to units of the grid.
    #[inline]
    pub fn inverse_step(self) -> f64 {
        power_of_two(-self.exponent)
    }

    /// `2^bits`: units of the lower limb in one unit of the upper.
    #[inline]
    pub fn low_factor(self) -> f64 {
        power_of_two(self.bits as i32)
    }

    /// `value` as two limbs, the upper on this grid and the lower `2^bits` times finer.
    #[inline]
    pub fn split(self, value: f64) -> Fixed {
        let t = value * self.inverse_step();
        let high = round(t);
        let low = round((t - high) * self.low_factor());
        Fixed { high: high as i64, low: low as i64 }
    }

    /// The two limbs of a sum as one integer of units `2^(exponent - bits)`.
    pub fn units(self, sum: Fixed) -> i128 {
        (i128::from(sum.high) << self.bits) + i128::from(sum.low)
    }

    /// A value `>= 0` in the same units as [`Grid::units`].
    pub fn whole(self, value: f64) -> u128 {
        self.units(self.split(value)).unsigned_abs()
    }

    /// The real number that a sum of [`Grid::whole`] stands for.
    pub fn value_whole(self, sum: u128) -> f64 {
        sum as f64 * power_of_two(self.exponent - self.bits as i32)
    }

    /// The real number that a sum of two limbs stands for.
    pub fn value(self, sum: Fixed) -> f64 {
        self.units(sum) as f64 * power_of_two(self.exponent - self.bits as i32)
    }

    /// The real number that a sum of upper limbs stands for.
    pub fn value_high(self, high: i64) -> f64 {
        high as f64 * power_of_two(self.exponent)
    }
}

/// An integer in two limbs; see [`Grid::split`]. Limbs are added apart, and carry only in [`Grid::units`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// Units of the grid.
    pub high: i64,
    /// The remainder, `2^bits` times finer.
    pub low: i64,
}

impl std::ops::AddAssign for Fixed {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.high += other.high;
        self.low += other.low;
    }
}

/// The smallest `e` with `value <= 2^e`, for a finite `value > 0`.
pub(crate) fn ceil_log2(value: f64) -> i32 {
    debug_assert!(value > 0.0 && value.is_finite());
    let mut e = value.log2().ceil() as i32;
    while power_of_two(e) < value {
        e += 1;
    }
    while power_of_two(e - 1) >= value {
        e -= 1;
    }
    e
}

/// `2^e` exactly, for `e` in the range of normal `f64`.
#[inline]
pub(crate) fn power_of_two(e: i32) -> f64 {
    debug_assert!((-1022..=1023).contains(&e), "2^{e} is not a normal f64");
    f64::from_bits(((e + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ceil_log2_is_exact_at_powers_of_two() {
        for e in -300..300 {
            let p = power_of_two(e);
            assert_eq!(ceil_log2(p), e);
            assert_eq!(ceil_log2(p * (1.0 + f64::EPSILON)), e + 1);
        }
    }

    #[test]
    fn a_bound_of_zero_gives_a_usable_grid() {
        let grid = Grid::covering(0.0, 10);
        assert_eq!(grid.value(grid.split(0.0)), 0.0);
    }

    #[test]
    fn sums_of_the_largest_terms_do_not_overflow() {
        for log_n in [0, 1, 12, 20, 31, 40] {
            let n = 1_u64 << log_n;
            let grid = Grid::covering(3.7, n);
            let term = grid.split(3.7);
            assert!(term.high.checked_mul(n as i64).is_some());
            assert!((i128::from(term.low) * i128::from(n)).abs() < i128::from(i64::MAX));
        }
    }

    proptest! {
        #[test]
        fn a_sum_is_within_1e_13_of_f64_and_the_same_in_any_order(
            values in prop::collection::vec(-1e3_f64..1e3, 1..200), rotation in 0_usize..200
        ) {
            let grid = Grid::covering(1e3, values.len() as u64);
            let mut sum = Fixed::default();
            values.iter().for_each(|&v| sum += grid.split(v));
            let mut turned = values.clone();
            turned.rotate_left(rotation % values.len());
            let mut again = Fixed::default();
            turned.iter().for_each(|&v| again += grid.split(v));
            prop_assert_eq!(sum, again);
            let exact: f64 = values.iter().sum();
            prop_assert!((grid.value(sum) - exact).abs() <= 1e-13 * 1e3 * values.len() as f64);
            prop_assert!((grid.value_high(sum.high) - exact).abs() <= 1e-11 * 1e3);
        }
    }
}
