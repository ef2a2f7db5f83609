//! The smallest and the largest value of each column, and whether every value is finite.
//!
//! ```text
//! for each column of 16 lanes, four rows at a time:
//!     low = min(low, x);  high = max(high, x);  poison = poison + 0 * x
//! ```
//!
//! Zero times a number is zero, but zero times an infinity or a NaN is NaN, and stays NaN in the sum:
//! one multiply-add checks a vector. Where it was found is looked up afterwards.
//!
//! Rows whose length is not a multiple of 16 are taken sixteen at a time, as one row of 16 · d columns
//! whose parts are folded at the end; so short rows fill vectors too, and no lane is left over.

use super::lanes::{Kernel, Lanes, PANEL};
use crate::isa::Isa;

/// Longest row that is widened: its minima and maxima still fit the first-level cache 16 times.
const WIDEN_UP_TO: usize = 256;

/// Rows that are read side by side: they share the load and store of the running values.
const DEPTH: usize = 4;

/// Lowers `min` and raises `max` (one value a column) to the rows `x`; the index into `x` of the first
/// non-finite value, if there is one: `min` and `max` are then unspecified.
pub(crate) fn extent(isa: Isa, x: &[f32], d: usize, min: &mut [f32], max: &mut [f32]) -> Option<usize> {
    debug_assert_eq!(x.len() % d, 0);
    debug_assert!(min.len() == d && max.len() == d);
    let finite = if d.is_multiple_of(PANEL) || d > WIDEN_UP_TO || x.len() < 2 * PANEL * d {
        isa.run(Columns { x, min, max })
    } else {
        widened(isa, x, min, max)
    };
    if finite {
        return None;
    }
    x.iter().position(|value| !value.is_finite())
}

/// Sixteen rows as one.
fn widened(isa: Isa, x: &[f32], min: &mut [f32], max: &mut [f32]) -> bool {
    let d = min.len();
    let (mut low, mut high) = (min.repeat(PANEL), max.repeat(PANEL));
    let (whole, rest) = x.split_at(x.len() / low.len() * low.len());
    let wide_is_finite = isa.run(Columns { x: whole, min: &mut low, max: &mut high });
    for (low, high) in low.chunks_exact(d).zip(high.chunks_exact(d)) {
        for l in 0..d {
            min[l] = lesser(low[l], min[l]);
            max[l] = greater(high[l], max[l]);
        }
    }
    isa.run(Columns { x: rest, min, max }) && wide_is_finite
}

/// Rows as wide as `min`; gives whether all are finite.
struct Columns<'a> {
    x: &'a [f32],
    min: &'a mut [f32],
    max: &'a mut [f32],
}

impl Kernel for Columns<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> bool {
        let d = self.min.len();
        let mut poison = [lanes.splat(0.0); DEPTH];
        let mut left_over = 0.0;
        let mut pieces = self.x.chunks_exact(DEPTH * d);
        for piece in &mut pieces {
            let (a, piece) = piece.split_at(d);
            let (b, piece) = piece.split_at(d);
            let (c, e) = piece.split_at(d);
            poison = fold(lanes, [a, b, c, e], self.min, self.max, poison);
            left_over += fold_rest([a, b, c, e], self.min, self.max);
        }
        for row in pieces.remainder().chunks_exact(d) {
            [poison[0]] = fold(lanes, [row], self.min, self.max, [poison[0]]);
            left_over += fold_rest([row], self.min, self.max);
        }
        let mut sum = [0.0; PANEL];
        for poison in poison {
            let mut values = [0.0; PANEL];
            lanes.store(poison, &mut values);
            for lane in 0..PANEL {
                sum[lane] += values[lane];
            }
        }
        left_over + sum.iter().sum::<f32>() == 0.0
    }
}

/// Takes `N` rows into the running values, whole vectors.
#[inline(always)]
fn fold<L: Lanes, const N: usize>(
    lanes: L,
    rows: [&[f32]; N],
    min: &mut [f32],
    max: &mut [f32],
    mut poison: [L::V; N],
) -> [L::V; N] {
    let min = min.as_chunks_mut::<PANEL>().0;
    let max = &mut max.as_chunks_mut::<PANEL>().0[..min.len()];
    let mut chunks: [&[[f32; PANEL]]; N] = [&[]; N];
    for r in 0..N {
        chunks[r] = &rows[r].as_chunks::<PANEL>().0[..min.len()];
    }
    let zero = lanes.splat(0.0);
    for i in 0..min.len() {
        let (mut low, mut high) = (lanes.load(&min[i]), lanes.load(&max[i]));
        for r in 0..N {
            let x = lanes.load(&chunks[r][i]);
            low = lanes.min(x, low);
            high = lanes.max(x, high);
            poison[r] = lanes.fma(x, zero, poison[r]);
        }
        lanes.store(low, &mut min[i]);
        lanes.store(high, &mut max[i]);
    }
    poison
}

/// The columns past the last whole vector; NaN if one of them is not finite, else zero.
#[inline(always)]
fn fold_rest<const N: usize>(rows: [&[f32]; N], min: &mut [f32], max: &mut [f32]) -> f32 {
    let mut poison = 0.0;
    for l in min.len() / PANEL * PANEL..min.len() {
        for row in rows {
            min[l] = lesser(row[l], min[l]);
            max[l] = greater(row[l], max[l]);
            poison += row[l] * 0.0;
        }
    }
    poison
}

fn lesser(x: f32, low: f32) -> f32 {
    if x < low { x } else { low }
}

fn greater(x: f32, high: f32) -> f32 {
    if x > high { x } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize, d: usize) -> Vec<f32> {
        (0..n * d).map(|i| ((i * 7919) % 10007) as f32 - 5000.0).collect()
    }

    #[test]
    fn every_column_gets_its_own_minimum_and_maximum() {
        for isa in Isa::available() {
            for d in [1, 2, 3, 5, 16, 17, 31, 32, 33, 64, 128, 784] {
                for n in [1, 2, 4, 5, 15, 16, 17, 63, 64, 65, 130] {
                    let x = rows(n, d);
                    let (mut min, mut max) = (vec![f32::MAX; d], vec![f32::MIN; d]);
                    assert_eq!(extent(isa, &x, d, &mut min, &mut max), None);
                    for l in 0..d {
                        let column = || x.iter().skip(l).step_by(d).copied();
                        assert_eq!(min[l], column().fold(f32::MAX, f32::min));
                        assert_eq!(max[l], column().fold(f32::MIN, f32::max));
                    }
                }
            }
        }
    }

    #[test]
    fn the_running_extent_is_kept_where_the_rows_do_not_pass_it() {
        for isa in Isa::available() {
            let (mut min, mut max) = (vec![-9.0, 5.0], vec![9.0, 6.0]);
            assert_eq!(extent(isa, &[1.0, 2.0, 3.0, 4.0], 2, &mut min, &mut max), None);
            assert_eq!((min, max), (vec![-9.0, 2.0], vec![9.0, 6.0]));
        }
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_found() {
        for isa in Isa::available() {
            for d in [1, 2, 3, 17, 32, 50, 128] {
                let n = 70;
                for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    for at in [0, 1, d, 16 * d, n * d - 1] {
                        let mut x = rows(n, d);
                        x[at] = bad;
                        x[n * d - 1] = bad;
                        let (mut min, mut max) = (vec![f32::MAX; d], vec![f32::MIN; d]);
                        assert_eq!(extent(isa, &x, d, &mut min, &mut max), Some(at));
                    }
                }
            }
        }
    }
}
