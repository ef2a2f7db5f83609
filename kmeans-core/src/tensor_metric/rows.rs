//! Rows on the host, where rules are applied, and on the device, where distances are measured.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{FloatDType, Tensor, backend::Backend};

use super::metric::check_rows;
use super::ruler::{Labelled, Ruler};
use crate::centroids::Centroids;
use crate::engine::Rows;
use crate::error::Result;
use crate::extent::Extent;
use crate::frame::Frame;
use crate::params::Params;
use crate::sample::Sample;
use crate::source::{Source, locate};
use crate::tensor_engine::TensorEngine;
use crate::tensor_engine::distance::{matrix, to_f32};
use crate::watch::Watch;

/// Rows, row-major with `d` columns.
pub(super) struct HeldRows<'a, B: Backend> {
    x: Cow<'a, [f32]>,
    d: usize,
    /// The same on the device; without it, blocks are sent there one at a time.
    on_device: Option<Tensor<B, 2>>,
}

impl<'a, B: Backend> HeldRows<'a, B> {
    /// Rows that are passed over once: what is on the host is sent by blocks.
    pub(super) fn once(rows: Rows<'a, B>) -> Self {
        match rows {
            Rows::Host { x, d } => Self { x, d, on_device: None },
            Rows::Csr(rows) => Self { x: rows.to_dense().into(), d: rows.view().dim(), on_device: None },
            Rows::Tensor(t) => {
                let [n, d] = t.dims();
                // Through one dimension and back: rows in row-major order, whatever the tensor's strides.
                let t = t.cast(FloatDType::F32).reshape([n * d]);
                Self { x: Cow::Owned(to_f32(t.clone())), d, on_device: Some(t.reshape([n, d])) }
            }
        }
    }

    /// Rows that are passed over many times: all are sent to the device.
    fn kept(rows: Rows<'a, B>, device: &B::Device) -> Self {
        let mut rows = Self::once(rows);
        rows.on_device.get_or_insert_with(|| matrix(&rows.x, rows.d, device));
        rows
    }

    pub(super) fn n(&self) -> usize {
        self.x.len() / self.d
    }

    pub(super) fn d(&self) -> usize {
        self.d
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.x
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.x[row * self.d..][..self.d]
    }

    /// A range of rows on the device, in `f32`.
    pub(super) fn part(&self, rows: Range<usize>, device: &B::Device) -> Tensor<B, 2> {
        match &self.on_device {
            Some(t) => t.clone().slice([rows, 0..self.d]),
            None => matrix(&self.x[rows.start * self.d..rows.end * self.d], self.d, device),
        }
    }
}

/// The rows that are trained on: sampled and checked.
pub(super) struct TrainingRows<'a, B: Backend> {
    held: HeldRows<'a, B>,
    sample: Sample<'a, TensorEngine<B>>,
    /// At zero, unscaled: it only holds the grids on which rows and weights are added.
    frame: Frame,
}

impl<'a, B: Backend> TrainingRows<'a, B> {
    pub(super) fn draw(
        ruler: &Ruler<'_, B>,
        source: &'a Source<'a, B>,
        weights: Option<&'a [f32]>,
        params: &Params,
        watch: &Watch<'_>,
    ) -> Result<Self> {
        let mut sample = Sample::<TensorEngine<B>>::draw(source, weights, params, watch)?;
        let rows = sample.take_rows()?;
        let by_chunks = params.chunk_rows.is_some();
        let held = if by_chunks { HeldRows::once(rows) } else { HeldRows::kept(rows, &ruler.device) };
        let frame = frame(&held, sample.weights());
        let rows = Self { held, sample, frame };
        check_rows(ruler.metric, rows.held.values(), rows.held.d()).map_err(|e| rows.at_source(e))?;
        Ok(rows)
    }

    /// The rows by themselves.
    pub(super) fn held(&self) -> &HeldRows<'a, B> {
        &self.held
    }

    pub(super) fn n(&self) -> usize {
        self.held.n()
    }

    pub(super) fn frame(&self) -> &Frame {
        &self.frame
    }

    pub(super) fn weights(&self) -> Option<&[f32]> {
        self.sample.weights()
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        weight(self.weights(), row)
    }

    /// Whether these are all rows of the source.
    pub(super) fn is_all(&self) -> bool {
        self.sample.is_all()
    }

    /// Labels and distances of all rows.
    pub(super) fn assign(&self, ruler: &Ruler<'_, B>, centroids: &Centroids) -> Result<Labelled> {
        ruler.nearest(&self.held, centroids).map_err(|e| self.at_source(e))
    }

    /// Lowers each distance to that from `point`, where that is nearer.
    pub(super) fn lower(&self, ruler: &Ruler<'_, B>, point: &[f32], distances: &mut [f64]) -> Result<()> {
        let to_point = ruler.distances_to(&self.held, point).map_err(|e| self.at_source(e))?;
        distances.iter_mut().zip(to_point).for_each(|(distance, new)| *distance = distance.min(new));
        Ok(())
    }

    /// `w·distance` of each row, 0 where that is negative.
    pub(super) fn costs<'b>(&'b self, distances: &'b [f64]) -> impl Iterator<Item = f64> + Clone + 'b {
        distances.iter().enumerate().map(|(row, distance)| self.weight(row) * distance.max(0.0))
    }

    fn at_source(&self, error: crate::Error) -> crate::Error {
        locate(error, self.sample.name(), |row| self.sample.source_row(row))
    }
}

/// The weight of a row, 1 without weights.
pub(super) fn weight(weights: Option<&[f32]>, row: usize) -> f64 {
    weights.map_or(1.0, |w| f64::from(w[row]))
}

/// `Σ w·distance`, in the order of the rows.
pub(super) fn objective(weights: Option<&[f32]>, distances: &[f64]) -> f64 {
    distances.iter().enumerate().map(|(row, distance)| weight(weights, row) * distance).sum()
}

fn frame<B: Backend>(rows: &HeldRows<'_, B>, weights: Option<&[f32]>) -> Frame {
    let d = rows.d();
    let (mut min, mut max) = (vec![f32::INFINITY; d], vec![f32::NEG_INFINITY; d]);
    for row in (0..rows.n()).filter(|&row| weight(weights, row) > 0.0) {
        for ((min, max), &x) in min.iter_mut().zip(&mut max).zip(rows.row(row)) {
            (*min, *max) = (min.min(x), max.max(x));
        }
    }
    Frame::with(vec![0.0; d], 1.0, &Extent::new(min, max, rows.n(), weights))
}
