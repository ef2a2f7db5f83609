//! Rows in memory: lent or held.

use std::ops::Range;

use crate::points::{check_read, value_range};
use crate::{DataError, Points, zeros};

/// Rows in a slice: row-major, d values a row. Lends its rows.
#[derive(Debug, Clone, Copy)]
pub struct RowSlice<'a> {
    values: &'a [f32],
    dim: usize,
}

impl<'a> RowSlice<'a> {
    /// The rows of dimension `d` in `x`.
    ///
    /// # Errors
    /// `NotRows` if `d` is 0 or the length of `x` is not a multiple of `d`.
    pub fn new(x: &'a [f32], d: usize) -> Result<Self, DataError> {
        check_rows(x.len(), d)?;
        Ok(Self { values: x, dim: d })
    }

    /// All values, row-major.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }
}

impl Points for RowSlice<'_> {
    fn rows(&self) -> usize {
        self.values.len() / self.dim
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        out.copy_from_slice(&self.values[rows.start * self.dim..rows.end * self.dim]);
        Ok(())
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        value_range(&rows, self.rows(), self.dim).map(|range| &self.values[range])
    }

    fn name(&self) -> &str {
        "memory"
    }
}

/// Rows that are held in memory: row-major, d values a row. Lends its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    values: Vec<f32>,
    dim: usize,
    name: String,
}

impl Rows {
    /// The rows of dimension `d` in `x`.
    ///
    /// # Errors
    /// `NotRows` if `d` is 0 or the length of `x` is not a multiple of `d`.
    pub fn new(x: Vec<f32>, d: usize) -> Result<Self, DataError> {
        check_rows(x.len(), d)?;
        Ok(Self { values: x, dim: d, name: "memory".to_owned() })
    }

    /// A copy of all rows of `points`, under its name.
    ///
    /// # Errors
    /// As [`Points::read`].
    pub fn copy_of(points: &(impl Points + ?Sized)) -> Result<Self, DataError> {
        let mut values = zeros(points.rows() * points.dim());
        points.read(0..points.rows(), &mut values)?;
        Ok(Self { values, dim: points.dim(), name: points.name().to_owned() })
    }

    /// The same rows under another name for messages.
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// All values, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All values, row-major.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }
}

impl Points for Rows {
    fn rows(&self) -> usize {
        self.values.len() / self.dim
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        out.copy_from_slice(&self.values[rows.start * self.dim..rows.end * self.dim]);
        Ok(())
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        value_range(&rows, self.rows(), self.dim).map(|range| &self.values[range])
    }

    fn name(&self) -> &str {
        &self.name
    }
}

pub(crate) fn check_rows(len: usize, dim: usize) -> Result<(), DataError> {
    if dim == 0 || !len.is_multiple_of(dim) {
        return Err(DataError::NotRows { len, dim });
    }
    Ok(())
}
