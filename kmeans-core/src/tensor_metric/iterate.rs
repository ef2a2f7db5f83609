//! Lloyd's algorithm \[L82\] with any distance.

use burn::tensor::backend::Backend;

use super::centre::{Members, recentre};
use super::rows::{TrainingRows, objective};
use super::ruler::{Labelled, Ruler};
use crate::centroids::Centroids;
use crate::error::Result;
use crate::lloyd::stop_reason;
use crate::params::Params;
use crate::progress::Progress;
use crate::report::{IterationStats, RunReport, Stop};
use crate::stats::imbalance_factor;
use crate::watch::Watch;

/// One restart: its centroids, how it went, and the assignment to the centroids.
pub(super) struct Run {
    pub(super) centroids: Centroids,
    pub(super) report: RunReport,
    /// Rows that changed cluster in the last iteration.
    pub(super) changed: Option<u64>,
    pub(super) settled: Labelled,
}

/// Iterates from `centroids` until nothing changes, little enough changes, or `niter` is reached.
pub(super) fn run<B: Backend>(
    ruler: &Ruler<'_, B>,
    rows: &TrainingRows<'_, B>,
    params: &Params,
    redo: usize,
    mut centroids: Centroids,
    watch: &Watch<'_>,
) -> Result<Run> {
    let mut iterations: Vec<IterationStats> = Vec::new();
    let mut last: Option<Labelled> = None;
    let mut changed = None;
    let mut stop = watch.over().unwrap_or(Stop::Niter);
    let niter = if stop == Stop::Niter { params.niter } else { 0 };

    for iteration in 0..niter {
        let now = watch.search(|| rows.assign(ruler, &centroids))?;
        let members = Members::new(rows, &now.labels, params.k);
        recentre(ruler.metric.rule(), rows, &now.labels, &members, &mut centroids)?;
        let nsplit = refill(ruler, rows, &members, &now, &mut centroids)?;

        changed = last.as_ref().map(|last| differing(&last.labels, &now.labels));
        let stats = IterationStats {
            obj: objective(rows.weights(), &now.distances),
            time: watch.seconds(),
            time_search: watch.search_seconds(),
            imbalance_factor: imbalance_factor(&sizes(&now.labels, params.k)),
            nsplit,
        };
        last = Some(now);
        iterations.push(stats);
        watch.tell(&Progress::Iteration { redo, iteration, stats });
        let reason = stop_reason(&iterations, changed, params.early_stop_threshold);
        if let Some(reason) = reason.or(watch.over()) {
            stop = reason;
            break;
        }
    }
    // Unchanged labels put the centroids where they were: the last assignment is to them.
    let settled = match last {
        Some(last) if stop == Stop::LabelsUnchanged => last,
        _ => rows.assign(ruler, &centroids)?,
    };
    let report = RunReport { iteration_stats: iterations, stop, dims: Vec::new() };
    Ok(Run { centroids, report, changed, settled })
}

/// Each empty cluster takes the row with the largest `w·distance` to the nearest centroid, those refilled
/// before it included; none is left where that is 0. Returns how many were refilled.
///
/// The only row of a cluster is not taken: its centroid moves to it anyway.
fn refill<B: Backend>(
    ruler: &Ruler<'_, B>,
    rows: &TrainingRows<'_, B>,
    members: &Members,
    now: &Labelled,
    centroids: &mut Centroids,
) -> Result<usize> {
    let (mut distances, mut buffer) = (Vec::new(), Vec::new());
    let mut refilled = 0;
    for cluster in (0..centroids.k()).filter(|&c| members.of(c).is_empty()) {
        if distances.is_empty() {
            let is_alone = |label: i32| members.of(label as usize).len() == 1;
            let of = |(&label, &distance): (&i32, &f64)| if is_alone(label) { 0.0 } else { distance };
            distances = now.labels.iter().zip(&now.distances).map(of).collect();
        }
        let Some(row) = costliest(rows.costs(&distances)) else { break };
        let point = rows.pick(&[row], &mut buffer)?.row(0);
        centroids.row_mut(cluster).copy_from_slice(point);
        rows.lower(ruler, point, &mut distances)?;
        refilled += 1;
    }
    Ok(refilled)
}

/// The place of the largest cost, the first of equal ones; `None` where all are 0.
fn costliest(costs: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best = (None, 0.0);
    for (row, cost) in costs.enumerate() {
        if cost > best.1 {
            best = (Some(row), cost);
        }
    }
    best.0
}

fn differing(a: &[i32], b: &[i32]) -> u64 {
    a.iter().zip(b).filter(|(a, b)| a != b).count() as u64
}

/// Rows of each cluster.
pub(super) fn sizes(labels: &[i32], k: usize) -> Vec<u64> {
    let mut sizes = vec![0; k];
    labels.iter().for_each(|&label| sizes[label as usize] += 1);
    sizes
}
