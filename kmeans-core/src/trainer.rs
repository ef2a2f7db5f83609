//! What can train: an engine, or a name for one that is found at run time.

use kmeans_data::Points;

use crate::assign_all::{Assignment, Keep};
use crate::engine::Engine;
use crate::error::Result;
use crate::model::KMeansModel;
use crate::params::Params;
use crate::progress::OnProgress;
use crate::source::Source;
use crate::train::{self, Fit};

/// What to return of each row that is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssignOptions {
    /// How many of the nearest centroids to list, the nearest first.
    pub p: usize,
    /// Whether to return distances, too.
    pub distances: bool,
}

impl Default for AssignOptions {
    fn default() -> Self {
        Self { p: 1, distances: false }
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
}

/// Trains and assigns. Every [`Engine`] is one; so is a device that picks its engine at run time.
pub trait Trainer {
    /// Trains on all rows of `points`, with one weight a row or 1 for all.
    ///
    /// # Errors
    /// Bad parameters, bad data, or a failing engine; see [`crate::Error`].
    fn train(
        &self,
        points: &dyn Points,
        weights: Option<&[f32]>,
        params: &Params,
        progress: &OnProgress<'_>,
    ) -> Result<Fit>;

    /// Assigns all rows of `points` to the centroids of `model`.
    ///
    /// # Errors
    /// Another number of columns than the model's, NaN or infinite values, `p` outside `1..=k`.
    fn assign(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment>;
}

impl<E: Engine> Trainer for E {
    fn train(
        &self,
        points: &dyn Points,
        weights: Option<&[f32]>,
        params: &Params,
        progress: &OnProgress<'_>,
    ) -> Result<Fit> {
        train::train(self, &Source::Points(points), weights, params, progress)
    }

    fn assign(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        options: AssignOptions,
        progress: &OnProgress<'_>,
    ) -> Result<Assignment> {
        let keep = Keep { p: options.p, distances: options.distances };
        train::assign(self, &Source::Points(points), model, keep, progress)
    }
}
