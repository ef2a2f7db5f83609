//! All rows of a source on their way through fitted steps.

use std::borrow::Cow;

use kmeans_data::Points;

use super::block::{Block, NotFinite};
use super::fitted::{FittedStep, dim_after};
use super::rows::PreparedRows;
use crate::error::{Error, Result};
use crate::row_blocks::for_each_block;

/// The rows of a source as some steps leave them, with what each counts, and without the outliers that the steps find.
/// Each reading is one pass over the source, by blocks.
pub(super) struct Pass<'a> {
    points: &'a dyn Points,
    /// One a row, checked; `None`: 1 each.
    weights: Option<&'a [f32]>,
    steps: &'a [FittedStep],
    /// Whether NaN stands for missing values, which nothing fills yet.
    is_unfilled: bool,
}

impl<'a> Pass<'a> {
    pub(super) fn new(points: &'a dyn Points, weights: Option<&'a [f32]>, steps: &'a [FittedStep]) -> Self {
        Self { points, weights, steps, is_unfilled: false }
    }

    /// The same rows before any step, in which values may be missing.
    pub(super) fn unfilled(&self) -> Self {
        Self { steps: &[], is_unfilled: true, ..*self }
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

    /// The weights, 0 for the rows that a step has turned down so far; `None` where all rows count once.
    pub(super) fn kept(&self) -> Result<Option<Cow<'a, [f32]>>> {
        if !self.steps.iter().any(|step| matches!(step, FittedStep::DropOutliers(_))) {
            return Ok(self.weights.map(Cow::Borrowed));
        }
        let mut kept = vec![0.0; self.points.rows()];
        self.for_each_block(|block| {
            block.numbers().iter().for_each(|&row| kept[row] = self.weights.map_or(1.0, |w| w[row]));
        })?;
        Ok(Some(kept.into()))
    }

    /// Calls `visit` with row after row of positive weight, and the weight.
    pub(super) fn for_each_row(&self, mut visit: impl FnMut(&[f32], f64)) -> Result<()> {
        self.for_each_block(|block| {
            for (x, &row) in block.rows().zip(block.numbers()) {
                match self.weights.map_or(1.0, |w| w[row]) {
                    0.0 => {}
                    weight => visit(x, weight.into()),
                }
            }
        })
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
