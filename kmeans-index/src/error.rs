//! What can go wrong, and by how much.

use std::path::PathBuf;

use kmeans_data::DataError;

use crate::storage::Storage;

/// Why an index could not be made, changed, searched, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to search in.
    #[error("no vectors: an index needs at least one to be searched")]
    NoVectors,
    /// Values that are not rows of `d` columns.
    #[error("{values} values are not vectors of dimension {d}")]
    NotVectors {
        /// Values given.
        values: usize,
        /// Columns asked for.
        d: usize,
    },
    /// No neighbours asked for.
    #[error("p is 0, expected at least 1 neighbour")]
    NoNeighbours,
    /// No list to look into, or more than there are.
    #[error("nprobe is {nprobe}, expected 1 to {k}, the number of lists in the index")]
    Nprobe {
        /// Lists asked for.
        nprobe: usize,
        /// Lists of the index.
        k: usize,
    },
    /// A radius that is no number.
    #[error("the radius is {radius}, expected a number")]
    Radius {
        /// What was given.
        radius: f32,
    },
    /// An id that is in the index already, or given twice.
    #[error("id {id} is there already: ids must be new, each vector needs one of its own")]
    DuplicateId {
        /// The first such id.
        id: u64,
    },
    /// Another number of ids than of vectors.
    #[error("{ids} ids for {vectors} vectors, expected one each")]
    IdCount {
        /// Ids given.
        ids: usize,
        /// Vectors given.
        vectors: usize,
    },
    /// Another number of labels than of vectors.
    #[error("{labels} labels for {vectors} vectors, expected one each")]
    LabelCount {
        /// Labels given.
        labels: usize,
        /// Vectors given.
        vectors: usize,
    },
    /// A label that is no list.
    #[error("row {row} has the label {label}, expected one in 0..{k}, the lists of the index")]
    Label {
        /// Row, from 0.
        row: usize,
        /// Its label.
        label: i32,
        /// Lists of the index.
        k: usize,
    },
    /// A model whose rows go through a preparation, which an index does not apply.
    #[error(
        "the model prepares its rows, and an index takes vectors as they are: prepare them first, and index them by the model without_preparation"
    )]
    Prepared,
    /// No positions are left to number vectors by.
    #[error("positions go on from {next}, and not as many are left as there are vectors: give ids")]
    IdsExhausted {
        /// The next position.
        next: u64,
    },
    /// An id that is not in the index.
    #[error("id {id} is not in the index")]
    UnknownId {
        /// The id.
        id: u64,
    },
    /// A value that a storage cannot hold.
    #[error(
        "{data}: row {row}, column {column} (counted from 0) is {value}, which {storage} cannot hold beside the others"
    )]
    DoesNotFit {
        /// The source's name.
        data: String,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// What stands there.
        value: f32,
        /// How vectors are stored.
        storage: Storage,
    },
    /// A list of more vectors than places have numbers.
    #[error(
        "list {list} is to hold {len} vectors, expected at most {most}: more clusters make shorter lists, and a flat index is one list"
    )]
    ListFull {
        /// The list.
        list: usize,
        /// What it is to hold.
        len: usize,
        /// What it can.
        most: u32,
    },
    /// Vectors that cannot be cut into so many pieces.
    #[error("{m} pieces of vectors of {d} columns, expected a divisor of that, from 1 to {most}")]
    Pieces {
        /// Pieces asked for.
        m: usize,
        /// Columns.
        d: usize,
        /// The most that there can be.
        most: usize,
    },
    /// A product quantizer without codebooks.
    #[error("{storage} has no codebooks yet: train the index on vectors before any are added")]
    Untrained {
        /// How vectors are to be stored.
        storage: Storage,
    },
    /// Codebooks for vectors that have codes already.
    #[error("{len} vectors have codes of the codebooks that there are: train an empty index")]
    NotEmpty {
        /// Vectors in the index.
        len: usize,
    },
    /// Nothing to measure again.
    #[error("k_factor is 0, expected at least 1")]
    KFactor,
    /// A word that names no storage.
    #[error("storage is {word}, expected f32, f16, sq8, pq:M, pq:M+f16 or pq:M+f32 (M pieces, at least 1)")]
    UnknownStorage {
        /// What was given.
        word: String,
    },
    /// Rows and an index that differ in their number of columns.
    #[error("{data} has {found} columns, expected {expected} as in the index")]
    DimensionMismatch {
        /// The name of the rows.
        data: String,
        /// Their columns.
        found: usize,
        /// Columns of the index.
        expected: usize,
    },
    /// A model that cannot be written into an index.
    #[error("the model cannot be written: {reason}")]
    Model {
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is no index, or a damaged one.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that another version wrote.
    #[error(
        "{}: an index of version {found}, this program reads version {supported}: use the program that wrote it, or build it anew", path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// What is read.
        supported: u32,
    },
    /// Reading rows or writing a file failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The engine failed, or met values that it cannot compare: NaN and infinity are
    /// [`kmeans_core::Error::NonFinite`] with their row and column, values too large for squares in `f32` are
    /// [`kmeans_core::Error::OutOfRange`].
    #[error(transparent)]
    Core(#[from] kmeans_core::Error),
}

/// Result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
