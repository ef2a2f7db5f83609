//! Rows seen block by block, in order.

use std::ops::Range;

use crate::{DataError, Points};

/// Values that are read at a time, where rows are not lent.
const BLOCK: usize = 1 << 16;

/// Calls `each` with the first row and the values of block after block, lent where that can be; what was seen is
/// released.
pub(crate) fn for_blocks(
    points: &(impl Points + ?Sized),
    mut each: impl FnMut(usize, &[f32]) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let mut buffer = Vec::new();
    for rows in block_ranges(points.rows(), points.dim()) {
        points.prefetch(rows.end..(rows.end + rows.len()).min(points.rows()));
        match points.lend(rows.clone()) {
            Some(values) => each(rows.start, values)?,
            None => {
                buffer.resize(rows.len() * points.dim(), 0.0);
                points.read(rows.clone(), &mut buffer)?;
                each(rows.start, &buffer)?;
            }
        }
        points.release(rows);
    }
    Ok(())
}

/// The rows `0..n` in blocks of at least one row.
fn block_ranges(n: usize, dim: usize) -> impl Iterator<Item = Range<usize>> {
    let step = (BLOCK / dim.max(1)).max(1);
    (0..n).step_by(step).map(move |start| start..(start + step).min(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_all_rows_once() {
        for (n, dim) in [(0, 1), (1, BLOCK * 3), (5, BLOCK), (BLOCK + 1, 1), (1000, 700)] {
            let covered: Vec<usize> = block_ranges(n, dim).flatten().collect();
            assert_eq!(covered, (0..n).collect::<Vec<_>>());
            assert!(block_ranges(n, dim).all(|rows| rows.len() == 1 || rows.len() * dim <= BLOCK));
        }
    }
}
