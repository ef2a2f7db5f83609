//! Relocation of empty clusters to the rows that fit worst, as in scikit-learn.

use super::empty_clusters;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::metric::Metric;
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;

/// Moves each empty cluster to the row with the largest cost, and takes that row out of its cluster's
/// mean. Returns how many were moved.
///
/// Rows at a centroid, rows equal to one that was taken, the only row of a cluster and rows without
/// weight are not taken. The objective does not rise. Cost O(n) where a cluster is empty.
pub(super) fn relocate<E: Engine>(
    set: &TrainingSet<'_, E>,
    centroids: &mut Centroids,
    stats: &PartialStats,
    metric: Metric,
    frozen: usize,
) -> Result<usize> {
    let mut empty = empty_clusters(stats, frozen).into_iter().peekable();
    if empty.peek().is_none() {
        return Ok(0);
    }
    let labels = set.labels()?;
    let mut rest = stats.clone();
    let mut taken: Vec<Vec<f32>> = Vec::new();
    // As many rows at a time as will do if none is passed over.
    for rows in worst_first(set, metric)?.chunks(empty.len()) {
        if empty.peek().is_none() {
            break;
        }
        let points = set.gather(rows)?;
        for (&row, v) in rows.iter().zip(points.chunks_exact(centroids.dim())) {
            let Some(&cluster) = empty.peek() else { break };
            let donor = labels[row] as usize;
            if rest.counts[donor] < 2 || taken.iter().any(|taken| taken == v) {
                continue;
            }
            let weight = set.weights().map_or(1.0, |w| f64::from(w[row]));
            if rest.weights[donor] == set.frame().weight().split(weight) {
                // Only rows without weight would be left: the row stays.
                continue;
            }
            rest.remove_row(set.frame(), donor, v, weight);
            if donor >= frozen {
                centroids.set_mean(donor, &rest, set.frame());
            }
            centroids.row_mut(cluster).copy_from_slice(v);
            taken.push(v.to_vec());
            empty.next();
        }
    }
    Ok(taken.len())
}

/// Rows of positive weight and positive cost, the largest `w·cost` first, the lowest row on ties.
fn worst_first<E: Engine>(set: &TrainingSet<'_, E>, metric: Metric) -> Result<Vec<usize>> {
    let weight = |row: usize| set.weights().map_or(1.0, |w| f64::from(w[row]));
    let cost = |row: usize, measured: f64| match metric {
        // A product has no zero to measure from: the smallest is the worst, whatever the weight.
        Metric::InnerProduct => -measured,
        _ => metric.objective(weight(row) * measured, weight(row)),
    };
    let measured = set.distances()?;
    let costs = measured.iter().enumerate().map(|(row, &d)| (row, cost(row, f64::from(d))));
    let has_cost = |cost: f64| metric == Metric::InnerProduct || cost > 0.0;
    let mut rows: Vec<(usize, f64)> =
        costs.filter(|&(row, cost)| weight(row) > 0.0 && has_cost(cost)).collect();
    rows.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(rows.into_iter().map(|(row, _)| row).collect())
}
