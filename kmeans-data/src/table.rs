//! Tables of one value a row, or of p, written whole: labels, distances and ids.

use std::fmt::Display;
use std::path::Path;

use crate::memory::check_rows;
use crate::npy_header::header_bytes;
use crate::row_writer::{vecs_prefix, write_text};
use crate::stored::Stored;
use crate::{AtomicFile, DataError, Format, Overwrite};

/// A type of values that a table is written of.
pub(crate) trait Cell: Copy + Display {
    /// The type in `.npy`.
    const STORED: Stored;
    /// The format in which each row stands after its dimension.
    const VECS: Format;
    /// The name of the column in text; its rank is appended where there are several.
    const WORD: &'static str;
    /// The extensions that such tables are written to.
    const KNOWN: &'static str;
    /// Appends the values as `.npy` has them.
    fn append_npy(values: &[Self], out: &mut Vec<u8>);
    /// Appends the values as the format `VECS` has them.
    fn append_vecs(values: &[Self], out: &mut Vec<u8>) {
        Self::append_npy(values, out);
    }
}

/// Writes `p` values a row in the format of the extension.
///
/// # Errors
/// `NotRows`, `UnknownExtension`; as [`AtomicFile::create`] and [`AtomicFile::commit`].
pub(crate) fn write_table<T: Cell>(
    path: &Path,
    values: &[T],
    p: usize,
    overwrite: Overwrite,
) -> Result<(), DataError> {
    check_rows(values.len(), p)?;
    let mut bytes = Vec::new();
    match Format::of(path) {
        Some(Format::Npy) => {
            let shape = [values.len() / p, p];
            bytes = header_bytes(T::STORED, if p == 1 { &shape[..1] } else { &shape });
            T::append_npy(values, &mut bytes);
        }
        Some(format @ (Format::Csv | Format::Tsv)) => {
            write_text(&header_words::<T>(p), p, format.delimiter(), &mut bytes);
            write_text(values, p, format.delimiter(), &mut bytes);
        }
        Some(format) if format == T::VECS => {
            let prefix = vecs_prefix(p)?;
            for row in values.chunks_exact(p) {
                bytes.extend_from_slice(&prefix);
                T::append_vecs(row, &mut bytes);
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
