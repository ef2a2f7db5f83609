//! Iterations whose centroids are on the host: assign, update, refill.

use super::{Iteration, Settled};
use crate::assignment_step::AssignmentStep;
use crate::centroids::Centroids;
use crate::empty::Refill;
use crate::engine::Engine;
use crate::error::Result;
use crate::frame::Frame;
use crate::params::Params;
use crate::resident::Update;
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;
use crate::watch::Watch;

/// The centroids of a run.
pub(super) struct OnHost {
    pub(super) centroids: Centroids,
    pub(super) update: Update,
    pub(super) refill: Refill,
}

impl OnHost {
    pub(super) fn iterate<E: Engine>(
        &mut self,
        set: &mut TrainingSet<'_, E>,
        params: &Params,
        assignment: &mut AssignmentStep<'_>,
        watch: &Watch<'_>,
    ) -> Result<Iteration> {
        let Self { centroids, update, refill } = self;
        let stats = watch.search(|| assignment.step(set, centroids, params))?;
        let objective = stats.objective_value(set.frame(), centroids, params.metric());

        let before = centroids.clone();
        to_means(centroids, &stats, set.frame(), update.frozen);
        let nsplit = refill.refill(set, centroids, &before, &stats, params)?;
        post_process(set, *update, centroids)?;

        let changed = stats.changed;
        Ok(Iteration { assigned: Settled { counts: stats.counts, objective }, changed, nsplit })
    }
}

/// Each centroid but the frozen ones becomes the weighted mean of its rows.
fn to_means(centroids: &mut Centroids, stats: &PartialStats, frame: &Frame, frozen: usize) {
    (frozen..centroids.k()).for_each(|cluster| centroids.set_mean(cluster, stats, frame));
}

/// Normalises and rounds, where asked for, all centroids but the frozen ones.
pub(super) fn post_process<E: Engine>(
    set: &TrainingSet<'_, E>,
    update: Update,
    centroids: &mut Centroids,
) -> Result<()> {
    if !update.spherical && !update.integer {
        return Ok(());
    }
    let mut free = centroids.slice(update.frozen..centroids.k());
    if update.spherical {
        set.engine().normalize(&mut free, set.frame())?;
    }
    if update.integer {
        free.round(set.frame());
    }
    centroids.replace_from(update.frozen, &free);
    Ok(())
}
