//! Each column cut into equal steps between its least and greatest value.

use std::path::Path;

use super::parameters::{open_parameters, write_parameters};
use super::{CodeBits, Codec, check_encode, is_decodable, no_code};
use crate::blocks::for_blocks;
use crate::{DataError, Overwrite, Points};

/// Columns whose half bytes are unpacked at a time.
const TILE: usize = 128;

/// A scalar quantizer: the range of each column is cut into 256 or 16 steps, and a value's code is its step.
///
/// A code stands for the middle of its step, `minimum + (code + 0.5) / steps * extent` with 255 or 15 steps; the last
/// code lies half a step beyond the greatest value. Values outside the range take the code of the nearer end. Codes
/// and decoded values are, to the bit, those of Faiss's `QT_8bit` and `QT_4bit` (Johnson, Douze and Jégou, 'Billion-scale
/// similarity search with GPUs', IEEE Transactions on Big Data 7(3), 2021, doi:10.1109/TBDATA.2019.2921572).
#[derive(Debug, Clone, PartialEq)]
pub struct ScalarQuantizer {
    bits: CodeBits,
    minimum: Vec<f32>,
    extent: Vec<f32>,
}

impl ScalarQuantizer {
    /// The quantizer for columns from `minimum[j]` to `minimum[j] + extent[j]`.
    ///
    /// # Errors
    /// `BadRange` if a number is not finite or an extent is negative; `NotRows` if the two are not of one length or
    /// empty.
    pub fn new(bits: CodeBits, minimum: Vec<f32>, extent: Vec<f32>) -> Result<Self, DataError> {
        Self::named(bits, minimum, extent, "memory")
    }

    fn named(bits: CodeBits, minimum: Vec<f32>, extent: Vec<f32>, name: &str) -> Result<Self, DataError> {
        if minimum.is_empty() || minimum.len() != extent.len() {
            return Err(DataError::NotRows { len: extent.len(), dim: minimum.len() });
        }
        for (column, (&minimum, &extent)) in minimum.iter().zip(&extent).enumerate() {
            if !minimum.is_finite() || !extent.is_finite() || extent < 0.0 {
                return Err(DataError::BadRange { name: name.to_owned(), column, minimum, extent });
            }
        }
        Ok(Self { bits, minimum, extent })
    }

    /// The quantizer whose ranges are those of the columns of `points`, seen once, block by block.
    ///
    /// # Errors
    /// `DoesNotFit` for a value that is not finite; `BadRange` for a column wider than f32 goes; `Empty` without any
    /// row; as [`Points::read`].
    pub fn train(points: &(impl Points + ?Sized), bits: CodeBits) -> Result<Self, DataError> {
        if points.rows() == 0 {
            return Err(DataError::Empty { name: points.name().to_owned(), expected: "at least one row" });
        }
        let mut least = vec![f32::INFINITY; points.dim()];
        let mut greatest = vec![f32::NEG_INFINITY; points.dim()];
        for_blocks(points, |start, values| {
            check_finite(points, start, values)?;
            for row in values.chunks_exact(points.dim()) {
                for ((&value, least), greatest) in row.iter().zip(&mut least).zip(&mut greatest) {
                    *least = least.min(value);
                    *greatest = greatest.max(value);
                }
            }
            Ok(())
        })?;
        let extent = least.iter().zip(greatest).map(|(least, greatest)| greatest - least).collect();
        Self::named(bits, least, extent, points.name())
    }

    /// Reads the ranges from a `.npy` or `.npz:key` array of 2×d: the least values, then the extents.
    ///
    /// # Errors
    /// `WrongShape`; `BadRange`; as [`open`](crate::open).
    pub fn open(path: impl AsRef<Path>, bits: CodeBits) -> Result<Self, DataError> {
        let parameters = open_parameters(path.as_ref())?;
        let d = match *parameters.shape.as_slice() {
            [2, d] if d > 0 => d,
            _ => {
                return Err(
                    parameters.wrong_shape("2 rows, least values and extents, of at least one column")
                );
            }
        };
        let mut minimum = parameters.values;
        let extent = minimum.split_off(d);
        Self::named(bits, minimum, extent, &parameters.name)
    }

