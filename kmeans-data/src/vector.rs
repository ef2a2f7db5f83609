//! Files of one value a row: weights and labels.

use std::path::Path;

use crate::csv_text::TextTable;
use crate::npy::NpyArray;
use crate::stored::to_f64;
use crate::vecs::VecsArray;
use crate::{DataError, Dtype, Format, npz};

const KNOWN: &str = ".npy, .npz:key, .csv, .tsv, .fvecs, .bvecs, .ivecs";

/// Reads one number a row, such as weights: `.npy` or `.npz:key` (any type, one dimension or one column), `.csv`,
/// `.tsv` (one column, with or without a header line), `.fvecs`, `.bvecs`, `.ivecs` (rows of dimension 1).
///
/// # Errors
/// `DoesNotFit` for a finite value beyond the range of f32; `WrongShape` for more than one column; as
/// [`open`](crate::open).
pub fn read_vector(path: impl AsRef<Path>) -> Result<Vec<f32>, DataError> {
    Column::read(path.as_ref())?.convert(Dtype::F32.range(), |value| {
        let rounded = value as f32;
        (rounded.is_finite() || !value.is_finite()).then_some(rounded)
    })
}

/// One value a row, wide enough for f32 and i32 alike.
pub(crate) struct Column {
    name: String,
    values: Vec<f64>,
}

impl Column {
    pub(crate) fn read(path: &Path) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let (values, rows, dim) = match Format::of(path) {
            Some(Format::Npy) => read_array(&NpyArray::open(path)?)?,
            Some(Format::Npz) => read_array(&npz::open_array(path)?)?,
            Some(Format::Csv | Format::Tsv) => {
                let table = TextTable::<f64>::open(path)?;
                let rows = table.values.len() / table.dim;
                (table.values, rows, table.dim)
            }
            Some(format @ (Format::Fvecs | Format::Bvecs | Format::Ivecs)) => {
                let array = VecsArray::open(path, format)?;
                (array.to_f64()?, array.rows, array.dim)
            }
            _ => return Err(DataError::UnknownExtension { name, known: KNOWN }),
        };
        if dim != 1 {
            let found = vec![rows as u64, dim as u64];
            return Err(DataError::WrongShape { name, found, expected: "one column" });
        }
        Ok(Self { name, values })
    }

    /// The values as another type; the first that does not fit is an error.
    pub(crate) fn convert<T>(
        self,
        expected: &'static str,
        convert: impl Fn(f64) -> Option<T>,
    ) -> Result<Vec<T>, DataError> {
        let fit = |(row, value)| {
            convert(value).ok_or_else(|| DataError::DoesNotFit {
                name: self.name.clone(),
                row,
                column: 0,
                value,
                expected,
            })
        };
        self.values.iter().copied().enumerate().map(fit).collect()
    }
}

fn read_array(array: &NpyArray) -> Result<(Vec<f64>, usize, usize), DataError> {
    let (rows, dim) = array.table_shape()?;
    Ok((to_f64(array.header.stored, array.header.byte_order, array.data()), rows, dim))
}
