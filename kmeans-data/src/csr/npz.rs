//! Sparse matrices in SciPy's `.npz` files: the arrays `format`, `shape`, `indptr`, `indices` and `data`.
//!
//! Described at <https://docs.scipy.org/doc/scipy/reference/generated/scipy.sparse.save_npz.html>.

use std::path::Path;

use super::CsrRows;
use super::rows::{check_indptr, row_of};
use crate::mapped::MappedFile;
use crate::npy_header::{NpyHeader, read_word};
use crate::npz::{NpzArchive, split_key};
use crate::stored::{NoInteger, Stored, Unfit, decode, integers, to_f64};
use crate::{DataError, Dtype};

const INTEGERS: &str = "i32 or i64";
const LAYOUT: &str = "format";

impl CsrRows {
    /// Reads a sparse matrix that SciPy's `save_npz` has written, compressed or not.
    ///
    /// Column indices and row pointers are i32 or i64; values of any number type are read as f32.
    ///
    /// # Errors
    /// `SparseLayout` for other layouts than `csr`; `NoSuchKey` if an array is missing; `WrongDtype`, `WrongShape`,
    /// `WrongSize`, `Malformed`; as [`CsrRows::new`].
    pub fn open_npz(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let (file, name) = (MappedFile::open(path)?, path.display().to_string());
        read(NpzArchive::new(file.bytes(), &name)?, &name)
    }

    /// The sparse matrix in an archive for which no key is given; `None` where the archive is not SciPy's.
    pub(crate) fn open_in_npz(path: &Path) -> Result<Option<Self>, DataError> {
        if !matches!(split_key(path), Some((_, None))) {
            return Ok(None);
        }
        let (file, name) = (MappedFile::open(path)?, path.display().to_string());
        let archive = NpzArchive::new(file.bytes(), &name)?;
        let keys = archive.keys();
        // All of SciPy's layouts have these; the wrong ones are told apart by name.
        let is_sparse = [LAYOUT, "shape", "data"].iter().all(|key| keys.iter().any(|there| there == key));
        is_sparse.then(|| read(archive, &name)).transpose()
    }
}

fn read(mut archive: NpzArchive, name: &str) -> Result<CsrRows, DataError> {
    let layout = read_word(&archive.unpack(LAYOUT)?, &archive.name_of(LAYOUT))?;
    if layout != "csr" {
        return Err(DataError::SparseLayout { name: name.to_owned(), found: layout });
    }
    let (rows, dim) = read_shape(&Member::unpack(&mut archive, "shape")?)?;
    let indptr = read_indptr(&Member::unpack(&mut archive, "indptr")?, rows)?;
    let indices = read_indices(&Member::unpack(&mut archive, "indices")?, &indptr, dim)?;
    let values = read_values(&Member::unpack(&mut archive, "data")?, &indptr, &indices)?;
    CsrRows::named(indptr, indices, values, dim, name.to_owned())
}

/// An array of one dimension that is a member of the archive.
struct Member {
    name: String,
    header: NpyHeader,
    bytes: Vec<u8>,
}

impl Member {
    fn unpack(archive: &mut NpzArchive, key: &str) -> Result<Self, DataError> {
        let (bytes, name) = (archive.unpack(key)?, archive.name_of(key));
        let header = NpyHeader::of_whole(&bytes, &name)?;
        let member = Self { name, header, bytes };
        if member.header.shape.len() != 1 {
            return Err(member.wrong_shape("one dimension"));
        }
        Ok(member)
    }

    fn data(&self) -> &[u8] {
        &self.bytes[self.header.data_start..]
    }

    fn len(&self) -> usize {
        self.data().len() / self.header.stored.size()
    }

    /// All values of an array of i32 or i64 by `convert`; the first that it refuses is an error, as are other types.
    fn integers<T>(&self, convert: impl Fn(i64) -> Option<T>) -> Result<Vec<T>, NoInteger> {
        let NpyHeader { stored: stored @ (Stored::I32 | Stored::I64), byte_order, .. } = self.header else {
            return Err(NoInteger::Type);
        };
        integers(stored, byte_order, self.data(), |wide| i64::try_from(wide).ok().and_then(&convert))
    }

    fn wrong_shape(&self, expected: &'static str) -> DataError {
        DataError::WrongShape { name: self.name.clone(), found: self.header.shape.clone(), expected }
    }

    fn wrong_dtype(&self) -> DataError {
        let found = self.header.stored.name().to_owned();
        DataError::WrongDtype { name: self.name.clone(), found, expected: INTEGERS }
    }
}

/// Rows and columns.
fn read_shape(member: &Member) -> Result<(usize, usize), DataError> {
    let wrong = |found: &[i64], expected| {
        let found = found.iter().map(|&length| u64::try_from(length).unwrap_or(0)).collect();
        DataError::WrongShape { name: member.name.clone(), found, expected }
    };
    if member.len() != 2 {
        return Err(member.wrong_shape("two numbers: rows and columns"));
    }
    let shape = member.integers(Some).map_err(|_| member.wrong_dtype())?;
    match [shape[0], shape[1]].map(|length| usize::try_from(length).unwrap_or(0)) {
        [0, _] => Err(wrong(&shape, "at least one row")),
        [_, 0] => Err(wrong(&shape, "at least one column")),
        [rows, dim] => Ok((rows, dim)),
    }
}

fn read_indptr(member: &Member, rows: usize) -> Result<Vec<usize>, DataError> {
    if member.len().checked_sub(1) != Some(rows) {
        return Err(member.wrong_shape("one more than the rows in 'shape'"));
    }
    member.integers(|place| usize::try_from(place).ok()).map_err(|error| match error {
        NoInteger::Type => member.wrong_dtype(),
        NoInteger::Refused { index: at, value } => {
            let (name, expected) = (member.name.clone(), "0 or more".to_owned());
            // An i32 or i64, as it was read.
            DataError::RowPointer { name, at, found: value as i64, expected }
        }
    })
}

/// The columns of all entries, once the row pointers are known to fit them.
fn read_indices(member: &Member, indptr: &[usize], dim: usize) -> Result<Vec<u32>, DataError> {
    check_indptr(indptr, member.len(), &member.name)?;
    let column = |found: i64| u32::try_from(found).ok().filter(|&column| (column as usize) < dim);
    member.integers(column).map_err(|error| match error {
        NoInteger::Type => member.wrong_dtype(),
        NoInteger::Refused { index, value } => {
            let (name, row) = (member.name.clone(), row_of(indptr, index));
            DataError::ColumnOutside { name, row, found: value as i64, dim }
        }
    })
}

fn read_values(member: &Member, indptr: &[usize], indices: &[u32]) -> Result<Vec<f32>, DataError> {
    if member.len() != indices.len() {
        let (name, values) = (member.name.clone(), member.len());
        return Err(DataError::EntryCounts { name, indices: indices.len(), values });
    }
    let mut values = vec![0.0; indices.len()];
    let order = member.header.byte_order;
    match member.header.stored {
        Stored::Rows(dtype) => decode(dtype, order, member.data(), &mut values).map_err(|unfit| {
            let Unfit { index, value } = unfit;
            let (row, column) = (row_of(indptr, index), indices[index] as usize);
            let name = member.name.clone();
            DataError::DoesNotFit { name, row, column, value, expected: Dtype::F32.range() }
        })?,
        // Counts: none is beyond the range of f32.
        integer => {
            let wide = to_f64(integer, order, member.data());
            values.iter_mut().zip(wide).for_each(|(value, wide)| *value = wide as f32);
        }
    }
    Ok(values)
}
