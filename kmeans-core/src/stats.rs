//! Per-cluster sums: all that an iteration needs to know of the rows.

use serde::{Deserialize, Serialize};

use crate::centroids::Centroids;
use crate::fixed::{Fixed, Grid};
use crate::frame::Frame;
use crate::metric::Metric;

/// Sums over some rows, per cluster, as integers: adding two of them is exact in any order.
///
/// Column sums and weights are in units of the frame's grids, the objective in units of the grid
/// of the codebook that assigned the rows. This is all that has to cross between chunks, threads
/// or processes: O(k·d), never O(n).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialStats {
    /// Upper limbs of `Σ w·v`, k×d.
    pub sums: Vec<i64>,
    /// Lower limbs of `Σ w·v`, k×d in a wide frame, else empty.
    pub sums_low: Vec<i64>,
    /// `Σ w`, k.
    pub weights: Vec<Fixed>,
    /// Rows, k.
    pub counts: Vec<u64>,
    /// `Σ w·distance`, k.
    pub objective: Vec<Fixed>,
    /// Rows whose label is another than before the assignment.
    pub changed: u64,
}

impl PartialStats {
    /// The sums of no rows.
    pub fn zero(k: usize, frame: &Frame) -> Self {
        let d = frame.dim();
        Self {
            sums: vec![0; k * d],
            sums_low: vec![0; if frame.is_wide() { k * d } else { 0 }],
            weights: vec![Fixed::default(); k],
            counts: vec![0; k],
            objective: vec![Fixed::default(); k],
            changed: 0,
        }
    }

    /// Adds one row, offsets `v` in the frame, to its cluster.
    pub fn add_row(
        &mut self,
        frame: &Frame,
        objective: Grid,
        cluster: usize,
        v: &[f32],
        weight: f64,
        distance: f64,
    ) {
        if weight == 0.0 {
            // It may lie outside the frame, where its terms are no numbers.
            self.counts[cluster] += 1;
            return;
        }
        let at = cluster * frame.dim();
        for (j, (&v, &grid)) in v.iter().zip(frame.columns()).enumerate() {
            let term = grid.split(f64::from(v) * weight);
            self.sums[at + j] += term.high;
            if let Some(low) = self.sums_low.get_mut(at + j) {
                *low += term.low;
            }
        }
        self.add_tally(frame, objective, cluster, weight, distance);
    }

    /// Adds the weight, the count and the distance of one row to its cluster.
    pub fn add_tally(&mut self, frame: &Frame, objective: Grid, cluster: usize, weight: f64, distance: f64) {
        self.weights[cluster] += frame.weight().split(weight);
        self.objective[cluster] += objective.split(distance * weight);
        self.counts[cluster] += 1;
    }

    /// Takes a row, offsets `v` in the frame, out of the column sums, weight and count of its cluster.
    pub(crate) fn remove_row(&mut self, frame: &Frame, cluster: usize, v: &[f32], weight: f64) {
        let at = cluster * frame.dim();
        for (j, (&v, &grid)) in v.iter().zip(frame.columns()).enumerate() {
            let term = grid.split(f64::from(v) * weight);
            self.sums[at + j] -= term.high;
            if let Some(low) = self.sums_low.get_mut(at + j) {
                *low -= term.low;
            }
        }
        let weight = frame.weight().split(weight);
        self.weights[cluster].high -= weight.high;
        self.weights[cluster].low -= weight.low;
        self.counts[cluster] -= 1;
    }

    /// The total weight, in units of the data's weights.
    pub(crate) fn total_weight(&self, frame: &Frame) -> f64 {
        let mut total = Fixed::default();
        self.weights.iter().for_each(|&w| total += w);
        frame.weight().value(total)
    }

    /// The objective of all rows in the units of the data, for an assignment to `centroids`.
    pub(crate) fn objective_value(&self, frame: &Frame, centroids: &Centroids, metric: Metric) -> f64 {
        let grid = frame.objective(metric, centroids.max_sq_norm());
        let measured = grid.value(self.total_objective()) * frame.unit();
        metric.objective(measured, self.total_weight(frame))
    }

    /// Adds the sums of further rows.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.sums.len(), other.sums.len());
        add(&mut self.sums, &other.sums);
        add(&mut self.sums_low, &other.sums_low);
        add(&mut self.weights, &other.weights);
        add(&mut self.counts, &other.counts);
        add(&mut self.objective, &other.objective);
        self.changed += other.changed;
    }

    /// The weighted mean of the rows of one cluster, column by column, as offsets in the frame; `None`
    /// where the cluster has no weight.
    pub fn mean<'s>(&'s self, frame: &'s Frame, cluster: usize) -> Option<impl Iterator<Item = f64> + 's> {
        let weight = frame.weight().value(self.weights[cluster]);
        let start = cluster * frame.dim();
        (weight > 0.0).then(|| {
            (0..frame.dim()).map(move |column| {
                let low = self.sums_low.get(start + column).copied().unwrap_or(0);
                frame.mean(column, Fixed { high: self.sums[start + column], low }, weight)
            })
        })
    }

    /// The objective over all clusters, in units of its grid.
    pub(crate) fn total_objective(&self) -> Fixed {
        let mut total = Fixed::default();
        self.objective.iter().for_each(|&o| total += o);
        total
    }
}

/// `k · Σ count² / (Σ count)²`: 1 where all clusters have the same size, k where one has all rows.
pub(crate) fn imbalance_factor(counts: &[u64]) -> f64 {
    let total: f64 = counts.iter().map(|&c| c as f64).sum();
    let squares: f64 = counts.iter().map(|&c| (c as f64) * (c as f64)).sum();
    squares * counts.len() as f64 / (total * total)
}

fn add<T: Copy + std::ops::AddAssign>(to: &mut [T], from: &[T]) {
    to.iter_mut().zip(from).for_each(|(a, &b)| *a += b);
}
