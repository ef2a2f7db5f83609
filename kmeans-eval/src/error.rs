//! What can go wrong, and by how much.

use std::path::PathBuf;

use kmeans_data::DataError;

/// Why a measure could not be taken. Rows and columns count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to measure.
    #[error("no rows: at least one labeled row is needed")]
    NoRows,
    /// More rows than pairs can be counted of.
    #[error("{n} rows, at most {max} can be compared")]
    TooManyRows {
        /// Rows.
        n: usize,
        /// The most rows whose pairs are counted exactly.
        max: usize,
    },
    /// Two labelings of different length, or another number of labels than rows.
    #[error("{found} labels for {expected} rows")]
    LabelCount {
        /// Rows, or labels of the first labeling.
        expected: usize,
        /// Labels given.
        found: usize,
    },
    /// A label that numbers no cluster.
    #[error("label {row} (counted from 0) is {label}, expected 0 to {k} exclusive")]
    LabelOutOfRange {
        /// Row of the label.
        row: usize,
        /// The label.
        label: i32,
        /// Clusters.
        k: usize,
    },
    /// Centroids that are not rows of as many columns as the points.
    #[error("{values} centroid values are not rows of {d} columns, which the points have")]
    CentroidShape {
        /// Values given.
        values: usize,
        /// Columns of the points.
        d: usize,
    },
    /// A measure that compares clusters, and fewer than two of them, or as many as rows.
    #[error("{k} clusters of {n} rows; clusters are compared where there are 2 or more, and fewer than rows")]
    ClusterCount {
        /// Clusters.
        k: usize,
        /// Rows.
        n: usize,
    },
    /// A sample of fewer than two rows, or of more than there are.
    #[error("a sample of {m} rows, expected 2 to {n}")]
    SampleSize {
        /// Rows asked for.
        m: usize,
        /// Rows.
        n: usize,
    },
    /// Numbers of clusters that cannot be tried.
    #[error("k from {first} to {last}, expected {least} to {most}")]
    KRange {
        /// The least k asked for.
        first: usize,
        /// The largest.
        last: usize,
        /// The least that the methods are defined for.
        least: usize,
        /// The largest.
        most: usize,
    },
    /// A method that compares inertias, and a metric whose objective rises.
    #[error("method {method} compares inertias, which metric {metric} does not have")]
    NoInertia {
        /// The method.
        method: &'static str,
        /// The metric.
        metric: String,
    },
    /// One reference has no spread.
    #[error("{references} references, expected 2 or more for the error of a gap")]
    References {
        /// References asked for.
        references: usize,
    },
    /// A choice without methods.
    #[error("no methods: at least one is needed to choose k")]
    NoMethods,
    /// Agreement is between two trainings at least.
    #[error("{trainings} trainings, expected 2 or more to compare")]
    Trainings {
        /// Trainings asked for.
        trainings: usize,
    },
    /// A measure that compares with true classes, without them.
    #[error("{measure} compares with true classes, and none are given")]
    NoTruth {
        /// The measure.
        measure: &'static str,
    },
    /// A measure of all pairs of more rows than are measured unasked.
    #[error("{n} rows, more than {most}: measured where it is asked for by name")]
    TooSlow {
        /// Rows.
        n: usize,
        /// The most that are measured unasked.
        most: usize,
    },
    /// A row without a direction.
    #[error("{data}: row {row} (counted from 0) is all zeros, which has no cosine distance")]
    ZeroRow {
        /// The source's name.
        data: String,
        /// Row.
        row: usize,
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
        /// Row of the weight.
        row: usize,
        /// The weight.
        value: f32,
    },
    /// NaN or infinity in the points or the centroids.
    #[error("{data}: row {row}, column {column} (counted from 0) is {value}, expected a finite number")]
    NonFinite {
        /// The source's name, or `centroids`.
        data: String,
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// What stands there.
        value: f32,
    },
    /// A figure without anything to draw.
    #[error("figure of {what}: no values to draw")]
    NothingToDraw {
        /// What the figure shows.
        what: &'static str,
    },
    /// A value that has no place in a figure.
    #[error("figure of {what}: value {index} (counted from 0) of {series} is {value}, expected {expected}")]
    CannotDraw {
        /// What the figure shows.
        what: &'static str,
        /// The series that the value is of.
        series: String,
        /// Place in the series.
        index: usize,
        /// The value.
        value: f64,
        /// What would do.
        expected: &'static str,
    },
    /// Inputs of a figure whose numbers do not match.
    #[error("figure of {what}: {found} {counted}, expected {expected}")]
    FigureCount {
        /// What the figure shows.
        what: &'static str,
        /// What was counted.
        counted: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The number of a series or a k that the figure does not have.
    #[error("figure of {what}: {number} is to be marked and is not among what is drawn")]
    NotInFigure {
        /// What the figure shows.
        what: &'static str,
        /// What is missing.
        number: usize,
    },
    /// A file name that says neither SVG nor PNG.
    #[error("{}: figures are written as .svg or .png", path.display())]
    FigureFormat {
        /// The name.
        path: PathBuf,
    },
    /// A picture too small or too large.
    #[error("scale {scale} of a picture, expected a number from 0.1 to 16")]
    FigureScale {
        /// Pixels per unit.
        scale: f32,
    },
    /// The plotting crate failed.
    #[error("cannot paint the figure: {reason}")]
    CannotPaint {
        /// Its words.
        reason: String,
    },
    /// Reading the points failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The device, or a training, failed.
    #[error(transparent)]
    Core(#[from] kmeans_core::Error),
}

/// Result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
