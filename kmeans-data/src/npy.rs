//! Rows in .npy files.

use std::ops::Range;
use std::path::Path;

use crate::array_info::{ArrayInfo, Order};
use crate::bytes::FileBytes;
use crate::mapped::MappedFile;
use crate::npy_header::NpyHeader;
use crate::points::{are_scattered, check_read, gather_by_row};
use crate::stored::{ByteOrder, Stored, decode};
use crate::{DataError, Dtype, Format, PackedView, Packing, Points};

/// Rows that are read together from an array in Fortran order: their tile of 256 lines stays in the first-level
/// cache while the columns are written into it one after the other.
const TILE: usize = 256;

/// An array file whose header agrees with its length; of any type and any number of dimensions.
pub(crate) struct NpyArray {
    pub(crate) name: String,
    pub(crate) header: NpyHeader,
    bytes: FileBytes,
    /// Where the values lie in `bytes`.
    data: Range<usize>,
}

impl NpyArray {
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let file = MappedFile::open(path)?;
        let whole = 0..file.bytes().len();
        Self::within(FileBytes::Mapped(file), whole, path.display().to_string())
    }

    /// The array file that is the part `member` of `bytes`.
    pub(crate) fn within(bytes: FileBytes, member: Range<usize>, name: String) -> Result<Self, DataError> {
        let header = NpyHeader::of_whole(&bytes.as_slice()[member.clone()], &name)?;
        let data = member.start + header.data_start..member.end;
        Ok(Self { name, header, bytes, data })
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.bytes.as_slice()[self.data.clone()]
    }

    /// Reads with `read` what lies in the parts `ranges` of the data, without what lies between, if the file is mapped.
    pub(crate) fn read_scattered<T>(
        &self,
        ranges: impl Iterator<Item = Range<usize>>,
        read: impl FnOnce() -> T,
    ) -> T {
        self.bytes.read_scattered(ranges.map(|range| self.in_file(range)), read)
    }

    /// Starts to fetch the part `range` of the data if the file is mapped.
    pub(crate) fn prefetch(&self, range: Range<usize>) {
        self.bytes.prefetch(self.in_file(range));
    }

    /// Gives back the pages of the part `range` of the data if the file is mapped.
    pub(crate) fn release(&self, range: Range<usize>) {
        self.bytes.release(self.in_file(range));
    }

    fn in_file(&self, range: Range<usize>) -> Range<usize> {
        self.data.start.saturating_add(range.start)..self.data.start.saturating_add(range.end)
    }

    /// Rows and columns; an array of one dimension is one column.
    pub(crate) fn table_shape(&self) -> Result<(usize, usize), DataError> {
        let wrong = |expected| DataError::WrongShape {
            name: self.name.clone(),
            found: self.header.shape.clone(),
            expected,
        };
        let (n, d) = match *self.header.shape.as_slice() {
            [0] | [0, _] => return Err(wrong("at least one row")),
            [_, 0] => return Err(wrong("at least one column")),
            [n] => (n, 1),
            [n, d] => (n, d),
            _ => return Err(wrong("one or two dimensions")),
        };
        let fits =
            |value| usize::try_from(value).map_err(|_| wrong("rows and columns that fit this machine"));
        Ok((fits(n)?, fits(d)?))
    }

    pub(crate) fn info(&self, format: Format) -> Result<ArrayInfo, DataError> {
        let (rows, dim) = self.table_shape()?;
        Ok(ArrayInfo {
            format,
            dtype: self.header.stored.name(),
            rows,
            dim,
            nnz: None,
            order: if self.header.fortran_order { Order::Fortran } else { Order::C },
            mapped: self.bytes.is_mapped(),
            bytes: self.data.len() as u64,
        })
    }
}

/// Rows in a `.npy` file, or in a member of a `.npz` file.
///
/// Mapped, unless the member is compressed. Lends its rows if they are f32 in C order, in the machine's byte order
/// and aligned.
pub struct NpyFile {
    array: NpyArray,
    rows: usize,
    dim: usize,
    dtype: Dtype,
    by_column: bool,
}

