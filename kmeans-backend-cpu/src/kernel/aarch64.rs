//! The lanes of NEON: four registers are sixteen f32 or eight f64.
//!
//! Comparisons choose in `min` and `max`, as the instructions of these names give NaN where one of the two is.

use std::arch::aarch64::*;

use super::lanes::{Kernel, Lanes, PANEL, WIDE};
use crate::isa::Neon;

/// Registers in a vector.
const REGISTERS: usize = 4;

impl Lanes for Neon {
    type V = [float32x4_t; REGISTERS];
    type W = [float64x2_t; REGISTERS];

    const FUSED: bool = true;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "neon")]
        fn shell<K: Kernel>(lanes: Neon, kernel: K) -> K::Output {
            kernel.run(lanes)
        }
        // SAFETY: a `Neon` exists only where NEON was detected.
        unsafe { shell(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        // SAFETY: `self` proves NEON.
        unsafe { [vdupq_n_f32(value); REGISTERS] }
    }

    #[inline(always)]
    fn load(self, from: &[f32; PANEL]) -> Self::V {
        // SAFETY: `self` proves NEON, and `from` is 4 * 4 readable f32.
        unsafe { each(|i| vld1q_f32(from.as_ptr().add(4 * i))) }
    }

    #[inline(always)]
    fn store(self, value: Self::V, to: &mut [f32; PANEL]) {
        for (i, value) in value.into_iter().enumerate() {
            // SAFETY: `self` proves NEON, and `to` is 4 * 4 writable f32.
            unsafe { vst1q_f32(to.as_mut_ptr().add(4 * i), value) };
        }
    }

    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vaddq_f32(a[i], b[i])) }
    }

    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vfmaq_f32(c[i], a[i], b[i])) }
    }

    #[inline(always)]
    fn min(self, x: Self::V, low: Self::V) -> Self::V {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vbslq_f32(vcltq_f32(x[i], low[i]), x[i], low[i])) }
    }

    #[inline(always)]
    fn max(self, x: Self::V, high: Self::V) -> Self::V {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vbslq_f32(vcgtq_f32(x[i], high[i]), x[i], high[i])) }
    }

    #[inline(always)]
    fn keep_less(self, score: Self::V, id: Self::V, best: Self::V, at: Self::V) -> (Self::V, Self::V) {
        // SAFETY: `self` proves NEON.
        unsafe {
            let less: [uint32x4_t; REGISTERS] = each(|i| vcltq_f32(score[i], best[i]));
            (each(|i| vbslq_f32(less[i], score[i], best[i])), each(|i| vbslq_f32(less[i], id[i], at[i])))
        }
    }

    #[inline(always)]
    fn not_greater(self, a: Self::V, b: Self::V) -> u32 {
        const BITS: [u32; 4] = [1, 2, 4, 8];
        // SAFETY: `self` proves NEON, and `BITS` is 4 readable u32.
        unsafe {
            let bits = vld1q_u32(BITS.as_ptr());
            let of_four = |i: usize| vaddvq_u32(vbicq_u32(bits, vcgtq_f32(a[i], b[i]))) << (4 * i);
            of_four(0) | of_four(1) | of_four(2) | of_four(3)
        }
    }

    #[inline(always)]
    fn lowest_of_each(self, vectors: [Self::V; PANEL]) -> Self::V {
        // SAFETY: `self` proves NEON.
        unsafe {
            let lesser = |a, b| vbslq_f32(vcltq_f32(a, b), a, b);
            // One register for each vector, then a lane for each: pairs are folded twice.
            let one = |v: Self::V| lesser(lesser(v[0], v[1]), lesser(v[2], v[3]));
            let pair = |a, b| lesser(vuzp1q_f32(a, b), vuzp2q_f32(a, b));
            each(|i| {
                let four: [float32x4_t; 4] = each(|j| one(vectors[4 * i + j]));
                pair(pair(four[0], four[1]), pair(four[2], four[3]))
            })
        }
    }

    #[inline(always)]
    fn sqrt(self, x: Self::V) -> Self::V {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vsqrtq_f32(x[i])) }
    }

    #[inline(always)]
    fn wide_load(self, from: &[f64; WIDE]) -> Self::W {
        // SAFETY: `self` proves NEON, and `from` is 4 * 2 readable f64.
        unsafe { each(|i| vld1q_f64(from.as_ptr().add(2 * i))) }
    }

    #[inline(always)]
    fn wide_store(self, value: Self::W, to: &mut [f64; WIDE]) {
        for (i, value) in value.into_iter().enumerate() {
            // SAFETY: `self` proves NEON, and `to` is 4 * 2 writable f64.
            unsafe { vst1q_f64(to.as_mut_ptr().add(2 * i), value) };
        }
    }

    #[inline(always)]
    fn wide_sub(self, a: Self::W, b: Self::W) -> Self::W {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vsubq_f64(a[i], b[i])) }
    }

    #[inline(always)]
    fn wide_mul(self, a: Self::W, b: Self::W) -> Self::W {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vmulq_f64(a[i], b[i])) }
    }

    #[inline(always)]
    fn wide_add(self, a: Self::W, b: Self::W) -> Self::W {
        // SAFETY: `self` proves NEON.
        unsafe { each(|i| vaddq_f64(a[i], b[i])) }
    }
}

#[inline(always)]
fn each<T>(of: impl FnMut(usize) -> T) -> [T; REGISTERS] {
    std::array::from_fn(of)
}
