//! Clusters that have no rows after an iteration.

mod farthest;
mod like_faiss;
mod split;

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::options::{EmptyClusters, Seeding};
use crate::params::Params;
use crate::rng::{Draws, Stream};
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;
use split::Splitter;

/// Refills empty clusters over the iterations of one run.
pub(crate) enum Refill {
    Split(Box<Splitter>),
    LikeFaiss,
    Farthest,
    Keep,
}

impl Refill {
    pub(crate) fn new(params: &Params, redo: usize) -> Self {
        match (params.empty_clusters, params.seeding) {
            (EmptyClusters::Split, Seeding::Native) => {
                Self::Split(Box::new(Splitter::new(Draws::new(params.seed, redo, Stream::Split))))
            }
            (EmptyClusters::Split, Seeding::Faiss) => Self::LikeFaiss,
            (EmptyClusters::Farthest, _) => Self::Farthest,
            (EmptyClusters::Keep, _) => Self::Keep,
        }
    }

    /// Refills clusters without weight and returns how many; the others keep their old centroid.
    ///
    /// `stats` are those of the assignment to `before`, `centroids` their means; the first `frozen`
    /// centroids neither give nor take.
    pub(crate) fn refill<E: Engine>(
        &mut self,
        set: &TrainingSet<'_, E>,
        centroids: &mut Centroids,
        before: &Centroids,
        stats: &PartialStats,
        params: &Params,
    ) -> Result<usize> {
        let frozen = params.frozen(centroids.dim());
        match self {
            Self::Split(splitter) => {
                Ok(splitter.split(centroids, before, stats, set.frame(), params.metric(), frozen))
            }
            Self::LikeFaiss => Ok(like_faiss::split(centroids, stats, set.frame(), set.n(), frozen)),
            Self::Farthest => farthest::relocate(set, centroids, stats, params.metric(), frozen),
            Self::Keep => Ok(0),
        }
    }
}

/// The clusters without weight after the first `frozen`.
fn empty_clusters(stats: &PartialStats, frozen: usize) -> Vec<usize> {
    (frozen..stats.counts.len()).filter(|&cluster| stats.is_empty(cluster)).collect()
}
