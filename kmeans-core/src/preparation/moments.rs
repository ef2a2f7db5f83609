//! Means and variances in one pass \[W62\].

use super::pass::Pass;
use crate::error::Result;

/// Weighted means and sums of squared deviations of each column, by Welford's updates on `x − first row`: no digits are
/// lost far from zero, nor where the first row lies far out.
#[derive(Debug)]
pub(super) struct Moments {
    /// `Σ w`.
    total: f64,
    origin: Vec<f64>,
    /// The mean of `x − origin`.
    mean: Vec<f64>,
    /// `Σ w·(x − mean)²`.
    squares: Vec<f64>,
}

impl Moments {
    /// None so far, of `d` columns.
    pub(super) fn new(d: usize) -> Self {
        Self { total: 0.0, origin: Vec::new(), mean: vec![0.0; d], squares: vec![0.0; d] }
    }

    /// Of all rows of a pass.
    pub(super) fn of(pass: &Pass<'_>) -> Result<Self> {
        let mut moments = Self::new(pass.dim());
        pass.for_each_row(|row, weight| moments.add(row.iter().map(|&x| f64::from(x)), weight))?;
        Ok(moments)
    }

    /// Adds a row of positive weight.
    pub(super) fn add(&mut self, row: impl Iterator<Item = f64> + Clone, weight: f64) {
        if self.origin.is_empty() {
            self.origin.extend(row.clone());
        }
        self.total += weight;
        let share = weight / self.total;
        let columns = self.origin.iter().zip(&mut self.mean).zip(&mut self.squares);
        for (x, ((origin, mean), squares)) in row.zip(columns) {
            let x = x - origin;
            let from_old = x - *mean;
            *mean += from_old * share;
            *squares += weight * (from_old * (x - *mean));
        }
    }

    /// Whether no row was added.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0.0
    }

    /// The mean of each column.
    pub(super) fn means(&self) -> Vec<f64> {
        self.origin.iter().zip(&self.mean).map(|(origin, mean)| origin + mean).collect()
    }

    /// `√(Σ w·(x − mean)² / Σ w)` of each column: 0 exactly where it does not vary.
    pub(super) fn deviations(&self) -> Vec<f64> {
        self.squares.iter().map(|squares| (squares / self.total).sqrt()).collect()
    }
}
