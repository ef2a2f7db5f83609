//! Rows with what each counts.

use std::ops::Range;

use faer::{Mat, MatRef};
use kmeans_data::Points;

use crate::error::Result;
use crate::row_blocks::{check_finite_rows, for_each_block};

/// Rows with checked weights, of which some are positive.
pub(super) struct WeightedRows<'a> {
    pub(super) points: &'a dyn Points,
    weights: Option<&'a [f32]>,
    /// A power of two that brings the largest weight to 1 or a little more.
    scale: f64,
    /// Sum of the scaled weights.
    pub(super) total: f64,
}

impl<'a> WeightedRows<'a> {
    /// Rows of any weight are counted by it in proportion to the largest: the root of a scaled weight then has the same
    /// bits whatever power of two is a factor on all of them.
    pub(super) fn new(points: &'a dyn Points, weights: Option<&'a [f32]>) -> Self {
        let Some(weights) = weights else {
            return Self { points, weights, scale: 1.0, total: points.rows() as f64 };
        };
        let largest = f64::from(weights.iter().copied().fold(0.0, f32::max));
        let scale = if largest > 0.0 { 2.0_f64.powi(-(largest.log2().floor() as i32)) } else { 1.0 };
        let total = weights.iter().map(|&w| scale * f64::from(w)).sum();
        Self { points, weights: Some(weights), scale, total }
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |w| self.scale * f64::from(w[row]))
    }

    /// The weighted mean, added up about the first row of positive weight.
    pub(super) fn mean(&self) -> Result<Vec<f64>> {
        let mut origin = Vec::new();
        let mut sums = vec![0.0; self.points.dim()];
        self.for_each_block(|range, x| {
            for (row, x) in range.zip(x.chunks_exact(sums.len())) {
                let w = self.weight(row);
                if w == 0.0 {
                    continue;
                }
                if origin.is_empty() {
                    origin.extend(x.iter().map(|&x| f64::from(x)));
                }
                for ((sum, &x), o) in sums.iter_mut().zip(x).zip(&origin) {
                    *sum += w * (f64::from(x) - o);
                }
            }
        })?;
        Ok(origin.iter().zip(&sums).map(|(o, sum)| o + sum / self.total).collect())
    }

    /// Calls `visit` with `√w·(x − centre)` for block after block, and what those weigh: `Σ w·(x − centre)` is added to
    /// `missed`.
    pub(super) fn for_each_deviation(
        &self,
        centre: &[f64],
        missed: &mut [f64],
        mut visit: impl FnMut(MatRef<'_, f64>),
    ) -> Result<()> {
        let d = centre.len();
        let mut block = Vec::new();
        self.for_each_block(|range, x| {
            block.clear();
            for (row, x) in range.clone().zip(x.chunks_exact(d)) {
                let w = self.weight(row);
                let root = w.sqrt();
                for ((&x, c), missed) in x.iter().zip(centre).zip(missed.iter_mut()) {
                    let deviation = f64::from(x) - c;
                    *missed += w * deviation;
                    block.push(root * deviation);
                }
            }
            visit(MatRef::from_row_major_slice(&block, range.len(), d));
        })
    }

    fn for_each_block(&self, mut visit: impl FnMut(Range<usize>, &[f32])) -> Result<()> {
        for_each_block(self.points, |range, x| {
            check_finite_rows(self.points, range.start, x)?;
            visit(range, x);
            Ok(())
        })
    }
}

/// The columns of a matrix as rows of one slice after the other.
pub(super) fn columns(matrix: &Mat<f64>) -> Vec<f64> {
    (0..matrix.ncols()).flat_map(|j| matrix.col(j).iter().copied().collect::<Vec<_>>()).collect()
}
