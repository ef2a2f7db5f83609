//! Sums on the integer grid: a row is rounded to whole grid steps and added as i64, so that the
//! order of additions does not matter.
//!
//! Rounding adds and subtracts 1.5 · 2⁵²: a double of that size has a unit in the last place of 1, so
//! the addition rounds ties to even, and the low bits of the sum are the integer in two's complement.
//! That is one f64 addition and one i64 subtraction in any instruction set, where a conversion from
//! f64 to i64 would need AVX-512 DQ.

use super::lanes::{Kernel, Lanes};
use crate::isa::Isa;

/// 1.5 · 2⁵²; numbers up to 2⁵¹ in absolute value may be added to it.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// `sums[l] += round(v[l] * weight * inv_scale[l])`, ties to even.
///
/// `inv_scale` holds powers of two, and no rounded value may exceed 2⁵⁰ in absolute value.
pub(crate) fn accumulate(isa: Isa, v: &[f32], weight: f64, inv_scale: &[f64], sums: &mut [i64]) {
    debug_assert!(v.len() == inv_scale.len() && v.len() == sums.len());
    if weight == 1.0 {
        isa.run(Narrow::<true> { v, weight, inv_scale, sums });
    } else {
        isa.run(Narrow::<false> { v, weight, inv_scale, sums });
    }
}

/// The same on two grids: `t = v * w * inv`, `hi = round(t)` goes to `sums_high`, and
/// `round((t − hi) * low_factor)` to `sums_low`. `low_factor` is a power of two up to 2⁵⁰.
pub(crate) fn accumulate_wide(
    isa: Isa,
    v: &[f32],
    weight: f64,
    inv_scale: &[f64],
    sums_high: &mut [i64],
    sums_low: &mut [i64],
    low_factor: f64,
) {
    debug_assert!(v.len() == inv_scale.len());
    debug_assert!(v.len() == sums_high.len() && v.len() == sums_low.len());
    isa.run(Wide { v, weight, inv_scale, sums_high, sums_low, low_factor });
}

/// The same at the entries of a sparse row only, with lower limbs where `low` is given: zeros add nothing.
pub(crate) fn accumulate_sparse(
    columns: &[u32],
    v: &[f32],
    weight: f64,
    inv_scale: &[f64],
    sums: &mut [i64],
    low: Option<(&mut [i64], f64)>,
) {
    let terms = columns.iter().zip(v).map(|(&column, &v)| {
        let t = f64::from(v) * weight * inv_scale[column as usize];
        (column as usize, t, t + ROUNDER)
    });
    match low {
        None => terms.for_each(|(column, _, shifted)| sums[column] += integer(shifted)),
        Some((low, low_factor)) => terms.for_each(|(column, t, shifted)| {
            let rest = t - (shifted - ROUNDER);
            sums[column] += integer(shifted);
            low[column] += integer(rest * low_factor + ROUNDER);
        }),
    }
}

struct Narrow<'a, const UNIT: bool> {
    v: &'a [f32],
    weight: f64,
    inv_scale: &'a [f64],
    sums: &'a mut [i64],
}

impl<const UNIT: bool> Kernel for Narrow<'_, UNIT> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        for ((sum, &v), &inv) in self.sums.iter_mut().zip(self.v).zip(self.inv_scale) {
            let weighted = if UNIT { f64::from(v) } else { f64::from(v) * self.weight };
            *sum += integer(weighted * inv + ROUNDER);
        }
    }
}

struct Wide<'a> {
    v: &'a [f32],
    weight: f64,
    inv_scale: &'a [f64],
    sums_high: &'a mut [i64],
    sums_low: &'a mut [i64],
    low_factor: f64,
}

impl Kernel for Wide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let sums = self.sums_high.iter_mut().zip(self.sums_low);
        for (((high, low), &v), &inv) in sums.zip(self.v).zip(self.inv_scale) {
            let t = f64::from(v) * self.weight * inv;
            let shifted = t + ROUNDER;
            let rest = t - (shifted - ROUNDER);
            *high += integer(shifted);
            *low += integer(rest * self.low_factor + ROUNDER);
        }
    }
}

/// The integer that was added to [`ROUNDER`].
#[inline(always)]
fn integer(shifted: f64) -> i64 {
    shifted.to_bits().wrapping_sub(ROUNDER.to_bits()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize) -> Vec<f32> {
        let mut state = 11_u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 32) as f32 / 65536.0 - 32768.0
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn sums_agree_with_wide_integers_for_any_weight() {
        for d in [1, 2, 3, 8, 16, 17, 128, 131] {
            let rows: Vec<Vec<f32>> = numbers(9 * d).chunks(d).map(<[f32]>::to_vec).collect();
            let inv: Vec<f64> = (0..d).map(|l| 2_f64.powi(l as i32 % 40 - 8)).collect();
            for weight in [1.0, 0.3, 2.0, 0.0] {
                let expected: Vec<i128> = (0..d)
                    .map(|l| {
                        let grid = |row: &Vec<f32>| f64::from(row[l]) * weight * inv[l];
                        rows.iter().map(|row| grid(row).round_ties_even() as i128).sum()
                    })
                    .collect();
                for isa in Isa::available() {
                    let mut sums = vec![0; d];
                    for row in &rows {
                        accumulate(isa, row, weight, &inv, &mut sums);
                    }
                    assert!(sums.iter().zip(&expected).all(|(&s, &e)| i128::from(s) == e));
                }
            }
        }
    }

    #[test]
    fn ties_round_to_even_and_the_bounds_are_exact() {
        let v = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1.0, -1.0];
        let mut inv = vec![1.0; 8];
        inv[6] = 2_f64.powi(50);
        inv[7] = 2_f64.powi(50);
        for isa in Isa::available() {
            let mut sums = vec![0; 8];
            accumulate(isa, &v, 1.0, &inv, &mut sums);
            assert_eq!(sums, [0, 2, 2, 0, -2, -2, 1 << 50, -(1 << 50)]);
        }
    }

    #[test]
    fn the_second_grid_takes_what_the_first_rounds_away() {
        let d = 19;
        let v = numbers(d);
        let (weight, factor) = (0.7, 2_f64.powi(50));
        let inv: Vec<f64> = (0..d).map(|l| 2_f64.powi(l as i32 % 7 - 3)).collect();
        for isa in Isa::available() {
            let (mut high, mut low) = (vec![5; d], vec![-5; d]);
            accumulate_wide(isa, &v, weight, &inv, &mut high, &mut low, factor);
            for l in 0..d {
                let t = f64::from(v[l]) * weight * inv[l];
                let hi = t.round_ties_even();
                let lo = ((t - hi) * factor).round_ties_even();
                assert_eq!((high[l] - 5, low[l] + 5), (hi as i64, lo as i64));
            }
        }
    }
}
