//! What "nearest" means, and what becomes of centroids after each update.

use clap::Args;
use kmeans::{EmptyClusters, Metric, Params};

#[derive(Args)]
#[command(next_help_heading = "Metric and centroids")]
pub(super) struct Centroids {
    /// What nearest means: l2 (squared Euclidean distance), ip (inner product, the larger the nearer),
    /// cosine (1 - cos), l1, linf, kl [default: l2, or ip when spherical]
    #[arg(long)]
    metric: Option<Metric>,
    /// Normalise centroids to length 1 after each update
    #[arg(long)]
    spherical: bool,
    /// Round each coordinate of the centroids after each update
    #[arg(long)]
    int_centroids: bool,
    /// What becomes of clusters without rows: split (half of another), farthest (move to the row farthest
    /// from its centroid), keep (stay)
    #[arg(long, value_name = "split|farthest|keep", default_value_t)]
    empty_clusters: EmptyClusters,
}

impl Centroids {
    pub(super) fn set(&self, params: &mut Params) {
        params.metric = self.metric;
        params.spherical = self.spherical;
        params.int_centroids = self.int_centroids;
        params.empty_clusters = self.empty_clusters;
    }
}
