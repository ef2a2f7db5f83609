//! A silhouette a row.

use crate::clustering::Clustering;

/// The silhouette of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Silhouettes {
    values: Vec<f64>,
}

impl Silhouettes {
    pub(super) fn new(values: Vec<f64>) -> Self {
        Self { values }
    }

    /// One value a row, in [−1, 1]: near 1 deep in its cluster, 0 between two, negative nearer to another.
    #[doc(alias = "silhouette_samples")]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The mean over all rows.
    #[doc(alias = "silhouette_score")]
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// The values of the rows of each cluster, falling.
    ///
    /// # Panics
    /// If `clustering` has fewer rows than there are values.
    pub fn by_cluster(&self, clustering: &Clustering<'_>) -> Vec<Vec<f64>> {
        let of = |cluster| {
            let rows = clustering.rows_of(cluster).iter();
            let mut values: Vec<f64> = rows.map(|&row| self.values[row]).collect();
            values.sort_unstable_by(|a, b| b.total_cmp(a));
            values
        };
        (0..clustering.k()).map(of).collect()
    }

    /// The mean over the rows of each cluster.
    ///
    /// # Panics
    /// As [`Silhouettes::by_cluster`].
    pub fn means(&self, clustering: &Clustering<'_>) -> Vec<f64> {
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        self.by_cluster(clustering).iter().map(mean).collect()
    }
}
