//! The CUDA engine of k-means on burn-cuda.
//!
//! It builds without a CUDA toolkit: the driver's and NVRTC's libraries are loaded at run time.
//! For now every verb runs in Burn tensor operations ([`kmeans_core::TensorEngine`]).
#![forbid(unsafe_code)]
