//! The header of .npy files: `\x93NUMPY`, version, length, and a Python dictionary of `descr`, `fortran_order`, `shape`.
//!
//! Described at <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use crate::stored::{ByteOrder, Stored};
use crate::{DataError, Dtype};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The data of files that we write begins at a multiple of this, as NumPy has it.
const ALIGNMENT: usize = 64;
/// Dictionaries of plain arrays have about 60 characters; NumPy itself refuses more than 10 000.
const MAX_TEXT: usize = 10_000;
/// More dimensions than NumPy allows.
const MAX_DIMENSIONS: usize = 64;
/// The characters of a word that are looked at.
const MAX_WORD: usize = 40;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NpyHeader {
    pub(crate) stored: Stored,
    pub(crate) byte_order: ByteOrder,
    pub(crate) fortran_order: bool,
    pub(crate) shape: Vec<u64>,
    /// Where the values begin, from the beginning of the file.
    pub(crate) data_start: usize,
}

impl NpyHeader {
    /// Parses the header of the array file `bytes` and checks that it agrees with the file's length.
    pub(crate) fn of_whole(bytes: &[u8], name: &str) -> Result<Self, DataError> {
        let header = Self::parse(bytes, name)?;
        let Some(data_bytes) = header.data_bytes() else {
            let (name, expected) = (name.to_owned(), "a shape that a file can hold");
            return Err(DataError::WrongShape { name, found: header.shape, expected });
        };
        let (expected, found) = (header.data_start as u64 + data_bytes, bytes.len() as u64);
        if expected != found {
            return Err(DataError::WrongSize { name: name.to_owned(), expected, found });
        }
        Ok(header)
    }

    /// Parses the header at the beginning of `bytes`.
    fn parse(bytes: &[u8], name: &str) -> Result<Self, DataError> {
        let Dictionary { descr, fortran_order, shape, data_start } = Dictionary::parse(bytes, name)?;
        let (stored, byte_order) =
            parse_descr(descr).ok_or_else(|| wrong_dtype(name, descr, "f32, f64, f16, u8 or i8"))?;
        Ok(Self { stored, byte_order, fortran_order, shape, data_start })
    }

    /// The bytes of the values; `None` if they are more than a file can hold.
    fn data_bytes(&self) -> Option<u64> {
        let size = self.stored.size() as u64;
        let bytes = self.shape.iter().try_fold(size, |bytes, &dimension| bytes.checked_mul(dimension))?;
        i64::try_from(bytes).is_ok().then_some(bytes)
    }
}

/// The header with the dtype as it is written.
struct Dictionary<'a> {
    descr: &'a [u8],
    fortran_order: bool,
    shape: Vec<u64>,
    data_start: usize,
}

impl<'a> Dictionary<'a> {
    fn parse(bytes: &'a [u8], name: &'a str) -> Result<Self, DataError> {
        let (text_start, text) = header_text(bytes, name)?;
        let mut parser = Parser { text, at: 0, name };
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        parser.expect(b'{', "'{'")?;
        while !parser.take(b'}') {
            let key = parser.string("one of the keys 'descr', 'fortran_order', 'shape'")?;
            parser.expect(b':', "':'")?;
            match key {
                b"descr" => descr = Some(parser.descr()?),
                b"fortran_order" => fortran_order = Some(parser.boolean()?),
                b"shape" => shape = Some(parser.shape()?),
                _ => return Err(parser.error("one of the keys 'descr', 'fortran_order', 'shape'")),
            }
            if !parser.take(b',') {
                parser.expect(b'}', "',' or '}'")?;
                break;
            }
        }
        if !parser.rest().trim_ascii().is_empty() {
            return Err(parser.error("nothing after the dictionary"));
        }
        Ok(Self {
            descr: descr.ok_or_else(|| parser.error("the key 'descr'"))?,
            fortran_order: fortran_order.ok_or_else(|| parser.error("the key 'fortran_order'"))?,
            shape: shape.ok_or_else(|| parser.error("the key 'shape'"))?,
            data_start: text_start + text.len(),
        })
    }
}

