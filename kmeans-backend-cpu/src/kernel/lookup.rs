//! Codes of a product quantizer, looked up 64 at a time.
//!
//! ```text
//! for each query, for each few groups of 64 vectors:
//!     for each piece:                       its 256 levels are in four registers
//!         for each group: levels of 64 codes by two instructions, of which the top bit of a code takes one
//!         sums of 16 bits
//!     where bias + least + step · sum ≤ limit: the vector contends
//! ```

use std::arch::x86_64::*;

use kmeans_core::{Contenders, GROUP_VECTORS, Groups, LookingUp};

use super::lanes::{Kernel, Lanes, PANEL};
use crate::byte_isa::Vbmi;
use crate::isa::Isa;

/// Groups whose sums have registers.
const TOGETHER: usize = 4;
/// Codes of a piece.
const LEVELS: usize = 256;

/// Sums of the levels of 64 vectors: those at even places, then those at odd ones.
type Sums = [[u16; GROUP_VECTORS / 2]; 2];

/// Adds the vectors that contend for each query to its part of `found`; see [`kmeans_core::Scanner::look_up`].
pub(crate) fn look_up(
    isa: Isa,
    vbmi: Vbmi,
    groups: Groups<'_>,
    queries: &[LookingUp<'_>],
    skip: &[u16],
    found: &mut [Contenders],
) {
    let count = groups.biases.len() / GROUP_VECTORS;
    let each = groups.pieces * GROUP_VECTORS;
    assert!(groups.codes.len() >= count * each);
    let mut sums = [[[0; GROUP_VECTORS / 2]; 2]; TOGETHER];
    for first in (0..count).step_by(TOGETHER) {
        // Those past the last group are that one again, and not looked at.
        let of = std::array::from_fn(|g| {
            groups.codes[(first + g).min(count - 1) * each..][..each].as_chunks::<GROUP_VECTORS>().0
        });
        for (query, found) in queries.iter().zip(&mut *found) {
            let levels = &query.levels.as_chunks::<LEVELS>().0[..groups.pieces];
            // SAFETY: a `Vbmi` exists only where these features were detected.
            unsafe { by_vbmi(vbmi, of, levels, &mut sums) };
            for (group, sums) in (first..count).zip(&sums) {
                isa.run(Within { groups, group, query, sums, skip, found });
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn by_vbmi(
    _: Vbmi,
    groups: [&[[u8; GROUP_VECTORS]]; TOGETHER],
    levels: &[[u8; LEVELS]],
    sums: &mut [Sums; TOGETHER],
) {
    let low = _mm512_set1_epi16(0xff);
    let mut all = [[_mm512_setzero_si512(); 2]; TOGETHER];
    for (piece, levels) in levels.iter().enumerate() {
        let mut table = [_mm512_setzero_si512(); 4];
        for (quarter, register) in table.iter_mut().enumerate() {
            // SAFETY: a quarter of the levels is 64 readable bytes.
            *register = unsafe { _mm512_loadu_si512(levels.as_ptr().add(64 * quarter).cast()) };
        }
        for g in 0..TOGETHER {
            // SAFETY: the codes of a piece are 64 readable bytes.
            let codes = unsafe { _mm512_loadu_si512(groups[g][piece].as_ptr().cast()) };
            let lower = _mm512_permutex2var_epi8(table[0], codes, table[1]);
            let upper = _mm512_permutex2var_epi8(table[2], codes, table[3]);
            let found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(codes), lower, upper);
            all[g][0] = _mm512_add_epi16(all[g][0], _mm512_and_si512(found, low));
            all[g][1] = _mm512_add_epi16(all[g][1], _mm512_srli_epi16::<8>(found));
        }
    }
    for (sums, all) in sums.iter_mut().zip(all) {
        for (sums, half) in sums.iter_mut().zip(all) {
            // SAFETY: half of the sums of a group are 64 writable bytes.
            unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), half) };
        }
    }
}

/// The vectors of a group whose sums are within the limit.
struct Within<'a> {
    groups: Groups<'a>,
    group: usize,
    query: &'a LookingUp<'a>,
    sums: &'a Sums,
    skip: &'a [u16],
    found: &'a mut Contenders,
}

impl Kernel for Within<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { groups, group, query, sums, skip, found } = self;
        let (step, zero) = (lanes.splat(query.step), lanes.splat(query.least));
        let limit = lanes.splat(query.limit);
        for part in 0..GROUP_VECTORS / PANEL {
            let panel = group * (GROUP_VECTORS / PANEL) + part;
            let mut ordered = [0.0; PANEL];
            for (pair, two) in ordered.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                *two = [0, 1].map(|odd| f32::from(sums[odd][part * (PANEL / 2) + pair]));
            }
            let biases = lanes.load(groups.biases[panel * PANEL..].first_chunk().expect("groups are whole"));
            // Products are rounded, as they are where there is no fused multiply-add: refined codes are taken in this order.
            let product = lanes.fma(step, lanes.load(&ordered), lanes.splat(0.0));
            let least = lanes.add(lanes.add(product, zero), biases);
            let valid = lanes.not_greater(biases, lanes.splat(f32::MAX));
            let valid = valid & !u32::from(skip.get(panel).copied().unwrap_or(0));
            let mask = lanes.not_greater(least, limit) & valid;
            if mask == 0 {
                continue;
            }
            let (mut places, mut values) = ([0; PANEL], [0.0; PANEL]);
            let count = lanes.places(mask, (panel * PANEL) as u32, &mut places);
            lanes.pack(least, mask, &mut values);
            found.places.extend_from_slice(&places[..count]);
            found.least.extend_from_slice(&values[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmeans_core::{PlainScanner, Scanner};

    #[test]
    fn codes_are_looked_up_as_in_plain_loops() {
        let Some(vbmi) = Vbmi::detect() else { return };
        let mut state = 9_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for (count, pieces, queries) in [(1, 1, 1), (3, 4, 2), (4, 7, 3), (9, 257, 2)] {
            let codes: Vec<u8> = (0..count * pieces * GROUP_VECTORS).map(|_| byte()).collect();
            let mut biases: Vec<f32> = (0..count * GROUP_VECTORS).map(|_| f32::from(byte())).collect();
            biases.iter_mut().rev().take(5).for_each(|bias| *bias = f32::INFINITY);
            let skip: Vec<u16> = (0..count * 4).map(|panel| 1 << (panel % 16)).collect();
            let levels: Vec<u8> = (0..queries * pieces * LEVELS).map(|_| byte()).collect();
            let query = |(i, levels): (usize, _)| LookingUp {
                levels,
                step: 0.5,
                least: -3.0,
                limit: if i == 1 { f32::INFINITY } else { 64.0 * pieces as f32 + 100.0 },
            };
            let looking: Vec<_> = levels.chunks_exact(pieces * LEVELS).enumerate().map(query).collect();
            let groups = Groups { codes: &codes, biases: &biases, pieces };
            let mut expected = vec![Contenders::default(); queries];
            PlainScanner.look_up(groups, &looking, &skip, &mut expected);
            for isa in Isa::available() {
                let mut found = vec![Contenders::default(); queries];
                look_up(isa, vbmi, groups, &looking, &skip, &mut found);
                assert_eq!(found, expected, "{isa} {count} groups of {pieces} pieces");
            }
            assert!(expected.iter().all(|found| !found.places.is_empty()));
        }
    }
}
