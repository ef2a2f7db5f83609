//! Centroid reduction: rows added by label, as integers.

use burn::tensor::{FloatDType, IndexingUpdateOp, Int, IntDType, Tensor, TensorData, backend::Backend};

use super::TensorEngine;
use super::assign::TensorCodebook;
use super::distance::{direct, to_f32, to_f64, to_i64};
use super::prepared::TensorPrepared;
use crate::fixed::{Fixed, Grid};
use crate::frame::Frame;
use crate::stats::PartialStats;

/// Rows of a block of the reduction.
const BLOCK_ROWS: usize = 1 << 14;

/// Columns of `tallies`: upper and lower limb of weight and of objective, and the count.
const TALLIES: usize = 5;

/// Per-cluster sums as 64-bit integer tensors, or on the host where the backend has no 64-bit types.
#[derive(Clone, Debug)]
pub enum TensorSums<B: Backend> {
    /// On the device.
    Device {
        /// Upper limbs of the column sums, k×d.
        sums: Tensor<B, 2, Int>,
        /// Lower limbs, in a wide frame.
        sums_low: Option<Tensor<B, 2, Int>>,
        /// k×5.
        tallies: Tensor<B, 2, Int>,
        /// Rows that changed cluster.
        changed: u64,
    },
    /// On the host.
    Host(PartialStats),
}

impl<B: Backend> TensorEngine<B> {
    pub(super) fn reduce_rows(
        &self,
        rows: &mut TensorPrepared<'_, B>,
        codebook: &TensorCodebook<B>,
    ) -> TensorSums<B> {
        rows.distances = self.own_distances(rows, codebook);
        let k = codebook.centroids.dims()[0];
        let objective = rows.frame.objective(codebook.metric, codebook.max_sq_norm);
        if !self.has_64_bits {
            return TensorSums::Host(reduce_on_host(rows, codebook, objective));
        }
        let d = rows.frame.dim();
        let zeros = |width| Tensor::<B, 2, Int>::zeros([k, width], &self.device).cast(IntDType::I64);
        let (mut sums, mut tallies) = (zeros(d), zeros(TALLIES));
        let mut sums_low = rows.frame.is_wide().then(|| zeros(d));
        for block in rows.blocks(BLOCK_ROWS) {
            let labels = rows.labels.clone().slice([block.clone()]);
            let weights = rows.weight_column(block.clone()).cast(FloatDType::F64);
            let v = rows.offsets(block);
            let own = codebook.centroids.clone().select(0, labels.clone());
            let distances = direct(v.clone(), own, codebook.metric, true).reshape([-1, 1]);
            // A row without weight may lie outside the frame, where its terms are no numbers.
            let light = weights.clone().equal_elem(0.0);
            let distances = distances.mask_fill(light.clone(), 0.0);
            let v = v.clone().mask_fill(light.expand(v.dims()), 0.0);
            let (high, low) = split_columns(v.cast(FloatDType::F64) * weights.clone(), rows.frame.columns());
            sums = add_by_label(sums, &labels, high);
            sums_low = sums_low.map(|sums| add_by_label(sums, &labels, low));
            let tally = tally(weights, distances, rows.frame.weight(), objective);
            tallies = add_by_label(tallies, &labels, tally);
        }
        TensorSums::Device { sums, sums_low, tallies, changed: rows.changed }
    }

    pub(super) fn merge_sums(into: &mut TensorSums<B>, other: TensorSums<B>) {
        match (into, other) {
            (TensorSums::Host(a), TensorSums::Host(b)) => a.merge(&b),
            (
                TensorSums::Device { sums, sums_low, tallies, changed },
                TensorSums::Device { sums: s, sums_low: l, tallies: t, changed: c },
            ) => {
                *sums = sums.clone() + s;
                *sums_low = sums_low.take().zip(l).map(|(a, b)| a + b);
                *tallies = tallies.clone() + t;
                *changed += c;
            }
            _ => unreachable!("one engine keeps all its sums in one place"),
        }
    }

    pub(super) fn download_sums(sums: TensorSums<B>) -> PartialStats {
        match sums {
            TensorSums::Host(stats) => stats,
            TensorSums::Device { sums, sums_low, tallies, changed } => {
                let tallies = to_i64(tallies);
                let column = |j: usize| tallies.iter().skip(j).step_by(TALLIES).copied();
                let limbs = |j| column(j).zip(column(j + 1)).map(|(high, low)| Fixed { high, low }).collect();
                PartialStats {
                    sums: to_i64(sums),
                    sums_low: sums_low.map(to_i64).unwrap_or_default(),
                    weights: limbs(0),
                    objective: limbs(2),
                    counts: column(4).map(|count| count as u64).collect(),
                    changed,
                }
            }
        }
    }
}