/// Reads an array file of one word, as the names of layouts are stored: of bytes (`|S3`) or of characters (`<U3`).
pub(crate) fn read_word(bytes: &[u8], name: &str) -> Result<String, DataError> {
    let Dictionary { descr, data_start, .. } = Dictionary::parse(bytes, name)?;
    let data = &bytes[data_start..];
    let character = |code: &[u8; 4]| char::from_u32(u32::from_le_bytes(*code)).unwrap_or('\u{fffd}');
    let word: String = match descr {
        [b'|', b'S', ..] => String::from_utf8_lossy(data).into_owned(),
        [b'<', b'U', ..] => data.as_chunks().0.iter().map(character).collect(),
        _ => return Err(wrong_dtype(name, descr, "a word")),
    };
    Ok(word.trim_end_matches('\0').chars().take(MAX_WORD).collect())
}

fn wrong_dtype(name: &str, found: &[u8], expected: &'static str) -> DataError {
    let found = String::from_utf8_lossy(found).into_owned();
    DataError::WrongDtype { name: name.to_owned(), found, expected }
}

/// The dictionary's text and where it begins.
fn header_text<'a>(bytes: &'a [u8], name: &str) -> Result<(usize, &'a [u8]), DataError> {
    if !bytes.starts_with(MAGIC) {
        let (name, expected) = (name.to_owned(), "\\x93NUMPY");
        return Err(DataError::Magic { name, format: ".npy", expected });
    }
    let truncated = |expected: usize| DataError::WrongSize {
        name: name.to_owned(),
        expected: expected as u64,
        found: bytes.len() as u64,
    };
    let &[major, minor] =
        bytes.get(6..8).and_then(|version| version.first_chunk()).ok_or_else(|| truncated(10))?;
    let (text_start, length) = match (major, minor) {
        (1, 0) => (10, bytes.get(8..10).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])))),
        (2 | 3, 0) => (12, bytes.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)),
        _ => {
            return Err(DataError::NpyVersion { name: name.to_owned(), major, minor });
        }
    };
    let length = length.ok_or_else(|| truncated(text_start))?;
    let text = bytes.get(text_start..text_start + length).ok_or_else(|| truncated(text_start + length))?;
    if length > MAX_TEXT {
        let expected = "a header of at most 10000 bytes";
        return Err(DataError::NpyHeader { name: name.to_owned(), at: length, expected });
    }
    Ok((text_start, text))
}

/// Reads the literals that NumPy writes, and spaces between them.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    name: &'a str,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn error(&self, expected: &'static str) -> DataError {
        DataError::NpyHeader { name: self.name.to_owned(), at: self.at, expected }
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_ascii_start().len();
    }

    /// Whether the next character is `wanted`, which is then taken.
    fn take(&mut self, wanted: u8) -> bool {
        self.skip_spaces();
        let there = self.rest().first() == Some(&wanted);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, wanted: u8, expected: &'static str) -> Result<(), DataError> {
        if self.take(wanted) { Ok(()) } else { Err(self.error(expected)) }
    }

    fn string(&mut self, expected: &'static str) -> Result<&'a [u8], DataError> {
        self.skip_spaces();
        let rest = self.rest();
        let quote = match rest.first() {
            Some(&quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.error(expected)),
        };
        let length =
            rest[1..].iter().position(|&c| c == quote).ok_or_else(|| self.error("a closing quote"))?;
        self.at += length + 2;
        Ok(&rest[1..=length])
    }

    fn boolean(&mut self) -> Result<bool, DataError> {
        self.skip_spaces();
        for (word, value) in [(b"True".as_slice(), true), (b"False", false)] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.error("True or False"))
    }

    /// A tuple of integers: `()`, `(3,)`, `(3, 4)`.
    fn shape(&mut self) -> Result<Vec<u64>, DataError> {
        self.expect(b'(', "a tuple of integers")?;
        let mut shape = Vec::new();
        while !self.take(b')') {
            if shape.len() == MAX_DIMENSIONS {
                return Err(self.error("at most 64 dimensions"));
            }
            shape.push(self.integer()?);
            if !self.take(b',') {
                self.expect(b')', "',' or ')'")?;
                break;
            }
        }
        Ok(shape)
    }

    fn integer(&mut self) -> Result<u64, DataError> {
        self.skip_spaces();
        let expected = "an integer from 0 to 2^64 - 1";
        let digits = self.rest().iter().take_while(|c| c.is_ascii_digit()).count();
        let text = str::from_utf8(&self.rest()[..digits]).unwrap_or_default();
        let value = text.parse().map_err(|_| self.error(expected))?;
        self.at += digits;
        // Python 2 wrote long integers as 3L.
        if self.rest().first() == Some(&b'L') {
            self.at += 1;
        }
        Ok(value)
    }

    fn descr(&mut self) -> Result<&'a [u8], DataError> {
        self.skip_spaces();
        if self.rest().first() == Some(&b'[') {
            return Err(wrong_dtype(self.name, b"a structure", "f32, f64, f16, u8 or i8"));
        }
        self.string("a dtype in quotes")
    }
}

