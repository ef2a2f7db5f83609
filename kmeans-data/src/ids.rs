//! Ids of vectors, and tables of their nearest neighbours.

use std::path::Path;

use crate::encode::append;
use crate::id_file::{Id, IdFile};
use crate::memory::check_rows;
use crate::stored::Stored;
use crate::table::{Cell, write_table};
use crate::{DataError, Format, Overwrite};

/// The extensions that ids are written to.
pub(crate) const ID_OUTPUTS: &str = ".npy, .csv, .tsv, .ivecs";

/// The nearest neighbours of n vectors: n rows of `p` ids, such as the ground truth of a search; -1 stands for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdRows {
    ids: Vec<i64>,
    p: usize,
}

impl IdRows {
    /// The rows of `p` ids in `ids`, row-major.
    ///
    /// # Errors
    /// `NotRows` if `p` is 0 or the length of `ids` is not a multiple of `p`; `NotAnId` for one below -1.
    pub fn new(ids: Vec<i64>, p: usize) -> Result<Self, DataError> {
        check_rows(ids.len(), p)?;
        check_ids(&ids, p, "memory", (i64::MAX, i64::EXPECTED))?;
        Ok(Self { ids, p })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.ids.len() / self.p
    }

    /// The ids of a row.
    pub fn p(&self) -> usize {
        self.p
    }

    /// All ids, row-major.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// All ids, row-major.
    pub fn into_ids(self) -> Vec<i64> {
        self.ids
    }
}

/// Reads one id a row: `.npy` or `.npz:key` (any type, one dimension or one column), `.csv`, `.tsv` (one column, with
/// or without a header line), `.ivecs` (rows of dimension 1).
///
/// Integers are exact to 64 bits. Floats must be whole, and below the least that their type skips an integer from:
/// 2^53 in f64 and in text, 2^24 in f32, 2^11 in f16.
///
/// # Errors
/// `NotAnId`, or `NotANumber` in text, for a value that is negative, a fraction, NaN or too large; `WrongShape` for more
/// than one column; as [`open`](crate::open).
pub fn read_ids(path: impl AsRef<Path>) -> Result<Vec<u64>, DataError> {
    let path = path.as_ref();
    let file = IdFile::open(path)?;
    let (rows, dim) = file.table_shape()?;
    if dim != 1 {
        let (name, found) = (path.display().to_string(), vec![rows as u64, dim as u64]);
        return Err(DataError::WrongShape { name, found, expected: "one column" });
    }
    file.read()
}

/// Reads rows of ids, or -1 for none: `.ivecs`, `.npy` or `.npz:key` (i32, i64, u32 or u64, n×p in either order; one
/// dimension is one column), `.csv`, `.tsv` (with or without a header line).
///
/// # Errors
/// `NotAnId`, or `NotANumber` in text, for a value below -1, beyond i64 or, in text, a fraction; `RowDimension` or
/// `Ragged` for rows of different lengths; `WrongDtype`; as [`open`](crate::open).
pub fn read_id_rows(path: impl AsRef<Path>) -> Result<IdRows, DataError> {
    let file = IdFile::open(path.as_ref())?;
    let (_, p) = file.table_shape()?;
    file.check_wide()?;
    Ok(IdRows { ids: file.read()?, p })
}

/// Writes `p` ids a row, or -1 for none: `.npy` (i64, n×p; one dimension if `p` is 1), `.csv` or `.tsv` (under the
/// header `id`, or `id_1,...,id_p`), or `.ivecs` (i32, rows of dimension `p`).
///
/// # Errors
/// `NotRows` if `p` is 0 or the length of `ids` is not a multiple of `p`; `NotAnId` for one below -1, or beyond i32 in
/// `.ivecs`; `UnknownExtension`; as [`AtomicFile::create`](crate::AtomicFile::create) and
/// [`AtomicFile::commit`](crate::AtomicFile::commit).
pub fn write_id_rows(
    path: impl AsRef<Path>,
    ids: &[i64],
    p: usize,
    overwrite: Overwrite,
) -> Result<(), DataError> {
    let path = path.as_ref();
    check_rows(ids.len(), p)?;
    let held = match Format::of(path) {
        Some(Format::Ivecs) => {
            (i32::MAX.into(), "an id that .ivecs holds (an integer from 0 to 2147483647) or -1 for none")
        }
        _ => (i64::MAX, i64::EXPECTED),
    };
    check_ids(ids, p, &path.display().to_string(), held)?;
    write_table(path, ids, p, overwrite)
}

/// Checks that all ids are from -1 to `most`, which `expected` says in words.
fn check_ids(
    ids: &[i64],
    p: usize,
    name: &str,
    (most, expected): (i64, &'static str),
) -> Result<(), DataError> {
    match ids.iter().position(|id| !(-1..=most).contains(id)) {
        Some(at) => {
            let (name, found) = (name.to_owned(), ids[at].to_string());
            Err(DataError::NotAnId { name, row: at / p, column: at % p, found, expected })
        }
        None => Ok(()),
    }
}

impl Cell for i64 {
    const STORED: Stored = Stored::I64;
    const VECS: Format = Format::Ivecs;
    const WORD: &'static str = "id";
    const KNOWN: &'static str = ID_OUTPUTS;

    fn append_npy(ids: &[Self], out: &mut Vec<u8>) {
        append(ids, out, Self::to_le_bytes);
    }

    fn append_vecs(ids: &[Self], out: &mut Vec<u8>) {
        debug_assert!(ids.iter().all(|&id| i32::try_from(id).is_ok()), "checked by write_id_rows");
        append(ids, out, |id| (id as i32).to_le_bytes());
    }
}
