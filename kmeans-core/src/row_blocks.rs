//! Rows of a source in host memory, block by block.

use std::ops::Range;

use kmeans_data::Points;

use crate::error::{Error, Result};

/// Values in a block: 2 MiB once they are `f64`, which stays in the caches.
const BLOCK_VALUES: usize = 1 << 18;

/// Calls `visit` with blocks of rows in ascending order, lent where the source can; what was seen is released. The size
/// of blocks depends on d alone, so that sums over them have the same bits for every source.
pub(crate) fn for_each_block(
    points: &dyn Points,
    mut visit: impl FnMut(Range<usize>, &[f32]) -> Result<()>,
) -> Result<()> {
    let (n, d) = (points.rows(), points.dim());
    let step = (BLOCK_VALUES / d).clamp(16, 1 << 14);
    let mut buffer = Vec::new();
    for start in (0..n).step_by(step) {
        let range = start..n.min(start + step);
        points.prefetch(range.end..n.min(range.end + step));
        match points.lend(range.clone()) {
            Some(x) => visit(range.clone(), x)?,
            None => {
                buffer.resize(range.len() * d, 0.0);
                points.read(range.clone(), &mut buffer)?;
                visit(range.clone(), &buffer)?;
            }
        }
        points.release(range);
    }
    Ok(())
}

/// Names the first value that is NaN or infinite, of rows of `points` from `start` on.
pub(crate) fn check_finite_rows(points: &dyn Points, start: usize, x: &[f32]) -> Result<()> {
    match x.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::NonFinite {
            data: points.name().to_owned(),
            row: points.source_row(start + i / points.dim()),
            column: i % points.dim(),
            value: x[i],
        }),
    }
}
