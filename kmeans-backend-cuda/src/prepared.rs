//! Rows in device memory, by slabs, with their labels and distances.

use std::ops::Range;

use cubecl::prelude::*;
use cubecl::server::Handle;
use kmeans_core::{Extent, Frame, Result, SparseRows};

use crate::gpu::{Gpu, UNITS, array, cubes, numbers};
use crate::kernel::extent::{at_place, find_extent};
use crate::kernel::gather::gather_rows;
use crate::kernel::rows::{Load, RowsViewLaunch};
use crate::kernel::sparse::{SPARSE_GROUPS, SPARSE_LANES, write_rows};
use crate::kernel::unit::unit_factors;
use crate::shadow::Shadow;

/// Slabs begin at a multiple of so many rows, where any device can begin an array.
const SLAB_ROWS: usize = 64;
/// Values of a slab: small beside the pages in which CubeCL takes memory, so that little of a page is left over, and
/// small enough that no direction of a launch has too many cubes.
pub(crate) const SLAB_BYTES: u64 = 256 << 20;
/// Sparse rows are written out with their zeros, so many bytes at a time.
const DENSE_BYTES: u64 = 64 << 20;
/// Rows of a column that a unit looks at for its range.
const EXTENT_RUN: u32 = 64;

/// Rows made ready: values, labels and distances in device memory.
///
/// An array of a device is smaller than what rows may take, and kernels count in 32 bits: rows are in slabs.
pub struct CubePrepared<'p> {
    /// Sparse rows as they are on the host.
    pub(crate) sparse: Option<SparseRows<'p>>,
    pub(crate) slabs: Vec<Slab>,
    pub(crate) n: usize,
    pub(crate) d: usize,
    pub(crate) frame: Frame,
    pub(crate) weights: Option<&'p [f32]>,
    pub(crate) load: Load,
    /// `origin · scale`, d.
    shift: Handle,
    /// Rows that changed cluster in the last assignment: a 64-bit integer.
    pub(crate) changed: Option<Handle>,
    /// Whether a screen by matrix units decided enough rows, once it has been seen.
    pub(crate) screen_pays: Option<bool>,
    /// How many rows of the slab assigned last the exact kernel had to decide after a screen.
    #[cfg(test)]
    pub(crate) unsure: Option<Handle>,
    /// Waits for what the thread has asked for.
    finish: Box<dyn Fn() + Send + Sync>,
}

impl Drop for CubePrepared<'_> {
    /// CubeCL gives memory of a stream away once nobody holds it, even if a kernel on another stream has yet to read
    /// it; rows are made ready on a stream of their own.
    fn drop(&mut self) {
        (self.finish)();
    }
}

/// The values of a slab.
pub(crate) enum Values {
    /// All of them, as they are encoded.
    Dense(Handle),
    /// Those that are not zero. They are written out for each kernel that looks at them.
    Sparse {
        /// Where rows begin and the last one ends.
        starts: Handle,
        columns: Handle,
        values: Handle,
        entries: usize,
    },
}

/// Some rows that follow each other.
pub(crate) struct Slab {
    pub(crate) rows: Range<usize>,
    values: Values,
    pub(crate) weights: Handle,
    /// `None`: zeros still. They come and go with assignments, on the stream of whoever computes.
    pub(crate) labels: Option<Handle>,
    pub(crate) distances: Option<Handle>,
    /// Dense rows in half precision, once matrix units were used.
    pub(crate) shadow: Option<Shadow>,
    /// Labels and distances to go back to.
    pub(crate) kept: Option<(Option<Handle>, Option<Handle>)>,
    /// See [`crate::kernel::rows::RowsView::factors`].
    factors: Handle,
}

