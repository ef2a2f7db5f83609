//! The verbs, delegated.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use burn::tensor::FloatDType;
use burn::tensor::backend::DeviceOps;
use burn_cubecl::element::BoolElement;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeRuntime};
#[cfg(feature = "wgpu")]
use cubecl::ir::{ElemType, FloatKind, IntKind};
use cubecl::prelude::*;
use cubecl::server::Handle;
use kmeans_core::{
    Centroids, Closer, Engine, Error, Extent, Frame, Metric, Neighbours, Packing, PartialStats, PendingTally,
    Result, Rows, Split, Update,
};

use crate::assign::Choices;
use crate::codebook::CubeCodebook;
use crate::gpu::{Gpu, numbers};
use crate::kernel::rows::{Encoding, Load};
use crate::matrix::{MatrixUnits, Trust};
use crate::prepared::{CubePrepared, SLAB_BYTES, Slab, Values, slab_rows};
use crate::shadow::shadow_bytes;
use crate::sums::{CubeSums, Reduction};
use crate::tiles::Tiles;
use crate::update::finished;

/// What is kept of a row besides its values: weight, labels, distances and the terms of sums, some of them twice.
const ROW_BYTES: u64 = 64;

/// k-means in kernels of its own on a GPU that CubeCL runs on.
///
/// `R` is CubeCL's runtime, `BT` how Burn's backend on it writes booleans.
pub struct CubeEngine<R: Runtime, BT> {
    gpu: Gpu<R>,
    device: R::Device,
    native: bool,
    /// Bytes that rows may take, where the device says how many it has.
    room: Option<u64>,
    slab_bytes: u64,
    tiles: Tiles,
    reduction: Reduction,
    units: MatrixUnits,
    /// Shared by the clones of an engine.
    trust: Arc<Trust>,
    bool_type: PhantomData<fn() -> BT>,
}

impl<R: Runtime, BT> CubeEngine<R, BT> {
    /// The engine on a device that is known to be there; `name` for reports and errors.
    pub(crate) fn new(device: R::Device, name: String, native: bool) -> Self {
        let gpu = Gpu { client: R::client(&device), name };
        Self {
            gpu,
            device,
            native,
            room: None,
            slab_bytes: SLAB_BYTES,
            tiles: Tiles::Auto,
            reduction: Reduction::Auto,
            units: MatrixUnits::Auto,
            trust: Arc::default(),
            bool_type: PhantomData,
        }
    }

    /// With so many bytes for rows.
    #[cfg(feature = "cuda")]
    pub(crate) fn with_room(self, bytes: u64) -> Self {
        Self { room: Some(bytes), ..self }
    }

    /// Whether the device has `f64` and `i64`.
    #[cfg(feature = "wgpu")]
    pub(crate) fn has_64_bits(device: &R::Device) -> bool {
        let client = R::client(device);
        let properties = client.properties();
        properties.supports_type(ElemType::Float(FloatKind::F64))
            && properties.supports_type(ElemType::Int(IntKind::I64))
    }

    /// Runs a kernel and looks at what it did.
    #[cfg(feature = "cuda")]
    pub(crate) fn try_kernel(&self) -> Result<()> {
        match self.guard(|| self.gpu.read_one(&self.gpu.zeros(2)?))?.as_slice() {
            [0, 0] => Ok(()),
            _ => self.gpu.fail("zeros are not zero".to_owned()),
        }
    }

    /// Bytes that CubeCL lets one array have.
    #[cfg(feature = "cuda")]
    pub(crate) fn most_bytes(&self) -> u64 {
        self.gpu.client.properties().memory.max_page_size
    }

    /// Measures in pairs of `f32`, as on devices without 64-bit types: 46 bits instead of 53.
    #[must_use]
    pub fn without_64_bits(self) -> Self {
        Self { native: false, ..self }
    }

    /// Rows are in slabs of so many bytes at most. Results do not depend on it.
    #[must_use]
    pub fn slab_bytes(self, slab_bytes: u64) -> Self {
        Self { slab_bytes, ..self }
    }

    /// The choice of tiles. Labels do not depend on it.
    #[must_use]
    pub fn tiles(self, tiles: Tiles) -> Self {
        Self { tiles, ..self }
    }

    /// The way of centroid reduction. Sums do not depend on it.
    #[must_use]
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether rows are screened by matrix units. Labels do not depend on it.
    #[must_use]
    pub fn matrix_units(self, units: MatrixUnits) -> Self {
        Self { units, ..self }
    }

    /// A word of each row; zeros where there are none yet.
    fn read_rows(&self, rows: &CubePrepared<'_>, of: fn(&Slab) -> &Option<Handle>) -> Result<Vec<u32>> {
        let held: Option<Vec<Handle>> = rows.slabs.iter().map(|slab| of(slab).clone()).collect();
        match held {
            Some(held) => Ok(self.gpu.read(held)?.concat()),
            None => Ok(vec![0; rows.n]),
        }
    }

