//! Squared distances or inner products of many rows to many centroids, in the direct form.
//!
//! ```text
//! rows and centroids as f64, filled up with zeros to whole groups of eight columns
//! for each tile of MR rows and NC centroids:
//!     lanes[MR][NC] = 0                                   eight f64 each
//!     for each group of eight columns:
//!         lanes[r][c] += (v[r] − c[c])²                   or v[r] · c[c]
//!     out[r][c] = the lanes in their fixed tree
//! ```
//!
//! The order of the terms and every rounding are those of [`super::sq_dist`] and [`super::dot`], so the
//! bits are, too: the zeros that are filled in add nothing. What a tile saves is the conversion of each
//! pair to f64, and the waiting for one addition after the other.
//!
//! Against one call a pair, squared distances on one thread of Sapphire Rapids, GFLOP/s of three
//! operations a term, in CPU time of interleaved runs on a busy machine, the new memory of the answer
//! included:
//!
//! | n × d × k | a call a pair | tiles |
//! |---|---|---|
//! | 8000 × 128 × 1000, AVX-512 | 17 to 18 | 25 to 27 |
//! | 600 × 10000 × 400, AVX-512 | 15 | 27 to 30 |
//! | 8000 × 128 × 1000, AVX2 | 17 to 18 | 22 to 23 |
//! | 4000 × 128 × 1000, portable | 11 | 14 |
//!
//! Tiles of plain arrays left to the compiler took 2.8 times as long as a call a pair with AVX-512.

use super::lanes::{Kernel, Lanes, Portable, WIDE};
use super::rows::RowBlock;
use crate::isa::Isa;

/// Rows of equal length in f64, filled up with zeros to whole groups of eight columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct WideRows {
    values: Vec<[f64; WIDE]>,
    groups: usize,
    rows: usize,
}

impl WideRows {
    /// The rows of a block.
    pub(crate) fn load(&mut self, isa: Isa, block: &RowBlock) {
        self.fill(isa, block.d(), (0..block.rows()).map(|i| block.row(i)));
    }

    /// Rows of `d` columns, one after the other.
    pub(crate) fn of(isa: Isa, x: &[f32], d: usize) -> Self {
        let mut new = Self::default();
        new.fill(isa, d, x.chunks_exact(d));
        new
    }

    fn fill<'a>(&mut self, isa: Isa, d: usize, rows: impl ExactSizeIterator<Item = &'a [f32]>) {
        self.groups = d.div_ceil(WIDE);
        self.rows = rows.len();
        self.values.resize(self.rows * self.groups, [0.0; WIDE]);
        for (from, to) in rows.zip(self.values.chunks_exact_mut(self.groups)) {
            isa.run(Widen { from, to });
        }
    }

    fn row(&self, i: usize) -> &[[f64; WIDE]] {
        &self.values[i * self.groups..][..self.groups]
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

/// Rows that are loaded at a time, so that they stay in the second-level cache while all centroids pass.
pub(crate) fn pair_rows(d: usize) -> usize {
    const BYTES: usize = 1 << 18;
    (BYTES / (size_of::<[f64; WIDE]>() * d.div_ceil(WIDE))).clamp(8, 256)
}

struct Widen<'a> {
    from: &'a [f32],
    to: &'a mut [[f64; WIDE]],
}

impl Kernel for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let (groups, rest) = self.from.as_chunks::<WIDE>();
        for (to, from) in self.to.iter_mut().zip(groups) {
            for l in 0..WIDE {
                to[l] = f64::from(from[l]);
            }
        }
        if let Some(last) = self.to.get_mut(groups.len()) {
            *last = [0.0; WIDE];
            last.iter_mut().zip(rest).for_each(|(to, &from)| *to = f64::from(from));
        }
    }
}

/// Every squared distance if `SQUARES`, else every product, row-major rows × centroids.
pub(crate) fn pairs_block<const SQUARES: bool>(
    isa: Isa,
    rows: &WideRows,
    centroids: &WideRows,
    out: &mut [f32],
) {
    debug_assert_eq!(out.len(), rows.rows() * centroids.rows());
    match isa {
        #[cfg(target_arch = "x86_64")]
        // 16 registers of lanes, 8 of values, the rest for terms.
        Isa::Avx512(cpu) => cpu.vectorize(Pairs::<SQUARES, 4, 4> { rows, centroids, out }),
        #[cfg(target_arch = "x86_64")]
        // A group is two registers: 8 of lanes, 4 of values.
        Isa::Avx2(cpu) => cpu.vectorize(Pairs::<SQUARES, 2, 2> { rows, centroids, out }),
        #[cfg(target_arch = "aarch64")]
        // A group is four registers: 16 of lanes, 8 of values.
        Isa::Neon(cpu) => cpu.vectorize(Pairs::<SQUARES, 2, 2> { rows, centroids, out }),
        Isa::Portable => Portable.vectorize(Pairs::<SQUARES, 1, 1> { rows, centroids, out }),
    }
}

