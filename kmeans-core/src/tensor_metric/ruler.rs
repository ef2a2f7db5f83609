//! Distances by blocks of bounded memory.

use burn::tensor::{DType, FloatDType, Tensor, backend::Backend};

use super::block::RowBlock;
use super::metric::TensorMetric;
use crate::centroids::Centroids;
use crate::engine::Neighbours;
use crate::error::{Error, Result};
use crate::tensor_engine::distance::{argmin_lowest, matrix, to_f64, to_i64};
use crate::tensor_engine::guard::guard;

/// Most values in one tensor of a block: 2 MiB in `f64`, which stays in the second-level cache.
const BLOCK_VALUES: usize = 1 << 18;

/// A metric on a device.
pub(super) struct Ruler<'a, B: Backend> {
    pub(super) metric: &'a dyn TensorMetric<B>,
    pub(super) device: B::Device,
    dtype: FloatDType,
    block_values: usize,
}

/// Labels of some rows, and the distances to the centroids of their labels.
#[derive(Default)]
pub(super) struct Labelled {
    pub(super) labels: Vec<i32>,
    pub(super) distances: Vec<f64>,
}

impl Labelled {
    /// Puts those of further rows behind these.
    pub(super) fn append(&mut self, further: Self) {
        if self.labels.is_empty() {
            *self = further;
        } else {
            self.labels.extend(further.labels);
            self.distances.extend(further.distances);
        }
    }
}

impl<'a, B: Backend> Ruler<'a, B> {
    pub(super) fn new(metric: &'a dyn TensorMetric<B>, device: &B::Device) -> Self {
        let has_f64 = B::supports_dtype(device, DType::F64);
        let dtype = if has_f64 { FloatDType::F64 } else { FloatDType::F32 };
        Self { metric, device: device.clone(), dtype, block_values: BLOCK_VALUES }
    }

    /// Other blocks, or single precision though the backend has double.
    #[cfg(test)]
    pub(super) fn with(mut self, block_values: usize, dtype: FloatDType) -> Self {
        (self.block_values, self.dtype) = (block_values, dtype);
        self
    }

    /// What runs, for reports.
    pub(super) fn name(&self) -> String {
        let whose = if self.metric.kind() == crate::Metric::Custom { "custom metric" } else { "metric" };
        format!("{whose} {} on reference ({})", self.metric.name(), B::name(&self.device))
    }

    /// The nearest centroid of each row, ties to the lowest.
    pub(super) fn nearest(&self, rows: &RowBlock<'_, B>, centroids: &Centroids) -> Result<Labelled> {
        let mut all =
            Labelled { labels: Vec::with_capacity(rows.n()), distances: Vec::with_capacity(rows.n()) };
        self.by_blocks(rows, centroids, |start, measured| {
            let near = to_f64(measured.clone().min_dim(1).reshape([-1]));
            let labels = to_i64(argmin_lowest(measured));
            self.check(start, near.iter().zip(&labels).map(|(&near, &label)| (label as usize, near)), 1)?;
            all.labels.extend(labels.iter().map(|&label| label as i32));
            all.distances.extend(near);
            Ok(())
        })?;
        Ok(all)
    }

    /// The `p` nearest centroids of each row, the nearest first, ties to the lowest.
    pub(super) fn nearest_of_each(
        &self,
        rows: &RowBlock<'_, B>,
        centroids: &Centroids,
        p: usize,
    ) -> Result<(Neighbours, Vec<f64>)> {
        let mut found = Neighbours::default();
        let mut first = Vec::with_capacity(rows.n());
        self.by_blocks(rows, centroids, |start, measured| {
            let measured = to_f64(measured.reshape([-1]));
            for (row, distances) in measured.chunks_exact(centroids.k()).enumerate() {
                let order = smallest(distances, p);
                self.check(start + row, order.iter().map(|&c| (c, distances[c])), p)?;
                first.push(distances[order[0]]);
                found.ids.extend(order.iter().map(|&c| c as i32));
                found.distances.extend(order.iter().map(|&c| distances[c] as f32));
            }
            Ok(())
        })?;
        Ok((found, first))
    }

    /// The distance of each row to each centroid, row-major.
    pub(super) fn all_distances(&self, rows: &RowBlock<'_, B>, centroids: &Centroids) -> Result<Vec<f32>> {
        let k = centroids.k();
        let mut all = Vec::with_capacity(rows.n() * k);
        self.by_blocks(rows, centroids, |start, measured| {
            let measured = to_f64(measured.reshape([-1]));
            self.check(start, (0..k).cycle().zip(measured.iter().copied()), k)?;
            all.extend(measured.iter().map(|&distance| distance as f32));
            Ok(())
        })?;
        Ok(all)
    }

