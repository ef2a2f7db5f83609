//! What a k-means does: train, assign, transform.

use burn::tensor::Tensor;
use kmeans_data::{Points, RowSlice};

use super::KMeans;
use crate::assign_all::{Assignment, assign_model};
use crate::assigner::Assigner;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::KMeansModel;
use crate::outcome::Fit;
use crate::preparation::PreparedJob;
use crate::progress::{OnProgress, silent};
use crate::source::Source;
use crate::tensor_metric::{TensorMetric, assign_with_metric, train_with_metric, transform_with_metric};
use crate::train;
use crate::trainer::{AssignOptions, Job, Sink, Trainer};

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
        self.device.train(self.job(points, weights).progress(progress))
    }

    /// Trains with something else than the engine to assign rows in the iterations: an index, for very
    /// large k. Labels and inertia of the result are exact all the same: the last assignment is the
    /// engine's where a sample was trained on, else the assigner's.
    ///
    /// # Errors
    /// As [`KMeans::train_weighted`], and what the assigner returns.
    pub fn train_with_assigner(
        &self,
        points: &dyn Points,
        weights: Option<&[f32]>,
        assigner: &mut dyn Assigner,
    ) -> Result<Fit> {
        self.device.train(self.job(points, weights).assigner(assigner))
    }

    fn job<'a>(&'a self, points: &'a dyn Points, weights: Option<&'a [f32]>) -> Job<'a> {
        Job::new(points, &self.params).weights(weights).preparation(self.preparation.as_ref())
    }

    /// Hands the distances of all rows to all centroids to `sink`, k values a row, by blocks of rows:
    /// squared for L2, products for the inner product, `1 − cos` for cosine, and for L1, L∞ and Kullback–Leibler
    /// what the metric is. Cost O(n·k·d), memory one block.
    ///
    /// # Errors
    /// As [`KMeans::assign`], and whatever `sink` returns.
    pub fn transform(&self, model: &KMeansModel, points: &dyn Points, sink: &mut Sink<'_>) -> Result<()> {
        self.device.transform(points, model, sink, &silent)
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
        self.device.assign(points, model, options.or(&self.params), &silent)
    }
}

impl<T: Trainer> KMeans<T> {
    /// The centroid of each row by something else than the engine, which measures: an index, for very large k. Its
    /// centroids are set to those of the model first.
    ///
    /// # Errors
    /// As [`KMeans::assign`], for `p` other than 1, and what the assigner returns.
    pub fn assign_with_assigner(
        &self,
        model: &KMeansModel,
        points: &dyn Points,
        assigner: &mut dyn Assigner,
        options: AssignOptions,
    ) -> Result<Assignment> {
        self.device.assign_by(points, model, assigner, options.or(&self.params), &silent)
    }
}

impl<E: Engine> KMeans<E> {
    /// Trains on a tensor n×d of the engine's own backend; it stays on its device.
    ///
    /// # Errors
    /// As [`KMeans::train_weighted`]; [`Error::NotPrepared`] with a preparation, which takes rows in host memory.
    pub fn train_tensor(&self, x: &Tensor<E::Backend, 2>, weights: Option<&[f32]>) -> Result<Fit> {
        if self.preparation.is_some() {
            return Err(Error::NotPrepared { what: "a tensor", of: "training" });
        }
        train::train(&self.device, &Source::Tensor(x.clone()), weights, &self.params, None, &silent)
    }

    /// Trains with a distance of your own, written in tensor operations; see [`train_with_metric`].
    ///
    /// # Errors
    /// As [`train_with_metric`].
    pub fn train_metric(
        &self,
        metric: &dyn TensorMetric<E::Backend>,
        points: &dyn Points,
        weights: Option<&[f32]>,
    ) -> Result<Fit> {
        let device = self.device.backend_device();
        let prepared = PreparedJob::new(self.preparation.as_ref(), points, weights)?;
        let (rows, weights) = (&*prepared.points, prepared.weights());
        prepared.done(train_with_metric(&device, metric, rows, weights, &self.params, &silent)?)
    }

    /// The nearest centroid, or the `p` nearest, by the distance that the model was trained with.
    ///
    /// # Errors
    /// As [`assign_with_metric`].
    pub fn assign_metric(
        &self,
        metric: &dyn TensorMetric<E::Backend>,
        model: &KMeansModel,
        points: &dyn Points,
        options: AssignOptions,
    ) -> Result<Assignment> {
        let device = self.device.backend_device();
        assign_with_metric(&device, metric, points, model, options.or(&self.params), &silent)
    }

    /// The distances of all rows to all centroids, by the distance that the model was trained with; see
    /// [`transform_with_metric`].
    ///
    /// # Errors
    /// As [`transform_with_metric`].
    pub fn transform_metric(
        &self,
        metric: &dyn TensorMetric<E::Backend>,
        model: &KMeansModel,
        points: &dyn Points,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let device = self.device.backend_device();
        transform_with_metric(&device, metric, points, model, sink, &silent)
    }

    /// The nearest centroid, or the `p` nearest, of each row of a tensor n×d.
    ///
    /// # Errors
    /// As [`KMeans::assign_points`]; [`Error::NotPrepared`] for a model with a preparation, which takes rows in host
    /// memory.
    pub fn assign_tensor(
        &self,
        model: &KMeansModel,
        x: &Tensor<E::Backend, 2>,
        options: AssignOptions,
    ) -> Result<Assignment> {
        model.check_unprepared("a tensor")?;
        let keep = options.or(&self.params).keep();
        assign_model(&self.device, &Source::Tensor(x.clone()), model, keep, &silent)
    }
}
