//! Sparse rows in text files of svmlight and LIBSVM: `label index:value index:value ... # comment`.
//!
//! Described at <https://www.cs.cornell.edu/people/tj/svm_light/>.

use std::path::Path;

use super::CsrRows;
use crate::DataError;
use crate::csv_text::{Field, Number, parse_field, shorten};
use crate::mapped::MappedFile;

const INDEX: &str = "an index from 0 to 4294967295";

impl CsrRows {
    /// Reads a file of lines `label index:value ...`; see [`CsrRows::parse_svmlight`].
    ///
    /// # Errors
    /// `Missing`, `Io`, `NotAFile`; as [`CsrRows::parse_svmlight`].
    pub fn open_svmlight(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        Self::parse_svmlight(MappedFile::open(path)?.bytes(), path.display().to_string())
    }

    /// Reads text of lines `label index:value ...`; `name` is for messages.
    ///
    /// Labels are not used: a number or several with commas, or the line is refused. A field `qid:number` after the
    /// label is passed over, and so is what follows `#`. Indices are taken to count from 0 if any index is 0, else from
    /// 1, as scikit-learn has it; within a line they increase. The dimension is that of the largest index:
    /// [`CsrRows::with_dim`] makes rows of several files alike.
    ///
    /// # Errors
    /// `NotANumber` with line and field for what is not as it should be; `Empty` without any row or any entry.
    pub fn parse_svmlight(text: &[u8], name: impl Into<String>) -> Result<Self, DataError> {
        let name = name.into();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut entries = Entries { indptr: vec![0], indices: Vec::new(), values: Vec::new() };
        for (line, text) in text.split(|&byte| byte == b'\n').enumerate() {
            entries.push_line(text).map_err(|unread| unread.in_line(line + 1, &name))?;
        }
        let empty = |expected| DataError::Empty { name: name.clone(), expected };
        if entries.indptr.len() == 1 {
            return Err(empty("lines of label index:value ..."));
        }
        let (Some(&least), Some(&largest)) = (entries.indices.iter().min(), entries.indices.iter().max())
        else {
            return Err(empty("at least one index:value"));
        };
        let base = least.min(1);
        entries.indices.iter_mut().for_each(|index| *index -= base);
        Self::named(entries.indptr, entries.indices, entries.values, (largest - base) as usize + 1, name)
    }
}

/// The rows so far, with indices as they stand in the file.
struct Entries {
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl Entries {
    /// Adds the row of a line, if it has one.
    fn push_line<'a>(&mut self, line: &'a [u8]) -> Result<(), Unread<'a>> {
        let line = line.split(|&byte| byte == b'#').next().unwrap_or_default();
        let fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let mut fields = fields.enumerate().peekable();
        let Some((_, label)) = fields.next() else {
            return Ok(());
        };
        check_label(label)?;
        fields.next_if(|(_, field)| field.starts_with(b"qid:"));
        let mut before = None;
        for (column, field) in fields {
            let (index, value) = parse_entry(field).map_err(|expected| Unread { column, field, expected })?;
            if before >= Some(index) {
                return Err(Unread { column, field, expected: "an index greater than the one before" });
            }
            before = Some(index);
            self.indices.push(index);
            self.values.push(value);
        }
        self.indptr.push(self.values.len());
        Ok(())
    }
}

/// A field that is not as it should be.
struct Unread<'a> {
    /// The field, from 0.
    column: usize,
    field: &'a [u8],
    expected: &'static str,
}

impl Unread<'_> {
    fn in_line(&self, line: usize, name: &str) -> DataError {
        DataError::NotANumber {
            name: name.to_owned(),
            line: line as u64,
            column: self.column + 1,
            found: shorten(self.field),
            expected: self.expected,
        }
    }
}

fn check_label(field: &[u8]) -> Result<(), Unread<'_>> {
    let is_number = |part: &[u8]| matches!(parse_field::<f64>(part), Field::Number(_));
    if !field.split(|&byte| byte == b',').all(is_number) {
        return Err(Unread { column: 0, field, expected: "a label: a number, or several with commas" });
    }
    Ok(())
}

fn parse_entry(field: &[u8]) -> Result<(u32, f32), &'static str> {
    let colon = field.iter().position(|&byte| byte == b':').ok_or("index:value")?;
    let (index, value) = (&field[..colon], &field[colon + 1..]);
    let digits = str::from_utf8(index).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let index = digits.and_then(|text| text.parse().ok()).ok_or(INDEX)?;
    match parse_field(value) {
        Field::Number(value) => Ok((index, value)),
        Field::DoesNotFit => Err(f32::FITS),
        Field::Missing | Field::Word => Err("a number after the colon"),
    }
}
