//! The best partition of sorted values into k runs: the layers of the dynamic programme, and the way back.

use std::ops::Range;

use super::row_minima::RowMinima;
use super::spread::Spread;

/// Runs are solved anew between this many remembered layers.
///
/// With s parts the search takes `1 + 1/s + 1/s² + …` times the first pass: 2 for 2 parts, 4/3 for 4. More parts
/// save less than the copies of what is remembered cost.
const PARTS: usize = 4;

/// Where the best way to a state passed the remembered layers.
type Passed = [u32; PARTS - 1];

/// The ends of the `k` runs of the values `0..m` of least total cost, ascending; the last is `m`.
///
/// Needs `1 <= k <= m`. Cost: O(k·m) evaluations, O(m) memory.
pub(crate) fn partition(spread: &impl Spread, m: usize, k: usize) -> Vec<usize> {
    debug_assert!((1..=m).contains(&k));
    let mut search =
        Search { spread, minima: RowMinima::default(), least: vec![], passed: vec![], passed_next: vec![] };
    let mut ends = Vec::with_capacity(k);
    search.split(0..m, k, &mut ends);
    ends
}

struct Search<'a, S> {
    spread: &'a S,
    minima: RowMinima,
    /// `D_q(i)`: the least cost of the first i values in q runs.
    least: Vec<f64>,
    passed: Vec<Passed>,
    passed_next: Vec<Passed>,
}

impl<S: Spread> Search<'_, S> {
    /// Appends the ends of the `k` best runs of `values` to `ends`.
    fn split(&mut self, values: Range<usize>, k: usize, ends: &mut Vec<usize>) {
        if k == values.len() {
            ends.extend(values.map(|i| i + 1));
            return;
        }
        let parts = k.min(PARTS);
        let stops: Vec<usize> = (0..=parts).map(|part| k * part / parts).collect();
        let passed = self.forward(values.clone(), k, &stops[1..parts]);
        let mut start = values.start;
        for part in 0..parts {
            let end = if part + 1 < parts { values.start + passed[part] as usize } else { values.end };
            match stops[part + 1] - stops[part] {
                1 => ends.push(end),
                runs => self.split(start..end, runs, ends),
            }
            start = end;
        }
    }

    /// All layers; says after how many values the best way to the end passed the layers `stops`.
    fn forward(&mut self, values: Range<usize>, k: usize, stops: &[usize]) -> Passed {
        let m = values.len();
        self.first_layer(&values, m + 1 - k);
        self.passed.clear();
        self.passed.resize(m + 1, Passed::default());
        self.passed_next.clear();
        self.passed_next.resize(m + 1, Passed::default());
        self.remember_stop(stops, 1, 1..m + 2 - k);
        for q in 2..k {
            // Every run holds a value, those before and those still to come.
            let states = q..m + 1 + q - k;
            self.next_layer(&values, states.clone());
            if stops[0] < q {
                self.follow(states.clone());
            }
            self.remember_stop(stops, q, states);
        }
        if k == 1 { Passed::default() } else { self.passed[self.last_step(&values, k)] }
    }

    /// `D_1(i)` for `i <= last`.
    fn first_layer(&mut self, values: &Range<usize>, last: usize) {
        self.least.clear();
        self.least.resize(values.len() + 1, f64::INFINITY);
        for i in 1..=last {
            self.least[i] = self.spread.cost(values.start, values.start + i);
        }
    }

    /// `D_q` of `states` from `D_(q−1)`.
    fn next_layer(&mut self, values: &Range<usize>, states: Range<usize>) {
        let (spread, least, offset) = (self.spread, &self.least, values.start);
        let entry = |i: usize, j: usize| least[j] + spread.cost(offset + j, offset + i);
        self.minima.find(states.clone(), states.start - 1..states.end - 1, &entry);
        self.least[states.clone()].copy_from_slice(&self.minima.values[states]);
    }

    /// Hands on where the way passed earlier layers.
    fn follow(&mut self, states: Range<usize>) {
        for i in states {
            self.passed_next[i] = self.passed[self.minima.columns[i] as usize];
        }
        std::mem::swap(&mut self.passed, &mut self.passed_next);
    }

    fn remember_stop(&mut self, stops: &[usize], q: usize, states: Range<usize>) {
        if let Some(stop) = stops.iter().position(|&layer| layer == q) {
            states.for_each(|i| self.passed[i][stop] = i as u32);
        }
    }

    /// How many values the first k − 1 runs hold in the best partition of all.
    fn last_step(&self, values: &Range<usize>, k: usize) -> usize {
        let cost = |j: usize| self.least[j] + self.spread.cost(values.start + j, values.end);
        let (mut best, mut least) = (k - 1, cost(k - 1));
        for j in k..values.len() {
            let value = cost(j);
            if value < least {
                (best, least) = (j, value);
            }
        }
        best
    }
}
