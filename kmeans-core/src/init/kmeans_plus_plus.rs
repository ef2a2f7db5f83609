//! k-means++ \[AV07\]: seeds far from each other.
//!
//! ```text
//! draw the first seed uniformly
//! until there are k:
//!     draw a row with probability w·D² / Σ w·D²,  D² to the nearest seed the rows have seen
//!     accept it with probability (D² to the nearest of all seeds) / (D² the rows have seen)
//!     once enough seeds are pending, let the rows see them, many in one pass
//! ```
//!
//! Potentials never rise, so drawing from old ones and accepting with the ratio is drawing from
//! the new ones, exactly. Rows therefore see fresh seeds in growing batches, at the speed of an
//! assignment: all seeds together cost about one Lloyd iteration, where one pass per seed is bound
//! by memory and costs dozens.

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::fixed::power_of_two;
use crate::progress::{OnProgress, Progress};
use crate::rng::Draws;
use crate::training_set::TrainingSet;

/// A batch is pending until there is one fresh seed for so many seen. Larger batches mean fewer
/// passes but more rejected draws; this value was not tuned.
const BATCH_SHARE: usize = 2;

/// Draws rejected before the rows see what is pending, besides one for each pending seed.
const PATIENCE: usize = 8;

/// Adds rows to `seeds` until there are `k`, each drawn with probability `w·D² / Σ w·D²`.
///
/// Draws are exact: potentials are integers and a ticket among them decides, so the row drawn does
/// not depend on chunks or threads. Where no potential is left (fewer distinct rows than k), or only
/// the rounding of scores (nine draws in a row fell on rows that equal a seed), the rest is drawn
/// uniformly. Cost about O(n·k·d), like one iteration.
pub(crate) fn draw<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    mut seeds: Centroids,
    k: usize,
    draws: &mut Draws,
    progress: &OnProgress<'_>,
) -> Result<Centroids> {
    if seeds.k() == 0 {
        let first = by_weight(set, draws);
        seeds.push(&set.gather(&[first])?);
    }
    if seeds.k() == k {
        return Ok(seeds);
    }
    let mut potentials = set.refresh(&seeds, true)?;
    let mut seen = seeds.k();
    let mut rejected = 0;
    while seeds.k() < k {
        let pending = seeds.k() - seen;
        if pending > 0 && (pending * BATCH_SHARE >= seen || rejected >= pending + PATIENCE) {
            potentials = set.refresh(&seeds.slice(seen..seeds.k()), false)?;
            seen = seeds.k();
            rejected = 0;
        }
        let total: u128 = potentials.iter().sum();
        // Rejections with nothing pending mean that only rounding is left of the potential.
        let spent = total == 0 || rejected > PATIENCE && seen == seeds.k();
        let drawn = if spent {
            Some(set.gather(&[by_weight(set, draws)])?)
        } else {
            let (row, into) = set.pick(&potentials, draws.below(total))?;
            accepted(set, &seeds, seen, row, into)?
        };
        match drawn {
            None => rejected += 1,
            Some(row) => {
                seeds.push(&row);
                // A drawing cannot be left half done: a wish to stop is heeded after an iteration.
                let _ = progress(&Progress::Init { done: seeds.k(), k });
            }
        }
    }
    Ok(seeds)
}

/// The row if the ticket, `into` its share of the potential the rows have seen, also lies in its
/// share given all seeds.
fn accepted<E: Engine>(
    set: &TrainingSet<'_, E>,
    seeds: &Centroids,
    seen: usize,
    row: usize,
    into: u128,
) -> Result<Option<Vec<f32>>> {
    let weight = set.weights().map_or(1.0, |w| f64::from(w[row]));
    let grid = set.frame().potential();
    let lies_in = |sq_dist: f64| into < grid.whole(weight * sq_dist);
    let v = set.gather(&[row])?;
    let sq_norm: f64 = v.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    // What the rows have seen was measured to a seed chosen by f32 scores: in the range of their
    // rounding all seeds are looked at, so that a row equal to a seed is never drawn.
    let doubtful = lies_in(noise(v.len()) * sq_norm);
    let unseen = seeds.rows().skip(if doubtful { 0 } else { seen });
    let is_near = unseen.map(|seed| sq_dist(&v, seed)).any(|sq_dist| !lies_in(sq_dist));
    Ok((!is_near).then_some(v))
}

/// The share of `‖v‖²` within which an `f32` score may prefer the wrong one of two seeds.
fn noise(d: usize) -> f64 {
    8.0 * (d as f64 + 8.0) * power_of_two(-24)
}

fn sq_dist(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    squares.sum()
}

/// One row, uniformly or in proportion to its weight.
fn by_weight<E: Engine>(set: &TrainingSet<'_, E>, draws: &mut Draws) -> usize {
    let Some(weights) = set.weights() else { return draws.index(set.n()) };
    let grid = set.frame().weight();
    let mut ticket = draws.below(weights.iter().map(|&w| grid.whole(f64::from(w))).sum());
    for (row, &w) in weights.iter().enumerate() {
        let own = grid.whole(f64::from(w));
        if ticket < own {
            return row;
        }
        ticket -= own;
    }
    unreachable!("the ticket is less than the total weight")
}
