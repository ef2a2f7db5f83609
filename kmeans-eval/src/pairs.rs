//! Agreement counted in pairs of rows.

use crate::contingency::Contingency;

/// Numbers of unordered pairs of rows. Below 2⁶³ each, so that products of two are exact.
struct Pairs {
    all: i128,
    /// In the same class.
    by_class: i128,
    /// In the same cluster.
    by_cluster: i128,
    /// In the same class and the same cluster.
    by_both: i128,
}

impl Pairs {
    fn count(table: &Contingency) -> Self {
        Self {
            all: choose_2(table.n()),
            by_class: table.class_sizes().iter().copied().map(choose_2).sum(),
            by_cluster: table.cluster_sizes().iter().copied().map(choose_2).sum(),
            by_both: table.cells().iter().map(|cell| choose_2(cell.count)).sum(),
        }
    }
}

fn choose_2(n: u64) -> i128 {
    let n = i128::from(n);
    n * (n - 1) / 2
}

/// Adjusted Rand index: agreement of pairs beyond chance, `(T − PQ/N) / ((P + Q)/2 − PQ/N)`.
///
/// Of the N pairs of rows, P share a class, Q share a cluster, T share both. The range is
/// [−0.5, 1]: 1 for equal partitions and for those alone, near 0 for independent ones. Symmetric.
/// Where the formula is 0/0 (one row; one cluster each; each row alone in both) the partitions
/// are equal and the index is 1, as in scikit-learn.
///
/// Exact integers up to one last division. Cost O(m) for m cells of the table. Source: \[HA85\].
#[doc(alias = "adjusted_rand_score")]
#[doc(alias = "ari")]
pub fn adjusted_rand_index(table: &Contingency) -> f64 {
    let Pairs { all, by_class, by_cluster, by_both } = Pairs::count(table);
    let denominator = all * (by_class + by_cluster) - 2 * by_class * by_cluster;
    if denominator == 0 {
        return 1.0;
    }
    2.0 * (all * by_both - by_class * by_cluster) as f64 / denominator as f64
}

/// Fowlkes–Mallows index: `T / √(P·Q)`, the geometric mean of precision and recall of pairs.
///
/// P pairs of rows share a class, Q share a cluster, T share both. The range is [0, 1]: 1 for
/// equal partitions. Symmetric; not adjusted for chance. 0 if no pair shares both, as in
/// scikit-learn: so also for equal partitions in which each row is alone.
///
/// Cost O(m) for m cells of the table. Source: \[FM83\].
#[doc(alias = "fowlkes_mallows_score")]
pub fn fowlkes_mallows(table: &Contingency) -> f64 {
    let Pairs { by_class, by_cluster, by_both, .. } = Pairs::count(table);
    if by_both == 0 {
        return 0.0;
    }
    let (precision, recall) = (by_both as f64 / by_cluster as f64, by_both as f64 / by_class as f64);
    precision.sqrt() * recall.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_the_largest_table_fit() {
        let all = choose_2(u64::from(u32::MAX));
        assert!(all.checked_mul(2 * all).is_some());
    }
}
