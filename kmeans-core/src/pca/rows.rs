//! Rows seen through principal components.

use std::fmt;
use std::ops::Range;

use kmeans_data::{DataError, Points, check_read};

use super::components::Pca;
use super::projection::Projection;
use crate::error::{Error, Result};

/// Values of the source that are held at a time: 1 MiB of `f32`.
const BLOCK_VALUES: usize = 1 << 18;

/// The first m coordinates of the rows of a source, computed as they are read: a table of n rows by m columns.
///
/// Nothing is kept but the matrix and, during a read, one block. A row has the same bits whichever way it is read.
/// NaN and infinities of the source show in the row, but not always in the column where they stand.
pub struct PcaRows<'a> {
    points: &'a dyn Points,
    projection: Projection,
}

impl fmt::Debug for PcaRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, dim) = (self.rows(), self.dim());
        f.debug_struct("PcaRows").field("name", &self.name()).field("rows", &rows).field("dim", &dim).finish()
    }
}

impl<'a> PcaRows<'a> {
    /// The rows of `points` in the first `m` coordinates of `pca`.
    ///
    /// # Errors
    /// `DimensionMismatch` if `points` has not `pca.dim_in()` columns; `Parameter` if m is not 1 to `pca.dim_out()`.
    ///
    /// # Cost
    /// d·m `f64`; each row read costs d·m multiplications.
    pub fn new(pca: &Pca, points: &'a dyn Points, m: usize) -> Result<Self> {
        if points.dim() != pca.dim_in() {
            return Err(Error::DimensionMismatch {
                what: points.name().to_owned(),
                than: "the principal components",
                expected: pca.dim_in(),
                found: points.dim(),
            });
        }
        Ok(Self { points, projection: pca.projection(m)? })
    }

    /// Rows of the source in a block.
    fn step(&self) -> usize {
        (BLOCK_VALUES / self.points.dim()).clamp(1, 1 << 12)
    }

    fn read_block(
        &self,
        rows: Range<usize>,
        buffer: &mut Vec<f32>,
        out: &mut [f32],
    ) -> Result<(), DataError> {
        if let Some(x) = self.points.lend(rows.clone()) {
            self.projection.apply(x, out);
            return Ok(());
        }
        buffer.resize(rows.len() * self.points.dim(), 0.0);
        self.points.read(rows, buffer)?;
        self.projection.apply(buffer, out);
        Ok(())
    }
}

impl Points for PcaRows<'_> {
    fn rows(&self) -> usize {
        self.points.rows()
    }

    fn dim(&self) -> usize {
        self.projection.dim_out()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        let step = self.step();
        let mut buffer = Vec::new();
        for (start, out) in rows.clone().step_by(step).zip(out.chunks_mut(step * self.dim())) {
            self.read_block(start..rows.end.min(start + step), &mut buffer, out)?;
        }
        Ok(())
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        let (expected, found) = (ids.len().saturating_mul(self.dim()), out.len());
        if expected != found {
            return Err(DataError::BufferLength { name: self.name().to_owned(), expected, found });
        }
        let mut buffer = Vec::new();
        for (ids, out) in ids.chunks(self.step()).zip(out.chunks_mut(self.step() * self.dim())) {
            buffer.resize(ids.len() * self.points.dim(), 0.0);
            self.points.gather(ids, &mut buffer)?;
            self.projection.apply(&buffer, out);
        }
        Ok(())
    }

    fn prefetch(&self, rows: Range<usize>) {
        self.points.prefetch(rows);
    }

    fn release(&self, rows: Range<usize>) {
        self.points.release(rows);
    }

    fn source_row(&self, row: usize) -> usize {
        self.points.source_row(row)
    }

    fn name(&self) -> &str {
        self.points.name()
    }

    fn row_bytes(&self) -> usize {
        self.points.row_bytes()
    }
}
