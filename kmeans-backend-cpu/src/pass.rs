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

use kmeans_core::{Grid, PartialStats};

use crate::bounds::{Bounds, Kept};
use crate::byte_choice::{Before, ByteCounts, Memory};
use crate::byte_work::{ByteWork, Bytes};
use crate::cells::Cells;
use crate::codebook::CpuCodebook;
use crate::desk::{Desk, Desks};
use crate::engine::CpuEngine;
use crate::isa::Isa;
use crate::kernel::{self, PlainRows};
use crate::prepared::CpuPrepared;
use crate::sums::Sums;
use crate::workers::Workers;

/// Bytes are given up once they leave this share of all pairs in doubt: scores of single pairs take up to sixteen
/// times as long as those of panels.
const VAGUE: f64 = 1.0 / 32.0;

/// Bounds that keep this share of all pairs awake are made anew, in an order of the centroids as they are now.
const STALE: f64 = 0.8;

/// Sums are kept for the next pass if there are so many rows a cluster: they then take a quarter of the rows'
/// memory at most.
const ROWS_A_CLUSTER: usize = 8;

/// Sets labels and distances.
pub(crate) fn assign(engine: &CpuEngine, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) {
    run(engine, rows, codebook, Work { choose: true, add: false });
}

/// Adds the rows by their labels.
pub(crate) fn reduce(engine: &CpuEngine, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) -> PartialStats {
    let changed = rows.changed;
    let mut stats = run(engine, rows, codebook, Work { choose: false, add: true });
    (rows.changed, stats.changed) = (changed, changed);
    stats
}

/// Both in one pass.
pub(crate) fn step(engine: &CpuEngine, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) -> PartialStats {
    run(engine, rows, codebook, Work { choose: true, add: true })
}

/// What a pass does besides measuring.
#[derive(Clone, Copy)]
struct Work {
    choose: bool,
    add: bool,
}

fn run(engine: &CpuEngine, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook, work: Work) -> PartialStats {
    let (workers, isa) = (&engine.workers, engine.isa);
    let objective = rows.frame.objective(codebook.metric, codebook.max_sq_norm);
    let mut byte_isa = None;
    let mut found = None;
    if work.choose {
        // Made here, by all workers, and not by the first that needs them.
        if rows.stays_sparse() {
            codebook.strips(workers);
        } else {
            byte_isa = engine.byte_isa(rows, codebook);
            match byte_isa {
                Some(_) => _ = rows.bytes(workers, isa),
                None if engine.has_cells(rows, codebook) => {
                    let cells = rows.cells(workers, isa);
                    found = Some(cells.nearest(workers, isa, codebook, &engine.desks));
                }
                None if kernel::is_better_transposed(rows.d()) => _ = codebook.fours(),
                None => _ = codebook.panels(),
            }
        }
    }
    let mut bounds = byte_isa.and_then(|_| remembered(engine, rows, codebook));
    let mut kept = bounds.as_mut().map(|bounds| std::mem::take(&mut bounds.kept)).unwrap_or_default();
    let panels = byte_isa.map(|of_bytes| {
        let order = bounds.as_ref().map(|bounds| &bounds.order);
        codebook.bytes(workers, (isa, of_bytes), order)
    });
    let totals = rows.totals.take().filter(|totals| work.add && totals.counts.len() == codebook.k());
    let mut labels = std::mem::take(&mut rows.labels);
    let mut distances = std::mem::take(&mut rows.distances);
    let bytes = byte_isa.zip(panels.as_deref());
    let bytes = bytes.map(|(isa_of_bytes, panels)| Bytes {
        isa: isa_of_bytes,
        rows: rows.bytes(workers, isa),
        panels,
    });
    let cells = found.as_ref().map(|found| (rows.cells(workers, isa), &*found.labels));
    let (choose, moves_only, desks, bounds_of) =
        (work.choose, totals.is_some(), &*engine.desks, bounds.as_ref());
    let pass = Pass {
        isa,
        rows,
        codebook,
        choose,
        bytes,
        bounds: bounds_of,
        cells,
        moves_only,
        objective,
        workers,
        desks,
    };
    let Passed { mut stats, gained, counts } =
        pass.over(&mut labels, &mut distances, &mut kept, work.add, totals);
    for (count, gained) in stats.counts.iter_mut().zip(gained) {
        *count = count.checked_add_signed(gained).expect("a cluster loses only rows that it has");
    }
    (rows.labels, rows.distances, rows.changed) = (labels, distances, stats.changed);
    if work.add && !rows.stays_sparse() && rows.n() >= ROWS_A_CLUSTER * codebook.k() {
        rows.totals = Some(PartialStats { changed: 0, ..stats.clone() });
    }
    if work.choose {
        let is_pruned = byte_isa.is_some() || found.is_some();
        let scored = found.map_or(0, |found| found.scored);
        let counts = counts.and(ByteCounts { crowded: scored, ..ByteCounts::default() });
        let bounds = bounds.map(|bounds| (bounds, kept));
        remember(rows, codebook.k(), counts, is_pruned, bounds);
    }
    stats
}

