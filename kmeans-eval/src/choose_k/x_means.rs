//! Clusters that split as long as that is worth its parameters.

use kmeans_core::{Fit, Job, Params, Trainer};
use kmeans_data::{Points, RowSlice};

use super::bic::bic;
use crate::clustering::Clustering;
use crate::dispersion::sum_of_squares;
use crate::error::{Error, Result};
use crate::params::for_k;

/// X-means: begins with `least` clusters; splits each cluster whose rows two clusters describe better than one, by
/// [`bic`]; trains all centroids together; and so on until none splits or there are `most`. The test is local: it ends early
/// where no cluster gains by two halves but would by four parts, as on a grid.
///
/// `params` say how to train; its `k` and `init_centroids` are not used. Memory: the rows of one cluster. Cost: a training
/// of two clusters for each cluster, and one of all, in each of about log₂(k) rounds. Source: \[PM00\].
///
/// # Errors
/// [`Error::KRange`] unless `1 <= least <= most <= n`; what trainings fail with.
pub fn x_means(
    device: &dyn Trainer,
    points: &dyn Points,
    params: &Params,
    least: usize,
    most: usize,
) -> Result<Fit> {
    let n = points.rows();
    if least == 0 || least > most || most > n {
        return Err(Error::KRange { first: least, last: most, least: 1, most: n });
    }
    let mut fit = device.train(Job::new(points, &for_k(params, least, Vec::new())))?;
    while fit.model.k() < most {
        let mut splits = splits(device, points, &fit, params)?;
        splits.sort_by(|a, b| b.gain.total_cmp(&a.gain).then(a.cluster.cmp(&b.cluster)));
        splits.truncate(most - fit.model.k());
        if splits.is_empty() {
            break;
        }
        let centroids = split(&fit, &splits);
        let k = centroids.len() / points.dim();
        fit = device.train(Job::new(points, &for_k(params, k, centroids)))?;
    }
    Ok(fit)
}

/// A cluster that is better described as two.
struct Split {
    cluster: usize,
    /// By how much the criterion rises.
    gain: f64,
    centroids: Vec<f32>,
}

fn splits(device: &dyn Trainer, points: &dyn Points, fit: &Fit, params: &Params) -> Result<Vec<Split>> {
    let (d, clustering) = (points.dim(), Clustering::new(points, &fit.labels)?);
    let params = for_k(params, 2, Vec::new());
    let (mut found, mut x) = (Vec::new(), Vec::new());
    for (number, &label) in clustering.labels().iter().enumerate() {
        let rows = clustering.rows_of(number);
        let own: f64 = rows.iter().map(|&row| clustering.distances()[row].powi(2)).sum();
        let Some(before) = bic(&[rows.len() as u64], own, d) else { continue };
        x.resize(rows.len() * d, 0.0);
        points.gather(rows, &mut x)?;
        let rows = RowSlice::new(&x, d).map_err(kmeans_core::Error::from)?;
        let halves = device.train(Job::new(&rows, &params))?;
        let halved = Clustering::new(&rows, &halves.labels)?;
        let left = sum_of_squares(&halved);
        // Halves without spread describe their rows wholly: the likelihood has no bound.
        let after = if left == 0.0 { Some(f64::INFINITY) } else { bic(&halved.sizes(), left, d) };
        if let Some(after) = after.filter(|&after| halved.k() == 2 && after > before) {
            let centroids = halves.model.centroids().to_vec();
            found.push(Split { cluster: label as usize, gain: after - before, centroids });
        }
    }
    Ok(found)
}

/// All centroids, those that split replaced by their halves.
fn split(fit: &Fit, splits: &[Split]) -> Vec<f32> {
    let d = fit.model.dim();
    let mut centroids = fit.model.centroids().to_vec();
    for split in splits {
        let (first, second) = split.centroids.split_at(d);
        centroids[split.cluster * d..][..d].copy_from_slice(first);
        centroids.extend_from_slice(second);
    }
    centroids
}
