//! The best partition by a price on clusters: all k at the cost of a few.
//!
//! ```text
//! D(i) = min over j < i of D(j) + cost(j..i) + price
//! ```
//!
//! has no layers: one pass finds the best partition into as many runs as are worth their price. The least cost is
//! convex in k, so a higher price never buys more runs, and the price for k runs is found by search [GLMN17]. Where
//! several numbers of runs are best for one price, a partition with fewer and one with more than k runs are joined
//! to one of exactly k, without loss [AST94].
//!
//! Columns j wait in a queue with the row from which each is best: a later column wins late rows only, because the
//! costs are concave Monge [GG89]. Prices also prove the result: no partition into k runs costs less than
//! `D(m) − k·price`, whatever the price: the Lagrangian dual.

use std::collections::VecDeque;

use super::spread::{ROUNDING, Spread};

/// Prices tried before the search is given up; some ten are usual.
const MOST_PRICES: usize = 100;

/// A price of all runs beyond this many times their cost rounds costs, and the bound that it proves.
const HIGH_PRICE: f64 = 1e4;

/// Prices that differ by less than this share are the same.
const SAME_PRICE: f64 = 1e-13;

/// A partition, and how cheap one of as many runs may be at best.
pub(crate) struct Proven {
    /// Where runs end, ascending.
    pub(crate) ends: Vec<usize>,
    /// A lower bound for the cost of every partition into as many runs, but for rounding.
    pub(crate) least: f64,
}

/// The best partition of the values `0..m` into `k` runs, `1 <= k < m`; `None` where rounding hides the price.
///
/// Cost: O(m·log m) for each price tried, whatever k; 20 bytes a value.
pub(crate) fn penalised(spread: &impl Spread, m: usize, k: usize) -> Option<Proven> {
    let whole = spread.cost(0, m);
    if k == 1 {
        return Some(Proven { ends: vec![m], least: whole });
    }
    // Evenly spread values: F(k) = F(1)/k², so that a run is worth 2·F(1)/k³.
    let mut price = 2.0 * whole / (k as f64).powi(3);
    let mut pass = Pass::new(spread, m);
    let (mut few, mut many) = (Priced { price: whole, ends: vec![m], least: whole }, None);
    for step in 1..=MOST_PRICES {
        if price.is_nan() || price <= 0.0 {
            return None;
        }
        let found = pass.run(price, k);
        let runs = found.ends.len();
        if runs == k {
            return Some(pass.proven(found, k));
        }
        if runs < k {
            few = found
        } else {
            many = Some(found)
        }
        let guess = price * (runs as f64 / k as f64).powi(3);
        price = match &many {
            None => guess.min(price / 2.0_f64.powi(step as i32)),
            Some(many) if few.price - many.price <= SAME_PRICE * few.price => {
                let least = few.least.max(many.least);
                return Some(Proven { ends: joined(&few.ends, &many.ends, k), least });
            }
            Some(many) if step % 3 == 0 || !(many.price < guess && guess < few.price) => {
                between(many.price, few.price)
            }
            Some(_) => guess,
        };
    }
    None
}

/// The geometric mean, or the arithmetic one where it is rounded to an end.
fn between(low: f64, high: f64) -> f64 {
    let middle = low.sqrt() * high.sqrt();
    if low < middle && middle < high { middle } else { low + (high - low) / 2.0 }
}

/// The best partition for one price.
struct Priced {
    price: f64,
    ends: Vec<usize>,
    least: f64,
}

/// One pass after the other over the same values.
struct Pass<'a, S> {
    spread: &'a S,
    m: usize,
    /// `D(i)`.
    total: Vec<f64>,
    /// Where the last run of the first i values starts.
    last_start: Vec<u32>,
    /// Columns, and the first row in which each is the best.
    queue: VecDeque<(u32, u32)>,
    /// Rows from a column to the first that it won, last time: the next one is not far.
    lead: usize,
}

impl<'a, S: Spread> Pass<'a, S> {
    fn new(spread: &'a S, m: usize) -> Self {
        Self {
            spread,
            m,
            total: vec![0.0; m + 1],
            last_start: vec![0; m + 1],
            queue: VecDeque::new(),
            lead: 1,
        }
    }

    /// The best partition for `price`, and the bound it proves for `k` runs.
    fn run(&mut self, price: f64, k: usize) -> Priced {
        self.queue.clear();
        self.queue.push_back((0, 1));
        for i in 1..=self.m {
            while self.queue.get(1).is_some_and(|&(_, from)| from as usize <= i) {
                self.queue.pop_front();
            }
            let column = self.queue[0].0;
            self.total[i] = self.value(column as usize, i) + price;
            self.last_start[i] = column;
            if i < self.m {
                self.enqueue(i);
            }
        }
        let (ends, total) = (self.way_back(), self.total[self.m]);
        // Each run on the way rounds the total once more.
        let rounding = (ROUNDING + f64::EPSILON * ends.len() as f64) * total;
        Priced { price, ends, least: total - rounding - k as f64 * price }
    }

    /// A partition found, with the bound of its price. Beside a price that is very high costs are rounded away:
    /// then a lower one is tried, which may buy a better partition and proves more.
    fn proven(&mut self, found: Priced, k: usize) -> Proven {
        let Priced { price, mut ends, mut least } = found;
        let starts = [0].into_iter().chain(ends.iter().copied());
        let cost: f64 = starts.zip(&ends).map(|(from, &to)| self.spread.cost(from, to)).sum();
        if cost > 0.0 && k as f64 * price > HIGH_PRICE * cost {
            // One more run saves at most the whole cost: k runs are worth that.
            let lower = self.run(cost, k);
            least = least.max(lower.least);
            if lower.ends.len() == k {
                ends = lower.ends;
            }
        }
        Proven { ends, least }
    }

