//! Search in the lists that are nearest to a query.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use kmeans_core::{AssignOptions, KMeansModel, Metric};
use kmeans_data::{AtomicFile, Overwrite, Points, RowSlice};

use crate::best::Want;
use crate::blocks;
use crate::coarse::Coarse;
use crate::error::{Error, Result};
use crate::file::{Head, Kind, Source, unusable, write};
use crate::hardware::{Hardware, Running};
use crate::members::sizes_of;
use crate::open::{self, Opened};
use crate::options::SearchOptions;
use crate::pq::Pq;
use crate::queries::Queries;
use crate::scan::{Probes, Scan};
use crate::search_result::SearchResult;
use crate::space::Space;
use crate::spill::Spill;
use crate::storage::Storage;
use crate::store::{Arriving, Store, residuals};

/// Nearest-neighbour search in the clusters of a model: an inverted file.
///
/// Each stored vector is in the list of its nearest centroid, and a query meets the vectors of the `nprobe` lists whose
/// centroids are nearest to it [SZ03, JDS11]. Within these lists the answer
/// is that of [`FlatIndex`](crate::FlatIndex): exact for the vectors as they are stored, ties by id, the same bits for
/// any number of threads. For cosine a vector of zeros has no direction: its cosine with any is 0. With `nprobe` = k it is the answer of a flat index of the same stored vectors.
#[doc(alias = "IndexIVF")]
#[doc(alias = "IndexIVFFlat")]
#[doc(alias = "IndexIVFScalarQuantizer")]
pub struct IvfIndex {
    running: Running,
    model: KMeansModel,
    coarse: Coarse,
    store: Store,
}

impl IvfIndex {
    /// An empty index of the clusters of `model`, to which vectors are added; a product quantizer has to be trained first,
    /// by [`IvfIndex::train`].
    ///
    /// # Errors
    /// A model of a metric other than l2, ip and cosine; [`Error::Prepared`] for one with a preparation; a device that
    /// cannot be opened; [`Error::Pieces`].
    pub fn new(hardware: impl Hardware + 'static, model: KMeansModel, storage: Storage) -> Result<Self> {
        Self::new_on(Running::on(hardware)?, model, storage)
    }

    pub(crate) fn new_on(running: Running, model: KMeansModel, storage: Storage) -> Result<Self> {
        if let Some(m) = storage.pieces() {
            Pq::check(model.dim(), m)?;
        }
        let mut store = Store::new(Space::of_model(&model)?, storage, model.k());
        store.set_half_scale(model.offsets().iter().fold(0.0, |most, x| most.max(x.abs())));
        let coarse = Coarse::new(&running, &model)?;
        Ok(Self { running, model, coarse, store })
    }

    /// Trains the codebooks of a product quantizer on some of the rows of `points`, evenly spread: at most 32 768. Other
    /// storages learn nothing.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`], [`Error::NoVectors`], [`Error::NotEmpty`] once vectors were added, as their codes are
    /// of the codebooks of before; rows that are no numbers; a failing engine.
    pub fn train(&mut self, points: &dyn Points) -> Result<()> {
        let Some(m) = self.store.storage.pieces() else { return Ok(()) };
        if !self.is_empty() {
            return Err(Error::NotEmpty { len: self.len() });
        }
        let mut x = blocks::some_rows(points, self.dim(), Pq::TRAINED_ON)?.into_values();
        self.store.space.to_store(&mut x);
        let lists = lists_of(&*self.running.hardware, &self.model, &x)?;
        let residuals = residuals(&self.store.space, self.model.offsets(), &x, &lists);
        let pq = Pq::train(&*self.running.hardware, &residuals, self.dim(), m)?;
        self.store.set_pq(pq, self.model.offsets().to_vec());
        Ok(())
    }

