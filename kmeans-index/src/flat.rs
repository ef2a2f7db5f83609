//! Exact search: every query meets every stored vector.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use kmeans_core::{Extent, Frame, Metric};
use kmeans_data::{AtomicFile, Overwrite, Points, RowSlice};

use crate::best::Want;
use crate::blocks;
use crate::error::{Error, Result};
use crate::file::{Head, Kind, Source, unusable, write};
use crate::hardware::{Hardware, Running};
use crate::members::sizes_of;
use crate::on_device::OnDevice;
use crate::open::{self, Opened};
use crate::options::SearchOptions;
use crate::pq::Pq;
use crate::queries::Queries;
use crate::scan::{Probes, Scan};
use crate::search_result::SearchResult;
use crate::space::Space;
use crate::spill::Spill;
use crate::storage::Storage;
use crate::store::{Arriving, Store};

/// Lists among which vectors are shared out at least, so that threads add to several at once; all are looked into.
const LISTS: usize = 16;
/// Vectors of a list, about, where there are more: lists are written one after the other.
const LIST_VECTORS: usize = 1 << 16;
/// Vectors that follow each other in one of them.
const RUN: usize = 1024;

/// Vectors whose medians make the origin.
const ORIGIN_VECTORS: usize = 1024;

/// Exact nearest-neighbour search over stored vectors.
///
/// Answers are the `p` vectors of the least distance, measured directly in `f64` and rounded to `f32`; of equal ones
/// those of the lowest id. They are the same bits for any number of threads, and on any instruction set. On a device of
/// its own (a GPU, or the reference in tensor operations) vectors are chosen by scores in `f32` and measured afterwards:
/// two may stand in for each other where their distances agree to rounding.
///
/// Distances are taken in a frame centred on the vectors that the index was built of for L2, so that data far from zero
/// lose no digits. Queries and vectors are rounded to `f32` there: two indexes of the same vectors that were built of
/// others at first may differ in that rounding.
#[doc(alias = "IndexFlat")]
#[doc(alias = "IndexFlatL2")]
#[doc(alias = "IndexFlatIP")]
#[doc(alias = "knn")]
#[doc(alias = "NearestNeighbors")]
pub struct FlatIndex {
    running: Running,
    store: Store,
    /// What searches on a device of its own, and the ids of its vectors; made when it is asked for first.
    exact: OnceLock<Option<OnDevice>>,
}

impl FlatIndex {
    /// An index of `vectors`, row-major n×d, numbered from 0.
    ///
    /// Cost O(n·d); memory 5 bytes a value. The slice is not kept.
    ///
    /// # Errors
    /// As [`FlatIndex::build`].
    pub fn new(hardware: impl Hardware + 'static, vectors: &[f32], d: usize, metric: Metric) -> Result<Self> {
        if d == 0 || !vectors.len().is_multiple_of(d) {
            return Err(Error::NotVectors { values: vectors.len(), d });
        }
        Self::build(hardware, &RowSlice::new(vectors, d)?, metric, Storage::F32)
    }

    /// An index of the rows of `points`, read block by block and numbered from 0.
    ///
    /// # Errors
    /// [`Error::NoVectors`], since the origin lies among the vectors; a metric other than l2, ip and cosine; as
    /// [`FlatIndex::add`].
    pub fn build(
        hardware: impl Hardware + 'static,
        points: &dyn Points,
        metric: Metric,
        storage: Storage,
    ) -> Result<Self> {
        Self::build_on(Running::on(hardware)?, points, metric, storage)
    }

    pub(crate) fn build_on(
        running: Running,
        points: &dyn Points,
        metric: Metric,
        storage: Storage,
    ) -> Result<Self> {
        let store = trained(&*running.hardware, points, metric, storage)?;
        let mut index = Self { running, store, exact: OnceLock::new() };
        index.add(points)?;
        Ok(index)
    }

    /// Opens an index file; as [`IvfIndex::open`](crate::IvfIndex::open).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "read_index")]
    pub fn open(hardware: impl Hardware + 'static, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of_file(Running::on(hardware)?, path, open::open(path)?)
    }

