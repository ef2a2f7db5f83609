//! Initial centroids.

mod kmeans_plus_plus;
mod random;

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::params::{Init, Params};
use crate::progress::OnProgress;
use crate::rng::{Draws, Stream};
use crate::training_set::TrainingSet;

/// Draws the initial centroids of one restart. Given centroids come first; the rest is drawn.
pub(crate) fn centroids<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    redo: usize,
    progress: &OnProgress<'_>,
) -> Result<Centroids> {
    let mut draws = Draws::new(params.seed, redo, Stream::Init);
    let none = Centroids::from_offsets(Vec::new(), set.frame().dim());
    match &params.init {
        Init::Random => random::draw(set, params.k, &mut draws),
        Init::KMeansPlusPlus => kmeans_plus_plus::draw(set, none, params.k, &mut draws, progress),
        Init::Centroids(given) => {
            let given = Centroids::from_positions(given, set.frame());
            kmeans_plus_plus::draw(set, given, params.k, &mut draws, progress)
        }
    }
}
