//! Agreement counted in information. Logarithms are natural; the ratios do not depend on the base.

use crate::contingency::{Cell, Contingency};

/// Mutual information `Σ p(c,k)·ln(p(c,k) / (p(c)·p(k)))` of class and cluster, in nats.
///
/// At least 0, which means independent, and at most the smaller of the two entropies. Symmetric.
/// Cost O(m) for m cells of the table. Source: \[RH07\].
#[doc(alias = "mutual_info_score")]
pub fn mutual_information(table: &Contingency) -> f64 {
    let n = table.n() as f64;
    let term = |cell: &Cell| cell.count as f64 / n * log_lift(table, cell);
    // Terms of both signs: rounding may leave a sum just below 0.
    table.cells().iter().map(term).sum::<f64>().max(0.0)
}

/// Normalised mutual information: `MI / ((H(C) + H(K)) / 2)`, the arithmetic mean of the entropies
/// of classes C and clusters K in the denominator.
///
/// The range is [0, 1]: 1 for equal partitions, 0 for independent ones. Symmetric; not adjusted
/// for chance, so it grows with the number of clusters. Equal to [`v_measure`]. If both sides are a
/// single cluster it is 1, if only one is it is 0, as in scikit-learn.
///
/// Cost O(m) for m cells of the table. Source: \[RH07\]; normalisation as \[VEB10\] list it.
#[doc(alias = "normalized_mutual_info_score")]
#[doc(alias = "nmi")]
pub fn normalized_mutual_information(table: &Contingency) -> f64 {
    let mean = (entropy(table.class_sizes(), table.n()) + entropy(table.cluster_sizes(), table.n())) / 2.0;
    share(mutual_information(table), mean)
}

/// Homogeneity: `MI / H(C) = 1 − H(C|K)/H(C)`, how far clusters hold members of one class only.
///
/// The range is [0, 1]: 1 if no cluster mixes classes. Exchanging truth and labels gives
/// [`completeness`]. With a single class nothing can mix and it is 1, as in scikit-learn.
///
/// Cost O(m) for m cells of the table. Source: \[RH07\].
#[doc(alias = "homogeneity_score")]
pub fn homogeneity(table: &Contingency) -> f64 {
    share(mutual_information(table), entropy(table.class_sizes(), table.n()))
}

/// Completeness: `MI / H(K) = 1 − H(K|C)/H(K)`, how far the members of a class lie in one cluster.
///
/// The range is [0, 1]: 1 if no class is split. Exchanging truth and labels gives [`homogeneity`].
/// With a single cluster nothing can be split and it is 1, as in scikit-learn.
///
/// Cost O(m) for m cells of the table. Source: \[RH07\].
#[doc(alias = "completeness_score")]
pub fn completeness(table: &Contingency) -> f64 {
    share(mutual_information(table), entropy(table.cluster_sizes(), table.n()))
}

/// V-measure: `2hc / (h + c)`, the harmonic mean of homogeneity h and completeness c (β = 1).
///
/// The range is [0, 1]: 1 for equal partitions. Symmetric. 0 if both h and c are 0, as in
/// scikit-learn.
///
/// Cost O(m) for m cells of the table. Source: \[RH07\].
#[doc(alias = "v_measure_score")]
pub fn v_measure(table: &Contingency) -> f64 {
    let (h, c) = (homogeneity(table), completeness(table));
    if h + c == 0.0 { 0.0 } else { 2.0 * h * c / (h + c) }
}

/// `ln(n·n_ck / (n_c·n_k))` of one cell: exactly 0 where the cell has its share and no more.
fn log_lift(table: &Contingency, cell: &Cell) -> f64 {
    let found = u128::from(table.n()) * u128::from(cell.count);
    let expected =
        u128::from(table.class_sizes()[cell.class]) * u128::from(table.cluster_sizes()[cell.cluster]);
    if found < expected / 2 || found / 2 > expected {
        return (found as f64 / expected as f64).ln();
    }
    // Near a ratio of 1 the excess is what matters; a rounded ratio would lose it.
    ((found as i128 - expected as i128) as f64 / expected as f64).ln_1p()
}

/// `Σ p·ln(1/p)` of the shares `p = size / n`, in nats.
pub(crate) fn entropy(sizes: &[u64], n: u64) -> f64 {
    let n = n as f64;
    sizes.iter().map(|&size| size as f64 / n * (n / size as f64).ln()).sum()
}

/// Information as a share of an entropy; all of it if there is none to have.
fn share(information: f64, entropy: f64) -> f64 {
    if entropy == 0.0 { 1.0 } else { (information / entropy).min(1.0) }
}
