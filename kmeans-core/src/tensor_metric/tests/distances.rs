//! Matrices of distances.

use std::borrow::Cow;

use burn::tensor::{FloatDType, Tensor};

use super::super::block::RowBlock;
use super::super::ruler::Ruler;
use super::super::{CentroidRule, KullbackLeibler, L1, LInf, TensorMetric};
use super::{B, Cosine, SquaredL2, naive, values};
use crate::centroids::Centroids;
use crate::engine::Rows;
use crate::tensor_engine::distance::{matrix, to_f64};

type Naive = fn(&[f32], &[f32]) -> f64;

const METRICS: [(&dyn TensorMetric<B>, Naive); 4] =
    [(&L1, naive::l1), (&LInf, naive::linf), (&KullbackLeibler, naive::kl), (&SquaredL2, naive::squared_l2)];

const ALL_DTYPES: [(FloatDType, f64); 2] = [(FloatDType::F64, 1e-13), (FloatDType::F32, 1e-5)];

fn measured(metric: &dyn TensorMetric<B>, x: &[f32], c: &[f32], d: usize, dtype: FloatDType) -> Vec<f64> {
    let tensor = |values| -> Tensor<B, 2> { matrix(values, d, &Default::default()).cast(dtype) };
    to_f64(metric.distances(tensor(x), tensor(c)).reshape([-1]))
}

#[test]
fn every_metric_agrees_with_its_definition_on_every_shape() {
    for (metric, naive) in METRICS {
        for (n, k, d) in [(1, 1, 1), (2, 7, 1), (50, 2, 3), (9, 7, 17), (3, 64, 40)] {
            let (x, c) = (values(n, d, 1), values(k, d, 2));
            for (dtype, tolerance) in ALL_DTYPES {
                let found = measured(metric, &x, &c, d, dtype);
                assert_eq!(found.len(), n * k);
                for (at, found) in found.into_iter().enumerate() {
                    let (x, c) = (&x[at / k * d..][..d], &c[at % k * d..][..d]);
                    let size: f64 = x.iter().chain(c).map(|&v| f64::from(v) * f64::from(v.max(90.0))).sum();
                    let expected = naive(x, c);
                    assert!(
                        (found - expected).abs() <= tolerance * size,
                        "{} {dtype:?} {n}×{k}×{d}: {found} for {expected}",
                        metric.name()
                    );
                }
            }
        }
    }
}

#[test]
fn kl_counts_zeros_as_nothing_and_a_zero_centroid_as_far_but_finite() {
    let found = measured(&KullbackLeibler, &[0.0, 2.0, 0.0], &[0.0, 3.0], 1, FloatDType::F64);
    let far = 2.0 * (2.0_f64.ln() + 126.0 * 2.0_f64.ln()) - 2.0;
    let near = 2.0 * (2.0_f64 / 3.0).ln() - 2.0 + 3.0;
    for (found, expected) in found.iter().zip([0.0, 3.0, far, near, 0.0, 3.0]) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }
}

/// Squared L2, one centroid after the other: b×d values summed along rows, which ndarray does in another
/// order where there is one row.
struct OneByOne;

impl TensorMetric<B> for OneByOne {
    fn name(&self) -> &str {
        "one by one"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        let centroid = |c| centroids.clone().narrow(0, c, 1);
        let to = |c| (rows.clone() - centroid(c)).square().sum_dim(1);
        Tensor::cat((0..centroids.dims()[0]).map(to).collect(), 1)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Mean
    }
}

#[test]
fn blocks_change_no_bit() {
    let (n, k, d) = (23, 7, 37);
    let thirds = |values: Vec<f32>| -> Vec<f32> { values.into_iter().map(|v| v / 3.0).collect() };
    let (x, c) = (thirds(values(n, d, 3)), thirds(values(k, d, 4)));
    let rows = RowBlock::<B>::once(Rows::Host { x: Cow::Borrowed(&x), d });
    let centroids = Centroids::from_offsets(c, d);
    let others: [&dyn TensorMetric<B>; 2] = [&Cosine, &OneByOne];
    for metric in METRICS.map(|(metric, _)| metric).into_iter().chain(others) {
        for (dtype, _) in ALL_DTYPES {
            let of = |block_values| {
                let ruler = Ruler::new(metric, &Default::default()).with(block_values, dtype);
                let nearest = ruler.nearest(&rows, &centroids).unwrap();
                let (ranked, first) = ruler.nearest_of_each(&rows, &centroids, 3).unwrap();
                let to_one = ruler.distances_to(&rows, centroids.row(5)).unwrap();
                (nearest.labels, nearest.distances, ranked, first, to_one)
            };
            let whole = of(1 << 18);
            assert_eq!(whole.1, whole.3, "the nearest of several is the nearest");
            for block_values in [1, 2 * d, 4 * d + 1, 5 * k * d] {
                assert_eq!(of(block_values), whole, "{} {dtype:?} {block_values}", metric.name());
            }
        }
    }
}
