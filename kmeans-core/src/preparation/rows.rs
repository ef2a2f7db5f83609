//! Rows seen through fitted steps.

use std::fmt;
use std::ops::Range;

use kmeans_data::{DataError, Points, check_read};

use super::block::{Block, NotFinite};
use super::fitted::{FittedStep, dim_after};

/// Values of the source that are held at a time: 1 MiB of `f32`.
const BLOCK_VALUES: usize = 1 << 18;

/// The rows of a source after the steps of a [`Preparation`](crate::Preparation), computed as they are read.
///
/// Nothing is kept but, during a read, one block. A row has the same bits whichever way it is read. NaN that no step
/// fills, and infinity, are an error of reading that names row and column of the source. Rows that a trainer holds in
/// memory are held prepared; encoded ones stay encoded, and are decoded and prepared in each pass.
pub struct PreparedRows<'a> {
    points: &'a dyn Points,
    steps: &'a [FittedStep],
    dim: usize,
}

impl fmt::Debug for PreparedRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, dim) = (self.rows(), self.dim);
        f.debug_struct("PreparedRows")
            .field("name", &self.name())
            .field("rows", &rows)
            .field("dim", &dim)
            .finish()
    }
}

impl<'a> PreparedRows<'a> {
    pub(super) fn through(steps: &'a [FittedStep], points: &'a dyn Points) -> Self {
        Self { points, steps, dim: dim_after(steps, points.dim()) }
    }

    /// Rows of the source in a block.
    fn step(&self) -> usize {
        (BLOCK_VALUES / self.points.dim()).clamp(1, 1 << 12)
    }

    fn prepare(&self, block: &mut Block, out: &mut [f32]) -> Result<(), DataError> {
        block.prepare(self.steps).map_err(|NotFinite { row, column, value }| DataError::NonFinite {
            name: self.name().to_owned(),
            row: self.source_row(row),
            column,
            value,
        })?;
        out.copy_from_slice(block.values());
        Ok(())
    }

    fn load(&self, rows: Range<usize>, block: &mut Block) -> Result<(), DataError> {
        let d = self.points.dim();
        match self.points.lend(rows.clone()) {
            Some(x) => block.load(x, d, rows),
            None => self.points.read(rows.clone(), block.room(d, rows))?,
        }
        Ok(())
    }
}

impl Points for PreparedRows<'_> {
    fn rows(&self) -> usize {
        self.points.rows()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        let step = self.step();
        let mut block = Block::default();
        for (start, out) in rows.clone().step_by(step).zip(out.chunks_mut(step * self.dim)) {
            self.load(start..rows.end.min(start + step), &mut block)?;
            self.prepare(&mut block, out)?;
        }
        Ok(())
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        let (expected, found) = (ids.len().saturating_mul(self.dim), out.len());
        if expected != found {
            return Err(DataError::BufferLength { name: self.name().to_owned(), expected, found });
        }
        let step = self.step();
        let mut block = Block::default();
        for (ids, out) in ids.chunks(step).zip(out.chunks_mut(step * self.dim)) {
            self.points.gather(ids, block.room(self.points.dim(), ids.iter().copied()))?;
            self.prepare(&mut block, out)?;
        }
        Ok(())
    }

    fn is_encoded(&self) -> bool {
        self.points.is_encoded()
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
