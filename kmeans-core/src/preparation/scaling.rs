//! Columns moved and divided.

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::pass::Pass;
use crate::error::Result;

/// `(x − minus)/by` of each column, in `f64`, rounded once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Scaling {
    minus: Vec<f64>,
    by: Vec<f64>,
    /// Columns that did not vary in the rows fitted on.
    pub(super) constant: usize,
}

impl Scaling {
    /// By mean and standard deviation.
    pub(super) fn standard(pass: &Pass<'_>) -> Result<Self> {
        let moments = Moments::of(pass)?;
        Ok(Self::new(moments.means(), moments.deviations()))
    }

    /// By minimum and range.
    pub(super) fn min_max(pass: &Pass<'_>) -> Result<Self> {
        let d = pass.dim();
        let (mut min, mut max) = (vec![f32::INFINITY; d], vec![f32::NEG_INFINITY; d]);
        pass.for_each_row(|row, _| {
            for ((&x, min), max) in row.iter().zip(&mut min).zip(&mut max) {
                *min = min.min(x);
                *max = max.max(x);
            }
        })?;
        let range = |(&min, &max)| f64::from(max) - f64::from(min);
        let by = min.iter().zip(&max).map(range).collect();
        Ok(Self::new(min.iter().map(|&min| f64::from(min)).collect(), by))
    }

    fn new(minus: Vec<f64>, mut by: Vec<f64>) -> Self {
        let constant = by.iter().filter(|&&by| by == 0.0).count();
        by.iter_mut().filter(|by| **by == 0.0).for_each(|by| *by = 1.0);
        Self { minus, by, constant }
    }

    pub(super) fn apply(&self, x: &mut [f32]) {
        for row in x.chunks_exact_mut(self.by.len()) {
            for ((x, minus), by) in row.iter_mut().zip(&self.minus).zip(&self.by) {
                *x = ((f64::from(*x) - minus) / by) as f32;
            }
        }
    }

    pub(super) fn check(&self, d: usize) -> Result<(), String> {
        let fits = self.minus.len() == d && self.by.len() == d;
        let are_numbers = self.minus.iter().all(|x| x.is_finite()) && self.by.iter().all(|&x| x > 0.0);
        match fits && are_numbers && self.by.iter().all(|x| x.is_finite()) {
            true => Ok(()),
            false => Err(format!(
                "it scales {} and {} columns of {d}, expected finite numbers and positive divisors for all",
                self.minus.len(),
                self.by.len()
            )),
        }
    }
}
