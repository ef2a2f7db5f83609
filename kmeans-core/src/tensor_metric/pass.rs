//! One pass over all rows of a source.

use std::ops::Range;

use burn::tensor::backend::Backend;

use super::block::RowBlock;
use super::metric::{TensorMetric, check_rows};
use crate::error::{Error, Result};
use crate::params::Params;
use crate::source::{Source, locate};

/// A pass over the rows of a source, block by block, in which they are checked.
pub(super) struct Pass<'p, 'a, B: Backend> {
    source: &'p Source<'a, B>,
    /// Most rows of a block.
    step: usize,
}

impl<'p, 'a, B: Backend> Pass<'p, 'a, B> {
    pub(super) fn over(source: &'p Source<'a, B>) -> Self {
        Self { source, step: source.dense_block_rows() }
    }

    /// With at most so many rows in a block, and at least one.
    pub(super) fn at_most(self, rows: usize) -> Self {
        Self { step: self.step.min(rows).max(1), ..self }
    }

    /// With no more rows decoded at a time than a training asks for.
    pub(super) fn of_training(source: &'p Source<'a, B>, params: &Params) -> Self {
        let most = if source.is_encoded() { params.decode_block_size } else { usize::MAX };
        Self::over(source).at_most(most)
    }

    pub(super) fn n(&self) -> usize {
        self.source.n()
    }

    /// Hands over block after block, with the numbers of its rows, once the metric is known to be defined on
    /// them.
    pub(super) fn each_block(
        &self,
        metric: &dyn TensorMetric<B>,
        mut work: impl FnMut(Range<usize>, &RowBlock<'_, B>) -> Result<()>,
    ) -> Result<()> {
        let (source, n) = (self.source, self.n());
        let mut buffer = Vec::new();
        for start in (0..n).step_by(self.step) {
            let rows = start..n.min(start + self.step);
            source.prefetch(rows.end..n.min(rows.end + self.step));
            let block = RowBlock::once(source.block(rows.clone(), &mut buffer)?);
            check_rows(metric, block.values(), block.d()).map_err(|e| self.locate(start, e))?;
            work(rows.clone(), &block)?;
            source.release(rows);
        }
        Ok(())
    }

    /// Names the source and the row within it in an error about a row of the block that begins at `start`.
    pub(super) fn locate(&self, start: usize, error: Error) -> Error {
        locate(error, self.source.name(), |row| self.source.source_row(start + row))
    }
}
