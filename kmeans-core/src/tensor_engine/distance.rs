//! The distance matrix of a block, its argmin, and distances measured directly.

use burn::tensor::{FloatDType, Int, Tensor, TensorData, backend::Backend};

use crate::metric::Metric;

/// Scores of a block of rows `v` b×d against centroids k×d: `bias − 2⟨v, c⟩` for L2 (the squared
/// distance less `‖v‖²`), `−⟨v, c⟩` for products. The smallest is the nearest.
pub(super) fn scores<B: Backend>(
    v: Tensor<B, 2>,
    centroids: Tensor<B, 2>,
    bias: Tensor<B, 2>,
    metric: Metric,
) -> Tensor<B, 2> {
    let products = v.matmul(centroids.transpose());
    match metric {
        Metric::L2 => bias - products * 2.0,
        Metric::InnerProduct | Metric::Cosine => bias - products,
        other => other.has_no_score(),
    }
}

/// The column of the smallest value in each row, the lowest one on ties. Burn leaves open which
/// index its own `argmin` takes on ties.
pub(crate) fn argmin_lowest<B: Backend>(scores: Tensor<B, 2>) -> Tensor<B, 1, Int> {
    let [n, k] = scores.dims();
    let device = scores.device();
    let not_best = scores.clone().not_equal(scores.min_dim(1).expand([n, k]));
    let columns = Tensor::<B, 1, Int>::arange(0..k as i64, &device).reshape([1, k]).expand([n, k]);
    columns.mask_fill(not_best, k as i64).min_dim(1).reshape([n])
}

/// `Σ (v − c)²` (L2) or `Σ v·c` (inner product) between rows of `v` and of `c`, both b×d, in `f64`
/// where the backend has it.
pub(super) fn direct<B: Backend>(
    v: Tensor<B, 2>,
    c: Tensor<B, 2>,
    metric: Metric,
    f64: bool,
) -> Tensor<B, 1> {
    let n = v.dims()[0];
    // A matrix of one row may be summed along it in another order than one of many.
    let (v, c) = if n == 1 { (v.repeat_dim(0, 2), c.repeat_dim(0, 2)) } else { (v, c) };
    let (v, c) = if f64 { (v.cast(FloatDType::F64), c.cast(FloatDType::F64)) } else { (v, c) };
    let terms = match metric {
        Metric::L2 => (v - c).square(),
        Metric::InnerProduct | Metric::Cosine => v * c,
        other => other.has_no_score(),
    };
    terms.sum_dim(1).narrow(0, 0, n).reshape([n])
}

pub(crate) fn to_f32<B: Backend>(t: Tensor<B, 1>) -> Vec<f32> {
    t.cast(FloatDType::F32).into_data().to_vec().expect("the tensor is f32")
}

pub(crate) fn to_f64<B: Backend>(t: Tensor<B, 1>) -> Vec<f64> {
    t.into_data().convert::<f64>().to_vec().expect("the data were converted to f64")
}

pub(crate) fn to_i64<B: Backend, const D: usize>(t: Tensor<B, D, Int>) -> Vec<i64> {
    t.into_data().convert::<i64>().to_vec().expect("the data were converted to i64")
}

pub(crate) fn matrix<B: Backend>(values: &[f32], d: usize, device: &B::Device) -> Tensor<B, 2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len() / d, d]), device)
}