    /// Opens an index file. It is mapped: lists are read, and compared with their checksums, when they are looked into
    /// first. The file must not be changed while it is open; one that is replaced by [`IvfIndex::save`] is not.
    ///
    /// # Errors
    /// [`Error::Data`] where the file is missing or cannot be read; [`Error::File`] where it is no index of this kind or
    /// damaged; [`Error::Version`] where another version wrote it.
    #[doc(alias = "read_index")]
    pub fn open(hardware: impl Hardware + 'static, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of_file(Running::on(hardware)?, path, open::open(path)?)
    }

    pub(crate) fn of_file(running: Running, path: &Path, opened: Opened) -> Result<Self> {
        if opened.heading.kind != Kind::Ivf {
            return Err(unusable(path, "it is a flat index, expected one with lists"));
        }
        let model = KMeansModel::from_bytes(&opened.model, path)?;
        let heading = &opened.heading;
        if opened.parts.len() != model.k() || heading.d != model.dim() || heading.metric != model.metric() {
            return Err(unusable(path, "its lists are not those of its model"));
        }
        let pq = match opened.storage.pieces() {
            Some(m) => Some(Pq::of(&*running.hardware, opened.codebooks.clone(), m)?),
            None => None,
        };
        let mut store = Store::of_file(Space::of_model(&model)?, opened);
        if let Some(pq) = pq {
            store.set_pq(pq, model.offsets().to_vec());
        }
        let coarse = Coarse::new(&running, &model)?;
        Ok(Self { running, model, coarse, store })
    }

