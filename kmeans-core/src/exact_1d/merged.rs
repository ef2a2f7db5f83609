//! The cost of one cluster in O(1) without differences of large sums: for values or weights of any size.
//!
//! Moments of neighbouring runs are merged [CGL83]: all terms are positive, so the cost is as accurate as the
//! difference of two values, wherever the others are. Blocks keep the memory linear:
//!
//! ```text
//!        from                              to
//!  |..... after |  block  |  block  |  before ....|
//!                └ two stored runs of blocks ┘
//! ```

use super::distinct::Distinct;
use super::spread::Spread;

/// Values in a block: shorter runs are added directly, and a table of runs of blocks stays smaller than the
/// values for up to 2^16 blocks.
const BLOCK: usize = 16;

/// Weight, mean and `Σ w·(x − mean)²` of a run of values.
#[derive(Clone, Copy, Default)]
struct Moments {
    weight: f64,
    mean: f64,
    cost: f64,
}

impl Moments {
    /// Of both runs together.
    fn merged(self, other: Self) -> Self {
        if other.weight == 0.0 || self.weight == 0.0 {
            return if other.weight == 0.0 { self } else { other };
        }
        let weight = self.weight + other.weight;
        let (share, distance) = (other.weight / weight, other.mean - self.mean);
        Self {
            weight,
            mean: self.mean + share * distance,
            cost: self.cost + other.cost + self.weight * share * distance * distance,
        }
    }
}

/// Moments of parts, merged on demand: some three times slower than [`super::spread::RunningSums`].
pub(crate) struct MergedMoments<'a> {
    distinct: &'a Distinct,
    /// Of the values of a place's block before it.
    before: Vec<Moments>,
    /// Of the values of a place's block from it on.
    after: Vec<Moments>,
    /// On level l, of the blocks between a block and the middle of its group of 2^(l + 1) blocks.
    levels: Vec<Vec<Moments>>,
}

impl<'a> MergedMoments<'a> {
    /// Cost and memory O(m): 48 bytes a value and 24 a block and level.
    pub(crate) fn new(distinct: &'a Distinct) -> Self {
        let m = distinct.len();
        let one = |i: usize| Moments { weight: distinct.weights[i], mean: distinct.values[i], cost: 0.0 };
        let mut before = vec![Moments::default(); m + 1];
        let mut after = vec![Moments::default(); m + 1];
        for i in 0..m {
            if !(i + 1).is_multiple_of(BLOCK) {
                before[i + 1] = before[i].merged(one(i));
            }
        }
        for i in (0..m).rev() {
            let rest = if (i + 1).is_multiple_of(BLOCK) { Moments::default() } else { after[i + 1] };
            after[i] = one(i).merged(rest);
        }
        let blocks: Vec<Moments> = after.iter().step_by(BLOCK).copied().collect();
        let levels =
            (0..blocks.len().next_power_of_two().ilog2()).map(|level| runs_to_middles(&blocks, level));
        Self { distinct, before, after, levels: levels.collect() }
    }

    /// Of the whole blocks `from..to`.
    fn blocks(&self, from: usize, to: usize) -> Moments {
        match to - from {
            0 => Moments::default(),
            1 => self.after[from * BLOCK],
            _ => {
                let level = &self.levels[(from ^ (to - 1)).ilog2() as usize];
                level[from].merged(level[to - 1])
            }
        }
    }

    /// The cost of a run inside one block.
    fn short(&self, from: usize, to: usize) -> f64 {
        let first = self.distinct.values[from];
        let run = || self.distinct.values[from..to].iter().zip(&self.distinct.weights[from..to]);
        let (weight, moment) = run().fold((0.0, 0.0), |(w, s), (x, v)| (w + v, s + v * (x - first)));
        let mean = moment / weight;
        run().map(|(x, w)| w * (x - first - mean) * (x - first - mean)).sum()
    }
}

/// For each block: the moments of the blocks from it up to the middle of its group, or from the middle up to it.
fn runs_to_middles(blocks: &[Moments], level: u32) -> Vec<Moments> {
    let half = 1 << level;
    let mut runs = blocks.to_vec();
    for middle in (half..blocks.len()).step_by(2 * half) {
        for i in (middle - half..middle - 1).rev() {
            runs[i] = blocks[i].merged(runs[i + 1]);
        }
        for i in middle + 1..blocks.len().min(middle + half) {
            runs[i] = runs[i - 1].merged(blocks[i]);
        }
    }
    runs
}

impl Spread for MergedMoments<'_> {
    fn cost(&self, from: usize, to: usize) -> f64 {
        let (first, last) = (from / BLOCK, to / BLOCK);
        if first == last {
            return self.short(from, to);
        }
        self.after[from].merged(self.blocks(first + 1, last)).merged(self.before[to]).cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact_1d::spread::RunningSums;

    #[test]
    fn every_run_agrees_with_running_sums() {
        for m in [1, 15, 16, 17, 31, 32, 33, 100, 203] {
            let values: Vec<f32> = (0..m).map(|i| (i * i % 97 + 100 * i) as f32).collect();
            let weights: Vec<f32> = (0..m).map(|i| (1 + i % 5) as f32).collect();
            let distinct = Distinct::new(&values, Some(&weights)).unwrap();
            let (merged, sums) = (MergedMoments::new(&distinct), RunningSums::new(&distinct));
            for from in 0..m {
                for to in from + 1..m + 1 {
                    let (a, b) = (merged.cost(from, to), sums.cost(from, to));
                    assert!((a - b).abs() <= 1e-9 * b + sums.noise(), "{m} {from}..{to}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn a_tight_run_is_seen_beside_rows_far_out() {
        let mut values: Vec<f32> = (0..80).map(|i| i as f32).collect();
        values.extend([-1e30, -1e9, 1e12, 3e38]);
        let distinct = Distinct::new(&values, None).unwrap();
        let cost = MergedMoments::new(&distinct).cost(2, 82);
        let exact = 80.0 * (80.0 * 80.0 - 1.0) / 12.0;
        assert!((cost - exact).abs() < 1e-12 * exact, "{cost} {exact}");
    }
}
