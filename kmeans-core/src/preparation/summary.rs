//! What steps are and found, for reports.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fitted::FittedStep;
use super::step::Impute;
use crate::pca::PcaSolver;

/// A fitted step in a few numbers. As JSON: an object whose `step` names it as the command line does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepSummary {
    /// Missing values are filled.
    Impute {
        /// By what.
        by: Impute,
        /// Values that were missing in the rows fitted on.
        missing: u64,
    },
    /// Columns get mean 0 and standard deviation 1.
    Standardize {
        /// Columns that did not vary.
        constant_columns: usize,
    },
    /// Columns go from 0 to 1.
    MinMax {
        /// Columns that did not vary.
        constant_columns: usize,
    },
    /// Rows get length 1.
    Normalize,
    /// Principal components.
    Pca {
        /// How many.
        components: usize,
        /// Whether they have standard deviation 1.
        whiten: bool,
        /// How they were found.
        solver: PcaSolver,
        /// Variance along each, see [`Pca::explained_variance`](crate::Pca::explained_variance).
        explained_variance: Vec<f64>,
        /// The shares of these in the variance of all columns.
        explained_variance_ratio: Vec<f64>,
    },
    /// Outliers are found.
    DropOutliers {
        /// By what.
        rule: OutlierRule,
        /// Of the rows fitted on, those that no step before had found.
        outliers: u64,
    },
}

/// A rule for outliers without what it learned; see [`Outliers`](crate::Outliers).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutlierRule {
    /// Standard deviations from the mean of a column.
    ZScore(f64),
    /// Interquartile ranges from the quartiles of a column.
    Iqr(f64),
    /// Standard deviations of the distances to a centroid.
    Distance(f64),
}

impl From<&FittedStep> for StepSummary {
    fn from(step: &FittedStep) -> Self {
        match step {
            FittedStep::Impute(filling) => Self::Impute { by: filling.by, missing: filling.missing },
            FittedStep::Standardize(scaling) => Self::Standardize { constant_columns: scaling.constant },
            FittedStep::MinMax(scaling) => Self::MinMax { constant_columns: scaling.constant },
            FittedStep::Normalize => Self::Normalize,
            FittedStep::Pca(projected) => Self::Pca {
                components: projected.dim_out(),
                whiten: projected.is_whitening(),
                solver: projected.solver(),
                explained_variance: projected.pca().explained_variance().to_vec(),
                explained_variance_ratio: projected.pca().explained_variance_ratio(),
            },
            FittedStep::DropOutliers(rule) => Self::DropOutliers { rule: rule.by, outliers: rule.outliers },
        }
    }
}

/// As on the command line.
impl fmt::Display for OutlierRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZScore(z) => write!(f, "zscore:{z}"),
            Self::Iqr(factor) => write!(f, "iqr:{factor}"),
            Self::Distance(z) => write!(f, "distance:{z}"),
        }
    }
}

/// A line for a person.
impl fmt::Display for StepSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Impute { by, missing } => write!(f, "impute {by}: {missing} missing values"),
            Self::Standardize { constant_columns: 0 } => f.write_str("standardize"),
            Self::Standardize { constant_columns } => {
                write!(f, "standardize: {constant_columns} columns do not vary")
            }
            Self::MinMax { constant_columns: 0 } => f.write_str("min-max"),
            Self::MinMax { constant_columns } => write!(f, "min-max: {constant_columns} columns do not vary"),
            Self::Normalize => f.write_str("normalize"),
            Self::Pca { components, whiten, explained_variance_ratio, .. } => {
                let whiten = if *whiten { ", whitened" } else { "" };
                let share = 100.0 * explained_variance_ratio.iter().sum::<f64>();
                write!(f, "pca {components}{whiten}: {share:.2} % of the variance")
            }
            Self::DropOutliers { rule, outliers } => write!(f, "drop-outliers {rule}: {outliers} rows"),
        }
    }
}
