//! How vectors are stored.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// What an index keeps of a vector of `d` columns, besides its id (8 bytes).
///
/// Written `f32`, `f16`, `sq8`, `pq:M` (M pieces), `pq:M+f16` and `pq:M+f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// The vector, 4·d bytes, and a byte a column to look at first: 5·d + 8. Distances are exact.
    #[default]
    F32,
    /// Half precision, 2·d bytes, and a byte a column to look at first: 3·d + 8. Distances are those to the vectors
    /// rounded to 11 bits.
    F16,
    /// A byte a column: d + 8. 127 levels to either side of the origin, of a scale that each vector has. Distances are
    /// those to the vectors rounded so.
    #[doc(alias = "ScalarQuantizer")]
    #[doc(alias = "QT_8bit")]
    Sq8,
    /// A byte a piece: m + 4. A product quantizer (\[JDS11\]): what a vector differs from its
    /// centroid by is cut into m pieces, and each replaced by the nearest of 256 codewords. Distances are those to what
    /// codes stand for, or where a vector is kept to refine them, of the most promising, to that.
    #[doc(alias = "IndexIVFPQ")]
    Pq {
        /// Pieces; a divisor of the number of columns, at most 257.
        m: usize,
        /// What is kept to measure the most promising again.
        refine: Option<Refine>,
    },
}

/// What is kept of a vector beside its code, to measure it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "IndexRefine")]
pub enum Refine {
    /// The vector: 4·d bytes.
    F32,
    /// Half precision: 2·d bytes.
    F16,
}

impl Storage {
    /// Pieces of a product quantizer.
    pub(crate) fn pieces(self) -> Option<usize> {
        match self {
            Self::Pq { m, .. } => Some(m),
            _ => None,
        }
    }

    /// Whether found vectors are measured again by what is kept of them beside their codes.
    pub fn refines(self) -> bool {
        matches!(self, Self::Pq { refine: Some(_), .. })
    }

    /// What rows are kept in: vectors themselves, or none.
    pub(crate) fn rows(self) -> Option<Refine> {
        match self {
            Self::F32 => Some(Refine::F32),
            Self::F16 => Some(Refine::F16),
            Self::Sq8 => None,
            Self::Pq { refine, .. } => refine,
        }
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F32 => f.write_str("f32"),
            Self::F16 => f.write_str("f16"),
            Self::Sq8 => f.write_str("sq8"),
            Self::Pq { m, refine: None } => write!(f, "pq:{m}"),
            Self::Pq { m, refine: Some(Refine::F16) } => write!(f, "pq:{m}+f16"),
            Self::Pq { m, refine: Some(Refine::F32) } => write!(f, "pq:{m}+f32"),
        }
    }
}

impl FromStr for Storage {
    type Err = Error;

    fn from_str(s: &str) -> Result<Self> {
        let unknown = || Error::UnknownStorage { word: s.to_owned() };
        match s {
            "f32" => return Ok(Self::F32),
            "f16" => return Ok(Self::F16),
            "sq8" => return Ok(Self::Sq8),
            _ => {}
        }
        let pieces = s.strip_prefix("pq:").ok_or_else(unknown)?;
        let (m, refine) = match pieces.split_once('+') {
            None => (pieces, None),
            Some((m, "f16")) => (m, Some(Refine::F16)),
            Some((m, "f32")) => (m, Some(Refine::F32)),
            Some(_) => return Err(unknown()),
        };
        let m = m.parse().ok().filter(|&m| m > 0).ok_or_else(unknown)?;
        Ok(Self::Pq { m, refine })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_reads_back_as_it_is_written() {
        for text in ["f32", "f16", "sq8", "pq:32", "pq:8+f16", "pq:1+f32"] {
            assert_eq!(text.parse::<Storage>().unwrap().to_string(), text);
        }
        for text in ["", "pq", "pq:", "pq:0", "pq:8+", "pq:8+sq8", "sq4", "F32"] {
            assert!(text.parse::<Storage>().is_err(), "{text}");
        }
    }
}
