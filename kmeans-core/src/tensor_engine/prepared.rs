//! Rows on the device.

use std::ops::Range;

use burn::tensor::{DType, FloatDType, Int, Tensor, TensorData, backend::Backend};

use super::TensorEngine;
use super::distance;
use crate::engine::Rows;
use crate::extent::Extent;
use crate::frame::{Frame, unit_factor, unit_factors};
use crate::sparse_rows::SparseRows;

/// Values of sparse rows that are written out with their zeros at a time: 64 MiB of `f32`.
const DENSE_VALUES: usize = 1 << 24;

/// Rows, their labels and distances as tensors.
pub struct TensorPrepared<'p, B: Backend> {
    values: Values<'p, B>,
    n: usize,
    device: B::Device,
    pub(super) weights: Option<&'p [f32]>,
    pub(super) frame: Frame,
    /// n.
    pub(super) labels: Tensor<B, 1, Int>,
    /// n, in the frame; `f64` where the backend has it.
    pub(super) distances: Tensor<B, 1>,
    pub(super) changed: u64,
    /// n×1, what rows are multiplied by in a frame of unit rows.
    factors: Option<Tensor<B, 2>>,
}

/// The rows as given, n×d.
enum Values<'p, B: Backend> {
    Dense(Tensor<B, 2>),
    /// On the host; a block of them goes to the device with its zeros.
    Sparse(SparseRows<'p>),
}

impl<'p, B: Backend> TensorPrepared<'p, B> {
    pub(super) fn new(engine: &TensorEngine<B>, rows: Rows<'p, B>, weights: Option<&'p [f32]>) -> Self {
        let [n, d] = rows.dims();
        let values = match rows.unpacked() {
            Rows::Packed { .. } => unreachable!("they were unpacked"),
            Rows::Host { x, .. } => {
                Values::Dense(Tensor::from_data(TensorData::new(x.into_owned(), [n, d]), &engine.device))
            }
            // Through one dimension and back: rows in row-major order, for sums of one order.
            Rows::Tensor(t) => Values::Dense(t.cast(FloatDType::F32).reshape([n * d]).reshape([n, d])),
            Rows::Csr(rows) => Values::Sparse(rows),
        };
        let nothing = Extent {
            min: vec![0.0; d],
            max: vec![0.0; d],
            ..Extent::new(Vec::new(), Vec::new(), n, weights)
        };
        Self {
            values,
            n,
            device: engine.device.clone(),
            weights,
            frame: Frame::at_origin(vec![0.0; d], &nothing),
            labels: Tensor::zeros([n], &engine.device),
            distances: Tensor::zeros([n], &engine.device),
            changed: 0,
            factors: None,
        }
    }

    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// Sets the coordinates in which rows are seen from now on.
    pub(super) fn set_frame(&mut self, frame: &Frame, has_f64: bool) {
        self.frame = frame.clone();
        self.factors = frame.has_unit_rows().then(|| {
            let factors = match &self.values {
                Values::Dense(x) => unit_factors(&distance::to_f32(x.clone().reshape([-1])), frame.dim()),
                Values::Sparse(rows) => {
                    (0..self.n).map(|row| unit_factor(rows.view().row(row).1)).collect::<Vec<f64>>()
                }
            };
            let factors = TensorData::new(factors, [self.n, 1]);
            let dtype = if has_f64 { DType::F64 } else { DType::F32 };
            Tensor::from_data(factors.convert_dtype(dtype), (&self.device, dtype))
        });
    }

    /// A block of rows in the coordinates of the frame.
    pub(super) fn offsets(&self, rows: Range<usize>) -> Tensor<B, 2> {
        let d = self.frame.dim();
        let x = self.values(rows.clone());
        if let Some(factors) = &self.factors {
            let factors = factors.clone().slice([rows, 0..1]);
            return (x.cast(factors.dtype()) * factors).cast(FloatDType::F32);
        }
        let scale = self.frame.scale();
        let origin: Vec<f32> = self.frame.origin().iter().map(|o| o * scale).collect();
        x * scale - Tensor::from_data(TensorData::new(origin, [1, d]), &self.device)
    }

    /// A block of rows as given, with their zeros.
    fn values(&self, rows: Range<usize>) -> Tensor<B, 2> {
        let d = self.frame.dim();
        match &self.values {
            Values::Dense(x) => x.clone().slice([rows, 0..d]),
            Values::Sparse(all) => {
                let x = TensorData::new(all.slice(rows.clone()).to_dense(), [rows.len(), d]);
                Tensor::from_data(x, &self.device)
            }
        }
    }

    /// Weights of a block of rows as a column, 1 without weights.
    pub(super) fn weight_column(&self, rows: Range<usize>) -> Tensor<B, 2> {
        let n = rows.len();
        match self.weights {
            Some(w) => Tensor::from_data(TensorData::new(w[rows].to_vec(), [n, 1]), &self.device),
            None => Tensor::ones([n, 1], &self.device),
        }
    }

    /// Blocks of at most `step` rows, and of sparse rows of no more than fit in memory with their zeros.
    pub(super) fn blocks(&self, step: usize) -> impl Iterator<Item = Range<usize>> + use<B> {
        let n = self.n();
        let step = match self.values {
            Values::Dense(_) => step,
            Values::Sparse(_) => step.min(DENSE_VALUES / self.frame.dim()).max(1),
        };
        (0..n).step_by(step).map(move |start| start..n.min(start + step))
    }

    /// Smallest and largest value of each column, or where the first value stands that is neither.
    pub(super) fn extent(&self) -> Result<Extent, (usize, usize, f32)> {
        let x = match &self.values {
            Values::Dense(x) => x,
            Values::Sparse(rows) => return Extent::of_csr(rows.view(), self.weights),
        };
        let columns = |t: Tensor<B, 2>| distance::to_f32(t.reshape([-1]));
        let heavy = self.heavy_rows(x);
        let min = columns(heavy.clone().min_dim(0));
        let max = columns(heavy.max_dim(0));
        // NaN may hide in a minimum; a sum of x·0 cannot hide it, and is finite exactly if x is.
        let check = distance::to_f32(x.clone().mul_scalar(0.0).sum_dim(0).reshape([-1]));
        if check.iter().any(|c| *c != 0.0) {
            return Err(first_non_finite(x));
        }
        let mut extent = Extent::new(min, max, self.n(), self.weights);
        extent.max_abs = distance::to_f32(x.clone().abs().max().reshape([1]))[0];
        Ok(extent)
    }

    /// The rows of `x` of positive weight; all where there are none, to have a range at all.
    fn heavy_rows(&self, x: &Tensor<B, 2>) -> Tensor<B, 2> {
        let Some(weights) = self.weights else { return x.clone() };
        let ids: Vec<i64> = (0..self.n()).filter(|&row| weights[row] > 0.0).map(|row| row as i64).collect();
        if ids.is_empty() || ids.len() == self.n() {
            return x.clone();
        }
        let count = ids.len();
        x.clone().select(0, Tensor::from_data(TensorData::new(ids, [count]), &self.device))
    }
}

fn first_non_finite<B: Backend>(x: &Tensor<B, 2>) -> (usize, usize, f32) {
    let d = x.dims()[1];
    let x = distance::to_f32(x.clone().reshape([-1]));
    let at = x.iter().position(|v| !v.is_finite()).expect("a column sum of x·0 is not 0");
    (at / d, at % d, x[at])
}
