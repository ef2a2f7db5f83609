//! The next centroids: means of sums, spherical normalisation, rounding, splits, and what is known of each.
//!
//! With `f64` they are the host's to the bit: the same operations in the same order.

use cubecl::prelude::*;

use super::distance::{GROUPS, LANES};
use super::pairs::{Pair, add, add_pairs, add_smaller, inverse_sqrt, multiply, scale, sq_diff};
use super::reduce::TALLIES;
use super::wide::{Wide, signed};

/// The least push of a split, as a share of the coordinate: `2^-20`, as `kmeans_core::Split` has it.
const LEAST_PUSH: f32 = 1.0 / 1_048_576.0;

/// `2^e`, for `e` in the range of normal `f32`.
#[cube]
fn power(e: i32) -> f32 {
    f32::reinterpret(u32::cast_from(e + 127) << 23)
}

/// `(upper · 2^bits + lower) · 2^(e − bits)` in `f64`; without a lower limb `upper · 2^e`.
#[cube]
fn real(upper: Wide, lower: Wide, e: i32, bits: u32, #[comptime] both: bool) -> f64 {
    let whole = integer(upper);
    let high = f64::cast_from(whole);
    if comptime!(both) {
        let finer = f64::cast_from(power(i32::cast_from(bits)));
        let rest = f64::cast_from(whole - i64::cast_from(high));
        let units = high * finer + (rest * finer + f64::cast_from(integer(lower)));
        let e = e - i32::cast_from(bits);
        units
            * f64::cast_from(power(e / 3))
            * f64::cast_from(power(e / 3))
            * f64::cast_from(power(e - e / 3 * 2))
    } else {
        high * f64::cast_from(power(e / 3))
            * f64::cast_from(power(e / 3))
            * f64::cast_from(power(e - e / 3 * 2))
    }
}

#[cube]
fn integer(a: Wide) -> i64 {
    i64::cast_from((u64::cast_from(a.high) << 32) | u64::cast_from(a.low))
}

/// The same in a pair.
#[cube]
fn real_pair(upper: Wide, lower: Wide, e: i32, bits: u32, zero: u32, #[comptime] both: bool) -> Pair {
    let mut sum = parts_of(upper, e, zero);
    if comptime!(both) {
        sum = add_pairs(sum, parts_of(lower, e - i32::cast_from(bits), zero), zero);
    }
    sum
}

/// An integer times `2^e`: three parts of 22 bits, each of which an `f32` holds.
#[cube]
fn parts_of(a: Wide, e: i32, zero: u32) -> Pair {
    let negative = a.high >> 31;
    let size = signed(a, negative);
    let sign = select(negative == 1, -1.0f32, 1.0f32);
    let first = f32::cast_from(size.high >> 12) * power(22) * power(22);
    let second = f32::cast_from(((size.high & 0xfff) << 10) | (size.low >> 22)) * power(22);
    let third = f32::cast_from(size.low & 0x3f_ffff);
    let down = sign * power(e / 2);
    let down_too = power(e - e / 2);
    let upper = add_smaller(first * down * down_too, second * down * down_too, zero);
    let sum = add_smaller(upper.high, upper.low + third * down * down_too, zero);
    Pair { high: sum.high, low: sum.low }
}

