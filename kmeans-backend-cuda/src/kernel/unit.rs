//! Lengths of rows.

use cubecl::prelude::*;

use super::pairs::{Pair, add_pairs, inverse_sqrt, multiply};
use super::rows::{RowsView, value};

/// What each row is multiplied by to have length 1, as the sum of three `f32` and a power of two, so that none of them
/// leaves the range of `f32`; 0 for a row of zeros. In `f64`
/// the squares are added in the order of columns, as `kmeans_core::unit_factor` does.
#[cube(launch_unchecked)]
pub(crate) fn unit_factors(rows: &RowsView, factors: &mut Array<f32>, zero: f32) {
    let row = ABSOLUTE_POS as u32;
    if row < rows.rows {
        let start = row as usize * rows.dim as usize;
        let at = row as usize * 4;
        if comptime!(rows.load.native) {
            let zero = f64::cast_from(zero);
            let mut sq_norm = f64::cast_from(0.0f32);
            for column in 0..rows.dim as usize {
                let x = f64::cast_from(value(rows, start + column));
                sq_norm += fma(x, x, zero);
            }
            let mut factor = f64::cast_from(0.0f32);
            if sq_norm > f64::cast_from(0.0f32) {
                factor = f64::cast_from(1.0f32) / f64::sqrt(sq_norm);
            }
            let mut up = 1.0f32;
            if factor > f64::cast_from(1.0e30f32) {
                up = 1.2676506e30; // 2^100
            } else if factor < f64::cast_from(1.0e-30f32) {
                up = 7.888609e-31; // 2^-100
            }
            let factor = factor / f64::cast_from(up);
            factors[at + 3] = up;
            let first = f32::cast_from(factor);
            let rest = factor - f64::cast_from(first);
            let second = f32::cast_from(rest);
            factors[at] = first;
            factors[at + 1] = second;
            factors[at + 2] = f32::cast_from(rest - f64::cast_from(second));
        } else {
            // Squares of extreme values leave the range of f32: the largest value's power of two goes first.
            let mut largest = 0u32;
            for column in 0..rows.dim as usize {
                largest = max(largest, u32::reinterpret(value(rows, start + column)) & 0x7f80_0000);
            }
            let largest = clamp(largest, 0x0080_0000u32, 0x7e80_0000u32);
            let down = f32::reinterpret(0x7f00_0000u32 - largest);
            let mut high = 0.0f32;
            let mut low = 0.0f32;
            for column in 0..rows.dim as usize {
                let x = value(rows, start + column) * down;
                let sum = add_pairs(Pair { high, low }, multiply(x, x, rows.zero), rows.zero);
                high = sum.high;
                low = sum.low;
            }
            let mut factor = Pair { high: 0.0f32, low: 0.0f32 };
            if high > 0.0 {
                let inverse = inverse_sqrt(Pair { high, low }, rows.zero);
                factor = Pair { high: inverse.high, low: inverse.low };
            }
            factors[at] = factor.high;
            factors[at + 1] = factor.low;
            factors[at + 2] = 0.0f32;
            factors[at + 3] = down;
        }
    }
}
