//! What the codes of a product quantizer add to scores, as bytes.

use crate::metric::Metric;
use crate::scan::PlainScanner;

/// Codewords of a piece.
const LEVELS: usize = 256;
/// Rows that share what is read of the codebooks: those fit no first-level cache.
pub const TABLE_ROWS: usize = 4;
/// 1.5 · 2²³: a float of that size has a unit in the last place of 1, and its low bits are the integer.
const ROUNDER: f32 = 12_582_912.0;

/// What the levels of a row stand for: `least + step · Σ levels` is not above what its codes add to a score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LevelScale {
    /// The step of a level.
    pub step: f32,
    /// What all codes have at least.
    pub least: f32,
}

/// `⟨v, c⟩` of some rows, at most [`TABLE_ROWS`], and the 256 codewords of a piece, which are given by columns.
pub trait CodewordProducts {
    /// `out` has 256 for each row, and `ends` the lowest and the highest of them.
    fn products(
        &self,
        rows: &[&[f32]],
        columns: &[[f32; LEVELS]],
        out: &mut [[f32; LEVELS]],
        ends: &mut [[f32; 2]],
    );
}

/// What each code of each piece adds to the scores of the rows `v`, rounded down to bytes: into `levels`, rows ×
/// pieces × 256, with the scale of each row. `columns` are pieces × columns of a piece × 256 codewords. Plain loops, of
/// which compilers make lanes, but for the products.
#[inline(always)]
pub fn tables(
    metric: Metric,
    v: &[f32],
    columns: &[f32],
    levels: &mut [u8],
    scales: &mut [LevelScale],
    by: &impl CodewordProducts,
) {
    let Some(d) = v.len().checked_div(scales.len()) else { return };
    let each = levels.len() / scales.len();
    let v: Vec<f32> = v.iter().map(|v| metric.score_factor() * v).collect();
    let mut terms = vec![[0.0; LEVELS]; TABLE_ROWS.min(scales.len()) * each / LEVELS];
    let blocks = v.chunks(TABLE_ROWS * d).zip(levels.chunks_mut(TABLE_ROWS * each));
    for ((v, levels), scales) in blocks.zip(scales.chunks_mut(TABLE_ROWS)) {
        of_rows(v, columns, levels, scales, &mut terms, by);
    }
}

/// [`tables`] of some rows, with room for their terms: pieces × rows × 256.
#[inline(always)]
fn of_rows(
    v: &[f32],
    columns: &[f32],
    levels: &mut [u8],
    scales: &mut [LevelScale],
    terms: &mut [[f32; LEVELS]],
    by: &impl CodewordProducts,
) {
    let rows = scales.len();
    let (d, pieces) = (v.len() / rows, levels.len() / rows / LEVELS);
    let (dsub, columns) = (d / pieces, columns.as_chunks::<LEVELS>().0);
    let terms = &mut terms[..pieces * rows];
    let (mut ends, mut ranges) = (vec![[0.0_f32; 2]; pieces * rows], [0.0_f32; TABLE_ROWS]);
    scales.fill(LevelScale::default());
    let of_pieces = terms.chunks_exact_mut(rows).zip(ends.chunks_exact_mut(rows));
    for (piece, (terms, ends)) in of_pieces.enumerate() {
        let start = piece * dsub;
        let of_row = |row: usize| v.get(row * d + start..row * d + start + dsub).unwrap_or(&[]);
        let own: [&[f32]; TABLE_ROWS] = std::array::from_fn(of_row);
        by.products(&own[..rows], &columns[piece * dsub..][..dsub], terms, ends);
        for ((&mut [low, high], range), scale) in ends.iter_mut().zip(&mut ranges).zip(&mut *scales) {
            scale.least += low;
            *range = range.max(high - low);
        }
    }
    for (row, levels) in levels.chunks_exact_mut(pieces * LEVELS).enumerate() {
        let step = ranges[row] / 255.0;
        let inverse = if step > f32::MIN_POSITIVE { 1.0 / step } else { 0.0 };
        scales[row].step = if inverse > 0.0 { step } else { 0.0 };
        let of_row = terms.iter().zip(&ends).skip(row).step_by(rows);
        for ((terms, [lowest, _]), levels) in of_row.zip(levels.as_chunks_mut::<LEVELS>().0) {
            for l in 0..LEVELS {
                // Rounded down; a hair less, as the product may have been rounded up.
                let level = (terms[l] - lowest) * inverse * (1.0 - 1e-6) - 0.5 + ROUNDER;
                levels[l] = (level.to_bits() as i32 - ROUNDER.to_bits() as i32) as u8;
            }
        }
    }
}