/// The bounds of the passes before, where these rows are not assigned for the first time.
fn remembered(engine: &CpuEngine, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) -> Option<Bounds> {
    let old = rows.bounds.take();
    if !rows.is_assigned || !rows.has_labels_of(codebook) || codebook.has_penalties() {
        return None;
    }
    match old.filter(|bounds| bounds.go_with(codebook)) {
        Some(mut bounds) => {
            bounds.follow(&engine.workers, engine.isa, codebook);
            Some(bounds)
        }
        None => Bounds::new(&engine.workers, engine.isa, rows, codebook, engine.bounds_bytes(rows)),
    }
}

/// Keeps what a pass that chose labels among `k` centroids has found of the rows: bounds, with what was kept of
/// them, unless they are worn.
fn remember(
    rows: &mut CpuPrepared<'_>,
    k: usize,
    counts: ByteCounts,
    is_pruned: bool,
    bounds: Option<(Bounds, Kept)>,
) {
    let total = rows.n() as u64 * k as u64;
    rows.pairs += counts.pairs(total, is_pruned);
    rows.bytes_are_vague |= (counts.scored + counts.crowded) as f64 > VAGUE * total as f64;
    let is_stale = counts.by_bytes as f64 > STALE * total as f64;
    let holds = |bounds: &Bounds| !bounds.have_moved_far() && (bounds.are_new || !is_stale);
    rows.bounds = bounds.filter(|(bounds, _)| holds(bounds)).map(|(bounds, kept)| bounds.with(kept));
    (rows.labelled, rows.is_assigned) = (k, true);
}

/// What every worker needs to know.
pub(crate) struct Pass<'a, 'p> {
    pub(crate) isa: Isa,
    pub(crate) rows: &'a CpuPrepared<'p>,
    pub(crate) codebook: &'a CpuCodebook,
    pub(crate) choose: bool,
    pub(crate) bytes: Option<Bytes<'a>>,
    pub(crate) bounds: Option<&'a Bounds>,
    /// The labels that rows have found in cells.
    pub(crate) cells: Option<(&'a Cells, &'a [i32])>,
    /// Whether only rows whose label changes are added, and taken from where they were.
    pub(crate) moves_only: bool,
    pub(crate) objective: Grid,
    pub(crate) workers: &'a Workers,
    pub(crate) desks: &'a Desks,
}

/// A block of rows and where its labels and distances go.
pub(crate) struct Block<'a> {
    pub(crate) rows: Range<usize>,
    pub(crate) labels: &'a mut [i32],
    pub(crate) distances: &'a mut [f32],
    /// What is remembered of these rows, where bounds are.
    pub(crate) kept: Option<KeptOf<'a>>,
}

/// [`Kept`] of a block.
pub(crate) struct KeptOf<'a> {
    pub(crate) bounds: &'a mut [u16],
    pub(crate) measured: &'a mut [f64],
}

/// What a pass gives besides labels and distances.
struct Passed {
    stats: PartialStats,
    /// Dense rows that each cluster gained, which are not in the counts yet.
    gained: Vec<i64>,
    counts: ByteCounts,
}

