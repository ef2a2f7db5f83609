//! Rows of integers from 0 to 255.

use super::{Codec, encode_values, is_decodable};
use crate::memory::check_rows;
use crate::stored::widen;
use crate::{DataError, Dtype, Packing};

/// Integers from 0 to 255, a byte a value; other values have no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct U8Codec {
    dim: usize,
}

impl U8Codec {
    /// The codec for rows of dimension `d`.
    ///
    /// # Errors
    /// `NotRows` if `d` is 0.
    pub fn new(d: usize) -> Result<Self, DataError> {
        check_rows(0, d)?;
        Ok(Self { dim: d })
    }
}

impl Codec for U8Codec {
    fn name(&self) -> &str {
        "u8"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn code_size(&self) -> usize {
        self.dim
    }

    fn packing(&self) -> Option<Packing> {
        Some(Packing::U8)
    }

    fn decode(&self, codes: &[u8], out: &mut [f32]) {
        debug_assert!(is_decodable(self, codes, out));
        widen(codes, out, |[byte]| f32::from(byte));
    }

    fn encode(&self, x: &[f32], codes: &mut [u8]) -> Result<(), DataError> {
        encode_values(self, x, codes, Dtype::U8.range(), |value| {
            let byte = value as u8;
            (f32::from(byte) == value).then_some([byte])
        })
    }
}
