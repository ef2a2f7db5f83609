//! Distances of rows to the centroids of their labels, and of rows to all centroids.

use cubecl::prelude::*;

use super::distance::{GROUPS, LANES, Measure, measured, split_sum};
use super::rows::RowsView;

/// Each row's distance to the centroid of its label, and `weight · distance` on the grid of the objective:
/// four words a row, upper and lower limb.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn measure_own(
    rows: &RowsView,
    centroids: &Array<f32>,
    labels: &Array<u32>,
    weights: &Array<f32>,
    distances: &mut Array<f32>,
    terms: &mut Array<u32>,
    zero: f32,
    up: f32,
    up_too: f32,
    bits: u32,
    #[comptime] weighted: bool,
    #[comptime] measure: Measure,
) {
    let row = CUBE_POS as u32 * GROUPS + UNIT_POS_Y;
    // All units measure, so that all wait together; those past the end measure the last row.
    let seen = min(row, rows.rows - 1);
    let sum = measured(rows, seen, centroids, labels[seen as usize], zero, measure);
    if row < rows.rows {
        if UNIT_POS_X == 0 {
            distances[row as usize] = sum.first;
            let mut weight = 1.0f32;
            if comptime!(weighted) {
                weight = weights[row as usize];
            }
            let at = row as usize * 4;
            if weight == 0.0 {
                // Its distance may be no number on the grid.
                terms[at] = 0u32;
                terms[at + 1] = 0u32;
                terms[at + 2] = 0u32;
                terms[at + 3] = 0u32;
            } else {
                let limbs = split_sum(sum, weight, up, up_too, bits, zero, measure.native);
                terms[at] = limbs.upper.low;
                terms[at + 1] = limbs.upper.high;
                terms[at + 2] = limbs.lower.low;
                terms[at + 3] = limbs.lower.high;
            }
        }
    }
}

/// The distance of rows `first..first + count` to each of `p` centroids: all in order, or those of `ids`,
/// row-major. Row-major count×p.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn measure_pairs(
    rows: &RowsView,
    centroids: &Array<f32>,
    ids: &Array<u32>,
    out: &mut Array<f32>,
    first: u32,
    count: u32,
    p: u32,
    zero: f32,
    #[comptime] listed: bool,
    #[comptime] measure: Measure,
) {
    let pair = CUBE_POS as u32 * GROUPS + UNIT_POS_Y;
    let pairs = count * p;
    let seen = min(pair, pairs - 1);
    let mut centroid = seen % p;
    if comptime!(listed) {
        centroid = ids[seen as usize];
    }
    let sum = measured(rows, first + seen / p, centroids, centroid, zero, measure);
    if pair < pairs {
        if UNIT_POS_X == 0 {
            out[pair as usize] = sum.first;
        }
    }
}

/// Pairs of rows `first..first + count` and centroids whose distance is below the row's limit: row,
/// centroid and the bits of the distance, in no order, as many as `found` says.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn find_closer(
    rows: &RowsView,
    centroids: &Array<f32>,
    limits: &Array<f32>,
    found: &Array<Atomic<u32>>,
    out: &mut Array<u32>,
    first: u32,
    count: u32,
    k: u32,
    zero: f32,
    #[comptime] measure: Measure,
) {
    let pair = CUBE_POS as u32 * GROUPS + UNIT_POS_Y;
    let pairs = count * k;
    let seen = min(pair, pairs - 1);
    let row = first + seen / k;
    let centroid = seen % k;
    let sum = measured(rows, row, centroids, centroid, zero, measure);
    if pair < pairs {
        if UNIT_POS_X == 0 {
            if sum.first < limits[row as usize] {
                let place = found[0].fetch_add(1u32) as usize * 3;
                out[place] = row;
                out[place + 1] = centroid;
                out[place + 2] = u32::reinterpret(sum.first);
            }
        }
    }
}

/// Rows whose distance is below their limit: row, label and the bits of the distance, in no order.
#[cube(launch_unchecked)]
pub(crate) fn keep_closer(
    distances: &Array<f32>,
    limits: &Array<f32>,
    labels: &Array<u32>,
    found: &Array<Atomic<u32>>,
    out: &mut Array<u32>,
    rows: u32,
) {
    let row = ABSOLUTE_POS;
    if row < rows as usize {
        if distances[row] < limits[row] {
            let place = found[0].fetch_add(1u32) as usize * 3;
            out[place] = row as u32;
            out[place + 1] = labels[row];
            out[place + 2] = u32::reinterpret(distances[row]);
        }
    }
}

/// The shape of a cube that measures.
pub(crate) fn cube_dim() -> CubeDim {
    CubeDim::new_2d(LANES, GROUPS)
}
