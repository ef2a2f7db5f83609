//! The builder.

mod verbs;

use std::time::Duration;

use crate::metric::Metric;
use crate::options::{EmptyClusters, Init, Pruning, Seeding};
use crate::params::Params;
use crate::preparation::Preparation;

/// k-means: parameters, and the engine or device `T` that runs it.
///
/// Setters are named like Faiss's parameters and have its defaults; all values are checked by
/// `train`. One call of `train` is one value: the model, the labels and the report together.
#[derive(Clone, Debug)]
pub struct KMeans<T> {
    params: Params,
    preparation: Option<Preparation>,
    device: T,
}

impl<T: Default> KMeans<T> {
    /// `k` clusters on the default device.
    pub fn new(k: usize) -> Self {
        Self::on(T::default(), k)
    }
}

impl<T> KMeans<T> {
    /// `k` clusters on an engine or device.
    pub fn on(device: T, k: usize) -> Self {
        Self { params: Params::new(k), preparation: None, device }
    }

    /// Runs on another device.
    #[must_use]
    pub fn device(mut self, device: T) -> Self {
        self.device = device;
        self
    }

    /// All parameters at once.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// What rows go through before they are trained on; default `None`: nothing. The model keeps it, and rows assigned to
    /// it go through it, too.
    ///
    /// Rows are prepared as they are read: those trained on are held prepared, n×`dim_out` `f32` where all are. Outliers
    /// have no weight: they get labels, and count neither in the centroids nor in the inertia; a warning says how many they
    /// are. Initial centroids are given in the units of prepared rows, and the model's are in them.
    #[must_use]
    pub fn preparation(mut self, preparation: impl Into<Option<Preparation>>) -> Self {
        self.preparation = preparation.into();
        self
    }

    /// Most iterations of a restart; default 25.
    #[must_use]
    #[doc(alias = "max_iter")]
    pub fn niter(mut self, niter: usize) -> Self {
        self.params.niter = niter;
        self
    }

    /// Restarts, of which the best is kept; default 1.
    #[must_use]
    #[doc(alias = "n_init")]
    pub fn nredo(mut self, nredo: usize) -> Self {
        self.params.nredo = nredo;
        self
    }

    /// Seed of all random choices; default 1234.
    #[must_use]
    #[doc(alias = "random_state")]
    pub fn seed(mut self, seed: u64) -> Self {
        self.params.seed = seed;
        self
    }