impl Pass<'_, '_> {
    fn over(
        &self,
        labels: &mut [i32],
        distances: &mut [f32],
        kept: &mut Kept,
        add: bool,
        totals: Option<PartialStats>,
    ) -> Passed {
        let is_sparse = self.rows.stays_sparse();
        let step = match self.bytes {
            _ if is_sparse => self.sparse_block_rows(),
            Some(_) => kernel::byte_block_rows(self.rows.d()),
            None => kernel::block_rows(self.rows.d()),
        };
        let sums = Sums::new(add, self);
        let n = labels.len();
        let bounds = kept.bounds.chunks_mut(step * self.bounds.map_or(1, Bounds::groups));
        let kept = bounds.zip(kept.measured.chunks_mut(step));
        let kept = kept.map(|(bounds, measured)| Some(KeptOf { bounds, measured }));
        let kept = kept.chain(std::iter::repeat_with(|| None));
        let blocks = labels.chunks_mut(step).zip(distances.chunks_mut(step)).zip(kept);
        let blocks = (0..n).step_by(step).zip(blocks).map(|(start, ((labels, distances), kept))| Block {
            rows: start..start + labels.len(),
            labels,
            distances,
            kept,
        });
        let desk = || self.desks.take(self.codebook.k());
        let len = Workers::worth_sharing(n.div_ceil(step), [n, self.rows.d(), self.codebook.k()]);
        let desks = self.workers.share(len, blocks, desk, |desk, block| {
            if is_sparse { self.one_sparse(desk, block, &sums) } else { self.one(desk, block, &sums) }
        });
        let mut stats = sums.merged(self, totals);
        stats.changed = desks.iter().map(|desk| desk.changed).sum();
        let mut gained = vec![0; self.codebook.k()];
        for desk in &desks {
            gained.iter_mut().zip(&desk.gained).for_each(|(all, some)| *all += some);
        }
        let counts = desks.iter().fold(ByteCounts::default(), |all, desk| all.and(desk.bytes.counts));
        self.desks.give_back(desks);
        Passed { stats, gained, counts }
    }

    fn one(&self, desk: &mut Desk, mut out: Block<'_>, sums: &Sums) {
        desk.rows.begin(out.rows.clone());
        desk.before.clear();
        desk.before.extend_from_slice(out.labels);
        match self.bytes {
            Some(bytes) => self.choose_by_bytes(desk, &mut out, bytes),
            None => {
                if self.choose {
                    self.choose(desk, &out);
                    out.labels.copy_from_slice(&desk.chosen);
                }
                self.measure(desk, out.labels, &out.rows, None);
            }
        }
        out.distances.iter_mut().zip(&desk.measured).for_each(|(to, &from)| *to = from as f32);
        let Some(mut stats) = sums.any() else { return };
        if !self.moves_only {
            desk.rows.all(self.isa, self.rows);
        }
        for (i, (&label, &distance)) in out.labels.iter().zip(&desk.measured).enumerate() {
            let (weight, cluster) = (self.rows.weight(out.rows.start + i), label as usize);
            if !self.moves_only {
                desk.gained[cluster] += 1;
                self.add(&mut stats, desk.rows.row(i), cluster, weight);
            } else if label != desk.before[i] {
                desk.rows.one(self.isa, self.rows, i);
                let v = desk.rows.row(i);
                let from = desk.before[i] as usize;
                desk.gained[from] -= 1;
                desk.gained[cluster] += 1;
                self.add(&mut stats, v, from, -weight);
                self.add(&mut stats, v, cluster, weight);
            }
            if weight != 0.0 {
                stats.objective[cluster] += self.objective.split(distance * weight);
            }
        }
    }

    fn choose(&self, desk: &mut Desk, out: &Block<'_>) {
        desk.chosen.resize(out.rows.len(), 0);
        if let Some((cells, labels)) = self.cells {
            let places = cells.places(out.rows.clone());
            desk.chosen.iter_mut().zip(places).for_each(|(chosen, &place)| *chosen = labels[place as usize]);
            return desk.count_changed(out.labels);
        }
        // Fetched from memory while this block is computed.
        let ahead = self.rows.ahead_of(&out.rows, self.workers);
        let block = desk.rows.all(self.isa, self.rows);
        let (scratch, chosen) = (&mut desk.scratch, &mut desk.chosen);
        if kernel::is_better_transposed(self.rows.d()) {
            kernel::nearest_transposed(self.isa, block, self.codebook.fours(), scratch, chosen, ahead);
        } else {
            kernel::nearest_block_ahead(self.isa, block, self.codebook.panels(), scratch, chosen, ahead);
        }
        desk.count_changed(out.labels);
    }