    /// The distance of each row to one point.
    pub(super) fn distances_to(&self, rows: &RowBlock<'_, B>, point: &[f32]) -> Result<Vec<f64>> {
        Ok(self.nearest(rows, &Centroids::from_offsets(point.to_vec(), point.len()))?.distances)
    }

    /// Hands over the matrix of distances of each block of rows, and the number of its first row.
    fn by_blocks(
        &self,
        rows: &RowBlock<'_, B>,
        centroids: &Centroids,
        mut take: impl FnMut(usize, Tensor<B, 2>) -> Result<()>,
    ) -> Result<()> {
        let (n, k, d) = (rows.n(), centroids.k(), centroids.dim());
        guard(&self.name(), || {
            let centroids = matrix::<B>(centroids.offsets(), d, &self.device).cast(self.dtype);
            let step = self.block_rows(k, d);
            (0..n).step_by(step).try_for_each(|start| {
                let block = rows.part(start..n.min(start + step), &self.device).cast(self.dtype);
                let measured = self.measure(block, &centroids)?;
                self.refuse_nan(start, &measured)?;
                take(start, measured)
            })
        })?
    }

    /// Rows of a block, so that neither distances nor intermediate values are more than `block_values`.
    fn block_rows(&self, k: usize, d: usize) -> usize {
        let per_row = (self.block_centroids(d).min(k) * self.values_per_pair(d)).max(k).max(d);
        (self.block_values / per_row).max(1)
    }

    /// Centroids of a block: as many as fit with the two rows that a block has at least.
    fn block_centroids(&self, d: usize) -> usize {
        (self.block_values / (2 * self.values_per_pair(d))).max(2)
    }

    fn values_per_pair(&self, d: usize) -> usize {
        self.metric.values_per_pair(d).max(1)
    }

    /// Distances b×k of a block of rows, centroids block by block.
    fn measure(&self, rows: Tensor<B, 2>, centroids: &Tensor<B, 2>) -> Result<Tensor<B, 2>> {
        let b = rows.dims()[0];
        let [k, d] = centroids.dims();
        let rows = at_least_two(rows);
        let step = self.block_centroids(d);
        let parts = (0..k).step_by(step).map(|start| {
            let some = step.min(k - start);
            let part = at_least_two(centroids.clone().narrow(0, start, some));
            let expected = [rows.dims()[0], part.dims()[0]];
            let measured = self.metric.distances(rows.clone(), part);
            if measured.dims() != expected {
                let (metric, found) = (self.metric.name().to_owned(), measured.dims());
                return Err(Error::MetricShape { metric, expected, found });
            }
            Ok(measured.narrow(0, 0, b).narrow(1, 0, some))
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        Ok(Tensor::cat(parts, 1))
    }

    /// NaN is neither near nor far, and a minimum may hide it.
    fn refuse_nan(&self, start: usize, measured: &Tensor<B, 2>) -> Result<()> {
        if to_i64(measured.clone().is_nan().any().int())[0] == 0 {
            return Ok(());
        }
        let k = measured.dims()[1];
        let values = to_f64(measured.clone().reshape([-1]));
        let at = values.iter().position(|v| v.is_nan()).expect("one of them is NaN");
        Err(self.not_a_distance(start + at / k, at % k, f64::NAN))
    }

    /// Checks distances, `p` a row, the first row being `start`.
    fn check(&self, start: usize, found: impl Iterator<Item = (usize, f64)>, p: usize) -> Result<()> {
        let most = f64::from(f32::MAX);
        match found.enumerate().find(|(_, (_, distance))| distance.abs() > most) {
            Some((at, (cluster, distance))) => Err(self.not_a_distance(start + at / p, cluster, distance)),
            None => Ok(()),
        }
    }

    fn not_a_distance(&self, row: usize, cluster: usize, value: f64) -> Error {
        let metric = self.metric.name().to_owned();
        Error::NotADistance { metric, data: "rows".to_owned(), row, cluster, value }
    }
}

/// One row twice: tensor libraries may sum a single row in another order than one of many.
fn at_least_two<B: Backend>(rows: Tensor<B, 2>) -> Tensor<B, 2> {
    if rows.dims()[0] == 1 { rows.repeat_dim(0, 2) } else { rows }
}

/// The places of the `p` smallest values, the smallest first, equal ones in order. No value is NaN.
fn smallest(values: &[f64], p: usize) -> Vec<usize> {
    let order = |&a: &usize, &b: &usize| values[a].partial_cmp(&values[b]).expect("no NaN").then(a.cmp(&b));
    let mut places: Vec<usize> = (0..values.len()).collect();
    if p < places.len() {
        places.select_nth_unstable_by(p - 1, order);
        places.truncate(p);
    }
    places.sort_unstable_by(order);
    places
}
