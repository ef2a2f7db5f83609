//! Rows on the device.

use std::ops::Range;

use burn::tensor::{FloatDType, Int, Tensor, TensorData, backend::Backend};

use super::TensorEngine;
use super::distance;
use crate::engine::Rows;
use crate::frame::{Extent, Frame};

/// Rows, their labels and distances as tensors.
pub struct TensorPrepared<'p, B: Backend> {
    /// n×d, as given.
    pub(super) x: Tensor<B, 2>,
    pub(super) weights: Option<&'p [f32]>,
    pub(super) frame: Frame,
    /// n.
    pub(super) labels: Tensor<B, 1, Int>,
    /// n, in the frame; `f64` where the backend has it.
    pub(super) distances: Tensor<B, 1>,
    pub(super) changed: u64,
    /// Squared distance to the nearest seed of k-means++.
    pub(super) seed_sq_dists: Vec<f64>,
}

impl<'p, B: Backend> TensorPrepared<'p, B> {
    pub(super) fn new(engine: &TensorEngine<B>, rows: Rows<'p, B>, weights: Option<&'p [f32]>) -> Self {
        let [n, d] = rows.dims();
        let x = match rows {
            Rows::Host { x, .. } => {
                Tensor::from_data(TensorData::new(x.into_owned(), [n, d]), &engine.device)
            }
            // Through one dimension and back: rows in row-major order, for sums of one order.
            Rows::Tensor(t) => t.cast(FloatDType::F32).reshape([n * d]).reshape([n, d]),
        };
        let nothing = Extent {
            min: vec![0.0; d],
            max: vec![0.0; d],
            ..Extent::new(Vec::new(), Vec::new(), n, weights)
        };
        Self {
            x,
            weights,
            frame: Frame::at_origin(vec![0.0; d], &nothing),
            labels: Tensor::zeros([n], &engine.device),
            distances: Tensor::zeros([n], &engine.device),
            changed: 0,
            seed_sq_dists: Vec::new(),
        }
    }

    pub(super) fn n(&self) -> usize {
        self.x.dims()[0]
    }

    /// A block of rows in the coordinates of the frame.
    pub(super) fn offsets(&self, rows: Range<usize>) -> Tensor<B, 2> {
        let d = self.frame.dim();
        let x = self.x.clone().slice([rows, 0..d]);
        let scale = self.frame.scale();
        let origin: Vec<f32> = self.frame.origin().iter().map(|o| o * scale).collect();
        x * scale - Tensor::from_data(TensorData::new(origin, [1, d]), &self.x.device())
    }

    /// Weights of a block of rows as a column, 1 without weights.
    pub(super) fn weight_column(&self, rows: Range<usize>) -> Tensor<B, 2> {
        let n = rows.len();
        match self.weights {
            Some(w) => Tensor::from_data(TensorData::new(w[rows].to_vec(), [n, 1]), &self.x.device()),
            None => Tensor::ones([n, 1], &self.x.device()),
        }
    }

    /// Blocks of at most `step` rows.
    pub(super) fn blocks(&self, step: usize) -> impl Iterator<Item = Range<usize>> + use<B> {
        let n = self.n();
        (0..n).step_by(step).map(move |start| start..n.min(start + step))
    }

    /// Smallest and largest value of each column, or where the first value stands that is neither.
    pub(super) fn extent(&self) -> Result<Extent, (usize, usize, f32)> {
        let columns = |t: Tensor<B, 2>| distance::to_f32(t.reshape([-1]));
        let heavy = self.heavy_rows();
        let min = columns(heavy.clone().min_dim(0));
        let max = columns(heavy.max_dim(0));
        // NaN may hide in a minimum; a sum of x·0 cannot hide it, and is finite exactly if x is.
        let check = distance::to_f32(self.x.clone().mul_scalar(0.0).sum_dim(0).reshape([-1]));
        if check.iter().any(|c| *c != 0.0) {
            return Err(self.first_non_finite());
        }
        let mut extent = Extent::new(min, max, self.n(), self.weights);
        extent.max_abs = distance::to_f32(self.x.clone().abs().max().reshape([1]))[0];
        Ok(extent)
    }

    /// The rows of positive weight; all where there are none, to have a range at all.
    fn heavy_rows(&self) -> Tensor<B, 2> {
        let Some(weights) = self.weights else { return self.x.clone() };
        let ids: Vec<i64> = (0..self.n()).filter(|&row| weights[row] > 0.0).map(|row| row as i64).collect();
        if ids.is_empty() || ids.len() == self.n() {
            return self.x.clone();
        }
        let count = ids.len();
        self.x.clone().select(0, Tensor::from_data(TensorData::new(ids, [count]), &self.x.device()))
    }

    fn first_non_finite(&self) -> (usize, usize, f32) {
        let d = self.frame.dim();
        let x = distance::to_f32(self.x.clone().reshape([-1]));
        let at = x.iter().position(|v| !v.is_finite()).expect("a column sum of x·0 is not 0");
        (at / d, at % d, x[at])
    }
}
