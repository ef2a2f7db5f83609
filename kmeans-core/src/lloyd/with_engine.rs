//! Iterations whose centroids stay with the engine; only tallies come to the host, O(k).
//!
//! An engine that computes elsewhere would wait while the host reads the tally of an iteration. So the next one
//! is begun before that: it runs ahead. Where the tally then says that it should not have been (the run is
//! over, or empty clusters must be refilled first), what ran ahead is discarded, and the labels are those from
//! before it.

use super::{Iteration, Settled};
use crate::centroids::Centroids;
use crate::empty::Refill;
use crate::engine::Engine;
use crate::error::Result;
use crate::params::Params;
use crate::resident::{PendingTally, Update};
use crate::training_set::TrainingSet;
use crate::watch::Watch;

/// The centroids of a run.
pub(super) struct WithEngine<'p, E: Engine> {
    /// The centroids after the last iteration that counts.
    codebook: E::Codebook,
    /// The iteration that runs ahead: the centroids after it, and its tally.
    ahead: Option<(E::Codebook, PendingTally<'p>)>,
    update: Update,
    refill: Refill,
}

impl<'p, E: Engine> WithEngine<'p, E> {
    pub(super) fn new(
        set: &TrainingSet<'p, E>,
        params: &Params,
        centroids: &Centroids,
        update: Update,
        refill: Refill,
    ) -> Result<Self> {
        let codebook = set.engine().codebook(centroids, params.metric())?;
        Ok(Self { codebook, ahead: None, update, refill })
    }

    pub(super) fn iterate(
        &mut self,
        set: &mut TrainingSet<'p, E>,
        params: &Params,
        is_last: bool,
        watch: &Watch<'_>,
    ) -> Result<Iteration> {
        let tally = watch.search(|| {
            let (codebook, tally) = match self.ahead.take() {
                Some(ahead) => ahead,
                None => set.advance(&self.codebook, self.update)?,
            };
            self.codebook = codebook;
            if !is_last && set.is_held() {
                set.keep_labels();
                self.ahead = Some(set.advance(&self.codebook, self.update)?);
            }
            tally()
        })?;
        set.check_counts(&tally.counts)?;
        let splits = self.refill.splits(&tally, set.frame(), params.metric(), self.update.frozen);
        if !splits.is_empty() {
            self.discard(set);
            set.engine().split(&mut self.codebook, &splits, set.frame(), self.update)?;
        }
        let objective = tally.objective_value(set.frame(), params.metric());
        let assigned = Settled { counts: tally.counts, objective };
        Ok(Iteration { assigned, changed: tally.changed, nsplit: splits.len() })
    }

    pub(super) fn into_centroids(mut self, set: &mut TrainingSet<'p, E>) -> Result<Centroids> {
        self.discard(set);
        set.engine().centroids(&self.codebook, set.frame())
    }

    /// Makes undone what ran ahead.
    fn discard(&mut self, set: &mut TrainingSet<'p, E>) {
        if self.ahead.take().is_some() {
            set.restore_labels();
        }
    }
}
