//! Products of the bytes of an index by VNNI and by AVX2.

use std::arch::x86_64::*;

use kmeans_core::{Looking, PANEL_OFFSET};

use super::scan::{LINE, Multiply, Products};
use crate::byte_isa::Vnni;
use crate::isa::Avx2;

impl Multiply for Vnni {
    #[inline]
    fn multiply<const P: usize, const Q: usize>(
        self,
        panels: [&[[u8; LINE]]; P],
        queries: &[Looking<'_>; Q],
        products: &mut Products<P, Q>,
    ) {
        // SAFETY: a `Vnni` exists only where these features were detected.
        unsafe { by_vnni(panels, queries, products) }
    }
}

/// The instruction multiplies unsigned by signed bytes: a line of a panel by four columns of a query.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn by_vnni<const P: usize, const Q: usize>(
    panels: [&[[u8; LINE]]; P],
    queries: &[Looking<'_>; Q],
    products: &mut Products<P, Q>,
) {
    let count = panels[0].len();
    let mut quads: [&[[i8; 4]]; Q] = [&[]; Q];
    let mut lines = panels;
    let mut sums = [[_mm512_setzero_si512(); Q]; P];
    for q in 0..Q {
        quads[q] = &queries[q].bytes.as_chunks::<4>().0[..count];
        for sums in &mut sums {
            sums[q] = _mm512_set1_epi32(-i32::from(PANEL_OFFSET) * queries[q].quantised.sum);
        }
    }
    for lines in &mut lines {
        *lines = &lines[..count];
    }
    for at in 0..count {
        let mut factors = [_mm512_setzero_si512(); Q];
        for q in 0..Q {
            factors[q] = _mm512_set1_epi32(i32::from_ne_bytes(quads[q][at].map(|byte| byte as u8)));
        }
        for p in 0..P {
            // SAFETY: a line is 64 readable bytes.
            let line = unsafe { _mm512_loadu_si512(lines[p][at].as_ptr().cast()) };
            for q in 0..Q {
                sums[p][q] = _mm512_dpbusd_epi32(sums[p][q], line, factors[q]);
            }
        }
    }
    for (products, sums) in products.iter_mut().zip(sums) {
        for (products, sum) in products.iter_mut().zip(sums) {
            // SAFETY: the products of a query and a panel are 64 writable bytes.
            unsafe { _mm512_storeu_si512(products.as_mut_ptr().cast(), sum) };
        }
    }
}

impl Multiply for Avx2 {
    #[inline]
    fn multiply<const P: usize, const Q: usize>(
        self,
        panels: [&[[u8; LINE]]; P],
        queries: &[Looking<'_>; Q],
        products: &mut Products<P, Q>,
    ) {
        // SAFETY: an `Avx2` exists only where AVX2 was detected.
        unsafe { by_avx2(panels, queries, products) }
    }
}

/// Bytes become words, those of even and of odd columns apart: sums of two products of words fit 32 bits, those of
/// bytes would not fit 16.
#[target_feature(enable = "avx2")]
fn by_avx2<const P: usize, const Q: usize>(
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
    let offset = _mm256_set1_epi8(PANEL_OFFSET as i8);
    let mut sums = [[[_mm256_setzero_si256(); 2]; Q]; P];
    for at in 0..count {
        let mut factors = [[_mm256_setzero_si256(); 2]; Q];
        for q in 0..Q {
            let [a, b, c, d] = quads[q][at].map(i32::from);
            factors[q][0] = _mm256_set1_epi32((a & 0xffff) | (c << 16));
            factors[q][1] = _mm256_set1_epi32((b & 0xffff) | (d << 16));
        }
        for p in 0..P {
            for (half, bytes) in lines[p][at].as_chunks::<32>().0.iter().enumerate() {
                // SAFETY: half of a line is 32 readable bytes.
                let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
                let signed = _mm256_xor_si256(bytes, offset);
                let even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(signed));
                let odd = _mm256_srai_epi16::<8>(signed);
                for q in 0..Q {
                    let [of_even, of_odd] = factors[q];
                    let pairs =
                        _mm256_add_epi32(_mm256_madd_epi16(even, of_even), _mm256_madd_epi16(odd, of_odd));
                    sums[p][q][half] = _mm256_add_epi32(sums[p][q][half], pairs);
                }
            }
        }
    }
    for (products, sums) in products.iter_mut().zip(sums) {
        for (products, sums) in products.iter_mut().zip(sums) {
            for (to, sum) in products.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
                // SAFETY: half of the products of a query and a panel are 32 writable bytes.
                unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), sum) };
            }
        }
    }
}
