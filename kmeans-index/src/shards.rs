//! Exact search: every query meets every stored vector.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use kmeans_core::{Centroids, Engine, Extent, Frame, Metric, Rows};
use kmeans_data::Points;

use crate::error::{Error, Result};
use crate::hits::Hits;
use crate::search_result::SearchResult;

/// Vectors in a shard. An engine may hold the scores of some hundred queries against a whole
/// codebook: with shards of this size that is some 16 MiB a thread, however many vectors there are.
const SHARD_VECTORS: usize = 1 << 14;

/// Values of queries, and hits, in a block: 32 MiB of queries.
const BLOCK_VALUES: usize = 1 << 23;

/// Queries in a block: enough to share among the threads of a large machine.
const BLOCK_QUERIES: usize = 1 << 14;

/// Vectors whose medians make the origin.
const ORIGIN_VECTORS: usize = 1024;

/// Engines number centroids in `i32`; so many vectors can be numbered in any of them.
const MAX_VECTORS: usize = i32::MAX as usize;

/// Some stored vectors, made ready as centroids.
struct Shard<C> {
    vectors: Range<usize>,
    codebook: C,
}

/// Exact nearest-neighbour search over stored vectors, on any engine.
///
/// Vectors are held as the engine holds centroids: in a frame centred on them for L2, so that data
/// far from zero lose no digits, and at zero for the inner product. Neighbours are chosen by score
/// and measured directly, as labels are: two may stand in for each other only where their distances
/// agree to rounding in `f32`.
#[doc(alias = "IndexFlat")]
#[doc(alias = "IndexFlatL2")]
#[doc(alias = "IndexFlatIP")]
#[doc(alias = "knn")]
pub struct FlatIndex<E: Engine> {
    engine: E,
    shards: Vec<Shard<E::Codebook>>,
    frame: Frame,
    metric: Metric,
    max_sq_norm: f64,
    len: usize,
}

impl<E: Engine> FlatIndex<E> {
    /// An index of `vectors`, row-major n×d, numbered from 0.
    ///
    /// Cost O(n·d); memory n·d in the form that the engine likes best. The slice is not kept.
    ///
    /// # Errors
    /// [`Error::NotVectors`], [`Error::NoVectors`], [`Error::TooManyVectors`] past 2³¹ − 1;
    /// [`kmeans_core::Error::NonFinite`] with the row and column of NaN or infinity.
    pub fn new(engine: E, vectors: &[f32], d: usize, metric: Metric) -> Result<Self> {
        Self::with_shards(engine, vectors, d, metric, SHARD_VECTORS)
    }

    fn with_shards(engine: E, vectors: &[f32], d: usize, metric: Metric, step: usize) -> Result<Self> {
        let len = check_vectors(vectors, d)?;
        check_metric(metric)?;
        let frame = frame_of(&engine, vectors, d, metric)?;
        let mut shards = Vec::with_capacity(len.div_ceil(step));
        let mut max_sq_norm = 0.0_f64;
        for start in (0..len).step_by(step) {
            let range = start..len.min(start + step);
            let centroids = Centroids::from_positions(&vectors[range.start * d..range.end * d], &frame);
            max_sq_norm = max_sq_norm.max(centroids.max_sq_norm());
            shards.push(Shard { vectors: range, codebook: engine.codebook(&centroids, metric)? });
        }
        Ok(Self { engine, shards, frame, metric, max_sq_norm, len })
    }

    /// Number of stored vectors; at least 1.
    #[doc(alias = "ntotal")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is stored: never, see [`Error::NoVectors`].
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of columns.
    #[doc(alias = "d")]
    pub fn dim(&self) -> usize {
        self.frame.dim()
    }

    /// What "nearest" means.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The engine that searches.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// The `p` nearest stored vectors of each query, the nearest first; of those equally near the
    /// lowest id first.
    ///
    /// Distances are squared (L2) or inner products, in the units of the data. Cost O(n·len·d) for n
    /// queries; memory one block of queries, and what is returned: n·p.
    ///
    /// # Errors
    /// [`Error::NeighbourCount`] if `p` is 0 or more than there are vectors;
    /// [`Error::DimensionMismatch`]; [`kmeans_core::Error::NonFinite`] with the row and column of a
    /// query that is NaN or infinite; [`kmeans_core::Error::OutOfRange`] for queries too far from the
    /// vectors; [`Error::Data`] if reading fails.
    pub fn search(&self, queries: &dyn Points, p: usize) -> Result<SearchResult> {
        self.check_search(queries, p)?;
        let n = queries.rows();
        let mut found = SearchResult::with_capacity(n, p);
        let mut buffer = Vec::new();
        let step = block_queries(self.dim(), p);
        for start in (0..n).step_by(step) {
            let rows = start..n.min(start + step);
            let block = read(queries, rows.clone(), &mut buffer)?;
            let hits = self.search_block(block, queries.name(), rows.clone(), p)?;
            found.ids.extend(hits.iter().map(|hit| hit.id));
            found.distances.extend(hits.iter().map(|hit| self.in_data_units(hit.distance)));
            queries.release(rows);
        }
        Ok(found)
    }

