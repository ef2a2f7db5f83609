//! Lloyd's algorithm \[L82\].

mod on_host;
mod with_engine;

use crate::assignment_step::AssignmentStep;
use crate::centroids::Centroids;
use crate::empty::Refill;
use crate::engine::Engine;
use crate::error::Result;
use crate::params::Params;
use crate::progress::Progress;
use crate::report::{IterationStats, RunReport, Stop};
use crate::resident::Update;
use crate::stats::imbalance_factor;
use crate::training_set::TrainingSet;
use crate::watch::Watch;
use on_host::{OnHost, post_process};
use with_engine::WithEngine;

/// One restart: its centroids, and how it went.
pub(crate) struct Run {
    pub(crate) centroids: Centroids,
    pub(crate) report: RunReport,
    /// Rows that changed cluster in the last iteration, if there was one before it.
    pub(crate) changed: Option<u64>,
    /// The assignment to `centroids`, where the last iteration made it already.
    pub(crate) settled: Option<Settled>,
}

/// How all rows are assigned to some centroids.
pub(crate) struct Settled {
    /// Rows of each cluster.
    pub(crate) counts: Vec<u64>,
    /// The objective, in the units of the data.
    pub(crate) objective: f64,
}

/// What one iteration did: rows assigned, and how many empty clusters were refilled after it.
struct Iteration {
    assigned: Settled,
    changed: u64,
    nsplit: usize,
}

/// The centroids of a run, where they are from iteration to iteration.
#[allow(clippy::large_enum_variant, reason = "there is one of them, on the stack of a run")]
enum Place<'p, E: Engine> {
    OnHost(OnHost),
    WithEngine(WithEngine<'p, E>),
}

/// Iterates from `centroids` until nothing changes, little enough changes, or `niter` is reached.
pub(crate) fn run<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    redo: usize,
    mut centroids: Centroids,
    assignment: &mut AssignmentStep<'_>,
    watch: &Watch<'_>,
) -> Result<Run> {
    let mut iterations: Vec<IterationStats> = Vec::new();
    let mut changed = None;
    let mut settled = None;
    assignment.restart();
    let update = Update::of(params, centroids.dim());
    post_process(set, update, &mut centroids)?;
    let mut stop = watch.over().unwrap_or(Stop::Niter);
    let niter = if stop == Stop::Niter { params.niter } else { 0 };
    let refill = Refill::new(params, redo);
    let mut place = Place::of(set, params, centroids, update, assignment, refill)?;

    for iteration in 0..niter {
        let is_last = iteration + 1 == niter;
        let done = place.iterate(set, params, assignment, is_last, watch)?;
        changed = (iteration > 0).then_some(done.changed);
        let now = IterationStats {
            obj: done.assigned.objective,
            time: watch.seconds(),
            time_search: watch.search_seconds(),
            imbalance_factor: imbalance_factor(&done.assigned.counts),
            nsplit: done.nsplit,
        };
        iterations.push(now);
        watch.tell(&Progress::Iteration { redo, iteration, stats: now });
        let reason = stop_reason(&iterations, changed, params.early_stop_threshold);
        if let Some(reason) = reason.or(watch.over()) {
            stop = reason;
            settled = (reason == Stop::LabelsUnchanged).then_some(done.assigned);
            break;
        }
    }
    let report = RunReport { iteration_stats: iterations, stop, dims: Vec::new() };
    Ok(Run { centroids: place.into_centroids(set)?, report, changed, settled })
}

impl<'p, E: Engine> Place<'p, E> {
    /// With the engine, where it keeps centroids and nobody else needs them in an iteration.
    fn of(
        set: &TrainingSet<'p, E>,
        params: &Params,
        centroids: Centroids,
        update: Update,
        assignment: &AssignmentStep<'_>,
        refill: Refill,
    ) -> Result<Self> {
        let is_alone = assignment.is_nearest() && refill.needs_tallies_alone();
        if is_alone && set.engine().keeps_centroids() {
            return Ok(Self::WithEngine(WithEngine::new(set, params, &centroids, update, refill)?));
        }
        Ok(Self::OnHost(OnHost { centroids, update, refill }))
    }

    fn iterate(
        &mut self,
        set: &mut TrainingSet<'p, E>,
        params: &Params,
        assignment: &mut AssignmentStep<'_>,
        is_last: bool,
        watch: &Watch<'_>,
    ) -> Result<Iteration> {
        match self {
            Self::OnHost(place) => place.iterate(set, params, assignment, watch),
            Self::WithEngine(place) => place.iterate(set, params, is_last, watch),
        }
    }

    fn into_centroids(self, set: &mut TrainingSet<'p, E>) -> Result<Centroids> {
        match self {
            Self::OnHost(place) => Ok(place.centroids),
            Self::WithEngine(place) => place.into_centroids(set),
        }
    }
}

impl Update {
    /// What `params` ask for, of rows of d columns.
    fn of(params: &Params, d: usize) -> Self {
        Self { frozen: params.frozen(d), spherical: params.is_spherical(), integer: params.int_centroids }
    }
}

/// Whether to stop after the last of `iterations`, and why. `None` as threshold runs to `niter`.
pub(crate) fn stop_reason(
    iterations: &[IterationStats],
    changed: Option<u64>,
    threshold: Option<f64>,
) -> Option<Stop> {
    let threshold = threshold?;
    let [.., before, now] = iterations else { return None };
    if changed == Some(0) && before.nsplit == 0 && now.nsplit == 0 {
        return Some(Stop::LabelsUnchanged);
    }
    // With empty clusters just refilled, the next objective is another problem's.
    let change = (before.obj - now.obj).abs();
    (now.nsplit == 0 && change <= threshold * before.obj.abs()).then_some(Stop::ObjectiveUnchanged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iterations(objs: &[f64], nsplit: usize) -> Vec<IterationStats> {
        let of = |&obj| IterationStats { obj, time: 0.0, time_search: 0.0, imbalance_factor: 1.0, nsplit };
        objs.iter().map(of).collect()
    }

    #[test]
    fn the_first_iteration_never_stops() {
        assert_eq!(stop_reason(&iterations(&[5.0], 0), Some(0), Some(1.0)), None);
    }

    #[test]
    fn an_unchanged_assignment_is_a_fixed_point_unless_a_cluster_was_split() {
        assert_eq!(stop_reason(&iterations(&[5.0, 4.0], 0), Some(0), Some(0.0)), Some(Stop::LabelsUnchanged));
        assert_eq!(stop_reason(&iterations(&[5.0, 4.0], 1), Some(0), Some(0.0)), None);
    }

    #[test]
    fn a_small_relative_change_stops_and_no_threshold_never_does() {
        let slow = iterations(&[100.0, 99.95], 0);
        assert_eq!(stop_reason(&slow, Some(7), Some(1e-3)), Some(Stop::ObjectiveUnchanged));
        assert_eq!(stop_reason(&slow, Some(7), Some(1e-4)), None);
        assert_eq!(stop_reason(&slow, Some(0), None), None);
    }

    #[test]
    fn zero_objective_twice_is_convergence() {
        assert_eq!(
            stop_reason(&iterations(&[0.0, 0.0], 0), Some(1), Some(0.0)),
            Some(Stop::ObjectiveUnchanged)
        );
    }
}
