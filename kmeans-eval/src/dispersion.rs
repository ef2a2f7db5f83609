//! How wide clusters are, and how far apart: measures from means alone.

use crate::clustering::Clustering;
use crate::error::Result;
use crate::parallel::in_order;

/// Mean distance: `Σ ‖x − mean‖ / n` of rows to the mean of their cluster; Euclidean, not squared.
///
/// Cost O(n).
pub fn mean_distance(clustering: &Clustering<'_>) -> f64 {
    clustering.distances().iter().sum::<f64>() / clustering.n() as f64
}

/// `Σ ‖x − mean‖²`, squared: the inertia of the labels, with the means of their clusters.
///
/// Cost O(n). Source: \[L82\].
pub fn sum_of_squares(clustering: &Clustering<'_>) -> f64 {
    clustering.distances().iter().map(|distance| distance.powi(2)).sum()
}

/// Calinski–Harabasz index: `(B / (k − 1)) / (W / (n − k))` with the sums of squares B of cluster means about the mean of
/// all rows, each counted with the size of its cluster, and W of rows about their means.
///
/// Higher is better; no bound. 1 if W is 0, as in scikit-learn. Cost O(n + k·d). Source: \[CH74\].
///
/// # Errors
/// [`crate::Error::ClusterCount`] for other than 2 to n − 1 clusters.
#[doc(alias = "calinski_harabasz_score")]
#[doc(alias = "variance_ratio_criterion")]
pub fn calinski_harabasz(clustering: &Clustering<'_>) -> Result<f64> {
    clustering.check_comparable()?;
    let (n, k) = (clustering.n() as f64, clustering.k() as f64);
    let within = sum_of_squares(clustering);
    Ok(if within == 0.0 { 1.0 } else { between(clustering) * (n - k) / (within * (k - 1.0)) })
}

/// `Σ n_j·‖mean_j − mean‖²`.
fn between(clustering: &Clustering<'_>) -> f64 {
    let (centre, d, sizes) = (clustering.centre(), clustering.d(), clustering.sizes());
    let about = |mean: &[f64]| mean.iter().zip(&centre).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    clustering.means().chunks_exact(d).zip(&sizes).map(|(mean, &size)| size as f64 * about(mean)).sum()
}

/// Davies–Bouldin index: the mean over clusters i of `max_j (s_i + s_j) / ‖mean_i − mean_j‖`, with the mean distance s
/// of a cluster's rows to its mean.
///
/// Lower is better; at least 0. Pairs of clusters whose means coincide count as 0, as in scikit-learn. Cost O(n + k²·d), shared among threads. Source: \[DB79\].
///
/// # Errors
/// [`crate::Error::ClusterCount`] for other than 2 to n − 1 clusters.
#[doc(alias = "davies_bouldin_score")]
pub fn davies_bouldin(clustering: &Clustering<'_>) -> Result<f64> {
    clustering.check_comparable()?;
    let (d, k) = (clustering.d(), clustering.k());
    let widths: Vec<f64> = cluster_spreads(clustering).iter().map(|spread| spread.mean_distance).collect();
    let mean = |j: usize| &clustering.means()[j * d..][..d];
    let worst = in_order(clustering.threads(), k, |i| {
        let ratio = |j: usize| {
            let apart = mean(i).iter().zip(mean(j)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            if apart == 0.0 { 0.0 } else { (widths[i] + widths[j]) / apart }
        };
        (0..k).filter(|&j| j != i).map(ratio).fold(0.0, f64::max)
    });
    Ok(worst.iter().sum::<f64>() / k as f64)
}

/// How wide one cluster is; Euclidean distances to its mean, not squared.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// The label.
    pub label: i32,
    /// Rows.
    pub size: u64,
    /// Mean distance of the rows.
    pub mean_distance: f64,
    /// Standard deviation of the distances.
    pub deviation: f64,
    /// The largest distance.
    pub radius: f64,
    /// Rows farther than three standard deviations beyond the mean distance.
    pub outliers: u64,
}

/// Deviations beyond the mean distance from which on a row is an outlier.
const FAR: f64 = 3.0;

/// How wide each cluster is.
///
/// Cost O(n).
pub fn cluster_spreads(clustering: &Clustering<'_>) -> Vec<Spread> {
    (0..clustering.k()).map(|cluster| spread(clustering, cluster)).collect()
}

fn spread(clustering: &Clustering<'_>, cluster: usize) -> Spread {
    let rows = clustering.rows_of(cluster);
    let distances = || rows.iter().map(|&row| clustering.distances()[row]);
    let size = rows.len() as f64;
    let mean = distances().sum::<f64>() / size;
    let deviation = (distances().map(|distance| (distance - mean).powi(2)).sum::<f64>() / size).sqrt();
    Spread {
        label: clustering.labels()[cluster],
        size: rows.len() as u64,
        mean_distance: mean,
        deviation,
        radius: distances().fold(0.0, f64::max),
        outliers: distances().filter(|&distance| is_far(distance, mean, deviation)).count() as u64,
    }
}

fn is_far(distance: f64, mean: f64, deviation: f64) -> bool {
    deviation > 0.0 && distance > mean + FAR * deviation
}

/// The rows that are farther from the mean of their cluster than three standard deviations beyond the mean distance of
/// its rows; ascending.
///
/// Cost O(n).
pub fn outliers(clustering: &Clustering<'_>) -> Vec<usize> {
    let spreads = cluster_spreads(clustering);
    let is_outlier = |&row: &usize| {
        let spread = &spreads[clustering.clusters()[row] as usize];
        is_far(clustering.distances()[row], spread.mean_distance, spread.deviation)
    };
    (0..clustering.n()).filter(is_outlier).collect()
}
