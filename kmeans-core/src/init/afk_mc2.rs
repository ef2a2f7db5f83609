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

/// Values of all rows that are offered at once: 16 MiB.
const OFFERED_VALUES: usize = 1 << 22;

/// Adds rows to `seeds` until there are `k`. Cost O(n·d + chain_length·k²·d), memory O(n) and some blocks of
/// rows.
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
) -> Result<Centroids> {
    let k = drawing.k;
    drawing.begin(&mut seeds)?;
    let proposal = Proposal::new(drawing, &seeds)?;
    let length = drawing.params.afkmc2_chain_length;
    let most = (OFFERED_VALUES / drawing.set.frame().dim()).max(1);
    while seeds.k() < k && drawing.watch.over().is_none() {
        let chains = (seeds.k() / BATCH_SHARE).min(most / length).min(k - seeds.k());
        if chains > 1 {
            let offers = proposal.draw(drawing, &seeds, chains * length)?;
            for chain in offers.chunks_exact(length) {
                if let Some(end) = run(drawing, &seeds, None, chain) {
                    seeds.push(&end.v);
                }
            }
        } else if let Some(end) = one_chain(drawing, &proposal, &seeds, most)? {
            seeds.push(&end.v);
        }
        drawing.watch.tell(&Progress::Init { done: seeds.k(), k });
    }
    Ok(seeds)
}

/// The end of one chain, `most` offers at a time, or where it stands when the training shall end.
fn one_chain<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    proposal: &Proposal,
    seeds: &Centroids,
    most: usize,
) -> Result<Option<Offer>> {
    let mut at = None;
    let mut left = drawing.params.afkmc2_chain_length;
    while left > 0 && drawing.watch.over().is_none() {
        let count = left.min(most);
        let offers = proposal.draw(drawing, seeds, count)?;
        at = run(drawing, seeds, at, &offers);
        left -= count;
        drawing.watch.tell(&Progress::Init { done: seeds.k(), k: drawing.k });
    }
    Ok(at)
}

/// Where a chain ends that stands at `at`, or at the first offer, and is offered these rows one after the other.
fn run<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    seeds: &Centroids,
    at: Option<Offer>,
    offers: &[Offer],
) -> Option<Offer> {
    let (first, rest) = offers.split_first()?;
    let (mut at, rest) = at.as_ref().map_or((first, rest), |at| (at, offers));
    let mut at_sq_dist = at.sq_dist(seeds);
    for next in rest {
        let sq_dist = next.sq_dist(seeds);
        let ratio = (sq_dist * at.q) / (at_sq_dist * next.q);
        if at_sq_dist == 0.0 || drawing.draws.unit() <= ratio {
            (at, at_sq_dist) = (next, sq_dist);
        }
    }
    Some(at.clone())
}

/// A row that a chain may move to.
#[derive(Clone)]
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
        let drawn: Vec<usize> = (0..count).map(|_| self.draw_row(drawing)).collect();
        let mut rows = drawn.clone();
        rows.sort_unstable();
        rows.dedup();
        let points = drawing.set.gather(&rows)?;
        let sq_dists = drawing.set.sq_dists_of_points(&points, seeds)?;
        let d = drawing.set.frame().dim();
        let offer = |row: usize| {
            let at = rows.binary_search(&row).expect("all rows drawn are there");
            let v = &points[at * d..][..d];
            Offer {
                v: v.to_vec(),
                seen_sq_dist: exact(v, f64::from(sq_dists[at]), seeds),
                seen: seeds.k(),
                q: f64::from(self.potential.sq_dist(row)) + self.mean_sq_dist,
            }
        };
        Ok(drawn.into_iter().map(offer).collect())
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
