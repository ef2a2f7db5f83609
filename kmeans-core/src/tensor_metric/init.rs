//! Initial centroids.

use burn::tensor::backend::Backend;

use super::rows::TrainingRows;
use super::ruler::Ruler;
use crate::centroids::Centroids;
use crate::error::Result;
use crate::fixed::{Grid, power_of_two};
use crate::init::random;
use crate::options::Init;
use crate::params::Params;
use crate::progress::Progress;
use crate::rng::{Draws, Stream};
use crate::watch::Watch;

/// Shares all below this have no power-of-two grid that reaches them; they count as none.
const LEAST_SHARE_EXPONENT: i32 = -300;

/// Draws the initial centroids of one restart. Given centroids come first; the rest is drawn.
pub(super) fn centroids<B: Backend>(
    ruler: &Ruler<'_, B>,
    rows: &TrainingRows<'_, B>,
    params: &Params,
    redo: usize,
    watch: &Watch<'_>,
) -> Result<Centroids> {
    let mut draws = Draws::new(params.seed, redo, Stream::Init);
    let mut given = Centroids::from_offsets(params.init_centroids.clone(), rows.d());
    if params.init == Init::Random {
        push_random(rows, &mut given, params.k, &mut draws)?;
        return Ok(given);
    }
    plus_plus(ruler, rows, given, params.k, &mut draws, watch)
}

/// Adds different rows, uniformly or in proportion to their weights, until there are `k` seeds.
fn push_random<B: Backend>(
    rows: &TrainingRows<'_, B>,
    seeds: &mut Centroids,
    k: usize,
    draws: &mut Draws,
) -> Result<()> {
    let missing = k - seeds.k();
    let ids = match rows.weights() {
        None => draws.distinct(missing, rows.n()),
        Some(weights) => random::distinct_by_weight(weights, missing, draws),
    };
    let mut buffer = Vec::new();
    let picked = rows.pick(&ids, &mut buffer)?;
    (0..ids.len()).for_each(|place| seeds.push(picked.row(place)));
    Ok(())
}

/// k-means++ \[AV07\] with the metric in place of `D²`: adds rows to `seeds` until there are `k`, each drawn
/// with probability `w·distance / Σ w·distance`, the distance being that to the nearest seed so far.
///
/// Where no distance is left (fewer distinct rows than k), the rest is drawn by weight. One pass over the
/// rows for each seed: O(n·k·d) together, like one iteration.
fn plus_plus<B: Backend>(
    ruler: &Ruler<'_, B>,
    rows: &TrainingRows<'_, B>,
    mut seeds: Centroids,
    k: usize,
    draws: &mut Draws,
    watch: &Watch<'_>,
) -> Result<Centroids> {
    if seeds.k() == k {
        return Ok(seeds);
    }
    let mut distances = match seeds.k() {
        0 => vec![f64::INFINITY; rows.n()],
        _ => rows.assign(ruler, &seeds)?.distances,
    };
    let mut buffer = Vec::new();
    while seeds.k() < k {
        // Once the training shall end, any rows do.
        let drawn = if seeds.k() == 0 || watch.over().is_some() {
            None
        } else {
            draw_share(rows.costs(&distances), draws)
        };
        let row = drawn.unwrap_or_else(|| by_weight(rows, draws));
        let seed = rows.pick(&[row], &mut buffer)?.row(0);
        seeds.push(seed);
        if seeds.k() < k {
            rows.lower(ruler, seed, &mut distances)?;
        }
        watch.tell(&Progress::Init { done: seeds.k(), k });
    }
    Ok(seeds)
}

fn by_weight<B: Backend>(rows: &TrainingRows<'_, B>, draws: &mut Draws) -> usize {
    let Some(weights) = rows.weights() else { return draws.index(rows.n()) };
    let drawn = draw_share(weights.iter().map(|&w| f64::from(w)), draws);
    drawn.expect("at least k rows have positive weight")
}

/// A place, drawn in proportion to its share; `None` where all shares are 0. Shares are added as
/// integers: the draw is exact.
fn draw_share(shares: impl Iterator<Item = f64> + Clone, draws: &mut Draws) -> Option<usize> {
    let largest = shares.clone().fold(0.0, f64::max);
    if largest < power_of_two(LEAST_SHARE_EXPONENT) {
        return None;
    }
    let grid = Grid::covering(largest, shares.clone().count() as u64);
    let mut ticket = draws.below(shares.clone().map(|share| grid.whole(share)).sum());
    for (place, share) in shares.enumerate() {
        let own = grid.whole(share);
        if ticket < own {
            return Some(place);
        }
        ticket -= own;
    }
    unreachable!("the ticket is less than the sum of the shares")
}