/// The type and byte order of a dtype as NumPy writes it: `<f4`, `>f8`, `|u1`.
fn parse_descr(word: &[u8]) -> Option<(Stored, ByteOrder)> {
    let (order, kind) = match word {
        [b'<', kind @ ..] => (ByteOrder::Little, kind),
        [b'>', kind @ ..] => (ByteOrder::Big, kind),
        [b'|' | b'=', kind @ ..] | kind => (ByteOrder::NATIVE, kind),
    };
    let stored = match kind {
        b"f4" => Stored::Rows(Dtype::F32),
        b"f8" => Stored::Rows(Dtype::F64),
        b"f2" => Stored::Rows(Dtype::F16),
        b"u1" => Stored::Rows(Dtype::U8),
        b"i1" => Stored::Rows(Dtype::I8),
        b"i2" => Stored::I16,
        b"i4" => Stored::I32,
        b"i8" => Stored::I64,
        b"u2" => Stored::U16,
        b"u4" => Stored::U32,
        b"u8" => Stored::U64,
        _ => return None,
    };
    Some((stored, order))
}

/// The header of an array in C order, little endian, padded so that the values are aligned.
pub(crate) fn header_bytes(stored: Stored, shape: &[usize]) -> Vec<u8> {
    header_bytes_as(descr_of(stored), shape)
}

const fn descr_of(stored: Stored) -> &'static str {
    match stored {
        Stored::Rows(Dtype::F32) => "<f4",
        Stored::Rows(Dtype::F64) => "<f8",
        Stored::Rows(Dtype::F16) => "<f2",
        Stored::Rows(Dtype::U8) => "|u1",
        Stored::Rows(Dtype::I8) => "|i1",
        Stored::I16 => "<i2",
        Stored::I32 => "<i4",
        Stored::I64 => "<i8",
        Stored::U16 => "<u2",
        Stored::U32 => "<u4",
        Stored::U64 => "<u8",
    }
}

/// As [`header_bytes`], for any dtype as NumPy writes it.
pub(crate) fn header_bytes_as(descr: &str, shape: &[usize]) -> Vec<u8> {
    let shape = match shape {
        [n] => format!("({n},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let start = MAGIC.len() + 4;
    // At least one character follows the dictionary: the line's end.
    let total = (start + dictionary.len() + 1).next_multiple_of(ALIGNMENT);
    let text_length = u16::try_from(total - start).expect("one or two dimensions take less than 64 KiB");
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[1, 0]);
    bytes.extend_from_slice(&text_length.to_le_bytes());
    bytes.extend_from_slice(dictionary.as_bytes());
    bytes.resize(total - 1, b' ');
    bytes.push(b'\n');
    bytes
}
