//! A trained model.

use crate::assign_all::Target;
use crate::centroids::Centroids;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::metric::Metric;
use crate::params::Params;
use crate::preparation::Preparation;
use crate::report::Report;

/// Centroids, the coordinates they are held in, and how they came to be.
///
/// Centroids are held as offsets from an origin near the data: their sum, [`KMeansModel::centroids`],
/// is rounded to `f32`, but rows are assigned to the exact ones.
///
/// A model whose rows were prepared holds the [`Preparation`]: centroids are in the units of prepared rows, and rows
/// that are assigned are prepared first.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansModel {
    centroids: Centroids,
    origin: Vec<f32>,
    scale: f32,
    positions: Vec<f32>,
    params: Params,
    report: Report,
    preparation: Option<Preparation>,
}

impl KMeansModel {
    pub(crate) fn new(centroids: Centroids, frame: &Frame, params: Params, report: &Report) -> Self {
        Self {
            positions: centroids.to_positions(frame),
            origin: frame.origin().to_vec(),
            scale: frame.scale(),
            centroids,
            params,
            report: report.clone(),
            preparation: None,
        }
    }

    /// Gives back the first centroids, row-major, as they were given, to the bit.
    pub(crate) fn pin(&mut self, positions: &[f32]) {
        self.positions[..positions.len()].copy_from_slice(positions);
    }

    pub(crate) fn from_parts(
        positions: Vec<f32>,
        offsets: Vec<f32>,
        origin: Vec<f32>,
        scale: f32,
        params: Params,
        report: Report,
    ) -> Self {
        let centroids = Centroids::from_offsets(offsets, origin.len());
        Self { centroids, origin, scale, positions, params, report, preparation: None }
    }

    /// What rows go through before they meet the centroids.
    pub fn preparation(&self) -> Option<&Preparation> {
        self.preparation.as_ref()
    }

    /// The same centroids for rows that come with this preparation, or without any.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`] if prepared rows have another number of columns than the centroids.
    pub fn with_preparation(mut self, preparation: Option<Preparation>) -> Result<Self> {
        if let Some(found) = preparation.as_ref().map(Preparation::dim_out).filter(|&d| d != self.dim()) {
            let (what, than) = ("the preparation".to_owned(), "the model");
            return Err(Error::DimensionMismatch { what, than, expected: self.dim(), found });
        }
        self.preparation = preparation;
        Ok(self)
    }

    /// The same centroids for rows that are prepared already.
    #[must_use]
    pub fn without_preparation(mut self) -> Self {
        self.preparation = None;
        self
    }

    /// Refuses what cannot be prepared.
    pub(crate) fn check_unprepared(&self, what: &'static str) -> Result<()> {
        match self.preparation {
            None => Ok(()),
            Some(_) => Err(Error::NotPrepared { what, of: "model" }),
        }
    }

    /// Number of clusters.
    #[doc(alias = "n_clusters")]
    pub fn k(&self) -> usize {
        self.centroids.k()
    }

    /// Number of columns of the centroids; rows to assign have [`Preparation::dim_in`] where there is one.
    #[doc(alias = "n_features_in_")]
    pub fn dim(&self) -> usize {
        self.origin.len()
    }

    /// Centroids in the units of the data, row-major k×d, rounded to `f32`.
    #[doc(alias = "cluster_centers_")]
    pub fn centroids(&self) -> &[f32] {
        &self.positions
    }

    /// One centroid in the units of the data.
    ///
    /// # Panics
    /// If `cluster >= k`.
    pub fn centroid(&self, cluster: usize) -> &[f32] {
        &self.positions[cluster * self.dim()..][..self.dim()]
    }

    /// Rows of each cluster when the model was trained.
    pub fn cluster_sizes(&self) -> &[u64] {
        &self.report.cluster_sizes
    }

    /// Objective of the centroids over the training data, see [`Report::inertia`]; of the sample if
    /// the final assignment was left out.
    #[doc(alias = "inertia_")]
    pub fn inertia(&self) -> f64 {
        self.report.inertia
    }

    /// What "nearest" means.
    pub fn metric(&self) -> Metric {
        self.report.metric
    }

    /// The name of the [`crate::TensorMetric`] of the user's own that it was trained with, see
    /// [`Report::metric_name`].
    pub fn metric_name(&self) -> Option<&str> {
        self.report.metric_name.as_deref()
    }

    /// The parameters of its training.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The report of its training.
    pub fn report(&self) -> &Report {
        &self.report
    }

    pub(crate) fn report_mut(&mut self) -> &mut Report {
        &mut self.report
    }

    /// The exact centroids: offsets from [`KMeansModel::origin`], times [`KMeansModel::scale`].
    pub fn offsets(&self) -> &[f32] {
        self.centroids.offsets()
    }

    /// What is subtracted from each column before offsets are compared.
    pub fn origin(&self) -> &[f32] {
        &self.origin
    }

    /// The power of two by which centred values are multiplied; 1 but for extreme data.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target { centroids: &self.centroids, origin: &self.origin, scale: self.scale, metric: self.metric() }
    }
}