    /// Writes the index to a temporary file and renames it to `path`. Memory: some lists.
    ///
    /// # Errors
    /// [`Error::Data`] where the file exists (and `overwrite` refuses) or cannot be written: then nothing is left behind,
    /// and a file that was there stays as it was.
    #[doc(alias = "write_index")]
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        let (file, store, scanner) =
            (AtomicFile::create(path, overwrite)?, &self.store, &*self.running.scanner);
        let part = |list| store.whole(scanner, list);
        write(file, &self.head(&self.model_bytes()?), scanner, &Source { sizes: store.sizes(), part: &part })
    }

    /// Builds an index of the rows of `points` in a file, and opens it: for more vectors than memory has room for.
    ///
    /// The rows are read twice. Memory: 4 bytes a row, ids, a block of rows, and some lists; on the disk, besides the
    /// file, as much for a while as the vectors take in `f32`. The file is that of [`IvfIndex::add`] and
    /// [`IvfIndex::save`], byte for byte.
    ///
    /// # Errors
    /// As [`IvfIndex::new`], [`IvfIndex::add_with_ids`] and [`IvfIndex::save`].
    pub fn build_file(
        hardware: impl Hardware + 'static,
        model: KMeansModel,
        storage: Storage,
        points: &dyn Points,
        ids: Option<&[u64]>,
        (path, overwrite): (impl AsRef<Path>, Overwrite),
    ) -> Result<Self> {
        let path = path.as_ref();
        let file = AtomicFile::create(path, overwrite)?;
        let mut index = Self::new(hardware, model, storage)?;
        index.train(points)?;
        index.write_file(file, points, ids)?;
        Self::of_file(index.running, path, open::open(path)?)
    }

    fn write_file(&mut self, file: AtomicFile, points: &dyn Points, given: Option<&[u64]>) -> Result<()> {
        let Self { running: Running { hardware, scanner }, model, store, .. } = &mut *self;
        let (ids, mut lists) = (blocks::ids(store, points, given)?, Vec::with_capacity(points.rows()));
        blocks::to_store(store, &**scanner, points, |_, _, x| {
            lists.extend(lists_of(&**hardware, model, x)?);
            Ok(())
        })?;
        let sizes = sizes_of(&lists, model.k());
        store.check_room(&sizes)?;
        let pieces = store.storage.pieces().unwrap_or(0);
        let mut spill = Spill::new(file.path(), [store.dim(), pieces], sizes.clone())?;
        blocks::to_store(store, &**scanner, points, |store, rows, x| {
            let lists = &lists[rows.clone()];
            let codes = store.codes(&**hardware, x, lists)?;
            spill.put(&Arriving { x, lists, ids: &ids[rows], codes: &codes })
        })?;
        store.number_on(&ids);
        drop((lists, ids));
        let (store, scanner) = (&self.store, &*self.running.scanner);
        let part = |list| spill.part(store.coder(scanner, list), store.storage, list);
        write(file, &self.head(&self.model_bytes()?), scanner, &Source { sizes, part: &part })
    }

    fn model_bytes(&self) -> Result<Vec<u8>> {
        let bytes = self.model.to_bytes();
        bytes.map_err(|e| Error::Model { reason: e.to_string() })
    }

    fn head<'a>(&'a self, model: &'a [u8]) -> Head<'a> {
        Head {
            heading: self.store.heading(Kind::Ivf),
            storage: self.store.storage,
            origin: &[],
            model,
            codebooks: self.store.pq.as_ref().map_or(&[], Pq::codebooks),
        }
    }

    /// Adds the rows of `points`, read block by block and numbered on from the largest id: by their positions, if the
    /// index was empty.
    ///
    /// Cost: an assignment to the centroids, and O(n·d).
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
    /// [`Error::IdCount`], [`Error::DuplicateId`]; as [`IvfIndex::add`].
    pub fn add_with_ids(&mut self, points: &dyn Points, ids: &[u64]) -> Result<()> {
        self.add_some(points, Some(ids))
    }

    /// Adds the rows of `points` to the lists of their `labels`, as a training of these rows returned them; numbered on from
    /// the largest id. Saves the assignment.
    ///
    /// Labels are taken as they are: a vector in another list than that of its nearest centroid is looked for there.
    ///
    /// # Errors
    /// [`Error::LabelCount`]; [`Error::Label`] for one that is no list; as [`IvfIndex::add`].
    pub fn add_labelled(&mut self, points: &dyn Points, labels: &[i32]) -> Result<()> {
        let (k, rows) = (self.k(), points.rows());
        if labels.len() != rows {
            return Err(Error::LabelCount { labels: labels.len(), vectors: rows });
        }
        let is_list = |&label: &i32| usize::try_from(label).is_ok_and(|label| label < k);
        if let Some(row) = labels.iter().position(|label| !is_list(label)) {
            return Err(Error::Label { row, label: labels[row], k });
        }
        let context = (&*self.running.hardware, &*self.running.scanner);
        blocks::add(&mut self.store, context, points, None, |rows, _| {
            Ok(labels[rows].iter().map(|&label| label as u32).collect())
        })
    }

    fn add_some(&mut self, points: &dyn Points, ids: Option<&[u64]>) -> Result<()> {
        let (hardware, model) = (&*self.running.hardware, &self.model);
        blocks::add(&mut self.store, (hardware, &*self.running.scanner), points, ids, |_, x| {
            lists_of(hardware, model, x)
        })
    }

    /// Removes the vectors of `ids`, those that are there; returns how many. Their memory comes free when the index is
    /// saved and opened.
    ///
    /// Cost O(len) and about 32 bytes a vector when ids are looked for first, then O(1) each.
    ///
    /// # Errors
    /// [`Error::File`] if a list of the file that it was opened from is damaged.
    pub fn remove(&mut self, ids: &[u64]) -> Result<usize> {
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

    /// Number of lists.
    #[doc(alias = "nlist")]
    pub fn k(&self) -> usize {
        self.coarse.k()
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

    /// The model whose clusters the lists are.
    pub fn model(&self) -> &KMeansModel {
        &self.model
    }

    /// Vectors in each list.
    pub fn list_sizes(&self) -> Vec<u64> {
        (0..self.k()).map(|list| self.store.list_len(list) as u64).collect()
    }

    /// Bytes of vectors, ids and codes in memory, without what is mapped.
    pub fn memory(&self) -> usize {
        self.store.held_bytes()
    }

    /// What looks through the lists, for reports.
    pub fn device(&self) -> String {
        self.running.scanner.name()
    }

    /// The `p` nearest of the vectors in the `nprobe` nearest lists of each query, the nearest first; of those equally
    /// near the lowest id first. Fewer, where these lists have fewer.
    ///
    /// Distances are squared (L2), inner products or cosines, in the units of the data. Cost O(k·d) and, of `nprobe`
    /// lists of average length, O(nprobe·len/k·d) a query, by bytes; memory one block of queries, and what is returned.
    ///
    /// # Errors
    /// [`Error::NoNeighbours`] if `p` is 0; [`Error::Nprobe`] if `nprobe` is 0 or more than there are lists;
    /// [`Error::NoVectors`]; [`Error::DimensionMismatch`]; [`kmeans_core::Error::NonFinite`] with the row and column of a
    /// query that is NaN or infinite; [`kmeans_core::Error::OutOfRange`] for queries too far from the vectors;
    /// [`Error::Data`] if reading fails.
    pub fn search(&self, queries: &dyn Points, p: usize, nprobe: usize) -> Result<SearchResult> {
        self.search_with(queries, p, SearchOptions::default().nprobe(nprobe))
    }

    /// [`IvfIndex::search`] among the vectors that a filter allows.
    ///
    /// # Errors
    /// As [`IvfIndex::search`].
    pub fn search_with(
        &self,
        queries: &dyn Points,
        p: usize,
        options: SearchOptions<'_>,
    ) -> Result<SearchResult> {
        if p == 0 {
            return Err(Error::NoNeighbours);
        }
        self.find(queries, Want::Nearest(p.min(self.len())), options)
    }

    /// All vectors in the `nprobe` nearest lists of each query that are nearer than `radius` (L2: squared; inner
    /// products and cosines: larger than it), the nearest first. Where a storage refines, all that is looked into is measured:
    /// codes do not tell how far a vector is.
    ///
    /// # Errors
    /// [`Error::Radius`] if it is NaN; as [`IvfIndex::search`].
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

    fn find(&self, queries: &dyn Points, want: Want, options: SearchOptions<'_>) -> Result<SearchResult> {
        let (k, nprobe) = (self.k(), options.nprobe);
        if nprobe == 0 || nprobe > k {
            return Err(Error::Nprobe { nprobe, k });
        }
        if options.k_factor == 0 {
            return Err(Error::KFactor);
        }
        if self.is_empty() {
            return Err(Error::NoVectors);
        }
        let (store, scanner) = (&self.store, &*self.running.scanner);
        let expected = if let Want::Nearest(p) = want { p } else { 0 };
        let SearchOptions { filter, k_factor, .. } = options;
        let scan = Scan { store, scanner, want, filter, k_factor };
        blocks::search(store, scanner, queries, expected.saturating_mul(k_factor).max(nprobe), |v| {
            let queries = Queries::new(scanner, v, store.dim());
            let lists = self.coarse.nearest(scanner, &queries, nprobe)?;
            scan.run(&queries, Probes::Some { lists: &lists, each: nprobe })
        })
    }
}

/// The list of each of some rows, as they are to be stored.
fn lists_of(hardware: &dyn Hardware, model: &KMeansModel, x: &[f32]) -> Result<Vec<u32>> {
    let rows = RowSlice::new(x, model.dim())?;
    let found = hardware.assign(&rows, model, AssignOptions::default(), &|_| ControlFlow::Continue(()))?;
    Ok(found.labels.into_iter().map(|label| label as u32).collect())
}

impl fmt::Debug for IvfIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IvfIndex")
            .field("k", &self.k())
            .field("len", &self.len())
            .field("dim", &self.dim())
            .field("metric", &self.metric())
            .field("storage", &self.storage())
            .finish_non_exhaustive()
    }
}
