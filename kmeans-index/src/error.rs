//! What can go wrong, and by how much.

use kmeans_data::DataError;

/// Why an index could not be made or searched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to search in.
    #[error("no vectors: an index needs at least one")]
    NoVectors,
    /// More vectors than an engine can number.
    #[error("{n} vectors, an index holds at most {max}")]
    TooManyVectors {
        /// Vectors given.
        n: usize,
        /// The most that an index holds.
        max: usize,
    },
    /// Values that are not rows of `d` columns.
    #[error("{values} values are not vectors of dimension {d}")]
    NotVectors {
        /// Values given.
        values: usize,
        /// Columns asked for.
        d: usize,
    },
    /// No neighbours asked for, or more than there are vectors.
    #[error("p is {p}, expected 1 to {len}, the number of vectors in the index")]
    NeighbourCount {
        /// Neighbours asked for.
        p: usize,
        /// Vectors in the index.
        len: usize,
    },
    /// Queries and stored vectors that differ in their number of columns.
    #[error("{data} has {found} columns, expected {expected} as in the index")]
    DimensionMismatch {
        /// The queries' name.
        data: String,
        /// Columns of the queries.
        found: usize,
        /// Columns of the index.
        expected: usize,
    },
    /// Reading the queries failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The engine failed, or met values that it cannot compare: NaN and infinity are
    /// [`kmeans_core::Error::NonFinite`] with their row and column, values too large for squares in
    /// `f32` are [`kmeans_core::Error::OutOfRange`].
    #[error(transparent)]
    Core(#[from] kmeans_core::Error),
}

/// Result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
