//! The seam between the algorithm and the hardware.

use std::borrow::Cow;
use std::sync::Arc;

use burn::tensor::{
    Tensor,
    backend::{Backend, BackendTypes},
};
use kmeans_data::{PackedView, Packing};

use crate::centroids::Centroids;
use crate::error::Result;
use crate::extent::Extent;
use crate::frame::Frame;
use crate::metric::Metric;
use crate::options::Pruning;
use crate::pairwise::{
    PairDistance, PairRanges, PairSums, Segments, pair_ranges_by_matrix, pair_sums_by_matrix,
};
use crate::report::PairCounts;
use crate::resident::{PendingTally, Split, Update};
use crate::scan::Scanner;
use crate::sparse_rows::SparseRows;
use crate::stats::PartialStats;

/// Rows handed to an engine.
pub enum Rows<'p, B: Backend> {
    /// Row-major values in host memory, lent or owned, `d` a row.
    Host {
        /// The values.
        x: Cow<'p, [f32]>,
        /// Columns.
        d: usize,
    },
    /// Small numbers in host memory, lent or owned, for engines that take them packed
    /// ([`Engine::takes_packed`]).
    Packed {
        /// Row-major values.
        bytes: Cow<'p, [u8]>,
        /// How they are written.
        packing: Packing,
        /// Columns.
        d: usize,
    },
    /// A tensor n×d on the engine's own backend.
    Tensor(Tensor<B, 2>),
    /// Sparse rows in host memory, lent or owned. An engine may write out the zeros of some rows at a
    /// time, but never of all.
    Csr(SparseRows<'p>),
}

impl<'p, B: Backend> Rows<'p, B> {
    /// Packed rows that are lent.
    pub(crate) fn packed(view: PackedView<'p>) -> Self {
        Self::Packed { bytes: Cow::Borrowed(view.bytes()), packing: view.packing(), d: view.dim() }
    }

    /// The same rows, of which none are packed.
    #[must_use]
    pub fn unpacked(self) -> Self {
        match self {
            Self::Packed { bytes, packing, d } => {
                let view = PackedView::new(&bytes, packing, d).expect("packed rows are whole");
                Self::Host { x: view.unpack().into(), d }
            }
            rows => rows,
        }
    }

    /// Number of rows and of columns.
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Host { x, d } => [x.len() / d, *d],
            Self::Packed { bytes, packing, d } => [bytes.len() / (packing.size() * d), *d],
            Self::Tensor(t) => t.dims(),
            Self::Csr(rows) => [rows.view().rows(), rows.view().dim()],
        }
    }
}

/// The nearest centroids of some rows, row-major n×p, the nearest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours {
    /// Centroid numbers.
    pub ids: Vec<i32>,
    /// Squared distance for L2, inner product for that; in the units of the frame.
    pub distances: Vec<f32>,
}

impl Neighbours {
    /// Sorts the `p` neighbours of each row but the first by distance, equal ones by number.
    ///
    /// Neighbours are chosen by score and measured directly; where two are nearly equally near, the
    /// two may order them differently. What is measured is what the user sees, but the first stays: it
    /// is the row's label.
    pub fn sort(&mut self, p: usize, metric: Metric) {
        let mut row: Vec<(f32, i32)> = Vec::with_capacity(p);
        for (ids, distances) in self.ids.chunks_exact_mut(p).zip(self.distances.chunks_exact_mut(p)) {
            row.clear();
            row.extend(distances.iter().copied().zip(ids.iter().copied()));
            row[1..].sort_unstable_by(|a, b| {
                let nearer = match metric {
                    Metric::L2 => a.0.total_cmp(&b.0),
                    Metric::InnerProduct | Metric::Cosine => b.0.total_cmp(&a.0),
                    other => other.has_no_score(),
                };
                nearer.then(a.1.cmp(&b.1))
            });
            for ((id, distance), &(measured, number)) in ids.iter_mut().zip(distances).zip(&row) {
                (*distance, *id) = (measured, number);
            }
        }
    }
}

/// For each centroid the rows that are closer to it than their limits, and how far they are from it,
/// squared and in the units of the frame. Rows of one centroid are in no order.
pub type Closer = Vec<Vec<(usize, f32)>>;

/// A handful of verbs that a k-means needs from the hardware.
///
/// An engine knows no algorithm: it makes rows and centroids ready, assigns, and adds. It names
/// the Burn backend whose tensors it takes. Ties go to the lowest centroid; rows and weights are
/// finite (`extent` says so); sums are exact (see [`PartialStats`]), so that given equal labels all
/// engines return equal sums, bit for bit.
pub trait Engine: Send + Sync + Sized {
    /// The Burn backend of [`Rows::Tensor`].
    type Backend: Backend;
    /// Rows made ready for many passes: the values, lent or held, their labels and distances, and
    /// whatever an engine likes to remember from pass to pass.
    type Prepared<'p>: Send
    where
        Self: 'p;
    /// Centroids made ready for many rows.
    type Codebook: Send + Sync;
    /// Per-cluster sums where the engine keeps them.
    type Sums;

    /// What runs, for reports: engine, instruction set or device.
    fn name(&self) -> String;

