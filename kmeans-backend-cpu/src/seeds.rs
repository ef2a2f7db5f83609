//! Distances to the nearest seed of k-means++.

use kmeans_core::{Centroids, Grid, Metric};

use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{self, RowBlock, Scratch};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// What a worker keeps from block to block.
#[derive(Default)]
struct Desk {
    block: RowBlock,
    scratch: Scratch,
    chosen: Vec<i32>,
}

/// Takes in `fresh` seeds; returns the potential of all rows.
pub(crate) fn refresh(
    workers: &Workers,
    isa: Isa,
    rows: &mut CpuPrepared<'_>,
    fresh: &Centroids,
    restart: bool,
) -> u128 {
    let mut state = std::mem::take(&mut rows.seeds);
    let step = kernel::block_rows(rows.d());
    if restart {
        state.sq_dists = vec![f64::INFINITY; rows.n()];
        state.potentials = vec![0; rows.n().div_ceil(step)];
    }
    let refresh =
        Refresh { isa, rows, seeds: CpuCodebook::new(fresh, Metric::L2), grid: rows.frame.potential() };
    let blocks = state.sq_dists.chunks_mut(step).zip(&mut state.potentials).enumerate();
    workers.share(blocks.len(), blocks, Desk::default, |desk, (i, (sq_dists, potential))| {
        *potential = refresh.block(desk, i * step, sq_dists);
    });
    rows.seeds = state;
    rows.seeds.potentials.iter().sum()
}

struct Refresh<'a, 'p> {
    isa: Isa,
    rows: &'a CpuPrepared<'p>,
    seeds: CpuCodebook,
    grid: Grid,
}

impl Refresh<'_, '_> {
    /// The nearest fresh seed of each row is chosen by the fused kernel and measured directly.
    fn block(&self, desk: &mut Desk, start: usize, sq_dists: &mut [f64]) -> u128 {
        let d = self.rows.d();
        let x = &self.rows.x()[start * d..(start + sq_dists.len()) * d];
        desk.block.load(self.isa, x, d, &self.rows.origin_scaled, self.rows.frame.scale());
        desk.chosen.clear();
        desk.chosen.resize(sq_dists.len(), 0);
        if self.seeds.k() > 1 {
            kernel::nearest_block(
                self.isa,
                &desk.block,
                &self.seeds.panels,
                &mut desk.scratch,
                &mut desk.chosen,
            );
        }
        let mut potential = 0;
        for (i, (sq_dist, &seed)) in sq_dists.iter_mut().zip(&desk.chosen).enumerate() {
            let seed = self.seeds.centroids.row(seed as usize);
            *sq_dist = sq_dist.min(kernel::sq_dist(self.isa, desk.block.row(i), seed));
            potential += self.grid.whole(self.rows.weight(start + i) * *sq_dist);
        }
        potential
    }
}

/// The row at `ticket` in the running potential, and how far into its share.
pub(crate) fn pick(rows: &CpuPrepared<'_>, mut ticket: u128) -> (usize, u128) {
    let state = &rows.seeds;
    let step = kernel::block_rows(rows.d());
    let grid = rows.frame.potential();
    for (block, &potential) in state.potentials.iter().enumerate() {
        if ticket >= potential {
            ticket -= potential;
            continue;
        }
        for row in block * step..rows.n().min((block + 1) * step) {
            let own = grid.whole(rows.weight(row) * state.sq_dists[row]);
            if ticket < own {
                return (row, ticket);
            }
            ticket -= own;
        }
    }
    unreachable!("the ticket is less than the potential")
}
