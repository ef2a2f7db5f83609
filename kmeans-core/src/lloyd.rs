//! Lloyd's algorithm \[L82\].

use crate::assignment_step::AssignmentStep;
use crate::centroids::Centroids;
use crate::empty::Refill;
use crate::engine::Engine;
use crate::error::Result;
use crate::frame::Frame;
use crate::params::Params;
use crate::progress::Progress;
use crate::report::{IterationStats, RunReport, Stop};
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;
use crate::watch::Watch;

/// One restart: its centroids, and how it went.
pub(crate) struct Run {
    pub(crate) centroids: Centroids,
    pub(crate) report: RunReport,
    /// Rows that changed cluster in the last iteration, if there was one before it.
    pub(crate) changed: Option<u64>,
    /// The assignment to `centroids`, where the last iteration made it already.
    pub(crate) settled: Option<PartialStats>,
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
    let mut refill = Refill::new(params, redo);
    let mut iterations: Vec<IterationStats> = Vec::new();
    let mut changed = None;
    let mut settled = None;
    assignment.restart();
    post_process(set, params, &mut centroids)?;
    let mut stop = watch.over().unwrap_or(Stop::Niter);
    let niter = if stop == Stop::Niter { params.niter } else { 0 };

    for iteration in 0..niter {
        let stats = watch.search(|| assignment.step(set, &centroids, params))?;
        let obj = stats.objective_value(set.frame(), &centroids, params.metric());

        let before = centroids.clone();
        update(&mut centroids, &stats, set.frame(), params.frozen(before.dim()));
        let nsplit = refill.refill(set, &mut centroids, &before, &stats, params)?;
        post_process(set, params, &mut centroids)?;

        changed = (iteration > 0).then_some(stats.changed);
        let now = IterationStats {
            obj,
            time: watch.seconds(),
            time_search: watch.search_seconds(),
            imbalance_factor: stats.imbalance_factor(),
            nsplit,
        };
        iterations.push(now);
        watch.tell(&Progress::Iteration { redo, iteration, stats: now });
        let reason = stop_reason(&iterations, changed, params.early_stop_threshold);
        if let Some(reason) = reason.or(watch.over()) {
            stop = reason;
            settled = (reason == Stop::LabelsUnchanged).then_some(stats);
            break;
        }
    }
    let report = RunReport { iteration_stats: iterations, stop, dims: Vec::new() };
    Ok(Run { centroids, report, changed, settled })
}

/// Each centroid but the frozen ones becomes the weighted mean of its rows.
fn update(centroids: &mut Centroids, stats: &PartialStats, frame: &Frame, frozen: usize) {
    (frozen..centroids.k()).for_each(|cluster| centroids.set_mean(cluster, stats, frame));
}

/// Normalises and rounds, where asked for, all centroids but the frozen ones.
fn post_process<E: Engine>(
    set: &TrainingSet<'_, E>,
    params: &Params,
    centroids: &mut Centroids,
) -> Result<()> {
    if !params.is_spherical() && !params.int_centroids {
        return Ok(());
    }
    let frozen = params.frozen(centroids.dim());
    let mut free = centroids.slice(frozen..centroids.k());
    if params.is_spherical() {
        set.engine().normalize(&mut free, set.frame())?;
    }
    if params.int_centroids {
        free.round(set.frame());
    }
    centroids.replace_from(frozen, &free);
    Ok(())
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
