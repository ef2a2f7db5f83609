//! The arrays that codecs are made of, in files.

use std::path::Path;

use crate::encode::append;
use crate::npy::NpyArray;
use crate::npy_header::header_bytes;
use crate::stored::{Stored, Unfit, decode};
use crate::{AtomicFile, DataError, Dtype, Format, Overwrite, npz};

const PARAMETER_INPUTS: &str = ".npy, .npz:key";
pub(crate) const ARRAY_OUTPUTS: &str = ".npy";

/// An array of any number of dimensions, wholly read.
pub(super) struct Parameters {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

impl Parameters {
    pub(super) fn wrong_shape(&self, expected: &'static str) -> DataError {
        let found = self.shape.iter().map(|&dimension| dimension as u64).collect();
        DataError::WrongShape { name: self.name.clone(), found, expected }
    }
}

/// Opens a `.npy` or `.npz:key` array in C order.
pub(super) fn open_array(path: &Path) -> Result<NpyArray, DataError> {
    let array = match Format::of(path) {
        Some(Format::Npy) => NpyArray::open(path)?,
        Some(Format::Npz) => npz::open_array(path)?,
        _ => {
            let name = path.display().to_string();
            return Err(DataError::UnknownExtension { name, known: PARAMETER_INPUTS });
        }
    };
    // With at most one dimension longer than 1 both orders are the same.
    if array.header.fortran_order && array.header.shape.iter().filter(|&&length| length > 1).count() > 1 {
        return Err(DataError::FortranOrder { name: array.name });
    }
    Ok(array)
}

/// Reads an array of a type of rows. Its length is known to be that of the file before memory is taken.
pub(super) fn open_parameters(path: &Path) -> Result<Parameters, DataError> {
    let array = open_array(path)?;
    let (name, header) = (array.name.clone(), &array.header);
    let Stored::Rows(dtype) = header.stored else {
        let found = header.stored.name().to_owned();
        return Err(DataError::WrongDtype { name, found, expected: "f32" });
    };
    let mut values = vec![0.0; array.data().len() / dtype.size()];
    decode(dtype, header.byte_order, array.data(), &mut values).map_err(|Unfit { index, value }| {
        let last = header.shape.last().map_or(1, |&length| length as usize);
        let (row, column) = (index / last, index % last);
        DataError::DoesNotFit { name: name.clone(), row, column, value, expected: Dtype::F32.range() }
    })?;
    // The product of the dimensions is the number of values, so each fits unless another is 0.
    let shape = header.shape.iter().map(|&length| usize::try_from(length).unwrap_or(usize::MAX)).collect();
    Ok(Parameters { name, shape, values })
}

/// Writes an f32 array.
pub(super) fn write_parameters(
    path: &Path,
    shape: &[usize],
    values: &[f32],
    overwrite: Overwrite,
) -> Result<(), DataError> {
    check_npy(path)?;
    let mut bytes = header_bytes(Stored::Rows(Dtype::F32), shape);
    append(values, &mut bytes, f32::to_le_bytes);
    let mut file = AtomicFile::create(path, overwrite)?;
    file.put(&bytes)?;
    file.commit()
}

/// Checks that an array can be written to a file of this extension.
pub(super) fn check_npy(path: &Path) -> Result<(), DataError> {
    match Format::of(path) {
        Some(Format::Npy) => Ok(()),
        _ => Err(DataError::UnknownExtension { name: path.display().to_string(), known: ARRAY_OUTPUTS }),
    }
}
