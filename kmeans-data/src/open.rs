//! Files opened and described by their extension.

use std::fmt;
use std::path::Path;

use crate::npy::NpyArray;
use crate::vecs::VecsArray;
use crate::{CsvRows, DataError, Format, NpyFile, Points, VecsFile, npz};

const ROW_INPUTS: &str = ".npy, .npz:key, .fvecs, .bvecs, .csv, .tsv";
const INPUTS: &str = ".npy, .npz:key, .fvecs, .bvecs, .ivecs, .csv, .tsv";

/// Opens the rows of a file by its extension, in either case: `.npy`, `.npz:key`, `.fvecs`, `.bvecs`,
/// `.csv`, `.tsv`. The key may be left out where the archive holds one array.
///
/// # Errors
/// `UnknownExtension`; `Missing`, `Io`; whatever is wrong with the file, as [`NpyFile::open`],
/// [`VecsFile::open_fvecs`], [`CsvRows::open`] have it.
///
/// # Cost
/// Binary files are mapped: their header, or first row, and their length are read. Text is parsed.
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn Points>, DataError> {
    let path = path.as_ref();
    Ok(match Format::of(path) {
        Some(Format::Npy) => Box::new(NpyFile::open(path)?),
        Some(Format::Npz) => Box::new(NpyFile::from_array(npz::open_array(path)?)?),
        Some(Format::Fvecs) => Box::new(VecsFile::open_fvecs(path)?),
        Some(Format::Bvecs) => Box::new(VecsFile::open_bvecs(path)?),
        Some(Format::Csv | Format::Tsv) => Box::new(CsvRows::open(path)?),
        _ if !path.exists() => return Err(DataError::Missing { path: path.to_owned() }),
        _ if !path.is_file() => return Err(DataError::NotAFile { name: path.display().to_string() }),
        _ => {
            return Err(DataError::UnknownExtension { name: path.display().to_string(), known: ROW_INPUTS });
        }
    })
}

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
    /// How the values follow each other.
    pub order: Order,
    /// Whether reading maps the file, rather than to hold its values in memory.
    pub mapped: bool,
    /// The bytes that the values take in the file: without the header of a `.npy` file, all of other files.
    pub bytes: u64,
}

/// Says what a file holds; labels and arrays of other types too, which [`open`] refuses.
///
/// # Errors
/// As [`open`].
///
/// # Cost
/// As [`open`]: a text file is parsed.
pub fn describe(path: impl AsRef<Path>) -> Result<ArrayInfo, DataError> {
    let path = path.as_ref();
    match Format::of(path) {
        Some(Format::Npy) => NpyArray::open(path)?.info(Format::Npy),
        Some(Format::Npz) => npz::open_array(path)?.info(Format::Npz),
        Some(format @ (Format::Fvecs | Format::Bvecs | Format::Ivecs)) => {
            Ok(VecsArray::open(path, format)?.info())
        }
        Some(format @ (Format::Csv | Format::Tsv)) => describe_text(path, format),
        _ => Err(DataError::UnknownExtension { name: path.display().to_string(), known: INPUTS }),
    }
}

fn describe_text(path: &Path, format: Format) -> Result<ArrayInfo, DataError> {
    let rows = CsvRows::open(path)?;
    let metadata = path.metadata().map_err(|source| DataError::opening(path, source))?;
    Ok(ArrayInfo {
        format,
        dtype: "text",
        rows: rows.rows(),
        dim: rows.dim(),
        order: Order::C,
        mapped: false,
        bytes: metadata.len(),
    })
}
