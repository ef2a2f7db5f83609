//! Step after step.

use kmeans_data::Points;

use super::fitted::FittedStep;
use super::pass::Pass;
use super::prepared::Preparation;
use super::step::{self, Step};
use crate::error::{Error, Result};

impl Preparation {
    /// Fits steps to n rows of d columns, in their order: each to the rows as the steps before it leave them, without
    /// the outliers that these found.
    ///
    /// Rows are read by blocks, and never held: scaling and means take one pass over them, quartiles four and medians
    /// five, components two or, with the randomized solver, nine; a rule for outliers one more, distances two, and
    /// normalisation none. Sums are `f64` about the first row, so that an offset of the data costs no digits. Between
    /// steps values are `f32`: to fit two steps at once, or the second to what the first has written to a file, comes to
    /// the same bits. One thread.
    ///
    /// NaN stands for a missing value where [`Step::Impute`] comes first. Every row counts once: weights are for training.
    ///
    /// ```
    /// use kmeans_core::{Preparation, Step};
    /// use kmeans_data::RowSlice;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let rows = RowSlice::new(&[1.0, 10.0, 3.0, 30.0], 2)?;
    /// let preparation = Preparation::fit(&rows, &[Step::Standardize])?;
    /// let mut out = [0.0; 4];
    /// preparation.transform(rows.values(), &mut out)?;
    /// assert_eq!(out, [-1.0, -1.0, 1.0, 1.0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Parameter` without steps, for `Impute` after another step, factors and components out of range;
    /// `ZeroDimension`, `NoRows`; `NonFinite` with row and column; `NothingToImputeBy` for a column without any value;
    /// `NoRowsLeft` where a rule turns all rows down; those of [`Pca::fit`](crate::Pca::fit); whatever reading fails
    /// with.
    ///
    /// # Cost
    /// O(n·d) a pass, O(n·k·d) for distances to k centroids, and what components cost. Memory: a block, 4 KiB a column for
    /// a median and 8 for quartiles, and after outliers 4 bytes a row for components.
    pub fn fit(points: &dyn Points, steps: &[Step]) -> Result<Self> {
        step::check(steps)?;
        if points.dim() == 0 {
            return Err(Error::ZeroDimension { data: points.name().to_owned() });
        }
        if points.rows() == 0 {
            return Err(Error::NoRows { data: points.name().to_owned() });
        }
        let mut fitted = Vec::with_capacity(steps.len());
        for step in steps {
            let next = FittedStep::fit(step, &Pass::new(points, &fitted))?;
            fitted.push(next);
        }
        Ok(Self::new(points.dim(), fitted))
    }
}
