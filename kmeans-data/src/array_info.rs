//! What a file of rows holds.

use std::fmt;

use crate::Format;

/// How the values of a table follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Row by row.
    C,
    /// Column by column.
    Fortran,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::C => "C",
            Self::Fortran => "Fortran",
        })
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayInfo {
    /// The file's format.
    pub format: Format,
    /// The type of its values; `text` for text files.
    pub dtype: &'static str,
    /// The number of rows.
    pub rows: usize,
    /// The number of columns; 1 for an array of one dimension.
    pub dim: usize,
    /// The values that a sparse table holds; `None` for dense ones, which hold all.
    pub nnz: Option<usize>,
    /// How the values follow each other.
    pub order: Order,
    /// Whether reading maps the file, rather than to hold its values in memory.
    pub mapped: bool,
    /// The bytes that the values take in the file: without the header of a `.npy` file, all of other files.
    pub bytes: u64,
}
