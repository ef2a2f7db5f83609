//! Fitted steps, and rows that go through them.

use std::ops::Range;

use kmeans_data::{DataError, Points, RowSlice};

use super::fitted::{FittedStep, dim_after};
use super::pass::Pass;
use super::rows::PreparedRows;
use super::summary::StepSummary;
use crate::error::{Error, Result};

/// Steps fitted to some rows, ready for others: what a model remembers of how its rows were made ready.
///
/// Made by [`Preparation::fit`]; kept by [`KMeansModel`](crate::KMeansModel), and applied to all rows that are assigned
/// to it; saved on its own by [`Preparation::save`].
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    dim_in: usize,
    steps: Vec<FittedStep>,
}

impl Preparation {
    pub(super) fn new(dim_in: usize, steps: Vec<FittedStep>) -> Self {
        Self { dim_in, steps }
    }

    pub(super) fn fitted(&self) -> &[FittedStep] {
        &self.steps
    }

    /// Columns of rows as they come.
    #[doc(alias = "n_features_in_")]
    pub fn dim_in(&self) -> usize {
        self.dim_in
    }

    /// Columns of prepared rows.
    pub fn dim_out(&self) -> usize {
        dim_after(&self.steps, self.dim_in)
    }

    /// The steps in their order, with what they found.
    pub fn steps(&self) -> Vec<StepSummary> {
        self.steps.iter().map(StepSummary::from).collect()
    }

    /// Whether NaN stands for missing values, which the first step fills.
    pub fn fills_missing(&self) -> bool {
        matches!(self.steps.first(), Some(FittedStep::Impute(_)))
    }

    /// Whether a step looks for outliers.
    pub fn finds_outliers(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, FittedStep::DropOutliers(_)))
    }

    /// Prepares the n rows `x` (row-major n×`dim_in`) into `out` (row-major n×`dim_out`). Outliers stay.
    ///
    /// Each step computes in `f64` and rounds once; a row has the same bits whatever rows stand beside it.
    ///
    /// # Errors
    /// `NotRows` and `BufferLength` of [`DataError`] where lengths do not fit; `NonFinite` for NaN (unless the first step
    /// fills it), infinity, and values that a step makes too large for `f32`.
    ///
    /// # Cost
    /// O(n·`dim_in`), and n·d·m multiplications for m components, on one thread.
    pub fn transform(&self, x: &[f32], out: &mut [f32]) -> Result<()> {
        if x.is_empty() {
            return check_empty(out);
        }
        let points = RowSlice::new(x, self.dim_in)?;
        Ok(self.rows(&points)?.read(0..points.rows(), out)?)
    }

    /// The rows of `points` as they are after the steps, computed as they are read. Outliers stay.
    ///
    /// # Errors
    /// `DimensionMismatch` if `points` has not `dim_in` columns.
    pub fn rows<'a>(&'a self, points: &'a dyn Points) -> Result<PreparedRows<'a>> {
        self.check_dim(points)?;
        Ok(PreparedRows::through(&self.steps, points))
    }

    /// The numbers of the rows that a rule for outliers turns down, ascending, counted from 0 in `points`; none without
    /// such a rule.
    ///
    /// # Errors
    /// As [`Preparation::rows`]; `NonFinite`; whatever reading fails with.
    ///
    /// # Cost
    /// That of preparing all rows once; nothing is read without a rule.
    pub fn outliers(&self, points: &dyn Points) -> Result<Vec<usize>> {
        self.check_dim(points)?;
        let mut outliers = Vec::new();
        if !self.finds_outliers() {
            return Ok(outliers);
        }
        let mut next = 0;
        Pass::new(points, None, &self.steps).for_each_block(|block| {
            for &row in block.numbers() {
                outliers.extend(Range { start: next, end: row });
                next = row + 1;
            }
        })?;
        outliers.extend(next..points.rows());
        Ok(outliers)
    }

    fn check_dim(&self, points: &dyn Points) -> Result<()> {
        if points.dim() == self.dim_in {
            return Ok(());
        }
        Err(Error::DimensionMismatch {
            what: points.name().to_owned(),
            than: "the preparation",
            expected: self.dim_in,
            found: points.dim(),
        })
    }
}

/// No rows come to no rows.
fn check_empty(out: &[f32]) -> Result<()> {
    match out.len() {
        0 => Ok(()),
        found => Err(DataError::BufferLength { name: "memory".to_owned(), expected: 0, found }.into()),
    }
}
