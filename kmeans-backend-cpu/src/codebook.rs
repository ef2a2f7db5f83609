//! Centroids made ready for the kernels.

use kmeans_core::{Centroids, Metric};

use crate::panels::Panels;

/// Packed panels for choosing, plain rows for measuring.
#[derive(Debug)]
pub struct CpuCodebook {
    pub(crate) panels: Panels,
    pub(crate) centroids: Centroids,
    pub(crate) metric: Metric,
    pub(crate) max_sq_norm: f64,
}

impl CpuCodebook {
    pub(crate) fn new(centroids: &Centroids, metric: Metric) -> Self {
        let (k, d) = (centroids.k(), centroids.dim());
        Self {
            panels: Panels::pack(centroids.offsets(), k, d, &centroids.biases(metric), metric.score_factor()),
            centroids: centroids.clone(),
            metric,
            max_sq_norm: centroids.max_sq_norm(),
        }
    }

    pub(crate) fn k(&self) -> usize {
        self.centroids.k()
    }
}