/// The weighted mean of each cluster; the centroid of `before` for clusters without weight and for the first
/// `frozen`. A unit has a coordinate.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn mean_rows(
    before: &Array<f32>,
    sums: &Array<u32>,
    sums_low: &Array<u32>,
    tallies: &Array<u32>,
    grids: &Array<i32>,
    means: &mut Array<f32>,
    k: u32,
    dim: u32,
    frozen: u32,
    weight_grid: i32,
    bits: u32,
    zero: u32,
    #[comptime] wide: bool,
    #[comptime] native: bool,
) {
    let at = ABSOLUTE_POS;
    if at < (k * dim) as usize {
        let cluster = at as u32 / dim;
        let column = at % dim as usize;
        let tally = (cluster * TALLIES * 2) as usize;
        let weight_upper = Wide { low: tallies[tally], high: tallies[tally + 1] };
        let weight_lower = Wide { low: tallies[tally + 2], high: tallies[tally + 3] };
        let upper = Wide { low: sums[2 * at], high: sums[2 * at + 1] };
        let mut lower = Wide { low: 0u32, high: 0u32 };
        if comptime!(wide) {
            lower = Wide { low: sums_low[2 * at], high: sums_low[2 * at + 1] };
        }
        let is_empty = (weight_upper.low | weight_upper.high | weight_lower.low | weight_lower.high) == 0;
        let mut mean = before[at];
        // Both in units of the grid of weights, which cancels.
        if cluster >= frozen && !is_empty {
            if comptime!(native) {
                let total = real(upper, lower, grids[column] - weight_grid, bits, wide);
                let weight = real(weight_upper, weight_lower, 0, bits, true);
                mean = f32::cast_from(total / weight);
            } else {
                let total = real_pair(upper, lower, grids[column] - weight_grid, bits, zero, wide);
                let weight = real_pair(weight_upper, weight_lower, 0, bits, zero, true);
                let guess = total.high / weight.high;
                let back = scale(weight, guess, zero);
                let rest = add_pairs(total, Pair { high: -back.high, low: -back.low }, zero);
                mean = guess + rest.high / weight.high;
            }
        }
        means[at] = mean;
    }
}

/// What is done to means before they are centroids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Finish {
    pub(crate) spherical: bool,
    pub(crate) integer: bool,
    pub(crate) native: bool,
}

/// Centroids from `first` on scaled to length 1 and rounded to integers, half away from zero, in the units of the
/// data, `position = origin + offset / scale`; a zero centroid stays zero. A group of lanes has a centroid.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn finish_centroids(
    means: &Array<f32>,
    origin: &Array<f32>,
    centroids: &mut Array<f32>,
    up: f32,
    down: f32,
    first: u32,
    k: u32,
    dim: u32,
    zero: f32,
    #[comptime] finish: Finish,
) {
    let cluster = CUBE_POS as u32 * GROUPS + UNIT_POS_Y;
    let start = min(cluster, k - 1) as usize * dim as usize;
    if cluster < k {
        for column in range_stepped(UNIT_POS_X, dim, LANES) {
            centroids[start + column as usize] = means[start + column as usize];
        }
    }
    let changes = cluster >= first && cluster < k;
    if comptime!(finish.spherical) {
        if comptime!(finish.native) {
            normalize(means, origin, centroids, start, changes, up, down, dim, zero);
        } else {
            normalize_by_pairs(
                means,
                origin,
                centroids,
                start,
                changes,
                up,
                down,
                dim,
                u32::reinterpret(zero),
            );
        }
    }
    if comptime!(finish.integer) {
        if changes {
            for column in range_stepped(UNIT_POS_X, dim, LANES) {
                let at = start + column as usize;
                let o = origin[column as usize];
                let x = rounded(o, centroids[at] * down, u32::reinterpret(zero), finish.native);
                centroids[at] = x * up - o * up;
            }
        }
    }
}

/// Scales the mean of a group of lanes to length 1, summed by lane 0 in the order of its columns. All units of the cube
/// must come here.
#[cube]
#[allow(clippy::too_many_arguments, reason = "the inside of a kernel")]
fn normalize(
    means: &Array<f32>,
    origin: &Array<f32>,
    centroids: &mut Array<f32>,
    start: usize,
    changes: bool,
    up: f32,
    down: f32,
    dim: u32,
    zero: f32,
) {
    let down = f64::cast_from(down);
    let mut norms = SharedMemory::<f64>::new(GROUPS as usize);
    if UNIT_POS_X == 0 {
        let zero = f64::cast_from(zero);
        let mut sq_norm = f64::cast_from(0.0f32);
        for column in 0..dim as usize {
            let x = f64::cast_from(origin[column]) + f64::cast_from(means[start + column]) * down;
            sq_norm += fma(x, x, zero);
        }
        norms[UNIT_POS_Y as usize] = f64::sqrt(sq_norm);
    }
    sync_cube();
    let norm = norms[UNIT_POS_Y as usize];
    if changes {
        if norm > f64::cast_from(0.0f32) {
            for column in range_stepped(UNIT_POS_X, dim, LANES) {
                let at = start + column as usize;
                let o = origin[column as usize];
                let x = f64::cast_from(o) + f64::cast_from(means[at]) * down;
                centroids[at] = f32::cast_from(x / norm) * up - o * up;
            }
        }
    }
}

