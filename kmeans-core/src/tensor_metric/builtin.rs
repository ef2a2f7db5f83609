//! The metrics that come with the crate.

use burn::tensor::{Tensor, backend::Backend};

use super::metric::{Refusal, TensorMetric, over_columns};
use super::rule::CentroidRule;
use crate::error::{Error, Result};
use crate::metric::Metric;

/// City block distance `Σ |x − c|`; centroids are medians (k-medians \[BMS97\]).
///
/// Rows far out pull a centroid no more than others do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct L1;

/// Largest difference in any column, `max |x − c|`; centroids are midranges, with the reservation
/// of [`CentroidRule::Midrange`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LInf;

/// Generalised Kullback–Leibler divergence `Σ x·ln(x/c) − x + c`, in nats; centroids are means \[BMDG05\].
///
/// Rows must not be negative, and need not add up to 1; `0·ln 0` is 0. Where a centroid is 0 and a row is
/// not, the divergence is infinite: there, and below it, `c` counts as the smallest normal `f32`, 2^−126, in the
/// logarithm, which puts the row about `x·(87 + ln x)` away. This moves no centroid: a mean is 0 only
/// where all its rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KullbackLeibler;

impl<B: Backend> TensorMetric<B> for L1 {
    fn name(&self) -> &str {
        "l1"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        over_columns(rows, centroids, |x, c| (x - c).abs(), |sum, term| sum + term)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Median
    }

    fn values_per_pair(&self, _d: usize) -> usize {
        1
    }

    fn kind(&self) -> Metric {
        Metric::L1
    }
}

impl<B: Backend> TensorMetric<B> for LInf {
    fn name(&self) -> &str {
        "linf"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        over_columns(rows, centroids, |x, c| (x - c).abs(), Tensor::max_pair)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Midrange
    }

    fn values_per_pair(&self, _d: usize) -> usize {
        1
    }

    fn kind(&self) -> Metric {
        Metric::LInf
    }
}

impl<B: Backend> TensorMetric<B> for KullbackLeibler {
    fn name(&self) -> &str {
        "kl"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        // Logarithms of b + k values a column, not of their b·k ratios.
        let term = |x: Tensor<B, 2>, c: Tensor<B, 2>| {
            let is_zero = x.clone().equal_elem(0.0);
            let ln_x = x.clone().mask_fill(is_zero, 1.0).log();
            let ln_c = c.clone().clamp_min(f32::MIN_POSITIVE).log();
            (ln_x - ln_c) * x.clone() + (c - x)
        };
        over_columns(rows, centroids, term, |sum, term| sum + term)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Mean
    }

    fn values_per_pair(&self, _d: usize) -> usize {
        1
    }

    fn check_row(&self, row: &[f32]) -> Result<(), Refusal> {
        match row.iter().position(|&x| x < 0.0) {
            Some(column) => Err(Refusal { column, expected: "values that are not negative" }),
            None => Ok(()),
        }
    }

    fn kind(&self) -> Metric {
        Metric::KullbackLeibler
    }
}

/// The metric of a name.
pub(super) fn builtin<B: Backend>(metric: Metric) -> Result<&'static dyn TensorMetric<B>> {
    match metric {
        Metric::L1 => Ok(&L1),
        Metric::LInf => Ok(&LInf),
        Metric::KullbackLeibler => Ok(&KullbackLeibler),
        Metric::L2 | Metric::InnerProduct | Metric::Cosine | Metric::Custom => Err(Error::Parameter {
            name: "metric",
            value: metric.to_string(),
            expected: "l1, linf or kl (a metric of your own is given as a TensorMetric)",
        }),
    }
}
