//! The measured distance of a row to a centroid: eight lanes, added in one fixed tree.
//!
//! Element l goes to lane l mod 8, as on the CPU; a lane is a unit. In `f64` a product and its addition
//! are rounded apart, so that the bits are those of the CPU.

use cubecl::prelude::*;

use super::pairs::{Pair, add as add_exactly, add_pairs, multiply, scale, sq_diff};
use super::rows::{RowsView, offset};
use super::wide::{Limbs, Wide, add, parts, split};

/// Lanes of a row.
pub(crate) const LANES: u32 = 8;
/// Pairs of a row and a centroid that a cube measures at a time.
pub(crate) const GROUPS: u32 = 16;

/// What is measured, and with which numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Measure {
    /// `Σ (v − c)²`, or `Σ v·c`.
    pub(crate) squared: bool,
    pub(crate) native: bool,
}

/// A sum of two `f32`, or in `first` and `second` the two halves of an `f64` rounded to three `f32`.
#[derive(CubeType, Clone, Copy)]
pub(crate) struct Sum {
    pub(crate) first: f32,
    pub(crate) second: f32,
    pub(crate) third: f32,
}

/// The sum of this unit's group of eight lanes, the same in each of them. All units of the cube must come here.
///
/// `zero` is 0, which compilers do not know: a sum with it is none that the product could be fused into.
#[cube]
pub(crate) fn measured(
    rows: &RowsView,
    row: u32,
    centroids: &Array<f32>,
    centroid: u32,
    zero: f32,
    #[comptime] measure: Measure,
) -> Sum {
    let lane = UNIT_POS_X;
    let place = (UNIT_POS_Y * LANES) as usize;
    let start = centroid as usize * rows.dim as usize;
    if comptime!(measure.native) {
        let zero = f64::cast_from(zero);
        let mut sum = f64::cast_from(0.0f32);
        for column in range_stepped(lane, rows.dim, LANES) {
            let v = f64::cast_from(offset(rows, row, column));
            let c = f64::cast_from(centroids[start + column as usize]);
            if comptime!(measure.squared) {
                let diff = v - c;
                sum += fma(diff, diff, zero);
            } else {
                sum += fma(v, c, zero);
            }
        }
        let mut lanes = SharedMemory::<f64>::new((GROUPS * LANES) as usize);
        lanes[place + lane as usize] = sum;
        sync_cube();
        let total = ((lanes[place] + lanes[place + 4]) + (lanes[place + 2] + lanes[place + 6]))
            + ((lanes[place + 1] + lanes[place + 5]) + (lanes[place + 3] + lanes[place + 7]));
        sync_cube();
        let first = f32::cast_from(total);
        let rest = total - f64::cast_from(first);
        let second = f32::cast_from(rest);
        let third = f32::cast_from(rest - f64::cast_from(second));
        Sum { first, second, third }
    } else {
        let zero = u32::reinterpret(zero);
        let mut high = 0.0f32;
        let mut low = 0.0f32;
        for column in range_stepped(lane, rows.dim, LANES) {
            let v = offset(rows, row, column);
            let c = centroids[start + column as usize];
            let mut term = multiply(v, c, zero);
            if comptime!(measure.squared) {
                term = sq_diff(v, c, zero);
            }
            let sum = add_pairs(Pair { high, low }, term, zero);
            high = sum.high;
            low = sum.low;
        }
        let mut highs = SharedMemory::<f32>::new((GROUPS * LANES) as usize);
        let mut lows = SharedMemory::<f32>::new((GROUPS * LANES) as usize);
        highs[place + lane as usize] = high;
        lows[place + lane as usize] = low;
        sync_cube();
        let mut sum = Pair { high: highs[place], low: lows[place] };
        #[unroll]
        for other in 1..8usize {
            sum = add_pairs(sum, Pair { high: highs[place + other], low: lows[place + other] }, zero);
        }
        sync_cube();
        Sum { first: sum.high, second: sum.low, third: 0.0f32 }
    }
}

/// `sum · weight` on the grid of step `1 / (up · up_too)`, with `bits` bits from limb to limb.
#[cube]
pub(crate) fn split_sum(
    sum: Sum,
    weight: f32,
    up: f32,
    up_too: f32,
    bits: u32,
    zero: f32,
    #[comptime] native: bool,
) -> Limbs {
    if comptime!(native) {
        let value = f64::cast_from(sum.first) + f64::cast_from(sum.second) + f64::cast_from(sum.third);
        let t = (value * f64::cast_from(weight)) * f64::cast_from(up) * f64::cast_from(up_too);
        let upper = f64::round(t);
        let finer = f64::cast_from(1u32 << (bits / 2)) * f64::cast_from(1u32 << (bits - bits / 2));
        let lower = f64::round((t - upper) * finer);
        Limbs { upper: whole(upper), lower: whole(lower) }
    } else {
        let scaled = scale(Pair { high: sum.first, low: sum.second }, weight, u32::reinterpret(zero));
        let high = scaled.high * up * up_too;
        let low = scaled.low * up * up_too;
        // Both parts are whole numbers once the smaller is rounded to one together with the fraction of the other.
        let whole_part = f32::round(high);
        let rest = add_exactly(high - whole_part, low, u32::reinterpret(zero));
        let units = f32::round(rest.high);
        let finer = f32::cast_from(1u32 << (bits / 2)) * f32::cast_from(1u32 << (bits - bits / 2));
        let of_high = integer(f32::round((rest.high - units) * finer));
        let of_low = integer(f32::round(rest.low * finer));
        Limbs { upper: add(integer(whole_part), integer(units)), lower: add(of_high, of_low) }
    }
}

/// A whole number below 2^62 as an integer.
#[cube]
fn integer(v: f32) -> Wide {
    let v = parts(v);
    let limbs = split(v.negative, Wide { low: v.mantissa, high: 0u32 }, v.exponent, 0, 0u32, false);
    limbs.upper
}

#[cube]
fn whole(v: f64) -> Wide {
    let integer = u64::cast_from(i64::cast_from(v));
    Wide { low: u32::cast_from(integer), high: u32::cast_from(integer >> 32) }
}