    pub(crate) fn of_file(running: Running, path: &Path, opened: Opened) -> Result<Self> {
        let heading = &opened.heading;
        if heading.kind != Kind::Flat {
            return Err(unusable(path, "it is an index with lists, expected a flat one"));
        }
        if opened.parts.is_empty() || opened.origin.len() != heading.d {
            return Err(unusable(path, "it has no lists, or no origin"));
        }
        let space = Space::at(opened.origin.clone(), heading.scale, heading.metric)?;
        let codebooks = opened.codebooks.clone();
        let mut store = Store::of_file(space, opened);
        if let Some(m) = store.storage.pieces() {
            let pq = Pq::of(&*running.hardware, codebooks, m)?;
            store.set_pq(pq, vec![0.0; store.lists.len() * store.dim()]);
        }
        Ok(Self { running, store, exact: OnceLock::new() })
    }

    /// Writes the index to a temporary file and renames it; as [`IvfIndex::save`](crate::IvfIndex::save).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "write_index")]
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        let (file, store, scanner) =
            (AtomicFile::create(path, overwrite)?, &self.store, &*self.running.scanner);
        let part = |list| store.whole(scanner, list);
        write(file, &head(store), scanner, &Source { sizes: store.sizes(), part: &part })
    }

    /// Builds an index of the rows of `points` in a file, and opens it; as
    /// [`IvfIndex::build_file`](crate::IvfIndex::build_file).
    ///
    /// # Errors
    /// As [`FlatIndex::build`], [`FlatIndex::add_with_ids`] and [`FlatIndex::save`].
    pub fn build_file(
        hardware: impl Hardware + 'static,
        points: &dyn Points,
        metric: Metric,
        storage: Storage,
        ids: Option<&[u64]>,
        (path, overwrite): (impl AsRef<Path>, Overwrite),
    ) -> Result<Self> {
        let path = path.as_ref();
        let file = AtomicFile::create(path, overwrite)?;
        let running = Running::on(hardware)?;
        let Running { hardware, scanner } = &running;
        let mut store = trained(&**hardware, points, metric, storage)?;
        let ids = blocks::ids(&store, points, ids)?;
        let count = store.lists.len();
        let sizes = sizes_of(&lists_of(count, 0, 0..points.rows()), count);
        store.check_room(&sizes)?;
        let pieces = storage.pieces().unwrap_or(0);
        let mut spill = Spill::new(file.path(), [store.dim(), pieces], sizes.clone())?;
        blocks::to_store(&mut store, &**scanner, points, |store, rows, x| {
            let lists = lists_of(count, 0, rows.clone());
            let codes = store.codes(&**hardware, x, &lists)?;
            spill.put(&Arriving { x, lists: &lists, ids: &ids[rows], codes: &codes })
        })?;
        store.number_on(&ids);
        let part = |list| spill.part(store.coder(&**scanner, list), storage, list);
        write(file, &head(&store), &**scanner, &Source { sizes, part: &part })?;
        Self::of_file(running, path, open::open(path)?)
    }

    /// Adds the rows of `points`, numbered on from the largest id.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`]; [`kmeans_core::Error::NonFinite`] with the row and column of NaN or infinity;
    /// [`kmeans_core::Error::OutOfRange`] for vectors too far out for squares in `f32`; [`Error::DoesNotFit`];
    /// [`Error::Data`] if reading fails. Then nothing is added.
    pub fn add(&mut self, points: &dyn Points) -> Result<()> {
        self.add_some(points, None)
    }

    /// Adds the rows of `points` with an id each.
    ///
    /// # Errors
    /// [`Error::IdCount`], [`Error::DuplicateId`]; as [`FlatIndex::add`].
    #[doc(alias = "IndexIDMap")]
    pub fn add_with_ids(&mut self, points: &dyn Points, ids: &[u64]) -> Result<()> {
        self.add_some(points, Some(ids))
    }

    fn add_some(&mut self, points: &dyn Points, ids: Option<&[u64]>) -> Result<()> {
        self.exact = OnceLock::new();
        let (first, count) = (self.store.len, self.store.lists.len());
        blocks::add(
            &mut self.store,
            (&*self.running.hardware, &*self.running.scanner),
            points,
            ids,
            |rows, _| Ok(lists_of(count, first, rows)),
        )
    }

    /// Removes the vectors of `ids`, those that are there; returns how many. Their memory comes free when the index is
    /// saved and opened.
    ///
    /// # Errors
    /// [`Error::File`] if a list of the file that it was opened from is damaged.
    pub fn remove(&mut self, ids: &[u64]) -> Result<usize> {
        self.exact = OnceLock::new();
        self.store.remove(ids)
    }

    /// The vector of an id, as it is stored: for cosine of length 1.
    ///
    /// # Errors
    /// [`Error::UnknownId`]; [`Error::File`] if a list of the file that it was opened from is damaged.
    pub fn reconstruct(&self, id: u64) -> Result<Vec<f32>> {
        self.store.reconstruct(id)
    }

    /// Number of stored vectors.
    #[doc(alias = "ntotal")]
    pub fn len(&self) -> usize {
        self.store.len
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.store.len == 0
    }

    /// Number of columns.
    #[doc(alias = "d")]
    pub fn dim(&self) -> usize {
        self.store.dim()
    }

    /// What "nearest" means.
    pub fn metric(&self) -> Metric {
        self.store.space.metric()
    }

    /// How vectors are stored.
    pub fn storage(&self) -> Storage {
        self.store.storage
    }

    /// Bytes of vectors, ids and codes in memory, without what is mapped.
    pub fn memory(&self) -> usize {
        self.store.held_bytes()
    }

    /// What searches, for reports.
    ///
    /// # Errors
    /// If the device cannot be opened.
    pub fn device(&self) -> Result<String> {
        let (d, metric) = (self.dim(), self.store.space.score_metric());
        let exact = if self.store.storage.pieces().is_some() {
            None
        } else {
            self.running.hardware.exact(&[], d, metric)?
        };
        Ok(exact.map_or_else(|| self.running.scanner.name(), |exact| exact.name()))
    }

    /// The `p` nearest stored vectors of each query, the nearest first; of those equally near the lowest id first. All
    /// there are, where those are fewer.
    ///
    /// Distances are squared (L2), inner products or cosines, in the units of the data. Cost O(n·len·d) for n queries,
    /// by bytes; memory one block of queries, and what is returned: n·p.
    ///
    /// # Errors
    /// [`Error::NoNeighbours`] if `p` is 0; [`Error::NoVectors`]; [`Error::DimensionMismatch`];
    /// [`kmeans_core::Error::NonFinite`] with the row and column of a query that is NaN or infinite;
    /// [`kmeans_core::Error::OutOfRange`] for queries too far from the vectors; [`Error::Data`] if reading fails.
    pub fn search(&self, queries: &dyn Points, p: usize) -> Result<SearchResult> {
        self.search_with(queries, p, SearchOptions::default())
    }

    /// [`FlatIndex::search`] among the vectors that a filter allows. A filtered search runs on the CPU.
    ///
    /// # Errors
    /// As [`FlatIndex::search`]; [`Error::Nprobe`] for more lists than the one that there is.
    pub fn search_with(
        &self,
        queries: &dyn Points,
        p: usize,
        options: SearchOptions<'_>,
    ) -> Result<SearchResult> {
        if p == 0 {
            return Err(Error::NoNeighbours);
        }
        self.check(options)?;
        let p = p.min(self.len());
        match if options.filter.is_some() { None } else { self.on_device()? } {
            Some(device) => {
                let (store, scanner) = (&self.store, &*self.running.scanner);
                blocks::search(store, scanner, queries, p, |v| device.nearest(store, v, p))
            }
            None => self.find(queries, Want::Nearest(p), options),
        }
    }

    /// All stored vectors nearer than `radius` (L2: squared; inner products and cosines: larger than it), the nearest
    /// first. Where a storage refines, all that is looked into is measured: codes do not tell how far a vector is.
    ///
    /// # Errors
    /// [`Error::Radius`] if it is NaN; as [`FlatIndex::search`].
    pub fn range_search(
        &self,
        queries: &dyn Points,
        radius: f32,
        options: SearchOptions<'_>,
    ) -> Result<SearchResult> {
        if radius.is_nan() {
            return Err(Error::Radius { radius });
        }
        self.find(queries, Want::Within(self.store.space.cost_of(radius)), options)
    }

    fn check(&self, options: SearchOptions<'_>) -> Result<()> {
        if self.is_empty() {
            return Err(Error::NoVectors);
        }
        if options.nprobe != 1 {
            return Err(Error::Nprobe { nprobe: options.nprobe, k: 1 });
        }
        if options.k_factor == 0 {
            return Err(Error::KFactor);
        }
        Ok(())
    }

    fn find(&self, queries: &dyn Points, want: Want, options: SearchOptions<'_>) -> Result<SearchResult> {
        self.check(options)?;
        let (store, scanner) = (&self.store, &*self.running.scanner);
        let expected = if let Want::Nearest(p) = want { p } else { 0 };
        let SearchOptions { filter, k_factor, .. } = options;
        let scan = Scan { store, scanner, want, filter, k_factor };
        blocks::search(store, scanner, queries, expected.saturating_mul(k_factor), |v| {
            let queries = Queries::new(scanner, v, store.dim());
            scan.run(&queries, Probes::All)
        })
    }

    fn on_device(&self) -> Result<Option<&OnDevice>> {
        if self.exact.get().is_none() {
            let made = OnDevice::of(&self.store, &*self.running.hardware)?;
            let _ = self.exact.set(made);
        }
        Ok(self.exact.get().and_then(Option::as_ref))
    }
}

