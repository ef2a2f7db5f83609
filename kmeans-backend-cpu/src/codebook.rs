//! Centroids made ready for the kernels.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kmeans_core::{Centroids, Metric};

use crate::byte_isa::ByteIsa;
use crate::byte_panels::BytePanels;
use crate::centroid_order::CentroidOrder;
use crate::isa::Isa;
use crate::kernel::{self, Fours, Rivals};
use crate::panels::Panels;
use crate::strips::Strips;
use crate::workers::Workers;

/// Packed panels or strips for choosing, made when rows ask for them; plain rows for measuring.
#[derive(Debug)]
pub struct CpuCodebook {
    panels: OnceLock<Panels>,
    strips: OnceLock<Strips>,
    fours: OnceLock<Fours>,
    rivals: OnceLock<Rivals>,
    order: OnceLock<Arc<CentroidOrder>>,
    /// As bytes, in the orders that were asked for.
    bytes: Mutex<Vec<Arc<BytePanels>>>,
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
            fours: OnceLock::new(),
            rivals: OnceLock::new(),
            order: OnceLock::new(),
            bytes: Mutex::default(),
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

    /// For dense rows where columns are few.
    pub(crate) fn fours(&self) -> &Fours {
        self.fours.get_or_init(|| {
            let (c, factor) = (&self.centroids, self.metric.score_factor());
            Fours::of(c.offsets(), c.dim(), &self.biases, factor)
        })
    }

    /// For cells of dense rows where columns are few.
    pub(crate) fn rivals(&self) -> &Rivals {
        self.rivals.get_or_init(|| {
            let (c, factor) = (&self.centroids, self.metric.score_factor());
            Rivals::all(c.offsets(), c.dim(), &self.biases, factor)
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

    /// The order in which near centroids share a panel.
    pub(crate) fn order(&self, workers: &Workers, isa: Isa) -> Arc<CentroidOrder> {
        let by_nearness =
            || CentroidOrder::by_nearness(workers, isa, self.centroids.offsets(), self.centroids.dim());
        self.order.get_or_init(|| Arc::new(by_nearness())).clone()
    }

    /// For rows as bytes, in some order; as they are numbered if `None`.
    pub(crate) fn bytes(
        &self,
        workers: &Workers,
        (isa, bytes): (Isa, ByteIsa),
        order: Option<&Arc<CentroidOrder>>,
    ) -> Arc<BytePanels> {
        let mut made = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_in_order = |made: &BytePanels| match order {
            Some(order) => Arc::ptr_eq(order, &made.order),
            None => *made.order == CentroidOrder::natural(self.k()),
        };
        let found = made.iter().find(|made| made.is_for(bytes) && is_in_order(made));
        if let Some(found) = found {
            return found.clone();
        }
        let order = order.cloned().unwrap_or_else(|| Arc::new(CentroidOrder::natural(self.k())));
        let new = Arc::new(BytePanels::of(workers, (isa, bytes), order, self));
        made.push(new.clone());
        new
    }

    /// Whether scores have other constants than distances do.
    pub(crate) fn has_penalties(&self) -> bool {
        self.centroids.has_penalties()
    }

    /// For sparse rows.
    pub(crate) fn strips(&self, workers: &Workers) -> &Strips {
        self.strips.get_or_init(|| {
            let (c, metric) = (&self.centroids, self.metric);
            Strips::pack(workers, c.offsets(), c.dim(), &self.biases, metric.score_factor())
        })
    }
}