    /// Labels and direct distances by way of bytes. The distances to the labels before bound the new ones, and
    /// are measured already where nothing changes.
    fn choose_by_bytes(&self, desk: &mut Desk, out: &mut Block<'_>, bytes: Bytes<'_>) {
        desk.chosen.resize(out.rows.len(), 0);
        let has_labels = self.rows.has_labels_of(self.codebook);
        if has_labels {
            let known = out.kept.as_ref().map(|kept| &*kept.measured);
            self.measure(desk, out.labels, &out.rows, known);
        }
        let before = has_labels.then_some(Before { labels: out.labels, measured: &desk.measured });
        let memory = self.bounds.zip(out.kept.as_mut());
        let memory = memory.map(|(bounds, kept)| Memory { bounds, kept: kept.bounds });
        let (isa, codebook, start, count) = (self.isa, self.codebook, out.rows.start, out.rows.len());
        let work = ByteWork { isa, bytes, rows: self.rows, codebook, start, count };
        work.choose(&mut desk.rows, before, memory, &mut desk.bytes, &mut desk.chosen);
        desk.count_changed(out.labels);
        if !has_labels {
            out.labels.copy_from_slice(&desk.chosen);
            return self.measure(desk, out.labels, &out.rows, None);
        }
        for (row, (label, &chosen)) in out.labels.iter_mut().zip(&desk.chosen).enumerate() {
            if *label != chosen {
                *label = chosen;
                desk.rows.one(isa, self.rows, row);
                desk.measured[row] = codebook.measure(isa, desk.rows.row(row), chosen as usize);
            }
        }
        if let Some(kept) = &mut out.kept {
            kept.measured.copy_from_slice(&desk.measured);
        }
    }

    /// Direct distances of the rows of the block to their own centroids; those to centroids that have not moved
    /// are `known`.
    fn measure(&self, desk: &mut Desk, labels: &[i32], rows: &Range<usize>, known: Option<&[f64]>) {
        let Desk { rows: loaded, measured, to_measure, .. } = desk;
        measured.resize(labels.len(), 0.0);
        to_measure.clear();
        to_measure.extend(0..labels.len() as u32);
        if let Some((bounds, known)) = self.bounds.zip(known) {
            measured.copy_from_slice(known);
            let mut count = 0;
            for (row, &label) in labels.iter().enumerate() {
                // No branch: which rows these are is hard to guess.
                to_measure[count] = row as u32;
                count += usize::from(!bounds.is_still(label as usize));
            }
            to_measure.truncate(count);
        }
        let (is_similarity, offsets) =
            (self.codebook.metric.is_similarity(), self.codebook.centroids.offsets());
        let plain = self.rows.plain(rows.clone()).filter(|_| self.bytes.is_some() && !is_similarity);
        if let Some(x) = plain {
            // Most rows are not asked for again.
            let (scale, origin) = (self.rows.frame.scale(), &self.rows.origin_scaled);
            let rows = PlainRows { x, scale, origin };
            return kernel::sq_dists_plain(self.isa, rows, to_measure, offsets, labels, measured);
        }
        if to_measure.len() == labels.len() {
            let block = loaded.all(self.isa, self.rows);
            if !is_similarity {
                return kernel::sq_dists_block(self.isa, block, offsets, labels, measured);
            }
        }
        for row in to_measure.iter().map(|&row| row as usize) {
            loaded.one(self.isa, self.rows, row);
            measured[row] = self.codebook.measure(self.isa, loaded.row(row), labels[row] as usize);
        }
    }

    /// Adds a row and its weight to a cluster; with the negative of its weight, takes it away to the last bit.
    fn add(&self, stats: &mut PartialStats, v: &[f32], cluster: usize, weight: f64) {
        if weight == 0.0 {
            // A row without weight may lie outside the frame, where its terms are no numbers.
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
        stats.weights[cluster] += frame.weight().split(weight);
    }
}
