//! Centroids made ready for the kernels.

use std::sync::OnceLock;

use kmeans_core::{Centroids, Metric};

use crate::panels::Panels;
use crate::strips::Strips;
use crate::workers::Workers;

/// Packed panels or strips for choosing, made when rows ask for them; plain rows for measuring.
#[derive(Debug)]
pub struct CpuCodebook {
    panels: OnceLock<Panels>,
    strips: OnceLock<Strips>,
    pub(crate) centroids: Centroids,
    pub(crate) metric: Metric,
    /// `‖c‖²` of each centroid.
    pub(crate) sq_norms: Vec<f64>,
    pub(crate) max_sq_norm: f64,
}

impl CpuCodebook {
    pub(crate) fn new(centroids: &Centroids, metric: Metric) -> Self {
        let sq_norms = centroids.sq_norms();
        Self {
            panels: OnceLock::new(),
            strips: OnceLock::new(),
            centroids: centroids.clone(),
            metric,
            max_sq_norm: sq_norms.iter().copied().fold(0.0, f64::max),
            sq_norms,
        }
    }

    pub(crate) fn k(&self) -> usize {
        self.centroids.k()
    }

    /// For dense rows.
    pub(crate) fn panels(&self) -> &Panels {
        self.panels.get_or_init(|| {
            let (c, metric) = (&self.centroids, self.metric);
            Panels::pack(c.offsets(), c.k(), c.dim(), &c.biases(metric), metric.score_factor())
        })
    }

    /// For sparse rows.
    pub(crate) fn strips(&self, workers: &Workers) -> &Strips {
        self.strips.get_or_init(|| {
            let (c, metric) = (&self.centroids, self.metric);
            Strips::pack(workers, c.offsets(), c.dim(), &c.biases(metric), metric.score_factor())
        })
    }
}