/// The same in pairs of `f32`.
#[cube]
#[allow(clippy::too_many_arguments, reason = "the inside of a kernel")]
fn normalize_by_pairs(
    means: &Array<f32>,
    origin: &Array<f32>,
    centroids: &mut Array<f32>,
    start: usize,
    changes: bool,
    up: f32,
    down: f32,
    dim: u32,
    zero: u32,
) {
    let mut inverses = SharedMemory::<f32>::new((GROUPS * 2) as usize);
    let place = UNIT_POS_Y as usize * 2;
    if UNIT_POS_X == 0 {
        let mut sum = Pair { high: 0.0f32, low: 0.0f32 };
        for column in 0..dim as usize {
            let x = add(origin[column], means[start + column] * down, zero);
            let square = multiply(x.high, x.high, zero);
            sum = add_pairs(sum, Pair { high: square.high, low: square.low + 2.0 * x.high * x.low }, zero);
        }
        inverses[place] = 0.0f32;
        if sum.high > 0.0 {
            let inverse = inverse_sqrt(sum, zero);
            inverses[place] = inverse.high;
            inverses[place + 1] = inverse.low;
        }
    }
    sync_cube();
    let inverse = inverses[place];
    if changes {
        if inverse > 0.0 {
            for column in range_stepped(UNIT_POS_X, dim, LANES) {
                let at = start + column as usize;
                let o = origin[column as usize];
                let x = add(o, means[at] * down, zero);
                let product = scale(x, inverse, zero);
                let unit = product.high + (product.low + x.high * inverses[place + 1]);
                centroids[at] = unit * up - o * up;
            }
        }
    }
}

/// `a + b` rounded to an integer, half away from zero.
#[cube]
fn rounded(a: f32, b: f32, zero: u32, #[comptime] native: bool) -> f32 {
    if comptime!(native) {
        let x = f64::cast_from(a) + f64::cast_from(b);
        let size = f64::abs(x);
        let whole = f64::floor(size);
        let half = f64::cast_from(0.5f32);
        let one = f64::cast_from(1.0f32);
        let nearest = select(size - whole >= half, whole + one, whole);
        f32::cast_from(select(x < f64::cast_from(0.0f32), -nearest, nearest))
    } else {
        let x = add(a, b, zero);
        let sign = select(x.high < 0.0, -1.0f32, 1.0f32);
        let whole = f32::floor(x.high * sign);
        let rest = (x.high * sign - whole) + x.low * sign;
        // The lower part may lie below the integer that the upper one is.
        let up = select(rest >= 0.5, 1.0f32, 0.0f32);
        let down = select(rest < -0.5, 1.0f32, 0.0f32);
        sign * (whole + up - down)
    }
}

