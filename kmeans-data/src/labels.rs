//! Labels and distances: what a clustering writes for each row.

use std::fmt::Display;
use std::path::Path;

use crate::encode::append;
use crate::memory::check_rows;
use crate::npy_header::header_bytes;
use crate::row_writer::{vecs_prefix, write_text};
use crate::stored::Stored;
use crate::vector::Column;
use crate::{AtomicFile, DataError, Dtype, Format, Overwrite};

/// The extensions that labels are written to.
pub(crate) const LABEL_OUTPUTS: &str = ".npy, .csv, .tsv, .ivecs";
/// The extensions that distances are written to.
pub(crate) const DISTANCE_OUTPUTS: &str = ".npy, .csv, .tsv, .fvecs";

/// Writes one label a row: `.npy` (i32, one dimension), `.csv` or `.tsv` (one a line under the header `label`), or
/// `.ivecs` (rows of dimension 1).
///
/// # Errors
/// `UnknownExtension`; as [`AtomicFile::create`] and [`AtomicFile::commit`].
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

/// A type of values that one table is written of.
trait Cell: Copy + Display {
    const STORED: Stored;
    const VECS: Format;
    const WORD: &'static str;
    const KNOWN: &'static str;
    fn le_bytes(self) -> [u8; 4];
}

impl Cell for i32 {
    const STORED: Stored = Stored::I32;
    const VECS: Format = Format::Ivecs;
    const WORD: &'static str = "label";
    const KNOWN: &'static str = LABEL_OUTPUTS;
    fn le_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

impl Cell for f32 {
    const STORED: Stored = Stored::Rows(Dtype::F32);
    const VECS: Format = Format::Fvecs;
    const WORD: &'static str = "distance";
    const KNOWN: &'static str = DISTANCE_OUTPUTS;
    fn le_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

fn write_table<T: Cell>(path: &Path, values: &[T], p: usize, overwrite: Overwrite) -> Result<(), DataError> {
    check_rows(values.len(), p)?;
    let mut bytes = Vec::new();
    match Format::of(path) {
        Some(Format::Npy) => {
            let shape = [values.len() / p, p];
            bytes = header_bytes(T::STORED, if p == 1 { &shape[..1] } else { &shape });
            append(values, &mut bytes, T::le_bytes);
        }
        Some(format @ (Format::Csv | Format::Tsv)) => {
            write_text(&header_words::<T>(p), p, format.delimiter(), &mut bytes);
            write_text(values, p, format.delimiter(), &mut bytes);
        }
        Some(format) if format == T::VECS => {
            let prefix = vecs_prefix(p)?;
            for row in values.chunks_exact(p) {
                bytes.extend_from_slice(&prefix);
                append(row, &mut bytes, T::le_bytes);
            }
        }
        _ => {
            return Err(DataError::UnknownExtension { name: path.display().to_string(), known: T::KNOWN });
        }
    }
    let mut file = AtomicFile::create(path, overwrite)?;
    file.put(&bytes)?;
    file.commit()
}

fn header_words<T: Cell>(p: usize) -> Vec<String> {
    match p {
        1 => vec![T::WORD.to_owned()],
        _ => (1..=p).map(|rank| format!("{}_{rank}", T::WORD)).collect(),
    }
}
