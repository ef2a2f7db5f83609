//! Files opened and described by their extension.

use std::path::Path;

use crate::array_info::{ArrayInfo, Order};
use crate::npy::NpyArray;
use crate::vecs::VecsArray;
use crate::{CsrRows, CsvRows, DataError, Format, Missing, NpyFile, Points, VecsFile, npz};

const ROW_INPUTS: &str = ".npy, .npz:key, .npz, .fvecs, .bvecs, .csv, .tsv, .svm, .libsvm, .svmlight";
const INPUTS: &str = ".npy, .npz:key, .npz, .fvecs, .bvecs, .ivecs, .csv, .tsv, .svm, .libsvm, .svmlight";

/// Opens the rows of a file by its extension, in either case: `.npy`, `.npz:key`, `.npz`, `.fvecs`, `.bvecs`,
/// `.csv`, `.tsv`, `.svm`, `.libsvm`, `.svmlight`. The key may be left out where the archive holds one array, or a
/// sparse matrix as SciPy's `save_npz` writes it.
///
/// # Errors
/// `UnknownExtension`; `Missing`, `Io`; whatever is wrong with the file, as [`NpyFile::open`],
/// [`VecsFile::open_fvecs`], [`CsvRows::open`], [`CsrRows::open_npz`], [`CsrRows::open_svmlight`] have it.
///
/// # Cost
/// Binary files are mapped: their header, or first row, and their length are read. Text is parsed, and sparse matrices
/// are held in memory.
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn Points>, DataError> {
    open_with(path, Missing::Refuse)
}

/// As [`open`], where fields of `.csv` and `.tsv` that hold no value may be NaN. Other formats know no such fields.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: impl AsRef<Path>, missing: Missing) -> Result<Box<dyn Points>, DataError> {
    let path = path.as_ref();
    Ok(match Format::of(path) {
        Some(Format::Npy) => Box::new(NpyFile::open(path)?),
        Some(Format::Npz) => match CsrRows::open_in_npz(path)? {
            Some(rows) => Box::new(rows),
            None => Box::new(NpyFile::from_array(npz::open_array(path)?)?),
        },
        Some(Format::Fvecs) => Box::new(VecsFile::open_fvecs(path)?),
        Some(Format::Bvecs) => Box::new(VecsFile::open_bvecs(path)?),
        Some(Format::Csv | Format::Tsv) => Box::new(CsvRows::open_with(path, missing)?),
        Some(Format::Svmlight) => Box::new(CsrRows::open_svmlight(path)?),
        _ => return Err(unknown(path, ROW_INPUTS)),
    })
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
        Some(Format::Npz) => match CsrRows::open_in_npz(path)? {
            Some(rows) => describe_held(path, Format::Npz, "f32", &rows, Some(rows.nnz())),
            None => npz::open_array(path)?.info(Format::Npz),
        },
        Some(format @ (Format::Fvecs | Format::Bvecs | Format::Ivecs)) => {
            Ok(VecsArray::open(path, format)?.info())
        }
        Some(format @ (Format::Csv | Format::Tsv)) => {
            describe_held(path, format, "text", &CsvRows::open(path)?, None)
        }
        Some(Format::Svmlight) => {
            let rows = CsrRows::open_svmlight(path)?;
            describe_held(path, Format::Svmlight, "text", &rows, Some(rows.nnz()))
        }
        _ => Err(unknown(path, INPUTS)),
    }
}

/// A file that is not there is missing, whatever its extension.
fn unknown(path: &Path, known: &'static str) -> DataError {
    let name = path.display().to_string();
    match path.metadata() {
        Err(source) => DataError::opening(path, source),
        Ok(metadata) if !metadata.is_file() => DataError::NotAFile { name },
        Ok(_) => DataError::UnknownExtension { name, known },
    }
}

/// What a file holds whose rows were read into memory.
fn describe_held(
    path: &Path,
    format: Format,
    dtype: &'static str,
    rows: &dyn Points,
    nnz: Option<usize>,
) -> Result<ArrayInfo, DataError> {
    let metadata = path.metadata().map_err(|source| DataError::opening(path, source))?;
    Ok(ArrayInfo {
        format,
        dtype,
        rows: rows.rows(),
        dim: rows.dim(),
        nnz,
        order: Order::C,
        mapped: false,
        bytes: metadata.len(),
    })
}
