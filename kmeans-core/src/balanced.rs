//! Assignment to clusters of bounded size.
//!
//! ```text
//! capacity = ⌈(1 + slack)·n/k⌉
//! every row takes the centroid with the smallest  score + price     the engine's kernel
//! clusters over capacity get dearer, those below it cheaper         next iteration starts closer
//! while a cluster is over capacity:                                 exact: the bound holds always
//!     the row that loses least by it moves to its next choice with room
//! ```
//!
//! Prices bring sizes near the bound in a few iterations, so that few rows have to be moved one by
//! one; moving them makes the bound hold in every iteration, also the first and the last.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::metric::Metric;
use crate::stats::PartialStats;
use crate::training_set::TrainingSet;

/// Share of the imbalance that the price of a cluster takes up in one iteration, in units of the mean
/// distance.
const STEP: f64 = 0.1;

/// Clusters listed for a row that may have to move: 12 bytes each.
const CHOICES: usize = 16;

/// Values of the distance matrix of rows that have to move, at a time: 16 MiB.
const MATRIX_VALUES: usize = 1 << 22;

/// Keeps sizes at most `1 + slack` times the mean, rounded up.
pub(crate) struct Balance {
    slack: f64,
    prices: Vec<f64>,
}

impl Balance {
    pub(crate) fn new(slack: f64) -> Self {
        Self { slack, prices: Vec::new() }
    }

    pub(crate) fn restart(&mut self) {
        self.prices.clear();
    }

    /// Most rows that a cluster may have.
    fn capacity(&self, n: usize, k: usize) -> usize {
        // A whole number may come out a rounding above: 1.1 · 50 is 55.
        let most = (1.0 + self.slack) * n as f64 / k as f64;
        ((most * (1.0 - 1e-12)).ceil() as usize).max(n.div_ceil(k))
    }

    /// Labels the rows within capacity and adds them up.
    pub(crate) fn step<E: Engine>(
        &mut self,
        set: &mut TrainingSet<'_, E>,
        centroids: &Centroids,
        metric: Metric,
    ) -> Result<PartialStats> {
        let k = centroids.k();
        self.prices.resize(k, 0.0);
        let prices: Vec<f32> = self.prices.iter().map(|&p| p as f32).collect();
        let priced = centroids.clone().with_penalties(prices);
        let before = set.labels()?;
        let (mut labels, distances) = set.nearest_of(&priced, metric)?;
        let capacity = self.capacity(set.n(), k);
        self.adjust(&labels, &distances, k);
        make_room(set, &priced, metric, capacity, &mut labels)?;
        let mut stats = set.step_with(&labels, centroids, metric)?;
        stats.changed = before.iter().zip(&labels).filter(|(a, b)| a != b).count() as u64;
        Ok(stats)
    }

    /// Clusters larger than the mean get dearer, smaller ones cheaper.
    fn adjust(&mut self, labels: &[i32], distances: &[f32], k: usize) {
        let mut sizes = vec![0.0; k];
        labels.iter().for_each(|&label| sizes[label as usize] += 1.0);
        let unit = distances.iter().map(|&d| f64::from(d).abs()).sum::<f64>() / labels.len() as f64;
        let mean = labels.len() as f64 / k as f64;
        for (price, size) in self.prices.iter_mut().zip(sizes) {
            *price += STEP * unit * (size / mean - 1.0).min(1.0);
        }
        // Only differences of prices count; near zero they lose no digits beside the scores.
        let middle = self.prices.iter().sum::<f64>() / k as f64;
        self.prices.iter_mut().for_each(|price| *price -= middle);
    }
}

/// A cost in its total order.
#[derive(Clone, Copy, PartialEq)]
struct Cost(f32);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A row of a crowded cluster and where it could go instead, the cheapest first: cost, cluster.
struct Crowded {
    row: usize,
    choices: Vec<(Cost, usize)>,
}

/// Moves rows out of clusters over capacity, the cheapest moves first.
///
/// A row that finds all its choices full waits for the next round, which looks at the clusters that
/// still have room. There always is some: all capacities together are at least n.
fn make_room<E: Engine>(
    set: &TrainingSet<'_, E>,
    priced: &Centroids,
    metric: Metric,
    capacity: usize,
    labels: &mut [i32],
) -> Result<()> {
    let mut sizes = vec![0_usize; priced.k()];
    labels.iter().for_each(|&label| sizes[label as usize] += 1);
    while sizes.iter().any(|&size| size > capacity) {
        let rows = (0..labels.len()).filter(|&row| sizes[labels[row] as usize] > capacity).collect();
        let crowded = choices(set, priced, metric, capacity, &sizes, labels, rows)?;
        // The heap gives the cheapest move; equal ones by row.
        let first = crowded.iter().enumerate().map(|(at, c)| Reverse((c.choices[0].0, at, 0)));
        let mut moves: BinaryHeap<Reverse<(Cost, usize, usize)>> = first.collect();
        while let Some(Reverse((_, at, choice))) = moves.pop() {
            let Crowded { row, choices } = &crowded[at];
            let (from, to) = (labels[*row] as usize, choices[choice].1);
            if sizes[from] <= capacity {
                continue;
            }
            if sizes[to] < capacity {
                labels[*row] = to as i32;
                sizes[from] -= 1;
                sizes[to] += 1;
            } else if let Some(&(cost, _)) = choices.get(choice + 1) {
                moves.push(Reverse((cost, at, choice + 1)));
            }
        }
    }
    Ok(())
}

/// For each of `rows` the clusters with room that cost it least more than its own.
fn choices<E: Engine>(
    set: &TrainingSet<'_, E>,
    priced: &Centroids,
    metric: Metric,
    capacity: usize,
    sizes: &[usize],
    labels: &[i32],
    rows: Vec<usize>,
) -> Result<Vec<Crowded>> {
    let k = priced.k();
    let sign = if metric.is_similarity() { -1.0 } else { 1.0 };
    let mut crowded = Vec::with_capacity(rows.len());
    for rows in rows.chunks((MATRIX_VALUES / k).max(1)) {
        let distances = set.distances_of_rows(rows, priced, metric)?;
        for (&row, distances) in rows.iter().zip(distances.chunks_exact(k)) {
            let cost = |c: usize| sign * distances[c] + priced.penalty(c);
            let own = cost(labels[row] as usize);
            let with_room = (0..k).filter(|&c| sizes[c] < capacity);
            let mut choices: Vec<(Cost, usize)> = with_room.map(|c| (Cost(cost(c) - own), c)).collect();
            if choices.len() > CHOICES {
                choices.select_nth_unstable(CHOICES);
                choices.truncate(CHOICES);
            }
            choices.sort_unstable();
            crowded.push(Crowded { row, choices });
        }
    }
    Ok(crowded)
}
