//! Assignment: the nearest centroid of each row.

use std::collections::HashSet;

use burn::tensor::{Tensor, backend::Backend};

use super::TensorEngine;
use super::distance::{argmin_lowest, direct, matrix, scores, to_f32, to_i64};
use super::prepared::TensorPrepared;
use crate::centroids::Centroids;
use crate::engine::Neighbours;
use crate::metric::Metric;

/// Centroids on the device.
pub struct TensorCodebook<B: Backend> {
    /// k×d, in the frame.
    pub(super) centroids: Tensor<B, 2>,
    /// 1×k.
    bias: Tensor<B, 2>,
    /// 1×k, infinite for centroids that repeat an earlier one: whatever order a matrix product
    /// adds in, the first of equal centroids wins.
    bias_of_first: Tensor<B, 2>,
    pub(super) metric: Metric,
    pub(super) max_sq_norm: f64,
}

impl<B: Backend> TensorCodebook<B> {
    pub(super) fn new(engine: &TensorEngine<B>, centroids: &Centroids, metric: Metric) -> Self {
        let k = centroids.k();
        let biases = centroids.biases(metric);
        let mut seen = HashSet::with_capacity(k);
        // Adding 0 makes -0 and 0 the same bits; equal centroids of different penalties are not equal.
        let bits = |c: &[f32], bias: f32| {
            let values = c.iter().chain([&bias]);
            values.map(|v| (v + 0.0).to_bits()).collect::<Vec<_>>()
        };
        let first = |(c, &bias)| if seen.insert(bits(c, bias)) { bias } else { f32::INFINITY };
        let biases_of_first: Vec<f32> = centroids.rows().zip(&biases).map(first).collect();
        Self {
            centroids: matrix(centroids.offsets(), centroids.dim(), &engine.device),
            bias: matrix(&biases, k, &engine.device),
            bias_of_first: matrix(&biases_of_first, k, &engine.device),
            metric,
            max_sq_norm: centroids.max_sq_norm(),
        }
    }

    fn k(&self) -> usize {
        self.centroids.dims()[0]
    }
}

impl<B: Backend> TensorEngine<B> {
    /// Labels and distances of all rows, block by block.
    pub(super) fn assign_rows(&self, rows: &mut TensorPrepared<'_, B>, codebook: &TensorCodebook<B>) {
        let (labels, distances) = rows
            .blocks(Self::block_rows(codebook.k()))
            .map(|block| {
                let v = rows.offsets(block);
                let scores = scores(
                    v.clone(),
                    codebook.centroids.clone(),
                    codebook.bias_of_first.clone(),
                    codebook.metric,
                );
                let labels = argmin_lowest(scores);
                let own = codebook.centroids.clone().select(0, labels.clone());
                (labels, direct(v, own, codebook.metric, self.has_64_bits))
            })
            .unzip();
        let labels = Tensor::cat(labels, 0);
        let changed = labels.clone().not_equal(rows.labels.clone()).int().sum();
        rows.changed = to_i64(changed)[0] as u64;
        rows.labels = labels;
        rows.distances = Tensor::cat(distances, 0);
    }

    /// The distance of each row to the centroid of its label, block by block.
    pub(super) fn own_distances(
        &self,
        rows: &TensorPrepared<'_, B>,
        codebook: &TensorCodebook<B>,
    ) -> Tensor<B, 1> {
        let blocks = rows.blocks(Self::block_rows(1)).map(|block| {
            let labels = rows.labels.clone().slice([block.clone()]);
            let own = codebook.centroids.clone().select(0, labels);
            direct(rows.offsets(block), own, codebook.metric, self.has_64_bits)
        });
        Tensor::cat(blocks.collect(), 0)
    }

    /// The distance of each row to each centroid, row-major n×k: a column at a time.
    pub(super) fn all_distances(
        &self,
        rows: &TensorPrepared<'_, B>,
        codebook: &TensorCodebook<B>,
    ) -> Vec<f32> {
        let (k, d) = (codebook.k(), rows.frame.dim());
        let mut all = Vec::with_capacity(rows.n() * k);
        for block in rows.blocks(Self::block_rows(1)) {
            let v = rows.offsets(block);
            let columns = (0..k).map(|c| {
                let centroid = codebook.centroids.clone().slice([c..c + 1, 0..d]).expand(v.dims());
                to_f32(direct(v.clone(), centroid, codebook.metric, self.has_64_bits))
            });
            let columns: Vec<Vec<f32>> = columns.collect();
            (0..v.dims()[0]).for_each(|row| all.extend(columns.iter().map(|column| column[row])));
        }
        all
    }

    /// The `p` nearest centroids of each row: the argmin, `p` times, each time without those found.
    pub(super) fn nearest_rows(
        &self,
        rows: &TensorPrepared<'_, B>,
        codebook: &TensorCodebook<B>,
        p: usize,
    ) -> Neighbours {
        let mut found = Neighbours::default();
        for block in rows.blocks(Self::block_rows(codebook.k())) {
            let v = rows.offsets(block);
            let mut scores =
                scores(v.clone(), codebook.centroids.clone(), codebook.bias.clone(), codebook.metric);
            let mut columns = Vec::with_capacity(p);
            for rank in 0..p {
                // The first is the label, found as labels are.
                let masked = if rank == 0 {
                    let bias = codebook.bias_of_first.clone();
                    self::scores(v.clone(), codebook.centroids.clone(), bias, codebook.metric)
                } else {
                    scores.clone()
                };
                let ids = argmin_lowest(masked);
                let own = codebook.centroids.clone().select(0, ids.clone());
                let distances = direct(v.clone(), own, codebook.metric, self.has_64_bits);
                let infinite = Tensor::full([ids.dims()[0], 1], f32::INFINITY, &self.device);
                let at = ids.clone().reshape([-1, 1]);
                scores = scores.scatter(1, at, infinite, burn::tensor::IndexingUpdateOp::Add);
                columns.push((to_i64(ids), to_f32(distances)));
            }
            interleave(&columns, &mut found);
        }
        found.sort(p, codebook.metric);
        found
    }
}

/// Columns, one for each rank, into rows.
fn interleave(columns: &[(Vec<i64>, Vec<f32>)], found: &mut Neighbours) {
    let rows = columns.first().map_or(0, |(ids, _)| ids.len());
    for row in 0..rows {
        found.ids.extend(columns.iter().map(|(ids, _)| ids[row] as i32));
        found.distances.extend(columns.iter().map(|(_, distances)| distances[row]));
    }
}
