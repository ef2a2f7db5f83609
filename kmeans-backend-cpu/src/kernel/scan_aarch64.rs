//! Products of the bytes of an index by NEON's `sdot`.

use std::arch::aarch64::*;

use kmeans_core::{Looking, PANEL_OFFSET};

use super::bytes_aarch64::dot;
use super::scan::{LINE, Multiply, Products};
use crate::byte_isa::Dot;

impl Multiply for Dot {
    #[inline]
    fn multiply<const P: usize, const Q: usize>(
        self,
        panels: [&[[u8; LINE]]; P],
        queries: &[Looking<'_>; Q],
        products: &mut Products<P, Q>,
    ) {
        // SAFETY: a `Dot` exists only where the instruction was detected.
        unsafe { by_dots(panels, queries, products) }
    }
}

#[target_feature(enable = "neon,dotprod")]
fn by_dots<const P: usize, const Q: usize>(
    panels: [&[[u8; LINE]]; P],
    queries: &[Looking<'_>; Q],
    products: &mut Products<P, Q>,
) {
    let count = panels[0].len();
    let mut quads: [&[[i8; 4]]; Q] = [&[]; Q];
    let mut lines = panels;
    for q in 0..Q {
        quads[q] = &queries[q].bytes.as_chunks::<4>().0[..count];
    }
    for lines in &mut lines {
        *lines = &lines[..count];
    }
    let offset = vdupq_n_u8(PANEL_OFFSET);
    let mut sums = [[[vdupq_n_s32(0); 4]; Q]; P];
    for at in 0..count {
        let mut factors = [vdupq_n_s8(0); Q];
        for q in 0..Q {
            let quad = i32::from_ne_bytes(quads[q][at].map(|byte| byte as u8));
            factors[q] = vreinterpretq_s8_s32(vdupq_n_s32(quad));
        }
        for p in 0..P {
            for quarter in 0..4 {
                // SAFETY: a line is 4 * 16 readable bytes.
                let bytes = unsafe { vld1q_u8(lines[p][at].as_ptr().add(16 * quarter)) };
                let signed = vreinterpretq_s8_u8(veorq_u8(bytes, offset));
                for q in 0..Q {
                    sums[p][q][quarter] = dot(sums[p][q][quarter], signed, factors[q]);
                }
            }
        }
    }
    for (products, sums) in products.iter_mut().zip(sums) {
        for (products, sums) in products.iter_mut().zip(sums) {
            for (quarter, sum) in sums.into_iter().enumerate() {
                // SAFETY: the products of a query and a panel are 4 * 4 writable i32.
                unsafe { vst1q_s32(products.as_mut_ptr().add(4 * quarter), sum) };
            }
        }
    }
}
