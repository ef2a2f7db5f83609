//! Lengths: factors of unit rows, and spherical normalisation of centroids.

use cubecl::prelude::*;

use super::pairs::{Pair, add, add_pairs, inverse_sqrt, multiply, scale};
use super::rows::{RowsView, value};

/// What each row is multiplied by to have length 1, as the sum of three `f32`; 0 for a row of zeros. In `f64`
/// the squares are added in the order of columns, as `kmeans_core::unit_factor` does.
#[cube(launch_unchecked)]
pub(crate) fn unit_factors(rows: &RowsView, factors: &mut Array<f32>, zero: f32) {
    let row = ABSOLUTE_POS as u32;
    if row < rows.rows {
        let start = row as usize * rows.dim as usize;
        let at = row as usize * 3;
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
                factor = Pair { high: inverse.high * down, low: inverse.low * down };
            }
            factors[at] = factor.high;
            factors[at + 1] = factor.low;
            factors[at + 2] = 0.0f32;
        }
    }
}

/// Scales centroids from `first` on to length 1 in the units of the data, `position = origin + offset / scale`;
/// a zero centroid stays zero. A unit has a centroid.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn normalize_centroids(
    centroids: &mut Array<f32>,
    origin: &Array<f32>,
    scale_up: f32,
    scale_down: f32,
    first: u32,
    k: u32,
    dim: u32,
    zero: f32,
    #[comptime] native: bool,
) {
    let cluster = first + ABSOLUTE_POS as u32;
    if cluster < k {
        let start = cluster as usize * dim as usize;
        if comptime!(native) {
            let zero = f64::cast_from(zero);
            let down = f64::cast_from(scale_down);
            let mut sq_norm = f64::cast_from(0.0f32);
            for column in 0..dim as usize {
                let x = f64::cast_from(origin[column]) + f64::cast_from(centroids[start + column]) * down;
                sq_norm += fma(x, x, zero);
            }
            if sq_norm > f64::cast_from(0.0f32) {
                let norm = f64::sqrt(sq_norm);
                for column in 0..dim as usize {
                    let x = f64::cast_from(origin[column]) + f64::cast_from(centroids[start + column]) * down;
                    let unit = f32::cast_from(x / norm);
                    centroids[start + column] = unit * scale_up - origin[column] * scale_up;
                }
            }
        } else {
            let zero = u32::reinterpret(zero);
            let mut high = 0.0f32;
            let mut low = 0.0f32;
            for column in 0..dim as usize {
                let x = add(origin[column], centroids[start + column] * scale_down, zero);
                let square = multiply(x.high, x.high, zero);
                let sum = add_pairs(
                    Pair { high, low },
                    Pair { high: square.high, low: square.low + 2.0 * x.high * x.low },
                    zero,
                );
                high = sum.high;
                low = sum.low;
            }
            if high > 0.0 {
                let inverse = inverse_sqrt(Pair { high, low }, zero);
                for column in 0..dim as usize {
                    let x = add(origin[column], centroids[start + column] * scale_down, zero);
                    let product = scale(x, inverse.high, zero);
                    let unit = product.high + (product.low + x.high * inverse.low);
                    centroids[start + column] = unit * scale_up - origin[column] * scale_up;
                }
            }
        }
    }
}
