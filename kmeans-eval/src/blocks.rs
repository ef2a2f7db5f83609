//! Rows read by blocks, and checked.

use std::ops::Range;

use kmeans_data::Points;

use crate::error::{Error, Result};

/// Values read at a time: 1 MiB of `f32`.
const BLOCK_VALUES: usize = 1 << 18;

/// Calls `visit` with blocks of the rows in ascending order; NaN and infinity are errors.
pub(crate) fn for_each_block(
    points: &dyn Points,
    rows: Range<usize>,
    mut visit: impl FnMut(Range<usize>, &[f32]),
) -> Result<()> {
    let d = points.dim();
    let step = (BLOCK_VALUES / d).max(1);
    let mut buffer = Vec::new();
    for start in rows.clone().step_by(step) {
        let block = start..rows.end.min(start + step);
        let x = read(points, block.clone(), &mut buffer)?;
        if let Some(at) = x.iter().position(|x| !x.is_finite()) {
            return Err(Error::NonFinite {
                data: points.name().to_owned(),
                row: points.source_row(start + at / d),
                column: at % d,
                value: x[at],
            });
        }
        visit(block.clone(), x);
        points.release(block);
    }
    Ok(())
}

/// A range of rows: lent where the source can, else read into `buffer`.
fn read<'a>(points: &'a dyn Points, rows: Range<usize>, buffer: &'a mut Vec<f32>) -> Result<&'a [f32]> {
    if let Some(lent) = points.lend(rows.clone()) {
        return Ok(lent);
    }
    buffer.resize(rows.len() * points.dim(), 0.0);
    points.read(rows, buffer)?;
    Ok(buffer)
}

/// `‖x − c‖²` in `f64`.
pub(crate) fn sq_dist(x: &[f32], c: &[f64]) -> f64 {
    const LANES: usize = 8;
    let ((x, x_rest), (c, c_rest)) = (x.as_chunks::<LANES>(), c.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (x, c) in x.iter().zip(c) {
        for l in 0..LANES {
            lanes[l] += (f64::from(x[l]) - c[l]).powi(2);
        }
    }
    for ((lane, &x), c) in lanes.iter_mut().zip(x_rest).zip(c_rest) {
        *lane += (f64::from(x) - c).powi(2);
    }
    lanes.iter().sum()
}
