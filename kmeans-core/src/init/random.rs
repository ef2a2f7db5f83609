//! Different rows as first centroids (Forgy).

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::rng::Draws;
use crate::training_set::TrainingSet;

/// `k` different rows, uniformly, or in proportion to the weights.
pub(crate) fn draw<E: Engine>(set: &TrainingSet<'_, E>, k: usize, draws: &mut Draws) -> Result<Centroids> {
    let ids = match set.weights() {
        None => draws.distinct(k, set.n()),
        Some(weights) => by_weight(weights, k, draws),
    };
    Ok(Centroids::from_offsets(set.gather(&ids)?, set.frame().dim()))
}

/// Weighted sampling without replacement: the `k` smallest of `-ln(u)/w` \[ES06\]. Cost O(n).
fn by_weight(weights: &[f32], k: usize, draws: &mut Draws) -> Vec<usize> {
    let keys = weights.iter().map(|&w| (-draws.unit().ln() / f64::from(w), w));
    let mut keyed: Vec<(f64, usize)> =
        keys.enumerate().filter(|(_, (_, w))| *w > 0.0).map(|(row, (key, _))| (key, row)).collect();
    keyed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    keyed.truncate(k);
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
            by_weight(&[1.0, 0.0, 3.0], 1, &mut draws).iter().for_each(|&i| seen[i] += 1);
        }
        assert_eq!(seen[1], 0);
        assert!((1400..1600).contains(&seen[2]), "{seen:?}");
    }
}
