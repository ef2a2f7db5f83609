//! Clusters that have no rows after an iteration.

mod farthest;
mod like_faiss;
mod split;

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::fixed::Fixed;
use crate::frame::Frame;
use crate::metric::Metric;
use crate::options::{EmptyClusters, Seeding};
use crate::params::Params;
use crate::resident::{Split, Tally};
use crate::rng::{Draws, Stream};
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;
use split::{Clusters, Splitter};

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

    /// Whether tallies are all that has to be known for [`Refill::splits`].
    pub(crate) fn needs_tallies_alone(&self) -> bool {
        matches!(self, Self::Split(_) | Self::Keep)
    }

    /// How to refill the clusters without weight, from the tally alone.
    pub(crate) fn splits(
        &mut self,
        tally: &Tally,
        frame: &Frame,
        metric: Metric,
        frozen: usize,
    ) -> Vec<Split> {
        match self {
            Self::Split(splitter) => splitter.splits(&Clusters::of_tally(tally), frame, metric, frozen),
            _ => Vec::new(),
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
                let (frame, metric) = (set.frame(), params.metric());
                let splits = {
                    let clusters = Clusters::of(stats, centroids, before, frame, metric);
                    splitter.splits(&clusters, frame, metric, frozen)
                };
                splits.iter().for_each(|split| centroids.split(split));
                Ok(splits.len())
            }
            Self::LikeFaiss => Ok(like_faiss::split(centroids, stats, set.frame(), set.n(), frozen)),
            Self::Farthest => farthest::relocate(set, centroids, stats, params.metric(), frozen),
            Self::Keep => Ok(0),
        }
    }
}

/// The clusters without weight after the first `frozen`.
fn empty_clusters(stats: &PartialStats, frozen: usize) -> Vec<usize> {
    empty_of(&stats.weights, frozen)
}

fn empty_of(weights: &[Fixed], frozen: usize) -> Vec<usize> {
    (frozen..weights.len()).filter(|&cluster| weights[cluster] == Fixed::default()).collect()
}
