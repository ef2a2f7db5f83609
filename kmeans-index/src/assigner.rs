//! Assignment of rows to centroids through an index, for training with very many clusters.

use kmeans_core::{Assigner, Error, Job, KMeans, KMeansModel, Metric, Result};
use kmeans_data::{Points, RowSlice};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::Error as IndexError;
use crate::flat::FlatIndex;
use crate::hardware::{Hardware, Running};
use crate::index::Index;
use crate::ivf::IvfIndex;
use crate::options::SearchOptions;
use crate::storage::Storage;

/// Centroids in an index, which each row is searched in: Faiss's `index` argument.
///
/// In cells a row is compared with about `√k·(1 + nprobe)` centroids instead of k; a nearest centroid in another cell is
/// missed. Cells are trained once on the first centroids, or on those of every iteration with `update_index`; centroids
/// are shared out among them anew in each.
pub struct IndexAssigner {
    running: Running,
    metric: Metric,
    /// Cells that a row looks into; `None` without cells.
    nprobe: Option<usize>,
    /// The cells, as they were trained, and the checksum of the centroids that they were trained on.
    cells: Option<(KMeansModel, u64)>,
    /// The index, and the checksum of the centroids in it.
    index: Option<(Index, u64)>,
}

impl IndexAssigner {
    /// An assigner by a [`FlatIndex`]: exact, ties by the lowest number; measured in `f64`, on a device of its own chosen by
    /// scores in `f32`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a metric that engines do not have.
    pub fn flat(hardware: impl Hardware + 'static, metric: Metric) -> Result<Self> {
        Self::new(Running::on(hardware)?, metric, None)
    }

    /// An assigner by an [`IvfIndex`] of `√k` cells, of which `nprobe` are looked into.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `nprobe` 0 and for a metric that engines do not have.
    pub fn cells(hardware: impl Hardware + 'static, metric: Metric, nprobe: usize) -> Result<Self> {
        Self::new(Running::on(hardware)?, metric, Some(nprobe))
    }

    fn new(running: Running, metric: Metric, nprobe: Option<usize>) -> Result<Self> {
        metric.check_fused()?;
        if nprobe == Some(0) {
            return Err(Error::Parameter { name: "nprobe", value: "0".to_owned(), expected: "at least 1" });
        }
        // Rows and centroids come normalised where they are to be.
        let metric = if metric.is_similarity() { Metric::InnerProduct } else { metric };
        Ok(Self { running, metric, nprobe, cells: None, index: None })
    }

    fn of_index(&self, error: IndexError) -> Error {
        match error {
            IndexError::Core(error) => error,
            IndexError::Data(error) => error.into(),
            other => Error::Engine { engine: self.name(), message: other.to_string() },
        }
    }

    fn made(&self, centroids: &dyn Points) -> Result<Index, IndexError> {
        let Some((cells, _)) = &self.cells else {
            let index = FlatIndex::build_on(self.running.clone(), centroids, self.metric, Storage::F32)?;
            return Ok(Index::Flat(index));
        };
        let mut index = IvfIndex::new_on(self.running.clone(), cells.clone(), Storage::F32)?;
        index.add(centroids)?;
        Ok(Index::Ivf(index))
    }

    /// Labels the rows that find a centroid in their cells; returns the others.
    fn search(
        &self,
        index: &Index,
        x: &[f32],
        d: usize,
        nprobe: usize,
        labels: &mut [i32],
    ) -> Result<Vec<usize>> {
        let options = SearchOptions::default().nprobe(nprobe);
        let found = index.search_with(&RowSlice::new(x, d)?, 1, options).map_err(|e| self.of_index(e))?;
        let mut left = Vec::new();
        for (row, label) in labels.iter_mut().enumerate() {
            match found.of(row).0 {
                [nearest, ..] => *label = *nearest as i32,
                [] => left.push(row),
            }
        }
        Ok(left)
    }
}

impl Assigner for IndexAssigner {
    fn name(&self) -> String {
        match self.nprobe {
            None => "a flat index".to_owned(),
            Some(nprobe) => format!("an index of cells (nprobe {nprobe})"),
        }
    }

    fn is_exact(&self) -> bool {
        self.nprobe.is_none()
    }

    fn train(&mut self, centroids: &[f32], d: usize) -> Result<()> {
        let checksum = xxh3_64(bytemuck::cast_slice(centroids));
        let is_known = self.cells.as_ref().is_some_and(|(cells, of)| *of == checksum && cells.dim() == d);
        if self.nprobe.is_some() && !is_known {
            let k = ((centroids.len() / d) as f64).sqrt().ceil() as usize;
            let kmeans = KMeans::on((), k).metric(self.metric).min_points_per_centroid(1);
            let points = RowSlice::new(centroids, d)?;
            let model = self.running.hardware.train(Job::new(&points, kmeans.params()))?.model;
            (self.cells, self.index) = (Some((model, checksum)), None);
        }
        Ok(())
    }

    fn set_centroids(&mut self, centroids: &[f32], d: usize) -> Result<()> {
        if self.cells.is_none() {
            self.train(centroids, d)?;
        }
        let checksum = xxh3_64(bytemuck::cast_slice(centroids));
        if self.index.as_ref().is_some_and(|(index, of)| *of == checksum && index.dim() == d) {
            return Ok(());
        }
        let made = self.made(&RowSlice::new(centroids, d)?).map_err(|e| self.of_index(e));
        self.index = Some((made?, checksum));
        Ok(())
    }

    fn assign(&self, x: &[f32], d: usize, labels: &mut [i32]) -> Result<()> {
        let expected = "centroids to be set before rows are assigned";
        let none = || Error::Parameter { name: "assigner", value: "empty".to_owned(), expected };
        let (index, _) = self.index.as_ref().ok_or_else(none)?;
        let mut nprobe = self.nprobe.unwrap_or(1).min(index.k());
        let mut left = self.search(index, x, d, nprobe, labels)?;
        // All cells of these rows are empty: they look into more.
        while !left.is_empty() {
            nprobe = (2 * nprobe).min(index.k());
            let rows: Vec<f32> = left.iter().flat_map(|&row| &x[row * d..][..d]).copied().collect();
            let mut found = vec![-1; left.len()];
            let still = self.search(index, &rows, d, nprobe, &mut found)?;
            left.iter().zip(&found).for_each(|(&row, &label)| labels[row] = label);
            left = still.into_iter().map(|at| left[at]).collect();
        }
        Ok(())
    }
}
