//! The lanes of AVX-512 and AVX2, and the shells in which kernels are compiled for them.
//!
//! The methods are `#[inline(always)]` and end up inside a shell; the intrinsics are then inlined
//! into code that may use them, and a vector stays in its register.

use std::arch::x86_64::*;

use half::f16;

use super::folds_x86::{folded_256, folded_512};
use super::lanes::{EACH, Kernel, Lanes, PANEL, WIDE};
use crate::isa::{Avx2, Avx512};

impl Lanes for Avx512 {
    type V = __m512;
    type W = __m512d;

    const FUSED: bool = true;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")]
        fn shell<K: Kernel>(lanes: Avx512, kernel: K) -> K::Output {
            kernel.run(lanes)
        }
        // SAFETY: an `Avx512` exists only where these features were detected.
        unsafe { shell(self, kernel) }
    }

    #[inline(always)]
    fn widen(self, from: &[f16; WIDE]) -> [f32; WIDE] {
        // SAFETY: `self` proves F16C.
        unsafe { widened(from) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn load(self, from: &[f32; PANEL]) -> __m512 {
        // SAFETY: `self` proves AVX-512F, and `from` is 16 readable f32.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, value: __m512, to: &mut [f32; PANEL]) {
        // SAFETY: `self` proves AVX-512F, and `to` is 16 writable f32.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    // `minps` and `maxps` give their second operand unless the first is less (greater).

    #[inline(always)]
    fn min(self, x: __m512, low: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_min_ps(x, low) }
    }

    #[inline(always)]
    fn max(self, x: __m512, high: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_max_ps(x, high) }
    }

    #[inline(always)]
    fn keep_less(self, score: __m512, id: __m512, best: __m512, at: __m512) -> (__m512, __m512) {
        // SAFETY: `self` proves AVX-512F.
        unsafe {
            let less = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(score, best);
            (self.min(score, best), _mm512_mask_blend_ps(less, at, id))
        }
    }

    #[inline(always)]
    fn not_greater(self, a: __m512, b: __m512) -> u32 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { u32::from(_mm512_cmp_ps_mask::<_CMP_NGT_UQ>(a, b)) }
    }

    #[inline(always)]
    fn lowest_of_each(self, v: [__m512; PANEL]) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe {
            // One lane in each quarter, of two vectors, then of four; then halves and quarters are put together.
            let mut fours = [v[0]; 4];
            for i in 0..4 {
                let pair = |a, b| _mm512_min_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
                let (a, b) = (pair(v[4 * i], v[4 * i + 1]), pair(v[4 * i + 2], v[4 * i + 3]));
                fours[i] = _mm512_min_ps(_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xee>(a, b));
            }
            let quarters =
                |a, b| _mm512_min_ps(_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
            quarters(quarters(fours[0], fours[1]), quarters(fours[2], fours[3]))
        }
    }

    #[inline(always)]
    fn without(self, x: __m512, mask: u32) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_mask_mov_ps(x, mask as u16, _mm512_set1_ps(f32::INFINITY)) }
    }

    #[inline(always)]
    fn sum_of_each(self, v: [__m512; EACH]) -> [f32; EACH] {
        // SAFETY: `self` proves AVX-512F.
        unsafe { folded_512(v, |a, b| _mm512_add_ps(a, b)) }
    }

    #[inline(always)]
    fn transposed(self, square: [__m512; PANEL]) -> [__m512; PANEL] {
        // SAFETY: `self` proves AVX-512F.
        unsafe {
            // Squares of four by four in each quarter, then quarters.
            let mut small = [square[0]; PANEL];
            for i in 0..4 {
                let rows = &square[4 * i..4 * i + 4];
                let (a, b) = (_mm512_unpacklo_ps(rows[0], rows[1]), _mm512_unpackhi_ps(rows[0], rows[1]));
                let (c, d) = (_mm512_unpacklo_ps(rows[2], rows[3]), _mm512_unpackhi_ps(rows[2], rows[3]));
                small[i] = _mm512_shuffle_ps::<0x44>(a, c);
                small[4 + i] = _mm512_shuffle_ps::<0xee>(a, c);
                small[8 + i] = _mm512_shuffle_ps::<0x44>(b, d);
                small[12 + i] = _mm512_shuffle_ps::<0xee>(b, d);
            }
            let mut columns = square;
            for j in 0..4 {
                let quads = &small[4 * j..4 * j + 4];
                let low = [0, 2].map(|i| _mm512_shuffle_f32x4::<0x44>(quads[i], quads[i + 1]));
                let high = [0, 2].map(|i| _mm512_shuffle_f32x4::<0xee>(quads[i], quads[i + 1]));
                columns[j] = _mm512_shuffle_f32x4::<0x88>(low[0], low[1]);
                columns[4 + j] = _mm512_shuffle_f32x4::<0xdd>(low[0], low[1]);
                columns[8 + j] = _mm512_shuffle_f32x4::<0x88>(high[0], high[1]);
                columns[12 + j] = _mm512_shuffle_f32x4::<0xdd>(high[0], high[1]);
            }
            columns
        }
    }

    #[inline(always)]
    fn places(self, mask: u32, first: u32, out: &mut [u32; PANEL]) -> usize {
        // SAFETY: `self` proves AVX-512F, and `out` is 16 writable u32.
        unsafe {
            let lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let places = _mm512_add_epi32(lane, _mm512_set1_epi32(first as i32));
            // Compressed in a register: to memory it takes a hundred cycles on Zen 4.
            let places = _mm512_maskz_compress_epi32(mask as u16, places);
            _mm512_storeu_si512(out.as_mut_ptr().cast(), places);
        }
        mask.count_ones() as usize
    }

    #[inline(always)]
    fn pack(self, x: __m512, mask: u32, out: &mut [f32; PANEL]) {
        // SAFETY: `self` proves AVX-512F, and `out` is 16 writable f32.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), _mm512_maskz_compress_ps(mask as u16, x)) }
    }

    #[inline(always)]
    fn sqrt(self, x: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_sqrt_ps(x) }
    }

    #[inline(always)]
    fn argmin(self, best: __m512, at: __m512) -> i32 {
        // SAFETY: `self` proves AVX-512F.
        unsafe {
            let smallest = _mm512_set1_ps(_mm512_reduce_min_ps(best));
            let ties = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(best, smallest);
            let lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let index = _mm512_add_epi32(_mm512_slli_epi32::<4>(_mm512_castps_si512(at)), lane);
            _mm512_mask_reduce_min_epi32(ties, index)
        }
    }

    #[inline(always)]
    fn wide_load(self, from: &[f64; WIDE]) -> __m512d {
        // SAFETY: `self` proves AVX-512F, and `from` is 8 readable f64.
        unsafe { _mm512_loadu_pd(from.as_ptr()) }
    }

    #[inline(always)]
    fn wide_store(self, value: __m512d, to: &mut [f64; WIDE]) {
        // SAFETY: `self` proves AVX-512F, and `to` is 8 writable f64.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn wide_sub(self, a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_sub_pd(a, b) }
    }

    #[inline(always)]
    fn wide_mul(self, a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_mul_pd(a, b) }
    }

    #[inline(always)]
    fn wide_add(self, a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: `self` proves AVX-512F.
        unsafe { _mm512_add_pd(a, b) }
    }

    #[inline(always)]
    fn wide_total(self, value: __m512d) -> f64 {
        // SAFETY: `self` proves AVX-512F.
        unsafe { halves(_mm512_castpd512_pd256(value), _mm512_extractf64x4_pd::<1>(value)) }
    }
}

