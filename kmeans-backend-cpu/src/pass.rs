//! One pass over the rows: choose, measure, add.
//!
//! ```text
//! for each block of rows, on any worker:
//!     load the block into the frame                    once from memory
//!     labels  = argmin of bias − 2⟨v, c⟩               fused kernel
//!     for each row:
//!         distance = Σ (v − c)², in f64                to its own centroid
//!         sums[label] += w·v, on the integer grid
//! merge the sums of the workers                        exact in any order
//! ```

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kmeans_core::{Grid, PartialStats};

use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{self, RowBlock, Scratch};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// Memory for the sums of all workers; beyond it they take turns. With so many sums the choice of
/// labels takes far longer than adding, so that waiting is rare.
const SUMS_BYTES: usize = 1 << 30;

/// Sets labels and distances.
pub(crate) fn assign(workers: &Workers, isa: Isa, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) {
    run(workers, isa, rows, codebook, Work { choose: true, add: false });
}

/// Adds the rows by their labels.
pub(crate) fn reduce(
    workers: &Workers,
    isa: Isa,
    rows: &mut CpuPrepared<'_>,
    codebook: &CpuCodebook,
) -> PartialStats {
    let changed = rows.changed;
    let mut stats = run(workers, isa, rows, codebook, Work { choose: false, add: true });
    (rows.changed, stats.changed) = (changed, changed);
    stats
}

/// Both in one pass.
pub(crate) fn step(
    workers: &Workers,
    isa: Isa,
    rows: &mut CpuPrepared<'_>,
    codebook: &CpuCodebook,
) -> PartialStats {
    run(workers, isa, rows, codebook, Work { choose: true, add: true })
}

/// What a pass does besides measuring.
#[derive(Clone, Copy)]
struct Work {
    choose: bool,
    add: bool,
}

fn run(
    workers: &Workers,
    isa: Isa,
    rows: &mut CpuPrepared<'_>,
    codebook: &CpuCodebook,
    work: Work,
) -> PartialStats {
    let mut labels = std::mem::take(&mut rows.labels);
    let mut distances = std::mem::take(&mut rows.distances);
    let objective = rows.frame.objective(codebook.metric, codebook.max_sq_norm);
    if work.choose {
        // Made here, by all workers, and not by the first that needs them.
        if rows.stays_sparse() {
            codebook.strips(workers);
        } else {
            codebook.panels();
        }
    }
    let pass = Pass { isa, rows, codebook, choose: work.choose, objective, workers };
    let stats = pass.over(&mut labels, &mut distances, work.add);
    (rows.labels, rows.distances, rows.changed) = (labels, distances, stats.changed);
    stats
}

/// What every worker needs to know.
pub(crate) struct Pass<'a, 'p> {
    pub(crate) isa: Isa,
    pub(crate) rows: &'a CpuPrepared<'p>,
    pub(crate) codebook: &'a CpuCodebook,
    pub(crate) choose: bool,
    pub(crate) objective: Grid,
    pub(crate) workers: &'a Workers,
}

/// A block of rows and where its labels and distances go.
pub(crate) struct Block<'a> {
    pub(crate) rows: Range<usize>,
    pub(crate) labels: &'a mut [i32],
    pub(crate) distances: &'a mut [f32],
}

/// What a worker keeps from block to block.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) block: RowBlock,
    /// Values of sparse rows in the frame.
    pub(crate) values: Vec<f32>,
    pub(crate) scratch: Scratch,
    pub(crate) chosen: Vec<i32>,
    pub(crate) measured: Vec<f64>,
    pub(crate) changed: u64,
}

impl Desk {
    /// Counts the labels chosen that differ from those before.
    pub(crate) fn count_changed(&mut self, before: &[i32]) {
        self.changed += before.iter().zip(&self.chosen).filter(|(a, b)| a != b).count() as u64;
    }
}

impl Pass<'_, '_> {
    fn over(&self, labels: &mut [i32], distances: &mut [f32], add: bool) -> PartialStats {
        let is_sparse = self.rows.stays_sparse();
        let step = if is_sparse { self.sparse_block_rows() } else { kernel::block_rows(self.rows.d()) };
        let sums = Sums::new(add, self);
        let starts = (0..labels.len()).step_by(step);
        let blocks = starts.zip(labels.chunks_mut(step).zip(distances.chunks_mut(step)));
        let blocks = blocks.map(|(start, (labels, distances))| Block {
            rows: start..start + labels.len(),
            labels,
            distances,
        });
        let desks = self.workers.share(blocks.len(), blocks, Desk::default, |desk, block| {
            if is_sparse { self.one_sparse(desk, block, &sums) } else { self.one(desk, block, &sums) }
        });
        let mut stats = sums.merged(self);
        stats.changed = desks.iter().map(|desk| desk.changed).sum();
        stats
    }