    /// Tells each step on standard error; default off.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.params.verbose = verbose;
        self
    }

    /// Whose random choices to make; default [`Seeding::Native`].
    #[must_use]
    pub fn seeding(mut self, seeding: Seeding) -> Self {
        self.params.seeding = seeding;
        self
    }

    /// How first centroids are drawn; default [`Init::KMeansPlusPlus`].
    #[must_use]
    #[doc(alias = "init_method")]
    pub fn init(mut self, init: Init) -> Self {
        self.params.init = init;
        self
    }

    /// First centroids that are given, row-major, at most k; the rest is drawn by `init`.
    #[must_use]
    pub fn init_centroids(mut self, centroids: Vec<f32>) -> Self {
        self.params.init_centroids = centroids;
        self
    }

    /// Keeps the given centroids as they are, to the bit; default off.
    #[must_use]
    pub fn frozen_centroids(mut self, frozen: bool) -> Self {
        self.params.frozen_centroids = frozen;
        self
    }

    /// Steps of each Markov chain of [`Init::AfkMc2`]; default 50.
    #[must_use]
    pub fn afkmc2_chain_length(mut self, steps: usize) -> Self {
        self.params.afkmc2_chain_length = steps;
        self
    }

    /// What "nearest" means; default squared L2, or inner product when spherical.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.params.metric = Some(metric);
        self
    }

    /// Normalise centroids to length 1 after each update; default off.
    #[must_use]
    pub fn spherical(mut self, spherical: bool) -> Self {
        self.params.spherical = spherical;
        self
    }

    /// Rounds each coordinate of the centroids after each update, half away from zero; default off.
    #[must_use]
    pub fn int_centroids(mut self, int: bool) -> Self {
        self.params.int_centroids = int;
        self
    }

    /// Trains the assigner again on the centroids of every iteration; default off.
    #[must_use]
    pub fn update_index(mut self, update: bool) -> Self {
        self.params.update_index = update;
        self
    }

    /// What becomes of clusters without rows; default [`EmptyClusters::Split`].
    #[must_use]
    pub fn empty_clusters(mut self, empty: EmptyClusters) -> Self {
        self.params.empty_clusters = empty;
        self
    }

    /// Fewer rows a centroid than this give a warning; default 39.
    #[must_use]
    pub fn min_points_per_centroid(mut self, points: usize) -> Self {
        self.params.min_points_per_centroid = points;
        self
    }

    /// Train on a uniform sample of at most this many rows a centroid; default 256, `None`: on all.
    #[must_use]
    pub fn max_points_per_centroid(mut self, points: impl Into<Option<usize>>) -> Self {
        self.params.max_points_per_centroid = points.into();
        self
    }

    /// Stop when the objective changes by no more than this share; default 0, `None`: run `niter`.
    #[must_use]
    #[doc(alias = "tol")]
    pub fn early_stop_threshold(mut self, threshold: impl Into<Option<f64>>) -> Self {
        self.params.early_stop_threshold = threshold.into();
        self
    }

    /// Draws the sample with replacement; default off.
    #[must_use]
    pub fn use_faster_subsampling(mut self, faster: bool) -> Self {
        self.params.use_faster_subsampling = faster;
        self
    }

    /// Looks for NaN and infinity in rows that are neither trained on nor assigned, too; default on.
    #[must_use]
    pub fn check_input_data_for_nans(mut self, check: bool) -> Self {
        self.params.check_input_data_for_nans = check;
        self
    }

    /// Stops after this time with the best model so far; default `None`.
    #[must_use]
    pub fn time_limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.params.time_limit = limit.into();
        self
    }

    /// Rows of encoded input that are decoded at a time; default 32768.
    #[must_use]
    pub fn decode_block_size(mut self, rows: usize) -> Self {
        self.params.decode_block_size = rows;
        self
    }

    /// Trains on a growing number of dimensions in so many steps; default `None`: on all at once.
    #[must_use]
    pub fn progressive_dim_steps(mut self, steps: impl Into<Option<usize>>) -> Self {
        self.params.progressive_dim_steps = steps.into();
        self
    }

    /// Rotates to principal components before progressive dimensions; default on.
    #[must_use]
    pub fn apply_pca(mut self, apply: bool) -> Self {
        self.params.apply_pca = apply;
        self
    }

    /// One column only: the optimal centroids; default off.
    #[must_use]
    pub fn exact_1d(mut self, exact: bool) -> Self {
        self.params.exact_1d = exact;
        self
    }

    /// Trains clusters within clusters, then all together once; default off.
    #[must_use]
    pub fn hierarchical(mut self, hierarchical: bool) -> Self {
        self.params.hierarchical = hierarchical;
        self
    }

    /// Keeps every cluster at no more than `1 + slack` times the mean number of rows, rounded up; default
    /// `None`. The imbalance factor is then at most `k·⌈(1 + slack)·n/k⌉/n`.
    #[must_use]
    pub fn balanced(mut self, slack: impl Into<Option<f64>>) -> Self {
        self.params.balanced = slack.into();
        self
    }

    /// Whether to assign all rows at the end; default on.
    #[must_use]
    pub fn final_assign(mut self, final_assign: bool) -> Self {
        self.params.final_assign = final_assign;
        self
    }

    /// Whether to return the distance of each row; default off.
    #[must_use]
    pub fn return_distances(mut self, return_distances: bool) -> Self {
        self.params.return_distances = return_distances;
        self
    }

    /// Too few points are an error, not a warning; default off.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.params.strict = strict;
        self
    }

    /// Rows handed to the engine at a time; default `None`: all. Changes no bit of the result.
    #[must_use]
    pub fn chunk_rows(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.params.chunk_rows = rows.into();
        self
    }

    /// Whether the engine may rule out centroids by bounds. Changes no bit of the result.
    #[must_use]
    pub fn pruning(mut self, pruning: impl Into<Option<Pruning>>) -> Self {
        self.params.pruning = pruning.into();
        self
    }

    /// Most bytes that pruning may take for what it keeps of the rows. Changes no bit of the result.
    #[must_use]
    pub fn pruning_memory(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.params.pruning_memory = bytes.into();
        self
    }

    /// Most bytes of a GPU's own memory that the rows may take. Changes no bit of the result.
    #[must_use]
    pub fn device_memory(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.params.device_memory = bytes.into();
        self
    }

    /// The parameters set so far.
    pub fn params(&self) -> &Params {
        &self.params
    }
}
