//! Labels by matrix units: screened in half precision, and decided exactly where that does not tell.

use std::sync::atomic::{AtomicU8, Ordering};

use cubecl::ir::features::MmaConfig;
use cubecl::ir::{ElemType, FloatKind, StorageType};
use cubecl::prelude::*;
use cubecl::server::Handle;
use kmeans_core::Result;

use crate::assign::Choices;
use crate::codebook::CubeCodebook;
use crate::gpu::{Gpu, UNITS, array, cubes};
use crate::kernel::nearest::{SIDE, assign_rows};
use crate::kernel::screen::{self, Screen, count_changed, screen_rows};
use crate::prepared::{CubePrepared, Slab};
use crate::shadow::{depth, scale, shadow_bytes};
use crate::tiles::Tiles;

/// Fewer columns, centroids or rows are assigned as fast without.
const FEWEST_COLUMNS: usize = 16;
const FEWEST_CENTROIDS: usize = 64;
const FEWEST_ROWS: usize = 1 << 13;
/// Rows whose labels are compared with those of the exact kernel when matrix units are first used.
const CHECKED_ROWS: usize = 4096;
/// The share of the rows that a screen may leave to the exact kernel. It takes 0.3 to 0.4 of the time of that kernel (an
/// H200, d of 128 and 768): with more left it does not pay, and the next assignments of these rows do without.
const MOST_UNSURE: (usize, usize) = (1, 2);
/// Rows of a unit that counts changes.
const RUN: u32 = 32;
/// Shared memory of a cube of an NVIDIA GPU that leaves room for a second one.
const SHARED_BYTES: u32 = 110 << 10;

/// Whether rows are screened by matrix units first. Labels do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MatrixUnits {
    /// Where the device has them and there is enough to do: 8192 rows or more, 64 centroids, 16 columns. Rows of which
    /// half precision decided fewer than half at their first assignment do without.
    #[default]
    Auto,
    /// All pairs are scored exactly.
    Off,
    /// Where the device has them, however little there is to do.
    Always,
    /// Screened without matrix units, whatever there is to do: slow, for tests.
    Emulated,
}

/// What is known of a device's matrix units after their first use: 0 nothing yet, 1 that they can be trusted, 2 that
/// they cannot.
#[derive(Debug, Default)]
pub(crate) struct Trust(AtomicU8);

impl Trust {
    /// Whether their labels were others than those of the exact kernel, which does all since.
    pub(crate) fn is_lost(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 2
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn decide(&self, is_right: bool) {
        self.0.store(if is_right { 1 } else { 2 }, Ordering::Relaxed);
    }
}

/// Which rows of a slab the exact kernel looks at.
#[derive(Clone, Copy)]
pub(crate) enum Which<'a> {
    /// All; how many change cluster is added there.
    All { changed: Option<&'a Handle> },
    /// The first so many.
    First(usize),
    /// Those of a list that is as long as `count` says.
    Listed { list: &'a Handle, count: &'a Handle },
}

impl MatrixUnits {
    /// Whether shadows are kept of dense rows of `d` columns for `k` centroids.
    pub(crate) fn keeps_shadows<R: Runtime>(self, gpu: &Gpu<R>, d: usize, k: usize) -> bool {
        let is_worth = self == Self::Always || d >= FEWEST_COLUMNS && k >= FEWEST_CENTROIDS;
        matches!(self, Self::Auto | Self::Always)
            && is_worth
            && has_matrix_units(gpu)
            && by_matrix(gpu, d, true).is_some()
    }

