//! Rows stored as codes of fixed length, and what decodes them.

mod bits;
mod encoded_rows;
mod half_codecs;
mod open_codec;
mod parameters;
mod product;
mod scalar;
mod u8_codec;
mod write_encoded;

pub use bits::CodeBits;
pub use encoded_rows::EncodedRows;
pub use half_codecs::{Bf16Codec, F16Codec};
pub use open_codec::{RowWidth, open_codec};
pub(crate) use parameters::ARRAY_OUTPUTS;
pub use product::ProductQuantizer;
pub use scalar::ScalarQuantizer;
pub use u8_codec::U8Codec;
pub use write_encoded::write_encoded;

use crate::{DataError, Packing};

/// What turns rows of d values into codes of a fixed number of bytes, and back; n rows at a time.
///
/// Decoding is deterministic: a code stands for the same values everywhere, to the bit.
pub trait Codec: Send + Sync {
    /// The codec's name, for messages: the word by which [`open_codec`] knows it.
    fn name(&self) -> &str;

    /// The number of columns, d; at least 1.
    fn dim(&self) -> usize;

    /// The bytes of the code of one row; at least 1.
    fn code_size(&self) -> usize;

    /// How a code is written, if it is its values one by one in a packing; then rows need not be decoded to be used.
    fn packing(&self) -> Option<Packing> {
        None
    }

    /// Decodes n rows: `codes` holds `n * code_size` bytes and `out` `n * dim` values, row-major. Any bytes are codes.
    ///
    /// # Panics
    /// The caller has checked the lengths; others are our own bug.
    fn decode(&self, codes: &[u8], out: &mut [f32]);

    /// Encodes n rows: `x` holds `n * dim` values and `codes` `n * code_size` bytes, row-major.
    ///
    /// # Errors
    /// `NotRows` if `x` is not a whole number of rows; `BufferLength` if `codes` has not their length; `DoesNotFit`
    /// for a value that has no code, under the codec's name, rows counted from the first of `x`.
    fn encode(&self, x: &[f32], codes: &mut [u8]) -> Result<(), DataError>;
}

/// Checks the lengths of [`Codec::encode`].
fn check_encode(codec: &(impl Codec + ?Sized), x: &[f32], codes: &[u8]) -> Result<(), DataError> {
    crate::memory::check_rows(x.len(), codec.dim())?;
    let expected = (x.len() / codec.dim()).saturating_mul(codec.code_size());
    if codes.len() != expected {
        return Err(DataError::BufferLength { name: codec.name().to_owned(), expected, found: codes.len() });
    }
    Ok(())
}

/// Whether the lengths of [`Codec::decode`] fit each other.
fn is_decodable(codec: &(impl Codec + ?Sized), codes: &[u8], out: &[f32]) -> bool {
    codes.len().is_multiple_of(codec.code_size())
        && out.len() == codes.len() / codec.code_size() * codec.dim()
}

/// Encodes value by value: N bytes for each that `convert` has a code for.
fn encode_values<const N: usize>(
    codec: &impl Codec,
    x: &[f32],
    codes: &mut [u8],
    expected: &'static str,
    convert: impl Fn(f32) -> Option<[u8; N]>,
) -> Result<(), DataError> {
    check_encode(codec, x, codes)?;
    for (index, (&value, code)) in x.iter().zip(codes.as_chunks_mut().0).enumerate() {
        *code = convert(value).ok_or_else(|| no_code(codec, index, value, expected))?;
    }
    Ok(())
}

/// The error of the value at `index` of a block, which has no code.
fn no_code(codec: &impl Codec, index: usize, value: f32, expected: &'static str) -> DataError {
    let (row, column) = (index / codec.dim(), index % codec.dim());
    DataError::DoesNotFit { name: codec.name().to_owned(), row, column, value: value.into(), expected }
}