impl CodewordProducts for PlainScanner {
    fn products(
        &self,
        rows: &[&[f32]],
        columns: &[[f32; LEVELS]],
        out: &mut [[f32; LEVELS]],
        ends: &mut [[f32; 2]],
    ) {
        for ((v, out), [low, high]) in rows.iter().zip(out).zip(ends) {
            out.fill(0.0);
            for (&v, column) in v.iter().zip(columns) {
                out.iter_mut().zip(column).for_each(|(sum, c)| *sum += v * c);
            }
            *low = out.iter().fold(f32::INFINITY, |low, &x| low.min(x));
            *high = out.iter().fold(f32::NEG_INFINITY, |high, &x| high.max(x));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_never_above_what_codes_add_and_little_below() {
        for (rows, pieces, dsub) in [(1, 1, 1), (3, 4, 2), (4, 2, 3), (9, 3, 5)] {
            let mut state = 5_u32;
            let mut number = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            };
            let v: Vec<f32> = (0..rows * pieces * dsub).map(|_| number()).collect();
            let columns: Vec<f32> = (0..pieces * dsub * LEVELS).map(|_| number()).collect();
            let mut levels = vec![0; rows * pieces * LEVELS];
            let mut scales = vec![LevelScale::default(); rows];
            tables(Metric::L2, &v, &columns, &mut levels, &mut scales, &PlainScanner);
            for (row, (levels, scale)) in levels.chunks_exact(pieces * LEVELS).zip(&scales).enumerate() {
                for code in 0..LEVELS {
                    let of_level = |piece: usize| f64::from(levels[piece * LEVELS + code]);
                    let bound = f64::from(scale.least)
                        + f64::from(scale.step) * (0..pieces).map(of_level).sum::<f64>();
                    let column = |l: usize| f64::from(columns[l * LEVELS + code]);
                    let of_row = |l: usize| f64::from(v[row * pieces * dsub + l]);
                    let exact: f64 = (0..pieces * dsub).map(|l| -2.0 * of_row(l) * column(l)).sum();
                    let (below, rounding) = (exact - bound, 1e-5 * pieces as f64);
                    let most = f64::from(scale.step) * pieces as f64;
                    assert!((-rounding..=most + rounding).contains(&below), "{below} of {most}");
                }
            }
        }
    }

    #[test]
    fn rows_have_the_tables_they_have_alone() {
        let v: Vec<f32> = (0..7 * 6).map(|i| (i * 37 % 11) as f32 - 5.0).collect();
        let columns: Vec<f32> = (0..6 * LEVELS).map(|i| (i * 91 % 257) as f32 / 64.0).collect();
        let run = |v: &[f32]| {
            let rows = v.len() / 6;
            let (mut levels, mut scales) = (vec![0; rows * 2 * LEVELS], vec![LevelScale::default(); rows]);
            tables(Metric::InnerProduct, v, &columns, &mut levels, &mut scales, &PlainScanner);
            (levels, scales)
        };
        let (levels, scales) = run(&v);
        for row in 0..7 {
            let alone = run(&v[row * 6..][..6]);
            assert_eq!((&levels[row * 512..][..512], scales[row]), (&alone.0[..], alone.1[0]));
        }
    }
}