    /// Writes the ranges to a `.npy` file, from which [`ScalarQuantizer::open`] reads them.
    ///
    /// # Errors
    /// `UnknownExtension`; as [`AtomicFile::create`](crate::AtomicFile::create).
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<(), DataError> {
        let values = [self.minimum.as_slice(), self.extent.as_slice()].concat();
        write_parameters(path.as_ref(), &[2, self.dim()], &values, overwrite)
    }

    /// The bits of a value's code.
    pub fn bits(&self) -> CodeBits {
        self.bits
    }

    /// The least value of each column.
    pub fn minimum(&self) -> &[f32] {
        &self.minimum
    }

    /// The greatest value of each column less its least.
    pub fn extent(&self) -> &[f32] {
        &self.extent
    }

    /// Decodes one row of half bytes, by tiles of columns.
    fn decode_halves(&self, codes: &[u8], out: &mut [f32]) {
        let mut levels = [0; TILE];
        for (tile, (codes, out)) in codes.chunks(TILE / 2).zip(out.chunks_mut(TILE)).enumerate() {
            for (pair, byte) in levels.as_chunks_mut().0.iter_mut().zip(codes) {
                *pair = [byte & 0xf, byte >> 4];
            }
            self.decode_levels(tile * TILE, &levels, out);
        }
    }

    /// Decodes the columns from `first` on, as many as `out` has.
    fn decode_levels(&self, first: usize, levels: &[u8], out: &mut [f32]) {
        let (steps, ranges) = (self.steps(), self.minimum[first..].iter().zip(&self.extent[first..]));
        for ((value, &level), (&minimum, &extent)) in out.iter_mut().zip(levels).zip(ranges) {
            // A fused multiply-add would differ from Faiss in the last bit.
            let share = (f32::from(level) + 0.5) / steps;
            *value = minimum + share * extent;
        }
    }

    /// The number by which shares of a range are multiplied: the highest code.
    fn steps(&self) -> f32 {
        match self.bits {
            CodeBits::Four => 15.0,
            CodeBits::Eight => 255.0,
        }
    }
}

impl Codec for ScalarQuantizer {
    fn name(&self) -> &str {
        match self.bits {
            CodeBits::Four => "sq4",
            CodeBits::Eight => "sq8",
        }
    }

    fn dim(&self) -> usize {
        self.minimum.len()
    }

    fn code_size(&self) -> usize {
        self.bits.bytes(self.dim())
    }

    fn decode(&self, codes: &[u8], out: &mut [f32]) {
        debug_assert!(is_decodable(self, codes, out));
        for (codes, out) in codes.chunks_exact(self.code_size()).zip(out.chunks_exact_mut(self.dim())) {
            match self.bits {
                CodeBits::Four => self.decode_halves(codes, out),
                CodeBits::Eight => self.decode_levels(0, codes, out),
            }
        }
    }

    fn encode(&self, x: &[f32], codes: &mut [u8]) -> Result<(), DataError> {
        check_encode(self, x, codes)?;
        if let Some(index) = x.iter().position(|value| value.is_nan()) {
            return Err(no_code(self, index, x[index], "a range (a number)"));
        }
        codes.fill(0);
        for (x, codes) in x.chunks_exact(self.dim()).zip(codes.chunks_exact_mut(self.code_size())) {
            for (column, &value) in x.iter().enumerate() {
                let share = share_of(value, self.minimum[column], self.extent[column]);
                self.bits.pack(codes, column, (share * self.steps()) as u8);
            }
        }
        Ok(())
    }
}

/// How far `value` lies into the range, from 0 to 1; 0 in a range of one value.
fn share_of(value: f32, minimum: f32, extent: f32) -> f32 {
    if extent == 0.0 { 0.0 } else { ((value - minimum) / extent).clamp(0.0, 1.0) }
}

fn check_finite(points: &(impl Points + ?Sized), start: usize, values: &[f32]) -> Result<(), DataError> {
    let Some(index) = values.iter().position(|value| !value.is_finite()) else {
        return Ok(());
    };
    Err(DataError::DoesNotFit {
        name: points.name().to_owned(),
        row: points.source_row(start + index / points.dim()),
        column: index % points.dim(),
        value: values[index].into(),
        expected: "a range (a finite number)",
    })
}
