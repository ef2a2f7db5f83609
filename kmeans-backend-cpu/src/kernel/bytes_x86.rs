//! Products of bytes by AVX-512 VNNI, by AVX2 and by AMX.

use std::arch::x86_64::*;

#[cfg(target_os = "linux")]
use super::bytes::{ByteLine, CHUNK_ROWS};
use super::bytes::{Factors, Products, QUAD};
use super::lanes::EACH;
#[cfg(target_os = "linux")]
use crate::byte_isa::Amx;
use crate::byte_isa::Vnni;
use crate::isa::Avx2;

/// By VNNI.
pub(super) fn multiply_quads(_: Vnni, factors: Factors<'_>, products: &mut [Products]) {
    // SAFETY: a `Vnni` exists only where these features were detected.
    unsafe { by_vnni(factors, products) }
}

/// The instruction multiplies unsigned by signed bytes: a line of the panel by four columns of a row.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn by_vnni(factors: Factors<'_>, products: &mut [Products]) {
    let lines = factors.used_lines();
    let eights = factors.ids.as_chunks::<EACH>().0.iter().zip(products.as_chunks_mut::<EACH>().0);
    for (ids, products) in eights {
        // Loops: closures are compiled apart from a function with features of its own.
        let mut rows: [&[[i8; QUAD]]; EACH] = [&[]; EACH];
        let mut sums = [_mm512_setzero_si512(); EACH];
        for r in 0..EACH {
            rows[r] = &factors.row(ids[r])[..lines.len()];
            sums[r] = _mm512_set1_epi32(factors.start(ids[r]));
        }
        for (at, line) in lines.iter().enumerate() {
            // SAFETY: a line is 64 readable bytes.
            let line = unsafe { _mm512_loadu_si512(line.0.as_ptr().cast()) };
            for r in 0..EACH {
                let [a, b, c, d] = rows[r][at];
                let quad = _mm512_set1_epi32(i32::from_ne_bytes([a as u8, b as u8, c as u8, d as u8]));
                sums[r] = _mm512_dpbusd_epi32(sums[r], line, quad);
            }
        }
        for (products, sum) in products.iter_mut().zip(sums) {
            // SAFETY: the products of a row are 64 writable bytes.
            unsafe { _mm512_storeu_si512(products.0.as_mut_ptr().cast(), sum) };
        }
    }
}

/// By AVX2. Bytes of the panel are at most 127, so that sums of two products fit 16 bits.
pub(super) fn multiply_pairs(_: Avx2, factors: Factors<'_>, products: &mut [Products]) {
    // SAFETY: an `Avx2` exists only where AVX2 was detected.
    unsafe { by_avx2(factors, products) }
}

#[target_feature(enable = "avx2")]
fn by_avx2(factors: Factors<'_>, products: &mut [Products]) {
    /// Rows whose sums have a register each.
    const ROWS: usize = 4;
    let lines = factors.used_lines();
    let ones = _mm256_set1_epi16(1);
    let fours = factors.ids.as_chunks::<ROWS>().0.iter().zip(products.as_chunks_mut::<ROWS>().0);
    for (ids, products) in fours {
        let mut rows: [&[[i8; QUAD]]; ROWS] = [&[]; ROWS];
        let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
        for r in 0..ROWS {
            rows[r] = &factors.row(ids[r])[..lines.len()];
            sums[r] = [_mm256_set1_epi32(factors.start(ids[r])); 2];
        }
        for (at, line) in lines.iter().enumerate() {
            let bytes = line.0.as_ptr();
            // SAFETY: a line is 64 readable bytes.
            let halves: [__m256i; 2] =
                unsafe { [_mm256_loadu_si256(bytes.cast()), _mm256_loadu_si256(bytes.add(32).cast())] };
            for r in 0..ROWS {
                let [a, b, c, d] = rows[r][at];
                let quad = _mm256_set1_epi32(i32::from_ne_bytes([a as u8, b as u8, c as u8, d as u8]));
                for half in 0..2 {
                    let pairs = _mm256_madd_epi16(_mm256_maddubs_epi16(halves[half], quad), ones);
                    sums[r][half] = _mm256_add_epi32(sums[r][half], pairs);
                }
            }
        }
        for (products, sums) in products.iter_mut().zip(sums) {
            for (to, sum) in products.0.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
                // SAFETY: half of the products of a row are 32 writable bytes.
                unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), sum) };
            }
        }
    }
}

