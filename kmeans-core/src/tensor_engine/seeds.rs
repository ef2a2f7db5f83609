//! Distances to the seeds of k-means++.

use burn::tensor::backend::Backend;

use super::TensorEngine;
use super::distance::{direct, matrix, to_f64};
use super::prepared::TensorPrepared;
use crate::centroids::Centroids;
use crate::metric::Metric;

/// Rows of a block.
const BLOCK_ROWS: usize = 1 << 14;

impl<B: Backend> TensorEngine<B> {
    /// Each row keeps its distance to the nearest seed; returns the potential.
    pub(super) fn refresh_rows(
        &self,
        rows: &mut TensorPrepared<'_, B>,
        fresh: &Centroids,
        restart: bool,
    ) -> u128 {
        let mut nearest = std::mem::take(&mut rows.seed_sq_dists);
        if restart {
            nearest = vec![f64::INFINITY; rows.n()];
        }
        for block in rows.blocks(BLOCK_ROWS) {
            let v = rows.offsets(block.clone());
            for seed in fresh.rows() {
                let seed = matrix::<B>(seed, fresh.dim(), &self.device).expand(v.dims());
                let sq_dists = to_f64(direct(v.clone(), seed, Metric::L2, self.has_64_bits));
                nearest[block.clone()].iter_mut().zip(sq_dists).for_each(|(near, new)| *near = near.min(new));
            }
        }
        rows.seed_sq_dists = nearest;
        potentials(rows).sum()
    }

    /// The row at `ticket` in the running potential, and how far into its share.
    pub(super) fn pick_row(rows: &TensorPrepared<'_, B>, mut ticket: u128) -> (usize, u128) {
        for (row, own) in potentials(rows).enumerate() {
            if ticket < own {
                return (row, ticket);
            }
            ticket -= own;
        }
        unreachable!("the ticket is less than the potential")
    }
}

fn potentials<B: Backend>(rows: &TensorPrepared<'_, B>) -> impl Iterator<Item = u128> {
    let grid = rows.frame.potential();
    let weight = |row: usize| rows.weights.map_or(1.0, |w| f64::from(w[row]));
    rows.seed_sq_dists.iter().enumerate().map(move |(row, sq_dist)| grid.whole(weight(row) * sq_dist))
}
