//! Products of bytes by NEON's `sdot`.

use std::arch::aarch64::*;
use std::arch::asm;

use super::bytes::{Factors, Products, QUAD};
use crate::byte_isa::Dot;

/// By `sdot`. The bytes of the panel are signed.
pub(super) fn multiply_dots(_: Dot, factors: Factors<'_>, products: &mut [Products]) {
    // SAFETY: a `Dot` exists only where the instruction was detected.
    unsafe { by_dots(factors, products) }
}

/// Rows whose sums have four registers each.
const ROWS: usize = 4;

#[target_feature(enable = "neon,dotprod")]
fn by_dots(factors: Factors<'_>, products: &mut [Products]) {
    let lines = factors.used_lines();
    let fours = factors.ids.as_chunks::<ROWS>().0.iter().zip(products.as_chunks_mut::<ROWS>().0);
    for (ids, products) in fours {
        let mut rows: [&[[i8; QUAD]]; ROWS] = [&[]; ROWS];
        let mut sums = [[vdupq_n_s32(0); 4]; ROWS];
        for r in 0..ROWS {
            rows[r] = &factors.row(ids[r])[..lines.len()];
            sums[r] = [vdupq_n_s32(factors.start(ids[r])); 4];
        }
        for (at, line) in lines.iter().enumerate() {
            let mut quarters = [vdupq_n_s8(0); 4];
            for (q, quarter) in quarters.iter_mut().enumerate() {
                // SAFETY: a line is 4 * 16 readable bytes.
                *quarter = unsafe { vld1q_s8(line.0.as_ptr().add(16 * q).cast()) };
            }
            for r in 0..ROWS {
                let [a, b, c, d] = rows[r][at];
                let quad = i32::from_ne_bytes([a as u8, b as u8, c as u8, d as u8]);
                let quad = vreinterpretq_s8_s32(vdupq_n_s32(quad));
                for q in 0..4 {
                    sums[r][q] = dot(sums[r][q], quarters[q], quad);
                }
            }
        }
        for (products, sums) in products.iter_mut().zip(sums) {
            for (q, sum) in sums.into_iter().enumerate() {
                // SAFETY: the products of a row are 4 * 4 writable i32.
                unsafe { vst1q_s32(products.0.as_mut_ptr().add(4 * q), sum) };
            }
        }
    }
}

/// Adds four products of four bytes each; the intrinsic is not stable yet.
#[target_feature(enable = "neon,dotprod")]
#[inline]
pub(super) fn dot(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction is there, as this function's features say, and touches registers alone.
    unsafe {
        asm!("sdot {sum:v}.4s, {a:v}.16b, {b:v}.16b", sum = inout(vreg) sum, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags));
    }
    sum
}
