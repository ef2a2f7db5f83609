//! What can go wrong, and by how much.

use std::path::PathBuf;

use kmeans_data::DataError;

/// Why training, assignment or a model file failed. Rows and columns count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer rows (of positive weight) than clusters.
    #[error(
        "{n} rows cannot make {k} clusters: at least as many rows (of positive weight) as clusters are needed"
    )]
    TooFewPoints {
        /// Rows of positive weight.
        n: usize,
        /// Clusters asked for.
        k: usize,
    },
    /// Fewer rows than the advised minimum, with `strict`.
    #[error(
        "{n} rows for {k} clusters: at least {min} are advised ({per_centroid} a centroid), and strict makes this an error"
    )]
    TooFewPointsStrict {
        /// Rows.
        n: usize,
        /// Clusters.
        k: usize,
        /// Rows advised.
        min: usize,
        /// `min_points_per_centroid`.
        per_centroid: usize,
    },
    /// A parameter outside its range.
    #[error("{name} is {value}, expected {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Two parameters of which one would be ignored beside the other.
    #[error("{name} cannot be set together with {with}")]
    Together {
        /// The parameter that would be ignored.
        name: &'static str,
        /// Beside what.
        with: &'static str,
    },
    /// An initialisation function that failed or returned something else than rows.
    #[error("the initialisation function failed: {reason}")]
    InitFunction {
        /// What it said, or what is wrong with its values.
        reason: String,
    },
    /// An assigner that gave a label outside `0..k`.
    #[error("{name} gave row {row} the label {label}, expected one in 0..{k}")]
    AssignerLabel {
        /// The assigner.
        name: String,
        /// The row of the training set, from 0.
        row: usize,
        /// Its label.
        label: i32,
        /// Clusters.
        k: usize,
    },
    /// Rows without columns.
    #[error("{data}: rows have no columns (d = 0)")]
    ZeroDimension {
        /// The source's name.
        data: String,
    },
    /// No row, or none of positive weight.
    #[error("{data}: no row of positive weight, expected at least one")]
    NoRows {
        /// The source's name.
        data: String,
    },
    /// The eigenvalues of a covariance matrix were not found.
    #[error("{data}: the eigenvectors of the covariance matrix do not converge")]
    NoEigenvectors {
        /// The source's name.
        data: String,
    },
    /// Rows, centroids or a model that differ in their number of columns.
    #[error("{what} has {found} columns, {than} {expected}")]
    DimensionMismatch {
        /// What was looked at.
        what: String,
        /// What it has to agree with.
        than: &'static str,
        /// Columns needed.
        expected: usize,
        /// Columns found.
        found: usize,
    },
    /// NaN or infinity in the data.
    #[error("{data}: row {row}, column {column} (counted from 0) is {value}, expected a finite number")]
    NonFinite {
        /// The source's name.
        data: String,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// What stands there.
        value: f32,
    },
    /// A row too far from the centroids for its squared distance to be a finite `f32`.
    #[error(
        "{data}: rows {first}..{last} hold values up to {magnitude:e}: squared distances leave the range of f32"
    )]
    OutOfRange {
        /// The source's name.
        data: String,
        /// First row of the block.
        first: usize,
        /// One past the last row of the block.
        last: usize,
        /// How large values get, or how far apart.
        magnitude: f64,
    },
    /// A row on which the metric is not defined.
    #[error(
        "{data}: row {row}, column {column} (counted from 0) is {value}, the metric {metric} needs {expected}"
    )]
    RefusedByMetric {
        /// The metric's name.
        metric: String,
        /// The source's name.
        data: String,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// What stands there.
        value: f32,
        /// What would be right.
        expected: &'static str,
    },
    /// A metric that gave NaN, infinity, or a number that is no `f32`.
    #[error(
        "the metric {metric} puts row {row} of {data} at a distance of {value:e} from centroid {cluster}, expected a finite number in the range of f32"
    )]
    NotADistance {
        /// The metric's name.
        metric: String,
        /// The source's name.
        data: String,
        /// Row, from 0.
        row: usize,
        /// Centroid, from 0.
        cluster: usize,
        /// What the metric gave.
        value: f64,
    },
    /// A metric whose matrix of distances does not have a row for each row and a column for each
    /// centroid.
    #[error(
        "the metric {metric} gave distances of shape {found:?}, expected {expected:?} (rows × centroids)"
    )]
    MetricShape {
        /// The metric's name.
        metric: String,
        /// Rows and centroids that were given.
        expected: [usize; 2],
        /// Shape that came back.
        found: [usize; 2],
    },
    /// A model and a metric that it was not trained with.
    #[error("the model was trained with the metric {trained}, not with {given}")]
    OtherMetric {
        /// The metric of the training.
        trained: String,
        /// The metric given.
        given: String,
    },
    /// A model of a metric of the user's own, which was not given beside it.
    #[error(
        "the model was trained with the metric {trained}, which no model holds: give it to assign_with_metric or transform_with_metric"
    )]
    MetricNotGiven {
        /// The metric of the training.
        trained: String,
    },
    /// A centroid rule that has to see all rows at once, in a training by chunks.
    #[error(
        "the {rule} of a cluster (metric {metric}) needs all {n} rows at once, and chunk_rows is {chunk_rows}: leave chunk_rows out, or train on a sample of at most that many rows"
    )]
    RuleNeedsAllRows {
        /// The centroid rule.
        rule: &'static str,
        /// The metric's name.
        metric: String,
        /// Rows trained on.
        n: usize,
        /// Rows of a chunk.
        chunk_rows: usize,
    },
    /// A column without any value, whose missing ones were to be filled by what the others are like.
    #[error(
        "{data}: column {column} (counted from 0) has no values: there is no {by} to fill it with, a number would do"
    )]
    NothingToImputeBy {
        /// The source's name.
        data: String,
        /// Column, from 0.
        column: usize,
        /// What was to fill it.
        by: String,
    },
    /// A rule for outliers that turns down all rows.
    #[error("{data}: all {n} rows are outliers by {rule}, expected some to be left")]
    NoRowsLeft {
        /// The source's name.
        data: String,
        /// Rows that the steps before have left.
        n: u64,
        /// The rule.
        rule: String,
    },
    /// What cannot be prepared, beside a model or a training whose rows are.
    #[error(
        "{what} is not prepared, and the {of} asks for it: prepare the rows first, and leave its preparation out"
    )]
    NotPrepared {
        /// What cannot be.
        what: &'static str,
        /// What asks for it.
        of: &'static str,
    },
    /// A file that is no preparation, or a damaged one.
    #[error("{}: not a usable preparation: {reason}", path.display())]
    PreparationFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A preparation written in another format version.
    #[error("{}: preparation format version {found}, this program reads version {supported}", path.display())]
    PreparationVersion {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: String,
        /// Version understood.
        supported: u64,
    },
    /// Another number of weights than rows.
    #[error("{found} weights for {expected} rows")]
    WeightCount {
        /// Rows.
        expected: usize,
        /// Weights given.
        found: usize,
    },
    /// A negative, infinite or NaN weight.
    #[error("weight {row} (counted from 0) is {value}, expected a finite number that is not negative")]
    BadWeight {
        /// Row, from 0.
        row: usize,
        /// The weight.
        value: f32,
    },
    /// More initial centroids than clusters.
    #[error("{given} initial centroids for {k} clusters: at most {k} can be given")]
    TooManyCentroids {
        /// Centroids given.
        given: usize,
        /// Clusters.
        k: usize,
    },
    /// A file that is no model, or a damaged one.
    #[error("{}: not a usable model file: {reason}", path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model written in another format version.
    #[error("{}: model format version {found}, this program reads version {supported}", path.display())]
    ModelVersion {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: String,
        /// Version understood.
        supported: &'static str,
    },
    /// Reading rows or writing arrays failed.
    #[error(transparent)]
    Data(DataError),
    /// The compute engine failed below our door.
    #[error("{engine} engine failed: {message}")]
    Engine {
        /// Which engine.
        engine: String,
        /// What it said.
        message: String,
    },
    /// A device that is not there or was not compiled in.
    #[error("device {device} cannot be used: {reason}")]
    Device {
        /// The device asked for.
        device: String,
        /// Why not, and what would help.
        reason: String,
    },
}

/// A value that is no number is one error, whether rows hold it or are computed to be so.
impl From<DataError> for Error {
    fn from(error: DataError) -> Self {
        match error {
            DataError::NonFinite { name: data, row, column, value } => {
                Self::NonFinite { data, row, column, value }
            }
            other => Self::Data(other),
        }
    }
}

/// Result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
