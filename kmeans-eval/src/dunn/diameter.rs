//! The largest distance within a cluster.
//!
//! Two rows are no farther apart than their distances to the mean together. So rows are taken from the outside in, and
//! a pair of strips whose outermost rows cannot be farther apart than the farthest pair so far is passed over.

use kmeans_core::{Pairwise, Segments};

use crate::clustering::Clustering;
use crate::distance::Distance;
use crate::error::Result;
use crate::strips::{Loader, rounding, strip_rows};

pub(super) fn diameter(engine: &dyn Pairwise, clustering: &Clustering<'_>) -> Result<f64> {
    let radius = |rows: &[usize]| rows.first().map_or(0.0, |&row| clustering.distances()[row]);
    let mut clusters: Vec<Vec<usize>> =
        (0..clustering.k()).map(|cluster| outside_in(clustering, cluster)).collect();
    clusters.sort_by(|a, b| radius(b).total_cmp(&radius(a)));
    let loader = Loader::new(clustering, Distance::Euclidean);
    let (step, d) = (strip_rows(clustering.d()), clustering.d());
    let margin = 1.0 + rounding(d);
    let (mut most, mut x, mut y) = (0.0_f64, Vec::new(), Vec::new());
    for rows in &clusters {
        for (i, first) in rows.chunks(step).enumerate() {
            if 2.0 * radius(first) * margin <= most {
                break;
            }
            loader.rows(first, &mut x)?;
            for second in rows.chunks(step).skip(i) {
                if (radius(first) + radius(second)) * margin <= most {
                    break;
                }
                loader.rows(second, &mut y)?;
                let all = |x, rows| Segments { x, d, ends: rows };
                let (ends, others) = ([first.len()], [second.len()]);
                let ranges = engine.pair_ranges(all(&x, &ends), all(&y, &others))?;
                most = most.max(f64::from(ranges.most[0]) * loader.unit());
            }
        }
    }
    Ok(most)
}

/// The rows of a cluster, the farthest from its mean first.
fn outside_in(clustering: &Clustering<'_>, cluster: usize) -> Vec<usize> {
    let mut rows = clustering.rows_of(cluster).to_vec();
    rows.sort_by(|&a, &b| clustering.distances()[b].total_cmp(&clustering.distances()[a]));
    rows
}
