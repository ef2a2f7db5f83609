//! k-means++ [AV07]: seeds far from each other.

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::progress::{OnProgress, Progress};
use crate::rng::Draws;
use crate::training_set::TrainingSet;

/// Adds rows to `seeds` until there are `k`, each drawn with probability `w·D² / Σ w·D²`.
///
/// Draws are exact: potentials are integers and a ticket among them decides, so the row drawn does
/// not depend on chunks or threads. Where no potential is left (fewer distinct rows than k) the
/// rest is drawn uniformly. Cost at most O(n·k·d).
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
    let mut fresh = seeds.k();
    while seeds.k() < k {
        let potentials = set.refresh(&seeds, fresh)?;
        let total: u128 = potentials.iter().sum();
        let row = if total > 0 { set.pick(&potentials, draws.below(total))? } else { by_weight(set, draws) };
        seeds.push(&set.gather(&[row])?);
        fresh = 1;
        // A drawing cannot be left half done, so a wish to stop is heeded after the first iteration.
        let _ = progress(&Progress::Init { done: seeds.k(), k });
    }
    Ok(seeds)
}

/// One row, uniformly or in proportion to its weight.
fn by_weight<E: Engine>(set: &TrainingSet<'_, E>, draws: &mut Draws) -> usize {
    let Some(weights) = set.weights() else { return draws.index(set.n()) };
    let grid = set.frame().weight();
    let units = |w: f32| grid.units(grid.split(f64::from(w))) as u128;
    let mut ticket = draws.below(weights.iter().map(|&w| units(w)).sum());
    for (row, &w) in weights.iter().enumerate() {
        if ticket < units(w) {
            return row;
        }
        ticket -= units(w);
    }
    unreachable!("the ticket is less than the total weight")
}
