//! What passes between the algorithm and an engine that keeps the centroids from iteration to iteration.

use crate::fixed::{Fixed, Grid};
use crate::frame::Frame;
use crate::metric::Metric;

/// How the next centroids are made from sums: the weighted mean of each cluster, for a cluster without weight the
/// centroid it had; then normalised, then rounded, where asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// So many centroids stay as they are.
    pub frozen: usize,
    /// Scaled to length 1 in the units of the data.
    pub spherical: bool,
    /// Rounded to integers in the units of the data, half away from zero.
    pub integer: bool,
}

/// All of [`crate::PartialStats`] but the column sums, and what else an iteration tells of its clusters: O(k).
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// `Σ w`, k.
    pub weights: Vec<Fixed>,
    /// Rows, k.
    pub counts: Vec<u64>,
    /// `Σ w·distance`, k.
    pub objective: Vec<Fixed>,
    /// The grid of the objective.
    pub grid: Grid,
    /// Rows whose label is another than before the assignment.
    pub changed: u64,
    /// `‖m − c‖²` in the frame, of each cluster's mean and the centroid that its rows were assigned to.
    pub moved: Vec<f64>,
    /// `‖m‖²` in the frame.
    pub sq_norms: Vec<f64>,
}

/// A tally on its way from the device: waits for it.
pub type PendingTally<'e> = Box<dyn FnOnce() -> crate::Result<Tally> + 'e>;

impl Tally {
    /// The objective of all rows in the units of the data.
    pub(crate) fn objective_value(&self, frame: &Frame, metric: Metric) -> f64 {
        let total = |limbs: &[Fixed]| {
            let mut total = Fixed::default();
            limbs.iter().for_each(|&limb| total += limb);
            total
        };
        let measured = self.grid.value(total(&self.objective)) * frame.unit();
        metric.objective(measured, frame.weight().value(total(&self.weights)))
    }
}

/// An empty cluster takes half of another: the receiver gets the donor's mean, and each column of the donor
/// is moved down and of the receiver up by `sign·max(push, 2⁻²⁰·|v|)`, in `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The cluster that is split.
    pub donor: usize,
    /// The cluster that was empty.
    pub receiver: usize,
    /// How far, in the frame.
    pub push: f32,
    /// 1 or −1, d.
    pub signs: Vec<f32>,
}

/// The least push, as a share of the coordinate itself: 16 units in the last place of `f32`.
const LEAST_PUSH: f32 = 1.0 / (1 << 20) as f32;

impl Split {
    /// The two halves of one coordinate of the donor.
    pub fn halves(&self, column: usize, v: f32) -> (f32, f32) {
        let push = self.signs[column] * self.push.max(LEAST_PUSH * v.abs());
        (v - push, v + push)
    }
}