impl fmt::Debug for FlatIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatIndex")
            .field("len", &self.len())
            .field("dim", &self.dim())
            .field("metric", &self.metric())
            .field("storage", &self.storage())
            .finish_non_exhaustive()
    }
}

fn head(store: &Store) -> Head<'_> {
    let origin = store.space.frame().origin();
    let codebooks = store.pq.as_ref().map_or(&[][..], Pq::codebooks);
    Head { heading: store.heading(Kind::Flat), storage: store.storage, origin, model: &[], codebooks }
}

/// Which of `count` lists the next rows are in, where `first` vectors are there already.
fn lists_of(count: usize, first: usize, rows: Range<usize>) -> Vec<u32> {
    rows.map(|row| ((first + row) / RUN % count) as u32).collect()
}

/// An empty store in coordinates centred on some of the rows, with what its storage learns from them.
fn trained(hardware: &dyn Hardware, points: &dyn Points, metric: Metric, storage: Storage) -> Result<Store> {
    let space = space_of(points, metric)?;
    let lists = points.rows().div_ceil(LIST_VECTORS).max(LISTS);
    let mut store = Store::new(space, storage, lists);
    let mut some = blocks::some_rows(points, store.dim(), ORIGIN_VECTORS)?.into_values();
    store.space.bring_in(&mut some);
    store.set_half_scale(some.iter().fold(0.0, |most, x| most.max(x.abs())));
    if let Some(m) = storage.pieces() {
        let d = store.dim();
        Pq::check(d, m)?;
        let mut x = blocks::some_rows(points, d, Pq::TRAINED_ON)?.into_values();
        store.space.to_store(&mut x);
        store.space.stored_to_frame(&mut x);
        store.set_pq(Pq::train(hardware, &x, d, m)?, vec![0.0; lists * d]);
    }
    Ok(store)
}

