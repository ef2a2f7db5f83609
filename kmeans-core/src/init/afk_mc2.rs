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

use super::Drawing;
use super::kmeans_plus_plus::sq_dist;
use super::potential::Potential;
use super::random::by_weight;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::progress::Progress;

/// A row of a chain: its values, and what decides whether the chain moves.
struct Link {
    v: Vec<f32>,
    /// `D²` to the nearest of all seeds, without the weight, which stands in `q`, too.
    sq_dist: f64,
    /// Density of the proposal over the weight.
    q: f64,
}

/// Adds rows to `seeds` until there are `k`. Cost O(n·d + chain_length·k²·d).
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
) -> Result<Centroids> {
    let k = drawing.k;
    if seeds.k() == 0 {
        let first = by_weight(drawing);
        seeds.push(&drawing.set.gather(&[first])?);
    }
    let proposal = Proposal::new(drawing, &seeds)?;
    while seeds.k() < k && drawing.watch.over().is_none() {
        let mut at = proposal.draw(drawing, &seeds)?;
        for _ in 1..drawing.params.afkmc2_chain_length {
            let next = proposal.draw(drawing, &seeds)?;
            let ratio = (next.sq_dist * at.q) / (at.sq_dist * next.q);
            if at.sq_dist == 0.0 || drawing.draws.unit() <= ratio {
                at = next;
            }
        }
        seeds.push(&at.v);
        drawing.watch.tell(&Progress::Init { done: seeds.k(), k });
    }
    Ok(seeds)
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

    fn draw<E: Engine>(&self, drawing: &mut Drawing<'_, '_, '_, E>, seeds: &Centroids) -> Result<Link> {
        let total = self.potential.total();
        let row = if total > 0 && drawing.draws.sign() > 0.0 {
            self.potential.pick(drawing.draws.below(total)).0
        } else {
            by_weight(drawing)
        };
        let v = drawing.set.gather(&[row])?;
        let sq_dist = seeds.rows().map(|seed| sq_dist(&v, seed)).fold(f64::INFINITY, f64::min);
        let q = f64::from(self.potential.sq_dist(row)) + self.mean_sq_dist;
        Ok(Link { v, sq_dist, q })
    }
}