    fn one(&self, desk: &mut Desk, out: Block<'_>, sums: &Sums) {
        self.rows.load(self.isa, &mut desk.block, out.rows.clone());
        if self.choose {
            self.choose(desk, &out);
            out.labels.copy_from_slice(&desk.chosen);
        }
        self.measure(desk, out.labels);
        out.distances.iter_mut().zip(&desk.measured).for_each(|(to, &from)| *to = from as f32);
        if let Some(mut stats) = sums.any() {
            for (i, (&label, &distance)) in out.labels.iter().zip(&desk.measured).enumerate() {
                let weight = self.rows.weight(out.rows.start + i);
                self.add(&mut stats, desk.block.row(i), label as usize, weight, distance);
            }
        }
    }

    fn choose(&self, desk: &mut Desk, out: &Block<'_>) {
        desk.chosen.resize(out.rows.len(), 0);
        // Fetched from memory while this block is computed.
        let ahead = self.rows.ahead_of(&out.rows, self.workers);
        let panels = self.codebook.panels();
        kernel::nearest_block_ahead(
            self.isa,
            &desk.block,
            panels,
            &mut desk.scratch,
            &mut desk.chosen,
            ahead,
        );
        desk.count_changed(out.labels);
    }

    /// Direct distances of the rows of the block to their own centroids.
    fn measure(&self, desk: &mut Desk, labels: &[i32]) {
        let centroids = &self.codebook.centroids;
        desk.measured.resize(labels.len(), 0.0);
        if !self.codebook.metric.is_similarity() {
            let offsets = centroids.offsets();
            return kernel::sq_dists_block(self.isa, &desk.block, offsets, labels, &mut desk.measured);
        }
        for (i, (to, &label)) in desk.measured.iter_mut().zip(labels).enumerate() {
            *to = kernel::dot(self.isa, desk.block.row(i), centroids.row(label as usize));
        }
    }

    fn add(&self, stats: &mut PartialStats, v: &[f32], cluster: usize, weight: f64, distance: f64) {
        if weight == 0.0 {
            // A row without weight may lie outside the frame, where its terms are no numbers.
            stats.counts[cluster] += 1;
            return;
        }
        let frame = &self.rows.frame;
        let range = cluster * v.len()..(cluster + 1) * v.len();
        let steps = &self.rows.inverse_steps;
        let sums = &mut stats.sums[range.clone()];
        if frame.is_wide() {
            let low = &mut stats.sums_low[range];
            kernel::accumulate_wide(self.isa, v, weight, steps, sums, low, frame.weight().low_factor());
        } else {
            kernel::accumulate(self.isa, v, weight, steps, sums);
        }
        stats.add_tally(frame, self.objective, cluster, weight, distance);
    }
}

/// The sums of the workers: one set each while that is cheap, fewer to share where it is not.
pub(crate) struct Sums {
    sets: Vec<Mutex<PartialStats>>,
}

impl Sums {
    fn new(add: bool, pass: &Pass<'_, '_>) -> Self {
        let k = pass.codebook.k();
        let bytes = 8 * k * pass.rows.d();
        // Sparse rows may have fewer values to add than a set has sums.
        let most = if pass.rows.csr().is_some_and(|csr| csr.nnz() < k * pass.rows.d()) {
            1
        } else {
            pass.workers.count()
        };
        let sets = if add { (SUMS_BYTES / bytes).clamp(1, most) } else { 0 };
        Self { sets: (0..sets).map(|_| Mutex::new(PartialStats::zero(k, &pass.rows.frame))).collect() }
    }

    /// A set that is free, or the first that becomes so; none if nothing is added.
    pub(crate) fn any(&self) -> Option<MutexGuard<'_, PartialStats>> {
        let free = self.sets.iter().find_map(|set| set.try_lock().ok());
        free.or_else(|| self.sets.first().map(|set| set.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn merged(self, pass: &Pass<'_, '_>) -> PartialStats {
        let sets = self.sets.into_iter().map(|set| set.into_inner().unwrap_or_else(PoisonError::into_inner));
        let merged = sets.reduce(|mut a, b| {
            a.merge(&b);
            a
        });
        merged.unwrap_or_else(|| PartialStats::zero(pass.codebook.k(), &pass.rows.frame))
    }
}
