//! How vectors are stored.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// What an index keeps of a vector, besides its id (8 bytes) and 8 bytes to bound its scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// The vector, 4·d bytes, and a byte a column to look at first: 5·d. Distances are exact.
    #[default]
    F32,
    /// Half precision, 2·d bytes, and a byte a column to look at first: 3·d. Distances are those to the vectors rounded
    /// to 11 bits.
    F16,
    /// A byte a column, d bytes: 127 levels to either side of the origin, of a scale that each vector has. Distances are
    /// those to the vectors rounded so.
    #[doc(alias = "ScalarQuantizer")]
    #[doc(alias = "QT_8bit")]
    Sq8,
}

impl Storage {
    /// All, by the word that names them.
    const WORDS: [(&str, Self); 3] = [("f32", Self::F32), ("f16", Self::F16), ("sq8", Self::Sq8)];
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, storage)| storage == self).map_or("", |(word, _)| word);
        f.write_str(word)
    }
}

impl FromStr for Storage {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let found = Self::WORDS.iter().find(|(word, _)| *word == s);
        found.map(|&(_, storage)| storage).ok_or_else(|| Error::UnknownStorage { word: s.to_owned() })
    }
}
