//! The next centroids, made where the sums are.

use std::sync::OnceLock;

use cubecl::prelude::*;
use cubecl::server::Handle;
use kmeans_core::{Centroids, Fixed, Frame, PendingTally, Result, Split, Tally, Update};

use crate::codebook::CubeCodebook;
use crate::gpu::{Gpu, UNITS, array, cubes, integers, numbers};
use crate::kernel::centroids::{Finish, describe_centroids, finish_centroids, mean_rows, split_means};
use crate::kernel::distance::GROUPS;
use crate::kernel::measure::cube_dim;
use crate::kernel::reduce::TALLIES;
use crate::sums::CubeSums;

/// How far centroids may lie out beyond the rows that they are means of: splits push them.
const SLACK: f64 = 1.01;

impl CubeCodebook {
    /// The next centroids from sums of an assignment to these, and the tally of that.
    pub(crate) fn advance<'g, R: Runtime>(
        &self,
        gpu: &'g Gpu<R>,
        sums: &CubeSums,
        frame: &Frame,
        update: Update,
        native: bool,
    ) -> Result<(Self, PendingTally<'g>)> {
        let d = frame.dim();
        let cells = self.k * d;
        let means = gpu.empty(cells)?;
        let nothing = gpu.zeros(2)?;
        let (low, low_cells) = sums.low.as_ref().map_or((&nothing, 1), |low| (low, cells));
        // SAFETY: units past the last coordinate do nothing.
        unsafe {
            mean_rows::launch_unchecked::<R>(
                &gpu.client,
                cubes(cells.div_ceil(UNITS as usize)),
                CubeDim::new_1d(UNITS),
                array(&self.centroids, cells),
                array(&sums.columns, 2 * cells),
                array(low, 2 * low_cells),
                array(&sums.tallies, 2 * self.k * TALLIES as usize),
                array(&sums.grids, d),
                array(&means, cells),
                self.k as u32,
                d as u32,
                update.frozen as u32,
                frame.weight().exponent(),
                frame.weight().bits(),
                0,
                frame.is_wide(),
                native,
            );
        }
        let mut next = Self {
            k: self.k,
            metric: self.metric,
            centroids: means.clone(),
            means,
            biases: gpu.empty(self.k)?,
            max_sq_norm: self.reach(frame, update),
            shadow: OnceLock::new(),
        };
        let known = next.finish(gpu, &self.centroids, frame, update, native)?;
        let grid = frame.objective(self.metric, self.max_sq_norm);
        let asked = gpu.ask(vec![sums.tallies.clone(), sums.changed.clone(), known]);
        let tally = move || {
            let read = gpu.wait(asked)?;
            let known = numbers(read[2].clone());
            let of = |at: usize| {
                known.chunks_exact(4).map(|of| f64::from(of[at]) + f64::from(of[at + 1])).collect()
            };
            let (weights, objective, counts) = tallies(&integers(&read[0]));
            let changed = integers(&read[1])[0] as u64;
            Ok(Tally { weights, counts, objective, grid, changed, moved: of(0), sq_norms: of(2) })
        };
        Ok((next, Box::new(tally)))
    }

    /// Makes centroids and biases from the means; gives what is known of them.
    fn finish<R: Runtime>(
        &mut self,
        gpu: &Gpu<R>,
        before: &Handle,
        frame: &Frame,
        update: Update,
        native: bool,
    ) -> Result<Handle> {
        let cells = self.k * frame.dim();
        self.shadow = OnceLock::new();
        if update.spherical || update.integer {
            self.centroids = finished(gpu, &self.means, self.k, frame, update, native)?;
        }
        let known = gpu.empty(4 * self.k)?;
        // SAFETY: groups past the last centroid look at that one and write nothing.
        unsafe {
            describe_centroids::launch_unchecked::<R>(
                &gpu.client,
                cubes(self.k.div_ceil(GROUPS as usize)),
                cube_dim(),
                array(before, cells),
                array(&self.means, cells),
                array(&self.centroids, cells),
                array(&self.biases, self.k),
                array(&known, 4 * self.k),
                self.k as u32,
                frame.dim() as u32,
                0.0,
                self.is_squared(),
                native,
            );
        }
        Ok(known)
    }

    /// Splits clusters, one after the other.
    pub(crate) fn split<R: Runtime>(
        &mut self,
        gpu: &Gpu<R>,
        splits: &[Split],
        frame: &Frame,
        update: Update,
        native: bool,
    ) -> Result<()> {
        let d = frame.dim();
        let pairs: Vec<u32> =
            splits.iter().flat_map(|split| [split.donor as u32, split.receiver as u32]).collect();
        let pushes: Vec<f32> = splits.iter().map(|split| split.push).collect();
        let signs: Vec<f32> = splits.iter().flat_map(|split| split.signs.iter().copied()).collect();
        let (pairs, pushes, signs) = (gpu.upload(&pairs)?, gpu.upload(&pushes)?, gpu.upload(&signs)?);
        // SAFETY: donors and receivers are below k, and units past the last column do nothing.
        unsafe {
            split_means::launch_unchecked::<R>(
                &gpu.client,
                cubes(d.div_ceil(UNITS as usize)),
                CubeDim::new_1d(UNITS),
                array(&self.means, self.k * d),
                array(&pairs, 2 * splits.len()),
                array(&pushes, splits.len()),
                array(&signs, splits.len() * d),
                splits.len() as u32,
                d as u32,
            );
        }
        let means = self.means.clone();
        self.finish(gpu, &means, frame, update, native).map(drop)
    }

    /// Brings them to the host.
    pub(crate) fn download<R: Runtime>(&self, gpu: &Gpu<R>, d: usize) -> Result<Centroids> {
        Ok(Centroids::from_offsets(numbers(gpu.read_one(&self.centroids)?), d))
    }

    /// A bound of `‖c‖²` over the next centroids, which nobody has seen: it fixes the grid of their objective.
    fn reach(&self, frame: &Frame, update: Update) -> f64 {
        let scale = f64::from(frame.scale());
        let mut radius = frame.sq_radius().sqrt();
        if update.spherical {
            radius = radius.max(scale);
        }
        if update.integer {
            radius += scale * (frame.dim() as f64).sqrt();
        }
        (radius * radius * SLACK).max(self.max_sq_norm)
    }
}

