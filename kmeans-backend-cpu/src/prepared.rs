//! Rows in host memory and what is remembered of them from pass to pass.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use burn::tensor::{FloatDType, Tensor};
use burn_ndarray::{NdArray, NdArrayTensor};
use kmeans_core::{
    CsrView, Extent, Frame, PairCounts, PartialStats, Pruning, Rows, SparseRows, unit_factor, unit_factors,
    zeros,
};

use crate::bounds::Bounds;
use crate::bytes::ByteRows;
use crate::cells::Cells;
use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{self, RowBlock, SparseBlock};
use crate::workers::Workers;

/// Rows lent, owned or inside a tensor; their labels and distances.
#[derive(Debug)]
pub struct CpuPrepared<'p> {
    rows: Values<'p>,
    n: usize,
    d: usize,
    pub(crate) weights: Option<&'p [f32]>,
    pub(crate) frame: Frame,
    /// The frame's origin times its scale, as the kernels subtract it.
    pub(crate) origin_scaled: Vec<f32>,
    /// Units of each column's grid in 1.
    pub(crate) inverse_steps: Vec<f64>,
    pub(crate) labels: Vec<i32>,
    pub(crate) distances: Vec<f32>,
    pub(crate) changed: u64,
    /// What each row is multiplied by in a frame of unit rows.
    factors: Option<Vec<f64>>,
    origin_is_zero: bool,
    /// `‖v‖²` of each row in the frame, rounded to `f32`, once it has been asked for.
    sq_norms: OnceLock<Vec<f32>>,
    /// The rows as bytes, once they have been asked for.
    bytes: OnceLock<ByteRows>,
    /// Their order by nearness, once it has been asked for.
    cells: OnceLock<Cells>,
    /// Whether bytes left too much in doubt to be worth their time.
    pub(crate) bytes_are_vague: bool,
    /// What was said of pruning these rows; else as the engine has it.
    pub(crate) pruning: Option<Pruning>,
    pub(crate) pruning_memory: Option<u64>,
    /// How the pairs of all passes that chose labels were decided.
    pub(crate) pairs: PairCounts,
    /// What is remembered of distances, by these labels.
    pub(crate) bounds: Option<Bounds>,
    /// Labels are below it; 0 where none were chosen yet.
    pub(crate) labelled: usize,
    /// Whether a pass has chosen labels: another may follow.
    pub(crate) is_assigned: bool,
    /// The sums by these labels, where the last pass took them; their objective is another codebook's.
    pub(crate) totals: Option<PartialStats>,
}

/// Neighbouring rows that have weight, or have none.
pub(crate) struct Run {
    pub(crate) rows: Range<usize>,
    pub(crate) is_heavy: bool,
}

