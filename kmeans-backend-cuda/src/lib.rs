//! The CUDA engine of k-means on burn-cuda
