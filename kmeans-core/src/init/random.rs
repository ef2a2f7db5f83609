//! Different rows as first centroids (Forgy).

use super::Drawing;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::faiss_seed;
use crate::rng::Draws;

/// Rows whose weights are added up once, so that a draw walks blocks first.
const WEIGHT_BLOCK: usize = 1024;

/// Adds different rows, uniformly or in proportion to the weights, until there are `k`.
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
) -> Result<Centroids> {
    let missing = drawing.k - seeds.k();
    let ids = match drawing.set.weights() {
        None => drawing.draws.distinct(missing, drawing.set.n()),
        Some(weights) => distinct_by_weight(weights, missing, &mut drawing.draws),
    };
    push_rows(drawing, &mut seeds, &ids)?;
    Ok(seeds)
}

/// The rows that Faiss draws: of its permutation of the sample, the places after those of the
/// centroids that were given.
pub(super) fn draw_like_faiss<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
) -> Result<Centroids> {
    let seed = faiss_seed::redo_seed(drawing.params.seed, drawing.redo);
    let places = faiss_seed::rand_perm(drawing.k, drawing.set.n(), seed);
    let ids: Vec<usize> = places[seeds.k()..].iter().map(|&place| drawing.set.row_at_place(place)).collect();
    push_rows(drawing, &mut seeds, &ids)?;
    Ok(seeds)
}

/// Fills up with any rows.
pub(super) fn fill<E: Engine>(drawing: &mut Drawing<'_, '_, '_, E>, seeds: &mut Centroids) -> Result<()> {
    let ids: Vec<usize> = (seeds.k()..drawing.k).map(|_| by_weight(drawing)).collect();
    push_rows(drawing, seeds, &ids)
}

fn push_rows<E: Engine>(
    drawing: &Drawing<'_, '_, '_, E>,
    seeds: &mut Centroids,
    ids: &[usize],
) -> Result<()> {
    let rows = drawing.set.gather(ids)?;
    rows.chunks_exact(drawing.set.frame().dim()).for_each(|row| seeds.push(row));
    Ok(())
}

/// One row, uniformly or in proportion to its weight.
pub(super) fn by_weight<E: Engine>(drawing: &mut Drawing<'_, '_, '_, E>) -> usize {
    let Some(weights) = drawing.set.weights() else { return drawing.draws.index(drawing.set.n()) };
    let grid = drawing.set.frame().weight();
    let share = |w: &f32| grid.whole(f64::from(*w));
    if drawing.weight_blocks.is_empty() {
        drawing.weight_blocks =
            weights.chunks(WEIGHT_BLOCK).map(|block| block.iter().map(share).sum()).collect();
    }
    let mut ticket = drawing.draws.below(drawing.weight_blocks.iter().sum());
    for (&sum, (block, weights)) in drawing.weight_blocks.iter().zip(weights.chunks(WEIGHT_BLOCK).enumerate())
    {
        if ticket >= sum {
            ticket -= sum;
            continue;
        }
        for (row, own) in weights.iter().map(share).enumerate() {
            if ticket < own {
                return block * WEIGHT_BLOCK + row;
            }
            ticket -= own;
        }
    }
    unreachable!("the ticket is less than the total weight")
}

/// Weighted sampling without replacement: the `m` smallest of `-ln(u)/w` \[ES06\]. Cost O(n).
pub(crate) fn distinct_by_weight(weights: &[f32], m: usize, draws: &mut Draws) -> Vec<usize> {
    let keys = weights.iter().map(|&w| (-draws.unit().ln() / f64::from(w), w));
    let mut keyed: Vec<(f64, usize)> =
        keys.enumerate().filter(|(_, (_, w))| *w > 0.0).map(|(row, (key, _))| (key, row)).collect();
    keyed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    keyed.truncate(m);
    keyed.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn heavy_rows_are_drawn_more_often_and_weightless_rows_never() {
        let mut seen = [0_u32; 3];
        for seed in 0..2000 {
            let mut draws = Draws::new(seed, 0, Stream::Init);
            distinct_by_weight(&[1.0, 0.0, 3.0], 1, &mut draws).iter().for_each(|&i| seen[i] += 1);
        }
        assert_eq!(seen[1], 0);
        assert!((1400..1600).contains(&seen[2]), "{seen:?}");
    }
}
