//! Greedy k-means++ \[AV07\]: the best of several draws for each seed.

use std::cmp::Reverse;

use super::Drawing;
use super::potential::Potential;
use super::random::by_weight;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::metric::Metric;
use crate::progress::Progress;

/// Adds rows to `seeds` until there are `k`: each is, of `trials` rows drawn with probability
/// `w·D² / Σ w·D²`, the one that leaves the smallest potential; the first drawn where equal.
///
/// Cost O(n·k·d·trials), in one pass over the rows a seed; memory `trials` values a row.
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
    trials: Option<usize>,
) -> Result<Centroids> {
    let k = drawing.k;
    let trials = trials.unwrap_or(2 + (k as f64).ln() as usize);
    if seeds.k() == 0 {
        let first = by_weight(drawing);
        seeds.push(&drawing.set.gather(&[first])?);
    }
    let mut potential = Potential::of(drawing.set, &seeds)?;
    while seeds.k() < k && drawing.watch.over().is_none() {
        let total = potential.total();
        let rows: Vec<usize> = if total == 0 {
            vec![by_weight(drawing)]
        } else {
            (0..trials).map(|_| potential.pick(drawing.draws.below(total)).0).collect()
        };
        let candidates = Centroids::from_offsets(drawing.set.gather(&rows)?, drawing.set.frame().dim());
        let sq_dists = drawing.set.distance_matrix(&candidates, Metric::L2)?;
        let savings = potential.savings(&sq_dists, rows.len());
        let best = savings.iter().enumerate().max_by_key(|&(c, saving)| (saving, Reverse(c)));
        let best = best.map_or(0, |(c, _)| c);
        potential.take_one(&sq_dists, rows.len(), best);
        seeds.push(candidates.row(best));
        drawing.watch.tell(&Progress::Init { done: seeds.k(), k });
    }
    Ok(seeds)
}
