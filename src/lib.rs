//! Exact, reproducible k-means clustering on CPUs and GPUs.
//!
//! ```
//! use kmeans::KMeans;
//!
//! let x = [0.0, 0.1, 0.2, 9.0, 9.1, 9.2]; // six rows of one column
//! let fit = KMeans::new(2).train(&x, 1)?;
//! assert_eq!(fit.labels[0], fit.labels[2]);
//! println!("{:?} {}", fit.model.centroids(), fit.report.inertia);
//! # Ok::<(), kmeans::Error>(())
//! ```
//!
//! Features:
//!
//! | feature | what it brings |
//! |---|---|
//! | `cpu` (default) | [`Device::Cpu`]: SIMD kernels on burn-ndarray; [`Device::Reference`]: plain tensor operations |
//! | `cli` (default) | the `kmeans` command, and `plots`; a library user may leave it out |
//! | `plots` | figures and reports: `figure`, `report` and `page` of [`eval`] |
//! | `cuda` | [`Device::Cuda`]: burn-cuda; built without a CUDA toolkit, needs an NVIDIA driver to run |
//!
//! [`KMeans`] picks its engine at run time. Those who bring an engine of their own, or tensors,
//! use [`kmeans_core::KMeans`], which is generic over it.
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod device;

pub use device::{Device, KMeans};
pub use kmeans_core::{
    AssignOptions, Assigner, Assignment, CentroidRule, EmptyClusters, Error, Fit, Impute, InertiaOver, Init,
    InitRequest, IterationStats, Job, KMeansModel, Metric, OnProgress, OutlierRule, Outliers, PairCounts,
    Params, Pca, PcaOptions, PcaRows, PcaSolver, Preparation, PreparedRows, Progress, Pruning, Report,
    Result, RunReport, Seconds, Seeding, Sink, Step, StepSummary, Stop, TensorMetric, Trainer, Warning,
};
pub use kmeans_data::{DataError, Overwrite, Points, RowSlice, open};

/// The generic core: engines, frames, sums.
pub use kmeans_core as core;
/// Row sources and array files.
pub use kmeans_data as data;
/// Measures of clustering quality, choosing k, figures.
pub use kmeans_eval as eval;
/// Nearest-neighbour search, and assigners for very many clusters.
pub use kmeans_index as index;

/// The commands and code of README.md, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
