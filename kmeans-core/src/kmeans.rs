//! The builder.

use burn::tensor::Tensor;
use kmeans_data::{Points, RowSlice};

use crate::assign_all::{Assignment, Keep};
use crate::engine::Engine;
use crate::error::Result;
use crate::metric::Metric;
use crate::model::KMeansModel;
use crate::params::{Init, Params};
use crate::progress::{OnProgress, silent};
use crate::source::Source;
use crate::train::{self, Fit};
use crate::trainer::{AssignOptions, Trainer};

/// k-means: parameters, and the engine or device `T` that runs it.
///
/// Setters are named like Faiss's parameters and have its defaults; all values are checked by
/// `train`. One call of `train` is one value: the model, the labels and the report together.
#[derive(Clone, Debug)]
pub struct KMeans<T> {
    params: Params,
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
        Self { params: Params::new(k), device }
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

    /// First centroids; default [`Init::KMeansPlusPlus`].
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.params.init = init;
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

    /// The parameters set so far.
    pub fn params(&self) -> &Params {
        &self.params
    }
}

impl<T: Trainer> KMeans<T> {
    /// Trains on `x`, row-major with `d` columns.
    ///
    /// Cost: O(n·k·d) an iteration, memory O(n + k·d) besides the rows, which are lent.
    ///
    /// # Errors
    /// See [`crate::Error`]: parameters out of range, a length that is no multiple of `d`, fewer
    /// rows than clusters, NaN or infinite values (row and column named).
    ///
    /// ```
    /// use kmeans_core::{KMeans, TensorEngine};
    /// let engine = TensorEngine::<burn_ndarray::NdArray>::default();
    /// let fit = KMeans::on(engine, 2).train(&[0.0, 0.1, 9.0, 9.2], 1)?;
    /// assert_eq!(fit.labels[0], fit.labels[1]);
    /// assert_ne!(fit.labels[0], fit.labels[2]);
    /// # Ok::<(), kmeans_core::Error>(())
    /// ```
    #[doc(alias = "fit")]
    pub fn train(&self, x: &[f32], d: usize) -> Result<Fit> {
        self.train_points(&RowSlice::new(x, d)?, None)
    }

    /// Trains on `x` with one weight a row, finite and not negative.
    ///
    /// # Errors
    /// As [`KMeans::train`], and for weights of another number, negative, infinite or NaN.
    pub fn train_weighted(&self, x: &[f32], d: usize, weights: &[f32]) -> Result<Fit> {
        self.train_points(&RowSlice::new(x, d)?, Some(weights))
    }

    /// Trains on any source of rows: mapped files, ndarray views, or your own.
    ///
    /// # Errors
    /// As [`KMeans::train_weighted`].
    pub fn train_points(&self, points: &dyn Points, weights: Option<&[f32]>) -> Result<Fit> {
        self.train_watched(points, weights, &silent)
    }

    /// Trains and calls `progress` after each step; it can end training with the best model so far.
    ///
    /// # Errors
    /// As [`KMeans::train_weighted`].
    pub fn train_watched(
        &self,
        points: &dyn Points,
        weights: Option<&[f32]>,
        progress: &OnProgress<'_>,
    ) -> Result<Fit> {
        self.device.train(points, weights, &self.params, progress)
    }

    /// The nearest centroid of each row of `x`, row-major with `d` columns.
    ///
    /// # Errors
    /// Another number of columns than the model's, NaN or infinite values.
    #[doc(alias = "predict")]
    pub fn assign(&self, model: &KMeansModel, x: &[f32], d: usize) -> Result<Assignment> {
        self.assign_points(model, &RowSlice::new(x, d)?, AssignOptions::default())
    }

    /// The nearest centroid, or the `p` nearest, of each row of any source.
    ///
    /// # Errors
    /// As [`KMeans::assign`], and for `p` outside `1..=k`.
    pub fn assign_points(
        &self,
        model: &KMeansModel,
        points: &dyn Points,
        options: AssignOptions,
    ) -> Result<Assignment> {
        self.device.assign(points, model, options, &silent)
    }
}

impl<E: Engine> KMeans<E> {
    /// Trains on a tensor n×d of the engine's own backend; it stays on its device.
    ///
    /// # Errors
    /// As [`KMeans::train_weighted`].
    pub fn train_tensor(&self, x: &Tensor<E::Backend, 2>, weights: Option<&[f32]>) -> Result<Fit> {
        train::train(&self.device, &Source::Tensor(x.clone()), weights, &self.params, &silent)
    }

    /// The nearest centroid, or the `p` nearest, of each row of a tensor n×d.
    ///
    /// # Errors
    /// As [`KMeans::assign_points`].
    pub fn assign_tensor(
        &self,
        model: &KMeansModel,
        x: &Tensor<E::Backend, 2>,
        options: AssignOptions,
    ) -> Result<Assignment> {
        let keep = Keep { p: options.p, distances: options.distances };
        train::assign(&self.device, &Source::Tensor(x.clone()), model, keep, &silent)
    }
}
