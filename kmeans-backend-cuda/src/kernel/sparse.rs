//! Sparse rows, written out.

use cubecl::prelude::*;

/// Units that write a row, and rows of a cube.
pub(crate) const SPARSE_LANES: u32 = 32;
pub(crate) const SPARSE_GROUPS: u32 = 8;

/// Writes the entries of `rows` sparse rows, those of row i at `starts[i]..starts[i + 1]`, among zeros, row-major.
#[cube(launch_unchecked)]
pub(crate) fn write_rows(
    starts: &Array<u32>,
    columns: &Array<u32>,
    values: &Array<u32>,
    out: &mut Array<u32>,
    rows: u32,
    dim: u32,
) {
    let row = CUBE_POS as u32 * SPARSE_GROUPS + UNIT_POS_Y;
    if row < rows {
        let end = starts[row as usize + 1];
        for entry in range_stepped(starts[row as usize] + UNIT_POS_X, end, SPARSE_LANES) {
            let column = columns[entry as usize];
            out[row as usize * dim as usize + column as usize] = values[entry as usize];
        }
    }
}
