//! Rows of a Burn tensor; the engine works on its memory.

use burn::tensor::{Distribution, Tensor};
use burn_ndarray::NdArray;
use kmeans::core::KMeans;
use kmeans_backend_cpu::CpuEngine;

fn main() -> Result<(), kmeans::Error> {
    let device = Default::default();
    let left = Tensor::<NdArray, 2>::random([500, 8], Distribution::Uniform(0.0, 1.0), &device);
    let right = Tensor::random([500, 8], Distribution::Uniform(5.0, 6.0), &device);
    let rows = Tensor::cat(vec![left, right], 0);

    let fit = KMeans::on(CpuEngine::new(None)?, 2).train_tensor(&rows, None)?;
    println!("sizes {:?}, inertia {:.3}", fit.model.cluster_sizes(), fit.report.inertia);
    assert_eq!(fit.model.cluster_sizes(), [500, 500]);
    Ok(())
}
