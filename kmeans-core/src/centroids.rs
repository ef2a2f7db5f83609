//! Centroids in the coordinates of a frame.

use crate::frame::Frame;
use crate::metric::Metric;
use crate::resident::Split;
use crate::stats::PartialStats;

/// k centroids as offsets in a frame, `(c − origin) · scale`, row-major k×d.
///
/// The offsets, not their sum with the origin, are the centroids: a mean of rows far from zero
/// keeps the precision that `f32` has near zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Centroids {
    offsets: Vec<f32>,
    d: usize,
    /// Added to the scores of each centroid; empty for none.
    penalties: Vec<f32>,
}

impl Centroids {
    /// Centroids from their offsets, row-major.
    pub fn from_offsets(offsets: Vec<f32>, d: usize) -> Self {
        debug_assert!(d > 0 && offsets.len().is_multiple_of(d));
        Self { offsets, d, penalties: Vec::new() }
    }

    /// No centroids.
    pub(crate) fn none(d: usize) -> Self {
        Self::from_offsets(Vec::new(), d)
    }

    /// The same centroids with a penalty each that is added to their scores, in squared units of the
    /// frame: rows then choose by `score + penalty`, but are measured as ever.
    #[must_use]
    pub fn with_penalties(self, penalties: Vec<f32>) -> Self {
        debug_assert!(penalties.len() == self.k() || penalties.is_empty());
        Self { penalties, ..self }
    }

    /// Centroids from values in the units of the data.
    pub fn from_positions(positions: &[f32], frame: &Frame) -> Self {
        let d = frame.dim();
        let offsets = positions.iter().enumerate().map(|(i, &x)| frame.offset(i % d, x)).collect();
        Self::from_offsets(offsets, d)
    }

    /// The centroids in the units of the data, rounded to `f32`, row-major k×d.
    pub fn to_positions(&self, frame: &Frame) -> Vec<f32> {
        let offsets = self.offsets.iter().enumerate();
        offsets.map(|(i, &v)| frame.position(i % self.d, f64::from(v)) as f32).collect()
    }

    /// What is added to the score of one centroid.
    pub(crate) fn penalty(&self, cluster: usize) -> f32 {
        self.penalties.get(cluster).copied().unwrap_or(0.0)
    }

    /// Whether a penalty is added to any score.
    pub fn has_penalties(&self) -> bool {
        self.penalties.iter().any(|&penalty| penalty != 0.0)
    }

    /// Number of centroids.
    pub fn k(&self) -> usize {
        self.offsets.len() / self.d
    }

    /// Number of columns.
    pub fn dim(&self) -> usize {
        self.d
    }

    /// All offsets, row-major k×d.
    pub fn offsets(&self) -> &[f32] {
        &self.offsets
    }

    /// The offsets of one centroid.
    pub fn row(&self, cluster: usize) -> &[f32] {
        &self.offsets[cluster * self.d..][..self.d]
    }

    pub(crate) fn row_mut(&mut self, cluster: usize) -> &mut [f32] {
        &mut self.offsets[cluster * self.d..][..self.d]
    }

    /// A centroid becomes the weighted mean of its rows; without weight it stays where it is.
    pub(crate) fn set_mean(&mut self, cluster: usize, stats: &PartialStats, frame: &Frame) {
        if let Some(mean) = stats.mean(frame, cluster) {
            self.row_mut(cluster).iter_mut().zip(mean).for_each(|(c, mean)| *c = mean as f32);
        }
    }

    /// A cluster takes half of another.
    pub(crate) fn split(&mut self, split: &Split) {
        for column in 0..self.d {
            let (down, up) = split.halves(column, self.row(split.donor)[column]);
            self.row_mut(split.donor)[column] = down;
            self.row_mut(split.receiver)[column] = up;
        }
    }

    pub(crate) fn rows(&self) -> std::slice::ChunksExact<'_, f32> {
        self.offsets.chunks_exact(self.d)
    }

    /// `‖c‖²` of each centroid, summed in `f64`.
    pub fn sq_norms(&self) -> Vec<f64> {
        self.rows().map(sq_norm).collect()
    }

    /// The constant part of each score: `score = bias − 2⟨v, c⟩` for L2, `−⟨v, c⟩` for inner
    /// product; the smallest score wins. Penalties are added.
    pub fn biases(&self, metric: Metric) -> Vec<f32> {
        let mut biases: Vec<f32> = match metric {
            Metric::L2 => self.sq_norms().into_iter().map(|n| n as f32).collect(),
            Metric::InnerProduct | Metric::Cosine => vec![0.0; self.k()],
            other => other.has_no_score(),
        };
        biases.iter_mut().zip(&self.penalties).for_each(|(bias, penalty)| *bias += penalty);
        biases
    }

    /// The largest `‖c‖²`; with it [`Frame::objective`] gives the grid on which distances are added.
    pub fn max_sq_norm(&self) -> f64 {
        self.sq_norms().into_iter().fold(0.0, f64::max)
    }

    /// Scales each centroid to length 1 in the units of the data, in `f64`; zero stays zero.
    pub fn normalize(&mut self, frame: &Frame) {
        for row in self.offsets.chunks_exact_mut(self.d) {
            let at = |column: usize, v: f32| frame.position(column, f64::from(v));
            let sq_norm: f64 = row.iter().enumerate().map(|(j, &v)| at(j, v) * at(j, v)).sum();
            if sq_norm > 0.0 {
                let norm = sq_norm.sqrt();
                row.iter_mut().enumerate().for_each(|(j, v)| *v = frame.offset(j, (at(j, *v) / norm) as f32));
            }
        }
    }

    /// Rounds each coordinate to an integer in the units of the data, half away from zero.
    pub(crate) fn round(&mut self, frame: &Frame) {
        for row in self.offsets.chunks_exact_mut(self.d) {
            for (j, v) in row.iter_mut().enumerate() {
                *v = frame.offset(j, frame.position(j, f64::from(*v)).round() as f32);
            }
        }
    }

    /// These with all from `first` on replaced.
    pub(crate) fn replace_from(&mut self, first: usize, others: &Self) {
        self.offsets.truncate(first * self.d);
        self.offsets.extend_from_slice(&others.offsets);
    }

    pub(crate) fn slice(&self, clusters: std::ops::Range<usize>) -> Self {
        Self::from_offsets(self.offsets[clusters.start * self.d..clusters.end * self.d].to_vec(), self.d)
    }

    pub(crate) fn push(&mut self, row: &[f32]) {
        debug_assert_eq!(row.len(), self.d);
        self.offsets.extend_from_slice(row);
    }
}

/// `‖c‖²` by eight sums side by side: one waits for its own last step, four times as long.
fn sq_norm(c: &[f32]) -> f64 {
    let (eights, rest) = c.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, &v)| *sum += f64::from(v) * f64::from(v));
    }
    sums.iter_mut().zip(rest).for_each(|(sum, &v)| *sum += f64::from(v) * f64::from(v));
    sums.iter().sum()
}