    fn check_search(&self, queries: &dyn Points, p: usize) -> Result<()> {
        if p == 0 || p > self.len {
            return Err(Error::NeighbourCount { p, len: self.len });
        }
        if queries.dim() != self.dim() {
            let (data, found) = (queries.name().to_owned(), queries.dim());
            return Err(Error::DimensionMismatch { data, found, expected: self.dim() });
        }
        Ok(())
    }

    fn search_block(&self, x: &[f32], name: &str, rows: Range<usize>, p: usize) -> Result<Hits> {
        let block = Rows::Host { x: Cow::Borrowed(x), d: self.dim() };
        let mut block = self.engine.prepare(block, None)?;
        let extent = self.engine.extent(&block).map_err(|e| locate(e, name, rows.start))?;
        let frame = self.frame.covering(&extent);
        self.check_range(&frame, &extent, name, &rows)?;
        self.engine.set_frame(&mut block, &frame)?;

        let mut hits = Hits::none(rows.len(), self.metric, p);
        for shard in &self.shards {
            let found = self.engine.nearest(&block, &shard.codebook, p.min(shard.vectors.len()))?;
            hits.merge(&found, shard.vectors.start);
        }
        Ok(hits)
    }

    /// Squared distances must fit `f32`, in the frame, where they are compared.
    fn check_range(&self, frame: &Frame, extent: &Extent, name: &str, rows: &Range<usize>) -> Result<()> {
        let reach = frame.sq_radius().sqrt() + self.max_sq_norm.sqrt();
        if reach * reach < f64::from(f32::MAX) / 4.0 {
            return Ok(());
        }
        let values = extent.min.iter().chain(&extent.max);
        let magnitude = values.fold(0.0, |m: f64, &x| m.max(f64::from(x.abs())));
        let (data, first, last) = (name.to_owned(), rows.start, rows.end);
        Err(kmeans_core::Error::OutOfRange { data, first, last, magnitude }.into())
    }

    fn in_data_units(&self, distance: f32) -> f32 {
        (f64::from(distance) * self.frame.unit()) as f32
    }
}

impl<E: Engine> fmt::Debug for FlatIndex<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatIndex")
            .field("engine", &self.engine.name())
            .field("len", &self.len)
            .field("dim", &self.dim())
            .field("metric", &self.metric)
            .finish_non_exhaustive()
    }
}

/// Vectors of this index are compared as they are.
fn check_metric(metric: Metric) -> Result<()> {
    match metric {
        Metric::L2 | Metric::InnerProduct => Ok(()),
        other => Err(kmeans_core::Error::Parameter {
            name: "metric",
            value: other.to_string(),
            expected: "l2 or ip (for cosine, normalise the vectors and the queries and use ip)",
        }
        .into()),
    }
}

/// The number of vectors in `vectors`.
fn check_vectors(vectors: &[f32], d: usize) -> Result<usize> {
    if d == 0 || !vectors.len().is_multiple_of(d) {
        return Err(Error::NotVectors { values: vectors.len(), d });
    }
    match vectors.len() / d {
        0 => Err(Error::NoVectors),
        n if n > MAX_VECTORS => Err(Error::TooManyVectors { n, max: MAX_VECTORS }),
        n => Ok(n),
    }
}

/// The frame centred on the vectors; refuses NaN and infinity.
fn frame_of<E: Engine>(engine: &E, vectors: &[f32], d: usize, metric: Metric) -> Result<Frame> {
    let rows = engine.prepare(Rows::Host { x: Cow::Borrowed(vectors), d }, None)?;
    let extent = engine.extent(&rows).map_err(|e| locate(e, "vectors", 0))?;
    Ok(Frame::centred(&extent, &some_rows(vectors, d), metric))
}

/// Some of the vectors, evenly spread: their medians make the origin.
fn some_rows(vectors: &[f32], d: usize) -> Vec<f32> {
    let n = vectors.len() / d;
    let m = n.min(ORIGIN_VECTORS);
    (0..m).flat_map(|i| &vectors[i * n / m * d..][..d]).copied().collect()
}

fn block_queries(d: usize, p: usize) -> usize {
    (BLOCK_VALUES / d.max(p)).clamp(1, BLOCK_QUERIES)
}

/// A range of queries: lent where the source can, else read into `buffer`.
fn read<'a>(queries: &'a dyn Points, rows: Range<usize>, buffer: &'a mut Vec<f32>) -> Result<&'a [f32]> {
    if let Some(lent) = queries.lend(rows.clone()) {
        return Ok(lent);
    }
    buffer.resize(rows.len() * queries.dim(), 0.0);
    queries.read(rows, buffer)?;
    Ok(buffer)
}

/// Names the source and the row within it in an error about a row of one block.
fn locate(error: kmeans_core::Error, name: &str, first: usize) -> kmeans_core::Error {
    match error {
        kmeans_core::Error::NonFinite { row, column, value, .. } => {
            kmeans_core::Error::NonFinite { data: name.to_owned(), row: first + row, column, value }
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "flat_tests.rs"]
mod tests;
