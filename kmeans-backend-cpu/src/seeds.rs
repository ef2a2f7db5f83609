//! Distances to the nearest seed of k-means++, kept up to date seed by seed.
//!
//! A row whose nearest seed is at least twice as far from a fresh seed as from the row cannot be
//! nearer to the fresh one (triangle inequality), and is not measured [Elk03].

use kmeans_core::{Centroids, Grid};

use crate::isa::Isa;
use crate::kernel::{self, RowBlock};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// Rows of a block: their potentials are added up, and a draw finds its block first.
const BLOCK: usize = 1024;

/// Room for the rounding of three measured distances, each within `d · 2^-53` of the true one.
const SLACK: f64 = 1.0 - 1e-9;

/// What k-means++ remembers of each row.
#[derive(Debug, Default)]
pub(crate) struct Seeds {
    sq_dists: Vec<f64>,
    nearest: Vec<u32>,
    /// Potential of each block of rows.
    potentials: Vec<u128>,
}

/// One block of rows.
struct Block<'a> {
    start: usize,
    sq_dists: &'a mut [f64],
    nearest: &'a mut [u32],
    potential: &'a mut u128,
}

/// Takes in the last `fresh` of `seeds`; returns the potential of all rows.
pub(crate) fn refresh(workers: &Workers, isa: Isa, rows: &mut CpuPrepared<'_>, seeds: &Centroids, fresh: usize) -> u128 {
    let mut state = std::mem::take(&mut rows.seeds);
    let old = seeds.k() - fresh;
    if old == 0 {
        state.sq_dists = vec![f64::INFINITY; rows.n()];
        state.nearest = vec![0; rows.n()];
        state.potentials = vec![0; rows.n().div_ceil(BLOCK)];
    }
    for seed in old..seeds.k() {
        add_seed(workers, isa, rows, &mut state, seeds, seed);
    }
    let total = state.potentials.iter().sum();
    rows.seeds = state;
    total
}

fn add_seed(workers: &Workers, isa: Isa, rows: &CpuPrepared<'_>, state: &mut Seeds, seeds: &Centroids, seed: usize) {
    let new = seeds.row(seed);
    // A quarter of the squared distance from each seed: rows nearer to it than that stay with it.
    let safe: Vec<f64> = (0..seed).map(|old| 0.25 * SLACK * kernel::sq_dist(isa, seeds.row(old), new)).collect();
    let grid = rows.frame.potential();
    let len = state.potentials.len();
    let columns = state.sq_dists.chunks_mut(BLOCK).zip(state.nearest.chunks_mut(BLOCK)).zip(&mut state.potentials);
    let blocks = columns.enumerate().map(|(i, ((sq_dists, nearest), potential))| Block {
        start: i * BLOCK,
        sq_dists,
        nearest,
        potential,
    });
    workers.share(len, blocks, RowBlock::default, |row, block| {
        let candidate = Candidate { isa, rows, new, seed: seed as u32, safe: &safe, grid };
        candidate.offer_to(block, row);
    });
}

/// A fresh seed on its way through the rows.
struct Candidate<'a, 'p> {
    isa: Isa,
    rows: &'a CpuPrepared<'p>,
    new: &'a [f32],
    seed: u32,
    safe: &'a [f64],
    grid: Grid,
}

impl Candidate<'_, '_> {
    fn offer_to(&self, block: Block<'_>, buffer: &mut RowBlock) {
        for (i, (sq_dist, nearest)) in block.sq_dists.iter_mut().zip(block.nearest).enumerate() {
            if self.safe.get(*nearest as usize).is_some_and(|&safe| *sq_dist <= safe) {
                continue;
            }
            let row = block.start + i;
            let measured = kernel::sq_dist(self.isa, offsets(self.isa, self.rows, row, buffer), self.new);
            if measured < *sq_dist {
                let weight = self.rows.weight(row);
                let before = if sq_dist.is_finite() { self.grid.whole(weight * *sq_dist) } else { 0 };
                *block.potential = *block.potential - before + self.grid.whole(weight * measured);
                (*sq_dist, *nearest) = (measured, self.seed);
            }
        }
    }
}

/// One row in the frame.
fn offsets<'b>(isa: Isa, rows: &CpuPrepared<'_>, row: usize, buffer: &'b mut RowBlock) -> &'b [f32] {
    let d = rows.d();
    buffer.load(isa, &rows.x()[row * d..][..d], d, &rows.origin_scaled, rows.frame.scale());
    buffer.row(0)
}

/// The row at `ticket` in the running potential.
pub(crate) fn pick(rows: &CpuPrepared<'_>, mut ticket: u128) -> usize {
    let state = &rows.seeds;
    let grid = rows.frame.potential();
    for (block, &potential) in state.potentials.iter().enumerate() {
        if ticket >= potential {
            ticket -= potential;
            continue;
        }
        for row in block * BLOCK..rows.n().min((block + 1) * BLOCK) {
            let own = grid.whole(rows.weight(row) * state.sq_dists[row]);
            if ticket < own {
                return row;
            }
            ticket -= own;
        }
    }
    unreachable!("the ticket is less than the potential")
}
