//! Silhouettes of all rows.
//!
//! ```text
//! rows by cluster, in strips; for each strip, and each strip from it on:
//!     sums of distances of the rows of each to the clusters of the other
//!     within a cluster: add to a of both
//!     between clusters: add to the sum that is open; where a cluster is complete, b = min(b, mean)
//! ```
//!
//! Every pair is measured once. Sums to a cluster that lies in several strips stay open until its last one: one a row.

use kmeans_core::{Pairwise, Trainer};

use super::{Silhouettes, value};
use crate::clustering::Clustering;
use crate::distance::Distance;
use crate::error::Result;
use crate::pairwise::with_pairwise;
use crate::strips::{Loader, Strip, segments, strips};

/// The silhouette of each row: `s = (b − a) / max(a, b)`.
///
/// a is the mean distance to the other rows of its cluster, b the least over the other clusters of the mean distance
/// to their rows. The range is [−1, 1]. A row that is alone in its cluster has 0, as in scikit-learn, and so has one
/// with a = b = 0.
///
/// Every pair is measured once, by differences in `f32` (each within about `(d/2 + 2)·2⁻²⁴` of itself) and added up in
/// `f64`; the same bits for any number of threads of an engine. Cost n²·d/2 on `device`, memory O(n) and a pair of strips
/// of some thousand rows. Source: \[R87\].
///
/// # Errors
/// [`crate::Error::ClusterCount`] for other than 2 to n − 1 clusters, [`crate::Error::ZeroRow`] for a row of zeros with
/// [`Distance::Cosine`], [`crate::Error::Data`], [`crate::Error::Core`] from the device.
///
/// ```
/// use kmeans_core::TensorEngine;
/// use kmeans_data::RowSlice;
/// use kmeans_eval::{Clustering, Distance, silhouette};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rows = RowSlice::new(&[0.0, 1.0, 10.0, 11.0], 1)?;
/// let clustering = Clustering::new(&rows, &[0, 0, 1, 1])?;
/// let engine = TensorEngine::<burn_ndarray::NdArray>::default();
/// let found = silhouette(&engine, &clustering, Distance::Euclidean)?;
/// assert_eq!(found.values()[0], (10.5 - 1.0) / 10.5);
/// # Ok(())
/// # }
/// ```
pub fn silhouette(
    device: &dyn Trainer,
    clustering: &Clustering<'_>,
    distance: Distance,
) -> Result<Silhouettes> {
    clustering.check_comparable()?;
    with_pairwise(device, |engine| {
        let mut open = Open::new(clustering);
        let strips = strips(clustering);
        let loader = Loader::new(clustering, distance);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for (i, first) in strips.iter().enumerate() {
            loader.strip(first, &mut x)?;
            for second in &strips[i..] {
                if first.places == second.places {
                    open.add(engine, distance, [first, second], [&x, &x])?;
                    continue;
                }
                loader.strip(second, &mut y)?;
                open.add(engine, distance, [first, second], [&x, &y])?;
            }
            open.close_first(first);
        }
        Ok(open.silhouettes())
    })
}

/// Sums on their way, by place: rows sorted by cluster.
struct Open<'a> {
    clustering: &'a Clustering<'a>,
    /// Sums of distances to the rows of the own cluster.
    own: Vec<f64>,
    /// The least mean distance to the rows of another one.
    least: Vec<f64>,
    /// Sums to the part of a cluster that was seen so far: to that of the first strip, of all rows behind it; and of the
    /// rows of the first strip to that of the second.
    to_first: Vec<f64>,
    to_second: Vec<f64>,
}

impl<'a> Open<'a> {
    fn new(clustering: &'a Clustering<'a>) -> Self {
        let n = clustering.n();
        Self {
            clustering,
            own: vec![0.0; n],
            least: vec![f64::INFINITY; n],
            to_first: vec![0.0; n],
            to_second: Vec::new(),
        }
    }

    fn add(
        &mut self,
        engine: &dyn Pairwise,
        distance: Distance,
        [first, second]: [&Strip; 2],
        [x, y]: [&[f32]; 2],
    ) -> Result<()> {
        let d = self.clustering.d();
        let sums = engine.pair_sums(segments(first, x, d), segments(second, y, d), distance.pairs())?;
        self.add_rows_of_first(first, second, &sums.first);
        if first.places != second.places {
            self.add_rows_of_second(first, second, &sums.second);
        }
        Ok(())
    }

    /// Sums of the rows of the first strip to the clusters of the second.
    fn add_rows_of_first(&mut self, first: &Strip, second: &Strip, sums: &[f64]) {
        let all = self.clustering.places_of(second.clusters.start);
        if second.places.start == all.start || self.to_second.len() != first.places.len() {
            self.to_second.clear();
            self.to_second.resize(first.places.len(), 0.0);
        }
        let is_whole = second.places.end >= all.end;
        for ((place, sums), open) in
            first.places.clone().zip(sums.chunks_exact(second.clusters.len())).zip(&mut self.to_second)
        {
            let own = self.clustering.clusters()[self.clustering.order()[place]] as usize;
            for (cluster, &sum) in second.clusters.clone().zip(sums) {
                if cluster == own {
                    self.own[place] += sum;
                } else if second.clusters.len() == 1 {
                    *open += sum;
                    if is_whole {
                        self.least[place] = self.least[place].min(*open / all.len() as f64);
                    }
                } else {
                    let mean = sum / self.clustering.places_of(cluster).len() as f64;
                    self.least[place] = self.least[place].min(mean);
                }
            }
        }
    }

    /// Sums of the rows of the second strip to the clusters of the first.
    fn add_rows_of_second(&mut self, first: &Strip, second: &Strip, sums: &[f64]) {
        for (cluster, sums) in first.clusters.clone().zip(sums.chunks_exact(second.places.len())) {
            for (place, &sum) in second.places.clone().zip(sums) {
                let own = self.clustering.clusters()[self.clustering.order()[place]] as usize;
                if cluster == own {
                    self.own[place] += sum;
                } else if first.clusters.len() == 1 {
                    self.to_first[place] += sum;
                } else {
                    let mean = sum / self.clustering.places_of(cluster).len() as f64;
                    self.least[place] = self.least[place].min(mean);
                }
            }
        }
    }

    /// The rows behind a cluster have seen all of it once its last strip was the first of all pairs.
    fn close_first(&mut self, first: &Strip) {
        let all = self.clustering.places_of(first.clusters.start);
        if first.clusters.len() > 1 || first.places.end < all.end {
            return;
        }
        let behind = self.to_first[all.end..].iter_mut().zip(&mut self.least[all.end..]);
        for (open, least) in behind {
            *least = least.min(std::mem::take(open) / all.len() as f64);
        }
    }

    /// Distances are compared only: their unit cancels.
    fn silhouettes(&self) -> Silhouettes {
        let mut values = vec![0.0; self.own.len()];
        for (place, &row) in self.clustering.order().iter().enumerate() {
            let cluster = self.clustering.clusters()[row] as usize;
            let others = self.clustering.places_of(cluster).len() - 1;
            if others > 0 {
                values[row] = value(self.own[place] / others as f64, self.least[place]);
            }
        }
        Silhouettes::new(values)
    }
}