/// Coordinates centred on some of the rows, evenly spread.
fn space_of(points: &dyn Points, metric: Metric) -> Result<Space> {
    metric.check_fused()?;
    let (n, d) = (points.rows(), points.dim());
    let some = blocks::some_rows(points, d, ORIGIN_VECTORS)?.into_values();
    let mut extent = Extent::new(some[..d].to_vec(), some[..d].to_vec(), n, None);
    for row in some.chunks_exact(d) {
        for (column, &x) in row.iter().enumerate() {
            extent.min[column] = extent.min[column].min(x);
            extent.max[column] = extent.max[column].max(x);
            extent.max_abs = extent.max_abs.max(x.abs());
        }
    }
    let frame = Frame::centred(&extent, &some, metric);
    if frame.scale() == 1.0 || n <= ORIGIN_VECTORS {
        return Space::new(frame, metric);
    }
    // Whether all are so large or so small.
    blocks::for_each_row(points, |row| {
        for (column, &x) in row.iter().enumerate().filter(|(_, x)| x.is_finite()) {
            extent.min[column] = extent.min[column].min(x);
            extent.max[column] = extent.max[column].max(x);
            extent.max_abs = extent.max_abs.max(x.abs());
        }
    })?;
    Space::new(Frame::centred(&extent, &some, metric), metric)
}
