//! Exact quantiles of columns without sorting them: four passes over the rows, each of which settles 8 bits.
//!
//! ```text
//! key(x) = bits of x, so that keys are ordered as numbers are
//! for the bits 24..32, 16..24, 8..16, 0..8 of the keys:
//!     count, among the keys that begin with the bits settled so far, how many go on with each of 256 values
//!     the value in which the wanted rank falls is settled; what lies below it is taken off the rank
//! ```
//!
//! Weights count as repetitions: of the values in ascending order, each as often as its weight is a multiple of the unit
//! u of its column's weights ([`unit_of`]), `W/u` in all for the weight W. The quantile q lies at `(W/u − 1)·q` of them,
//! counted from 0: between two, by linear interpolation, as NumPy's default is. So it is the mean of the inverse of the
//! weighted cumulative distribution, read as a function of the weight below, over the unit from `(W − u)·q` on; for a
//! small u that inverse itself; and for q = 1/2, whatever u, the value in the middle, or the mean of the two there.
//!
//! Counts are `f64`: exact below 2⁵³ units. Memory: 4 KiB a column and quantile, whatever n.

use super::pass::Pass;
use super::unit::unit_of;
use crate::error::Result;

/// Bits that a pass settles, and the values they have.
const BITS: u32 = 8;
const BUCKETS: usize = 1 << BITS;

/// Weight that falls to each value of the bits.
type Counts = [f64; BUCKETS];

/// A value looked for in a column: that with this weight below it, among the keys that begin with the bits settled so
/// far.
#[derive(Clone, Copy, Debug)]
struct Target {
    rank: f64,
    settled: u32,
}

impl Target {
    /// Settles the next bits. Where weights have been rounded in sums, the rank may lie beyond all: then it is the last.
    fn descend(&mut self, counts: &Counts) {
        let mut last = 0;
        for (bucket, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0.0) {
            last = bucket;
            if self.rank < count {
                break;
            }
            self.rank -= count;
        }
        self.settled = self.settled << BITS | last as u32;
    }
}

/// The quantiles `q`, each in 0 to 1, of every column, between two values by linear interpolation as NumPy's default is.
/// NaN is passed over; `None` for a column that has nothing else.
pub(super) fn quantiles(pass: &Pass<'_>, q: &[f64]) -> Result<Vec<Option<Vec<f64>>>> {
    let d = pass.dim();
    let mut first = vec![[0.0; BUCKETS]; d];
    let mut units = vec![f64::INFINITY; d];
    pass.for_each_row(|row, weight| {
        let of_row = unit_of(weight);
        for ((&x, counts), unit) in row.iter().zip(&mut first).zip(&mut units) {
            if !x.is_nan() {
                counts[(key(x) >> (32 - BITS)) as usize] += weight;
                *unit = unit.min(of_row);
            }
        }
    })?;
    let repetitions = |(counts, unit): (&Counts, &f64)| counts.iter().sum::<f64>() / unit;
    let totals: Vec<f64> = first.iter().zip(&units).map(repetitions).collect();
    let begin = |((&total, &unit), counts): ((&f64, &f64), &Counts)| targets(total, unit, q, counts);
    let mut targets: Vec<Vec<Target>> = totals.iter().zip(&units).zip(&first).map(begin).collect();
    drop(first);
    for shift in [16, 8, 0] {
        settle(pass, &mut targets, shift, 2 * q.len())?;
    }
    let of_column = |(targets, &total): (&Vec<Target>, &f64)| {
        (total > 0.0).then(|| {
            q.iter().zip(targets.chunks_exact(2)).map(|(&q, pair)| between(pair, q, total)).collect()
        })
    };
    Ok(targets.iter().zip(&totals).map(of_column).collect())
}

/// The two values around each quantile of a column, with the first bits settled; none of a column without values.
fn targets(total: f64, unit: f64, q: &[f64], counts: &Counts) -> Vec<Target> {
    if total == 0.0 {
        return Vec::new();
    }
    let ranks = q.iter().flat_map(|q| {
        let place = (total - 1.0) * q;
        [place.floor(), place.ceil()]
    });
    let begun = ranks.map(|rank| {
        let mut target = Target { rank: rank.min(total - 1.0) * unit, settled: 0 };
        target.descend(counts);
        target
    });
    begun.collect()
}

/// One more pass: the bits from `shift` on, for up to `each` targets a column.
fn settle(pass: &Pass<'_>, targets: &mut [Vec<Target>], shift: u32, each: usize) -> Result<()> {
    let mut counts = vec![[0.0; BUCKETS]; targets.len() * each];
    pass.for_each_row(|row, weight| {
        for ((&x, targets), counts) in row.iter().zip(&*targets).zip(counts.chunks_exact_mut(each)) {
            if x.is_nan() {
                continue;
            }
            let key = key(x) >> shift;
            for (target, counts) in targets.iter().zip(counts) {
                if key >> BITS == target.settled {
                    counts[key as usize % BUCKETS] += weight;
                }
            }
        }
    })?;
    for (targets, counts) in targets.iter_mut().zip(counts.chunks_exact(each)) {
        targets.iter_mut().zip(counts).for_each(|(target, counts)| target.descend(counts));
    }
    Ok(())
}

/// NumPy's `linear` method: from the nearer of two neighbours, so that the result lies between them.
fn between(pair: &[Target], q: f64, total: f64) -> f64 {
    let (low, high) = (value(pair[0].settled), value(pair[1].settled));
    let place = (total - 1.0) * q;
    let share = place - place.floor();
    if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) }
}

/// Unsigned numbers ordered as the floats are.
fn key(x: f32) -> u32 {
    let bits = x.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn value(key: u32) -> f64 {
    let bits = if key >> 31 == 1 { key & !(1 << 31) } else { !key };
    f64::from(f32::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_numbers_are() {
        let x = [f32::NEG_INFINITY, -1e30, -2.0, -f32::MIN_POSITIVE, -0.0, 0.0, 1e-45, 1.0, f32::MAX];
        assert!(x.is_sorted_by(|&a, &b| key(a) < key(b)));
        assert!(x.iter().all(|&x| value(key(x)) == f64::from(x)));
    }
}
