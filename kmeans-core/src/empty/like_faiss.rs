//! Faiss's split of large clusters.

use super::empty_clusters;
use crate::centroids::Centroids;
use crate::faiss_split::{faiss_nudge, faiss_split};
use crate::frame::Frame;
use crate::stats::PartialStats;

/// Refills empty clusters as Faiss does: from the same donors, which it draws by their weight, and by
/// the same factors `1 ± 1/1024` of each coordinate in the units of the data.
pub(super) fn split(
    centroids: &mut Centroids,
    stats: &PartialStats,
    frame: &Frame,
    n: usize,
    frozen: usize,
) -> usize {
    if empty_clusters(stats, frozen).is_empty() || n <= centroids.k() - frozen {
        return 0;
    }
    let mut weights: Vec<f32> = stats.weights.iter().map(|&w| frame.weight().value(w) as f32).collect();
    let splits = faiss_split(&mut weights, n, frozen);
    for &(donor, cluster) in &splits {
        let mut left = position(centroids, donor, frame);
        let mut taken = left.clone();
        faiss_nudge(&mut left, &mut taken);
        for j in 0..centroids.dim() {
            centroids.row_mut(donor)[j] = frame.offset(j, left[j]);
            centroids.row_mut(cluster)[j] = frame.offset(j, taken[j]);
        }
    }
    splits.len()
}

fn position(centroids: &Centroids, cluster: usize, frame: &Frame) -> Vec<f32> {
    let row = centroids.row(cluster).iter().enumerate();
    row.map(|(j, &v)| frame.position(j, f64::from(v)) as f32).collect()
}
