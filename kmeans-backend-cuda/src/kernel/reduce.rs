//! Centroid reduction: `Σ w·v`, `Σ w`, counts and `Σ w·distance` of each cluster, as integers.
//!
//! Integers add in any order to the same bits, so that all ways here are deterministic, atomic additions
//! included.

use cubecl::prelude::*;

use super::rows::{RowsView, offset};
use super::wide::{Wide, add, add_to, split_product};

/// Sums of a cluster besides its columns: both limbs of weight and of objective, and the count.
pub(crate) const TALLIES: u32 = 5;

/// What a reduction has to know when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reduce {
    pub(crate) weighted: bool,
    /// Whether column sums have a lower limb.
    pub(crate) wide: bool,
    /// Rows that a unit adds up before it writes.
    pub(crate) run: u32,
}

/// Adds the columns of rows in the order of their clusters: a unit has one column of `run` rows, and writes
/// where the cluster changes.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn add_columns(
    rows: &RowsView,
    weights: &Array<f32>,
    labels: &Array<u32>,
    order: &Array<u32>,
    grids: &Array<i32>,
    sums: &Array<Atomic<u32>>,
    sums_low: &Array<Atomic<u32>>,
    bits: u32,
    #[comptime] how: Reduce,
) {
    let column = CUBE_POS_Y * CUBE_DIM_X + UNIT_POS_X;
    let first = (CUBE_POS_X * CUBE_DIM_Y + UNIT_POS_Y) * how.run;
    if column < rows.dim {
        if first < rows.rows {
            let grid = grids[column as usize];
            let mut cluster = labels[order[first as usize] as usize];
            let mut upper = Wide { low: 0u32, high: 0u32 };
            let mut lower = Wide { low: 0u32, high: 0u32 };
            for at in first..min(first + how.run, rows.rows) {
                let row = order[at as usize];
                let label = labels[row as usize];
                if label != cluster {
                    let place = cluster as usize * rows.dim as usize + column as usize;
                    add_to(sums, place, upper);
                    upper = Wide { low: 0u32, high: 0u32 };
                    if comptime!(how.wide) {
                        add_to(sums_low, place, lower);
                        lower = Wide { low: 0u32, high: 0u32 };
                    }
                    cluster = label;
                }
                let mut weight = 1.0f32;
                if comptime!(how.weighted) {
                    weight = weights[row as usize];
                }
                // A row without weight may lie outside the frame, where its terms are no numbers.
                if weight != 0.0 {
                    let v = offset(rows, row, column);
                    let term = split_product(v, weight, grid, bits, how.weighted, how.wide);
                    upper = add(upper, term.upper);
                    if comptime!(how.wide) {
                        lower = add(lower, term.lower);
                    }
                }
            }
            let place = cluster as usize * rows.dim as usize + column as usize;
            add_to(sums, place, upper);
            if comptime!(how.wide) {
                add_to(sums_low, place, lower);
            }
        }
    }
}

/// Adds weights, objectives and counts of rows in the order of their clusters: a unit has `run` rows.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn add_tallies(
    weights: &Array<f32>,
    labels: &Array<u32>,
    order: &Array<u32>,
    terms: &Array<u32>,
    tallies: &Array<Atomic<u32>>,
    rows: u32,
    grid: i32,
    bits: u32,
    #[comptime] how: Reduce,
) {
    let first = ABSOLUTE_POS as u32 * how.run;
    if first < rows {
        let mut cluster = labels[order[first as usize] as usize];
        let mut weight_upper = Wide { low: 0u32, high: 0u32 };
        let mut weight_lower = Wide { low: 0u32, high: 0u32 };
        let mut upper = Wide { low: 0u32, high: 0u32 };
        let mut lower = Wide { low: 0u32, high: 0u32 };
        let mut count = 0u32;
        for at in first..min(first + how.run, rows) {
            let row = order[at as usize] as usize;
            let label = labels[row];
            if label != cluster {
                let place = (cluster * TALLIES) as usize;
                add_to(tallies, place, weight_upper);
                add_to(tallies, place + 1, weight_lower);
                add_to(tallies, place + 2, upper);
                add_to(tallies, place + 3, lower);
                add_to(tallies, place + 4, Wide { low: count, high: 0u32 });
                weight_upper = Wide { low: 0u32, high: 0u32 };
                weight_lower = Wide { low: 0u32, high: 0u32 };
                upper = Wide { low: 0u32, high: 0u32 };
                lower = Wide { low: 0u32, high: 0u32 };
                count = 0u32;
                cluster = label;
            }
            let mut weight = 1.0f32;
            if comptime!(how.weighted) {
                weight = weights[row];
            }
            let term = split_product(weight, 1.0f32, grid, bits, false, true);
            weight_upper = add(weight_upper, term.upper);
            weight_lower = add(weight_lower, term.lower);
            upper = add(upper, Wide { low: terms[4 * row], high: terms[4 * row + 1] });
            lower = add(lower, Wide { low: terms[4 * row + 2], high: terms[4 * row + 3] });
            count += 1;
        }
        let place = (cluster * TALLIES) as usize;
        add_to(tallies, place, weight_upper);
        add_to(tallies, place + 1, weight_lower);
        add_to(tallies, place + 2, upper);
        add_to(tallies, place + 3, lower);
        add_to(tallies, place + 4, Wide { low: count, high: 0u32 });
    }
}

