//! Missing values, filled.

use serde::{Deserialize, Serialize};

use super::pass::Pass;
use super::quantiles::quantiles;
use super::step::Impute;
use crate::error::{Error, Result};

/// What stands in for NaN in each column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Filling {
    pub(super) by: Impute,
    values: Vec<f32>,
    /// Values that were missing in the rows fitted on.
    pub(super) missing: u64,
}

impl Filling {
    pub(super) fn fit(by: Impute, pass: &Pass<'_>) -> Result<Self> {
        let known = Known::of(pass)?;
        let values = match by {
            Impute::Constant(value) => vec![Some(value); pass.dim()],
            Impute::Mean => known.means(),
            Impute::Median => {
                let medians = quantiles(pass, &[0.5])?;
                medians.iter().map(|of_column| of_column.as_ref().map(|median| median[0] as f32)).collect()
            }
        };
        let column = |column: usize| Error::NothingToImputeBy {
            data: pass.points().name().to_owned(),
            column,
            by: by.to_string(),
        };
        let values = values.iter().enumerate().map(|(j, value)| value.ok_or_else(|| column(j)));
        Ok(Self { by, values: values.collect::<Result<_>>()?, missing: known.missing })
    }

    pub(super) fn apply(&self, x: &mut [f32]) {
        for row in x.chunks_exact_mut(self.values.len()) {
            for (x, &value) in row.iter_mut().zip(&self.values) {
                if x.is_nan() {
                    *x = value;
                }
            }
        }
    }

    pub(super) fn check(&self, d: usize) -> Result<(), String> {
        match self.values.len() == d && self.values.iter().all(|value| value.is_finite()) {
            true => Ok(()),
            false => {
                Err(format!("it fills {} columns of {d}, expected finite values for all", self.values.len()))
            }
        }
    }
}

/// Sums of what is not missing, about the first such value of each column.
struct Known {
    origins: Vec<Option<f32>>,
    /// `Σ w`.
    totals: Vec<f64>,
    /// `Σ w·(x − origin)`.
    sums: Vec<f64>,
    missing: u64,
}

impl Known {
    fn of(pass: &Pass<'_>) -> Result<Self> {
        let d = pass.dim();
        let mut known = Self { origins: vec![None; d], totals: vec![0.0; d], sums: vec![0.0; d], missing: 0 };
        pass.for_each_row(|row, weight| {
            for (j, &x) in row.iter().enumerate() {
                if x.is_nan() {
                    known.missing += 1;
                    continue;
                }
                let origin = *known.origins[j].get_or_insert(x);
                known.totals[j] += weight;
                known.sums[j] += weight * (f64::from(x) - f64::from(origin));
            }
        })?;
        Ok(known)
    }

    fn means(&self) -> Vec<Option<f32>> {
        let sums = self.sums.iter().zip(&self.totals);
        let mean = |(origin, (sum, total)): (&Option<f32>, (&f64, &f64))| {
            origin.map(|origin| (f64::from(origin) + sum / total) as f32)
        };
        self.origins.iter().zip(sums).map(mean).collect()
    }
}
