//! Files of ids, read without loss.

use std::path::Path;

use crate::csv_text::{Field, Number, TextTable};
use crate::npy::NpyArray;
use crate::stored::{NoInteger, Stored, integers, to_f64};
use crate::vecs::VecsArray;
use crate::{DataError, Dtype, Format, npz};

const KNOWN: &str = ".npy, .npz:key, .csv, .tsv, .ivecs";
/// From here on, floats of 53 bits skip integers: an id may have been rounded to the one that is found.
const F64_SKIPS: f64 = (1_u64 << 53) as f64;

/// A type that ids are read as.
pub(crate) trait Id: Copy {
    /// The ids that the type holds, in words.
    const EXPECTED: &'static str;
    /// The id that a whole number is, if it is one.
    fn of(whole: i128) -> Option<Self>;
}

/// The id of a vector.
impl Id for u64 {
    const EXPECTED: &'static str = "an id (an integer from 0 to 18446744073709551615)";
    fn of(whole: i128) -> Option<Self> {
        Self::try_from(whole).ok()
    }
}

/// The id of a neighbour, or -1 for none.
impl Id for i64 {
    const EXPECTED: &'static str = "an id (an integer from 0 to 9223372036854775807) or -1 for none";
    fn of(whole: i128) -> Option<Self> {
        Self::try_from(whole).ok().filter(|&id| id >= -1)
    }
}

/// Text is an id if it is an integer, or a number below 2^53 without a fraction, such as `5.000e+00`, which is how
/// NumPy's `savetxt` writes integers.
impl<T: Id> Number for T {
    const FITS: &'static str = T::EXPECTED;
    fn parse(text: &str) -> Field<Self> {
        let id = match text.parse() {
            Ok(whole) => T::of(whole),
            Err(_) => match text.parse() {
                Ok(value) => whole_below(F64_SKIPS, value).and_then(T::of),
                Err(_) => return Field::Word,
            },
        };
        id.map_or(Field::DoesNotFit, Field::Number)
    }
}

fn whole_below(limit: f64, value: f64) -> Option<i128> {
    (value.trunc() == value && value.abs() < limit).then_some(value as i128)
}

/// A file that ids can be read from, by its extension.
pub(crate) enum IdFile<T> {
    Array(NpyArray),
    Vecs(VecsArray),
    Text(TextTable<T>),
}

impl<T: Id> IdFile<T> {
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        Ok(match Format::of(path) {
            Some(Format::Npy) => Self::Array(NpyArray::open(path)?),
            Some(Format::Npz) => Self::Array(npz::open_array(path)?),
            Some(Format::Ivecs) => Self::Vecs(VecsArray::open(path, Format::Ivecs)?),
            Some(Format::Csv | Format::Tsv) => Self::Text(TextTable::open(path)?),
            _ => {
                return Err(DataError::UnknownExtension { name: path.display().to_string(), known: KNOWN });
            }
        })
    }

    /// Rows and columns; an array of one dimension is one column.
    pub(crate) fn table_shape(&self) -> Result<(usize, usize), DataError> {
        match self {
            Self::Array(array) => array.table_shape(),
            Self::Vecs(array) => Ok((array.rows, array.dim)),
            Self::Text(table) => Ok((table.values.len() / table.dim, table.dim)),
        }
    }

    /// Checks that an array is of integers that are wide enough for a search among many vectors: rows of small
    /// integers and of floats are the vectors themselves, given in the place of their neighbours.
    pub(crate) fn check_wide(&self) -> Result<(), DataError> {
        match self {
            Self::Array(NpyArray { name, header, .. })
                if !matches!(header.stored, Stored::I32 | Stored::I64 | Stored::U32 | Stored::U64) =>
            {
                let (name, found) = (name.clone(), header.stored.name().to_owned());
                Err(DataError::WrongDtype { name, found, expected: "i32, i64, u32 or u64" })
            }
            _ => Ok(()),
        }
    }

    /// All ids, row-major.
    pub(crate) fn read(self) -> Result<Vec<T>, DataError> {
        match self {
            Self::Array(array) => read_array(&array),
            Self::Vecs(array) => read_vecs(&array),
            Self::Text(table) => Ok(table.values),
        }
    }
}

fn read_array<T: Id>(array: &NpyArray) -> Result<Vec<T>, DataError> {
    let (rows, dim) = array.table_shape()?;
    let by_column = array.header.fortran_order;
    let ids = decode(array).map_err(|Refused { index, found, expected }| {
        let (row, column) = if by_column { (index % rows, index / rows) } else { (index / dim, index % dim) };
        DataError::NotAnId { name: array.name.clone(), row, column, found, expected }
    })?;
    if !by_column || dim == 1 {
        return Ok(ids);
    }
    Ok((0..rows).flat_map(|row| ids[row..].iter().step_by(rows).copied()).collect())
}

/// The first value of an array that is not an id.
struct Refused {
    index: usize,
    found: String,
    expected: &'static str,
}

/// All ids in the order in which they lie in the file.
fn decode<T: Id>(array: &NpyArray) -> Result<Vec<T>, Refused> {
    let (stored, order) = (array.header.stored, array.header.byte_order);
    integers(stored, order, array.data(), T::of).or_else(|error| match error {
        NoInteger::Refused { index, value } => {
            Err(Refused { index, found: value.to_string(), expected: T::EXPECTED })
        }
        NoInteger::Type => {
            let (limit, expected) = float_limit(stored);
            let fit = |(index, value): (usize, f64)| {
                let id = whole_below(limit, value).and_then(T::of);
                id.ok_or_else(|| Refused { index, found: value.to_string(), expected })
            };
            to_f64(stored, order, array.data()).into_iter().enumerate().map(fit).collect()
        }
    })
}

/// Where a type of floats begins to skip integers, and what is expected of its values.
fn float_limit(stored: Stored) -> (f64, &'static str) {
    match stored {
        Stored::Rows(Dtype::F16) => (2048.0, "an id (in f16, an integer from 0 to 2047)"),
        Stored::Rows(Dtype::F32) => (16_777_216.0, "an id (in f32, an integer from 0 to 16777215)"),
        _ => (F64_SKIPS, "an id (in f64, an integer from 0 to 9007199254740991)"),
    }
}

fn read_vecs<T: Id>(array: &VecsArray) -> Result<Vec<T>, DataError> {
    let mut ids = Vec::with_capacity(array.rows * array.dim);
    for row in 0..array.rows {
        for (column, &value) in array.row(row)?.as_chunks().0.iter().enumerate() {
            let value = i32::from_le_bytes(value);
            let refused = || DataError::NotAnId {
                name: array.name.clone(),
                row,
                column,
                found: value.to_string(),
                expected: T::EXPECTED,
            };
            ids.push(T::of(value.into()).ok_or_else(refused)?);
        }
    }
    Ok(ids)
}
