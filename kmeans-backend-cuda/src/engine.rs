//! An engine on one GPU.

use burn_cuda::{Cuda, CudaDevice};
use kmeans_core::{Error, Result, TensorEngine};

use crate::probe::probe;

/// All verbs in tensor operations on a GPU.
pub type CudaEngine = TensorEngine<Cuda>;

/// The engine on GPU `index`, counted from 0.
///
/// # Errors
/// [`kmeans_core::Error::Device`] with what is missing: driver, compiler library, headers, or the GPU.
pub fn open(index: usize) -> Result<CudaEngine> {
    probe(index)?;
    // Making the engine starts the GPU, and Burn panics where that fails.
    std::panic::catch_unwind(|| CudaEngine::new(CudaDevice::new(index))).map_err(|_| Error::Device {
        device: format!("cuda:{index}"),
        reason: "the GPU does not start; what CUDA said stands above".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmeans_core::KMeans;

    #[test]
    fn a_machine_without_a_gpu_gets_an_error_that_names_what_is_missing() {
        match open(0) {
            Ok(engine) => {
                let fit = KMeans::on(engine, 2).train(&[0.0, 0.1, 9.0, 9.1], 1).unwrap();
                assert_eq!(fit.labels[0], fit.labels[1]);
                assert_ne!(fit.labels[0], fit.labels[2]);
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.starts_with("device cuda:0 cannot be used: "), "{text}");
            }
        }
    }
}
