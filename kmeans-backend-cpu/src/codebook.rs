//! Centroids made ready for the kernels.

use std::sync::OnceLock;

use kmeans_core::{Centroids, Metric};

use crate::bytes::ByteCentroids;
use crate::isa::Isa;
use crate::kernel::{self, PANEL};
use crate::panels::Panels;
use crate::strips::Strips;
use crate::workers::Workers;

/// Packed panels or strips for choosing, made when rows ask for them; plain rows for measuring.
#[derive(Debug)]
pub struct CpuCodebook {
    panels: OnceLock<Panels>,
    strips: OnceLock<Strips>,
    bytes: OnceLock<ByteCentroids>,
    pub(crate) centroids: Centroids,
    pub(crate) metric: Metric,
    /// The constant part of each score.
    pub(crate) biases: Vec<f32>,
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
            bytes: OnceLock::new(),
            biases: centroids.biases(metric),
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
            Panels::pack(c.offsets(), c.k(), c.dim(), &self.biases, metric.score_factor())
        })
    }

    /// The squared distance of a row to one centroid, or their product, in the direct form.
    pub(crate) fn measure(&self, isa: Isa, v: &[f32], cluster: usize) -> f64 {
        let centroid = self.centroids.row(cluster);
        if self.metric.is_similarity() {
            kernel::dot(isa, v, centroid)
        } else {
            kernel::sq_dist(isa, v, centroid)
        }
    }

    /// Panels of 16 centroids.
    pub(crate) fn panels_count(&self) -> usize {
        self.k().div_ceil(PANEL)
    }

    /// For rows as bytes.
    pub(crate) fn bytes(&self) -> &ByteCentroids {
        self.bytes.get_or_init(|| {
            let (c, factor) = (&self.centroids, self.metric.score_factor());
            ByteCentroids::of(c.offsets(), c.dim(), &self.biases, factor)
        })
    }

    /// For sparse rows.
    pub(crate) fn strips(&self, workers: &Workers) -> &Strips {
        self.strips.get_or_init(|| {
            let (c, metric) = (&self.centroids, self.metric);
            Strips::pack(workers, c.offsets(), c.dim(), &self.biases, metric.score_factor())
        })
    }
}
