//! The CPU engine of k-means: SIMD kernels on the memory of slices and burn-ndarray tensors.
//!
//! [`CpuEngine`] runs the algorithm of `kmeans-core` with a fused kernel that multiplies, compares
//! and keeps the running minimum in registers: there is no n×k buffer. AVX-512, AVX2, NEON and a
//! portable path are chosen at run time. Results have the same bits for any number of threads.
#![deny(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod bounds;
mod byte_choice;
#[allow(unsafe_code, reason = "asks the processor and the system; each block says why it is sound")]
mod byte_isa;
mod byte_panels;
mod byte_work;
mod bytes;
mod cells;
mod centroid_order;
mod closer;
mod codebook;
mod desk;
mod engine;
mod isa;
#[allow(unsafe_code, reason = "SIMD intrinsics; each block says why it is sound")]
mod kernel;
mod loaded;
mod matrix;
mod pair_sums;
mod pair_tiles;
mod panels;
mod pass;
mod prepared;
mod scanner;
mod settling;
mod sparse_pass;
mod strips;
mod sums;
mod top;
mod workers;

pub use codebook::CpuCodebook;
pub use engine::{CpuEngine, InstructionSet};
pub use prepared::CpuPrepared;
