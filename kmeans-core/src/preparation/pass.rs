//! All rows of a source on their way through fitted steps.

use kmeans_data::Points;

use super::block::{Block, NotFinite};
use super::fitted::{FittedStep, dim_after};
use super::rows::PreparedRows;
use crate::error::{Error, Result};
use crate::row_blocks::for_each_block;

/// The rows of a source as some steps leave them, without the outliers that these find. Each reading is one pass over
/// the source, by blocks.
pub(super) struct Pass<'a> {
    points: &'a dyn Points,
    steps: &'a [FittedStep],
    /// Whether NaN stands for missing values, which nothing fills yet.
    is_unfilled: bool,
}

impl<'a> Pass<'a> {
    pub(super) fn new(points: &'a dyn Points, steps: &'a [FittedStep]) -> Self {
        Self { points, steps, is_unfilled: false }
    }

    /// The rows of a source in which values may be missing.
    pub(super) fn unfilled(points: &'a dyn Points) -> Self {
        Self { points, steps: &[], is_unfilled: true }
    }

    /// The source.
    pub(super) fn points(&self) -> &dyn Points {
        self.points
    }

    /// Columns of the rows as the steps leave them.
    pub(super) fn dim(&self) -> usize {
        dim_after(self.steps, self.points.dim())
    }

    /// The rows as a source, outliers among them.
    pub(super) fn rows(&self) -> PreparedRows<'a> {
        PreparedRows::through(self.steps, self.points)
    }

    /// 1 for the rows that no step has turned down so far, 0 for the others; `None` where no step could.
    pub(super) fn kept(&self) -> Result<Option<Vec<f32>>> {
        if !self.steps.iter().any(|step| matches!(step, FittedStep::DropOutliers(_))) {
            return Ok(None);
        }
        let mut kept = vec![0.0; self.points.rows()];
        self.for_each_block(|block| block.numbers().iter().for_each(|&row| kept[row] = 1.0))?;
        Ok(Some(kept))
    }

    /// Calls `visit` with row after row.
    pub(super) fn for_each_row(&self, mut visit: impl FnMut(&[f32])) -> Result<()> {
        self.for_each_block(|block| block.rows().for_each(&mut visit))
    }

    /// Calls `visit` with block after block of rows; a block may have lost all its rows.
    pub(super) fn for_each_block(&self, mut visit: impl FnMut(&Block)) -> Result<()> {
        let mut block = Block::default();
        for_each_block(self.points, |range, x| {
            block.load(x, self.points.dim(), range);
            let done = match self.is_unfilled {
                true => block.check_missing_only(),
                false => block.prepare_kept(self.steps),
            };
            done.map_err(|found| self.located(&found))?;
            visit(&block);
            Ok(())
        })
    }

    fn located(&self, found: &NotFinite) -> Error {
        let &NotFinite { row, column, value } = found;
        Error::NonFinite {
            data: self.points.name().to_owned(),
            row: self.points.source_row(row),
            column,
            value,
        }
    }
}
