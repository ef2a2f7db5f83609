//! k-means‖ \[BMVKV12\]: many candidates in a few rounds, then k of them.
//!
//! ```text
//! draw the first candidate uniformly
//! ROUNDS times:
//!     draw OVERSAMPLING·k rows with probability w·D² / Σ w·D²    independent of each other
//!     let the rows see those that are new                        one pass
//! weigh each candidate by the rows nearest to it
//! cluster the candidates to k: greedy k-means++, then Lloyd
//! ```
//!
//! The rows see `ROUNDS · OVERSAMPLING · k` candidates: with 8 · 0.2 that is the work of 1.6 iterations. Fewer
//! rounds of more draws miss small clusters near each other where others are far and large.

use super::Drawing;
use super::kmeans_plus_plus;
use super::potential::Potential;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::progress::Progress;
use crate::recluster::{Candidates, recluster};
use crate::rng::Draws;

/// Rounds of draws.
const ROUNDS: usize = 8;

/// Candidates drawn a round, for each cluster, in tenths: 0.2.
const OVERSAMPLING_TENTHS: usize = 2;

/// Adds rows, or means of a few, to `seeds` until there are `k`.
pub(super) fn draw<E: Engine>(drawing: &mut Drawing<'_, '_, '_, E>, given: Centroids) -> Result<Centroids> {
    let k = drawing.k;
    let fixed = given.k();
    let mut candidates = given;
    drawing.begin(&mut candidates)?;
    let mut potential = Potential::of(drawing.set, &candidates)?;
    let each = ((k - fixed) * OVERSAMPLING_TENTHS).div_ceil(10);
    for round in 0..ROUNDS {
        if potential.total() == 0 || drawing.watch.over().is_some() {
            break;
        }
        let rows = distinct_rows(&potential, each, &mut drawing.draws);
        let fresh = Centroids::from_offsets(drawing.set.gather(&rows)?, drawing.set.frame().dim());
        potential.take_in(drawing.set, &fresh)?;
        fresh.rows().for_each(|row| candidates.push(row));
        drawing.watch.tell(&Progress::Init { done: (round + 1) * k / ROUNDS, k });
    }
    if candidates.k() <= k {
        // Few distinct rows, or few asked for: the rest one by one.
        return kmeans_plus_plus::draw(drawing, candidates);
    }
    let (points, weights) = weighted(&candidates, &potential.weights_of_seeds(), fixed);
    if points.k() <= k {
        return kmeans_plus_plus::draw(drawing, points);
    }
    let watch = drawing.watch.within(Progress::Init { done: k, k });
    let candidates = Candidates { points, weights, fixed };
    recluster(drawing.set, candidates, k, drawing.params, drawing.redo, &watch)
}

/// The candidates that are nearest to some rows, and the first `fixed` in any case; their weights as
/// shares of the largest.
fn weighted(candidates: &Centroids, weights: &[f64], fixed: usize) -> (Centroids, Vec<f32>) {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let mut kept = (Centroids::none(candidates.dim()), Vec::new());
    for (number, (row, weight)) in candidates.rows().zip(weights).enumerate() {
        let share = (weight / largest) as f32;
        if number < fixed || share > 0.0 {
            kept.0.push(row);
            // A given centroid without rows counts as little as a number can say.
            kept.1.push(share.max(f32::MIN_POSITIVE));
        }
    }
    kept
}

/// Different rows, drawn in proportion to their shares; those drawn twice count once.
fn distinct_rows(potential: &Potential, count: usize, draws: &mut Draws) -> Vec<usize> {
    let total = potential.total();
    let mut rows: Vec<usize> = (0..count).map(|_| potential.pick(draws.below(total)).0).collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}
