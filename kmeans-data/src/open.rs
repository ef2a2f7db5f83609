//! Files opened and described by their extension.

use std::path::Path;

use crate::array_info::{ArrayInfo, Order};
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
        Some(Format::Npz) => npz::open_array(path)?.info(Format::Npz),
        Some(format @ (Format::Fvecs | Format::Bvecs | Format::Ivecs)) => {
            Ok(VecsArray::open(path, format)?.info())
        }
        Some(format @ (Format::Csv | Format::Tsv)) => describe_text(path, format),
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
