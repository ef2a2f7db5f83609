//! Information that two labelings share beyond what chance gives.

use std::collections::BTreeMap;

use crate::contingency::Contingency;
use crate::information::{entropy, mutual_information};
use crate::parallel::{all_threads, in_order};

/// Adjusted mutual information: `(MI − E) / ((H(C) + H(K)) / 2 − E)`, with the mutual information E expected of labelings
/// with clusters of the same sizes, drawn at random.
///
/// At most 1, for equal partitions; 0 on average for independent ones, whatever the number of clusters; may be negative.
/// Symmetric. 1 if both sides are a single cluster, 0 if only one is, as in scikit-learn.
///
/// Cost O(m) for m cells of the table and, for each pair of different sizes of a class and a cluster, the width of its
/// hypergeometric distribution; shared among threads. Source: \[VEB10\].
#[doc(alias = "adjusted_mutual_info_score")]
#[doc(alias = "ami")]
pub fn adjusted_mutual_information(table: &Contingency) -> f64 {
    let (classes, clusters) = (table.classes().len(), table.clusters().len());
    if classes == clusters && table.cells().len() == classes {
        // Equal partitions: where every row is alone on both sides, the ratio would be 0/0.
        return 1.0;
    }
    if classes == 1 || clusters == 1 {
        return 0.0;
    }
    let expected = expected_mutual_information(table);
    let mean = (entropy(table.class_sizes(), table.n()) + entropy(table.cluster_sizes(), table.n())) / 2.0;
    (mutual_information(table) - expected) / (mean - expected)
}

/// The mean of the mutual information over all labelings with these sizes, in nats.
///
/// Cost as [`adjusted_mutual_information`]. Source: \[VEB10\].
pub fn expected_mutual_information(table: &Contingency) -> f64 {
    let (classes, clusters) = (counted(table.class_sizes()), counted(table.cluster_sizes()));
    let rows = in_order(all_threads(), classes.len(), |i| {
        let (a, times) = classes[i];
        let of = |&(b, often): &(u64, u64)| often as f64 * expected_term(a, b, table.n());
        times as f64 * clusters.iter().map(of).sum::<f64>()
    });
    rows.iter().sum()
}

/// Each size, and how often it occurs.
fn counted(sizes: &[u64]) -> Vec<(u64, u64)> {
    let mut counts = BTreeMap::new();
    sizes.iter().for_each(|&size| *counts.entry(size).or_insert(0) += 1);
    counts.into_iter().collect()
}

/// `Σ_m P(m)·(m/n)·ln(n·m / (a·b))`, where m of the b rows of a cluster are among the a rows of a class.
///
/// P is walked from its mode to both sides by ratios of neighbours, until nothing more is added, and divided by its sum:
/// factorials, whose logarithms lose digits, are not needed.
fn expected_term(a: u64, b: u64, n: u64) -> f64 {
    let (lowest, highest) = ((a + b).saturating_sub(n), a.min(b));
    let [a, b, n] = [a as f64, b as f64, n as f64];
    let mode = (((a + 1.0) * (b + 1.0) / (n + 2.0)) as u64).clamp(lowest, highest);
    let information = |m: f64| if m > 0.0 { m / n * (n / a * (m / b)).ln() } else { 0.0 };
    let (mut weights, mut sum) = (1.0, information(mode as f64));
    let mut add = |m: u64, weight: f64| {
        weights += weight;
        sum += weight * information(m as f64);
        weight > weights * TAIL
    };
    let mut weight = 1.0;
    for m in mode..highest {
        let at = m as f64;
        weight *= (a - at) * (b - at) / ((at + 1.0) * (n - a - b + at + 1.0));
        if !add(m + 1, weight) {
            break;
        }
    }
    weight = 1.0;
    for m in (lowest + 1..=mode).rev() {
        let at = m as f64;
        weight *= at * (n - a - b + at) / ((a - at + 1.0) * (b - at + 1.0));
        if !add(m - 1, weight) {
            break;
        }
    }
    sum / weights
}

/// Shares of a distribution below which its tail is left out: they fall faster than by halves from there on.
const TAIL: f64 = 1e-19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_over_all_orders_is_the_expected_one() {
        // All 720 orders of six labels.
        let (truth, labels) = ([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 1]);
        let mut order = [0, 1, 2, 3, 4, 5];
        let (mut sum, mut count) = (0.0, 0.0);
        permute(&mut order, 0, &mut |order| {
            let mixed: Vec<i32> = order.iter().map(|&i| labels[i]).collect();
            sum += mutual_information(&Contingency::new(&truth, &mixed).unwrap());
            count += 1.0;
        });
        let expected = expected_mutual_information(&Contingency::new(&truth, &labels).unwrap());
        assert!((expected - sum / count).abs() < 1e-14, "{expected} {}", sum / count);
    }

    fn permute(order: &mut [usize; 6], from: usize, visit: &mut impl FnMut(&[usize; 6])) {
        if from == order.len() {
            return visit(order);
        }
        for at in from..order.len() {
            order.swap(from, at);
            permute(order, from + 1, visit);
            order.swap(from, at);
        }
    }
}
