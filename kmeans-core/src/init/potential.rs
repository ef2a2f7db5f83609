//! How far every row is from the nearest seed, and draws in proportion to it.

use std::sync::Mutex;
use std::thread::Builder;

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::fixed::{Fixed, Grid};
use crate::training_set::TrainingSet;

/// Rows whose shares are added up once, and blocks of them: a draw walks groups, then blocks, then rows.
const BLOCK: usize = 256;
const GROUP: usize = 256;

/// Blocks that one thread adds up in a fifth of a millisecond; fewer are not worth another.
const FEWEST_BLOCKS: usize = 256;

/// `w·D²` of every row as an integer, `D²` to the nearest seed the rows have seen: its share.
///
/// Shares are integers on the grid of [`crate::Frame::potential`], added in any order: draws depend
/// on neither chunks nor threads. Memory 12 bytes a row.
pub(crate) struct Potential {
    sq_dists: Vec<f32>,
    nearest: Vec<u32>,
    weights: Option<Vec<f32>>,
    grid: Grid,
    blocks: Vec<u128>,
    groups: Vec<u128>,
    seen: usize,
}

impl Potential {
    /// The potential of rows that have seen `seeds`, at least one. Cost O(n·d·seeds).
    pub(crate) fn of<E: Engine>(set: &mut TrainingSet<'_, E>, seeds: &Centroids) -> Result<Self> {
        let n = set.n();
        let mut new = Self {
            sq_dists: vec![f32::INFINITY; n],
            nearest: vec![0; n],
            weights: set.weights().map(<[f32]>::to_vec),
            grid: set.frame().potential(),
            blocks: vec![0; n.div_ceil(BLOCK)],
            groups: Vec::new(),
            seen: 0,
        };
        new.take_in(set, seeds)?;
        Ok(new)
    }

    /// Lets the rows see further seeds. Nearest is chosen like a label, and measured directly.
    pub(crate) fn take_in<E: Engine>(
        &mut self,
        set: &mut TrainingSet<'_, E>,
        fresh: &Centroids,
    ) -> Result<()> {
        for (row, label, sq_dist) in set.closest(fresh, &self.sq_dists)? {
            self.sq_dists[row] = sq_dist;
            self.nearest[row] = (self.seen + label as usize) as u32;
        }
        self.seen += fresh.k();
        self.add_up(set.threads());
        self.groups = self.blocks.chunks(GROUP).map(|blocks| blocks.iter().sum()).collect();
        Ok(())
    }

    /// Adds up the shares of each block.
    fn add_up(&mut self, threads: usize) {
        let mut blocks = std::mem::take(&mut self.blocks);
        let each = blocks.len().div_ceil(threads.max(1)).max(FEWEST_BLOCKS);
        let helpers = blocks.len().div_ceil(each).saturating_sub(1);
        let parts = Mutex::new(blocks.chunks_mut(each).enumerate());
        let work = || {
            while let Some((part, blocks)) = { parts.lock().expect("taking a part does not panic").next() } {
                self.add_up_from(part * each, blocks);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..helpers {
                // Where no more threads can be had, those that there are do all.
                let _ = Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        self.blocks = blocks;
    }

    fn add_up_from(&self, first: usize, blocks: &mut [u128]) {
        for (block, to) in (first..).zip(blocks) {
            let mut sum = Fixed::default();
            self.rows_of(block).for_each(|row| sum += self.limbs(row, self.sq_dists[row]));
            *to = self.grid.units(sum).unsigned_abs();
        }
    }

    /// Seeds the rows have seen.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    /// The sum of all shares.
    pub(crate) fn total(&self) -> u128 {
        self.groups.iter().sum()
    }

    /// The same as a real number, `Σ w·D²`.
    pub(crate) fn total_value(&self) -> f64 {
        self.grid.value_whole(self.total())
    }

    /// The share that a row of this weight has at squared distance `sq_dist`.
    pub(crate) fn share_at(&self, row: usize, sq_dist: f64) -> u128 {
        self.grid.whole(self.weight(row) * sq_dist)
    }

    /// The squared distance of a row to its nearest seed.
    pub(crate) fn sq_dist(&self, row: usize) -> f32 {
        self.sq_dists[row]
    }

    /// The row in whose share `ticket`, less than the total, lies, and how far into it.
    pub(crate) fn pick(&self, mut ticket: u128) -> (usize, u128) {
        let group = lies_in(&self.groups, &mut ticket);
        let first = group * GROUP;
        let blocks = &self.blocks[first..self.blocks.len().min(first + GROUP)];
        let block = first + lies_in(blocks, &mut ticket);
        for row in self.rows_of(block) {
            let own = self.share(row);
            if ticket < own {
                return (row, ticket);
            }
            ticket -= own;
        }
        unreachable!("the ticket is less than the total")
    }

    /// The weight of the rows nearest to each seed; 1 a row without weights.
    pub(crate) fn weights_of_seeds(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.seen];
        for (row, &seed) in self.nearest.iter().enumerate() {
            weights[seed as usize] += self.weight(row);
        }
        weights
    }

    /// The squared distance of every row to its nearest seed.
    pub(crate) fn sq_dists(&self) -> &[f32] {
        &self.sq_dists
    }

    /// The share that a row has.
    pub(crate) fn share(&self, row: usize) -> u128 {
        self.share_at(row, f64::from(self.sq_dists[row]))
    }

    /// How much a further seed would take from the total. Of the rows that are `closer` to it than they were
    /// to a seed once, only those count that still are.
    pub(crate) fn saving(&self, closer: &[(usize, f32)]) -> u128 {
        let mut saving = Fixed::default();
        for &(row, sq_dist) in closer {
            let before = self.sq_dists[row];
            let after = if sq_dist < before { sq_dist } else { before };
            let (before, after) = (self.limbs(row, before), self.limbs(row, after));
            saving += Fixed { high: before.high - after.high, low: before.low - after.low };
        }
        self.grid.units(saving).unsigned_abs()
    }

    /// Lets the rows see a further seed, to which these are `closer` than they were to a seed once.
    pub(crate) fn take_one(&mut self, closer: &[(usize, f32)]) {
        for &(row, sq_dist) in closer {
            if sq_dist < self.sq_dists[row] {
                let (before, after) = (self.limbs(row, self.sq_dists[row]), self.limbs(row, sq_dist));
                (self.sq_dists[row], self.nearest[row]) = (sq_dist, self.seen as u32);
                let saved = Fixed { high: before.high - after.high, low: before.low - after.low };
                let saved = self.grid.units(saved).unsigned_abs();
                self.blocks[row / BLOCK] -= saved;
                self.groups[row / BLOCK / GROUP] -= saved;
            }
        }
        self.seen += 1;
    }

    /// The share of a row at a squared distance, in limbs, which are added faster.
    fn limbs(&self, row: usize, sq_dist: f32) -> Fixed {
        self.grid.split(self.weight(row) * f64::from(sq_dist))
    }

    fn rows_of(&self, block: usize) -> std::ops::Range<usize> {
        block * BLOCK..self.sq_dists.len().min((block + 1) * BLOCK)
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |w| f64::from(w[row]))
    }
}

/// The place of the sum in which `ticket`, less than all of them, lies; from `ticket` those before are taken.
fn lies_in(sums: &[u128], ticket: &mut u128) -> usize {
    for (place, &sum) in sums.iter().enumerate() {
        if *ticket < sum {
            return place;
        }
        *ticket -= sum;
    }
    unreachable!("the ticket is less than the sum of all")
}
