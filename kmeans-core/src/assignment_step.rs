//! How one iteration assigns the rows: by the engine, by an assigner, or balanced.

use crate::assigner::{Assigner, labels_of};
use crate::balanced::Balance;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::params::Params;
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;

/// What gives rows their labels.
pub(crate) enum AssignmentStep<'a> {
    /// The nearest centroid, by the engine.
    Nearest,
    /// An assigner of the user's own.
    ByAssigner { assigner: &'a mut dyn Assigner, update_index: bool, is_trained: bool },
    /// The nearest centroid that has room.
    Balanced(Balance),
}

impl<'a> AssignmentStep<'a> {
    pub(crate) fn new(params: &Params, assigner: Option<&'a mut (dyn Assigner + '_)>) -> Self {
        match (params.balanced, assigner) {
            (Some(slack), _) => Self::Balanced(Balance::new(slack)),
            (None, Some(assigner)) => {
                Self::ByAssigner { assigner, update_index: params.update_index, is_trained: false }
            }
            (None, None) => Self::Nearest,
        }
    }

    /// Whether labels depend on the centroids alone.
    pub(crate) fn is_nearest(&self) -> bool {
        matches!(self, Self::Nearest)
    }

    /// Forgets what the last restart taught.
    pub(crate) fn restart(&mut self) {
        match self {
            Self::Nearest => {}
            Self::ByAssigner { is_trained, .. } => *is_trained = false,
            Self::Balanced(balance) => balance.restart(),
        }
    }

    /// Labels the rows and adds them up.
    pub(crate) fn step<E: Engine>(
        &mut self,
        set: &mut TrainingSet<'_, E>,
        centroids: &Centroids,
        params: &Params,
    ) -> Result<PartialStats> {
        match self {
            Self::Nearest => set.step(centroids, params.metric()),
            Self::Balanced(balance) => balance.step(set, centroids, params.metric()),
            Self::ByAssigner { assigner, update_index, is_trained } => {
                let d = centroids.dim();
                if *update_index || !*is_trained {
                    assigner.train(centroids.offsets(), d)?;
                    *is_trained = true;
                }
                assigner.set_centroids(centroids.offsets(), d)?;
                let labels = labels_of(&**assigner, (set.n(), 0), [d, centroids.k()], |ids| set.gather(ids))?;
                set.step_with(&labels, centroids, params.metric())
            }
        }
    }
}