    /// How to screen rows of a slab, if they are.
    fn screen<R: Runtime>(
        self,
        gpu: &Gpu<R>,
        trust: &Trust,
        rows: usize,
        d: usize,
        codebook: &CubeCodebook,
    ) -> Option<Screen> {
        if shadow_bytes(d).saturating_mul(rows as u64) > gpu.most_bytes() {
            return None;
        }
        let is_worth = rows >= FEWEST_ROWS && d >= FEWEST_COLUMNS && codebook.k >= FEWEST_CENTROIDS;
        let squared = codebook.is_squared();
        match self {
            Self::Off => None,
            Self::Emulated => {
                Some(Screen { rows: 32, centroids: 32, depth: depth(d), squared, by_matrix: false })
                    .filter(|screen| screen.shared_bytes() <= gpu.shared_bytes() as u32)
            }
            Self::Auto if !is_worth => None,
            Self::Auto | Self::Always if trust.is_lost() || !has_matrix_units(gpu) => None,
            Self::Auto | Self::Always => by_matrix(gpu, d, squared),
        }
    }
}

/// The screen by matrix units for rows of `d` columns, unless those are too many for shared memory.
fn by_matrix<R: Runtime>(gpu: &Gpu<R>, d: usize, squared: bool) -> Option<Screen> {
    let most = SHARED_BYTES.min(gpu.shared_bytes() as u32);
    [128, 64, 32]
        .map(|rows| Screen { rows, centroids: 64, depth: depth(d), squared, by_matrix: true })
        .into_iter()
        .find(|screen| screen.shared_bytes() <= most)
}

/// Whether there are units for pieces of 16×16×16, in planes of 32.
fn has_matrix_units<R: Runtime>(gpu: &Gpu<R>) -> bool {
    let of = |kind| StorageType::Scalar(ElemType::Float(kind));
    let (half, single) = (of(FloatKind::F16), of(FloatKind::F32));
    let wanted = MmaConfig { a_type: half, b_type: half, cd_type: single, m: 16, n: 16, k: 16 };
    let properties = gpu.client.properties();
    properties.features.matmul.cmma.contains(&wanted) && properties.hardware.plane_size_min == 32
}

impl CubePrepared<'_> {
    /// Labels of the rows of a slab by matrix units, where those are used; and the changes are counted.
    pub(crate) fn assign_by_matrix<R: Runtime>(
        &mut self,
        gpu: &Gpu<R>,
        at: usize,
        codebook: &CubeCodebook,
        (units, trust, tiles): Choices<'_>,
    ) -> Result<Option<Handle>> {
        let n = self.slabs[at].len();
        let Some(screen) = units.screen(gpu, trust, n, self.d, codebook) else { return Ok(None) };
        if units == MatrixUnits::Auto && self.screen_pays == Some(false) {
            return Ok(None);
        }
        let scale = scale(self.frame.sq_radius());
        let shadow = match &self.slabs[at].shadow {
            Some(shadow) => shadow.clone(),
            None => self.shadow(gpu, &self.slabs[at], scale, screen.depth)?,
        };
        // Sparse rows are small, and stay so.
        if self.sparse.is_none() {
            self.slabs[at].shadow = Some(shadow.clone());
        }
        let slab = &self.slabs[at];
        let of_centroids = codebook.shadow(gpu, scale, self.d, screen.depth)?;
        let (labels, list, unsure) = (gpu.zeros(n)?, gpu.empty(n)?, gpu.zeros(1)?);
        // SAFETY: units past the last row or centroid read and write nothing.
        unsafe {
            screen_rows::launch_unchecked::<R>(
                &gpu.client,
                cubes(n.div_ceil(screen.rows as usize)),
                CubeDim::new_1d(screen::UNITS),
                array(&shadow.halves, n * screen.depth as usize),
                array(&shadow.norms, n),
                array(&of_centroids.halves, codebook.k * screen.depth as usize),
                array(&codebook.biases, codebook.k),
                array(&of_centroids.reach, 2),
                array(&labels, n),
                array(&unsure, 1),
                array(&list, n),
                n as u32,
                codebook.k as u32,
                scale * scale,
                screen,
            );
        }
        let which = Which::Listed { list: &list, count: &unsure };
        self.assign_exactly(gpu, slab, codebook, tiles, &labels, which)?;
        if self.screen_pays.is_none() {
            let unsure = gpu.read_one(&unsure)?[0] as usize;
            self.screen_pays = Some(MOST_UNSURE.1 * unsure <= MOST_UNSURE.0 * n);
        }
        #[cfg(test)]
        {
            self.unsure = Some(unsure);
        }
        let slab = &self.slabs[at];
        if screen.by_matrix && trust.is_open() {
            trust.decide(self.agrees(gpu, slab, codebook, tiles, &labels)?);
            if trust.is_lost() {
                return Ok(None);
            }
        }
        if let Some(changed) = &self.changed {
            differences(gpu, &slab.labels(gpu)?, &labels, n, changed);
        }
        Ok(Some(labels))
    }