/// Both limbs of each value on the grid of its column.
fn split_columns<B: Backend>(values: Tensor<B, 2>, grids: &[Grid]) -> (Tensor<B, 2, Int>, Tensor<B, 2, Int>) {
    let device = values.device();
    let row = |of: fn(Grid) -> f64| {
        let data: Vec<f64> = grids.iter().map(|&g| of(g)).collect();
        Tensor::<B, 2>::from_data(
            TensorData::new(data, [1, grids.len()]),
            (&device, burn::tensor::DType::F64),
        )
    };
    let t = values * row(Grid::inverse_step);
    let high = t.clone().round();
    let low = ((t - high.clone()) * row(Grid::low_factor)).round();
    (high.cast(IntDType::I64), low.cast(IntDType::I64))
}

/// One row of the tallies for each row: limbs of `w`, limbs of `w·distance`, 1.
fn tally<B: Backend>(
    weights: Tensor<B, 2>,
    distances: Tensor<B, 2>,
    weight: Grid,
    objective: Grid,
) -> Tensor<B, 2, Int> {
    let ones = Tensor::<B, 2, Int>::ones(weights.dims(), &weights.device()).cast(IntDType::I64);
    let (w_high, w_low) = split_columns(weights.clone(), &[weight]);
    let (o_high, o_low) = split_columns(distances * weights, &[objective]);
    Tensor::cat(vec![w_high, w_low, o_high, o_low, ones], 1)
}

fn add_by_label<B: Backend>(
    sums: Tensor<B, 2, Int>,
    labels: &Tensor<B, 1, Int>,
    values: Tensor<B, 2, Int>,
) -> Tensor<B, 2, Int> {
    sums.select_assign(0, labels.clone(), values, IndexingUpdateOp::Add)
}

/// The same sums, row by row on the host.
fn reduce_on_host<B: Backend>(
    rows: &TensorPrepared<'_, B>,
    codebook: &TensorCodebook<B>,
    objective: Grid,
) -> PartialStats {
    let frame: &Frame = &rows.frame;
    let d = frame.dim();
    let mut stats = PartialStats::zero(codebook.centroids.dims()[0], frame);
    stats.changed = rows.changed;
    let labels = to_i64(rows.labels.clone());
    for block in rows.blocks(BLOCK_ROWS) {
        let v = rows.offsets(block.clone());
        let own = codebook.centroids.clone().select(0, rows.labels.clone().slice([block.clone()]));
        let distances = to_f64(direct(v.clone(), own, codebook.metric, false));
        let v = to_f32(v.reshape([-1]));
        for ((v, row), distance) in v.chunks_exact(d).zip(block).zip(distances) {
            let weight = rows.weights.map_or(1.0, |w| f64::from(w[row]));
            stats.add_row(frame, objective, labels[row] as usize, v, weight, distance);
        }
    }
    stats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, Rows};
    use crate::{Centroids, Metric};
    use burn_ndarray::NdArray;

    /// The sums of one pass, with or without 64-bit types on the device.
    fn sums(has_64_bits: bool, weights: &[f32]) -> PartialStats {
        let x: Vec<f32> = (0..300).map(|i| ((i * 7919) % 1009) as f32 / 3.0).collect();
        let engine = TensorEngine::<NdArray> { has_64_bits, ..TensorEngine::default() };
        let mut rows = engine.prepare(Rows::Host { x: x.clone().into(), d: 3 }, Some(weights)).unwrap();
        let frame = Frame::centred(&engine.extent(&rows).unwrap(), &x, Metric::L2);
        engine.set_frame(&mut rows, &frame).unwrap();
        let centroids = Centroids::from_positions(&x[..15], &frame);
        let codebook = engine.codebook(&centroids, Metric::L2).unwrap();
        engine.download(engine.step(&mut rows, &codebook).unwrap()).unwrap()
    }

    #[test]
    fn a_device_without_64_bit_types_gives_the_same_sums() {
        let plain: Vec<f32> = (0..100).map(|i| (i % 4) as f32).collect();
        let wide: Vec<f32> = (0..100).map(|i| 10.0_f32.powi(i % 9 - 6)).collect();
        for weights in [plain, wide] {
            let (device, host) = (sums(true, &weights), sums(false, &weights));
            assert_eq!((&device.sums, &device.sums_low), (&host.sums, &host.sums_low));
            assert_eq!((&device.weights, &device.counts), (&host.weights, &host.counts));
            assert_eq!(device.changed, host.changed);
        }
    }
}
