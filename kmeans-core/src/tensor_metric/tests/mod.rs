//! Metrics against loops in `f64`, and what trainings with them promise.

mod assignment;
mod centres;
mod distances;
mod encoded;
mod laws;
mod names;
mod refusals;
mod training;
mod transform;

use burn::tensor::{Tensor, backend::Backend};
use burn_ndarray::NdArray;
use kmeans_data::RowSlice;

use super::{CentroidRule, TensorMetric, train_with_metric};
use crate::progress::silent;
use crate::{Fit, Params, Result};

type B = NdArray;

/// Squared L2 by a broadcast over b×k×d: the plainest metric of a user's own.
struct SquaredL2;

impl<B: Backend> TensorMetric<B> for SquaredL2 {
    fn name(&self) -> &str {
        "squared l2"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        let ([b, _], [k, _]) = (rows.dims(), centroids.dims());
        let differences = rows.unsqueeze_dim::<3>(1) - centroids.unsqueeze_dim::<3>(0);
        differences.square().sum_dim(2).reshape([b, k])
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Mean
    }
}

/// `1 − ⟨x, c⟩`, which on unit rows is cosine distance.
struct Cosine;

impl<B: Backend> TensorMetric<B> for Cosine {
    fn name(&self) -> &str {
        "cosine"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        -rows.matmul(centroids.transpose()) + 1.0
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::NormalizedMean
    }
}

/// `n·d` values of `0..16` in steps of 1/8, an eighth of them 0.
fn values(n: usize, d: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u32
    };
    (0..n * d).map(|_| if next() % 8 == 0 { 0.0 } else { (next() % 128) as f32 / 8.0 }).collect()
}

/// The parameters of a training from given centroids, on all rows.
fn from_centroids(k: usize, given: &[f32]) -> Params {
    Params { init_centroids: given.to_vec(), max_points_per_centroid: None, ..Params::new(k) }
}

fn fit(metric: &dyn TensorMetric<B>, x: &[f32], d: usize, params: &Params) -> Fit {
    fit_weighted(metric, x, d, None, params).unwrap()
}

fn fit_weighted(
    metric: &dyn TensorMetric<B>,
    x: &[f32],
    d: usize,
    weights: Option<&[f32]>,
    params: &Params,
) -> Result<Fit> {
    let points = RowSlice::new(x, d)?;
    train_with_metric::<B>(&Default::default(), metric, &points, weights, params, &silent)
}

/// What the metrics are by definition.
mod naive {
    type Distance = fn(&[f32], &[f32]) -> f64;

    fn over(x: &[f32], c: &[f32], term: impl Fn(f64, f64) -> f64) -> impl Iterator<Item = f64> {
        let terms = x.iter().zip(c).map(|(&x, &c)| term(f64::from(x), f64::from(c)));
        terms.collect::<Vec<_>>().into_iter()
    }

    pub(super) fn l1(x: &[f32], c: &[f32]) -> f64 {
        over(x, c, |x, c| (x - c).abs()).sum()
    }

    pub(super) fn linf(x: &[f32], c: &[f32]) -> f64 {
        over(x, c, |x, c| (x - c).abs()).fold(0.0, f64::max)
    }

    pub(super) fn kl(x: &[f32], c: &[f32]) -> f64 {
        let floor = f64::from(f32::MIN_POSITIVE);
        over(x, c, |x, c| if x == 0.0 { c } else { x * (x / c.max(floor)).ln() - x + c }).sum()
    }

    pub(super) fn squared_l2(x: &[f32], c: &[f32]) -> f64 {
        over(x, c, |x, c| (x - c) * (x - c)).sum()
    }

    /// All centroids from the nearest to the farthest, equal ones in order.
    pub(super) fn ranking(distance: Distance, x: &[f32], c: &[f32], d: usize) -> Vec<(usize, f64)> {
        let mut all: Vec<_> = c.chunks_exact(d).map(|c| distance(x, c)).enumerate().collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1));
        all
    }

    /// `Σ w·distance` to the nearest centroid.
    pub(super) fn inertia(distance: Distance, x: &[f32], c: &[f32], d: usize, w: Option<&[f32]>) -> f64 {
        let rows = x.chunks_exact(d).enumerate();
        rows.map(|(i, x)| w.map_or(1.0, |w| f64::from(w[i])) * ranking(distance, x, c, d)[0].1).sum()
    }
}
