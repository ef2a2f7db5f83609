//! Shadows: rows and centroids in half precision, scaled to its range, for matrix units.

use cubecl::prelude::*;
use cubecl::server::Handle;
use half::f16;
use kmeans_core::Result;

use crate::codebook::CubeCodebook;
use crate::gpu::{Gpu, array, cubes};
use crate::kernel::distance::GROUPS;
use crate::kernel::measure::cube_dim;
use crate::kernel::rows::{Encoding, Load, RowsViewLaunch};
use crate::kernel::screen::shadow_rows;
use crate::prepared::{CubePrepared, Slab};

/// Lengths are scaled to it: squares of halves stay far from the range of `f32`, and small values above that of halves.
const LARGEST: f64 = 8192.0;

/// Rows in half precision.
#[derive(Clone)]
pub(crate) struct Shadow {
    pub(crate) halves: Handle,
    /// Their lengths.
    pub(crate) norms: Handle,
}

/// Centroids in half precision.
#[derive(Clone)]
pub(crate) struct ShadowOfCentroids {
    pub(crate) halves: Handle,
    /// The largest length and the largest bias.
    pub(crate) reach: Handle,
    /// By what they were multiplied.
    scale: f32,
}

/// Columns of a shadow.
pub(crate) fn depth(d: usize) -> u32 {
    d.next_multiple_of(16) as u32
}

/// The power of two that scales lengths to at most [`LARGEST`].
pub(crate) fn scale(sq_radius: f64) -> f32 {
    if sq_radius == 0.0 {
        return 1.0;
    }
    2.0_f64.powi((LARGEST / sq_radius.sqrt()).log2().floor().clamp(-100.0, 60.0) as i32) as f32
}

/// Bytes of the shadow of a row.
pub(crate) fn shadow_bytes(d: usize) -> u64 {
    (d.next_multiple_of(16) * size_of::<f16>() + size_of::<f32>()) as u64
}

impl CubePrepared<'_> {
    /// The rows of a slab in half precision.
    pub(crate) fn shadow<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        scale: f32,
        depth: u32,
    ) -> Result<Shadow> {
        let (shadow, _) = shadow(gpu, self.view(gpu, slab)?, slab.len(), None, scale, depth)?;
        Ok(shadow)
    }
}

impl CubeCodebook {
    /// The centroids in half precision; made once.
    pub(crate) fn shadow<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        scale: f32,
        d: usize,
        depth: u32,
    ) -> Result<ShadowOfCentroids> {
        if let Some(made) = self.shadow.get().filter(|made| made.scale == scale) {
            return Ok(made.clone());
        }
        // Centroids are in the frame.
        let (nowhere, nothing) = (gpu.zeros(d)?, gpu.zeros(1)?);
        let load = Load { encoding: Encoding::F32, unit_rows: false, native: false };
        let centroids = RowsViewLaunch::new(
            array(&self.centroids, self.k * d),
            array(&nowhere, d),
            array(&nothing, 1),
            1.0,
            self.k as u32,
            d as u32,
            0,
            load,
        );
        let (shadow, reach) = shadow(gpu, centroids, self.k, Some(&self.biases), scale, depth)?;
        let made = ShadowOfCentroids { halves: shadow.halves, reach, scale };
        let _ = self.shadow.set(made.clone());
        Ok(made)
    }
}

/// Halves and lengths of `n` rows; of centroids, which have biases, also the largest.
fn shadow<R: Runtime>(
    gpu: &Gpu<R>,
    rows: RowsViewLaunch<R>,
    n: usize,
    biases: Option<&Handle>,
    scale: f32,
    depth: u32,
) -> Result<(Shadow, Handle)> {
    let (halves, norms) = (gpu.empty((n * depth as usize).div_ceil(2))?, gpu.empty(n)?);
    let (reach, nothing) = (gpu.zeros(2)?, gpu.zeros(1)?);
    let (of_biases, len) = biases.map_or((&nothing, 1), |biases| (biases, n));
    // SAFETY: groups past the last row write nothing.
    unsafe {
        shadow_rows::launch_unchecked::<R>(
            &gpu.client,
            cubes(n.div_ceil(GROUPS as usize)),
            cube_dim(),
            rows,
            array(of_biases, len),
            array(&halves, n * depth as usize),
            array(&norms, n),
            array(&reach, 2),
            scale,
            depth,
            biases.is_some(),
        );
    }
    Ok((Shadow { halves, norms }, reach))
}
