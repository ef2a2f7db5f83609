//! Products of bytes by AMX and by AVX-512 VNNI.

use std::arch::x86_64::*;

use super::bytes::{ByteLine, Operands, Products, Tile, Tiles};
#[cfg(target_os = "linux")]
use crate::byte_isa::Amx;
use crate::byte_isa::Vnni;
use crate::bytes::TILE;

/// Centroids whose products with two tiles are kept in registers.
const CENTROIDS: usize = 8;

/// Two groups by two tiles, by VNNI.
pub(super) fn multiply(_: Vnni, operands: &Operands<'_>, products: &mut Tiles) {
    for (g, group) in operands.groups.iter().enumerate() {
        for first in (0..TILE).step_by(CENTROIDS) {
            let (a, b) = products[g].split_at_mut(1);
            let centroids = &group[first * operands.lines_each..];
            let totals = &operands.totals[g * TILE + first..];
            // SAFETY: a `Vnni` exists only where these features were detected.
            unsafe { strip(operands, centroids, totals, first, [&mut a[0], &mut b[0]]) };
        }
    }
}

/// Eight centroids by two tiles. The instruction multiplies unsigned by signed bytes: rows are moved up by
/// 128, and the centroid's total times that is taken away at the start.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn strip(
    operands: &Operands<'_>,
    centroids: &[ByteLine],
    totals: &[i32],
    first: usize,
    products: [&mut Tile; 2],
) {
    let lines = operands.lines_per_tile;
    let (a, b) = (&operands.tiles[0][..lines], &operands.tiles[1][..lines]);
    let centroids: [&[ByteLine]; CENTROIDS] =
        std::array::from_fn(|c| &centroids[c * operands.lines_each..][..operands.lines_each]);
    let mut sums: [[__m512i; CENTROIDS]; 2] =
        [std::array::from_fn(|c| _mm512_set1_epi32(-128 * totals[c])); 2];
    let up = _mm512_set1_epi8(-128);
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        // SAFETY: a line is 64 readable bytes.
        let (a, b) =
            unsafe { (_mm512_loadu_si512(a.0.as_ptr().cast()), _mm512_loadu_si512(b.0.as_ptr().cast())) };
        let (a, b) = (_mm512_xor_si512(a, up), _mm512_xor_si512(b, up));
        for (c, centroid) in centroids.iter().enumerate() {
            let quads = centroid[at / 16].0.as_chunks::<4>().0;
            let quad = _mm512_set1_epi32(i32::from_ne_bytes(quads[at % 16].map(|byte| byte as u8)));
            sums[0][c] = _mm512_dpbusd_epi32(sums[0][c], a, quad);
            sums[1][c] = _mm512_dpbusd_epi32(sums[1][c], b, quad);
        }
    }
    for (products, sums) in products.into_iter().zip(sums) {
        for (to, sum) in products[first..].iter_mut().zip(sums) {
            // SAFETY: the products of a centroid are 64 writable bytes.
            unsafe { _mm512_storeu_si512(to.0.as_mut_ptr().cast(), sum) };
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

/// Two groups by two tiles, by AMX; [`begin`] was called on this thread.
///
/// The last chunk of a tile reads lines that are not its own; the centroids are zero there.
#[cfg(target_os = "linux")]
pub(super) fn multiply_tiles(_: Amx, operands: &Operands<'_>, products: &mut Tiles) {
    let chunks = operands.lines_each;
    let centroids_end = (TILE - 1) * chunks + chunks;
    assert!(operands.groups.iter().all(|group| group.len() >= centroids_end));
    assert!(operands.tiles.iter().all(|tile| tile.len() >= chunks * 16));
    let centroid_bytes = chunks * size_of::<ByteLine>();
    // SAFETY: an `Amx` exists only where tiles may be used, and `begin` has configured them as 16 rows of 64
    // bytes. Of the centroids 16 rows, `centroid_bytes` apart, are read, of the rows `chunks · 16` lines: the
    // lengths were asserted. The products are four times 16 rows of 64 bytes.
    unsafe {
        std::arch::asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "tileloadd tmm4, [{c0} + {stride}*1]",
            "tileloadd tmm6, [{r0} + {line}*1]",
            "tileloadd tmm7, [{r1} + {line}*1]",
            "tdpbssd tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{c1} + {stride}*1]",
            "tdpbssd tmm1, tmm4, tmm7",
            "tdpbssd tmm2, tmm5, tmm6",
            "tdpbssd tmm3, tmm5, tmm7",
            "add {c0}, 64",
            "add {c1}, 64",
            "add {r0}, 1024",
            "add {r1}, 1024",
            "dec {left}",
            "jnz 2b",
            "tilestored [{out} + {line}*1], tmm0",
            "tilestored [{out} + {line}*1 + 1024], tmm1",
            "tilestored [{out} + {line}*1 + 2048], tmm2",
            "tilestored [{out} + {line}*1 + 3072], tmm3",
            c0 = inout(reg) operands.groups[0].as_ptr() => _,
            c1 = inout(reg) operands.groups[1].as_ptr() => _,
            r0 = inout(reg) operands.tiles[0].as_ptr() => _,
            r1 = inout(reg) operands.tiles[1].as_ptr() => _,
            left = inout(reg) chunks => _,
            stride = in(reg) centroid_bytes,
            line = in(reg) size_of::<Products>(),
            out = in(reg) products.as_mut_ptr(),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
