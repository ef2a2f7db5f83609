//! Rows by number, in the frame.

use cubecl::prelude::*;

use super::rows::{RowsView, offset};

/// Rows `ids`, row-major.
#[cube(launch_unchecked)]
pub(crate) fn gather_rows(rows: &RowsView, ids: &Array<u32>, out: &mut Array<f32>, count: u32) {
    let at = ABSOLUTE_POS as u32;
    if at < count * rows.dim {
        out[at as usize] = offset(rows, ids[(at / rows.dim) as usize], at % rows.dim);
    }
}
