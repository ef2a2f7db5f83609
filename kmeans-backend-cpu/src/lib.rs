//! The CPU engine of k-means: SIMD kernels on burn-ndarray tensors
