//! Tables of numbers as text.

use std::fs::File;
use std::io::{Chain, Read};
use std::path::Path;
use std::str::FromStr;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use crate::missing::is_word_for_missing;
use crate::{DataError, Format, Missing};

/// A number that text is parsed as.
pub(crate) trait Number: Sized {
    /// What a number that does not fit should have been.
    const FITS: &'static str;
    /// What stands for a value that is not there, where there is such a number.
    const MISSING: Option<Self> = None;
    /// What a text is that is not empty and has no spaces around it.
    fn parse(text: &str) -> Field<Self>;
}

impl Number for f32 {
    const FITS: &'static str = "a number that fits f32 (at most 3.4028235e38)";
    const MISSING: Option<Self> = Some(Self::NAN);
    fn parse(text: &str) -> Field<Self> {
        parse_float(text, Self::is_infinite)
    }
}

impl Number for f64 {
    const FITS: &'static str = "a number that fits f64 (at most 1.7976931348623157e308)";
    const MISSING: Option<Self> = Some(Self::NAN);
    fn parse(text: &str) -> Field<Self> {
        parse_float(text, Self::is_infinite)
    }
}

fn parse_float<T: FromStr + Copy>(text: &str, is_infinite: impl Fn(T) -> bool) -> Field<T> {
    match text.parse() {
        // Digits that become infinite; the word `inf` has none.
        Ok(value) if is_infinite(value) && text.bytes().any(|byte| byte.is_ascii_digit()) => {
            Field::DoesNotFit
        }
        Ok(value) => Field::Number(value),
        Err(_) => Field::Word,
    }
}

/// A table parsed from text: at least one row of at least one field.
#[derive(Debug, PartialEq)]
pub(crate) struct TextTable<T> {
    pub(crate) values: Vec<T>,
    pub(crate) dim: usize,
    /// The fields of the header line, if there was one.
    pub(crate) header: Option<Vec<String>>,
}

impl<T: Number> TextTable<T> {
    /// Reads a file; fields are separated by tabs if its extension is `tsv`, else by commas.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        Self::open_with(path, Missing::Refuse)
    }

    /// The same, where fields that hold no value may stand for [`Number::MISSING`].
    pub(crate) fn open_with(path: &Path, missing: Missing) -> Result<Self, DataError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| DataError::opening(path, source))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(DataError::NotAFile { name });
        }
        let delimiter = Format::of(path).unwrap_or(Format::Csv).delimiter();
        Self::parse_with(file, delimiter, &name, missing)
    }

    pub(crate) fn parse_with(
        text: impl Read,
        delimiter: u8,
        name: &str,
        missing: Missing,
    ) -> Result<Self, DataError> {
        let mut lines = Lines::new(text, delimiter, name, missing);
        let mut values = Vec::new();
        if !lines.advance()? {
            return Err(lines.empty("rows of numbers"));
        }
        let dim = lines.fields.len();
        let header = lines.is_header::<T>().then(|| lines.words());
        if header.is_none() {
            lines.push_row(dim, &mut values)?;
        }
        while lines.advance()? {
            lines.push_row(dim, &mut values)?;
        }
        if values.is_empty() {
            return Err(lines.empty("rows of numbers after the header line"));
        }
        Ok(Self { values, dim, header })
    }
}

/// The lines of a text that are not blank, one at a time.
struct Lines<'a, R> {
    reader: Reader<Chain<R, &'static [u8]>>,
    fields: ByteRecord,
    /// The line that the fields end on, from 1.
    number: u64,
    name: &'a str,
    missing: Missing,
}

impl<'a, R: Read> Lines<'a, R> {
    /// The parser's own line numbers are off after blank lines and with Windows line ends, where it stops between the
    /// two characters. So only `\n` ends a line here, the last one is given one too, and a `\r` is a space.
    fn new(text: R, delimiter: u8, name: &'a str, missing: Missing) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(text.chain(b"\n".as_slice()));
        Self { reader, fields: ByteRecord::new(), number: 0, name, missing }
    }

    /// Goes to the next line that is not blank; false at the end.
    fn advance(&mut self) -> Result<bool, DataError> {
        loop {
            let name = || self.name.to_owned();
            let there = self.reader.read_byte_record(&mut self.fields).map_err(|source| {
                if source.is_io_error() {
                    return DataError::Io { name: name(), source: source.into() };
                }
                DataError::Malformed { name: name(), format: "text", source: source.into() }
            })?;
            self.number = self.reader.position().line() - 1;
            if !there || !self.is_blank() {
                return Ok(there);
            }
        }
    }

    /// Whether there are only spaces. Quotes make a line that is not blank: a value that was left out, or a quote
    /// that is never closed and so holds the line's end.
    fn is_blank(&self) -> bool {
        let spaces =
            |field: &[u8]| !field.is_empty() && !field.contains(&b'\n') && field.trim_ascii().is_empty();
        self.fields.len() == 1 && spaces(&self.fields[0])
    }

    /// Whether any field is a word. Fields that hold no value alone make no header either.
    fn is_header<T: Number>(&self) -> bool {
        self.fields.iter().any(|field| matches!(parse_field::<T>(field), Field::Word))
    }

    fn words(&self) -> Vec<String> {
        let word = |field: &[u8]| String::from_utf8_lossy(field.trim_ascii()).into_owned();
        self.fields.iter().map(word).collect()
    }

    fn push_row<T: Number>(&self, dim: usize, values: &mut Vec<T>) -> Result<(), DataError> {
        if self.fields.len() != dim {
            let (name, line, found) = (self.name.to_owned(), self.number, self.fields.len());
            return Err(DataError::Ragged { name, line, expected: dim, found });
        }
        for (column, field) in self.fields.iter().enumerate() {
            match parse_field(field) {
                Field::Number(value) => values.push(value),
                Field::Missing => match T::MISSING.filter(|_| self.missing == Missing::AsNan) {
                    Some(value) => values.push(value),
                    None => return Err(self.missing_value(column)),
                },
                Field::Word => return Err(self.not_a_number(column, "a number")),
                Field::DoesNotFit => return Err(self.not_a_number(column, T::FITS)),
            }
        }
        Ok(())
    }

    fn not_a_number(&self, column: usize, expected: &'static str) -> DataError {
        DataError::NotANumber {
            name: self.name.to_owned(),
            line: self.number,
            column: column + 1,
            found: shorten(self.fields[column].trim_ascii()),
            expected,
        }
    }

    fn missing_value(&self, column: usize) -> DataError {
        DataError::MissingValue {
            name: self.name.to_owned(),
            line: self.number,
            column: column + 1,
            found: shorten(self.fields[column].trim_ascii()),
        }
    }

    fn empty(&self, expected: &'static str) -> DataError {
        DataError::Empty { name: self.name.to_owned(), expected }
    }
}

/// What a field of text is.
pub(crate) enum Field<T> {
    Number(T),
    DoesNotFit,
    /// Empty, or a word for a value that is not there.
    Missing,
    Word,
}

pub(crate) fn parse_field<T: Number>(field: &[u8]) -> Field<T> {
    let field = field.trim_ascii();
    if field.is_empty() || is_word_for_missing(field) {
        return Field::Missing;
    }
    str::from_utf8(field).map_or(Field::Word, T::parse)
}

/// A field's text for a message: at most 40 characters.
pub(crate) fn shorten(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into_owned(),
    }
}
