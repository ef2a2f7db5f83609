//! The CUDA engine of k-means on burn-cuda.
//!
//! It builds without a CUDA toolkit: the libraries of driver and compiler are loaded at run time.
//! Every verb runs in Burn tensor operations on the GPU ([`kmeans_core::TensorEngine`]). Burn's
//! matrix product may round its factors to TF32 on the GPU, so labels may differ from the CPU's where
//! two centroids are nearly equally near; distances, sums and objectives are computed in 64 bits.
#![deny(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod engine;
mod probe;

pub use engine::{CudaEngine, open};
pub use probe::probe;