impl Slab {
    /// The labels on the device.
    pub(crate) fn labels<R: Runtime>(&self, gpu: &Gpu<R>) -> Result<Handle> {
        self.labels.clone().map_or_else(|| gpu.zeros(self.len()), Ok)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<'p> CubePrepared<'p> {
    /// Slabs of `step` rows for n, whose values `values_of` brings to the device.
    pub(crate) fn new<R: Runtime>(
        gpu: &Gpu<R>,
        load: Load,
        [n, d, step]: [usize; 3],
        weights: Option<&'p [f32]>,
        values_of: impl Fn(Range<usize>) -> Result<Values>,
    ) -> Result<Self> {
        let nothing = gpu.zeros(1)?;
        let mut slabs = Vec::new();
        for start in (0..n).step_by(step) {
            let rows = start..n.min(start + step);
            slabs.push(Slab {
                values: values_of(rows.clone())?,
                weights: match weights {
                    Some(weights) => gpu.upload(&weights[rows.clone()])?,
                    None => nothing.clone(),
                },
                labels: None,
                distances: None,
                shadow: None,
                kept: None,
                factors: nothing.clone(),
                rows,
            });
            gpu.flush()?;
        }
        let nowhere = Extent::new(vec![0.0; d], vec![0.0; d], n, weights);
        let frame = Frame::at_origin(vec![0.0; d], &nowhere);
        let shift = gpu.upload(&vec![0.0_f32; d])?;
        let owner = gpu.clone();
        // What went wrong is told when something is read.
        let finish = Box::new(move || drop(owner.finish()));
        Ok(Self {
            sparse: None,
            slabs,
            n,
            d,
            frame,
            weights,
            load,
            shift,
            changed: None,
            screen_pays: None,
            #[cfg(test)]
            unsure: None,
            finish,
        })
    }

    /// Sets the coordinates in which rows are seen from now on.
    pub(crate) fn set_frame<R: Runtime>(&mut self, gpu: &Gpu<R>, frame: &Frame) -> Result<()> {
        let scale = frame.scale();
        let shift: Vec<f32> = frame.origin().iter().map(|o| o * scale).collect();
        self.shift = gpu.upload(&shift)?;
        self.frame = frame.clone();
        self.load.unit_rows = false;
        self.slabs.iter_mut().for_each(|slab| slab.shadow = None);
        if frame.has_unit_rows() {
            for at in 0..self.slabs.len() {
                let slab = &self.slabs[at];
                let factors = gpu.empty(4 * slab.len())?;
                // SAFETY: the factors have four places a row.
                unsafe {
                    unit_factors::launch_unchecked::<R>(
                        &gpu.client,
                        cubes(slab.len().div_ceil(UNITS as usize)),
                        CubeDim::new_1d(UNITS),
                        self.view(gpu, slab)?,
                        array(&factors, 4 * slab.len()),
                        0.0,
                    );
                }
                self.slabs[at].factors = factors;
            }
            self.load.unit_rows = true;
        }
        Ok(())
    }

    /// The rows of a slab as the argument of a kernel.
    pub(crate) fn view<R: Runtime>(&self, gpu: &Gpu<R>, slab: &Slab) -> Result<RowsViewLaunch<R>> {
        self.view_of(gpu, slab, slab.len())
    }

    /// The same of the first `n` rows of a slab.
    pub(crate) fn view_of<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        n: usize,
    ) -> Result<RowsViewLaunch<R>> {
        let words = match &slab.values {
            Values::Dense(words) => words.clone(),
            Values::Sparse { starts, columns, values, entries } => {
                let written = gpu.zeros(slab.len() * self.d)?;
                // SAFETY: rows and columns are those of the slab; groups past the last row write nothing.
                unsafe {
                    write_rows::launch_unchecked::<R>(
                        &gpu.client,
                        cubes(n.div_ceil(SPARSE_GROUPS as usize)),
                        CubeDim::new_2d(SPARSE_LANES, SPARSE_GROUPS),
                        array(starts, slab.len() + 1),
                        array(columns, *entries),
                        array(values, *entries),
                        array(&written, slab.len() * self.d),
                        n as u32,
                        self.d as u32,
                    );
                }
                written
            }
        };
        let factors = if self.load.unit_rows { 4 * slab.len() } else { 1 };
        Ok(RowsViewLaunch::new(
            array(&words, (slab.len() * self.d).div_ceil(self.load.encoding.per_word())),
            array(&self.shift, self.d),
            array(&slab.factors, factors),
            self.frame.scale(),
            n as u32,
            self.d as u32,
            0,
            self.load,
        ))
    }

    /// Smallest and largest value of each column, or where the first value stands that is neither.
    pub(crate) fn extent<R: Runtime>(&self, gpu: &Gpu<R>) -> Result<Result<Extent, (usize, usize, f32)>> {
        if let Some(rows) = &self.sparse {
            return Ok(Extent::of_csr(rows.view(), self.weights));
        }
        // Where nothing has weight, all rows count, to have a range at all.
        let weighted = self.weights.is_some_and(|weights| weights.iter().any(|&w| w > 0.0));
        let d = self.d;
        let lowest = gpu.upload(&vec![u32::MAX; d])?;
        let highest = gpu.zeros(d)?;
        let mut max_abs = 0.0_f32;
        let (columns, groups) = column_shape(d);
        for slab in &self.slabs {
            let whole = gpu.upload(&[0, u32::MAX])?;
            let weights = if weighted { slab.len() } else { 1 };
            // SAFETY: units past the last row or column do nothing.
            unsafe {
                find_extent::launch_unchecked::<R>(
                    &gpu.client,
                    column_cubes(slab.len(), d, EXTENT_RUN),
                    CubeDim::new_2d(columns, groups),
                    self.view(gpu, slab)?,
                    array(&slab.weights, weights),
                    array(&lowest, d),
                    array(&highest, d),
                    array(&whole, 2),
                    weighted,
                    EXTENT_RUN,
                );
            }
            let whole = gpu.read_one(&whole)?;
            if whole[1] != u32::MAX {
                let at = whole[1] as usize;
                let row = slab.rows.start + at / d;
                return Ok(Err((row, at % d, self.gather(gpu, &[row])?[at % d])));
            }
            max_abs = max_abs.max(f32::from_bits(whole[0]));
        }
        let ranges = gpu.read(vec![lowest, highest])?;
        let [min, max] = [0, 1].map(|i| ranges[i].iter().map(|&place| at_place(place)).collect());
        let mut extent = Extent::new(min, max, self.n, self.weights);
        extent.max_abs = max_abs;
        Ok(Ok(extent))
    }

    /// Rows by number, in the frame.
    pub(crate) fn gather<R: Runtime>(&self, gpu: &Gpu<R>, ids: &[usize]) -> Result<Vec<f32>> {
        let mut out = Vec::with_capacity(ids.len() * self.d);
        if let Some(rows) = &self.sparse {
            for &id in ids {
                let mut row = rows.slice(id..id + 1).to_dense();
                self.frame.bring_in(&mut row);
                out.extend(row);
            }
            return Ok(out);
        }
        let most = (gpu.most_bytes() as usize / 4 / self.d).max(1);
        let mut left = ids;
        while let Some(first) = left.first() {
            let slab = self.slabs.iter().find(|slab| slab.rows.contains(first)).expect("the row is there");
            let here = left.iter().take_while(|id| slab.rows.contains(id)).count().min(most);
            let (now, later) = left.split_at(here);
            left = later;
            let numbers_of: Vec<u32> = now.iter().map(|id| (id - slab.rows.start) as u32).collect();
            let count = now.len() * self.d;
            let (picked, gathered) = (gpu.upload(&numbers_of)?, gpu.empty(count)?);
            // SAFETY: rows are in the slab, and there is a place for each of their values.
            unsafe {
                gather_rows::launch_unchecked::<R>(
                    &gpu.client,
                    cubes(count.div_ceil(UNITS as usize)),
                    CubeDim::new_1d(UNITS),
                    self.view(gpu, slab)?,
                    array(&picked, now.len()),
                    array(&gathered, count),
                    now.len() as u32,
                );
            }
            out.extend(numbers(gpu.read_one(&gathered)?));
        }
        Ok(out)
    }
}

impl Values {
    /// Some sparse rows, sent as they are.
    pub(crate) fn of_sparse<R: Runtime>(gpu: &Gpu<R>, rows: &SparseRows<'_>) -> Result<Self> {
        let view = rows.view();
        let first = view.indptr()[0];
        let starts: Vec<u32> = view.indptr().iter().map(|start| (start - first) as u32).collect();
        Ok(Self::Sparse {
            starts: gpu.upload(&starts)?,
            columns: gpu.upload(view.indices())?,
            values: gpu.upload(view.values())?,
            entries: view.nnz(),
        })
    }
}

/// Rows of a slab: the values, written out if they are sparse, and what else is kept of a row fit the arrays of the
/// device; `bytes` at most; and elements can be counted in 32 bits, whatever their size.
pub(crate) fn slab_rows<R: Runtime>(
    gpu: &Gpu<R>,
    bytes: u64,
    is_sparse: bool,
    load: Load,
    d: usize,
) -> Result<usize> {
    let most = gpu.most_bytes().min(if is_sparse { bytes.min(DENSE_BYTES) } else { bytes });
    // Four words are kept of a row.
    let most_rows = |bytes: u64| bytes as usize / (size_of::<f32>() * d).max(16);
    let rows = most_rows(most);
    if rows == 0 && d.div_ceil(load.encoding.per_word()) * size_of::<u32>() > gpu.most_bytes() as usize {
        return gpu.fail(format!("one row of {d} columns is more than an array of the device takes"));
    }
    let fits = most_rows(gpu.most_bytes());
    Ok(if rows < SLAB_ROWS { fits.clamp(1, SLAB_ROWS) } else { rows / SLAB_ROWS * SLAB_ROWS })
}

/// Units of a cube along columns and along rows.
pub(crate) fn column_shape(d: usize) -> (u32, u32) {
    let columns = (d as u32).next_power_of_two().min(UNITS);
    (columns, UNITS / columns)
}

/// Cubes for `rows` rows, `run` to a unit, and all columns.
pub(crate) fn column_cubes(rows: usize, d: usize, run: u32) -> CubeCount {
    let (columns, groups) = column_shape(d);
    CubeCount::Static((rows as u32).div_ceil(run * groups), (d as u32).div_ceil(columns), 1)
}