/// Eight tiles of 16 rows of 64 bytes.
#[cfg(target_os = "linux")]
#[repr(C, align(64))]
struct TileConfig {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_a_row: [u16; 16],
    rows: [u8; 16],
}

/// Configures the tiles of this thread.
#[cfg(target_os = "linux")]
pub(super) fn begin(_: Amx) {
    let mut config =
        TileConfig { palette: 1, start_row: 0, reserved: [0; 14], bytes_a_row: [0; 16], rows: [0; 16] };
    config.bytes_a_row[..8].fill(64);
    config.rows[..8].fill(16);
    // SAFETY: an `Amx` exists only where tiles may be used; the configuration is 64 readable bytes.
    unsafe { std::arch::asm!("ldtilecfg [{}]", in(reg) &raw const config, options(nostack, readonly)) };
}

/// Returns the tiles of this thread to their first state, in which a change of threads costs nothing.
#[cfg(target_os = "linux")]
pub(super) fn end(_: Amx) {
    // SAFETY: an `Amx` exists only where tiles may be used.
    unsafe { std::arch::asm!("tilerelease", options(nostack, nomem)) };
}

/// By AMX; [`begin`] was called on this thread.
///
/// Neighbours are read where they are: the last chunk of a row reads bytes of the next, which the panel's
/// zeros multiply. Others are copied side by side first.
#[cfg(target_os = "linux")]
pub(super) fn multiply_tiles(
    amx: Amx,
    factors: Factors<'_>,
    gathered: &mut Vec<ByteLine>,
    products: &mut [Products],
) {
    by_tiles(amx, factors, gathered, products);
    for (products, &id) in products.iter_mut().zip(factors.ids) {
        let start = factors.start(id);
        products.0.iter_mut().for_each(|product| *product += start);
    }
}

/// Products whose sums begin at zero.
#[cfg(target_os = "linux")]
fn by_tiles(_: Amx, factors: Factors<'_>, gathered: &mut Vec<ByteLine>, products: &mut [Products]) {
    let (rows, ids, lines) = (factors.rows(), factors.ids, factors.lines);
    let chunks = lines.len() / 16;
    let bytes_a_row = chunks * size_of::<ByteLine>();
    // The last of them may be there several times.
    let are_neighbours = ids.len() == CHUNK_ROWS && ids.iter().zip(ids[0]..).all(|(&id, next)| id == next);
    let (start, stride) = if are_neighbours {
        let from = rows.from(factors.number(ids[0]));
        assert!(from.len() >= (CHUNK_ROWS - 1) * rows.stride() + bytes_a_row);
        (from.as_ptr().cast::<u8>(), rows.stride())
    } else {
        gathered.resize(CHUNK_ROWS * chunks, ByteLine::default());
        for (to, &id) in gathered.chunks_exact_mut(chunks).zip(ids) {
            for (to, from) in to.iter_mut().zip(rows.row(factors.number(id)).chunks(size_of::<ByteLine>())) {
                to.0.iter_mut().zip(from).for_each(|(to, &from)| *to = from as u8);
            }
        }
        (gathered.as_ptr().cast::<u8>(), bytes_a_row)
    };
    assert!(products.len() >= CHUNK_ROWS && lines.len() == chunks * 16);
    // SAFETY: an `Amx` exists only where tiles may be used, and `begin` has configured them as 16 rows of 64
    // bytes. Of 32 rows, `stride` apart, `bytes_a_row` bytes are read each: those are there, as was asserted, or
    // `gathered` has so many. Of the panel `chunks · 16` lines are read, and 32 lines of products written: the
    // lengths were asserted.
    unsafe {
        std::arch::asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "2:",
            "tileloadd tmm4, [{r0} + {stride}*1]",
            "tileloadd tmm5, [{r1} + {stride}*1]",
            "tileloadd tmm6, [{panel} + {line}*1]",
            "tdpbsud tmm0, tmm4, tmm6",
            "tdpbsud tmm1, tmm5, tmm6",
            "add {r0}, 64",
            "add {r1}, 64",
            "add {panel}, 1024",
            "dec {left}",
            "jnz 2b",
            "tilestored [{out} + {line}*1], tmm0",
            "tilestored [{out} + {line}*1 + 1024], tmm1",
            r0 = inout(reg) start => _,
            r1 = inout(reg) start.add(16 * stride) => _,
            panel = inout(reg) lines.as_ptr() => _,
            left = inout(reg) chunks => _,
            stride = in(reg) stride,
            line = in(reg) size_of::<Products>(),
            out = in(reg) products.as_mut_ptr(),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
