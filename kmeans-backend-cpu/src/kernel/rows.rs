//! A block of rows, brought into the frame once and read many times.

use super::lanes::{Kernel, Lanes, PANEL};
use super::lines::Lines;
use crate::isa::Isa;

/// A block is padded with rows of zeros to a multiple of this, of 9, 6 and 4, the row tiles; and sixteen more.
pub(crate) const ROW_PAD: usize = 36;

/// Rows shorter than this lie one against the other.
const TIGHT_BELOW: usize = 16;

/// Rows that a block should have: small enough for a block to stay in the second-level cache beside
/// the panels, large enough to use a panel often once it has been fetched.
pub(crate) fn block_rows(d: usize) -> usize {
    const BLOCK_BYTES: usize = 1 << 20;
    let fitting = BLOCK_BYTES / (size_of::<f32>() * d.max(1));
    (fitting / ROW_PAD * ROW_PAD).clamp(2 * ROW_PAD, 7 * ROW_PAD)
}

/// Up to some hundred rows `v = x * scale - origin_scaled`, aligned to cache lines.
///
/// A row takes an odd number of cache lines, so that the rows of a tile lie in different cache sets
/// where `d` is a power of two. Rows of fewer than 16 columns follow each other without a gap.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowBlock {
    values: Lines,
    rows: usize,
    d: usize,
    stride: usize,
    /// Sixteen times the negated origin of short rows, for `load` to work in whole vectors.
    pattern: Vec<f32>,
    /// Sparse rows with their zeros, on their way into the block.
    pub(crate) dense: Vec<f32>,
}

impl RowBlock {
    /// Replaces the block by the rows `x` (row-major, `d` columns).
    pub(crate) fn load(&mut self, isa: Isa, x: &[f32], d: usize, origin_scaled: &[f32], scale: f32) {
        debug_assert_eq!(origin_scaled.len(), d);
        let values = self.make_room(x.len(), d);
        if self.stride == d {
            self.pattern.clear();
            for _ in 0..16 {
                self.pattern.extend(origin_scaled.iter().map(|o| -o));
            }
            let out = &mut self.values.as_mut_slice()[..values];
            isa.run(Load::<true> { x, origin: &self.pattern, scale, out, width: 16 * d, stride: 16 * d });
        } else {
            isa.run(Load::<false> {
                x,
                origin: origin_scaled,
                scale,
                out: &mut self.values.as_mut_slice()[..values],
                width: d,
                stride: self.stride,
            });
        }
    }

    /// Replaces the block by the rows `x`, each times its factor, rounded once.
    pub(crate) fn load_unit(&mut self, isa: Isa, x: &[f32], d: usize, factors: &[f64]) {
        let values = self.make_room(x.len(), d);
        let (stride, out) = (self.stride, &mut self.values.as_mut_slice()[..values]);
        isa.run(LoadUnit { x, factors, out, d, stride });
    }

    /// Room for so many rows, which [`RowBlock::load_at`] and [`RowBlock::load_unit_at`] fill.
    pub(crate) fn make_room_for(&mut self, rows: usize, d: usize) {
        self.make_room(rows * d, d);
    }

    /// Sets row `at` to `x` in the frame.
    pub(crate) fn load_at(&mut self, isa: Isa, at: usize, x: &[f32], origin: &[f32], scale: f32) {
        let (start, d) = (at * self.stride, self.d);
        let out = &mut self.values.as_mut_slice()[start..start + d];
        isa.run(Load::<false> { x, origin, scale, out, width: d, stride: d });
    }

    /// Sets row `at` to `x` times its factor.
    pub(crate) fn load_unit_at(&mut self, isa: Isa, at: usize, x: &[f32], factors: &[f64]) {
        let (start, d) = (at * self.stride, self.d);
        let out = &mut self.values.as_mut_slice()[start..start + d];
        isa.run(LoadUnit { x, factors, out, d, stride: d });
    }

    /// Takes the shape of a block of so many values, with zeros after its rows; returns the length of
    /// the part that rows take.
    fn make_room(&mut self, len: usize, d: usize) -> usize {
        debug_assert_eq!(len % d, 0);
        self.rows = len / d;
        self.d = d;
        self.stride = if d < TIGHT_BELOW { d } else { 16 * (d.div_ceil(16) | 1) };
        let used = self.rows * self.stride;
        let padded = (self.rows.next_multiple_of(ROW_PAD) + PANEL) * self.stride;
        self.values.make_room(padded);
        self.values.as_mut_slice()[used..padded].fill(0.0);
        used
    }

