//! What a step has learned.

use serde::{Deserialize, Serialize};

use super::filling::Filling;
use super::outliers::Rule;
use super::pass::Pass;
use super::projected::Projected;
use super::scaling::Scaling;
use super::step::Step;
use crate::error::Result;

/// A step that is ready for further rows. The names are those of files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FittedStep {
    Impute(Filling),
    Standardize(Scaling),
    MinMax(Scaling),
    Normalize,
    Pca(Box<Projected>),
    DropOutliers(Rule),
}

impl FittedStep {
    /// Learns from the rows of a pass.
    pub(super) fn fit(step: &Step, pass: &Pass<'_>) -> Result<Self> {
        Ok(match step {
            Step::Impute(by) => Self::Impute(Filling::fit(*by, &pass.unfilled())?),
            Step::Standardize => Self::Standardize(Scaling::standard(pass)?),
            Step::MinMax => Self::MinMax(Scaling::min_max(pass)?),
            Step::Normalize => Self::Normalize,
            &Step::Pca { components, whiten, solver } => {
                Self::Pca(Box::new(Projected::fit(pass, components, whiten, solver)?))
            }
            Step::DropOutliers(outliers) => Self::DropOutliers(Rule::fit(outliers, pass)?),
        })
    }

    /// Checks what a file holds against the columns that come in.
    pub(super) fn check(&self, d: usize) -> Result<(), String> {
        match self {
            Self::Impute(filling) => filling.check(d),
            Self::Standardize(scaling) | Self::MinMax(scaling) => scaling.check(d),
            Self::Normalize => Ok(()),
            Self::Pca(projected) if projected.dim_in() == d => Ok(()),
            Self::Pca(projected) => {
                Err(format!("its components are of {} columns, not of {d}", projected.dim_in()))
            }
            Self::DropOutliers(rule) => rule.check(d),
        }
    }

    /// Columns that go out, for `d` that come in.
    pub(super) fn dim_out(&self, d: usize) -> usize {
        match self {
            Self::Pca(projected) => projected.dim_out(),
            _ => d,
        }
    }
}

/// Columns after some steps, for `d` before.
pub(super) fn dim_after(steps: &[FittedStep], d: usize) -> usize {
    steps.iter().fold(d, |d, step| step.dim_out(d))
}
