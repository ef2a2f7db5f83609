//! What can go wrong with rows and files, by how much, and of which kind.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// An error of reading, checking or writing rows.
///
/// `name` is the name of the source: a file's path, `file.npz:key`, `stdin` or `memory`. Rows and columns of arrays
/// count from 0; lines and columns of text files from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no file of this name.
    #[error("{}: no such file", path.display())]
    Missing {
        /// The file asked for.
        path: PathBuf,
    },
    /// The operating system failed to open or read a file that is there.
    #[error("{name}: cannot be read")]
    Io {
        /// The source.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A directory, a pipe or a device stands where a file that can be mapped is needed.
    #[error("{name}: not a regular file")]
    NotAFile {
        /// The source.
        name: String,
    },
    /// The place for an output is missing, read-only or full.
    #[error("{}: cannot be written", path.display())]
    CannotWrite {
        /// The output.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The output is there already and was not to be replaced.
    #[error("{}: exists already and is kept", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The file's extension names no format that can be used here.
    #[error("{name}: unknown extension, expected one of {known}")]
    UnknownExtension {
        /// The file asked for.
        name: String,
        /// The extensions that can be used, as a list in words.
        known: &'static str,
    },
    /// The format cannot hold values of this type.
    #[error("{name}: cannot hold {dtype}, expected {expected}")]
    FormatDtype {
        /// The output.
        name: String,
        /// The type asked for.
        dtype: &'static str,
        /// The types that the format holds.
        expected: &'static str,
    },
    /// A word that names no type of values.
    #[error("unknown dtype {found:?}, expected f32, f64, f16, u8 or i8")]
    UnknownDtype {
        /// The word.
        found: String,
    },
    /// A file, or a table in memory, holds nothing.
    #[error("{name}: empty, expected {expected}")]
    Empty {
        /// The source.
        name: String,
        /// What should be there.
        expected: &'static str,
    },
    /// The file does not begin as its format does.
    #[error("{name}: not a {format} file: the first bytes are not {expected}")]
    Magic {
        /// The source.
        name: String,
        /// The format that the extension promised.
        format: &'static str,
        /// How such a file begins.
        expected: &'static str,
    },
    /// A version of the .npy format that is not known.
    #[error("{name}: .npy format version {major}.{minor}, expected 1.0, 2.0 or 3.0")]
    NpyVersion {
        /// The source.
        name: String,
        /// The major version found.
        major: u8,
        /// The minor version found.
        minor: u8,
    },
    /// The .npy header cannot be parsed.
    #[error("{name}: .npy header, byte {at}: expected {expected}")]
    NpyHeader {
        /// The source.
        name: String,
        /// The position in the header's text.
        at: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// The values are of a type that cannot be read here.
    #[error("{name}: dtype {found}, expected {expected}")]
    WrongDtype {
        /// The source.
        name: String,
        /// The type found.
        found: String,
        /// The types that can be read.
        expected: &'static str,
    },
    /// The array has the wrong number of dimensions, or a dimension is wrong.
    #[error("{name}: shape {found:?}, expected {expected}")]
    WrongShape {
        /// The source.
        name: String,
        /// The shape found.
        found: Vec<u64>,
        /// The shape that can be used, in words.
        expected: &'static str,
    },
    /// The file is shorter or longer than its header says.
    #[error("{name}: {found} bytes, expected {expected} ({})", if found < expected { "truncated" } else { "trailing data" })]
    WrongSize {
        /// The source.
        name: String,
        /// The bytes that the header asks for, from the file's beginning.
        expected: u64,
        /// The bytes found.
        found: u64,
    },
    /// The file's length is no whole number of rows.
    #[error(
        "{name}: {found} bytes, expected a multiple of {row_bytes} (rows of dimension {dim}): truncated in row {}",
        found / row_bytes
    )]
    PartialRow {
        /// The source.
        name: String,
        /// The bytes found.
        found: u64,
        /// The bytes of one row.
        row_bytes: u64,
        /// The dimension that the first row states.
        dim: usize,
    },
    /// A row states another dimension than the first row.
    #[error("{name}: row {row}: dimension {found}, expected {expected}")]
    RowDimension {
        /// The source.
        name: String,
        /// The row.
        row: usize,
        /// The dimension of the first row, or in words what a dimension must be.
        expected: String,
        /// The dimension found.
        found: i64,
    },
    /// A line has more or fewer fields than the first.
    #[error("{name}: line {line}: {found} fields, expected {expected}")]
    Ragged {
        /// The source.
        name: String,
        /// The line, from 1.
        line: u64,
        /// The fields of the first line.
        expected: usize,
        /// The fields found.
        found: usize,
    },
    /// A field is not a number.
    #[error("{name}: line {line}, column {column}: {found:?}, expected {expected}")]
    NotANumber {
        /// The source.
        name: String,
        /// The line, from 1.
        line: u64,
        /// The field, from 1.
        column: usize,
        /// The field's text, shortened.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A field holds no value.
    #[error("{name}: line {line}, column {column}: {found:?} is a missing value, expected a number")]
    MissingValue {
        /// The source.
        name: String,
        /// The line, from 1.
        line: u64,
        /// The field, from 1.
        column: usize,
        /// The field's text.
        found: String,
    },
    /// NaN or infinity where rows are computed from others as they are read.
    #[error("{name}: row {row}, column {column} (counted from 0) is {value}, expected a finite number")]
    NonFinite {
        /// The source.
        name: String,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// What stands there.
        value: f32,
    },
    /// A file of text or an archive cannot be parsed at all.
    #[error("{name}: malformed {format} file")]
    Malformed {
        /// The source.
        name: String,
        /// The format that the extension promised.
        format: &'static str,
        /// What the parser said.
        source: io::Error,
    },
    /// A value does not fit the type it is read as or written as.
    #[error("{name}: row {row}, column {column}: {value} does not fit {expected}")]
    DoesNotFit {
        /// The source, or the output.
        name: String,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        value: f64,
        /// The type, and the values that it holds.
        expected: &'static str,
    },
    /// A value is not an id, or not one that the format holds.
    #[error("{name}: row {row}, column {column}: {found}, expected {expected}")]
    NotAnId {
        /// The source, or the output.
        name: String,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value, to its last digit.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The member of an archive is not there.
    #[error("{name}: no array {key:?}, expected one of {found:?}")]
    NoSuchKey {
        /// The archive.
        name: String,
        /// The member asked for.
        key: String,
        /// The members that are there.
        found: Vec<String>,
    },
    /// The archive holds several arrays, or none, and no key says which to read.
    #[error("{name}: a key is needed, as in file.npz:key, for one of {found:?}")]
    KeyNeeded {
        /// The archive.
        name: String,
        /// The members that are there.
        found: Vec<String>,
    },
    /// The values lie column by column where only row by row can be read.
    #[error("{name}: Fortran order, expected C order")]
    FortranOrder {
        /// The source.
        name: String,
    },
    /// A word that names no codec.
    #[error(
        "unknown codec {found:?}, expected f16, bf16, u8, sq8:RANGES.npy, sq4:RANGES.npy or pq:CODEBOOKS.npy"
    )]
    UnknownCodec {
        /// The word.
        found: String,
    },
    /// A codec is not for rows of this width.
    #[error("{name}: rows of {found} {unit}, expected {expected} by the codec {codec}")]
    CodecWidth {
        /// The source of the rows.
        name: String,
        /// The codec's name.
        codec: String,
        /// What is counted: `bytes` or `columns`.
        unit: &'static str,
        /// The width that the codec has.
        expected: usize,
        /// The width found.
        found: usize,
    },
    /// The range of a column is none.
    #[error(
        "{name}: column {column}: minimum {minimum}, extent {extent}, expected finite numbers and an extent of 0 or more"
    )]
    BadRange {
        /// The source of the ranges.
        name: String,
        /// The column.
        column: usize,
        /// The least value of the column.
        minimum: f32,
        /// The greatest value less the least.
        extent: f32,
    },
    /// A sparse matrix is stored in a layout other than rows.
    #[error("{name}: a sparse matrix in {found} layout, expected csr, as SciPy's tocsr() makes it")]
    SparseLayout {
        /// The source.
        name: String,
        /// The layout found.
        found: String,
    },
    /// The row pointers of a sparse matrix do not cut its entries into rows.
    #[error("{name}: indptr[{at}] is {found}, expected {expected}")]
    RowPointer {
        /// The source.
        name: String,
        /// The place of the pointer, from 0.
        at: usize,
        /// The pointer found.
        found: i64,
        /// What it should be.
        expected: String,
    },
    /// A sparse matrix has not one value for each column index.
    #[error("{name}: {values} values for {indices} column indices")]
    EntryCounts {
        /// The source.
        name: String,
        /// The number of column indices.
        indices: usize,
        /// The number of values.
        values: usize,
    },
    /// A column index of a sparse matrix goes beyond its columns.
    #[error("{name}: row {row}: column {found}, expected 0 or more and less than {dim}")]
    ColumnOutside {
        /// The source.
        name: String,
        /// The row, from 0.
        row: usize,
        /// The column index found.
        found: i64,
        /// The number of columns.
        dim: usize,
    },
    /// A slice is not a whole number of codebooks.
    #[error("{len} values are not {m} codebooks of {levels} centroids of dimension {dsub}")]
    NotCodebooks {
        /// The values given.
        len: usize,
        /// The number of codebooks.
        m: usize,
        /// The centroids of each.
        levels: usize,
        /// The dimension of a centroid.
        dsub: usize,
    },
    /// A slice is not a whole number of rows.
    #[error("{len} values are not rows of dimension {dim}")]
    NotRows {
        /// The values given.
        len: usize,
        /// The dimension given.
        dim: usize,
    },
    /// Rows were asked for that are not there.
    #[error("{name}: rows {start}..{end}, expected a range within 0..{rows}")]
    OutOfRows {
        /// The source.
        name: String,
        /// The first row asked for.
        start: usize,
        /// The row after the last one asked for.
        end: usize,
        /// The rows that the source has.
        rows: usize,
    },
    /// A buffer has not the length of the rows to be read into it.
    #[error("{name}: a buffer of {found} values, expected {expected}")]
    BufferLength {
        /// The source.
        name: String,
        /// The values of the rows asked for.
        expected: usize,
        /// The buffer's length.
        found: usize,
    },
    /// Another number of rows was written than announced.
    #[error("{}: {written} rows, {announced} announced", path.display())]
    RowCount {
        /// The output.
        path: PathBuf,
        /// The rows announced.
        announced: usize,
        /// The rows written, or that would have been with the block refused.
        written: usize,
    },
}

impl DataError {
    /// The error of opening `path`: `Missing`, or `Io` with its source.
    pub(crate) fn opening(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing { path: path.to_owned() },
            _ => Self::Io { name: path.display().to_string(), source },
        }
    }

    pub(crate) fn writing(path: &Path, source: io::Error) -> Self {
        Self::CannotWrite { path: path.to_owned(), source }
    }
}
