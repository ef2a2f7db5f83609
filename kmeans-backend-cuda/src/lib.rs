//! The GPU engine of k-means: CubeCL kernels, on burn-cuda and burn-wgpu.
#![cfg_attr(
    not(any(feature = "cuda", feature = "wgpu")),
    allow(dead_code, reason = "no runtime was asked for")
)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod assign;
mod codebook;
#[cfg(all(test, feature = "cuda"))]
mod codegen;
mod device;
mod engine;
mod gpu;
mod kernel;
mod matrix;
mod prepared;
mod shadow;
mod sums;
mod tiles;
mod update;

pub use codebook::CubeCodebook;
#[cfg(feature = "cuda")]
pub use device::cuda::{CudaEngine, open_cuda};
#[cfg(feature = "wgpu")]
pub use device::wgpu::{WgpuEngine, open_wgpu};
pub use engine::CubeEngine;
pub use matrix::MatrixUnits;
pub use prepared::CubePrepared;
pub use sums::{CubeSums, Reduction};
pub use tiles::Tiles;
