//! The verbs, delegated.

use burn::tensor::backend::Backend;
use burn::tensor::{FloatDType, Int, Tensor, TensorData};

use super::TensorEngine;
use super::assign::TensorCodebook;
use super::distance::{matrix, to_f32, to_i64};
use super::guard::guard;
use super::prepared::TensorPrepared;
use super::reduce::TensorSums;
use crate::centroids::Centroids;
use crate::engine::{Engine, Neighbours, Rows};
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::frame::Frame;
use crate::metric::Metric;
use crate::stats::PartialStats;

impl<B: Backend> Engine for TensorEngine<B> {
    type Backend = B;
    type Prepared<'p> = TensorPrepared<'p, B>;
    type Codebook = TensorCodebook<B>;
    type Sums = TensorSums<B>;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn backend_device(&self) -> B::Device {
        self.device.clone()
    }

    #[cfg(test)]
    fn computes_elsewhere(&self) -> bool {
        self.is_elsewhere
    }

    fn prepare<'p>(&'p self, rows: Rows<'p, B>, weights: Option<&'p [f32]>) -> Result<TensorPrepared<'p, B>> {
        guard(&self.name, || TensorPrepared::new(self, rows, weights))
    }

    fn extent(&self, rows: &TensorPrepared<'_, B>) -> Result<Extent> {
        guard(&self.name, || rows.extent())?.map_err(|(row, column, value)| Error::NonFinite {
            data: "rows".to_owned(),
            row,
            column,
            value,
        })
    }

    fn set_frame(&self, rows: &mut TensorPrepared<'_, B>, frame: &Frame) -> Result<()> {
        guard(&self.name, || rows.set_frame(frame, self.has_64_bits))
    }

    fn codebook(&self, centroids: &Centroids, metric: Metric) -> Result<TensorCodebook<B>> {
        guard(&self.name, || TensorCodebook::new(self, centroids, metric))
    }

    fn assign(&self, rows: &mut TensorPrepared<'_, B>, codebook: &TensorCodebook<B>) -> Result<()> {
        guard(&self.name, || self.assign_rows(rows, codebook))
    }

    fn reduce(
        &self,
        rows: &mut TensorPrepared<'_, B>,
        codebook: &TensorCodebook<B>,
    ) -> Result<TensorSums<B>> {
        guard(&self.name, || self.reduce_rows(rows, codebook))
    }

    fn merge(&self, into: &mut TensorSums<B>, other: TensorSums<B>) -> Result<()> {
        guard(&self.name, || Self::merge_sums(into, other))
    }

    fn normalize(&self, centroids: &mut Centroids, frame: &Frame) -> Result<()> {
        let d = frame.dim();
        let positions = guard(&self.name, || {
            let origin = matrix::<B>(frame.origin(), d, &self.device);
            let c = matrix::<B>(centroids.offsets(), d, &self.device);
            let dtype = if self.has_64_bits { FloatDType::F64 } else { FloatDType::F32 };
            let c = c.cast(dtype) / f64::from(frame.scale()) + origin.cast(dtype);
            let norms = c.clone().square().sum_dim(1).sqrt();
            let zero = norms.clone().equal_elem(0.0);
            to_f32((c / norms.mask_fill(zero, 1.0)).reshape([-1]))
        })?;
        *centroids = Centroids::from_positions(&positions, frame);
        Ok(())
    }

    fn download(&self, sums: TensorSums<B>) -> Result<PartialStats> {
        guard(&self.name, || Self::download_sums(sums))
    }

    fn labels(&self, rows: &TensorPrepared<'_, B>) -> Result<Vec<i32>> {
        guard(&self.name, || to_i64(rows.labels.clone()).into_iter().map(|label| label as i32).collect())
    }

    fn distances(&self, rows: &TensorPrepared<'_, B>) -> Result<Vec<f32>> {
        guard(&self.name, || to_f32(rows.distances.clone()))
    }

    fn gather(&self, rows: &TensorPrepared<'_, B>, ids: &[usize]) -> Result<Vec<f32>> {
        let row = |id| to_f32(rows.offsets(id..id + 1).reshape([-1]));
        guard(&self.name, || ids.iter().flat_map(|&id| row(id)).collect())
    }

    fn nearest(
        &self,
        rows: &TensorPrepared<'_, B>,
        codebook: &TensorCodebook<B>,
        p: usize,
    ) -> Result<Neighbours> {
        guard(&self.name, || self.nearest_rows(rows, codebook, p))
    }

    fn distance_matrix(
        &self,
        rows: &TensorPrepared<'_, B>,
        codebook: &TensorCodebook<B>,
    ) -> Result<Vec<f32>> {
        guard(&self.name, || self.all_distances(rows, codebook))
    }

    fn set_labels(&self, rows: &mut TensorPrepared<'_, B>, labels: &[i32]) -> Result<()> {
        let data = TensorData::new(labels.to_vec(), [labels.len()]);
        rows.labels = guard(&self.name, || Tensor::<B, 1, Int>::from_data(data, &self.device))?;
        Ok(())
    }
}
