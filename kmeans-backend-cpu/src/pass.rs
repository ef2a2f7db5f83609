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
    run(workers, isa, rows, codebook, false);
}

/// Adds the rows by their labels.
pub(crate) fn reduce(
    workers: &Workers,
    isa: Isa,
    rows: &CpuPrepared<'_>,
    codebook: &CpuCodebook,
) -> PartialStats {
    let mut labels = rows.labels.clone();
    let mut distances = rows.distances.clone();
    let pass = Pass { isa, rows, codebook, choose: false, objective: objective(rows, codebook), workers: 1 };
    let mut stats = pass.over(workers, &mut labels, &mut distances, true);
    stats.changed = rows.changed;
    stats
}

/// Both in one pass.
pub(crate) fn step(
    workers: &Workers,
    isa: Isa,
    rows: &mut CpuPrepared<'_>,
    codebook: &CpuCodebook,
) -> PartialStats {
    run(workers, isa, rows, codebook, true)
}

fn run(
    workers: &Workers,
    isa: Isa,
    rows: &mut CpuPrepared<'_>,
    codebook: &CpuCodebook,
    add: bool,
) -> PartialStats {
    let mut labels = std::mem::take(&mut rows.labels);
    let mut distances = std::mem::take(&mut rows.distances);
    let objective = objective(rows, codebook);
    let pass = Pass { isa, rows, codebook, choose: true, objective, workers: workers.count() };
    let stats = pass.over(workers, &mut labels, &mut distances, add);
    (rows.labels, rows.distances, rows.changed) = (labels, distances, stats.changed);
    stats
}

fn objective(rows: &CpuPrepared<'_>, codebook: &CpuCodebook) -> Grid {
    rows.frame.objective(codebook.metric, codebook.max_sq_norm)
}

/// What every worker needs to know.
struct Pass<'a, 'p> {
    isa: Isa,
    rows: &'a CpuPrepared<'p>,
    codebook: &'a CpuCodebook,
    choose: bool,
    objective: Grid,
    workers: usize,
}

/// A block of rows and where its labels and distances go.
struct Block<'a> {
    rows: Range<usize>,
    labels: &'a mut [i32],
    distances: &'a mut [f32],
}

/// What a worker keeps from block to block.
#[derive(Default)]
struct Desk {
    block: RowBlock,
    scratch: Scratch,
    chosen: Vec<i32>,
    measured: Vec<f64>,
    changed: u64,
}

impl Pass<'_, '_> {
    fn over(&self, workers: &Workers, labels: &mut [i32], distances: &mut [f32], add: bool) -> PartialStats {
        let step = kernel::block_rows(self.rows.d());
        let sums = Sums::new(workers.count(), add, self);
        let starts = (0..labels.len()).step_by(step);
        let blocks = starts.zip(labels.chunks_mut(step).zip(distances.chunks_mut(step)));
        let blocks = blocks.map(|(start, (labels, distances))| Block {
            rows: start..start + labels.len(),
            labels,
            distances,
        });
        let desks = workers.share(blocks.len(), blocks, Desk::default, |desk, block| {
            self.one(desk, block, &sums);
        });
        let mut stats = sums.merged(self);
        stats.changed = desks.iter().map(|desk| desk.changed).sum();
        stats
    }

    fn one(&self, desk: &mut Desk, out: Block<'_>, sums: &Sums) {
        let x = self.values(out.rows.clone());
        desk.block.load(self.isa, x, self.rows.d(), &self.rows.origin_scaled, self.rows.frame.scale());
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

    fn values(&self, rows: Range<usize>) -> &[f32] {
        &self.rows.x()[rows.start * self.rows.d()..rows.end * self.rows.d()]
    }

    fn choose(&self, desk: &mut Desk, out: &Block<'_>) {
        desk.chosen.resize(out.rows.len(), 0);
        // Workers take blocks in turn, so the one that this worker takes next is likely as many
        // blocks on as there are workers; it is fetched from memory while this one is computed.
        let start = (out.rows.start + self.workers * out.rows.len()).min(self.rows.n());
        let ahead = self.values(start..self.rows.n().min(start + out.rows.len()));
        let panels = &self.codebook.panels;
        kernel::nearest_block_ahead(
            self.isa,
            &desk.block,
            panels,
            &mut desk.scratch,
            &mut desk.chosen,
            ahead,
        );
        desk.changed += out.labels.iter().zip(&desk.chosen).filter(|(a, b)| a != b).count() as u64;
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
struct Sums {
    sets: Vec<Mutex<PartialStats>>,
}

impl Sums {
    fn new(workers: usize, add: bool, pass: &Pass<'_, '_>) -> Self {
        let k = pass.codebook.k();
        let bytes = 8 * k * pass.rows.d();
        let sets = if add { (SUMS_BYTES / bytes).clamp(1, workers) } else { 0 };
        Self { sets: (0..sets).map(|_| Mutex::new(PartialStats::zero(k, &pass.rows.frame))).collect() }
    }

    /// A set that is free, or the first that becomes so; none if nothing is added.
    fn any(&self) -> Option<MutexGuard<'_, PartialStats>> {
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
