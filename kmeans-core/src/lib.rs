//! The k-means algorithm, generic over a compute engine, and the reference engine in Burn tensor
//! operations.
//!
//! | start here | for |
//! |---|---|
//! | [`KMeans`] | training: the builder with all parameters |
//! | [`KMeansModel`] | a trained model: centroids, saving, loading |
//! | [`Report`] | what a training tells about itself |
//! | [`Engine`] | bringing hardware: the handful of verbs a k-means needs |
//! | [`TensorEngine`] | those verbs in plain Burn tensor operations, for any Burn backend |
//! | [`Frame`], [`PartialStats`] | why results have the same bits for any threads and chunks |
//!
//! Papers are cited by key; REFERENCES.md of the repository lists them.
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod assign_all;
mod centroids;
mod clock;
mod empty;
mod engine;
mod error;
mod fixed;
mod frame;
mod init;
mod kmeans;
mod lloyd;
mod metric;
mod model;
mod model_file;
mod params;
mod progress;
mod report;
mod rng;
mod source;
mod stats;
mod tensor_engine;
mod train;
mod trainer;
mod training_set;

pub use assign_all::Assignment;
pub use centroids::Centroids;
pub use engine::{Engine, Neighbours, Rows};
pub use error::{Error, Result};
pub use fixed::{Fixed, Grid};
pub use frame::{Extent, Frame};
pub use kmeans::KMeans;
pub use metric::Metric;
pub use model::KMeansModel;
pub use params::{Init, Params};
pub use progress::{OnProgress, Progress};
pub use report::{InertiaOver, IterationStats, Report, RunReport, Seconds, Stop, Warning};
pub use stats::PartialStats;
pub use tensor_engine::TensorEngine;
pub use train::Fit;
pub use trainer::{AssignOptions, Trainer};
