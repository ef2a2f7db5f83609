//! The verbs, delegated.

use std::num::NonZeroUsize;
use std::sync::Arc;

use burn_ndarray::NdArray;
use kmeans_core::{
    Centroids, Closer, Engine, Error, Extent, Frame, Metric, Neighbours, PairCounts, PairDistance,
    PairRanges, PairSums, PartialStats, Pruning, Result, Rows, Scanner, Segments,
};

use crate::byte_isa::ByteIsa;
use crate::bytes::{ByteRows, MOST_COLUMNS};
use crate::cells::{self, Cells};
use crate::codebook::CpuCodebook;
use crate::desk::Desks;
use crate::isa::Isa;
use crate::kernel::{self, RowBlock};
use crate::prepared::CpuPrepared;
use crate::scanner::CpuScanner;
use crate::workers::Workers;
use crate::{closer, matrix, pair_sums, pass, top};

/// Rows of a block when ranges are looked for.
const EXTENT_ROWS: usize = 4096;

/// Fewer columns, centroids, or values of centroids, are chosen among faster without bytes: the tables of
/// BENCHMARKS.md, 'When pruning pays' and 'The grid'.
const FEWEST_COLUMNS: usize = 16;
const FEWEST_CENTROIDS: usize = 32;
const FEWEST_VALUES: usize = 4096;

/// Which kernels to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// The widest that the processor has.
    #[default]
    Widest,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
    /// AVX2, FMA and F16C.
    Avx2,
    /// NEON.
    Neon,
    /// What every processor of the target has.
    Portable,
}

/// k-means on the cores of this machine.
#[derive(Clone, Debug)]
pub struct CpuEngine {
    pub(crate) workers: Workers,
    pub(crate) isa: Isa,
    pub(crate) pruning: Pruning,
    pub(crate) desks: Arc<Desks>,
}

impl CpuEngine {
    /// An engine with `threads` threads of its own; `None`: as many as the process may use.
    ///
    /// # Errors
    /// [`Error::Device`] if the threads cannot be started.
    pub fn new(threads: Option<NonZeroUsize>) -> Result<Self> {
        let workers = Workers::new(threads)?;
        Ok(Self { workers, isa: Isa::detect(), pruning: Pruning::Auto, desks: Arc::default() })
    }

    /// The same engine on another instruction set. AVX-512, AVX2 and NEON give the same bits.
    ///
    /// # Errors
    /// [`Error::Device`] if the processor does not have it.
    pub fn instruction_set(mut self, set: InstructionSet) -> Result<Self> {
        let name = match set {
            InstructionSet::Widest => return Ok(Self { isa: Isa::detect(), ..self }),
            InstructionSet::Avx512 => "avx512",
            InstructionSet::Avx2 => "avx2",
            InstructionSet::Neon => "neon",
            InstructionSet::Portable => "portable",
        };
        let found = Isa::available().into_iter().find(|isa| isa.to_string() == name);
        self.isa = found.ok_or_else(|| Error::Device {
            device: format!("cpu ({name})"),
            reason: "this processor does not have the instruction set".to_owned(),
        })?;
        Ok(self)
    }

    /// The same engine with another pruning of rows for which nothing else is said; see
    /// [`Engine::set_pruning`].
    #[must_use]
    pub fn pruning(self, pruning: Pruning) -> Self {
        Self { pruning, ..self }
    }

    /// Memory for bounds of these rows: as much as the rows take, or what their bytes leave of a limit.
    pub(crate) fn bounds_bytes(&self, rows: &CpuPrepared<'_>) -> u64 {
        let as_bytes = ByteRows::bytes(rows.n(), rows.d());
        let left = rows.pruning_memory.map_or(u64::MAX, |bytes| bytes.saturating_sub(as_bytes));
        left.min((rows.n() * rows.d() * size_of::<f32>()) as u64)
    }

    /// Whether labels are looked for in cells of near rows.
    pub(crate) fn has_cells(&self, rows: &CpuPrepared<'_>, codebook: &CpuCodebook) -> bool {
        let (n, d) = (rows.n(), rows.d());
        rows.pruning.unwrap_or(self.pruning) == Pruning::Auto
            && !rows.stays_sparse()
            && cells::pay([n, d, codebook.k()], rows.is_assigned)
            && rows.pruning_memory.is_none_or(|bytes| bytes >= Cells::bytes(n, d))
    }

