//! The types that rows are stored as.

use std::fmt;
use std::str::FromStr;

use crate::DataError;

/// A type that the values of rows are stored as; they are read as f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE single precision.
    F32,
    /// IEEE double precision; rounded to f32 as it is read.
    F64,
    /// IEEE half precision.
    F16,
    /// Integers 0 to 255.
    U8,
    /// Integers -128 to 127.
    I8,
}

impl Dtype {
    /// All types of rows, for lists of choices.
    pub const ALL: [Self; 5] = [Self::F32, Self::F64, Self::F16, Self::U8, Self::I8];

    /// The type's name: `f32`, `f64`, `f16`, `u8` or `i8`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F16 => "f16",
            Self::U8 => "u8",
            Self::I8 => "i8",
        }
    }

    /// The type and the values that it holds, for messages.
    pub(crate) const fn range(self) -> &'static str {
        match self {
            Self::F32 => "f32 (at most 3.4028235e38)",
            Self::F64 => "f64",
            Self::F16 => "f16 (at most 65504)",
            Self::U8 => "u8 (an integer from 0 to 255)",
            Self::I8 => "i8 (an integer from -128 to 127)",
        }
    }

    /// The bytes of one value.
    pub const fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
            Self::F16 => 2,
            Self::U8 | Self::I8 => 1,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dtype {
    type Err = DataError;

    fn from_str(word: &str) -> Result<Self, DataError> {
        Self::ALL
            .into_iter()
            .find(|dtype| dtype.name() == word)
            .ok_or_else(|| DataError::UnknownDtype { found: word.to_owned() })
    }
}
