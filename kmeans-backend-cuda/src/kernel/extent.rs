//! Ranges of columns, and the first value that is not finite.

use cubecl::prelude::*;

use super::rows::{RowsView, value};

/// An integer for each number, in the same order, so that atomics on integers compare numbers.
#[cube]
fn place_of(x: f32) -> u32 {
    let bits = u32::reinterpret(x);
    select(bits >> 31 == 1, bits ^ 0xffff_ffffu32, bits | 0x8000_0000u32)
}

/// The number of [`place_of`].
pub(crate) fn at_place(place: u32) -> f32 {
    f32::from_bits(if place >> 31 == 1 { place & 0x7fff_ffff } else { !place })
}

/// Smallest and largest place of each column over rows of positive weight (all, without weights), and over
/// all rows the largest magnitude's bits and the number of the first value that is not finite. A unit has
/// a column of `run` rows.
#[cube(launch_unchecked)]
pub(crate) fn find_extent(
    rows: &RowsView,
    weights: &Array<f32>,
    lowest: &Array<Atomic<u32>>,
    highest: &Array<Atomic<u32>>,
    whole: &Array<Atomic<u32>>,
    #[comptime] weighted: bool,
    #[comptime] run: u32,
) {
    let column = CUBE_POS_Y * CUBE_DIM_X + UNIT_POS_X;
    let first = (CUBE_POS_X * CUBE_DIM_Y + UNIT_POS_Y) * run;
    if column < rows.dim {
        if first < rows.rows {
            let mut low = 0xffff_ffffu32;
            let mut high = 0u32;
            let mut magnitude = 0u32;
            let mut bad = 0xffff_ffffu32;
            for row in first..min(first + run, rows.rows) {
                let at = row * rows.dim + column;
                let x = value(rows, at as usize);
                let size = u32::reinterpret(x) & 0x7fff_ffffu32;
                if size >= 0x7f80_0000u32 {
                    bad = min(bad, at);
                } else {
                    magnitude = max(magnitude, size);
                    let place = place_of(x);
                    let mut weight = 1.0f32;
                    if comptime!(weighted) {
                        weight = weights[row as usize];
                    }
                    if weight > 0.0 {
                        low = min(low, place);
                        high = max(high, place);
                    }
                }
            }
            lowest[column as usize].fetch_min(low);
            highest[column as usize].fetch_max(high);
            whole[0].fetch_max(magnitude);
            whole[1].fetch_min(bad);
        }
    }
}