impl Lanes for Avx2 {
    type V = [__m256; 2];
    type W = [__m256d; 2];

    const FUSED: bool = true;

    #[inline]
    fn vectorize<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma,f16c")]
        fn shell<K: Kernel>(lanes: Avx2, kernel: K) -> K::Output {
            kernel.run(lanes)
        }
        // SAFETY: an `Avx2` exists only where AVX2, FMA and F16C were detected.
        unsafe { shell(self, kernel) }
    }

    #[inline(always)]
    fn widen(self, from: &[f16; WIDE]) -> [f32; WIDE] {
        // SAFETY: `self` proves F16C.
        unsafe { widened(from) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_set1_ps(value); 2] }
    }

    #[inline(always)]
    fn load(self, from: &[f32; PANEL]) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2, and `from` is 2 * 8 readable f32.
        unsafe { [_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))] }
    }

    #[inline(always)]
    fn store(self, value: [__m256; 2], to: &mut [f32; PANEL]) {
        // SAFETY: `self` proves AVX2, and `to` is 2 * 8 writable f32.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), value[0]);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), value[1]);
        }
    }

    #[inline(always)]
    fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn fma(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: `self` proves FMA.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    fn min(self, x: [__m256; 2], low: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_min_ps(x[0], low[0]), _mm256_min_ps(x[1], low[1])] }
    }

    #[inline(always)]
    fn max(self, x: [__m256; 2], high: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_max_ps(x[0], high[0]), _mm256_max_ps(x[1], high[1])] }
    }

    #[inline(always)]
    fn keep_less(
        self,
        score: [__m256; 2],
        id: [__m256; 2],
        best: [__m256; 2],
        at: [__m256; 2],
    ) -> ([__m256; 2], [__m256; 2]) {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let less = [
                _mm256_cmp_ps::<_CMP_LT_OQ>(score[0], best[0]),
                _mm256_cmp_ps::<_CMP_LT_OQ>(score[1], best[1]),
            ];
            (
                self.min(score, best),
                [_mm256_blendv_ps(at[0], id[0], less[0]), _mm256_blendv_ps(at[1], id[1], less[1])],
            )
        }
    }

    #[inline(always)]
    fn not_greater(self, a: [__m256; 2], b: [__m256; 2]) -> u32 {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NGT_UQ>(a[0], b[0])) as u32;
            low | (_mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NGT_UQ>(a[1], b[1])) as u32) << 8
        }
    }

    #[inline(always)]
    fn lowest_of_each(self, v: [[__m256; 2]; PANEL]) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe {
            // The two halves of each, then one lane in each quarter, of two vectors, of four; then quarters.
            let mut fours = [v[0][0]; 4];
            for i in 0..4 {
                let halves = |v: [__m256; 2]| _mm256_min_ps(v[0], v[1]);
                let pair = |a, b| _mm256_min_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                let low = pair(halves(v[4 * i]), halves(v[4 * i + 1]));
                let high = pair(halves(v[4 * i + 2]), halves(v[4 * i + 3]));
                fours[i] =
                    _mm256_min_ps(_mm256_shuffle_ps::<0x44>(low, high), _mm256_shuffle_ps::<0xee>(low, high));
            }
            [0, 2].map(|i| {
                let (a, b) = (fours[i], fours[i + 1]);
                _mm256_min_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b))
            })
        }
    }

    #[inline(always)]
    fn sum_of_each(self, v: [[__m256; 2]; EACH]) -> [f32; EACH] {
        // SAFETY: `self` proves AVX2.
        unsafe { folded_256(v, |a, b| _mm256_add_ps(a, b)) }
    }

    #[inline(always)]
    fn sqrt(self, x: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_sqrt_ps(x[0]), _mm256_sqrt_ps(x[1])] }
    }

    #[inline(always)]
    fn wide_load(self, from: &[f64; WIDE]) -> [__m256d; 2] {
        // SAFETY: `self` proves AVX2, and `from` is 2 * 4 readable f64.
        unsafe { [_mm256_loadu_pd(from.as_ptr()), _mm256_loadu_pd(from.as_ptr().add(4))] }
    }

    #[inline(always)]
    fn wide_store(self, value: [__m256d; 2], to: &mut [f64; WIDE]) {
        // SAFETY: `self` proves AVX2, and `to` is 2 * 4 writable f64.
        unsafe {
            _mm256_storeu_pd(to.as_mut_ptr(), value[0]);
            _mm256_storeu_pd(to.as_mut_ptr().add(4), value[1]);
        }
    }

    #[inline(always)]
    fn wide_sub(self, a: [__m256d; 2], b: [__m256d; 2]) -> [__m256d; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_sub_pd(a[0], b[0]), _mm256_sub_pd(a[1], b[1])] }
    }

    #[inline(always)]
    fn wide_mul(self, a: [__m256d; 2], b: [__m256d; 2]) -> [__m256d; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_mul_pd(a[0], b[0]), _mm256_mul_pd(a[1], b[1])] }
    }

    #[inline(always)]
    fn wide_add(self, a: [__m256d; 2], b: [__m256d; 2]) -> [__m256d; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe { [_mm256_add_pd(a[0], b[0]), _mm256_add_pd(a[1], b[1])] }
    }

    #[inline(always)]
    fn wide_total(self, value: [__m256d; 2]) -> f64 {
        // SAFETY: `self` proves AVX2.
        unsafe { halves(value[0], value[1]) }
    }
}

/// The lanes of two halves, added as [`super::lanes::tree`] does.
#[target_feature(enable = "avx")]
#[inline]
fn halves(low: __m256d, high: __m256d) -> f64 {
    let quarters = _mm256_add_pd(low, high);
    let pair = _mm_add_pd(_mm256_castpd256_pd128(quarters), _mm256_extractf128_pd::<1>(quarters));
    _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)))
}

/// Eight halves as floats.
#[target_feature(enable = "f16c")]
#[inline]
fn widened(from: &[f16; WIDE]) -> [f32; WIDE] {
    let mut to = [0.0; WIDE];
    // SAFETY: `from` is 16 readable bytes, `to` 32 writable ones, and an `f16` is its bits.
    unsafe { _mm256_storeu_ps(to.as_mut_ptr(), _mm256_cvtph_ps(_mm_loadu_si128(from.as_ptr().cast()))) };
    to
}
