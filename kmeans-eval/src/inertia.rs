//! How tight clusters are.

use kmeans_data::Points;

use crate::blocks::for_each_block;
use crate::error::{Error, Result};
use crate::sizes::cluster;

/// Inertia: `Σ w_i·‖x_i − c_label(i)‖²`, the weighted sum of squared distances to the centroids of
/// the labels, which any tool may have made.
///
/// `centroids` is row-major k×d in the units of the points, `labels` has one of `0..k` a row,
/// `weights` one finite number that is not negative a row (1 if `None`). A sum, not a mean; squared.
/// Differences are taken directly and summed in `f64` in row order: no cancellation far from zero,
/// and the same bits however the points are stored. The inertia of no rows is 0.
///
/// Cost O(n·d), memory one block of rows. Source: \[L82\].
///
/// # Errors
/// [`Error::CentroidShape`], [`Error::LabelCount`], [`Error::LabelOutOfRange`],
/// [`Error::WeightCount`], [`Error::BadWeight`], [`Error::NonFinite`] in points or centroids,
/// [`Error::Data`] if reading fails.
pub fn inertia(
    points: &dyn Points,
    centroids: &[f32],
    labels: &[i32],
    weights: Option<&[f32]>,
) -> Result<f64> {
    let (n, d) = (points.rows(), points.dim());
    check_centroids(centroids, d)?;
    check_labels(labels, n, centroids.len() / d)?;
    if let Some(weights) = weights {
        check_weights(weights, n)?;
    }
    let mut sum = 0.0;
    for_each_block(points, 0..n, |rows, x| {
        for (row, x) in rows.zip(x.chunks_exact(d)) {
            let sq_dist = sq_dist(x, &centroids[labels[row] as usize * d..][..d]);
            sum += weights.map_or(1.0, |w| f64::from(w[row])) * sq_dist;
        }
    })?;
    Ok(sum)
}

fn check_centroids(centroids: &[f32], d: usize) -> Result<()> {
    if !centroids.len().is_multiple_of(d) {
        return Err(Error::CentroidShape { values: centroids.len(), d });
    }
    let mut rows = centroids.chunks_exact(d).enumerate();
    match rows.find(|(_, c)| c.iter().any(|v| !v.is_finite())) {
        Some((row, c)) => Err(non_finite("centroids", row, c)),
        None => Ok(()),
    }
}

fn check_labels(labels: &[i32], n: usize, k: usize) -> Result<()> {
    if labels.len() != n {
        return Err(Error::LabelCount { expected: n, found: labels.len() });
    }
    labels.iter().enumerate().try_for_each(|(row, &label)| cluster(row, label, k).map(drop))
}

fn check_weights(weights: &[f32], n: usize) -> Result<()> {
    if weights.len() != n {
        return Err(Error::WeightCount { expected: n, found: weights.len() });
    }
    match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        Some(row) => Err(Error::BadWeight { row, value: weights[row] }),
        None => Ok(()),
    }
}

fn sq_dist(x: &[f32], c: &[f32]) -> f64 {
    x.iter().zip(c).map(|(&x, &c)| (f64::from(x) - f64::from(c)).powi(2)).sum()
}

/// The error of a row that holds NaN or infinity.
fn non_finite(data: &str, row: usize, values: &[f32]) -> Error {
    let column =
        values.iter().position(|v| !v.is_finite()).expect("the row holds a value that is not finite");
    Error::NonFinite { data: data.to_owned(), row, column, value: values[column] }
}
