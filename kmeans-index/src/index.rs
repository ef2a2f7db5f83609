//! An index of either kind, as a file has it.

use std::path::Path;

use kmeans_core::Metric;
use kmeans_data::{Overwrite, Points};

use crate::error::Result;
use crate::file::Kind;
use crate::flat::FlatIndex;
use crate::hardware::{Hardware, Running};
use crate::ivf::IvfIndex;
use crate::open;
use crate::options::SearchOptions;
use crate::search_result::SearchResult;
use crate::storage::Storage;

/// An index of either kind.
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "there are never many")]
pub enum Index {
    /// Exact search.
    Flat(FlatIndex),
    /// Search in the nearest clusters.
    Ivf(IvfIndex),
}

/// Hands a call to the index that there is.
macro_rules! of_either {
    ($index:expr, $name:ident => $call:expr) => {
        match $index {
            Index::Flat($name) => $call,
            Index::Ivf($name) => $call,
        }
    };
}

impl Index {
    /// Opens an index file of either kind; see [`IvfIndex::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(hardware: impl Hardware + 'static, path: impl AsRef<Path>) -> Result<Self> {
        let (path, running) = (path.as_ref(), Running::on(hardware)?);
        let opened = open::open(path)?;
        match opened.heading.kind {
            Kind::Flat => Ok(Self::Flat(FlatIndex::of_file(running, path, opened)?)),
            Kind::Ivf => Ok(Self::Ivf(IvfIndex::of_file(running, path, opened)?)),
        }
    }

    /// Number of stored vectors.
    pub fn len(&self) -> usize {
        of_either!(self, index => index.len())
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of columns.
    pub fn dim(&self) -> usize {
        of_either!(self, index => index.dim())
    }

    /// Number of lists that a query can look into: 1 of a flat index.
    pub fn k(&self) -> usize {
        match self {
            Self::Flat(_) => 1,
            Self::Ivf(index) => index.k(),
        }
    }

    /// What "nearest" means.
    pub fn metric(&self) -> Metric {
        of_either!(self, index => index.metric())
    }

    /// How vectors are stored.
    pub fn storage(&self) -> Storage {
        of_either!(self, index => index.storage())
    }

    /// What searches, for reports.
    ///
    /// # Errors
    /// If the device cannot be opened.
    pub fn device(&self) -> Result<String> {
        match self {
            Self::Flat(index) => index.device(),
            Self::Ivf(index) => Ok(index.device()),
        }
    }

    /// Adds the rows of `points`, numbered on from the largest id, or with the ids given.
    ///
    /// # Errors
    /// As [`IvfIndex::add_with_ids`].
    pub fn add(&mut self, points: &dyn Points, ids: Option<&[u64]>) -> Result<()> {
        of_either!(self, index => match ids {
            Some(ids) => index.add_with_ids(points, ids),
            None => index.add(points),
        })
    }

    /// Removes the vectors of `ids`, those that are there; returns how many.
    ///
    /// # Errors
    /// As [`IvfIndex::remove`].
    pub fn remove(&mut self, ids: &[u64]) -> Result<usize> {
        of_either!(self, index => index.remove(ids))
    }

    /// The vector of an id, as it is stored.
    ///
    /// # Errors
    /// As [`IvfIndex::reconstruct`].
    pub fn reconstruct(&self, id: u64) -> Result<Vec<f32>> {
        of_either!(self, index => index.reconstruct(id))
    }

    /// The `p` nearest vectors of each query; see [`IvfIndex::search_with`].
    ///
    /// # Errors
    /// As there.
    pub fn search_with(
        &self,
        queries: &dyn Points,
        p: usize,
        options: SearchOptions<'_>,
    ) -> Result<SearchResult> {
        of_either!(self, index => index.search_with(queries, p, options))
    }

    /// All vectors nearer than `radius`; see [`IvfIndex::range_search`].
    ///
    /// # Errors
    /// As there.
    pub fn range_search(
        &self,
        queries: &dyn Points,
        radius: f32,
        options: SearchOptions<'_>,
    ) -> Result<SearchResult> {
        of_either!(self, index => index.range_search(queries, radius, options))
    }

    /// Writes the index; see [`IvfIndex::save`].
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<()> {
        of_either!(self, index => index.save(path, overwrite))
    }
}
