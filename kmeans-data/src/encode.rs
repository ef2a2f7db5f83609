//! f32 values as they are written to files; little endian.

use half::f16;

use crate::Dtype;
use crate::stored::Unfit;

/// Appends `values` as `dtype` to `out`.
///
/// Rounding to f16 is allowed, overflow is not; integer types take only integers of their range.
pub(crate) fn encode(dtype: Dtype, values: &[f32], out: &mut Vec<u8>) -> Result<(), Unfit> {
    match dtype {
        Dtype::F32 => append(values, out, f32::to_le_bytes),
        Dtype::F64 => append(values, out, |value| f64::from(value).to_le_bytes()),
        Dtype::F16 => {
            check(values, |value| !value.is_finite() || f16::from_f32(value).is_finite())?;
            append(values, out, |value| f16::from_f32(value).to_le_bytes());
        }
        Dtype::U8 => {
            check(values, |value| f32::from(value as u8) == value)?;
            append(values, out, |value| [value as u8]);
        }
        Dtype::I8 => {
            check(values, |value| f32::from(value as i8) == value)?;
            append(values, out, |value| (value as i8).to_le_bytes());
        }
    }
    Ok(())
}

/// Appends the bytes of each value.
pub(crate) fn append<T: Copy, const N: usize>(values: &[T], out: &mut Vec<u8>, bytes: impl Fn(T) -> [u8; N]) {
    out.reserve(values.len() * N);
    out.extend(values.iter().flat_map(|&value| bytes(value)));
}

fn check(values: &[f32], fits: impl Fn(f32) -> bool) -> Result<(), Unfit> {
    match values.iter().position(|&value| !fits(value)) {
        Some(index) => Err(Unfit { index, value: f64::from(values[index]) }),
        None => Ok(()),
    }
}