/// The same as the two above in one pass over the rows as they lie, for few sums: each cube adds `run` rows
/// in shared memory, `cells` of k·(d + 5), and then to those of all. Without lower limbs of columns.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn add_shared(
    rows: &RowsView,
    weights: &Array<f32>,
    labels: &Array<u32>,
    terms: &Array<u32>,
    grids: &Array<i32>,
    sums: &Array<Atomic<u32>>,
    tallies: &Array<Atomic<u32>>,
    k: u32,
    weight_grid: i32,
    bits: u32,
    #[comptime] cells: u32,
    #[comptime] how: Reduce,
) {
    let own = SharedMemory::<Atomic<u32>>::new((cells * 2) as usize);
    let width = rows.dim + TALLIES;
    for cell in range_stepped(UNIT_POS, k * width * 2, CUBE_DIM) {
        own[cell as usize].store(0u32);
    }
    sync_cube();
    let first = CUBE_POS as u32 * how.run;
    let count = min(first + how.run, rows.rows) - min(first, rows.rows);
    for item in range_stepped(UNIT_POS, count * width, CUBE_DIM) {
        let row = first + item / width;
        let column = item % width;
        let at = row as usize;
        let place = (labels[at] * width + column) as usize;
        let mut weight = 1.0f32;
        if comptime!(how.weighted) {
            weight = weights[at];
        }
        let mut term = Wide { low: 1u32, high: 0u32 };
        if column < rows.dim {
            term = Wide { low: 0u32, high: 0u32 };
            if weight != 0.0 {
                let v = offset(rows, row, column);
                let limbs = split_product(v, weight, grids[column as usize], bits, how.weighted, false);
                term = limbs.upper;
            }
        } else if column < rows.dim + 2 {
            let limbs = split_product(weight, 1.0f32, weight_grid, bits, false, true);
            let is_upper = column == rows.dim;
            term = Wide {
                low: select(is_upper, limbs.upper.low, limbs.lower.low),
                high: select(is_upper, limbs.upper.high, limbs.lower.high),
            };
        } else if column < rows.dim + 4 {
            let limb = 4 * at + 2 * (column - rows.dim - 2) as usize;
            term = Wide { low: terms[limb], high: terms[limb + 1] };
        }
        let before = own[2 * place].fetch_add(term.low);
        let carry = select(before + term.low < before, 1u32, 0u32);
        own[2 * place + 1].fetch_add(term.high + carry);
    }
    sync_cube();
    for cell in range_stepped(UNIT_POS, k * width, CUBE_DIM) {
        let low = own[(2 * cell) as usize].load();
        let high = own[(2 * cell + 1) as usize].load();
        let sum = Wide { low, high };
        let cluster = cell / width;
        let column = cell % width;
        if low | high != 0 {
            if column < rows.dim {
                add_to(sums, (cluster * rows.dim + column) as usize, sum);
            } else {
                add_to(tallies, (cluster * TALLIES + column - rows.dim) as usize, sum);
            }
        }
    }
}

/// Adds the integers of one list to those of another.
#[cube(launch_unchecked)]
pub(crate) fn add_lists(into: &mut Array<u32>, other: &Array<u32>, len: u32) {
    let at = ABSOLUTE_POS;
    if at < len as usize {
        let sum = add(
            Wide { low: into[2 * at], high: into[2 * at + 1] },
            Wide { low: other[2 * at], high: other[2 * at + 1] },
        );
        into[2 * at] = sum.low;
        into[2 * at + 1] = sum.high;
    }
}

/// Zeros.
#[cube(launch_unchecked)]
pub(crate) fn clear(words: &mut Array<u32>, len: u32) {
    if ABSOLUTE_POS < len as usize {
        words[ABSOLUTE_POS] = 0u32;
    }
}
