//! Rows as they lie in device memory, seen in a frame.

use cubecl::prelude::*;

use super::pairs::multiply;

/// How values are written in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// One value a word.
    F32,
    /// Two a word, the lower half first.
    F16,
    /// Four a word, the lowest byte first.
    U8,
    /// The same of integers with a sign.
    I8,
}

impl Encoding {
    /// Values in a word of 32 bits.
    pub(crate) fn per_word(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::F16 => 2,
            Self::U8 | Self::I8 => 4,
        }
    }
}

/// What a kernel has to know of rows when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Load {
    pub(crate) encoding: Encoding,
    /// Whether each row is multiplied by a factor, instead of being moved and scaled.
    pub(crate) unit_rows: bool,
    /// Whether the device has 64-bit types; pairs of `f32` do their work where it has none.
    pub(crate) native: bool,
}

/// Rows n×d in device memory, and what brings them into a frame.
#[derive(CubeType, CubeLaunch)]
pub(crate) struct RowsView {
    /// The values, packed.
    pub(crate) words: Array<u32>,
    /// `origin · scale`, d.
    pub(crate) shift: Array<f32>,
    /// For unit rows n×4: three terms and a power of two; their sum times that is the row's factor in `f64`.
    pub(crate) factors: Array<f32>,
    pub(crate) scale: f32,
    pub(crate) rows: u32,
    pub(crate) dim: u32,
    /// 0, which compilers do not know; see [`super::pairs`].
    pub(crate) zero: u32,
    #[cube(comptime)]
    pub(crate) load: Load,
}

/// Value number `at`, as it is in the data.
#[cube]
pub(crate) fn value(rows: &RowsView, at: usize) -> f32 {
    let encoding = comptime!(rows.load.encoding);
    if comptime!(encoding == Encoding::F32) {
        f32::reinterpret(rows.words[at])
    } else if comptime!(encoding == Encoding::F16) {
        let word = rows.words[at / 2];
        half((word >> (16 * (at as u32 % 2))) & 0xffff)
    } else {
        let word = rows.words[at / 4];
        let byte = (word >> (8 * (at as u32 % 4))) & 0xff;
        if comptime!(encoding == Encoding::I8) {
            f32::cast_from(byte ^ 0x80) - 128.0
        } else {
            f32::cast_from(byte)
        }
    }
}

/// An IEEE half, exactly. Its subnormal numbers are made from integers: a device may not know those of `f32`.
#[cube]
fn half(bits: u32) -> f32 {
    let exponent = (bits >> 10) & 31;
    let mantissa = bits & 0x3ff;
    let small = f32::cast_from(mantissa) * 5.9604645e-8; // 2^-24
    let rebased = select(exponent == 31, 255, exponent + 112);
    let magnitude = select(exponent == 0, u32::reinterpret(small), (rebased << 23) | (mantissa << 13));
    f32::reinterpret(magnitude | ((bits >> 15) << 31))
}

/// A row's value in one column, in the coordinates of the frame.
#[cube]
pub(crate) fn offset(rows: &RowsView, row: u32, column: u32) -> f32 {
    let x = value(rows, row as usize * rows.dim as usize + column as usize);
    if comptime!(rows.load.unit_rows) {
        let at = row as usize * 4;
        let x = x * rows.factors[at + 3];
        if comptime!(rows.load.native) {
            let factor = f64::cast_from(rows.factors[at])
                + f64::cast_from(rows.factors[at + 1])
                + f64::cast_from(rows.factors[at + 2]);
            f32::cast_from(f64::cast_from(x) * factor)
        } else {
            let product = multiply(x, rows.factors[at], rows.zero);
            product.high + (product.low + x * rows.factors[at + 1])
        }
    } else {
        x * rows.scale - rows.shift[column as usize]
    }
}
