//! Squared distances and inner products in their direct form: no cancellation, the same bits on
//! every instruction set.
//!
//! Element l goes to lane l mod 8 of eight f64 sums, by a multiplication and an addition that are
//! rounded apart, and the lanes are added in one fixed tree. Eight f64 are one AVX-512 register; the
//! plain loop below is vectorised by the compiler in each shell.

use super::lanes::{Kernel, Lanes, WIDE, tree};
use super::lines::{AHEAD, prefetch};
use super::rows::RowBlock;
use crate::isa::Isa;

/// `Σ (v_l − c_l)²` in f64.
pub(crate) fn sq_dist(isa: Isa, v: &[f32], c: &[f32]) -> f64 {
    debug_assert_eq!(v.len(), c.len());
    isa.run(Pair::<true> { v, c })
}

/// `Σ v_l · c_l` in f64.
pub(crate) fn dot(isa: Isa, v: &[f32], c: &[f32]) -> f64 {
    debug_assert_eq!(v.len(), c.len());
    isa.run(Pair::<false> { v, c })
}

/// [`sq_dist`] of each row of the block to its own centroid; `centroids` is k × d, not packed.
pub(crate) fn sq_dists_block(isa: Isa, rows: &RowBlock, centroids: &[f32], labels: &[i32], out: &mut [f64]) {
    debug_assert_eq!(labels.len(), rows.rows());
    debug_assert_eq!(out.len(), rows.rows());
    isa.run(Block { rows, centroids, labels, out });
}

/// [`sq_dist`] of those rows that `ids` names, `v = x·scale − origin`, to their own centroids, without writing them
/// down.
pub(crate) fn sq_dists_plain(
    isa: Isa,
    rows: PlainRows<'_>,
    ids: &[u32],
    centroids: &[f32],
    labels: &[i32],
    out: &mut [f64],
) {
    debug_assert!(labels.len() == out.len() && rows.x.len() == labels.len() * rows.origin.len());
    isa.run(Plain { rows, ids, centroids, labels, out });
}

/// Rows as they are in memory, and what brings them into the frame.
#[derive(Clone, Copy)]
pub(crate) struct PlainRows<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) scale: f32,
    /// Times the scale.
    pub(crate) origin: &'a [f32],
}

struct Plain<'a> {
    rows: PlainRows<'a>,
    ids: &'a [u32],
    centroids: &'a [f32],
    labels: &'a [i32],
    out: &'a mut [f64],
}

impl Kernel for Plain<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let PlainRows { x, scale, origin } = self.rows;
        let d = origin.len();
        let (o, o_rest) = origin.as_chunks::<WIDE>();
        for (at, row) in self.ids.iter().map(|&id| id as usize).enumerate() {
            if let Some(&next) = self.ids.get(at + AHEAD) {
                prefetch(&x[next as usize * d..][..d]);
            }
            let (x, x_rest) = x[row * d..][..d].as_chunks::<WIDE>();
            let label = self.labels[row] as usize;
            let (c, c_rest) = self.centroids[label * d..][..d].as_chunks::<WIDE>();
            let mut sums = [0.0; WIDE];
            for ((x, o), c) in x.iter().zip(o).zip(c) {
                for l in 0..WIDE {
                    sums[l] += term::<true>(lanes.mul_add(x[l], scale, -o[l]), c[l]);
                }
            }
            for (((sum, &x), &o), &c) in sums.iter_mut().zip(x_rest).zip(o_rest).zip(c_rest) {
                *sum += term::<true>(lanes.mul_add(x, scale, -o), c);
            }
            self.out[row] = tree(sums);
        }
    }
}

/// One row and one centroid: squared differences if `SQUARES`, else products.
struct Pair<'a, const SQUARES: bool> {
    v: &'a [f32],
    c: &'a [f32],
}

impl<const SQUARES: bool> Kernel for Pair<'_, SQUARES> {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) -> f64 {
        sum::<SQUARES>(self.v, self.c)
    }
}

struct Block<'a> {
    rows: &'a RowBlock,
    centroids: &'a [f32],
    labels: &'a [i32],
    out: &'a mut [f64],
}

impl Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let d = self.rows.d();
        match d {
            1 => return self.short::<1>(),
            2 => return self.short::<2>(),
            3 => return self.short::<3>(),
            4 => return self.short::<4>(),
            _ => {}
        }
        for (i, (out, &label)) in self.out.iter_mut().zip(self.labels).enumerate() {
            let centroid = &self.centroids[label as usize * d..][..d];
            *out = sum::<true>(self.rows.row(i), centroid);
        }
    }
}

