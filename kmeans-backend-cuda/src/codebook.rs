//! Centroids in device memory.

use std::sync::OnceLock;

use cubecl::prelude::*;
use cubecl::server::Handle;
use kmeans_core::{Centroids, Metric, Result};

use crate::gpu::Gpu;
use crate::shadow::ShadowOfCentroids;

/// Centroids made ready for many rows.
pub struct CubeCodebook {
    pub(crate) k: usize,
    pub(crate) metric: Metric,
    /// k×d, in the frame.
    pub(crate) centroids: Handle,
    /// What they were made of: means that are not yet normalised and rounded.
    pub(crate) means: Handle,
    /// k.
    pub(crate) biases: Handle,
    pub(crate) max_sq_norm: f64,
    /// The centroids in half precision, once matrix units were used.
    pub(crate) shadow: OnceLock<ShadowOfCentroids>,
}

impl CubeCodebook {
    pub(crate) fn new<R: Runtime>(gpu: &Gpu<R>, centroids: &Centroids, metric: Metric) -> Result<Self> {
        let offsets = gpu.upload(centroids.offsets())?;
        Ok(Self {
            k: centroids.k(),
            metric,
            means: offsets.clone(),
            centroids: offsets,
            biases: gpu.upload(&centroids.biases(metric))?,
            max_sq_norm: centroids.max_sq_norm(),
            shadow: OnceLock::new(),
        })
    }

    /// Whether distances are squared ones, and not products.
    pub(crate) fn is_squared(&self) -> bool {
        self.metric == Metric::L2
    }
}