struct Pairs<'a, const SQUARES: bool, const MR: usize, const NC: usize> {
    rows: &'a WideRows,
    centroids: &'a WideRows,
    out: &'a mut [f32],
}

impl<const SQUARES: bool, const MR: usize, const NC: usize> Kernel for Pairs<'_, SQUARES, MR, NC> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (n, k) = (self.rows.rows(), self.centroids.rows());
        for first in (0..k).step_by(NC) {
            // Past the end the last one is measured again, and not written.
            let centroids: [_; NC] = std::array::from_fn(|c| self.centroids.row((first + c).min(k - 1)));
            for row in (0..n).step_by(MR) {
                let rows: [_; MR] = std::array::from_fn(|r| self.rows.row((row + r).min(n - 1)));
                let measured = tile::<L, SQUARES, MR, NC>(lanes, rows, centroids);
                let lines = self.out.chunks_exact_mut(k).skip(row);
                for (line, measured) in lines.zip(measured) {
                    line[first..].iter_mut().zip(measured).for_each(|(to, from)| *to = from as f32);
                }
            }
        }
    }
}

#[inline(always)]
fn tile<L: Lanes, const SQUARES: bool, const MR: usize, const NC: usize>(
    lanes: L,
    rows: [&[[f64; WIDE]]; MR],
    centroids: [&[[f64; WIDE]]; NC],
) -> [[f64; NC]; MR] {
    let groups = rows[0].len();
    let rows = rows.map(|row| &row[..groups]);
    let centroids = centroids.map(|centroid| &centroid[..groups]);
    let mut sums = [[lanes.wide_load(&[0.0; WIDE]); NC]; MR];
    for g in 0..groups {
        let mut column = [lanes.wide_load(&[0.0; WIDE]); NC];
        for c in 0..NC {
            column[c] = lanes.wide_load(&centroids[c][g]);
        }
        for r in 0..MR {
            let v = lanes.wide_load(&rows[r][g]);
            for c in 0..NC {
                let factor = if SQUARES { lanes.wide_sub(v, column[c]) } else { column[c] };
                let term = lanes.wide_mul(if SQUARES { factor } else { v }, factor);
                sums[r][c] = lanes.wide_add(sums[r][c], term);
            }
        }
    }
    let mut measured = [[0.0; NC]; MR];
    for r in 0..MR {
        for c in 0..NC {
            measured[r][c] = lanes.wide_total(sums[r][c]);
        }
    }
    measured
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::numbers::numbers;
    use crate::kernel::{dot, sq_dist};

    #[test]
    fn every_pair_has_the_bits_of_the_pair_alone() {
        for (n, k, d) in [(1, 1, 1), (5, 3, 7), (9, 6, 8), (4, 4, 17), (10, 13, 128), (3, 2, 785)] {
            let (x, c) = (numbers(n * d, 5), numbers(k * d, 6));
            for isa in Isa::available() {
                let (rows, centroids) = (WideRows::of(isa, &x, d), WideRows::of(isa, &c, d));
                let (mut squares, mut products) = (vec![0.0; n * k], vec![0.0; n * k]);
                pairs_block::<true>(isa, &rows, &centroids, &mut squares);
                pairs_block::<false>(isa, &rows, &centroids, &mut products);
                for (i, x) in x.chunks_exact(d).enumerate() {
                    for (j, c) in c.chunks_exact(d).enumerate() {
                        let at = i * k + j;
                        assert_eq!(
                            squares[at].to_bits(),
                            (sq_dist(isa, x, c) as f32).to_bits(),
                            "{isa} d={d}"
                        );
                        assert_eq!(products[at].to_bits(), (dot(isa, x, c) as f32).to_bits(), "{isa} d={d}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_shorter_block_leaves_nothing_of_a_longer_one() {
        let isa = Isa::detect();
        let (mut block, mut wide) = (RowBlock::default(), WideRows::default());
        for (n, d) in [(20, 19), (3, 9), (7, 1)] {
            let x: Vec<f32> = (0..n * d).map(|i| i as f32 + 1.0).collect();
            block.load(isa, &x, d, &vec![0.0; d], 1.0);
            wide.load(isa, &block);
            let flat = |rows: &WideRows| (0..n).flat_map(|i| rows.row(i).to_vec()).collect::<Vec<_>>();
            assert_eq!(flat(&wide), flat(&WideRows::of(isa, &x, d)));
        }
    }
}