/// What is known of each centroid: its bias, and of its mean `‖m − c‖²` from the centroid before and `‖m‖²`, in
/// two `f32` each. A group of lanes has a centroid.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
#[allow(unused_assignments, reason = "one of two branches assigns")]
pub(crate) fn describe_centroids(
    before: &Array<f32>,
    means: &Array<f32>,
    centroids: &Array<f32>,
    biases: &mut Array<f32>,
    known: &mut Array<f32>,
    k: u32,
    dim: u32,
    zero: f32,
    #[comptime] squared: bool,
    #[comptime] native: bool,
) {
    let cluster = CUBE_POS as u32 * GROUPS + UNIT_POS_Y;
    let start = min(cluster, k - 1) as usize * dim as usize;
    let place = (UNIT_POS_Y * LANES) as usize;
    let mut bias = 0.0f32;
    let mut moved = Pair { high: 0.0f32, low: 0.0f32 };
    let mut length = Pair { high: 0.0f32, low: 0.0f32 };
    if comptime!(native) {
        let mut lanes = SharedMemory::<f64>::new((GROUPS * LANES * 3) as usize);
        let mut of_centroid = f64::cast_from(0.0f32);
        let mut of_move = f64::cast_from(0.0f32);
        let mut of_mean = f64::cast_from(0.0f32);
        for column in range_stepped(UNIT_POS_X, dim, LANES) {
            let at = start + column as usize;
            let c = f64::cast_from(centroids[at]);
            let m = f64::cast_from(means[at]);
            let step = m - f64::cast_from(before[at]);
            of_centroid += fma(c, c, f64::cast_from(zero));
            of_move += step * step;
            of_mean += m * m;
        }
        let own = place + UNIT_POS_X as usize;
        lanes[own] = of_centroid;
        lanes[own + (GROUPS * LANES) as usize] = of_move;
        lanes[own + (2 * GROUPS * LANES) as usize] = of_mean;
        sync_cube();
        let mut total = lanes[place];
        let mut total_move = lanes[place + (GROUPS * LANES) as usize];
        let mut total_mean = lanes[place + (2 * GROUPS * LANES) as usize];
        for lane in 1..LANES as usize {
            total += lanes[place + lane];
            total_move += lanes[place + lane + (GROUPS * LANES) as usize];
            total_mean += lanes[place + lane + (2 * GROUPS * LANES) as usize];
        }
        bias = f32::cast_from(total);
        let high = f32::cast_from(total_move);
        moved = Pair { high, low: f32::cast_from(total_move - f64::cast_from(high)) };
        let high = f32::cast_from(total_mean);
        length = Pair { high, low: f32::cast_from(total_mean - f64::cast_from(high)) };
    } else {
        // One lane does all: there are few centroids beside the rows.
        let zero = u32::reinterpret(zero);
        let mut of_centroid = Pair { high: 0.0f32, low: 0.0f32 };
        if UNIT_POS_X == 0 {
            for column in 0..dim as usize {
                let at = start + column;
                of_centroid = add_pairs(of_centroid, multiply(centroids[at], centroids[at], zero), zero);
                moved = add_pairs(moved, sq_diff(means[at], before[at], zero), zero);
                length = add_pairs(length, multiply(means[at], means[at], zero), zero);
            }
        }
        bias = of_centroid.high;
    }
    if cluster < k {
        if UNIT_POS_X == 0 {
            let at = cluster as usize;
            biases[at] = comptime!(if squared { 1.0f32 } else { 0.0f32 }) * bias;
            known[4 * at] = moved.high;
            known[4 * at + 1] = moved.low;
            known[4 * at + 2] = length.high;
            known[4 * at + 3] = length.low;
        }
    }
}

/// Splits means, one after the other: `pairs` has donor and receiver, `pushes` and `signs` are those of
/// `kmeans_core::Split`. A unit has a column.
#[cube(launch_unchecked)]
pub(crate) fn split_means(
    means: &mut Array<f32>,
    pairs: &Array<u32>,
    pushes: &Array<f32>,
    signs: &Array<f32>,
    count: u32,
    dim: u32,
) {
    let column = ABSOLUTE_POS;
    if column < dim as usize {
        for split in 0..count as usize {
            let donor = pairs[2 * split] as usize * dim as usize + column;
            let receiver = pairs[2 * split + 1] as usize * dim as usize + column;
            let v = means[donor];
            let push = signs[split * dim as usize + column] * max(pushes[split], LEAST_PUSH * f32::abs(v));
            means[receiver] = v + push;
            means[donor] = v - push;
        }
    }
}
