//! The smallest and the largest value of each column, and whether every value is finite.
//!
//! ```text
//! for each piece of whole rows (one row, or 16 short ones):
//!     low = min(low, x);  high = max(high, x);  largest = max(largest, x without its sign)
//! ```
//!
//! The bits of a number without its sign, as an integer, reach those of +∞ only where the number is
//! infinite or NaN: one integer maximum checks them all. Where it was found is looked up afterwards.

use super::lanes::{Kernel, Lanes};
use crate::isa::Isa;

/// Sixteen rows of fewer columns than this are treated as one row, so that short rows fill vectors.
const SHORT_BELOW: usize = 32;

/// Rows that are compared among themselves before they meet the running minimum and maximum.
const DEPTH: usize = 4;

/// Lowers `min` and raises `max` (one value a column) to the rows `x`; the index into `x` of the first
/// non-finite value, if there is one: `min` and `max` are then unspecified.
pub(crate) fn extent(
    isa: Isa,
    x: &[f32],
    d: usize,
    min: &mut [f32],
    max: &mut [f32],
) -> Option<usize> {
    debug_assert_eq!(x.len() % d, 0);
    debug_assert!(min.len() == d && max.len() == d);
    let finite = if d < SHORT_BELOW {
        short_rows(isa, x, d, min, max)
    } else {
        isa.run(Columns { x, min, max })
    };
    if finite {
        return None;
    }
    x.iter().position(|value| !value.is_finite())
}

/// Sixteen rows at a time; their columns are folded at the end.
fn short_rows(isa: Isa, x: &[f32], d: usize, min: &mut [f32], max: &mut [f32]) -> bool {
    let width = 16 * d;
    let (mut low, mut high) = ([0.0; 16 * SHORT_BELOW], [0.0; 16 * SHORT_BELOW]);
    for piece in low[..width].chunks_exact_mut(d) {
        piece.copy_from_slice(min);
    }
    for piece in high[..width].chunks_exact_mut(d) {
        piece.copy_from_slice(max);
    }
    let (whole, rest) = x.split_at(x.len() / width * width);
    let columns = Columns {
        x: whole,
        min: &mut low[..width],
        max: &mut high[..width],
    };
    let mut finite = isa.run(columns);
    let pieces = low[..width].chunks_exact(d).zip(high[..width].chunks_exact(d));
    for (low, high) in pieces {
        for l in 0..d {
            min[l] = lesser(low[l], min[l]);
            max[l] = greater(high[l], max[l]);
        }
    }
    finite &= isa.run(Columns { x: rest, min, max });
    finite
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
    fn run<L: Lanes>(self, _: L) -> bool {
        let d = self.min.len();
        let (min, max) = (&mut self.min[..d], &mut self.max[..d]);
        let mut largest = [0_u32; 16];
        let mut pieces = self.x.chunks_exact(DEPTH * d);
        for rows in &mut pieces {
            let (a, rows) = rows.split_at(d);
            let (b, rows) = rows.split_at(d);
            let (c, e) = rows.split_at(d);
            fold([a, b, c, e], min, max, &mut largest);
        }
        for row in pieces.remainder().chunks_exact(d) {
            fold([row], min, max, &mut largest);
        }
        largest.iter().all(|&bits| bits < f32::INFINITY.to_bits())
    }
}

/// Takes `N` rows into the running values.
#[inline(always)]
fn fold<const N: usize>(
    rows: [&[f32]; N],
    min: &mut [f32],
    max: &mut [f32],
    largest: &mut [u32; 16],
) {
    let d = min.len();
    let max = &mut max[..d];
    let rows = rows.map(|row| &row[..d]);
    let whole = d / 16 * 16;
    for start in (0..whole).step_by(16) {
        for lane in 0..16 {
            let l = start + lane;
            let (mut low, mut high, mut top) = (min[l], max[l], largest[lane]);
            for row in rows {
                low = lesser(row[l], low);
                high = greater(row[l], high);
                top = top.max(row[l].to_bits() & !SIGN);
            }
            (min[l], max[l], largest[lane]) = (low, high, top);
        }
    }
    for l in whole..d {
        for row in rows {
            min[l] = lesser(row[l], min[l]);
            max[l] = greater(row[l], max[l]);
            largest[0] = largest[0].max(row[l].to_bits() & !SIGN);
        }
    }
}

const SIGN: u32 = 1 << 31;

/// The minimum as one `minps` gives it.
#[inline(always)]
fn lesser(x: f32, low: f32) -> f32 {
    if x < low { x } else { low }
}

/// The maximum as one `maxps` gives it.
#[inline(always)]
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