impl NpyFile {
    /// Opens an array of one dimension (taken as one column) or two.
    ///
    /// # Errors
    /// `Missing`, `Io`; `Magic`, `NpyVersion`, `NpyHeader`, `WrongDtype`, `WrongShape` or `WrongSize` for what is
    /// wrong with the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Self::from_array(NpyArray::open(path.as_ref())?)
    }

    pub(crate) fn from_array(array: NpyArray) -> Result<Self, DataError> {
        let Stored::Rows(dtype) = array.header.stored else {
            let (name, found) = (array.name.clone(), array.header.stored.name().to_owned());
            return Err(DataError::WrongDtype { name, found, expected: "f32, f64, f16, u8 or i8" });
        };
        let (rows, dim) = array.table_shape()?;
        // A single row or column lies the same way in both orders.
        let by_column = array.header.fortran_order && rows > 1 && dim > 1;
        Ok(Self { array, rows, dim, dtype, by_column })
    }

    fn order(&self) -> ByteOrder {
        self.array.header.byte_order
    }

    fn does_not_fit(&self, row: usize, column: usize, value: f64) -> DataError {
        let name = self.array.name.clone();
        DataError::DoesNotFit { name, row, column, value, expected: Dtype::F32.range() }
    }

    fn read_by_row(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        let row_bytes = self.row_bytes();
        let bytes = &self.array.data()[rows.start * row_bytes..rows.end * row_bytes];
        decode(self.dtype, self.order(), bytes, out).map_err(|unfit| {
            self.does_not_fit(rows.start + unfit.index / self.dim, unfit.index % self.dim, unfit.value)
        })
    }

    fn read_by_column(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        let mut values = [0.0; TILE];
        for (tile, out) in out.chunks_mut(TILE * self.dim).enumerate() {
            let start = rows.start + tile * TILE;
            let values = &mut values[..out.len() / self.dim];
            for column in 0..self.dim {
                let bytes = &self.array.data()[self.column_bytes(start..start + values.len(), column)];
                decode(self.dtype, self.order(), bytes, values)
                    .map_err(|unfit| self.does_not_fit(start + unfit.index, column, unfit.value))?;
                for (row, &value) in out.chunks_exact_mut(self.dim).zip(&*values) {
                    row[column] = value;
                }
            }
        }
        Ok(())
    }

    /// Calls `each` with every stretch of the data that holds values of `rows`, if they are there.
    fn for_bytes(&self, rows: Range<usize>, each: impl Fn(Range<usize>)) {
        if rows.start >= rows.end || rows.end > self.rows {
            return;
        }
        if self.by_column {
            (0..self.dim).for_each(|column| each(self.column_bytes(rows.clone(), column)));
        } else {
            each(rows.start * self.row_bytes()..rows.end * self.row_bytes());
        }
    }

    /// Where the values of `rows` in one column lie in the data of an array in Fortran order.
    fn column_bytes(&self, rows: Range<usize>, column: usize) -> Range<usize> {
        let (first, size) = (column * self.rows, self.dtype.size());
        (first + rows.start) * size..(first + rows.end) * size
    }
}

impl Points for NpyFile {
    fn rows(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        if self.by_column { self.read_by_column(rows, out) } else { self.read_by_row(rows, out) }
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        let lendable = self.dtype == Dtype::F32 && !self.by_column && self.order() == ByteOrder::NATIVE;
        if !lendable || rows.start > rows.end || rows.end > self.rows {
            return None;
        }
        let bytes = &self.array.data()[rows.start * self.row_bytes()..rows.end * self.row_bytes()];
        bytemuck::try_cast_slice(bytes).ok()
    }

    fn lend_packed(&self, rows: Range<usize>) -> Option<PackedView<'_>> {
        let packing = match self.dtype {
            Dtype::F16 if self.order() == ByteOrder::Little => Packing::F16,
            Dtype::U8 => Packing::U8,
            Dtype::I8 => Packing::I8,
            _ => return None,
        };
        if self.by_column || rows.start > rows.end || rows.end > self.rows {
            return None;
        }
        let bytes = &self.array.data()[rows.start * self.row_bytes()..rows.end * self.row_bytes()];
        PackedView::new(bytes, packing, self.dim)
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        if self.by_column || !are_scattered(self, ids) {
            return gather_by_row(self, ids, out);
        }
        let row_bytes = self.row_bytes();
        let ranges = ids.iter().map(|id| id * row_bytes..(id + 1) * row_bytes);
        self.array.read_scattered(ranges, || gather_by_row(self, ids, out))
    }

    fn prefetch(&self, rows: Range<usize>) {
        self.for_bytes(rows, |range| self.array.prefetch(range));
    }

    fn release(&self, rows: Range<usize>) {
        self.for_bytes(rows, |range| self.array.release(range));
    }

    fn name(&self) -> &str {
        &self.array.name
    }

    fn row_bytes(&self) -> usize {
        self.dtype.size() * self.dim
    }
}