    /// How many rows were loaded.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of a row.
    pub(crate) fn d(&self) -> usize {
        self.d
    }

    /// Row `i` in the frame.
    pub(crate) fn row(&self, i: usize) -> &[f32] {
        debug_assert!(i < self.rows);
        &self.values.as_slice()[i * self.stride..][..self.d]
    }

    /// From one row to the next, in f32.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// All rows and their padding.
    pub(crate) fn values(&self) -> &[f32] {
        self.values.as_slice()
    }
}

/// `out = x * scale - origin` over pieces of `width` values; with `NEGATED`, `+ origin`.
struct Load<'a, const NEGATED: bool> {
    x: &'a [f32],
    origin: &'a [f32],
    scale: f32,
    out: &'a mut [f32],
    width: usize,
    stride: usize,
}

impl<const NEGATED: bool> Kernel for Load<'_, NEGATED> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let pieces = self.x.chunks(self.width);
        for (from, to) in pieces.zip(self.out.chunks_mut(self.stride)) {
            for ((to, &x), &o) in to.iter_mut().zip(from).zip(self.origin) {
                *to = lanes.mul_add(x, self.scale, if NEGATED { o } else { -o });
            }
        }
    }
}

/// `out = x * factor` of its row, in `f64`, over rows of `d` values.
struct LoadUnit<'a> {
    x: &'a [f32],
    factors: &'a [f64],
    out: &'a mut [f32],
    d: usize,
    stride: usize,
}

impl Kernel for LoadUnit<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let rows = self.x.chunks_exact(self.d).zip(self.out.chunks_exact_mut(self.stride));
        for ((from, to), factor) in rows.zip(self.factors) {
            to.iter_mut().zip(from).for_each(|(to, &x)| *to = (f64::from(x) * factor) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_rows_have_length_one_and_zeros_stay() {
        for isa in Isa::available() {
            let mut block = RowBlock::default();
            for d in [1, 3, 16, 130] {
                let mut x: Vec<f32> = (0..7 * d).map(|i| (i % 13) as f32 - 5.5).collect();
                x[d..2 * d].fill(0.0);
                block.load_unit(isa, &x, d, &kmeans_core::unit_factors(&x, d));
                for i in 0..7 {
                    let sq_norm: f32 = block.row(i).iter().map(|v| v * v).sum();
                    assert!((sq_norm - if i == 1 { 0.0 } else { 1.0 }).abs() < 1e-5, "{sq_norm}");
                }
            }
        }
    }

    #[test]
    fn a_block_holds_the_rows_in_the_frame_and_zeros_after_them() {
        for isa in Isa::available() {
            let mut block = RowBlock::default();
            for d in [1, 2, 3, 15, 16, 17, 31, 64, 130] {
                for rows in [1, 5, 16, 36, 37, 252] {
                    let x: Vec<f32> = (0..rows * d).map(|i| (i % 1013) as f32 - 99.0).collect();
                    let origin: Vec<f32> = (0..d).map(|l| l as f32 * 0.25).collect();
                    block.load(isa, &x, d, &origin, 0.5);
                    assert_eq!(block.rows(), rows);
                    for i in 0..rows {
                        for l in 0..d {
                            assert_eq!(block.row(i)[l], x[i * d + l] * 0.5 - origin[l]);
                        }
                    }
                    let padding = block.stride() * rows..block.stride() * rows.next_multiple_of(ROW_PAD);
                    assert!(block.values()[padding].iter().all(|&v| v == 0.0));
                }
            }
        }
    }

    #[test]
    fn rows_of_a_power_of_two_do_not_share_cache_sets() {
        let mut block = RowBlock::default();
        for d in [16, 128, 1024, 2048] {
            block.load(Isa::Portable, &vec![0.0; d], d, &vec![0.0; d], 1.0);
            assert_eq!(block.stride() / 16 % 2, 1);
        }
    }

    #[test]
    fn a_block_is_a_multiple_of_every_row_tile() {
        for d in [1, 128, 784, 4096, 1 << 20] {
            assert_eq!(block_rows(d) % ROW_PAD, 0);
            assert!(block_rows(d) >= ROW_PAD);
        }
    }
}
