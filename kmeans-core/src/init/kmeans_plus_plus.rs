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

use super::Drawing;
use super::potential::Potential;
use super::random::by_weight;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::fixed::power_of_two;
use crate::progress::Progress;

/// A batch is pending until there is one fresh seed for so many seen. Larger batches mean fewer passes but more
/// rejected draws: SIFT 150k×128, k=1000 took 0.25 s with 2, 0.215 s with 1.
const BATCH_SHARE: usize = 1;

/// Draws rejected before the rows see what is pending, besides one for each pending seed.
const PATIENCE: usize = 8;

/// Adds rows to `seeds` until there are `k`, each drawn with probability `w·D² / Σ w·D²`.
///
/// Draws are exact: potentials are integers and a ticket among them decides, so the row drawn does
/// not depend on chunks or threads. Where no potential is left (fewer distinct rows than k), or only
/// the rounding of scores (nine draws in a row fell on rows that equal a seed), the rest is drawn
/// uniformly. Cost about O(n·k·d), like one iteration.
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
) -> Result<Centroids> {
    let k = drawing.k;
    drawing.begin(&mut seeds)?;
    if seeds.k() == k {
        return Ok(seeds);
    }
    let mut potential = Potential::of(drawing.set, &seeds)?;
    let mut rejected = 0;
    while seeds.k() < k && drawing.watch.over().is_none() {
        let pending = seeds.k() - potential.seen();
        if pending > 0 && (pending * BATCH_SHARE >= potential.seen() || rejected >= pending + PATIENCE) {
            potential.take_in(drawing.set, &seeds.slice(potential.seen()..seeds.k()))?;
            rejected = 0;
        }
        let total = potential.total();
        // Rejections with nothing pending mean that only rounding is left of the potential.
        let spent = total == 0 || rejected > PATIENCE && potential.seen() == seeds.k();
        let drawn = if spent {
            let any = by_weight(drawing);
            Some(drawing.set.gather(&[any])?)
        } else {
            let (row, into) = potential.pick(drawing.draws.below(total));
            let v = drawing.set.gather(&[row])?;
            is_accepted(&potential, &seeds, &v, row, into).then_some(v)
        };
        match drawn {
            None => rejected += 1,
            Some(row) => {
                seeds.push(&row);
                drawing.watch.tell(&Progress::Init { done: seeds.k(), k });
            }
        }
    }
    Ok(seeds)
}

/// Whether the ticket, `into` the share that row `v` has of the potential seen, also lies in its
/// share given all seeds.
fn is_accepted(potential: &Potential, seeds: &Centroids, v: &[f32], row: usize, into: u128) -> bool {
    let lies_in = |sq_dist: f64| into < potential.share_at(row, sq_dist);
    let sq_norm: f64 = v.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    // What the rows have seen was measured to a seed chosen by f32 scores: in the range of their
    // rounding all seeds are looked at, so that a row equal to a seed is never drawn.
    let is_doubtful = lies_in(noise(v.len()) * sq_norm);
    let unseen = seeds.rows().skip(if is_doubtful { 0 } else { potential.seen() });
    !unseen.map(|seed| sq_dist(v, seed)).any(|sq_dist| !lies_in(sq_dist))
}

/// The share of `‖v‖²` within which an `f32` score may prefer the wrong one of two seeds.
pub(super) fn noise(d: usize) -> f64 {
    8.0 * (d as f64 + 8.0) * power_of_two(-24)
}

/// `Σ (a − b)²` in eight sums side by side, so that it is done in vectors.
pub(super) fn sq_dist(a: &[f32], b: &[f32]) -> f64 {
    let square = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).powi(2);
    let (whole_a, rest_a) = a.as_chunks::<8>();
    let (whole_b, rest_b) = b.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (a, b) in whole_a.iter().zip(whole_b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, pair)| *lane += square(pair));
    }
    lanes.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(square).sum::<f64>()
}
