//! Values as they lie in files, and how they become f32.

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::Dtype;

/// What the values of an array file are: a type of rows, or an integer type that only labels, weights and ids may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Rows(Dtype),
    I16,
    I32,
    I64,
    U16,
    U32,
    U64,
}

impl Stored {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rows(dtype) => dtype.name(),
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
        }
    }

    pub(crate) const fn size(self) -> usize {
        match self {
            Self::Rows(dtype) => dtype.size(),
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 => 4,
            Self::I64 | Self::U64 => 8,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    pub(crate) const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

/// The first value of a block that does not fit, and where in the block it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unfit {
    pub(crate) index: usize,
    pub(crate) value: f64,
}

/// `$map(bytes, read)` with `read` the function that makes a `$t` of its bytes in that order.
macro_rules! by_order {
    ($t:ty, $order:expr, $map:expr) => {
        match $order {
            ByteOrder::Little => $map(<$t>::from_le_bytes),
            ByteOrder::Big => $map(<$t>::from_be_bytes),
        }
    };
}

/// Reads `out.len()` values of `dtype` as f32.
///
/// NaN and infinities pass; a finite f64 beyond the range of f32 is an error.
pub(crate) fn decode(dtype: Dtype, order: ByteOrder, bytes: &[u8], out: &mut [f32]) -> Result<(), Unfit> {
    debug_assert_eq!(bytes.len(), out.len() * dtype.size());
    match dtype {
        Dtype::F32 => by_order!(f32, order, |read| widen(bytes, out, read)),
        Dtype::F64 => return by_order!(f64, order, |read| narrow(bytes, out, read)),
        Dtype::F16 => decode_f16(order, bytes, out),
        Dtype::U8 => widen(bytes, out, |[byte]| f32::from(byte)),
        Dtype::I8 => widen(bytes, out, |byte| f32::from(i8::from_le_bytes(byte))),
    }
    Ok(())
}

pub(crate) fn decode_f16(order: ByteOrder, bytes: &[u8], out: &mut [f32]) {
    match bytemuck::try_cast_slice::<u8, f16>(bytes) {
        // The bulk conversion uses the processor's own instruction, and wants aligned values.
        Ok(halves) if order == ByteOrder::NATIVE => halves.convert_to_f32_slice(out),
        _ => by_order!(f16, order, |read: fn([u8; 2]) -> f16| widen(bytes, out, |pair| read(pair).to_f32())),
    }
}

pub(crate) fn widen<const N: usize>(bytes: &[u8], out: &mut [f32], read: impl Fn([u8; N]) -> f32) {
    for (value, &stored) in out.iter_mut().zip(bytes.as_chunks().0) {
        *value = read(stored);
    }
}

/// Rounds f64 to f32. The loop has no early exit, so that it is vectorised; the culprit is looked for afterwards.
fn narrow(bytes: &[u8], out: &mut [f32], read: impl Fn([u8; 8]) -> f64) -> Result<(), Unfit> {
    let stored = bytes.as_chunks().0;
    let mut overflow = false;
    for (value, &wide) in out.iter_mut().zip(stored) {
        let wide = read(wide);
        *value = wide as f32;
        overflow |= value.is_infinite() & wide.is_finite();
    }
    if !overflow {
        return Ok(());
    }
    let values = stored.iter().map(|&wide| read(wide));
    match values.enumerate().find(|&(_, wide)| wide.is_finite() && (wide as f32).is_infinite()) {
        Some((index, value)) => Err(Unfit { index, value }),
        None => Ok(()),
    }
}

/// All values of an array of integers by `convert`; the first that it refuses is an error, as are other types.
pub(crate) fn integers<T>(
    stored: Stored,
    order: ByteOrder,
    bytes: &[u8],
    convert: impl Fn(i128) -> Option<T>,
) -> Result<Vec<T>, NoInteger> {
    fn all<T, const N: usize>(
        bytes: &[u8],
        read: impl Fn([u8; N]) -> i128,
        convert: impl Fn(i128) -> Option<T>,
    ) -> Result<Vec<T>, NoInteger> {
        let values = bytes.as_chunks().0.iter().map(|&value| read(value)).enumerate();
        values.map(|(index, value)| convert(value).ok_or(NoInteger::Refused { index, value })).collect()
    }
    macro_rules! all_of {
        ($t:ty, $size:literal) => {
            by_order!($t, order, |read: fn([u8; $size]) -> $t| {
                all(bytes, |value| i128::from(read(value)), convert)
            })
        };
    }
    match stored {
        Stored::Rows(Dtype::U8) => all_of!(u8, 1),
        Stored::Rows(Dtype::I8) => all_of!(i8, 1),
        Stored::I16 => all_of!(i16, 2),
        Stored::I32 => all_of!(i32, 4),
        Stored::I64 => all_of!(i64, 8),
        Stored::U16 => all_of!(u16, 2),
        Stored::U32 => all_of!(u32, 4),
        Stored::U64 => all_of!(u64, 8),
        Stored::Rows(Dtype::F32 | Dtype::F64 | Dtype::F16) => Err(NoInteger::Type),
    }
}

/// Why an array is not one of integers that fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoInteger {
    Type,
    Refused { index: usize, value: i128 },
}

/// All values as f64: exact but for 64-bit integers beyond 2^53.
pub(crate) fn to_f64(stored: Stored, order: ByteOrder, bytes: &[u8]) -> Vec<f64> {
    fn all<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.as_chunks().0.iter().map(|&value| read(value)).collect()
    }
    macro_rules! all_of {
        ($t:ty, $size:literal, $convert:expr) => {
            by_order!($t, order, |read: fn([u8; $size]) -> $t| all(bytes, |value| $convert(read(value))))
        };
    }
    match stored {
        Stored::Rows(Dtype::F32) => all_of!(f32, 4, f64::from),
        Stored::Rows(Dtype::F64) => all_of!(f64, 8, |value| value),
        Stored::Rows(Dtype::F16) => all_of!(f16, 2, f64::from),
        Stored::Rows(Dtype::U8) => all_of!(u8, 1, f64::from),
        Stored::Rows(Dtype::I8) => all_of!(i8, 1, f64::from),
        Stored::I16 => all_of!(i16, 2, f64::from),
        Stored::I32 => all_of!(i32, 4, f64::from),
        Stored::I64 => all_of!(i64, 8, |value| value as f64),
        Stored::U16 => all_of!(u16, 2, f64::from),
        Stored::U32 => all_of!(u32, 4, f64::from),
        Stored::U64 => all_of!(u64, 8, |value| value as f64),
    }
}
