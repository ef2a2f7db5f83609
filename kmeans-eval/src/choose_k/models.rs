//! A model for each k, each from those next to it.
//!
//! ```text
//! for each k, ascending:     train from the centroids of the k before, the rest drawn; until that is better than to train
//!                            anew, and at times, train anew, small k more often, and keep the better
//! for each k, descending:    merge centroids of the k behind; train from them; keep the better
//! ```
//!
//! Trainings from a neighbour take few iterations, and together find what ten restarts for each k do: BENCHMARKS.md,
//! 'Choosing k'.

use kmeans_core::{Fit, Job, KMeansModel, Params, Trainer};
use kmeans_data::Points;

use super::merge::merged;
use crate::error::Result;
use crate::params::for_k;

/// A model for each of `ks`, which ascend; without `warm`, each is trained anew only.
pub(super) fn models(
    device: &dyn Trainer,
    points: &dyn Points,
    params: &Params,
    ks: &[usize],
    warm: bool,
) -> Result<Vec<KMeansModel>> {
    let sweep = Sweep { device, points, params, most: ks.last().copied().unwrap_or(1) };
    let mut models: Vec<KMeansModel> = Vec::with_capacity(ks.len());
    let mut grown_is_better = false;
    for &k in ks {
        let Some(before) = models.last().filter(|_| warm) else {
            models.push(sweep.train_anew(k, warm)?);
            continue;
        };
        let grown = sweep.train(k, before.centroids().to_vec(), 1)?;
        if grown_is_better && !models.len().is_multiple_of(ANEW) {
            models.push(grown);
            continue;
        }
        let anew = sweep.train_anew(k, warm)?;
        grown_is_better = !grown.metric().is_better(anew.inertia(), grown.inertia());
        models.push(better(grown, anew));
    }
    for at in (1..ks.len()).rev().filter(|_| warm) {
        let start = merged(&models[at], ks[at - 1]);
        let merged = sweep.train(ks[at - 1], start, 1)?;
        let model = models[at - 1].clone();
        models[at - 1] = better(merged, model);
    }
    Ok(models)
}

struct Sweep<'a> {
    device: &'a dyn Trainer,
    points: &'a dyn Points,
    params: &'a Params,
    /// The largest k.
    most: usize,
}

/// Where the centroids of the k before gave the better model, only every so many k are trained anew, too.
const ANEW: usize = 4;

/// Trainings from neighbours lack company below this many clusters: trainings anew make up for it, `FEW / k` of them.
const FEW: usize = 16;

impl Sweep<'_> {
    fn train_anew(&self, k: usize, warm: bool) -> Result<KMeansModel> {
        let restarts = if warm && self.params.nredo > 0 { FEW / k } else { 0 };
        self.train(k, Vec::new(), self.params.nredo.max(restarts))
    }

    /// Labels are not kept: they are assigned again when they are measured.
    fn train(&self, k: usize, start: Vec<f32>, nredo: usize) -> Result<KMeansModel> {
        let mut params = for_k(self.params, k, start);
        (params.final_assign, params.nredo) = (false, nredo);
        // The same rows for each k: a sample for the largest.
        params.max_points_per_centroid =
            params.max_points_per_centroid.map(|rows| rows.saturating_mul(self.most).div_ceil(k));
        let Fit { model, .. } = self.device.train(Job::new(self.points, &params))?;
        Ok(model)
    }
}

/// The one with the better objective over the rows trained on; the second on ties.
fn better(first: KMeansModel, second: KMeansModel) -> KMeansModel {
    if first.metric().is_better(first.inertia(), second.inertia()) { first } else { second }
}