    /// Where the tensors of [`Engine::Backend`] are.
    fn backend_device(&self) -> <Self::Backend as BackendTypes>::Device {
        Default::default()
    }

    /// Threads that compute, where that is meaningful.
    fn threads(&self) -> Option<usize> {
        None
    }

    /// Whether rows are copied to memory of its own, where it computes while the host does other things.
    fn computes_elsewhere(&self) -> bool {
        false
    }

    /// Bytes that it keeps of a row of `d` columns there besides the values, for `k` centroids.
    fn kept_bytes(&self, _d: usize, _k: usize, _is_sparse: bool) -> u64 {
        0
    }

    /// How many bytes of that memory rows may take, where that is known.
    fn room(&self) -> Option<u64> {
        None
    }

    /// Whether [`Rows::Packed`] are taken as they are, and unpacked as they are used.
    fn takes_packed(&self) -> bool {
        false
    }

    /// Takes rows and their weights (1 if `None`). Labels start at 0, the frame at the identity.
    fn prepare<'p>(
        &'p self,
        rows: Rows<'p, Self::Backend>,
        weights: Option<&'p [f32]>,
    ) -> Result<Self::Prepared<'p>>;

    /// Ranges of the columns over the rows of positive weight, ranges of the weights, and the largest
    /// `|x|` of all rows.
    ///
    /// # Errors
    /// [`crate::Error::NonFinite`] with the first row and column that is NaN or infinite (row
    /// numbers count within `rows`; the caller knows where they came from).
    fn extent(&self, rows: &Self::Prepared<'_>) -> Result<Extent>;

    /// Sets the frame in which these rows are seen from now on.
    fn set_frame(&self, rows: &mut Self::Prepared<'_>, frame: &Frame) -> Result<()>;

    /// Whether centroids may be ruled out by bounds, and how many bytes may be taken for that; see
    /// [`crate::Params::pruning_memory`]. An engine that scores every pair has nothing to set.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for [`Pruning::Always`], or for memory, on an engine that never does.
    fn set_pruning(
        &self,
        _rows: &mut Self::Prepared<'_>,
        pruning: Pruning,
        memory: Option<u64>,
    ) -> Result<()> {
        let refused = |name, value, expected| Err(crate::Error::Parameter { name, value, expected });
        match (pruning, memory) {
            (Pruning::Always, _) => {
                refused("pruning", pruning.to_string(), "auto or off: this device scores every pair")
            }
            (_, Some(memory)) => {
                refused("pruning_memory", memory.to_string(), "nothing: this device scores every pair")
            }
            (Pruning::Auto | Pruning::Off, None) => Ok(()),
        }
    }

    /// How the pairs of all assignments of these rows were decided so far, where the engine counts.
    fn pair_counts(&self, _rows: &Self::Prepared<'_>) -> Option<PairCounts> {
        None
    }

    /// Makes centroids ready. Cost O(k·d).
    fn codebook(&self, centroids: &Centroids, metric: Metric) -> Result<Self::Codebook>;

    /// Gives each row the label of its nearest centroid and keeps the distance.
    ///
    /// Chosen by `bias − 2⟨v, c⟩`, measured directly as `Σ (v − c)²`. Cost O(n·k·d), memory O(n).
    fn assign(&self, rows: &mut Self::Prepared<'_>, codebook: &Self::Codebook) -> Result<()>;

    /// Adds the rows by label: `Σ w·v`, `Σ w`, counts, and `Σ w·distance` measured in `f64`. Keeps the
    /// distances, for labels that were set from elsewhere.
    fn reduce(&self, rows: &mut Self::Prepared<'_>, codebook: &Self::Codebook) -> Result<Self::Sums>;

    /// [`Engine::assign`], then [`Engine::reduce`].
    fn step(&self, rows: &mut Self::Prepared<'_>, codebook: &Self::Codebook) -> Result<Self::Sums> {
        self.assign(rows, codebook)?;
        self.reduce(rows, codebook)
    }

    /// Adds the sums of further rows.
    fn merge(&self, into: &mut Self::Sums, other: Self::Sums) -> Result<()>;

    /// Scales each centroid to length 1 in the units of the data; a zero centroid stays zero.
    fn normalize(&self, centroids: &mut Centroids, frame: &Frame) -> Result<()>;

    /// Whether centroids may stay with the engine from iteration to iteration: whether it has
    /// [`Engine::advance`], [`Engine::split`], [`Engine::centroids`], [`Engine::keep_labels`] and
    /// [`Engine::restore_labels`].
    fn keeps_centroids(&self) -> bool {
        false
    }

    /// The next centroids, made from sums of an assignment to `codebook` where those are, and what is to be
    /// known of that assignment, on its way to the host. Cost O(k·d).
    fn advance<'e>(
        &'e self,
        _codebook: &Self::Codebook,
        _sums: Self::Sums,
        _frame: &Frame,
        _update: Update,
    ) -> Result<(Self::Codebook, PendingTally<'e>)> {
        Err(self.keeps_nothing())
    }

    /// Splits clusters, one after the other, and normalises and rounds anew where `update` asks for it.
    fn split(
        &self,
        _codebook: &mut Self::Codebook,
        _splits: &[Split],
        _frame: &Frame,
        _update: Update,
    ) -> Result<()> {
        Err(self.keeps_nothing())
    }

    /// Brings centroids to the host.
    fn centroids(&self, _codebook: &Self::Codebook, _frame: &Frame) -> Result<Centroids> {
        Err(self.keeps_nothing())
    }

    /// Remembers labels and distances as they are.
    fn keep_labels(&self, _rows: &mut Self::Prepared<'_>) {}

    /// Brings back the labels and distances remembered last.
    fn restore_labels(&self, _rows: &mut Self::Prepared<'_>) {}

    /// The error of an engine without [`Engine::keeps_centroids`].
    #[doc(hidden)]
    fn keeps_nothing(&self) -> crate::Error {
        crate::Error::Engine { engine: self.name(), message: "it keeps no centroids".to_owned() }
    }

    /// Brings sums to the host.
    fn download(&self, sums: Self::Sums) -> Result<PartialStats>;

    /// Sets the labels: a start from a known assignment, or sums of labels made elsewhere.
    fn set_labels(&self, rows: &mut Self::Prepared<'_>, labels: &[i32]) -> Result<()>;

    /// Labels of the rows, in `0..k`.
    fn labels(&self, rows: &Self::Prepared<'_>) -> Result<Vec<i32>>;

    /// Distances of the rows to the centroids of their labels, in the units of the frame.
    fn distances(&self, rows: &Self::Prepared<'_>) -> Result<Vec<f32>>;

    /// Rows by number, in the coordinates of the frame, row-major.
    fn gather(&self, rows: &Self::Prepared<'_>, ids: &[usize]) -> Result<Vec<f32>>;

    /// The measured distance (L2: squared) or product of every row to every centroid, row-major n×k, in
    /// the units of the frame. Callers hand over few rows or few centroids at a time. Cost O(n·k·d).
    fn distance_matrix(&self, rows: &Self::Prepared<'_>, codebook: &Self::Codebook) -> Result<Vec<f32>>;

    /// Pairs of a row and a centroid whose measured squared distance is below the row's limit; L2 only.
    /// Callers hand over few centroids at a time. Cost O(n·k·d).
    ///
    /// An engine may rule pairs out by other means than measuring, if no pair is lost by them.
    fn closer(&self, rows: &Self::Prepared<'_>, codebook: &Self::Codebook, limits: &[f32]) -> Result<Closer> {
        let sq_dists = self.distance_matrix(rows, codebook)?;
        let k = sq_dists.len() / limits.len();
        let mut closer = vec![Vec::new(); k];
        for (row, (sq_dists, limit)) in sq_dists.chunks_exact(k).zip(limits).enumerate() {
            for (closer, sq_dist) in closer.iter_mut().zip(sq_dists).filter(|(_, sq_dist)| *sq_dist < limit) {
                closer.push((row, *sq_dist));
            }
        }
        Ok(closer)
    }

    /// The rows whose label would be a centroid that is measured closer than their limit: row, label, squared
    /// distance; L2 only. The rows come in no order, and labels and distances kept of them may be lost. Cost
    /// O(n·k·d).
    ///
    /// An engine may rule rows out by other means than measuring, if none is lost by them.
    fn closest(
        &self,
        rows: &mut Self::Prepared<'_>,
        codebook: &Self::Codebook,
        limits: &[f32],
    ) -> Result<Vec<(usize, i32, f32)>> {
        self.assign(rows, codebook)?;
        let found = self.labels(rows)?.into_iter().zip(self.distances(rows)?).enumerate();
        let found = found.map(|(row, (label, sq_dist))| (row, label, sq_dist));
        Ok(found.filter(|&(row, _, sq_dist)| sq_dist < limits[row]).collect())
    }

    /// The `p` nearest centroids of each row, the nearest first, ties to the lowest number.
    fn nearest(&self, rows: &Self::Prepared<'_>, codebook: &Self::Codebook, p: usize) -> Result<Neighbours>;

    /// Distances between all rows of two sets, added up by segments: each distance within about `(d/2 + 2)·2⁻²⁴` of
    /// itself, that of a row to itself 0, sums in `f64`, the same bits for any number of threads. Callers hand over
    /// some thousands of rows at a time. Cost O(m·n·d), memory rows × segments of both sets and no more than m·n.
    fn pair_sums(
        &self,
        first: Segments<'_>,
        second: Segments<'_>,
        distance: PairDistance,
    ) -> Result<PairSums> {
        pair_sums_by_matrix(self, &first, &second, distance)
    }

    /// The least and the largest Euclidean distance between the rows of each two segments, measured as those of
    /// [`Engine::pair_sums`]. Cost O(m·n·d), memory segments × segments.
    fn pair_ranges(&self, first: Segments<'_>, second: Segments<'_>) -> Result<PairRanges> {
        pair_ranges_by_matrix(self, &first, &second)
    }

    /// What looks through the lists of an index, where this engine's hardware has something for that. Cheap.
    fn scanner(&self) -> Option<Arc<dyn Scanner>> {
        None
    }
}
