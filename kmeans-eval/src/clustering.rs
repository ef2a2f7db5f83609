//! Rows and the clusters that labels put them in.

use std::collections::HashMap;
use std::ops::Range;

use kmeans_data::Points;

use crate::blocks::{for_each_block, sq_dist};
use crate::error::{Error, Result};
use crate::parallel::{all_threads, in_order};

/// Bytes that sums of all parts may take together.
const SUMS_BYTES: usize = 1 << 28;

/// Most parts whose sums are added up apart.
const MOST_PARTS: usize = 16;

/// Rows, their clusters by labels that any tool may have made, and what all internal measures start from: the mean of
/// each cluster and the distance of each row to the mean of its own.
///
/// Labels are any `i32`: they name clusters and have no order, may be negative and skip numbers, as scikit-learn takes
/// them. A cluster is a label that occurs. Clusters are numbered `0..k` by ascending label.
pub struct Clustering<'a> {
    points: &'a dyn Points,
    names: Vec<i32>,
    clusters: Vec<u32>,
    /// Rows by cluster, ascending within each.
    order: Vec<usize>,
    /// Where each cluster begins in `order`, and where the last one ends.
    starts: Vec<usize>,
    means: Vec<f64>,
    distances: Vec<f64>,
    max_abs: f32,
    threads: usize,
}

impl<'a> Clustering<'a> {
    /// Groups the rows of `points` by label, one label a row.
    ///
    /// Reads the rows twice, by blocks; sums are `f64`, in an order that does not depend on threads. Cost O(n·d), memory
    /// O(n + k·d) and a block of rows a thread.
    ///
    /// # Errors
    /// [`Error::NoRows`], [`Error::LabelCount`], [`Error::NonFinite`] with row and column, [`Error::Data`] where reading
    /// fails.
    pub fn new(points: &'a dyn Points, labels: &[i32]) -> Result<Self> {
        Self::on_threads(points, labels, all_threads())
    }

    /// The same on so many threads, which changes no bit.
    ///
    /// # Errors
    /// As [`Clustering::new`].
    pub fn on_threads(points: &'a dyn Points, labels: &[i32], threads: usize) -> Result<Self> {
        let n = points.rows();
        if labels.len() != n {
            return Err(Error::LabelCount { expected: n, found: labels.len() });
        }
        if n == 0 {
            return Err(Error::NoRows);
        }
        let (names, clusters) = numbered(labels);
        let (order, starts) = by_cluster(&clusters, names.len());
        let mut new = Self {
            points,
            names,
            clusters,
            order,
            starts,
            means: Vec::new(),
            distances: Vec::new(),
            max_abs: 0.0,
            threads,
        };
        new.measure_means()?;
        new.measure_distances()?;
        Ok(new)
    }

