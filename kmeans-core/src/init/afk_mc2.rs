//! AFK-MC² \[BLHK16\]: k-means++ approximated by Markov chains.
//!
//! ```text
//! q = half w·D² to the seeds there are at first / Σ w·D², half w / Σ w     one pass over the rows
//! for each further seed:
//!     x drawn from q
//!     chain_length − 1 times:
//!         y drawn from q; x becomes y with probability min(1, (w_y·D²_y·q_x) / (w_x·D²_x·q_y))
//!     x is the seed
//! ```
//!
//! `D²` in the chain is to the nearest of all seeds so far, `O(k·d)` a step. A chain at a row of zero
//! distance always leaves it: to stay, as some implementations do, draws duplicates again and again.
//!
//! What a chain is offered does not depend on where it stands. So the rows of many chains are drawn at once and
//! assigned to the seeds there are; in a chain only the seeds that came since then are measured.

use super::Drawing;
use super::kmeans_plus_plus::{noise, sq_dist};
use super::potential::Potential;
use super::random::by_weight;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::progress::Progress;

/// Chains are run together until there is one new seed for so many; each measures what is new one by one.
const BATCH_SHARE: usize = 16;

/// Adds rows to `seeds` until there are `k`. Cost O(n·d + chain_length·k²·d), memory
/// O(n + chain_length·k·d / 16).
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
) -> Result<Centroids> {
    let k = drawing.k;
    drawing.begin(&mut seeds)?;
    let proposal = Proposal::new(drawing, &seeds)?;
    let length = drawing.params.afkmc2_chain_length;
    while seeds.k() < k && drawing.watch.over().is_none() {
        let chains = (seeds.k() / BATCH_SHARE).clamp(1, k - seeds.k());
        let offers = proposal.draw(drawing, &seeds, chains * length)?;
        for chain in offers.chunks_exact(length) {
            let chosen = run(drawing, &seeds, chain);
            seeds.push(&chosen.v);
        }
        drawing.watch.tell(&Progress::Init { done: seeds.k(), k });
    }
    Ok(seeds)
}

/// Where a chain ends that is offered these rows, one after the other.
fn run<'o, E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    seeds: &Centroids,
    offers: &'o [Offer],
) -> &'o Offer {
    let mut at = (&offers[0], offers[0].sq_dist(seeds));
    for next in &offers[1..] {
        let sq_dist = next.sq_dist(seeds);
        let ratio = (sq_dist * at.0.q) / (at.1 * next.q);
        if at.1 == 0.0 || drawing.draws.unit() <= ratio {
            at = (next, sq_dist);
        }
    }
    at.0
}

/// A row that a chain may move to.
struct Offer {
    v: Vec<f32>,
    /// `D²` to the nearest of the seeds seen, without the weight, which stands in `q`, too.
    seen_sq_dist: f64,
    seen: usize,
    /// Density of the proposal over the weight.
    q: f64,
}

impl Offer {
    /// `D²` to the nearest of all seeds.
    fn sq_dist(&self, seeds: &Centroids) -> f64 {
        let to_new = seeds.rows().skip(self.seen).map(|seed| sq_dist(&self.v, seed));
        to_new.fold(self.seen_sq_dist, f64::min)
    }
}

/// The distribution from which chains are fed: half the potential of the first seeds, half uniform.
struct Proposal {
    potential: Potential,
    /// Mean of `D²` over the rows by weight, which brings the two halves to one unit.
    mean_sq_dist: f64,
}

impl Proposal {
    fn new<E: Engine>(drawing: &mut Drawing<'_, '_, '_, E>, seeds: &Centroids) -> Result<Self> {
        let potential = Potential::of(drawing.set, seeds)?;
        let weight: f64 = match drawing.set.weights() {
            None => drawing.set.n() as f64,
            Some(weights) => weights.iter().map(|&w| f64::from(w)).sum(),
        };
        let mean_sq_dist = potential.total_value() / weight;
        Ok(Self { potential, mean_sq_dist })
    }

    /// So many rows, and how far they are from the seeds.
    fn draw<E: Engine>(
        &self,
        drawing: &mut Drawing<'_, '_, '_, E>,
        seeds: &Centroids,
        count: usize,
    ) -> Result<Vec<Offer>> {
        let rows: Vec<usize> = (0..count).map(|_| self.draw_row(drawing)).collect();
        let points = drawing.set.gather(&rows)?;
        let sq_dists = drawing.set.sq_dists_of_points(&points, seeds)?;
        let points = points.chunks_exact(drawing.set.frame().dim());
        let offers = rows.iter().zip(points.zip(sq_dists)).map(|(&row, (v, sq_dist))| Offer {
            v: v.to_vec(),
            seen_sq_dist: exact(v, f64::from(sq_dist), seeds),
            seen: seeds.k(),
            q: f64::from(self.potential.sq_dist(row)) + self.mean_sq_dist,
        });
        Ok(offers.collect())
    }

    fn draw_row<E: Engine>(&self, drawing: &mut Drawing<'_, '_, '_, E>) -> usize {
        let total = self.potential.total();
        if total > 0 && drawing.draws.sign() > 0.0 {
            self.potential.pick(drawing.draws.below(total)).0
        } else {
            by_weight(drawing)
        }
    }
}

/// `D²` to the nearest seed, when it is `measured` to one that scores chose: in the range of their rounding all
/// seeds are looked at, so that a row equal to a seed is at zero.
fn exact(v: &[f32], measured: f64, seeds: &Centroids) -> f64 {
    let sq_norm: f64 = v.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    if measured > noise(v.len()) * sq_norm {
        return measured;
    }
    seeds.rows().map(|seed| sq_dist(v, seed)).fold(measured, f64::min)
}
