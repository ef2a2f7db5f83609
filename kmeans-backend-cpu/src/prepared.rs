//! Rows in host memory and what is remembered of them from pass to pass.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{FloatDType, Tensor};
use burn_ndarray::{NdArray, NdArrayTensor};
use kmeans_core::{Extent, Frame, Rows};

/// Rows lent, owned or inside a tensor; their labels, distances and seeds.
#[derive(Debug)]
pub struct CpuPrepared<'p> {
    rows: Values<'p>,
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
    pub(crate) seeds: Seeds,
}

/// What k-means++ remembers: the squared distance of each row to its nearest seed, and the
/// potential of each block of rows, so that a draw finds its block first.
#[derive(Debug, Default)]
pub(crate) struct Seeds {
    pub(crate) sq_dists: Vec<f64>,
    pub(crate) potentials: Vec<u128>,
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
}

impl<'p> CpuPrepared<'p> {
    pub(crate) fn new(rows: Rows<'p, NdArray>, weights: Option<&'p [f32]>) -> Self {
        let [n, d] = rows.dims();
        let rows = match rows {
            Rows::Host { x, .. } => Values::Slice(x),
            Rows::Tensor(t) => contiguous(t),
        };
        let nothing = Frame::at_minimum(&Extent::new(vec![0.0; d], vec![0.0; d], n, weights));
        let mut prepared = Self {
            rows,
            d,
            weights,
            frame: nothing.clone(),
            origin_scaled: Vec::new(),
            inverse_steps: Vec::new(),
            labels: vec![0; n],
            distances: vec![0.0; n],
            changed: 0,
            seeds: Seeds::default(),
        };
        prepared.set_frame(&nothing);
        prepared
    }

    pub(crate) fn set_frame(&mut self, frame: &Frame) {
        self.origin_scaled = frame.origin().iter().map(|o| o * frame.scale()).collect();
        self.inverse_steps = frame.columns().iter().map(|g| g.inverse_step()).collect();
        self.frame = frame.clone();
    }

    /// The values, row-major, in the units of the data.
    pub(crate) fn x(&self) -> &[f32] {
        match &self.rows {
            Values::Slice(x) => x,
            Values::Tensor(t) => lent(t).expect("only contiguous f32 tensors are kept"),
        }
    }

    pub(crate) fn d(&self) -> usize {
        self.d
    }

    pub(crate) fn n(&self) -> usize {
        self.labels.len()
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
