//! Rows as half-precision numbers, little endian.

use half::{bf16, f16};

use super::{Codec, encode_values, is_decodable};
use crate::memory::check_rows;
use crate::stored::{ByteOrder, decode_f16, widen};
use crate::{DataError, Dtype, Packing};

const BF16_RANGE: &str = "bf16 (at most 3.3895314e38)";

/// IEEE half precision, 2 bytes a value: 11 significant bits, at most 65504.
///
/// Encoding rounds to nearest, exact ties to even, as processors do; Faiss's portable code rounds exact ties away
/// from zero. NaN and infinities stay what they are; a finite value that would become infinite is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F16Codec {
    dim: usize,
}

impl F16Codec {
    /// The codec for rows of dimension `d`.
    ///
    /// # Errors
    /// `NotRows` if `d` is 0.
    pub fn new(d: usize) -> Result<Self, DataError> {
        check_rows(0, d)?;
        Ok(Self { dim: d })
    }
}

impl Codec for F16Codec {
    fn name(&self) -> &str {
        "f16"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn code_size(&self) -> usize {
        2 * self.dim
    }

    fn packing(&self) -> Option<Packing> {
        Some(Packing::F16)
    }

    fn decode(&self, codes: &[u8], out: &mut [f32]) {
        debug_assert!(is_decodable(self, codes, out));
        decode_f16(ByteOrder::Little, codes, out);
    }

    fn encode(&self, x: &[f32], codes: &mut [u8]) -> Result<(), DataError> {
        encode_values(self, x, codes, Dtype::F16.range(), |value| {
            let rounded = f16::from_f32(value);
            (rounded.is_finite() || !value.is_finite()).then_some(rounded.to_le_bytes())
        })
    }
}

/// The upper half of single precision, 2 bytes a value: 8 significant bits, the range of f32.
///
/// Encoding rounds as that of [`F16Codec`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bf16Codec {
    dim: usize,
}

impl Bf16Codec {
    /// The codec for rows of dimension `d`.
    ///
    /// # Errors
    /// `NotRows` if `d` is 0.
    pub fn new(d: usize) -> Result<Self, DataError> {
        check_rows(0, d)?;
        Ok(Self { dim: d })
    }
}

impl Codec for Bf16Codec {
    fn name(&self) -> &str {
        "bf16"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn code_size(&self) -> usize {
        2 * self.dim
    }

    fn decode(&self, codes: &[u8], out: &mut [f32]) {
        debug_assert!(is_decodable(self, codes, out));
        widen(codes, out, |pair| bf16::from_le_bytes(pair).to_f32());
    }

    fn encode(&self, x: &[f32], codes: &mut [u8]) -> Result<(), DataError> {
        encode_values(self, x, codes, BF16_RANGE, |value| {
            let rounded = bf16::from_f32(value);
            (rounded.is_finite() || !value.is_finite()).then_some(rounded.to_le_bytes())
        })
    }
}
