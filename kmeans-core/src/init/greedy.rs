//! Greedy k-means++ \[AV07\]: the best of several draws for each seed.
//!
//! ```text
//! until there are k seeds:
//!     until there are enough trials:
//!         take the next candidate of the pool         an empty pool: draw another, in proportion to w·D²,
//!                                                     and find the rows that are closer to each
//!         it is a trial with probability (D² to all seeds) / (D² to those when the pool was drawn)
//!     the trial that leaves the smallest potential is a seed
//! ```
//!
//! As in plain k-means++, drawing from older potentials and accepting with the ratio is drawing from the new
//! ones, exactly. So one pass over the rows serves the trials of many seeds: one pass a seed is bound by
//! memory.

use std::rc::Rc;

use super::Drawing;
use super::potential::Potential;
use super::random::by_weight;
use crate::centroids::Centroids;
use crate::engine::{Closer, Engine};
use crate::error::Result;
use crate::progress::Progress;

/// Candidates in a pool. More make a pass more worth while, but more of them have to be turned down.
const POOL: usize = 64;

/// Pairs of a row and a candidate closer to it than its seeds that are expected in a pool: about 32 MiB.
const POOL_PAIRS: usize = 1 << 21;

/// Adds rows to `seeds` until there are `k`: each is, of `trials` rows drawn with probability
/// `w·D² / Σ w·D²`, the one that leaves the smallest potential; the first drawn where equal.
///
/// Cost O(n·k·d·trials). Memory O(n): a candidate has at most one pair a row, and a pool more than one candidate
/// only where some 2²¹ pairs are expected of it.
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
    trials: Option<usize>,
) -> Result<Centroids> {
    let k = drawing.k;
    let trials = trials.unwrap_or(2 + (k as f64).ln() as usize);
    drawing.begin(&mut seeds)?;
    let mut potential = Potential::of(drawing.set, &seeds)?;
    let mut pool = Pool::default();
    while seeds.k() < k && drawing.watch.over().is_none() {
        if potential.total() == 0 {
            let any = by_weight(drawing);
            seeds.push(&drawing.set.gather(&[any])?);
            drawing.watch.tell(&Progress::Init { done: seeds.k(), k });
            continue;
        }
        let mut best: Option<(u128, Candidate)> = None;
        for trial in 0..trials {
            let wanted = (k - seeds.k()) * trials - trial;
            let candidate = pool.next(drawing, &potential, seeds.k(), wanted, trials)?;
            let saving = potential.saving(&candidate.closer);
            if best.as_ref().is_none_or(|(most, _)| saving > *most) {
                best = Some((saving, candidate));
            }
        }
        let (_, best) = best.expect("there is at least one trial");
        potential.take_one(&best.closer);
        seeds.push(&best.v);
        drawing.watch.tell(&Progress::Init { done: seeds.k(), k });
    }
    Ok(seeds)
}

/// A row that may become a seed.
struct Candidate {
    row: usize,
    /// How far into the share of the row its ticket lay.
    into: u128,
    v: Vec<f32>,
    /// The rows closer to it than to all seeds there were, and their squared distances.
    closer: Rc<Vec<(usize, f32)>>,
}

/// Candidates drawn together, the next one last.
#[derive(Default)]
struct Pool(Vec<Candidate>);

impl Pool {
    /// The next candidate, drawn from the potential as it is now. `wanted`: how many are still to come.
    fn next<E: Engine>(
        &mut self,
        drawing: &mut Drawing<'_, '_, '_, E>,
        potential: &Potential,
        seeds: usize,
        wanted: usize,
        trials: usize,
    ) -> Result<Candidate> {
        loop {
            match self.0.pop() {
                Some(candidate) if candidate.into < potential.share(candidate.row) => return Ok(candidate),
                Some(_) => {}
                None => *self = Self::draw(drawing, potential, seeds, wanted, trials)?,
            }
        }
    }

    fn draw<E: Engine>(
        drawing: &mut Drawing<'_, '_, '_, E>,
        potential: &Potential,
        seeds: usize,
        wanted: usize,
        trials: usize,
    ) -> Result<Self> {
        // A further seed takes about one in so many rows from those there are; and once there are twice as many,
        // every second candidate is turned down.
        let most = (POOL_PAIRS.saturating_mul(seeds) / drawing.set.n()).min(trials.saturating_mul(seeds));
        let most = most.clamp(1, POOL);
        let total = potential.total();
        let tickets = (0..wanted.min(most)).map(|_| potential.pick(drawing.draws.below(total)));
        let drawn: Vec<(usize, u128)> = tickets.collect();
        let mut rows: Vec<usize> = drawn.iter().map(|&(row, _)| row).collect();
        rows.sort_unstable();
        rows.dedup();
        let dim = drawing.set.frame().dim();
        let points = Centroids::from_offsets(drawing.set.gather(&rows)?, dim);
        let closer: Closer = drawing.set.closer(&points, potential.sq_dists())?;
        let closer: Vec<_> = closer.into_iter().map(Rc::new).collect();
        let candidate = |(row, into): (usize, u128)| {
            let at = rows.binary_search(&row).expect("all rows drawn are there");
            Candidate { row, into, v: points.row(at).to_vec(), closer: Rc::clone(&closer[at]) }
        };
        Ok(Self(drawn.into_iter().rev().map(candidate).collect()))
    }
}
