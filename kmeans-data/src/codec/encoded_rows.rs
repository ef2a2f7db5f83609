//! Rows that stay encoded until they are read.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::Codec;
use super::parameters::open_array;
use crate::npy::NpyArray;
use crate::points::{are_scattered, check_length, check_read};
use crate::stored::Stored;
use crate::{DataError, Dtype, PackedView, Points};

/// Rows as codes, decoded as they are read: only those asked for, and none is lent.
pub struct EncodedRows<'a> {
    codes: Codes<'a>,
    codec: Arc<dyn Codec>,
    rows: usize,
}

enum Codes<'a> {
    Memory(Cow<'a, [u8]>),
    File(NpyArray),
}

impl<'a> EncodedRows<'a> {
    /// The rows whose codes lie one after the other in `codes`, lent or held.
    ///
    /// # Errors
    /// `NotRows` if the length of `codes` is not a multiple of the codec's.
    pub fn new(codes: impl Into<Cow<'a, [u8]>>, codec: Arc<dyn Codec>) -> Result<Self, DataError> {
        let codes = codes.into();
        crate::memory::check_rows(codes.len(), codec.code_size())?;
        let rows = codes.len() / codec.code_size();
        Ok(Self { codes: Codes::Memory(codes), codec, rows })
    }
}

impl EncodedRows<'static> {
    /// Opens codes in a `.npy` or `.npz:key` array of u8, n × code size, mapped unless it is compressed.
    ///
    /// # Errors
    /// `WrongDtype`; `FortranOrder`; `CodecWidth` if the codec has codes of another length; as
    /// [`NpyFile::open`](crate::NpyFile::open).
    pub fn open(path: impl AsRef<Path>, codec: Arc<dyn Codec>) -> Result<Self, DataError> {
        let array = open_array(path.as_ref())?;
        let name = || array.name.clone();
        if array.header.stored != Stored::Rows(Dtype::U8) {
            let found = array.header.stored.name().to_owned();
            return Err(DataError::WrongDtype { name: name(), found, expected: "u8, the bytes of codes" });
        }
        let (rows, found) = array.table_shape()?;
        let expected = codec.code_size();
        if found != expected {
            let codec = codec.name().to_owned();
            return Err(DataError::CodecWidth { name: name(), codec, unit: "bytes", expected, found });
        }
        Ok(Self { codes: Codes::File(array), codec, rows })
    }
}

impl EncodedRows<'_> {
    /// What decodes the rows.
    pub fn codec(&self) -> &Arc<dyn Codec> {
        &self.codec
    }

    /// All codes, row-major.
    pub fn codes(&self) -> &[u8] {
        match &self.codes {
            Codes::Memory(codes) => codes,
            Codes::File(array) => array.data(),
        }
    }

    fn code_range(&self, rows: &Range<usize>) -> Range<usize> {
        let size = self.codec.code_size();
        rows.start.saturating_mul(size)..rows.end.saturating_mul(size)
    }

    fn decode(&self, rows: &Range<usize>, out: &mut [f32]) {
        self.codec.decode(&self.codes()[self.code_range(rows)], out);
    }

    fn gather_checked(&self, ids: &[usize], out: &mut [f32]) {
        for (&id, out) in ids.iter().zip(out.chunks_exact_mut(self.dim())) {
            self.decode(&(id..id + 1), out);
        }
    }
}

impl Points for EncodedRows<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.codec.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        self.decode(&rows, out);
        Ok(())
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        check_length(self, ids.len(), out.len())?;
        if let Some(&id) = ids.iter().find(|&&id| id >= self.rows) {
            check_read(self, &(id..id.saturating_add(1)), self.dim())?;
        }
        match &self.codes {
            Codes::File(array) if are_scattered(self, ids) => {
                let ranges = ids.iter().map(|&id| self.code_range(&(id..id + 1)));
                array.read_scattered(ranges, || self.gather_checked(ids, out));
            }
            _ => self.gather_checked(ids, out),
        }
        Ok(())
    }

    fn lend_packed(&self, rows: Range<usize>) -> Option<PackedView<'_>> {
        let packing = self.codec.packing()?;
        let codes = self.codes().get(self.code_range(&rows))?;
        PackedView::new(codes, packing, self.dim())
    }

    fn is_encoded(&self) -> bool {
        true
    }

    fn prefetch(&self, rows: Range<usize>) {
        if let Codes::File(array) = &self.codes {
            array.prefetch(self.code_range(&rows));
        }
    }

    fn release(&self, rows: Range<usize>) {
        if let Codes::File(array) = &self.codes
            && rows.start < rows.end
            && rows.end <= self.rows
        {
            array.release(self.code_range(&rows));
        }
    }

    fn name(&self) -> &str {
        match &self.codes {
            Codes::Memory(_) => "memory",
            Codes::File(array) => &array.name,
        }
    }

    fn row_bytes(&self) -> usize {
        self.codec.code_size()
    }
}