    /// Whether labels of the first rows are those of the exact kernel.
    fn agrees<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        codebook: &CubeCodebook,
        tiles: Tiles,
        labels: &Handle,
    ) -> Result<bool> {
        let n = slab.len().min(CHECKED_ROWS);
        let (exact, other) = (gpu.empty(n)?, gpu.zeros(2)?);
        self.assign_exactly(gpu, slab, codebook, tiles, &exact, Which::First(n))?;
        differences(gpu, &exact, labels, n, &other);
        Ok(gpu.read_one(&other)?[0] == 0)
    }

    /// Labels of some rows of a slab by the exact kernel.
    pub(crate) fn assign_exactly<R: Runtime>(
        &self,
        gpu: &Gpu<R>,
        slab: &Slab,
        codebook: &CubeCodebook,
        tiles: Tiles,
        labels: &Handle,
        which: Which<'_>,
    ) -> Result<()> {
        let nothing = gpu.zeros(2)?;
        let n = if let Which::First(n) = which { n } else { slab.len() };
        let (list, listed, entries) = match which {
            Which::Listed { list, count } => (list, count, n),
            Which::All { .. } | Which::First(_) => (&nothing, &nothing, 1),
        };
        let changed = match which {
            Which::All { changed: Some(changed) } => changed,
            _ => &nothing,
        };
        let mut tile = tiles.tile(n, codebook.k, codebook.is_squared(), gpu.shared_bytes());
        tile.listed = matches!(which, Which::Listed { .. });
        let before = slab.labels(gpu)?;
        // SAFETY: cubes look at no row past `n` and no centroid past k, and each row has a label.
        unsafe {
            assign_rows::launch_unchecked::<R>(
                &gpu.client,
                cubes(n.div_ceil(tile.cube_rows() as usize)),
                CubeDim::new_2d(SIDE, SIDE),
                self.view_of(gpu, slab, n)?,
                array(list, entries),
                array(listed, 1),
                array(&codebook.centroids, codebook.k * self.d),
                array(&codebook.biases, codebook.k),
                array(&before, n),
                array(labels, n),
                array(changed, 2),
                codebook.k as u32,
                tile,
            );
        }
        Ok(())
    }
}

/// Adds how many of the first `n` labels differ.
fn differences<R: Runtime>(gpu: &Gpu<R>, before: &Handle, labels: &Handle, n: usize, changed: &Handle) {
    // SAFETY: units past the last row do nothing.
    unsafe {
        count_changed::launch_unchecked::<R>(
            &gpu.client,
            cubes(n.div_ceil((RUN * UNITS) as usize)),
            CubeDim::new_1d(UNITS),
            array(before, n),
            array(labels, n),
            array(changed, 2),
            n as u32,
            RUN,
        );
    }
}

#[cfg(all(test, feature = "wgpu"))]
mod tests {
    use super::*;
    use kmeans_core::{Centroids, Engine, Extent, Frame, Metric, Rows};

    /// Half precision tells the nearest centroid of most rows for sure.
    #[test]
    fn a_screen_decides_most_rows() {
        let engine = crate::open_wgpu(0).unwrap().matrix_units(MatrixUnits::Emulated);
        let (n, d, k) = (2000, 64, 50);
        let mut state = 7_u32;
        let mut unit = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let x: Vec<f32> = (0..n * d).map(|_| 1000.0 + unit()).collect();
        let frame = Frame::centred(
            &Extent::new(vec![1000.0; d], vec![1001.0; d], n, None),
            &x[..256 * d],
            Metric::L2,
        );
        let mut rows = engine.prepare(Rows::Host { x: x.as_slice().into(), d }, None).unwrap();
        engine.set_frame(&mut rows, &frame).unwrap();
        let codebook = engine.codebook(&Centroids::from_positions(&x[..k * d], &frame), Metric::L2).unwrap();
        engine.assign(&mut rows, &codebook).unwrap();
        let unsure = rows.unsure.as_ref().map(|place| engine.gpu().read_one(place).unwrap()[0] as usize);
        // On a device that rounds halves towards zero: twice as many as where they are rounded to the nearest.
        assert!(unsure.is_some_and(|unsure| unsure > 0 && 2 * unsure < n), "{unsure:?} of {n} rows");
    }
}
