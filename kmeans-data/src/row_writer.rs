//! Rows written to a file, block by block.

use std::io::Write;
use std::path::Path;

use crate::encode::encode;
use crate::npy_header::header_bytes;
use crate::stored::{Stored, Unfit};
use crate::{AtomicFile, DataError, Dtype, Format, Overwrite};

/// The extensions that rows are written to.
pub(crate) const ROW_OUTPUTS: &str = ".npy, .fvecs, .bvecs, .csv, .tsv";
/// Values that are encoded at a time.
const BLOCK: usize = 1 << 16;

/// Writes an announced number of rows to a file that appears when all are there and [`RowWriter::commit`] is called.
///
/// Made by [`create_rows`] or [`create_rows_as`].
#[derive(Debug)]
pub struct RowWriter {
    file: AtomicFile,
    layout: Layout,
    dim: usize,
    announced: usize,
    written: usize,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    Npy(Dtype),
    /// Each row after its dimension.
    Vecs(Dtype),
    Text {
        delimiter: u8,
    },
}

/// Begins a file of `rows` rows of dimension `dim`, in the format of its extension: `.npy` (f32), `.fvecs`, `.bvecs`,
/// `.csv` or `.tsv`.
///
/// Text is written without a header line, each number in the fewest digits that read back to the same bits.
///
/// # Errors
/// `UnknownExtension`; `NotRows` if `dim` is 0; as [`AtomicFile::create`].
pub fn create_rows(
    path: impl AsRef<Path>,
    rows: usize,
    dim: usize,
    overwrite: Overwrite,
) -> Result<RowWriter, DataError> {
    let path = path.as_ref();
    RowWriter::create(path, default_layout(path)?, [rows, dim], overwrite)
}

/// As [`create_rows`], with values stored as `dtype`: any type in `.npy`, f32 in `.fvecs`, u8 in `.bvecs`.
///
/// # Errors
/// `FormatDtype` if the format does not hold the type; as [`create_rows`].
pub fn create_rows_as(
    path: impl AsRef<Path>,
    rows: usize,
    dim: usize,
    dtype: Dtype,
    overwrite: Overwrite,
) -> Result<RowWriter, DataError> {
    let path = path.as_ref();
    let (layout, expected) = match default_layout(path)? {
        Layout::Npy(_) => (Layout::Npy(dtype), dtype.name()),
        layout @ Layout::Vecs(own) => (layout, own.name()),
        layout @ Layout::Text { .. } => (layout, Dtype::F32.name()),
    };
    if expected != dtype.name() {
        let name = path.display().to_string();
        return Err(DataError::FormatDtype { name, dtype: dtype.name(), expected });
    }
    RowWriter::create(path, layout, [rows, dim], overwrite)
}

fn default_layout(path: &Path) -> Result<Layout, DataError> {
    Ok(match Format::of(path) {
        Some(Format::Npy) => Layout::Npy(Dtype::F32),
        Some(Format::Fvecs) => Layout::Vecs(Dtype::F32),
        Some(Format::Bvecs) => Layout::Vecs(Dtype::U8),
        Some(format @ (Format::Csv | Format::Tsv)) => Layout::Text { delimiter: format.delimiter() },
        _ => {
            return Err(DataError::UnknownExtension { name: path.display().to_string(), known: ROW_OUTPUTS });
        }
    })
}

impl RowWriter {
    fn create(
        path: &Path,
        layout: Layout,
        shape: [usize; 2],
        overwrite: Overwrite,
    ) -> Result<Self, DataError> {
        let [announced, dim] = shape;
        if dim == 0 {
            return Err(DataError::NotRows { len: announced, dim });
        }
        let mut file = AtomicFile::create(path, overwrite)?;
        if let Layout::Npy(dtype) = layout {
            file.put(&header_bytes(Stored::Rows(dtype), &shape))?;
        }
        Ok(Self { file, layout, dim, announced, written: 0, buffer: Vec::new() })
    }

    /// Appends whole rows, row-major.
    ///
    /// # Errors
    /// `NotRows` if the length of `rows` is not a multiple of the dimension; `RowCount` if these are more rows than
    /// announced; `DoesNotFit` for a value that the file's type does not hold; `CannotWrite`.
    pub fn write_rows(&mut self, rows: &[f32]) -> Result<(), DataError> {
        crate::memory::check_rows(rows.len(), self.dim)?;
        let written = self.written + rows.len() / self.dim;
        if written > self.announced {
            return Err(self.row_count(written));
        }
        let rows_at_once = (BLOCK / self.dim).max(1);
        for block in rows.chunks(rows_at_once * self.dim) {
            self.buffer.clear();
            self.encode_block(block)?;
            self.file.put(&self.buffer)?;
            self.written += block.len() / self.dim;
        }
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// `RowCount` if fewer rows were written than announced; as [`AtomicFile::commit`].
    pub fn commit(self) -> Result<(), DataError> {
        if self.written != self.announced {
            return Err(self.row_count(self.written));
        }
        self.file.commit()
    }

    fn row_count(&self, written: usize) -> DataError {
        DataError::RowCount { path: self.file.path().to_owned(), announced: self.announced, written }
    }

    fn encode_block(&mut self, block: &[f32]) -> Result<(), DataError> {
        match self.layout {
            Layout::Npy(dtype) => {
                encode(dtype, block, &mut self.buffer).map_err(|unfit| self.does_not_fit(0, unfit, dtype))
            }
            Layout::Vecs(dtype) => self.encode_vecs(block, dtype),
            Layout::Text { delimiter } => {
                write_text(block, self.dim, delimiter, &mut self.buffer);
                Ok(())
            }
        }
    }

    fn encode_vecs(&mut self, block: &[f32], dtype: Dtype) -> Result<(), DataError> {
        let prefix = vecs_prefix(self.dim)?;
        for (row, values) in block.chunks_exact(self.dim).enumerate() {
            self.buffer.extend_from_slice(&prefix);
            encode(dtype, values, &mut self.buffer).map_err(|unfit| self.does_not_fit(row, unfit, dtype))?;
        }
        Ok(())
    }

    /// `row` counts from the first row of the block; `unfit` from the first value of that row.
    fn does_not_fit(&self, row: usize, unfit: Unfit, dtype: Dtype) -> DataError {
        DataError::DoesNotFit {
            name: self.file.path().display().to_string(),
            row: self.written + row + unfit.index / self.dim,
            column: unfit.index % self.dim,
            value: unfit.value,
            expected: dtype.range(),
        }
    }
}

/// The dimension that stands before each row.
pub(crate) fn vecs_prefix(dim: usize) -> Result<[u8; 4], DataError> {
    i32::try_from(dim).map(i32::to_le_bytes).map_err(|_| DataError::NotRows { len: 0, dim })
}

/// Appends one line a row.
pub(crate) fn write_text<T: std::fmt::Display>(values: &[T], dim: usize, delimiter: u8, out: &mut Vec<u8>) {
    for row in values.chunks_exact(dim) {
        for (column, value) in row.iter().enumerate() {
            if column > 0 {
                out.push(delimiter);
            }
            write!(out, "{value}").expect("writing to memory succeeds");
        }
        out.push(b'\n');
    }
}