impl Block<'_> {
    /// Rows of D columns, one against the other: half of an iteration at d = 2, k = 10 was spent on loops of two.
    #[inline(always)]
    fn short<const D: usize>(self) {
        let (rows, centroids) = (self.rows.values().as_chunks::<D>().0, self.centroids.as_chunks::<D>().0);
        for ((out, v), &label) in self.out.iter_mut().zip(rows).zip(self.labels) {
            let (c, mut lanes) = (&centroids[label as usize], [0.0; WIDE]);
            for l in 0..D {
                lanes[l] = term::<true>(v[l], c[l]);
            }
            *out = tree(lanes);
        }
    }
}

#[inline(always)]
pub(super) fn sum<const SQUARES: bool>(v: &[f32], c: &[f32]) -> f64 {
    let (v, v_rest) = v.as_chunks::<WIDE>();
    let (c, c_rest) = c.as_chunks::<WIDE>();
    let mut lanes = [0.0; WIDE];
    for (v, c) in v.iter().zip(c) {
        for l in 0..WIDE {
            lanes[l] += term::<SQUARES>(v[l], c[l]);
        }
    }
    for ((lane, &v), &c) in lanes.iter_mut().zip(v_rest).zip(c_rest) {
        *lane += term::<SQUARES>(v, c);
    }
    tree(lanes)
}

#[inline(always)]
pub(super) fn term<const SQUARES: bool>(v: f32, c: f32) -> f64 {
    let (v, c) = (f64::from(v), f64::from(c));
    if SQUARES { (v - c) * (v - c) } else { v * c }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::numbers::numbers;

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for d in [1, 2, 3, 7, 8, 9, 16, 17, 64, 128, 784] {
            let (v, c) = (numbers(d, 1), numbers(d, 2));
            let mut lanes = [[0.0; 8]; 2];
            for l in 0..d {
                let (v, c) = (f64::from(v[l]), f64::from(c[l]));
                lanes[0][l % 8] += (v - c) * (v - c);
                lanes[1][l % 8] += v * c;
            }
            let [sq, product] =
                lanes.map(|x| ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7])));
            for isa in Isa::available() {
                assert_eq!(sq_dist(isa, &v, &c).to_bits(), sq.to_bits(), "{isa} d={d}");
                assert_eq!(dot(isa, &v, &c).to_bits(), product.to_bits(), "{isa} d={d}");
            }
        }
    }

    #[test]
    fn a_block_gives_the_distance_of_each_row_to_its_own_centroid() {
        for (n, d, k) in [(33, 1, 5), (33, 2, 5), (9, 3, 2), (33, 4, 5), (33, 5, 5), (33, 19, 5)] {
            let (x, centroids) = (numbers(n * d, 3), numbers(k * d, 4));
            let labels: Vec<i32> = (0..n).map(|i| (i * 7 % k) as i32).collect();
            for isa in Isa::available() {
                let mut rows = RowBlock::default();
                rows.load(isa, &x, d, &vec![0.0; d], 1.0);
                let mut out = vec![0.0; n];
                sq_dists_block(isa, &rows, &centroids, &labels, &mut out);
                for i in 0..n {
                    let c = &centroids[labels[i] as usize * d..][..d];
                    assert_eq!(out[i], sq_dist(isa, rows.row(i), c));
                }
                let origin: Vec<f32> = (0..d).map(|l| l as f32 / 7.0).collect();
                rows.load(isa, &x, d, &origin, 0.5);
                let mut plain = vec![0.0; n];
                sq_dists_block(isa, &rows, &centroids, &labels, &mut out);
                let rows = PlainRows { x: &x, scale: 0.5, origin: &origin };
                let ids: Vec<u32> = (0..n as u32).filter(|row| row % 5 != 2).collect();
                sq_dists_plain(isa, rows, &ids, &centroids, &labels, &mut plain);
                out.iter_mut().skip(2).step_by(5).for_each(|left_out| *left_out = 0.0);
                assert_eq!(plain, out, "{isa}");
            }
        }
    }

    #[test]
    fn a_far_offset_does_not_cancel() {
        let (v, c) = (vec![1e6_f32 + 1.0; 20], vec![1e6_f32; 20]);
        for isa in Isa::available() {
            assert_eq!(sq_dist(isa, &v, &c), 20.0);
        }
    }
}
