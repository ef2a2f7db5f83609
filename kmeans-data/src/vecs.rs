//! Rows in .fvecs and .bvecs files: each row is its dimension as an i32, then its values; little endian.
//!
//! The format of <http://corpus-texmex.irisa.fr/>.

use std::ops::Range;
use std::path::Path;

use crate::array_info::{ArrayInfo, Order};
use crate::mapped::MappedFile;
use crate::points::{are_scattered, check_read, gather_by_row};
use crate::stored::{ByteOrder, Stored, Unfit, decode, to_f64};
use crate::{DataError, Dtype, Format, Points};

/// The bytes of the dimension that stands before each row.
const PREFIX: usize = 4;

/// A file whose first row and length agree; the dimensions of the other rows are checked as they are read.
pub(crate) struct VecsArray {
    pub(crate) name: String,
    format: Format,
    stored: Stored,
    file: MappedFile,
    pub(crate) rows: usize,
    pub(crate) dim: usize,
}

impl VecsArray {
    pub(crate) fn open(path: &Path, format: Format) -> Result<Self, DataError> {
        let stored = match format {
            Format::Bvecs => Stored::Rows(Dtype::U8),
            Format::Ivecs => Stored::I32,
            _ => Stored::Rows(Dtype::F32),
        };
        let name = path.display().to_string();
        let file = MappedFile::open(path)?;
        let (rows, dim) = table_shape(file.bytes(), stored, &name)?;
        Ok(Self { name, format, stored, file, rows, dim })
    }

    fn stride(&self) -> usize {
        PREFIX + self.dim * self.stored.size()
    }

    /// The bytes of one row's values, once its dimension is found right.
    pub(crate) fn row(&self, row: usize) -> Result<&[u8], DataError> {
        let bytes = &self.file.bytes()[row * self.stride()..][..self.stride()];
        let (prefix, values) = bytes.split_at(PREFIX);
        let found = i32::from_le_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]);
        if usize::try_from(found) != Ok(self.dim) {
            let (name, expected) = (self.name.clone(), self.dim.to_string());
            return Err(DataError::RowDimension { name, row, expected, found: found.into() });
        }
        Ok(values)
    }

    /// All values as f64, row-major.
    pub(crate) fn to_f64(&self) -> Result<Vec<f64>, DataError> {
        let mut values = Vec::with_capacity(self.rows * self.dim);
        for row in 0..self.rows {
            values.extend(to_f64(self.stored, ByteOrder::Little, self.row(row)?));
        }
        Ok(values)
    }

    pub(crate) fn info(&self) -> ArrayInfo {
        ArrayInfo {
            format: self.format,
            dtype: self.stored.name(),
            rows: self.rows,
            dim: self.dim,
            nnz: None,
            order: Order::C,
            mapped: true,
            bytes: self.file.bytes().len() as u64,
        }
    }
}

/// Rows and dimension by the first row and the file's length.
fn table_shape(bytes: &[u8], stored: Stored, name: &str) -> Result<(usize, usize), DataError> {
    let found = bytes.len() as u64;
    let Some(&prefix) = bytes.first_chunk::<PREFIX>() else {
        return Err(DataError::WrongSize { name: name.to_owned(), expected: PREFIX as u64, found });
    };
    let stated = i32::from_le_bytes(prefix);
    let Some(dim) = usize::try_from(stated).ok().filter(|&dim| dim > 0) else {
        let (name, expected) = (name.to_owned(), "1 or more".to_owned());
        return Err(DataError::RowDimension { name, row: 0, expected, found: stated.into() });
    };
    let row_bytes = PREFIX as u64 + dim as u64 * stored.size() as u64;
    if !found.is_multiple_of(row_bytes) {
        return Err(DataError::PartialRow { name: name.to_owned(), found, row_bytes, dim });
    }
    // The quotient is at most the file's length, which is a usize.
    Ok(((found / row_bytes) as usize, dim))
}

/// Rows in a `.fvecs` or `.bvecs` file, mapped.
pub struct VecsFile {
    array: VecsArray,
    dtype: Dtype,
}

impl VecsFile {
    /// Opens a file of f32 rows.
    ///
    /// The first row's dimension and the file's length are checked now, each row's own dimension as it is read.
    ///
    /// # Errors
    /// `Missing`, `Io`; `Empty`, `RowDimension` or `PartialRow` for what is wrong with the file.
    pub fn open_fvecs(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Ok(Self { array: VecsArray::open(path.as_ref(), Format::Fvecs)?, dtype: Dtype::F32 })
    }

    /// Opens a file of u8 rows; as [`VecsFile::open_fvecs`].
    ///
    /// # Errors
    /// As [`VecsFile::open_fvecs`].
    pub fn open_bvecs(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Ok(Self { array: VecsArray::open(path.as_ref(), Format::Bvecs)?, dtype: Dtype::U8 })
    }
}

impl Points for VecsFile {
    fn rows(&self) -> usize {
        self.array.rows
    }

    fn dim(&self) -> usize {
        self.array.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        for (row, out) in rows.zip(out.chunks_exact_mut(self.array.dim)) {
            let values = self.array.row(row)?;
            decode(self.dtype, ByteOrder::Little, values, out).map_err(|Unfit { index, value }| {
                let name = self.array.name.clone();
                DataError::DoesNotFit { name, row, column: index, value, expected: Dtype::F32.range() }
            })?;
        }
        Ok(())
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        if !are_scattered(self, ids) {
            return gather_by_row(self, ids, out);
        }
        let stride = self.array.stride();
        let ranges = ids.iter().map(|id| id * stride..(id + 1) * stride);
        self.array.file.read_scattered(ranges, || gather_by_row(self, ids, out))
    }

    fn prefetch(&self, rows: Range<usize>) {
        let stride = self.array.stride();
        self.array.file.prefetch(rows.start.saturating_mul(stride)..rows.end.saturating_mul(stride));
    }

    fn release(&self, rows: Range<usize>) {
        if rows.start < rows.end && rows.end <= self.array.rows {
            let stride = self.array.stride();
            self.array.file.release(rows.start * stride..rows.end * stride);
        }
    }

    fn name(&self) -> &str {
        &self.array.name
    }

    fn row_bytes(&self) -> usize {
        self.array.stride()
    }
}
