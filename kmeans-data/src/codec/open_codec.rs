//! Codecs named by words.

use std::sync::Arc;

use super::{Bf16Codec, CodeBits, Codec, F16Codec, ProductQuantizer, ScalarQuantizer, U8Codec};
use crate::DataError;

/// What is known of the rows that a codec is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowWidth {
    /// The number of columns, d: of rows that are to be encoded.
    Columns(usize),
    /// The bytes of a row's code: of rows that are encoded.
    CodeBytes(usize),
}

/// The codec that `spec` names, for rows of a known width: `f16`, `bf16`, `u8`, `sq8:RANGES.npy`, `sq4:RANGES.npy`
/// (f32, 2×d: least values, then extents) or `pq:CODEBOOKS.npy` (f32, m × 256 × dsub or m × 16 × dsub). Files may
/// also be `.npz:key`.
///
/// # Errors
/// `UnknownCodec`; `CodecWidth` if the codec named is for rows of another width; as [`ScalarQuantizer::open`] and
/// [`ProductQuantizer::open`].
pub fn open_codec(spec: &str, width: RowWidth) -> Result<Arc<dyn Codec>, DataError> {
    let codec: Arc<dyn Codec> = match spec.split_once(':') {
        None => match spec {
            "f16" => Arc::new(F16Codec::new(width.columns_of(2, spec)?)?),
            "bf16" => Arc::new(Bf16Codec::new(width.columns_of(2, spec)?)?),
            "u8" => Arc::new(U8Codec::new(width.columns_of(1, spec)?)?),
            _ => return Err(DataError::UnknownCodec { found: spec.to_owned() }),
        },
        Some(("sq8", ranges)) => Arc::new(ScalarQuantizer::open(ranges, CodeBits::Eight)?),
        Some(("sq4", ranges)) => Arc::new(ScalarQuantizer::open(ranges, CodeBits::Four)?),
        Some(("pq", codebooks)) => Arc::new(ProductQuantizer::open(codebooks)?),
        Some(_) => return Err(DataError::UnknownCodec { found: spec.to_owned() }),
    };
    width.check(&*codec, spec)?;
    Ok(codec)
}

impl RowWidth {
    /// The columns of a codec that takes `size` bytes a value.
    fn columns_of(self, size: usize, spec: &str) -> Result<usize, DataError> {
        match self {
            Self::Columns(d) => Ok(d),
            Self::CodeBytes(bytes) if bytes.is_multiple_of(size) => Ok(bytes / size),
            Self::CodeBytes(found) => Err(DataError::CodecWidth {
                name: spec.to_owned(),
                codec: spec.to_owned(),
                unit: "bytes",
                expected: found.next_multiple_of(size),
                found,
            }),
        }
    }

    fn check(self, codec: &dyn Codec, spec: &str) -> Result<(), DataError> {
        let (unit, expected, found) = match self {
            Self::Columns(d) => ("columns", codec.dim(), d),
            Self::CodeBytes(bytes) => ("bytes", codec.code_size(), bytes),
        };
        if expected != found {
            let (name, codec) = (spec.to_owned(), codec.name().to_owned());
            return Err(DataError::CodecWidth { name, codec, unit, expected, found });
        }
        Ok(())
    }
}