#[derive(Debug)]
enum Values<'p> {
    Slice(Cow<'p, [f32]>),
    Tensor(NdArrayTensor),
    Sparse(SparseRows<'p>),
}

impl<'p> CpuPrepared<'p> {
    pub(crate) fn new(rows: Rows<'p, NdArray>, weights: Option<&'p [f32]>) -> Self {
        let [n, d] = rows.dims();
        let rows = match rows.unpacked() {
            Rows::Packed { .. } => unreachable!("they were unpacked"),
            Rows::Host { x, .. } => Values::Slice(x),
            Rows::Tensor(t) => contiguous(t),
            Rows::Csr(rows) => Values::Sparse(rows),
        };
        let nothing = Frame::at_minimum(&Extent::new(vec![0.0; d], vec![0.0; d], n, weights));
        let mut prepared = Self {
            rows,
            n,
            d,
            weights,
            frame: nothing.clone(),
            origin_scaled: Vec::new(),
            inverse_steps: Vec::new(),
            labels: vec![0; n],
            distances: vec![0.0; n],
            changed: 0,
            factors: None,
            origin_is_zero: true,
            sq_norms: OnceLock::new(),
            bytes: OnceLock::new(),
            cells: OnceLock::new(),
            bytes_are_vague: false,
            pruning: None,
            pruning_memory: None,
            pairs: PairCounts::default(),
            bounds: None,
            labelled: 0,
            is_assigned: false,
            totals: None,
        };
        prepared.set_frame(&nothing);
        prepared
    }

    pub(crate) fn set_frame(&mut self, frame: &Frame) {
        self.origin_scaled = frame.origin().iter().map(|o| o * frame.scale()).collect();
        self.inverse_steps = frame.columns().iter().map(|g| g.inverse_step()).collect();
        self.factors = frame.has_unit_rows().then(|| match self.csr() {
            None => unit_factors(self.x(), self.d),
            Some(csr) => (0..csr.rows()).map(|row| unit_factor(csr.row(row).1)).collect(),
        });
        self.origin_is_zero = frame.origin().iter().all(|&o| o == 0.0);
        self.sq_norms = OnceLock::new();
        self.bytes = OnceLock::new();
        self.cells = OnceLock::new();
        self.bytes_are_vague = false;
        self.bounds = None;
        self.totals = None;
        self.frame = frame.clone();
    }

    /// `‖v‖²` of each row in the frame, rounded to `f32`.
    pub(crate) fn sq_norms(&self, workers: &Workers, isa: Isa) -> &[f32] {
        self.sq_norms.get_or_init(|| {
            let step = kernel::block_rows(self.d);
            let mut all: Vec<f32> = zeros(self.n());
            let blocks = (0..self.n()).step_by(step).zip(all.chunks_mut(step));
            let len = Workers::worth_sharing(self.n().div_ceil(step), [self.n(), self.d, 1]);
            workers.share(len, blocks, RowBlock::default, |block, (start, out)| {
                self.load(isa, block, start..start + out.len());
                for (i, out) in out.iter_mut().enumerate() {
                    *out = kernel::dot(isa, block.row(i), block.row(i)) as f32;
                }
            });
            all
        })
    }

    /// The rows in the frame as bytes.
    pub(crate) fn bytes(&self, workers: &Workers, isa: Isa) -> &ByteRows {
        self.bytes.get_or_init(|| ByteRows::of(workers, isa, self))
    }

    /// The rows in cells.
    pub(crate) fn cells(&self, workers: &Workers, isa: Isa) -> &Cells {
        self.cells.get_or_init(|| Cells::of(workers, isa, self))
    }

    /// Brings some rows into the frame.
    pub(crate) fn load(&self, isa: Isa, block: &mut RowBlock, rows: Range<usize>) {
        let mut dense = std::mem::take(&mut block.dense);
        let x = self.dense(&mut dense, rows.clone());
        match &self.factors {
            Some(factors) => block.load_unit(isa, x, self.d, &factors[rows]),
            None => block.load(isa, x, self.d, &self.origin_scaled, self.frame.scale()),
        }
        block.dense = dense;
    }

    /// Brings one row into the frame, to a place of a block that has room for it.
    pub(crate) fn load_into(&self, isa: Isa, block: &mut RowBlock, at: usize, row: usize) {
        let mut dense = std::mem::take(&mut block.dense);
        let x = self.dense(&mut dense, row..row + 1);
        match &self.factors {
            Some(factors) => block.load_unit_at(isa, at, x, &factors[row..row + 1]),
            None => block.load_at(isa, at, x, &self.origin_scaled, self.frame.scale()),
        }
        block.dense = dense;
    }

    /// Some rows in the units of the data; sparse ones are written out.
    fn dense<'b>(&'b self, dense: &'b mut Vec<f32>, rows: Range<usize>) -> &'b [f32] {
        let Some(csr) = self.csr_of(rows.clone()) else {
            return &self.x()[rows.start * self.d..rows.end * self.d];
        };
        dense.resize(rows.len() * self.d, 0.0);
        csr.densify(dense);
        dense
    }

    /// Some rows as they are in memory, where multiplying and subtracting is all that brings them into the
    /// frame.
    pub(crate) fn plain(&self, rows: Range<usize>) -> Option<&[f32]> {
        let is_plain = self.factors.is_none() && self.csr().is_none();
        is_plain.then(|| &self.x()[rows.start * self.d..rows.end * self.d])
    }

    /// Brings some sparse rows into the frame, where that leaves them sparse; `buffer` takes values that
    /// are not those of the data.
    pub(crate) fn load_sparse<'b>(
        &'b self,
        rows: Range<usize>,
        buffer: &'b mut Vec<f32>,
    ) -> Option<SparseBlock<'b>> {
        let csr = self.csr_of(rows.clone()).filter(|_| self.stays_sparse())?;
        let scale = self.frame.scale();
        buffer.clear();
        match &self.factors {
            None if scale == 1.0 => return Some(SparseBlock::new(csr, csr.values())),
            None => buffer.extend(csr.values().iter().map(|x| x * scale)),
            Some(factors) => {
                for (row, factor) in factors[rows].iter().enumerate() {
                    buffer.extend(csr.row(row).1.iter().map(|&x| (f64::from(x) * factor) as f32));
                }
            }
        }
        Some(SparseBlock::new(csr, buffer))
    }

    /// Whether rows are sparse in the frame, too: the origin is zero.
    pub(crate) fn stays_sparse(&self) -> bool {
        self.csr().is_some() && self.origin_is_zero
    }

    /// The rows where they are sparse, in the units of the data.
    pub(crate) fn csr(&self) -> Option<CsrView<'_>> {
        match &self.rows {
            Values::Sparse(rows) => Some(rows.view()),
            Values::Slice(_) | Values::Tensor(_) => None,
        }
    }

    fn csr_of(&self, rows: Range<usize>) -> Option<CsrView<'_>> {
        self.csr().map(|csr| csr.slice(rows).expect("the rows are there"))
    }

    /// The values, row-major, in the units of the data; none where they are sparse.
    pub(crate) fn x(&self) -> &[f32] {
        match &self.rows {
            Values::Slice(x) => x,
            Values::Tensor(t) => lent(t).expect("only contiguous f32 tensors are kept"),
            Values::Sparse(_) => &[],
        }
    }

    /// The values, as they are in memory, of the rows that a worker will likely load after `rows`: workers
    /// take blocks in turn, so as many blocks on as there are workers. None of sparse rows.
    pub(crate) fn ahead_of(&self, rows: &Range<usize>, workers: &Workers) -> &[f32] {
        let start = (rows.start + workers.count() * rows.len()).min(self.n());
        let end = self.n().min(start + rows.len());
        self.x().get(start * self.d..end * self.d).unwrap_or_default()
    }

    /// The values of a row, as they are in memory; none of a sparse one.
    pub(crate) fn in_memory(&self, row: usize) -> &[f32] {
        self.x().get(row * self.d..(row + 1) * self.d).unwrap_or_default()
    }

    /// Whether all labels are centroids of a codebook.
    pub(crate) fn has_labels_of(&self, codebook: &CpuCodebook) -> bool {
        (1..=codebook.k()).contains(&self.labelled)
    }

    pub(crate) fn d(&self) -> usize {
        self.d
    }

    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// All rows in runs of at most `most` that have weight, or have none.
    pub(crate) fn runs(&self, most: usize) -> Vec<Run> {
        let is_heavy = |row: usize| self.weights.is_none_or(|w| w[row] > 0.0);
        let mut runs: Vec<Run> = Vec::new();
        let mut start = 0;
        while start < self.n() {
            let heavy = is_heavy(start);
            let limit = self.n().min(start + most);
            let end = if self.weights.is_none() {
                limit
            } else {
                (start..limit).find(|&row| is_heavy(row) != heavy).unwrap_or(limit)
            };
            runs.push(Run { rows: start..end, is_heavy: heavy });
            start = end;
        }
        runs
    }

    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |w| f64::from(w[row]))
    }
}

/// Keeps the tensor where its memory can be read in place, else copies it once.
fn contiguous(tensor: Tensor<NdArray, 2>) -> Values<'static> {
    let tensor = tensor.cast(FloatDType::F32);
    let primitive = tensor.clone().into_primitive().tensor();
    if lent(&primitive).is_some() {
        return Values::Tensor(primitive);
    }
    let copy = tensor.into_data().to_vec().expect("the tensor was cast to f32");
    Values::Slice(Cow::Owned(copy))
}

/// The memory of a tensor, where it is f32 in row-major order.
fn lent(tensor: &NdArrayTensor) -> Option<&[f32]> {
    match tensor {
        NdArrayTensor::F32(storage) => storage.view().to_slice(),
        _ => None,
    }
}
