//! Per-cluster sums in device memory.

use cubecl::prelude::*;
use cubecl::server::Handle;
use kmeans_core::{Frame, PartialStats, Result};

use crate::codebook::CubeCodebook;
use crate::gpu::{Gpu, UNITS, array, cubes, integers};
use crate::kernel::order::{SCAN_UNITS, count_labels, scan_counts, scatter_rows};
use crate::kernel::reduce::{Reduce, TALLIES, add_columns, add_lists, add_shared, add_tallies};
use crate::prepared::{CubePrepared, Slab, column_cubes, column_shape};
use crate::update::tallies;

/// Clusters whose rows a cube counts in shared memory first.
const SHARED_CLUSTERS: usize = 1024;
/// Rows in the order of clusters that a unit adds before it writes.
const RUN: u32 = 32;
/// Rows that a cube adds in shared memory before it writes.
const SHARED_RUN: u32 = 1024;
/// Shared memory that sums may take, so that several cubes run side by side.
const SHARED_BYTES: usize = 24 << 10;

/// Where the sums of a cluster are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reduction {
    /// In shared memory where they fit, else by sorting.
    #[default]
    Auto,
    /// Rows are sorted by cluster first.
    Sorted,
}

/// Sums of the rows of each cluster.
pub struct CubeSums {
    k: usize,
    d: usize,
    /// k×d integers of 64 bits.
    pub(crate) columns: Handle,
    /// The lower limbs, in a wide frame.
    pub(crate) low: Option<Handle>,
    /// Exponents of the grids of columns, d.
    pub(crate) grids: Handle,
    /// k×5 integers: limbs of weight and objective, count.
    pub(crate) tallies: Handle,
    /// Rows that changed cluster, one integer.
    pub(crate) changed: Handle,
}

impl CubeSums {
    /// Sums of no rows.
    fn zero<R: Runtime>(gpu: &Gpu<R>, k: usize, frame: &Frame) -> Result<Self> {
        let d = frame.dim();
        let grids: Vec<i32> = frame.columns().iter().map(|grid| grid.exponent()).collect();
        Ok(Self {
            k,
            d,
            grids: gpu.upload(&grids)?,
            columns: gpu.zeros(2 * k * d)?,
            low: if frame.is_wide() { Some(gpu.zeros(2 * k * d)?) } else { None },
            tallies: gpu.zeros(2 * k * TALLIES as usize)?,
            changed: gpu.zeros(2)?,
        })
    }

    /// Adds the sums of further rows.
    pub(crate) fn merge<R: Runtime>(&mut self, gpu: &Gpu<R>, other: &Self) {
        let cells = self.k * self.d;
        add(gpu, &self.columns, &other.columns, cells);
        if let (Some(low), Some(other)) = (&self.low, &other.low) {
            add(gpu, low, other, cells);
        }
        add(gpu, &self.tallies, &other.tallies, self.k * TALLIES as usize);
        add(gpu, &self.changed, &other.changed, 1);
    }

    /// Brings them to the host.
    pub(crate) fn download<R: Runtime>(self, gpu: &Gpu<R>) -> Result<PartialStats> {
        let mut places = vec![self.columns, self.tallies, self.changed];
        places.extend(self.low);
        let read: Vec<Vec<i64>> = gpu.read(places)?.iter().map(|words| integers(words)).collect();
        let (weights, objective, counts) = tallies(&read[1]);
        Ok(PartialStats {
            weights,
            objective,
            counts,
            changed: read[2][0] as u64,
            sums_low: read.get(3).cloned().unwrap_or_default(),
            sums: read.into_iter().next().unwrap_or_default(),
        })
    }
}

fn add<R: Runtime>(gpu: &Gpu<R>, into: &Handle, other: &Handle, len: usize) {
    // SAFETY: both lists have `len` integers of two words.
    unsafe {
        add_lists::launch_unchecked::<R>(
            &gpu.client,
            cubes(len.div_ceil(UNITS as usize)),
            CubeDim::new_1d(UNITS),
            array(into, 2 * len),
            array(other, 2 * len),
            len as u32,
        );
    }
}