    /// The rows.
    pub fn points(&self) -> &'a dyn Points {
        self.points
    }

    /// Rows.
    pub fn n(&self) -> usize {
        self.clusters.len()
    }

    /// Columns.
    pub fn d(&self) -> usize {
        self.points.dim()
    }

    /// Clusters: labels that occur.
    pub fn k(&self) -> usize {
        self.names.len()
    }

    /// The label of each cluster, ascending.
    pub fn labels(&self) -> &[i32] {
        &self.names
    }

    /// The cluster of each row, in `0..k`.
    pub fn clusters(&self) -> &[u32] {
        &self.clusters
    }

    /// Rows of each cluster; none is 0.
    pub fn sizes(&self) -> Vec<u64> {
        self.starts.windows(2).map(|ends| (ends[1] - ends[0]) as u64).collect()
    }

    /// The rows of a cluster, ascending.
    ///
    /// # Panics
    /// If `cluster >= k`.
    pub fn rows_of(&self, cluster: usize) -> &[usize] {
        &self.order[self.starts[cluster]..self.starts[cluster + 1]]
    }

    /// The mean of each cluster, row-major k×d.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The mean of all rows, d values.
    pub fn centre(&self) -> Vec<f64> {
        let mut centre = vec![0.0; self.d()];
        for (mean, size) in self.means.chunks_exact(self.d()).zip(self.sizes()) {
            let share = size as f64 / self.n() as f64;
            centre.iter_mut().zip(mean).for_each(|(centre, mean)| *centre += share * mean);
        }
        centre
    }

    /// The Euclidean distance of each row to the mean of its cluster, not squared.
    pub fn distances(&self) -> &[f64] {
        &self.distances
    }

    /// Rows by cluster, ascending within each.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Where the rows of a cluster stand in [`Clustering::order`].
    pub(crate) fn places_of(&self, cluster: usize) -> Range<usize> {
        self.starts[cluster]..self.starts[cluster + 1]
    }

    /// Threads to compute on.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// The largest `|x|`.
    pub(crate) fn max_abs(&self) -> f32 {
        self.max_abs
    }

    /// Measures that compare clusters are defined for 2 to n − 1 of them, as in scikit-learn.
    pub(crate) fn check_comparable(&self) -> Result<()> {
        let (n, k) = (self.n(), self.k());
        if (2..n).contains(&k) { Ok(()) } else { Err(Error::ClusterCount { k, n }) }
    }

    fn measure_means(&mut self) -> Result<()> {
        let (n, d, k) = (self.n(), self.d(), self.k());
        let parts = (SUMS_BYTES / (size_of::<f64>() * k * d)).clamp(1, MOST_PARTS);
        let step = n.div_ceil(parts);
        let sums = in_order(self.threads, n.div_ceil(step), |part| {
            let (mut sums, mut max_abs) = (vec![0.0; k * d], 0.0_f32);
            for_each_block(self.points, part * step..n.min((part + 1) * step), |rows, x| {
                for (row, x) in rows.zip(x.chunks_exact(d)) {
                    let own = &mut sums[self.clusters[row] as usize * d..][..d];
                    for (sum, &x) in own.iter_mut().zip(x) {
                        *sum += f64::from(x);
                        max_abs = max_abs.max(x.abs());
                    }
                }
            })?;
            Ok::<_, Error>((sums, max_abs))
        });
        let mut means = vec![0.0; k * d];
        for part in sums {
            let (sums, max_abs) = part?;
            means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += sum);
            self.max_abs = self.max_abs.max(max_abs);
        }
        for (mean, size) in means.chunks_exact_mut(d).zip(self.sizes()) {
            mean.iter_mut().for_each(|sum| *sum /= size as f64);
        }
        self.means = means;
        Ok(())
    }

    fn measure_distances(&mut self) -> Result<()> {
        /// Rows that a thread takes at a time.
        const STEP: usize = 1 << 14;
        let (n, d) = (self.n(), self.d());
        let parts = in_order(self.threads, n.div_ceil(STEP), |part| {
            let rows = part * STEP..n.min((part + 1) * STEP);
            let mut distances = Vec::with_capacity(rows.len());
            for_each_block(self.points, rows, |rows, x| {
                let mean_of = |row: usize| &self.means[self.clusters[row] as usize * d..][..d];
                distances.extend(rows.zip(x.chunks_exact(d)).map(|(row, x)| sq_dist(x, mean_of(row)).sqrt()));
            })?;
            Ok::<_, Error>(distances)
        });
        self.distances = parts.into_iter().collect::<Result<Vec<_>>>()?.concat();
        Ok(())
    }
}

impl std::fmt::Debug for Clustering<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, n, k) = (self.points.name(), self.n(), self.k());
        f.debug_struct("Clustering").field("points", &name).field("n", &n).field("k", &k).finish()
    }
}

/// The labels that occur, ascending, and the place of each row's among them.
fn numbered(labels: &[i32]) -> (Vec<i32>, Vec<u32>) {
    let mut numbers: HashMap<i32, u32> = labels.iter().map(|&label| (label, 0)).collect();
    let mut names: Vec<i32> = numbers.keys().copied().collect();
    names.sort_unstable();
    for (number, name) in (0..).zip(&names) {
        numbers.insert(*name, number);
    }
    (names, labels.iter().map(|label| numbers[label]).collect())
}

/// Rows sorted by cluster, and where clusters begin.
fn by_cluster(clusters: &[u32], k: usize) -> (Vec<usize>, Vec<usize>) {
    let mut starts = vec![0; k + 1];
    clusters.iter().for_each(|&cluster| starts[cluster as usize + 1] += 1);
    (0..k).for_each(|cluster| starts[cluster + 1] += starts[cluster]);
    let (mut next, mut order) = (starts.clone(), vec![0; clusters.len()]);
    for (row, &cluster) in clusters.iter().enumerate() {
        let place = &mut next[cluster as usize];
        order[*place] = row;
        *place += 1;
    }
    (order, starts)
}
