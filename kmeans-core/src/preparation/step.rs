//! The steps there are.

use std::fmt;

use kmeans_data::Rows;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::pca::PcaSolver;

/// The largest number of standard deviations, or of interquartile ranges, that a rule for outliers takes: bounds then
/// fit `f64`.
const MOST: f64 = 1e9;

/// A step to fit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Fills NaN, column by column. It comes first: other steps take no missing values.
    #[doc(alias = "SimpleImputer")]
    Impute(Impute),
    /// `(x − mean)/sd` of each column, `sd = √(Σ w·(x − mean)² / Σ w)`. A column that does not vary is divided by 1.
    #[doc(alias = "StandardScaler")]
    Standardize,
    /// `(x − min)/(max − min)` of each column: the rows fitted on fill 0 to 1, others may lie beyond. A column that does
    /// not vary is divided by 1, and so becomes 0.
    #[doc(alias = "MinMaxScaler")]
    MinMax,
    /// `x/‖x‖`: each row gets the L2 length 1; a row of zeros stays one.
    #[doc(alias = "Normalizer")]
    Normalize,
    /// The coordinates of the leading principal components, see [`Pca`](crate::Pca).
    #[doc(alias = "PCA")]
    Pca {
        /// How many, 1 to the number of columns.
        components: usize,
        /// Whether each coordinate is divided by its standard deviation, `√(Σy²/(n − 1))`, as in scikit-learn; of
        /// weighted rows, n counts units of the weights, see [`Preparation::fit`](crate::Preparation::fit). A coordinate with no more than `d·2⁻⁵²` of the variance of the first is divided by 1: it is rounding.
        whiten: bool,
        /// How they are found.
        solver: PcaSolver,
    },
    /// Finds rows that lie far out. They are kept out of the fit of all later steps and of training, and still get a
    /// label; see [`Preparation::outliers`](crate::Preparation::outliers).
    DropOutliers(Outliers),
}

/// What stands in for NaN in a column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impute {
    /// The mean of the column's other values.
    Mean,
    /// Their median.
    Median,
    /// A number of your own, for every column.
    Constant(f32),
}

/// Which rows lie far out. Factors are above 0, at most 1e9.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outliers {
    /// With a value farther than this many standard deviations (of all rows, `√(Σ w·(x − mean)² / Σ w)`) from the mean of its column.
    ZScore(f64),
    /// With a value outside of `q1 − f·(q3 − q1)` to `q3 + f·(q3 − q1)` of its column, for quartiles q1 and q3 as NumPy
    /// interpolates them and this f; 1.5 is usual.
    Iqr(f64),
    /// Farther from the nearest centroid than `mean + z·sd` of the distances (Euclidean, not squared) of the rows that
    /// are nearest to that centroid. Cost O(n·k·d) on one thread for k centroids.
    Distance {
        /// Standard deviations.
        z: f64,
        /// In the units of the rows as the steps before leave them; `None`: one centroid, the mean.
        centroids: Option<Rows>,
    },
}

/// As on the command line.
impl fmt::Display for Impute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Median => f.write_str("median"),
            Self::Constant(value) => write!(f, "{value}"),
        }
    }
}

/// Checks what can be without the rows.
pub(super) fn check(steps: &[Step]) -> Result<()> {
    if steps.is_empty() {
        return Err(parameter("steps", "none", "at least one step"));
    }
    for (before, step) in steps.iter().enumerate() {
        match step {
            Step::Impute(_) if before > 0 => {
                let expected = "the first of all steps: those before it take no missing values";
                return Err(parameter("impute", format!("step {}", before + 1), expected));
            }
            Step::Impute(Impute::Constant(value)) if !value.is_finite() => {
                return Err(parameter("impute", value, "mean, median or a finite number"));
            }
            Step::DropOutliers(Outliers::ZScore(z) | Outliers::Distance { z, .. } | Outliers::Iqr(z)) => {
                check_factor(*z)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_factor(factor: f64) -> Result<()> {
    if factor > 0.0 && factor <= MOST {
        return Ok(());
    }
    Err(parameter("drop_outliers", factor, "a factor above 0, at most 1e9"))
}

fn parameter(name: &'static str, value: impl ToString, expected: &'static str) -> Error {
    Error::Parameter { name, value: value.to_string(), expected }
}