/// Centroids scaled to length 1 and rounded, as `update` asks for.
pub(crate) fn finished<R: Runtime>(
    gpu: &Gpu<R>,
    means: &Handle,
    k: usize,
    frame: &Frame,
    update: Update,
    native: bool,
) -> Result<Handle> {
    let d = frame.dim();
    let (origin, centroids) = (gpu.upload(frame.origin())?, gpu.empty(k * d)?);
    let finish = Finish { spherical: update.spherical, integer: update.integer, native };
    // SAFETY: groups past the last centroid look at that one and write nothing.
    unsafe {
        finish_centroids::launch_unchecked::<R>(
            &gpu.client,
            cubes(k.div_ceil(GROUPS as usize)),
            cube_dim(),
            array(means, k * d),
            array(&origin, d),
            array(&centroids, k * d),
            frame.scale(),
            1.0 / frame.scale(),
            update.frozen as u32,
            k as u32,
            d as u32,
            0.0,
            finish,
        );
    }
    Ok(centroids)
}

/// Weights, objectives and counts of the tallies of each cluster.
pub(crate) fn tallies(tallies: &[i64]) -> (Vec<Fixed>, Vec<Fixed>, Vec<u64>) {
    let column = |j: usize| tallies.iter().skip(j).step_by(TALLIES as usize).copied();
    let limbs = |j| column(j).zip(column(j + 1)).map(|(high, low)| Fixed { high, low }).collect();
    (limbs(0), limbs(2), column(4).map(|count| count as u64).collect())
}
