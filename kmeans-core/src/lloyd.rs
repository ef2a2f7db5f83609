//! Lloyd's algorithm \[L82\].

use std::ops::ControlFlow;

use crate::centroids::Centroids;
use crate::clock::Clock;
use crate::empty::Splitter;
use crate::engine::Engine;
use crate::error::Result;
use crate::frame::Frame;
use crate::params::Params;
use crate::progress::{OnProgress, Progress};
use crate::report::{IterationStats, RunReport, Stop};
use crate::rng::{Draws, Stream};
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;

/// One restart: its centroids, and how it went.
pub(crate) struct Run {
    pub(crate) centroids: Centroids,
    pub(crate) report: RunReport,
    /// Rows that changed cluster in the last iteration.
    pub(crate) changed: u64,
    /// The assignment to `centroids`, where the last iteration made it already.
    pub(crate) settled: Option<PartialStats>,
}

/// Iterates from `centroids` until nothing changes, little enough changes, or `niter` is reached.
pub(crate) fn run<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    redo: usize,
    mut centroids: Centroids,
    clock: &mut Clock,
    progress: &OnProgress<'_>,
) -> Result<Run> {
    let engine = set.engine();
    let metric = params.metric();
    let mut splitter = Splitter::new(Draws::new(params.seed, redo, Stream::Split));
    let mut iterations: Vec<IterationStats> = Vec::new();
    let mut changed = 0;
    let mut settled = None;
    let mut stop = Stop::Niter;
    if params.spherical {
        engine.normalize(&mut centroids, set.frame())?;
    }

    for iteration in 0..params.niter {
        let codebook = engine.codebook(&centroids, metric)?;
        let stats = clock.search(|| set.step(&codebook))?;

        let objective = set.frame().objective(metric, centroids.max_sq_norm());
        let before = centroids.clone();
        update(&mut centroids, &stats, set.frame());
        let nsplit = splitter.split(&mut centroids, &before, &stats, set.frame(), metric);
        if params.spherical {
            engine.normalize(&mut centroids, set.frame())?;
        }

        changed = if iteration == 0 { set.n() as u64 } else { stats.changed };
        let now = IterationStats {
            obj: objective.value(stats.total_objective()) * set.frame().unit(),
            time: clock.seconds(),
            time_search: clock.search_seconds(),
            imbalance_factor: stats.imbalance_factor(),
            nsplit,
        };
        iterations.push(now);
        let asked = progress(&Progress::Iteration { redo, iteration, stats: now });
        if let Some(reason) = stop_reason(&iterations, changed, params.early_stop_threshold, asked) {
            stop = reason;
            settled = (reason == Stop::LabelsUnchanged).then_some(stats);
            break;
        }
    }
    Ok(Run { centroids, report: RunReport { iteration_stats: iterations, stop }, changed, settled })
}

/// Each centroid becomes the weighted mean of its rows; one without weight stays where it is.
fn update(centroids: &mut Centroids, stats: &PartialStats, frame: &Frame) {
    for cluster in 0..centroids.k() {
        for (column, c) in centroids.row_mut(cluster).iter_mut().enumerate() {
            if let Some(mean) = stats.mean(frame, cluster, column) {
                *c = mean as f32;
            }
        }
    }
}

/// Whether to stop after the last of `iterations`, and why. `None` as threshold runs to `niter`.
fn stop_reason(
    iterations: &[IterationStats],
    changed: u64,
    threshold: Option<f64>,
    asked: ControlFlow<()>,
) -> Option<Stop> {
    if asked.is_break() {
        return Some(Stop::Interrupted);
    }
    let threshold = threshold?;
    let [.., before, now] = iterations else { return None };
    if changed == 0 && before.nsplit == 0 && now.nsplit == 0 {
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

    const GO_ON: ControlFlow<()> = ControlFlow::Continue(());

    #[test]
    fn the_first_iteration_never_stops() {
        assert_eq!(stop_reason(&iterations(&[5.0], 0), 0, Some(1.0), GO_ON), None);
    }

    #[test]
    fn an_unchanged_assignment_is_a_fixed_point_unless_a_cluster_was_split() {
        assert_eq!(
            stop_reason(&iterations(&[5.0, 4.0], 0), 0, Some(0.0), GO_ON),
            Some(Stop::LabelsUnchanged)
        );
        assert_eq!(stop_reason(&iterations(&[5.0, 4.0], 1), 0, Some(0.0), GO_ON), None);
    }

    #[test]
    fn a_small_relative_change_stops_and_no_threshold_never_does() {
        let slow = iterations(&[100.0, 99.95], 0);
        assert_eq!(stop_reason(&slow, 7, Some(1e-3), GO_ON), Some(Stop::ObjectiveUnchanged));
        assert_eq!(stop_reason(&slow, 7, Some(1e-4), GO_ON), None);
        assert_eq!(stop_reason(&slow, 0, None, GO_ON), None);
    }

    #[test]
    fn zero_objective_twice_is_convergence() {
        assert_eq!(
            stop_reason(&iterations(&[0.0, 0.0], 0), 1, Some(0.0), GO_ON),
            Some(Stop::ObjectiveUnchanged)
        );
    }
}