    /// The instructions by which bytes are multiplied, where labels are looked for by bytes first.
    pub(crate) fn byte_isa(&self, rows: &CpuPrepared<'_>, codebook: &CpuCodebook) -> Option<ByteIsa> {
        let widest = ByteIsa::available(self.isa)[0];
        let is_worth_it = match rows.pruning.unwrap_or(self.pruning) {
            Pruning::Always => true,
            Pruning::Auto => {
                widest != ByteIsa::Portable
                    && rows.d() >= FEWEST_COLUMNS
                    && codebook.k() >= FEWEST_CENTROIDS
                    && codebook.k() * rows.d() >= FEWEST_VALUES
                    && !rows.bytes_are_vague
            }
            _ => false,
        };
        let has_room = rows.pruning_memory.is_none_or(|bytes| bytes >= ByteRows::bytes(rows.n(), rows.d()));
        (is_worth_it && has_room && rows.d() <= MOST_COLUMNS).then_some(widest)
    }
}

impl Engine for CpuEngine {
    type Backend = NdArray;
    type Prepared<'p> = CpuPrepared<'p>;
    type Codebook = CpuCodebook;
    type Sums = PartialStats;

    fn name(&self) -> String {
        format!("cpu ({})", self.isa)
    }

    fn threads(&self) -> Option<usize> {
        Some(self.workers.count())
    }

