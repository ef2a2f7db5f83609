//! Rows in text files: .csv and .tsv.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use crate::csv_text::TextTable;
use crate::{DataError, Missing, Points, Rows};

/// Rows parsed from a text file, held in memory. Lends its rows.
///
/// A first line with any field that is neither empty nor a number is a header line. Fields may be quoted and may have
/// spaces around them; empty lines are skipped; `nan` and `inf` are numbers. Fields that hold no value are refused, or
/// NaN: see [`Missing`].
#[derive(Debug, Clone, PartialEq)]
pub struct CsvRows {
    rows: Rows,
    header: Option<Vec<String>>,
}

impl CsvRows {
    /// Reads a file; fields are separated by tabs if its extension is `tsv`, else by commas.
    ///
    /// # Errors
    /// `Missing`, and as [`CsvRows::from_reader`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Self::open_with(path, Missing::Refuse)
    }

    /// As [`CsvRows::open`], where fields that hold no value may be NaN.
    ///
    /// # Errors
    /// As [`CsvRows::open`].
    pub fn open_with(path: impl AsRef<Path>, missing: Missing) -> Result<Self, DataError> {
        let path = path.as_ref();
        Self::from_table(TextTable::open_with(path, missing)?, path.display().to_string())
    }

    /// Reads text from anywhere, such as standard input; `name` is for messages.
    ///
    /// # Errors
    /// `Ragged` for a line with more or fewer fields than the first; `NotANumber` for a field that is not a number or
    /// is beyond the range of f32; `MissingValue` for one that holds no value; `Empty` without any row; `Malformed`,
    /// `Io`.
    pub fn from_reader(text: impl Read, delimiter: u8, name: impl Into<String>) -> Result<Self, DataError> {
        Self::from_reader_with(text, delimiter, name, Missing::Refuse)
    }

    /// As [`CsvRows::from_reader`], where fields that hold no value may be NaN.
    ///
    /// # Errors
    /// As [`CsvRows::from_reader`].
    pub fn from_reader_with(
        text: impl Read,
        delimiter: u8,
        name: impl Into<String>,
        missing: Missing,
    ) -> Result<Self, DataError> {
        let name = name.into();
        Self::from_table(TextTable::parse_with(text, delimiter, &name, missing)?, name)
    }

    fn from_table(table: TextTable<f32>, name: String) -> Result<Self, DataError> {
        Ok(Self { rows: Rows::new(table.values, table.dim)?.with_name(name), header: table.header })
    }

    /// The fields of the header line, if there was one.
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The rows.
    pub fn into_rows(self) -> Rows {
        self.rows
    }
}

impl Points for CsvRows {
    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        self.rows.read(rows, out)
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        self.rows.lend(rows)
    }

    fn name(&self) -> &str {
        self.rows.name()
    }
}