    #[cfg(all(test, feature = "wgpu"))]
    pub(crate) fn gpu(&self) -> &Gpu<R> {
        &self.gpu
    }

    fn choices(&self) -> Choices<'_> {
        (self.units, &self.trust, self.tiles)
    }

    fn guard<T>(&self, operations: impl FnOnce() -> Result<T>) -> Result<T> {
        self.gpu.guard(operations)
    }
}

impl<R: Runtime, BT> Clone for CubeEngine<R, BT> {
    fn clone(&self) -> Self {
        Self { gpu: self.gpu.clone(), device: self.device.clone(), trust: self.trust.clone(), ..*self }
    }
}

impl<R, BT> Engine for CubeEngine<R, BT>
where
    R: CubeRuntime,
    R::Device: DeviceOps,
    BT: BoolElement,
{
    type Backend = CubeBackend<R, f32, i32, BT>;
    type Prepared<'p> = CubePrepared<'p>;
    type Codebook = CubeCodebook;
    type Sums = CubeSums;

    fn name(&self) -> String {
        if self.trust.is_lost() {
            return format!("{} without matrix units, whose labels were not right", self.gpu.name);
        }
        self.gpu.name.clone()
    }

    fn backend_device(&self) -> R::Device {
        self.device.clone()
    }

    fn computes_elsewhere(&self) -> bool {
        true
    }

    fn kept_bytes(&self, d: usize, k: usize, is_sparse: bool) -> u64 {
        let has_shadow = !is_sparse && self.units.keeps_shadows(&self.gpu, d, k);
        ROW_BYTES + if has_shadow { shadow_bytes(d) } else { 0 }
    }

    fn room(&self) -> Option<u64> {
        self.room
    }

    fn takes_packed(&self) -> bool {
        true
    }

    fn prepare<'p>(
        &'p self,
        rows: Rows<'p, Self::Backend>,
        weights: Option<&'p [f32]>,
    ) -> Result<CubePrepared<'p>> {
        let [n, d] = rows.dims();
        let encoding = match &rows {
            Rows::Packed { packing: Packing::F16, .. } => Encoding::F16,
            Rows::Packed { packing: Packing::U8, .. } => Encoding::U8,
            Rows::Packed { packing: Packing::I8, .. } => Encoding::I8,
            _ => Encoding::F32,
        };
        let load = Load { encoding, unit_rows: false, native: self.native };
        let is_sparse = matches!(rows, Rows::Csr(_));
        let step = slab_rows(&self.gpu, self.slab_bytes, is_sparse, load, d)?;
        let new = |values_of: &dyn Fn(Range<usize>) -> Result<Values>| {
            CubePrepared::new(&self.gpu, load, [n, d, step], weights, values_of)
        };
        let load = || match rows {
            Rows::Host { x, .. } => {
                new(&|rows| self.gpu.upload(&x[rows.start * d..rows.end * d]).map(Values::Dense))
            }
            Rows::Packed { bytes, packing, .. } => new(&|rows| {
                let row = packing.size() * d;
                self.gpu.upload(&bytes[rows.start * row..rows.end * row]).map(Values::Dense)
            }),
            Rows::Tensor(t) => {
                let t: CubeTensor<R> = into_contiguous(t.cast(FloatDType::F32).into_primitive().tensor());
                new(&|rows| {
                    let bytes = |row: usize| (row * d * size_of::<f32>()) as u64;
                    let end = t.handle.size_in_used() - bytes(rows.end);
                    Ok(Values::Dense(t.handle.clone().offset_start(bytes(rows.start)).offset_end(end)))
                })
            }
            Rows::Csr(sparse) => {
                let mut rows = new(&|rows| Values::of_sparse(&self.gpu, &sparse.slice(rows)))?;
                rows.sparse = Some(sparse);
                Ok(rows)
            }
        };
        self.guard(|| self.gpu.loading(load))
    }

    fn extent(&self, rows: &CubePrepared<'_>) -> Result<Extent> {
        self.guard(|| self.gpu.loading(|| rows.extent(&self.gpu)))?
            .map_err(|(row, column, value)| Error::NonFinite { data: "rows".to_owned(), row, column, value })
    }

    fn set_frame(&self, rows: &mut CubePrepared<'_>, frame: &Frame) -> Result<()> {
        self.guard(|| self.gpu.loading(|| rows.set_frame(&self.gpu, frame)))
    }

    fn codebook(&self, centroids: &Centroids, metric: Metric) -> Result<CubeCodebook> {
        self.guard(|| CubeCodebook::new(&self.gpu, centroids, metric))
    }

    fn assign(&self, rows: &mut CubePrepared<'_>, codebook: &CubeCodebook) -> Result<()> {
        self.guard(|| {
            rows.assign(&self.gpu, codebook, self.choices())?;
            (0..rows.slabs.len()).try_for_each(|slab| rows.measure(&self.gpu, slab, codebook).map(drop))
        })
    }

    fn reduce(&self, rows: &mut CubePrepared<'_>, codebook: &CubeCodebook) -> Result<CubeSums> {
        self.guard(|| rows.reduce(&self.gpu, codebook, self.reduction))
    }

    fn step(&self, rows: &mut CubePrepared<'_>, codebook: &CubeCodebook) -> Result<CubeSums> {
        self.guard(|| {
            rows.assign(&self.gpu, codebook, self.choices())?;
            rows.reduce(&self.gpu, codebook, self.reduction)
        })
    }

    fn merge(&self, into: &mut CubeSums, other: CubeSums) -> Result<()> {
        self.guard(|| {
            into.merge(&self.gpu, &other);
            Ok(())
        })
    }

    fn keeps_centroids(&self) -> bool {
        true
    }

    fn advance<'e>(
        &'e self,
        codebook: &CubeCodebook,
        sums: CubeSums,
        frame: &Frame,
        update: Update,
    ) -> Result<(CubeCodebook, PendingTally<'e>)> {
        self.guard(|| codebook.advance(&self.gpu, &sums, frame, update, self.native))
    }

    fn split(
        &self,
        codebook: &mut CubeCodebook,
        splits: &[Split],
        frame: &Frame,
        update: Update,
    ) -> Result<()> {
        self.guard(|| codebook.split(&self.gpu, splits, frame, update, self.native))
    }

    fn centroids(&self, codebook: &CubeCodebook, frame: &Frame) -> Result<Centroids> {
        self.guard(|| codebook.download(&self.gpu, frame.dim()))
    }

    fn keep_labels(&self, rows: &mut CubePrepared<'_>) {
        for slab in &mut rows.slabs {
            slab.kept = Some((slab.labels.clone(), slab.distances.clone()));
        }
    }

    fn restore_labels(&self, rows: &mut CubePrepared<'_>) {
        for slab in &mut rows.slabs {
            if let Some(kept) = slab.kept.take() {
                (slab.labels, slab.distances) = kept;
            }
        }
    }

    fn normalize(&self, centroids: &mut Centroids, frame: &Frame) -> Result<()> {
        if centroids.k() == 0 {
            return Ok(());
        }
        let update = Update { spherical: true, ..Update::default() };
        let offsets = self.guard(|| {
            let offsets = self.gpu.upload(centroids.offsets())?;
            let finished = finished(&self.gpu, &offsets, centroids.k(), frame, update, self.native)?;
            Ok(numbers(self.gpu.read_one(&finished)?))
        })?;
        *centroids = Centroids::from_offsets(offsets, frame.dim());
        Ok(())
    }

    fn download(&self, sums: CubeSums) -> Result<PartialStats> {
        self.guard(|| sums.download(&self.gpu))
    }

    fn set_labels(&self, rows: &mut CubePrepared<'_>, labels: &[i32]) -> Result<()> {
        self.guard(|| {
            for slab in &mut rows.slabs {
                slab.labels = Some(self.gpu.upload(&labels[slab.rows.clone()])?);
            }
            Ok(())
        })
    }

    fn labels(&self, rows: &CubePrepared<'_>) -> Result<Vec<i32>> {
        let read = self.guard(|| self.read_rows(rows, |slab| &slab.labels))?;
        Ok(read.into_iter().map(|label| label as i32).collect())
    }

    fn distances(&self, rows: &CubePrepared<'_>) -> Result<Vec<f32>> {
        Ok(numbers(self.guard(|| self.read_rows(rows, |slab| &slab.distances))?))
    }

    fn gather(&self, rows: &CubePrepared<'_>, ids: &[usize]) -> Result<Vec<f32>> {
        self.guard(|| rows.gather(&self.gpu, ids))
    }

    fn distance_matrix(&self, rows: &CubePrepared<'_>, codebook: &CubeCodebook) -> Result<Vec<f32>> {
        self.guard(|| rows.all_distances(&self.gpu, codebook))
    }

    fn closer(&self, rows: &CubePrepared<'_>, codebook: &CubeCodebook, limits: &[f32]) -> Result<Closer> {
        self.guard(|| rows.closer(&self.gpu, codebook, limits))
    }

    fn closest(
        &self,
        rows: &mut CubePrepared<'_>,
        codebook: &CubeCodebook,
        limits: &[f32],
    ) -> Result<Vec<(usize, i32, f32)>> {
        self.guard(|| rows.closest(&self.gpu, codebook, limits, self.choices()))
    }

    fn nearest(&self, rows: &CubePrepared<'_>, codebook: &CubeCodebook, p: usize) -> Result<Neighbours> {
        self.guard(|| rows.nearest(&self.gpu, codebook, p, self.tiles))
    }
}
