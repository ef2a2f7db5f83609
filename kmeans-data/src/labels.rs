//! Labels and distances: what a clustering writes for each row.

use std::path::Path;

use crate::encode::append;
use crate::stored::Stored;
use crate::table::{Cell, write_table};
use crate::vector::Column;
use crate::{DataError, Dtype, Format, Overwrite};

/// The extensions that labels are written to.
pub(crate) const LABEL_OUTPUTS: &str = ".npy, .csv, .tsv, .ivecs";
/// The extensions that distances are written to.
pub(crate) const DISTANCE_OUTPUTS: &str = ".npy, .csv, .tsv, .fvecs";

/// Writes one label a row: `.npy` (i32, one dimension), `.csv` or `.tsv` (one a line under the header `label`), or
/// `.ivecs` (rows of dimension 1).
///
/// # Errors
/// `UnknownExtension`; as [`AtomicFile::create`](crate::AtomicFile::create) and
/// [`AtomicFile::commit`](crate::AtomicFile::commit).
pub fn write_labels(path: impl AsRef<Path>, labels: &[i32], overwrite: Overwrite) -> Result<(), DataError> {
    write_table(path.as_ref(), labels, 1, overwrite)
}

/// Writes `p` labels a row, nearest first: as [`write_labels`], with n×p values (one dimension if `p` is 1) and the
/// header `label_1,...,label_p`.
///
/// # Errors
/// `NotRows` if the length of `labels` is not a multiple of `p`; as [`write_labels`].
pub fn write_label_rows(
    path: impl AsRef<Path>,
    labels: &[i32],
    p: usize,
    overwrite: Overwrite,
) -> Result<(), DataError> {
    write_table(path.as_ref(), labels, p, overwrite)
}

/// Writes `p` distances a row: `.npy` (f32, n×p values; one dimension if `p` is 1), `.csv` or `.tsv` (under the header
/// `distance`, or `distance_1,...,distance_p`), or `.fvecs`.
///
/// # Errors
/// As [`write_label_rows`].
pub fn write_distances(
    path: impl AsRef<Path>,
    distances: &[f32],
    p: usize,
    overwrite: Overwrite,
) -> Result<(), DataError> {
    write_table(path.as_ref(), distances, p, overwrite)
}

/// Reads one label a row: `.npy` or `.npz:key` (any type, one dimension or one column), `.csv`, `.tsv` (one column,
/// with or without a header line), `.ivecs` (rows of dimension 1).
///
/// # Errors
/// `DoesNotFit` for a value that is not an integer in the range of i32; `WrongShape` for more than one column; as
/// [`open`](crate::open).
pub fn read_labels(path: impl AsRef<Path>) -> Result<Vec<i32>, DataError> {
    let column = Column::read(path.as_ref())?;
    let expected = "i32 (an integer from -2147483648 to 2147483647)";
    column.convert(expected, |value| {
        let label = value as i32;
        (f64::from(label) == value).then_some(label)
    })
}

impl Cell for i32 {
    const STORED: Stored = Stored::I32;
    const VECS: Format = Format::Ivecs;
    const WORD: &'static str = "label";
    const KNOWN: &'static str = LABEL_OUTPUTS;
    fn append_npy(labels: &[Self], out: &mut Vec<u8>) {
        append(labels, out, Self::to_le_bytes);
    }
}

impl Cell for f32 {
    const STORED: Stored = Stored::Rows(Dtype::F32);
    const VECS: Format = Format::Fvecs;
    const WORD: &'static str = "distance";
    const KNOWN: &'static str = DISTANCE_OUTPUTS;
    fn append_npy(distances: &[Self], out: &mut Vec<u8>) {
        append(distances, out, Self::to_le_bytes);
    }
}
