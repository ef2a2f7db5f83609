//! The cost of one cluster in O(1), from running sums of `w`, `w·x` and `w·x²`, where x counts from the median.

use super::distinct::Distinct;

/// Totals that differ by less than this share are equal: some ten roundings, and then some.
///
/// Among equals the later start of the last run is taken. In exact numbers it stays as good or gets better in all
/// rows below, so that this costs one row a share of `ROUNDING` at most. The earlier start would be wrong: it rules
/// the later one out for the rows above, whose totals may be far smaller than the rounding of this row's.
pub(crate) const ROUNDING: f64 = 32.0 * f64::EPSILON;

/// Costs of runs of sorted values.
pub(crate) trait Spread {
    /// `Σ w·(x − mean)²` over the values `from..to`, where `from < to`; never negative.
    fn cost(&self, from: usize, to: usize) -> f64;
}

/// Differences of running sums: fast, and exact to the rounding of these sums.
pub(crate) struct RunningSums {
    before: Vec<Sums>,
    noise: f64,
}

/// Sums over the values before a place.
#[derive(Clone, Copy, Default)]
struct Sums {
    weight: f64,
    moment: f64,
    sq_moment: f64,
}

impl RunningSums {
    /// Cost O(m), memory 24·(m + 1) bytes.
    pub(crate) fn new(distinct: &Distinct) -> Self {
        let (mut weight, mut moment, mut sq_moment) = Default::default();
        let (mut radius, mut abs_moment) = (0.0_f64, 0.0);
        let mut before = Vec::with_capacity(distinct.len() + 1);
        before.push(Sums::default());
        for (&x, &w) in distinct.values.iter().zip(&distinct.weights) {
            let x = x - distinct.origin;
            before.push(Sums {
                weight: add(&mut weight, w),
                moment: add(&mut moment, w * x),
                sq_moment: add(&mut sq_moment, w * x * x),
            });
            radius = radius.max(x.abs());
            abs_moment += w * x.abs();
        }
        let all = before[distinct.len()];
        let units = 4.0 * all.sq_moment + radius * (2.0 * abs_moment + radius * all.weight);
        Self { before, noise: f64::EPSILON * units }
    }

    /// How much rounding may change the cost of a partition.
    ///
    /// A rounded sum at a border enters both clusters beside it, and what it does there cancels but for the
    /// distance of their means. These distances add up to the range at most, so the number of clusters does not
    /// matter: with `R = max|x|` it is `ε·2R·Σ w|x|` for the sums of `w·x`, `ε·R²·Σ w` for those of `w`, nothing
    /// for those of `w·x²`. What rounds inside a cluster is relative to its `Σ w·x²`: together `4ε` of the whole.
    pub(crate) fn noise(&self) -> f64 {
        self.noise
    }
}

impl Spread for RunningSums {
    fn cost(&self, from: usize, to: usize) -> f64 {
        let (a, b) = (self.before[from], self.before[to]);
        let moment = b.moment - a.moment;
        // `max` also turns the NaN of a weight lost beside a huge one into 0.
        ((b.sq_moment - a.sq_moment) - moment * moment / (b.weight - a.weight)).max(0.0)
    }
}

/// Adds to a sum that keeps what rounding takes from it, and gives the sum rounded once.
fn add(sum: &mut (f64, f64), term: f64) -> f64 {
    let (high, low) = *sum;
    let next = high + term;
    let term_in_next = next - high;
    let lost = (high - (next - term_in_next)) + (term - term_in_next);
    *sum = (next, low + lost);
    next + (low + lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_those_by_hand() {
        let distinct = Distinct::new(&[1.0, 2.0, 6.0, 7.0], Some(&[1.0, 1.0, 1.0, 3.0])).unwrap();
        let sums = RunningSums::new(&distinct);
        assert_eq!(
            [sums.cost(0, 1), sums.cost(0, 2), sums.cost(0, 3), sums.cost(2, 4)],
            [0.0, 0.5, 14.0, 0.75]
        );
    }

    #[test]
    fn a_row_far_out_shows_in_the_noise() {
        let distinct = Distinct::new(&[-1e9, 0.0, 1.0, 2.0], None).unwrap();
        assert!(RunningSums::new(&distinct).noise() > 1.0);
    }
}
