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

use kmeans_core::{Grid, Metric, PartialStats};

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
    run(workers, isa, rows, codebook, true, false);
}

/// Adds the rows by their labels.
pub(crate) fn reduce(workers: &Workers, isa: Isa, rows: &CpuPrepared<'_>, codebook: &CpuCodebook) -> PartialStats {
    let mut labels = rows.labels.clone();
    let mut distances = rows.distances.clone();
    let pass = Pass { isa, rows, codebook, choose: false, objective: objective(rows, codebook) };
    let mut stats = pass.over(workers, &mut labels, &mut distances, true);
    stats.changed = rows.changed;
    stats
}

/// Both in one pass.
pub(crate) fn step(workers: &Workers, isa: Isa, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) -> PartialStats {
    run(workers, isa, rows, codebook, true, true)
}

fn run(
    workers: &Workers,
    isa: Isa,
    rows: &mut CpuPrepared<'_>,
    codebook: &CpuCodebook,
    choose: bool,
    add: bool,
) -> PartialStats {
    let mut labels = std::mem::take(&mut rows.labels);
    let mut distances = std::mem::take(&mut rows.distances);
    let pass = Pass { isa, rows, codebook, choose, objective: objective(rows, codebook) };
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
        let d = self.rows.d();
        let x = &self.rows.x()[out.rows.start * d..out.rows.end * d];
        desk.block.load(self.isa, x, d, &self.rows.origin_scaled, self.rows.frame.scale());
        if self.choose {
            desk.chosen.resize(out.rows.len(), 0);
            kernel::nearest_block(self.isa, &desk.block, &self.codebook.panels, &mut desk.scratch, &mut desk.chosen);
            desk.changed += out.labels.iter().zip(&desk.chosen).filter(|(a, b)| a != b).count() as u64;
            out.labels.copy_from_slice(&desk.chosen);
        }
        let mut stats = sums.any();
        for (i, (&label, distance)) in out.labels.iter().zip(out.distances).enumerate() {
            let v = desk.block.row(i);
            let measured = self.measure(v, label as usize);
            *distance = measured as f32;
            if let Some(stats) = stats.as_deref_mut() {
                self.add(stats, v, label as usize, self.rows.weight(out.rows.start + i), measured);
            }
        }
    }

    fn measure(&self, v: &[f32], cluster: usize) -> f64 {
        let centroid = self.codebook.centroids.row(cluster);
        match self.codebook.metric {
            Metric::InnerProduct => kernel::dot(self.isa, v, centroid),
            _ => kernel::sq_dist(self.isa, v, centroid),
        }
    }

    fn add(&self, stats: &mut PartialStats, v: &[f32], cluster: usize, weight: f64, distance: f64) {
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
