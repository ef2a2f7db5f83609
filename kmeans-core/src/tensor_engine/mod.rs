//! The reference engine: every verb in plain Burn tensor operations, on any Burn backend.
//!
//! It is the readable statement of what the fused kernels compute, the fallback where there is no
//! kernel, and the oracle of their tests (on ndarray). It works by blocks of rows and never holds
//! n×k values. It is no oracle on GPUs, whose matrix product may round to fewer bits.

mod assign;
pub(crate) mod distance;
mod engine;
pub(crate) mod guard;
mod prepared;
mod reduce;

use burn::tensor::{DType, backend::Backend};

/// Scores in one block of the distance matrix: 16 MiB of `f32`.
const BLOCK_SCORES: usize = 1 << 22;

/// All verbs of [`crate::Engine`] in tensor operations on backend `B`.
#[derive(Clone, Debug)]
pub struct TensorEngine<B: Backend> {
    device: B::Device,
    name: String,
    has_64_bits: bool,
    /// Whether it says that it computes elsewhere.
    #[cfg(test)]
    is_elsewhere: bool,
}

impl<B: Backend> TensorEngine<B> {
    /// The engine on one device of the backend.
    pub fn new(device: B::Device) -> Self {
        let name = format!("reference ({})", B::name(&device));
        let has_64_bits = B::supports_dtype(&device, DType::F64) && B::supports_dtype(&device, DType::I64);
        Self {
            device,
            name,
            has_64_bits,
            #[cfg(test)]
            is_elsewhere: false,
        }
    }

    /// The same, as an engine that computes elsewhere.
    #[cfg(test)]
    pub(crate) fn elsewhere(self) -> Self {
        Self { is_elsewhere: true, ..self }
    }

    /// The device its tensors are on.
    pub fn device(&self) -> &B::Device {
        &self.device
    }

    /// Rows of a block whose distance matrix to `k` centroids fits the memory set for it.
    fn block_rows(k: usize) -> usize {
        (BLOCK_SCORES / k).clamp(1, 1 << 16)
    }
}

impl<B: Backend> Default for TensorEngine<B>
where
    B::Device: Default,
{
    fn default() -> Self {
        Self::new(B::Device::default())
    }
}
