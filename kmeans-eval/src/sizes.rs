//! Cluster sizes and how even they are.

use crate::error::{Error, Result};

/// Rows of each of `k` clusters; 0 for a cluster without rows.
///
/// Cost O(n + k).
///
/// # Errors
/// [`Error::LabelOutOfRange`] with the first label outside `0..k`.
pub fn cluster_sizes(labels: &[i32], k: usize) -> Result<Vec<u64>> {
    let mut sizes = vec![0; k];
    for (row, &label) in labels.iter().enumerate() {
        sizes[cluster(row, label, k)?] += 1;
    }
    Ok(sizes)
}

/// Imbalance factor: `k·Σ n_j² / (Σ n_j)²` of the sizes n of k clusters.
///
/// The range is [1, k]: 1 if all are equal, k if one cluster has all rows. In an inverted file it
/// is how many times more rows are visited than with even lists.
///
/// Cost O(k). Source: \[TJA11\]; Faiss reports the same number.
///
/// # Errors
/// [`Error::NoRows`] if there is no cluster or all are empty.
pub fn imbalance_factor(sizes: &[u64]) -> Result<f64> {
    let n: u128 = sizes.iter().copied().map(u128::from).sum();
    if n == 0 {
        return Err(Error::NoRows);
    }
    // Shares, not squares of sizes: no size overflows.
    let sq_shares = sizes.iter().map(|&size| (size as f64 / n as f64).powi(2));
    Ok(sizes.len() as f64 * sq_shares.sum::<f64>())
}

/// The label of a row as the number of one of `k` clusters.
pub(crate) fn cluster(row: usize, label: i32, k: usize) -> Result<usize> {
    let cluster = usize::try_from(label).ok().filter(|&cluster| cluster < k);
    cluster.ok_or(Error::LabelOutOfRange { row, label, k })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_clusters_are_counted() {
        assert_eq!(cluster_sizes(&[2, 0, 2], 4).unwrap(), [1, 0, 2, 0]);
    }

    #[test]
    fn a_label_outside_the_range_is_named() {
        let message = |labels: &[i32]| cluster_sizes(labels, 2).unwrap_err().to_string();
        assert_eq!(message(&[0, 1, 2]), "label 2 (counted from 0) is 2, expected 0 to 2 exclusive");
        assert_eq!(message(&[-1]), "label 0 (counted from 0) is -1, expected 0 to 2 exclusive");
    }

    #[test]
    fn imbalance_runs_from_1_to_k() {
        assert_eq!(imbalance_factor(&[5, 5, 5, 5]).unwrap(), 1.0);
        assert_eq!(imbalance_factor(&[0, 0, 9, 0]).unwrap(), 4.0);
        // 2·(1 + 9)/16
        assert_eq!(imbalance_factor(&[1, 3]).unwrap(), 1.25);
        assert_eq!(imbalance_factor(&[u64::MAX, u64::MAX]).unwrap(), 1.0);
    }

    #[test]
    fn imbalance_of_no_rows_is_an_error() {
        assert!(matches!(imbalance_factor(&[0, 0]), Err(Error::NoRows)));
        assert!(matches!(imbalance_factor(&[]), Err(Error::NoRows)));
    }
}
