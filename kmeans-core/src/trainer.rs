//! What can train: an engine, or a name for one that is found at run time.

use kmeans_data::Points;

use crate::assign_all::{Assignment, Keep, assign_model, assign_model_by};
use crate::assigner::Assigner;
use crate::engine::Engine;
use crate::error::Result;
use crate::model::KMeansModel;
use crate::options::Pruning;
use crate::outcome::Fit;
use crate::pairwise::Pairwise;
use crate::params::Params;
use crate::preparation::{Preparation, PreparedJob, rows_for};
use crate::progress::{OnProgress, silent};
use crate::prune::Prune;
use crate::source::Source;
use crate::train;
use crate::transform::transform_model;

/// What to return of each row that is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssignOptions {
    /// How many of the nearest centroids to list, the nearest first.
    pub p: usize,
    /// Whether to return distances, too.
    pub distances: bool,
    /// Whether the engine may rule out centroids by bounds; `None`: as the engine was made. Changes no bit of the
    /// result.
    pub pruning: Option<Pruning>,
    /// As [`Params::pruning_memory`], for a block of rows.
    pub pruning_memory: Option<u64>,
}

impl Default for AssignOptions {
    fn default() -> Self {
        Self { p: 1, distances: false, pruning: None, pruning_memory: None }
    }
}

impl AssignOptions {
    /// Lists the `p` nearest centroids of each row.
    #[must_use]
    pub fn p(mut self, p: usize) -> Self {
        self.p = p;
        self
    }

    /// Returns distances, too.
    #[must_use]
    pub fn distances(mut self, distances: bool) -> Self {
        self.distances = distances;
        self
    }

    /// Rules out centroids by bounds, or not.
    #[must_use]
    pub fn pruning(mut self, pruning: impl Into<Option<Pruning>>) -> Self {
        self.pruning = pruning.into();
        self
    }

    /// Most bytes that pruning may take.
    #[must_use]
    pub fn pruning_memory(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.pruning_memory = bytes.into();
        self
    }

    /// Where nothing is said about pruning, what parameters say.
    pub(crate) fn or(self, params: &Params) -> Self {
        Self {
            pruning: self.pruning.or(params.pruning),
            pruning_memory: self.pruning_memory.or(params.pruning_memory),
            ..self
        }
    }

    pub(crate) fn keep(self) -> Keep {
        let prune = Prune { pruning: self.pruning, memory: self.pruning_memory };
        Keep { p: self.p, distances: self.distances, prune }
    }
}

/// All that a training needs but the device.
#[non_exhaustive]
pub struct Job<'a> {
    /// The rows.
    pub points: &'a dyn Points,
    /// One weight a row; 1 if `None`.
    pub weights: Option<&'a [f32]>,
    /// The parameters.
    pub params: &'a Params,
    /// What the rows go through before; as they come if `None`. See [`crate::KMeans::preparation`].
    pub preparation: Option<&'a Preparation>,
    /// What assigns rows in the iterations; the engine if `None`.
    pub assigner: Option<&'a mut dyn Assigner>,
    /// Called after each step.
    pub progress: &'a OnProgress<'a>,
}

impl<'a> Job<'a> {
    /// A training of `points` as they come, without weights, assigner and callback.
    pub fn new(points: &'a dyn Points, params: &'a Params) -> Self {
        Self { points, weights: None, params, preparation: None, assigner: None, progress: &silent }
    }

    /// With one weight a row.
    #[must_use]
    pub fn weights(mut self, weights: Option<&'a [f32]>) -> Self {
        self.weights = weights;
        self
    }

    /// With rows that go through these steps first.
    #[must_use]
    pub fn preparation(mut self, preparation: Option<&'a Preparation>) -> Self {
        self.preparation = preparation;
        self
    }

    /// With something else than the engine to assign rows in the iterations.
    #[must_use]
    pub fn assigner(mut self, assigner: &'a mut dyn Assigner) -> Self {
        self.assigner = Some(assigner);
        self
    }

    /// With a callback after each step.
    #[must_use]
    pub fn progress(mut self, progress: &'a OnProgress<'a>) -> Self {
        self.progress = progress;
        self
    }
}

/// Receives rows of a result, block by block.
pub type Sink<'a> = dyn FnMut(&[f32]) -> Result<()> + 'a;

/// Trains and assigns. Every [`Engine`] is one; so is a device that picks its engine at run time.
pub trait Trainer {
    /// Trains.
    ///
    /// # Errors
    /// Bad parameters, bad data, or a failing engine; see [`crate::Error`].
    fn train(&self, job: Job<'_>) -> Result<Fit>;

    /// Assigns all rows of `points` to the centroids of `model`, through the model's preparation.
    ///
    /// # Errors
    /// Another number of columns than the model's, or than its preparation takes; NaN or infinite values, `p` outside `1..=k`.
    fn assign(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment>;

    /// Assigns all rows of `points` to centroids of `model` by something else than the engine, which measures: an index,
    /// for very large k. Its centroids are set to those of the model first.
    ///
    /// # Errors
    /// As [`Trainer::assign`], for `p` other than 1, for a model of a metric that engines do not have, and what the
    /// assigner returns.
    fn assign_by(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        assigner: &mut dyn Assigner,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment>;

    /// Hands the distances of all rows to all centroids to `sink`, k values a row, by blocks, in the units of
    /// [`Assignment::distances`].
    ///
    /// # Errors
    /// As [`Trainer::assign`], and whatever `sink` returns.
    fn transform(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        sink: &mut Sink<'_>,
        progress: &OnProgress<'_>,
    ) -> Result<()>;

    /// Hands what measures pairs of rows to `work`: for measures of quality.
    ///
    /// # Errors
    /// If the device cannot be opened, and whatever `work` returns.
    fn with_pairwise(&self, work: &mut dyn FnMut(&dyn Pairwise) -> Result<()>) -> Result<()>;

    /// Hands the same to `work`, ready for many calls: a device finds its engine once.
    ///
    /// # Errors
    /// If the device cannot be opened, and whatever `work` returns.
    fn with_ready(&self, work: &mut dyn FnMut(&dyn Trainer) -> Result<()>) -> Result<()>;
}

impl<E: Engine> Trainer for E {
    fn train(&self, job: Job<'_>) -> Result<Fit> {
        let prepared = PreparedJob::new(job.preparation, job.points, job.weights)?;
        let source = Source::of(&*prepared.points, self.takes_packed());
        let fit = train::train(self, &source, prepared.weights(), job.params, job.assigner, job.progress)?;
        prepared.done(fit)
    }

    fn assign(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment> {
        let rows = rows_for(model, points)?;
        assign_model(self, &Source::of(&*rows, self.takes_packed()), model, options.keep(), progress)
    }

    fn assign_by(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        assigner: &mut dyn Assigner,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment> {
        let rows = rows_for(model, points)?;
        let source = Source::of(&*rows, self.takes_packed());
        assign_model_by(self, &source, model, assigner, options.keep(), progress)
    }

    fn transform(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        sink: &mut Sink<'_>,
        progress: &OnProgress<'_>,
    ) -> Result<()> {
        let rows = rows_for(model, points)?;
        transform_model(self, &Source::of(&*rows, self.takes_packed()), model, sink, progress)
    }

    fn with_pairwise(&self, work: &mut dyn FnMut(&dyn Pairwise) -> Result<()>) -> Result<()> {
        work(self)
    }

    fn with_ready(&self, work: &mut dyn FnMut(&dyn Trainer) -> Result<()>) -> Result<()> {
        work(self)
    }
}