impl CubePrepared<'_> {
    /// Adds all rows by label, and measures how far they are from their centroids.
    pub(crate) fn reduce<R: Runtime>(
        &mut self,
        gpu: &Gpu<R>,
        codebook: &CubeCodebook,
        reduction: Reduction,
    ) -> Result<CubeSums> {
        let sums = CubeSums::zero(gpu, codebook.k, &self.frame)?;
        let cells = codebook.k * (self.d + TALLIES as usize);
        let fits =
            8 * cells.next_power_of_two() <= gpu.shared_bytes().min(SHARED_BYTES) && !self.frame.is_wide();
        for at in 0..self.slabs.len() {
            let terms = self.measure(gpu, at, codebook)?;
            let slab = &self.slabs[at];
            if fits && reduction == Reduction::Auto {
                self.add_in_shared(gpu, slab, &terms, &sums)?;
            } else {
                self.add_sorted(gpu, slab, &terms, &sums)?;
            }
        }
        if let Some(changed) = &self.changed {
            add(gpu, &sums.changed, changed, 1);
        }
        Ok(sums)
    }

    fn add_in_shared<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        terms: &Handle,
        sums: &CubeSums,
    ) -> Result<()> {
        let (n, labels) = (slab.len(), slab.labels(gpu)?);
        let weighted = self.weights.is_some();
        let cells = (sums.k * (self.d + TALLIES as usize)).next_power_of_two() as u32;
        // SAFETY: labels are below k, and cubes look at no row past the slab's.
        unsafe {
            add_shared::launch_unchecked::<R>(
                &gpu.client,
                cubes(n.div_ceil(SHARED_RUN as usize)),
                CubeDim::new_1d(UNITS),
                self.view(gpu, slab)?,
                array(&slab.weights, if weighted { n } else { 1 }),
                array(&labels, n),
                array(terms, 4 * n),
                array(&sums.grids, self.d),
                array(&sums.columns, 2 * sums.k * self.d),
                array(&sums.tallies, 2 * sums.k * TALLIES as usize),
                sums.k as u32,
                self.frame.weight().exponent(),
                self.frame.weight().bits(),
                cells,
                Reduce { weighted, wide: false, run: SHARED_RUN },
            );
        }
        Ok(())
    }

    fn add_sorted<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        terms: &Handle,
        sums: &CubeSums,
    ) -> Result<()> {
        let (n, labels) = (slab.len(), slab.labels(gpu)?);
        let weighted = self.weights.is_some();
        let order = sort_by_label(gpu, slab, sums.k)?;
        let weights = if weighted { n } else { 1 };
        let cells = 2 * sums.k * self.d;
        let nothing = gpu.zeros(2)?;
        let (low, low_cells) = sums.low.as_ref().map_or((&nothing, 2), |low| (low, cells));
        let how = Reduce { weighted, wide: sums.low.is_some(), run: RUN };
        let (columns, groups) = column_shape(self.d);
        let bits = self.frame.weight().bits();
        // SAFETY: labels are below k, and units past the last row or column do nothing.
        unsafe {
            add_columns::launch_unchecked::<R>(
                &gpu.client,
                column_cubes(n, self.d, RUN),
                CubeDim::new_2d(columns, groups),
                self.view(gpu, slab)?,
                array(&slab.weights, weights),
                array(&labels, n),
                array(&order, n),
                array(&sums.grids, self.d),
                array(&sums.columns, cells),
                array(low, low_cells),
                bits,
                how,
            );
            add_tallies::launch_unchecked::<R>(
                &gpu.client,
                cubes(n.div_ceil((RUN * UNITS) as usize)),
                CubeDim::new_1d(UNITS),
                array(&slab.weights, weights),
                array(&labels, n),
                array(&order, n),
                array(terms, 4 * n),
                array(&sums.tallies, 2 * sums.k * TALLIES as usize),
                n as u32,
                self.frame.weight().exponent(),
                bits,
                how,
            );
        }
        Ok(())
    }
}

/// The rows of a slab in the order of their clusters.
fn sort_by_label<R: Runtime>(gpu: &Gpu<R>, slab: &Slab, k: usize) -> Result<Handle> {
    let (n, labels) = (slab.len(), slab.labels(gpu)?);
    let shared = if k <= SHARED_CLUSTERS { k.next_power_of_two() as u32 } else { 0 };
    let (counts, starts, order) = (gpu.zeros(k)?, gpu.empty(k)?, gpu.empty(n)?);
    let (count, dim) = (cubes(n.div_ceil(UNITS as usize)), CubeDim::new_1d(UNITS));
    // SAFETY: labels are below k, and units past the last row do nothing.
    unsafe {
        count_labels::launch_unchecked::<R>(
            &gpu.client,
            count.clone(),
            dim,
            array(&labels, n),
            array(&counts, k),
            n as u32,
            k as u32,
            shared,
        );
        scan_counts::launch_unchecked::<R>(
            &gpu.client,
            cubes(1),
            CubeDim::new_1d(SCAN_UNITS),
            array(&counts, k),
            array(&starts, k),
            k as u32,
        );
        scatter_rows::launch_unchecked::<R>(
            &gpu.client,
            count,
            dim,
            array(&labels, n),
            array(&starts, k),
            array(&order, n),
            n as u32,
            k as u32,
            shared,
        );
    }
    Ok(order)
}
