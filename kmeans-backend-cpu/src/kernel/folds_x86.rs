//! Vectors of AVX-512 and AVX2 folded into one number each, eight at a time.

use std::arch::x86_64::*;

use super::lanes::EACH;

/// The lanes of each vector put together by `fold`: halves of two vectors at a time, quarters of four, pairs of
/// eight, then the two that are left of each.
///
/// # Safety
/// The processor has AVX-512F.
#[inline(always)]
pub(crate) unsafe fn folded_512(v: [__m512; EACH], fold: impl Fn(__m512, __m512) -> __m512) -> [f32; EACH] {
    // SAFETY: the caller's.
    unsafe {
        let mut halves = [v[0]; 4];
        for i in 0..4 {
            let (a, b) = (v[2 * i], v[2 * i + 1]);
            halves[i] = fold(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xee>(a, b));
        }
        let mut quarters = [v[0]; 2];
        for i in 0..2 {
            let (a, b) = (halves[2 * i], halves[2 * i + 1]);
            quarters[i] = fold(_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
        }
        let [a, b] = quarters;
        let pairs = fold(_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xee>(a, b));
        let all = fold(pairs, _mm512_shuffle_ps::<0xb1>(pairs, pairs));
        let place = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 0, 0, 0, 0, 0, 0, 0, 0);
        let mut out = [0.0; EACH];
        _mm256_storeu_ps(out.as_mut_ptr(), _mm512_castps512_ps256(_mm512_permutexvar_ps(place, all)));
        out
    }
}

/// The same of AVX2: halves of each, halves of two, pairs of four, then the two that are left of each.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
pub(crate) unsafe fn folded_256(
    v: [[__m256; 2]; EACH],
    fold: impl Fn(__m256, __m256) -> __m256,
) -> [f32; EACH] {
    // SAFETY: the caller's.
    unsafe {
        let mut halves = [v[0][0]; 4];
        for i in 0..4 {
            let a = fold(v[2 * i][0], v[2 * i][1]);
            let b = fold(v[2 * i + 1][0], v[2 * i + 1][1]);
            halves[i] = fold(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
        }
        let mut pairs = [v[0][0]; 2];
        for i in 0..2 {
            let (a, b) = (halves[2 * i], halves[2 * i + 1]);
            pairs[i] = fold(_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b));
        }
        let [a, b] = pairs;
        let all = fold(_mm256_shuffle_ps::<0x88>(a, b), _mm256_shuffle_ps::<0xdd>(a, b));
        let mut out = [0.0; EACH];
        _mm256_storeu_ps(out.as_mut_ptr(), all);
        // The halves hold the even and the odd vectors.
        [out[0], out[4], out[1], out[5], out[2], out[6], out[3], out[7]]
    }
}
