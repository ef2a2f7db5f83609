//! Agreement counted in rows.

use crate::contingency::Contingency;

/// Purity: `Σ_k max_c n_ck / n`, the share of rows that belong to the largest class of their
/// cluster.
///
/// The range is (0, 1]: 1 if no cluster mixes classes. Not symmetric, and not adjusted for chance:
/// clusters of one row each are pure.
///
/// Cost O(m) for m cells of the table. Source: \[MRS08\], section 16.3.
pub fn purity(table: &Contingency) -> f64 {
    let mut largest = vec![0; table.clusters().len()];
    for cell in table.cells() {
        largest[cell.cluster] = cell.count.max(largest[cell.cluster]);
    }
    largest.iter().sum::<u64>() as f64 / table.n() as f64
}
