//! Rows encoded into a file.

use std::path::Path;

use super::Codec;
use super::parameters::check_npy;
use crate::blocks::for_blocks;
use crate::npy_header::header_bytes;
use crate::stored::Stored;
use crate::{AtomicFile, DataError, Dtype, Overwrite, Points};

/// Encodes `points` block by block into a `.npy` file of u8, n × code size, from which
/// [`EncodedRows::open`](crate::EncodedRows::open) reads.
///
/// # Errors
/// `CodecWidth` if the codec is for rows of another dimension; `DoesNotFit` for a value that has no code, named by
/// row and column of `points`; `UnknownExtension`; as [`Points::read`] and
/// [`AtomicFile::create`](crate::AtomicFile::create). No file is left behind.
pub fn write_encoded(
    path: impl AsRef<Path>,
    points: &(impl Points + ?Sized),
    codec: &dyn Codec,
    overwrite: Overwrite,
) -> Result<(), DataError> {
    check_npy(path.as_ref())?;
    if codec.dim() != points.dim() {
        let (name, codec_name) = (points.name().to_owned(), codec.name().to_owned());
        let (expected, found) = (codec.dim(), points.dim());
        return Err(DataError::CodecWidth { name, codec: codec_name, unit: "columns", expected, found });
    }
    let mut file = AtomicFile::create(path, overwrite)?;
    file.put(&header_bytes(Stored::Rows(Dtype::U8), &[points.rows(), codec.code_size()]))?;
    let mut codes = Vec::new();
    for_blocks(points, |start, values| {
        codes.resize(values.len() / codec.dim() * codec.code_size(), 0);
        codec.encode(values, &mut codes).map_err(|error| in_source(error, points, start))?;
        file.put(&codes)
    })?;
    file.commit()
}

/// An error of a block's value, named by its place in the source.
fn in_source(error: DataError, points: &(impl Points + ?Sized), start: usize) -> DataError {
    match error {
        DataError::DoesNotFit { row, column, value, expected, .. } => {
            let (name, row) = (points.name().to_owned(), points.source_row(start + row));
            DataError::DoesNotFit { name, row, column, value, expected }
        }
        error => error,
    }
}
