//! Likelihood against the number of parameters.

/// Bayesian information criterion of clusters as spherical Gaussians of one variance: `L − p/2·ln n`, higher is better.
///
/// With the variance `σ² = W / (d·(n − k))` of the sum of squares W, the log-likelihood is
/// `L = Σ_j n_j·ln(n_j / n) − n·d/2·ln(2πσ²) − d·(n − k)/2`, and p = k − 1 + k·d + 1 parameters are shares, centroids and the
/// variance. `None` where n ≤ k or W is 0: the likelihood has no bound there.
///
/// Cost O(k). Source: \[PM00\], with d dimensions counted in the variance.
pub fn bic(sizes: &[u64], sum_of_squares: f64, d: usize) -> Option<f64> {
    let total: u64 = sizes.iter().sum();
    let (n, d, k) = (total as f64, d as f64, sizes.len() as f64);
    if n <= k || sum_of_squares <= 0.0 {
        return None;
    }
    let variance = sum_of_squares / (d * (n - k));
    let shares = sizes.iter().filter(|&&size| size > 0).map(|&size| size as f64 * (size as f64 / n).ln());
    let likelihood =
        shares.sum::<f64>() - n * d / 2.0 * (2.0 * std::f64::consts::PI * variance).ln() - d * (n - k) / 2.0;
    Some(likelihood - (k + k * d) / 2.0 * n.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cluster_has_the_likelihood_of_a_gaussian() {
        // Rows ±1 about 0 in one column: W = 4, variance 4/3.
        let variance: f64 = 4.0 / 3.0;
        let density = |x: f64| -0.5 * (2.0 * std::f64::consts::PI * variance).ln() - x * x / (2.0 * variance);
        let likelihood = 4.0 * density(1.0);
        let found = bic(&[4], 4.0, 1).unwrap();
        assert!((found - (likelihood - 4.0_f64.ln())).abs() < 1e-12, "{found} {likelihood}");
    }

    #[test]
    fn without_spread_there_is_no_bound() {
        assert_eq!(bic(&[1, 1], 1.0, 3), None);
        assert_eq!(bic(&[5, 5], 0.0, 3), None);
    }
}
