//! Silhouettes from distances to means.

use kmeans_core::{Segments, Trainer};

use super::{Silhouettes, value};
use crate::clustering::Clustering;
use crate::distance::Distance;
use crate::error::Result;
use crate::pairwise::with_pairwise;
use crate::strips::{Loader, strip_rows};

/// The simplified silhouette of each row: `s = (b − a) / max(a, b)` with its Euclidean distance a to the mean of its
/// cluster and the least distance b to the mean of another.
///
/// Never negative for labels of a k-means. A row that is alone in its cluster has a = 0, and here 0, as in
/// [`super::silhouette`]. Rows and means are rounded to `f32` as differences from the mean of all. Cost n·k·d on `device`, memory O(n) and a block. Source: \[HCH04\].
///
/// # Errors
/// As [`super::silhouette`].
pub fn simplified_silhouette(device: &dyn Trainer, clustering: &Clustering<'_>) -> Result<Silhouettes> {
    clustering.check_comparable()?;
    let (n, d, k) = (clustering.n(), clustering.d(), clustering.k());
    let loader = Loader::about_centre(clustering);
    let means = loader.means();
    let step = strip_rows(d);
    let mut values = Vec::with_capacity(n);
    with_pairwise(device, |engine| {
        let (mut x, all) = (Vec::new(), (0..n).collect::<Vec<usize>>());
        for rows in all.chunks(step) {
            loader.rows(rows, &mut x)?;
            let mut nearest = vec![(0.0, f64::INFINITY); rows.len()];
            for first in (0..k).step_by(step) {
                let means = &means[first * d..k.min(first + step) * d];
                let each: Vec<usize> = (1..=means.len() / d).collect();
                let some = Segments { x: &x, d, ends: &[rows.len()] };
                let others = Segments { x: means, d, ends: &each };
                let sums = engine.pair_sums(some, others, Distance::Euclidean.pairs())?;
                add(clustering, rows, first, &sums.first, &mut nearest);
            }
            values.extend(rows.iter().zip(nearest).map(|(&row, (a, b))| {
                let cluster = clustering.clusters()[row] as usize;
                if clustering.places_of(cluster).len() > 1 { value(a, b) } else { 0.0 }
            }));
        }
        Ok(())
    })?;
    Ok(Silhouettes::new(values))
}

/// Distances of some rows to the means from `first` on: of each row that to its own mean, and the least of the others.
fn add(
    clustering: &Clustering<'_>,
    rows: &[usize],
    first: usize,
    distances: &[f64],
    nearest: &mut [(f64, f64)],
) {
    let count = distances.len() / rows.len();
    for ((&row, distances), (own, other)) in rows.iter().zip(distances.chunks_exact(count)).zip(nearest) {
        let cluster = clustering.clusters()[row] as usize;
        for (mean, &distance) in (first..).zip(distances) {
            if mean == cluster {
                *own = distance;
            } else {
                *other = other.min(distance);
            }
        }
    }
}
