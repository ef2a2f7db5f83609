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
//! | [`Pca`], [`PcaRows`] | principal components of rows, and rows seen through them |
//! | [`Preparation`], [`Step`] | data made ready before: missing values, scaling, components, outliers |
//! | [`TensorMetric`] | bringing a distance, with the rule for its centroids |
//! | [`Frame`], [`PartialStats`] | why results have the same bits for any threads and chunks |
//!
//! Papers are cited by key; REFERENCES.md of the repository lists them.
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod assign_all;
mod assigner;
mod assignment_step;
mod balanced;
mod centroids;
mod check;
mod clock;
mod empty;
mod engine;
mod error;
mod exact_1d;
mod extent;
mod faiss_seed;
mod faiss_split;
mod fixed;
mod frame;
mod hierarchical;
mod init;
mod kmeans;
mod lloyd;
mod lookup_tables;
mod metric;
mod model;
mod model_file;
mod options;
mod outcome;
mod pairwise;
mod params;
mod parts;
mod pca;
mod preparation;
mod progress;
mod progressive;
mod prune;
mod read_ahead;
mod recluster;
mod report;
mod resident;
mod restarts;
mod rng;
mod row_blocks;
mod sample;
mod scan;
mod source;
mod sparse_rows;
mod stats;
mod tensor_engine;
mod tensor_file;
mod tensor_metric;
mod train;
mod train_1d;
mod trainer;
mod training_set;
mod transform;
mod watch;

pub use assign_all::Assignment;
pub use assigner::Assigner;
pub use centroids::Centroids;
pub use engine::{Closer, Engine, Neighbours, Rows};
pub use error::{Error, Result};
pub use extent::Extent;
pub use fixed::{Fixed, Grid};
pub use frame::{Frame, Origin, unit_factor, unit_factors};
pub use init::{InitFunction, InitRequest};
pub use kmeans::KMeans;
pub use kmeans_data::{CsrView, Packing, zeros};
pub use lookup_tables::{CodewordProducts, LevelScale, TABLE_ROWS, tables};
pub use metric::Metric;
pub use model::KMeansModel;
pub use options::{EmptyClusters, Init, Pruning, Seeding};
pub use outcome::Fit;
pub use pairwise::{PairDistance, PairRanges, PairSums, Pairwise, Segments};
pub use params::Params;
pub use pca::{Pca, PcaOptions, PcaRows, PcaSolver};
pub use preparation::{Impute, OutlierRule, Outliers, Preparation, PreparedRows, Step, StepSummary};
pub use progress::{OnProgress, Progress};
pub use report::{InertiaOver, IterationStats, PairCounts, Report, RunReport, Seconds, Stop, Warning};
pub use resident::{PendingTally, Split, Tally, Update};
pub use scan::{
    Contenders, GROUP_VECTORS, Groups, Looking, LookingUp, MOST_PANEL_COLUMNS, MOST_PIECES, PANEL_OFFSET,
    PANEL_QUAD, PANEL_VECTORS, Panels, PlainScanner, Quantised, SCORE_ROUNDING, Scanner, StoredRows,
    at as place_in_panel, panel_bytes,
};
pub use sparse_rows::SparseRows;
pub use stats::PartialStats;
pub use tensor_engine::TensorEngine;
pub use tensor_engine::guard::guard;
pub use tensor_file::TensorLayout;
pub use tensor_metric::{
    CentroidRule, KullbackLeibler, L1, LInf, Merges, Refusal, TensorMetric, assign_tensor_with_metric,
    assign_with_metric, over_columns, train_tensor_with_metric, train_with_metric,
    transform_tensor_with_metric, transform_with_metric,
};
pub use trainer::{AssignOptions, Job, Sink, Trainer};