    fn prepare<'p>(&'p self, rows: Rows<'p, NdArray>, weights: Option<&'p [f32]>) -> Result<CpuPrepared<'p>> {
        Ok(CpuPrepared::new(rows, weights))
    }

    fn extent(&self, rows: &CpuPrepared<'_>) -> Result<Extent> {
        let d = rows.d();
        if let Some(csr) = rows.csr() {
            let at = |(row, column, value)| Error::NonFinite { data: "rows".to_owned(), row, column, value };
            return Extent::of_csr(csr, rows.weights).map_err(at);
        }
        let runs = rows.runs(EXTENT_ROWS);
        let empty = || (Extent::empty(d), Extent::empty(d), None::<usize>);
        let len = Workers::worth_sharing(runs.len(), [rows.n(), d, 1]);
        let found = self.workers.share(len, runs.into_iter(), empty, |(heavy, light, bad), run| {
            let Extent { min, max, .. } = if run.is_heavy { heavy } else { light };
            let x = &rows.x()[run.rows.start * d..run.rows.end * d];
            let at = kernel::extent(self.isa, x, d, min, max).map(|at| run.rows.start * d + at);
            *bad = [*bad, at].into_iter().flatten().min();
        });
        if let Some(at) = found.iter().filter_map(|(_, _, bad)| *bad).min() {
            let value = rows.x()[at];
            return Err(Error::NonFinite { data: "rows".to_owned(), row: at / d, column: at % d, value });
        }
        let mut whole = Extent::empty(d);
        found.iter().for_each(|(heavy, _, _)| whole.merge(heavy));
        if rows.weights.is_some_and(|w| !w.iter().any(|&w| w > 0.0)) {
            // Nothing has weight: the range of all rows, to have one at all.
            found.iter().for_each(|(_, light, _)| whole.merge(light));
        }
        let mut extent = Extent::new(whole.min, whole.max, rows.n(), rows.weights);
        for (_, light, _) in &found {
            let values = light.min.iter().chain(&light.max).filter(|x| x.is_finite());
            extent.max_abs = values.fold(extent.max_abs, |m, x| m.max(x.abs()));
        }
        Ok(extent)
    }

    fn set_frame(&self, rows: &mut CpuPrepared<'_>, frame: &Frame) -> Result<()> {
        rows.set_frame(frame);
        Ok(())
    }

    fn set_pruning(&self, rows: &mut CpuPrepared<'_>, pruning: Pruning, memory: Option<u64>) -> Result<()> {
        (rows.pruning, rows.pruning_memory) = (Some(pruning), memory);
        rows.bounds = None;
        Ok(())
    }

    fn pair_counts(&self, rows: &CpuPrepared<'_>) -> Option<PairCounts> {
        Some(rows.pairs)
    }

    fn codebook(&self, centroids: &Centroids, metric: Metric) -> Result<CpuCodebook> {
        Ok(CpuCodebook::new(centroids, metric))
    }

    fn assign(&self, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) -> Result<()> {
        pass::assign(self, rows, codebook);
        Ok(())
    }

    fn reduce(&self, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) -> Result<PartialStats> {
        Ok(pass::reduce(self, rows, codebook))
    }

    fn step(&self, rows: &mut CpuPrepared<'_>, codebook: &CpuCodebook) -> Result<PartialStats> {
        Ok(pass::step(self, rows, codebook))
    }

    fn merge(&self, into: &mut PartialStats, other: PartialStats) -> Result<()> {
        into.merge(&other);
        Ok(())
    }

    fn normalize(&self, centroids: &mut Centroids, frame: &Frame) -> Result<()> {
        centroids.normalize(frame);
        Ok(())
    }

    fn download(&self, sums: PartialStats) -> Result<PartialStats> {
        Ok(sums)
    }

    fn set_labels(&self, rows: &mut CpuPrepared<'_>, labels: &[i32]) -> Result<()> {
        rows.labels.copy_from_slice(labels);
        (rows.totals, rows.bounds) = (None, None);
        rows.labelled = labels.iter().max().map_or(0, |&most| most as usize + 1);
        Ok(())
    }

    fn labels(&self, rows: &CpuPrepared<'_>) -> Result<Vec<i32>> {
        Ok(rows.labels.clone())
    }

    fn distances(&self, rows: &CpuPrepared<'_>) -> Result<Vec<f32>> {
        Ok(rows.distances.clone())
    }

    fn gather(&self, rows: &CpuPrepared<'_>, ids: &[usize]) -> Result<Vec<f32>> {
        /// Rows that are loaded together.
        const TOGETHER: usize = 64;
        let mut block = RowBlock::default();
        let mut offsets = Vec::with_capacity(ids.len() * rows.d());
        for ids in ids.chunks(TOGETHER) {
            block.make_room_for(ids.len(), rows.d());
            ids.iter().enumerate().for_each(|(at, &id)| rows.load_into(self.isa, &mut block, at, id));
            (0..ids.len()).for_each(|at| offsets.extend_from_slice(block.row(at)));
        }
        Ok(offsets)
    }

    fn distance_matrix(&self, rows: &CpuPrepared<'_>, codebook: &CpuCodebook) -> Result<Vec<f32>> {
        Ok(matrix::distances(&self.workers, self.isa, rows, codebook))
    }

    fn closer(&self, rows: &CpuPrepared<'_>, codebook: &CpuCodebook, limits: &[f32]) -> Result<Closer> {
        Ok(closer::closer(self, rows, codebook, limits))
    }

    fn closest(
        &self,
        rows: &mut CpuPrepared<'_>,
        codebook: &CpuCodebook,
        limits: &[f32],
    ) -> Result<Vec<(usize, i32, f32)>> {
        if !rows.stays_sparse() {
            return Ok(closer::closest(self, rows, codebook, limits));
        }
        self.assign(rows, codebook)?;
        let found = rows.labels.iter().zip(&rows.distances).zip(limits).enumerate();
        let found = found.filter(|(_, ((_, sq_dist), limit))| sq_dist < limit);
        Ok(found.map(|(row, ((&label, &sq_dist), _))| (row, label, sq_dist)).collect())
    }

    fn nearest(&self, rows: &CpuPrepared<'_>, codebook: &CpuCodebook, p: usize) -> Result<Neighbours> {
        Ok(top::nearest(&self.workers, self.isa, rows, codebook, p))
    }

    fn pair_sums(
        &self,
        first: Segments<'_>,
        second: Segments<'_>,
        distance: PairDistance,
    ) -> Result<PairSums> {
        Ok(pair_sums::pair_sums(&self.workers, self.isa, &first, &second, distance))
    }

    fn pair_ranges(&self, first: Segments<'_>, second: Segments<'_>) -> Result<PairRanges> {
        Ok(pair_sums::pair_ranges(&self.workers, self.isa, &first, &second))
    }

    fn scanner(&self) -> Option<Arc<dyn Scanner>> {
        Some(Arc::new(CpuScanner::new(self)))
    }
}