    fn value(&self, column: usize, row: usize) -> f64 {
        self.total[column] + self.spread.cost(column, row)
    }

    /// Whether a later column is as good as a rival in a row, and then in all rows below.
    fn wins(&self, column: usize, rival: usize, row: usize) -> bool {
        self.value(column, row) <= self.value(rival, row) * (1.0 + ROUNDING)
    }

    /// Lines up a column behind those that it does not beat wherever they are best.
    fn enqueue(&mut self, column: usize) {
        while let Some(&(rival, from)) = self.queue.back() {
            let (rival, from) = (rival as usize, from as usize);
            if from > column && self.wins(column, rival, from) {
                self.queue.pop_back();
                continue;
            }
            if let Some(row) = self.takeover(rival, column, from.max(column)) {
                self.lead = row - column;
                self.queue.push_back((column as u32, row as u32));
            }
            return;
        }
    }

    /// The first row after `loses` in which `column` beats `rival`: found from the last lead, in growing steps
    /// and then by halves.
    fn takeover(&self, rival: usize, column: usize, loses: usize) -> Option<usize> {
        if loses == self.m {
            return None;
        }
        let wins_in = |row: usize| self.wins(column, rival, row);
        let (mut loses, mut step) = (loses, 4);
        let guess = (column + self.lead).clamp(loses + 1, self.m);
        let mut wins = guess;
        if wins_in(guess) {
            while wins - loses > step && wins_in(wins - step) {
                wins -= step;
                step *= 2;
            }
            loses = loses.max(wins.saturating_sub(step));
        } else {
            loses = guess;
            loop {
                if loses == self.m {
                    return None;
                }
                wins = self.m.min(loses + step);
                if wins_in(wins) {
                    break;
                }
                loses = wins;
                step *= 2;
            }
        }
        while wins - loses > 1 {
            let middle = loses + (wins - loses) / 2;
            if wins_in(middle) { wins = middle } else { loses = middle }
        }
        Some(wins)
    }

    fn way_back(&self) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut end = self.m;
        while end > 0 {
            ends.push(end);
            end = self.last_start[end] as usize;
        }
        ends.reverse();
        ends
    }
}

/// `k` runs from fewer and more, both best for one price: the first runs of `many`, the last of `few`.
///
/// Where a run of `many` lies inside one of `few`, changing over costs nothing on balance: both partitions that
/// arise are best for the price, too. Such a place exists for each number of runs between.
fn joined(few: &[usize], many: &[usize], k: usize) -> Vec<usize> {
    let more = k - few.len();
    let inside = (0..few.len()).find(|&i| many[i + more] <= few[i]).unwrap_or(few.len() - 1);
    many[..inside + more].iter().chain(&few[inside..]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact_1d::distinct::Distinct;
    use crate::exact_1d::merged::MergedMoments;
    use crate::exact_1d::partition::partition;
    use crate::exact_1d::spread::RunningSums;

    fn cost(spread: &impl Spread, ends: &[usize]) -> f64 {
        let starts = [0].into_iter().chain(ends.iter().copied());
        starts.zip(ends).map(|(from, &to)| spread.cost(from, to)).sum()
    }

    #[test]
    fn it_agrees_with_the_layers_and_proves_it() {
        // Even steps are best cut in many ways for the same price; squares and a jumble are not.
        let series: [fn(u32) -> u32; 3] = [|i| i, |i| i * i, |i| i.wrapping_mul(2_654_435_761) >> 12];
        for value in series {
            let values: Vec<f32> = (0..150).map(|i| value(i) as f32).collect();
            let distinct = Distinct::new(&values, None).unwrap();
            let spread = RunningSums::new(&distinct);
            for k in 1..150 {
                let found = penalised(&spread, 150, k).unwrap();
                let (a, b) = (cost(&spread, &found.ends), cost(&spread, &partition(&spread, 150, k)));
                assert_eq!((found.ends.len(), found.ends.is_sorted()), (k, true));
                assert!((a - b).abs() <= 1e-9 * b + spread.noise(), "{k}: {a} {b}");
                assert!((a - found.least).abs() <= 1e-9 * b + spread.noise(), "{k}: {a} {}", found.least);
            }
        }
    }

    #[test]
    fn as_many_runs_as_tight_groups_are_proven_to_be_the_best() {
        // The price that buys them is more than 10^9 times what they cost.
        let values: Vec<f32> = (0..100).map(|i| (i / 10) as f32 * 1e6 + (i % 10) as f32).collect();
        let distinct = Distinct::new(&values, None).unwrap();
        let spread = MergedMoments::new(&distinct);
        let found = penalised(&spread, distinct.len(), 10).unwrap();
        let exact = cost(&spread, &found.ends);
        assert!((exact - found.least).abs() <= 1e-8 * exact, "{exact} {}", found.least);
    }

    #[test]
    fn fewer_and_more_runs_join_to_any_number_between() {
        let (few, many) = ([4, 10], [1, 2, 3, 5, 9, 10]);
        assert_eq!(joined(&few, &many, 3), [1, 4, 10]);
        assert_eq!(joined(&few, &many, 4), [1, 2, 4, 10]);
        assert_eq!(joined(&few, &many, 5), [1, 2, 3, 5, 10]);
    }
}
