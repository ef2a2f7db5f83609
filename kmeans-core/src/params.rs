//! Training parameters and their defaults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::options::{EmptyClusters, Init, Pruning, Seeding};

/// The parameters of a training, under Faiss's names and with Faiss's defaults (but for `init`).
///
/// They are set through the builder, [`crate::KMeans`], and checked before any work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Params {
    /// Number of clusters.
    pub k: usize,
    /// Most Lloyd iterations of a restart. 0 leaves the initial centroids.
    pub niter: usize,
    /// Restarts, of which the best is kept.
    pub nredo: usize,
    /// Tell each step on standard error.
    pub verbose: bool,
    /// Seed of all random choices.
    pub seed: u64,
    /// Whose random choices to make.
    pub seeding: Seeding,
    /// How first centroids are drawn, apart from those given.
    #[serde(skip_serializing_if = "is_function")]
    pub init: Init,
    /// First centroids that are given, row-major, at most k; the rest is drawn by `init`.
    /// A saved model keeps how many they were, not their values.
    #[serde(skip)]
    pub init_centroids: Vec<f32>,
    /// The given centroids stay as they are, to the bit; only the others are trained.
    pub frozen_centroids: bool,
    /// Steps of each Markov chain of [`Init::AfkMc2`].
    pub afkmc2_chain_length: usize,
    /// What "nearest" means; L2 if `None`, or inner product when `spherical`.
    pub metric: Option<Metric>,
    /// Normalise the centroids to length 1 after each update. Rows are not normalised: that is
    /// [`Metric::Cosine`].
    pub spherical: bool,
    /// Round each coordinate of the centroids after each update, half away from zero.
    pub int_centroids: bool,
    /// Train the assigner again on the centroids of every iteration, not only on the first ones.
    pub update_index: bool,
    /// What becomes of clusters without rows.
    pub empty_clusters: EmptyClusters,
    /// Fewer rows a centroid than this give a warning (or, when `strict`, an error).
    pub min_points_per_centroid: usize,
    /// More rows a centroid than this are not trained on: a uniform sample is. `None`: all rows.
    pub max_points_per_centroid: Option<usize>,
    /// Draw the sample with replacement: less memory while drawing, and rows may repeat.
    pub use_faster_subsampling: bool,
    /// Look for NaN and infinity in rows that are neither trained on nor assigned at the end, too.
    /// Those that are, are always checked.
    pub check_input_data_for_nans: bool,
    /// Stop when the objective changes by no more than this share of itself; 0 stops when nothing
    /// changes any more, `None` never stops before `niter`.
    pub early_stop_threshold: Option<f64>,
    /// Stop iterating (and drawing first centroids) after this time, with the best model so far.
    pub time_limit: Option<Duration>,
    /// Rows of encoded input that are decoded at a time; f16, u8 and i8 go to a GPU as they are, not by these blocks.
    /// Changes no bit of the result.
    pub decode_block_size: usize,
    /// Train on a growing number of leading dimensions, in so many steps. `None`: on all at once.
    pub progressive_dim_steps: Option<usize>,
    /// Rotate to principal components before progressive dimensions.
    pub apply_pca: bool,
    /// One column only: the optimal centroids, by dynamic programming over all rows.
    pub exact_1d: bool,
    /// Train about √k clusters first, then clusters within each, then all together once.
    pub hierarchical: bool,
    /// Keep every cluster at no more than `⌈(1 + balanced)·n/k⌉` rows, whatever their weights, in every
    /// iteration and in the result. `imbalance_factor` is then at most `k·⌈(1 + balanced)·n/k⌉/n`, about
    /// `1 + balanced`. `None`: any size.
    pub balanced: Option<f64>,
    /// Assign all rows to the returned centroids at the end. Without it, where a sample was trained
    /// on, inertia and sizes are of the sample and there are no labels.
    pub final_assign: bool,
    /// Keep the distance of every row in [`crate::Fit::distances`].
    pub return_distances: bool,
    /// Too few points are an error instead of a warning.
    pub strict: bool,
    /// Rows handed to the engine at a time; `None`: all at once. Changes no bit of the result.
    pub chunk_rows: Option<usize>,
    /// Whether the engine may rule out centroids by bounds; `None`: as the engine was made, which is
    /// [`Pruning::Auto`]. Changes no bit of the result.
    pub pruning: Option<Pruning>,
    /// Most bytes that pruning may take for what it keeps of the rows. `None`: five a value and 20 a row: the
    /// rows as bytes, columns rounded up to fours, their norms, and four a value for bounds; or, of rows of up to 7
    /// columns, about eight a value and nine a row, half of which stays. Distances, 8 a row, are not counted, nor what a
    /// thread takes for centroids. With too little for the rows alone, nothing is pruned. An error on a device that scores
    /// every pair. Changes no bit of the result.
    pub pruning_memory: Option<u64>,
    /// Most bytes of a GPU's own memory that the rows may take, with what is kept of each. Rows beyond it stay in host
    /// memory and are sent in every iteration, some while others are computed on. `None`: what the device
    /// has, where it says so. It holds for each set of rows trained on: hierarchical training has two at a time. Encoded rows
    /// that have to be decoded on the host are sent in every iteration in any case, `decode_block_size` of them at a time
    /// or fewer. An error on a device that computes in the memory of the host. Changes no bit of the result.
    pub device_memory: Option<u64>,
}

impl Params {
    /// Defaults for `k` clusters.
    pub fn new(k: usize) -> Self {
        Self { k, ..Self::default() }
    }

    /// The metric in force.
    pub fn metric(&self) -> Metric {
        self.metric.unwrap_or(if self.spherical { Metric::InnerProduct } else { Metric::L2 })
    }

    /// Whether centroids are normalised.
    pub fn is_spherical(&self) -> bool {
        self.spherical || self.metric() == Metric::Cosine
    }

    /// Most rows that are trained on.
    pub fn max_points(&self) -> usize {
        self.max_points_per_centroid.map_or(usize::MAX, |m| m.saturating_mul(self.k))
    }

    /// Rows below which a warning is due.
    pub fn min_points(&self) -> usize {
        self.min_points_per_centroid.saturating_mul(self.k)
    }

    /// How many of the first centroids stay as they were given.
    pub(crate) fn frozen(&self, d: usize) -> usize {
        if self.frozen_centroids { self.init_centroids.len() / d } else { 0 }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self {
            k: 1,
            niter: 25,
            nredo: 1,
            verbose: false,
            seed: 1234,
            seeding: Seeding::default(),
            init: Init::default(),
            init_centroids: Vec::new(),
            frozen_centroids: false,
            afkmc2_chain_length: 50,
            metric: None,
            spherical: false,
            int_centroids: false,
            update_index: false,
            empty_clusters: EmptyClusters::default(),
            min_points_per_centroid: 39,
            max_points_per_centroid: Some(256),
            use_faster_subsampling: false,
            check_input_data_for_nans: true,
            early_stop_threshold: Some(0.0),
            time_limit: None,
            decode_block_size: 32768,
            progressive_dim_steps: None,
            apply_pca: true,
            exact_1d: false,
            hierarchical: false,
            balanced: None,
            final_assign: true,
            return_distances: false,
            strict: false,
            chunk_rows: None,
            pruning: None,
            pruning_memory: None,
            device_memory: None,
        }
    }
}

fn is_function(init: &Init) -> bool {
    matches!(init, Init::Function(_))
}
