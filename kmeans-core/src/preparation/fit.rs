//! Step after step.

use kmeans_data::Points;

use super::fitted::FittedStep;
use super::pass::Pass;
use super::prepared::Preparation;
use super::step::{self, Step};
use crate::check::check_row_weights;
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
    /// NaN stands for a missing value where [`Step::Impute`] comes first.
    ///
    /// Weights, one a row, count as repetitions in all that is learned: 2 is a doubled row, 0 leaves a row out (its values
    /// must be finite all the same), and a power of two as a factor on all of them changes no bit. Two numbers depend on
    /// how many repetitions there are: quartiles between two values, and the n − 1 of whitening. For them a weight is so
    /// many units, the unit being the largest power of two that divides all weights: whole weights of which one is odd
    /// are repetitions as they stand. What steps count (outliers, missing values) are rows of positive weight.
    ///
    /// ```
    /// use kmeans_core::{Preparation, Step};
    /// use kmeans_data::RowSlice;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let rows = RowSlice::new(&[1.0, 10.0, 3.0, 30.0], 2)?;
    /// let preparation = Preparation::fit(&rows, None, &[Step::Standardize])?;
    /// let mut out = [0.0; 4];
    /// preparation.transform(rows.values(), &mut out)?;
    /// assert_eq!(out, [-1.0, -1.0, 1.0, 1.0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Parameter` without steps, for `Impute` after another step, factors and components out of range;
    /// `ZeroDimension`; `WeightCount`, `BadWeight`; `NoRows` without a row of positive weight; `NonFinite` with row and column; `NothingToImputeBy` for a column without any value;
    /// `NoRowsLeft` where a rule turns all rows down; those of [`Pca::fit`](crate::Pca::fit); whatever reading fails
    /// with.
    ///
    /// # Cost
    /// O(n·d) a pass, O(n·k·d) for distances to k centroids, and what components cost. Memory: a block, 4 KiB a column for
    /// a median and 8 for quartiles, and after outliers 4 bytes a row for components.
    pub fn fit(points: &dyn Points, weights: Option<&[f32]>, steps: &[Step]) -> Result<Self> {
        step::check(steps)?;
        if points.dim() == 0 {
            return Err(Error::ZeroDimension { data: points.name().to_owned() });
        }
        check_row_weights(weights, points.rows())?;
        if weights.map_or(points.rows() == 0, |weights| weights.iter().all(|&w| w == 0.0)) {
            return Err(Error::NoRows { data: points.name().to_owned() });
        }
        let mut fitted = Vec::with_capacity(steps.len());
        for step in steps {
            let next = FittedStep::fit(step, &Pass::new(points, weights, &fitted))?;
            fitted.push(next);
        }
        Ok(Self::new(points.dim(), fitted))
    }
}
