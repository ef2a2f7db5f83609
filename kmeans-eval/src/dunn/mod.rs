//! The Dunn index: the gap between clusters as a share of the width of the widest.
//!
//! | file | what |
//! |---|---|
//! | `diameter.rs` | the largest distance within a cluster |
//! | `separation.rs` | the least distance between clusters |

mod diameter;
mod separation;

use kmeans_core::Trainer;
use serde::Serialize;

use crate::clustering::Clustering;
use crate::error::Result;
use crate::pairwise::with_pairwise;

/// What the Dunn index is the ratio of; Euclidean distances, not squared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Dunn {
    /// The least distance between rows of different clusters.
    pub separation: f64,
    /// The largest distance between rows of the same cluster.
    pub diameter: f64,
}

impl Dunn {
    /// `separation / diameter`: higher is better. Infinite where rows of a cluster do not differ, and 0 where two clusters
    /// share a point.
    pub fn index(&self) -> f64 {
        if self.separation == 0.0 { 0.0 } else { self.separation / self.diameter }
    }
}

/// The Dunn index: the least distance between rows of different clusters, by the largest between rows of one.
///
/// Exact: pairs are left out only where a bound says that they are neither. Distances as measured by
/// [`crate::silhouette`]. Cost n·k·d and what the bounds leave of n²·d/2, on `device`, and of more than 2048 clusters
/// all of it; memory O(n + k²) up to that. Source: \[D74\].
///
/// # Errors
/// As [`crate::silhouette`].
pub fn dunn(device: &dyn Trainer, clustering: &Clustering<'_>) -> Result<Dunn> {
    clustering.check_comparable()?;
    with_pairwise(device, |engine| {
        let diameter = diameter::diameter(engine, clustering)?;
        let separation = separation::separation(engine, clustering)?;
        Ok(Dunn { separation, diameter })
    })
}
