//! Training parameters, their defaults, and all checks of them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::metric::Metric;

/// Where the first centroids come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Init {
    /// k-means++: each next centroid is a row drawn with probability proportional to `w·D²`, `D`
    /// being the distance to the centroids so far \[AV07\].
    #[default]
    #[serde(rename = "kmeans++")]
    KMeansPlusPlus,
    /// Different rows, uniformly (with weights: in proportion to them).
    Random,
    /// The given centroids, row-major, at most k; the rest is drawn by k-means++.
    /// A saved model keeps that they were given, not their values.
    Centroids(#[serde(skip)] Vec<f32>),
}

impl std::fmt::Display for Init {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::KMeansPlusPlus => "kmeans++",
            Self::Random => "random",
            Self::Centroids(_) => "centroids",
        })
    }
}

/// The parameters of a training, under Faiss's names and with Faiss's defaults (but for `init`).
///
/// They are set through the builder, [`crate::KMeans`], and checked before any work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Params {
    /// Number of clusters.
    pub k: usize,
    /// Most Lloyd iterations of a restart. 0 leaves the initial centroids.
    pub niter: usize,
    /// Restarts, of which the best is kept.
    pub nredo: usize,
    /// Seed of all random choices.
    pub seed: u64,
    /// First centroids.
    pub init: Init,
    /// What "nearest" means; L2 if `None`, or inner product when `spherical`.
    pub metric: Option<Metric>,
    /// Normalise the centroids to length 1 after each update. Rows are not normalised.
    pub spherical: bool,
    /// Fewer rows a centroid than this give a warning (or, when `strict`, an error).
    pub min_points_per_centroid: usize,
    /// More rows a centroid than this are not trained on: a uniform sample is. `None`: all rows.
    pub max_points_per_centroid: Option<usize>,
    /// Stop when the objective changes by no more than this share of itself; 0 stops when nothing
    /// changes any more, `None` never stops before `niter`.
    pub early_stop_threshold: Option<f64>,
    /// Assign all rows to the returned centroids at the end. Without it, where a sample was trained
    /// on, inertia and sizes are of the sample and there are no labels.
    pub final_assign: bool,
    /// Keep the distance of every row in [`crate::Fit::distances`].
    pub return_distances: bool,
    /// Too few points are an error instead of a warning.
    pub strict: bool,
    /// Rows handed to the engine at a time; `None`: all at once. Changes no bit of the result.
    pub chunk_rows: Option<usize>,
}

impl Params {
    /// Defaults for `k` clusters.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            niter: 25,
            nredo: 1,
            seed: 1234,
            init: Init::default(),
            metric: None,
            spherical: false,
            min_points_per_centroid: 39,
            max_points_per_centroid: Some(256),
            early_stop_threshold: Some(0.0),
            final_assign: true,
            return_distances: false,
            strict: false,
            chunk_rows: None,
        }
    }

    /// The metric in force.
    pub fn metric(&self) -> Metric {
        self.metric.unwrap_or(if self.spherical { Metric::InnerProduct } else { Metric::L2 })
    }

    /// Most rows that are trained on.
    pub fn max_points(&self) -> usize {
        self.max_points_per_centroid.map_or(usize::MAX, |m| m.saturating_mul(self.k))
    }

    /// Rows below which a warning is due.
    pub fn min_points(&self) -> usize {
        self.min_points_per_centroid.saturating_mul(self.k)
    }

    /// Checks the values by themselves.
    pub(crate) fn check_values(&self) -> Result<()> {
        at_least_one("k", self.k)?;
        at_least_one("nredo", self.nredo)?;
        if i32::try_from(self.k).is_err() {
            return Err(parameter("k", self.k, "at most 2147483647: labels are 32-bit"));
        }
        if let Some(m) = self.max_points_per_centroid {
            at_least_one("max_points_per_centroid", m)?;
        }
        if let Some(rows) = self.chunk_rows {
            at_least_one("chunk_rows", rows)?;
        }
        match self.early_stop_threshold {
            Some(t) if !t.is_finite() || t < 0.0 => {
                Err(parameter("early_stop_threshold", t, "a number >= 0, or none"))
            }
            _ => Ok(()),
        }
    }

    /// Checks the values against the shape of the data.
    pub(crate) fn check_shape(&self, data: &str, n: usize, d: usize) -> Result<()> {
        if d == 0 {
            return Err(Error::ZeroDimension { data: data.to_owned() });
        }
        if n < self.k {
            return Err(Error::TooFewPoints { n, k: self.k });
        }
        if self.strict && n < self.min_points() {
            let per_centroid = self.min_points_per_centroid;
            return Err(Error::TooFewPointsStrict { n, k: self.k, min: self.min_points(), per_centroid });
        }
        match &self.init {
            Init::Centroids(given) => self.check_given(given, d),
            _ => Ok(()),
        }
    }

    fn check_given(&self, given: &[f32], d: usize) -> Result<()> {
        if !given.len().is_multiple_of(d) {
            return Err(parameter(
                "init",
                format!("{} values", given.len()),
                "whole rows of initial centroids (a multiple of d values)",
            ));
        }
        if given.len() / d > self.k {
            return Err(Error::TooManyCentroids { given: given.len() / d, k: self.k });
        }
        match given.iter().position(|x| !x.is_finite()) {
            Some(at) => Err(Error::NonFinite {
                data: "initial centroids".to_owned(),
                row: at / d,
                column: at % d,
                value: given[at],
            }),
            None => Ok(()),
        }
    }
}

/// Checks weights against the number of rows.
pub(crate) fn check_weights(weights: &[f32], n: usize, k: usize) -> Result<()> {
    if weights.len() != n {
        return Err(Error::WeightCount { expected: n, found: weights.len() });
    }
    if let Some(row) = weights.iter().position(|&w| !w.is_finite() || w < 0.0) {
        return Err(Error::BadWeight { row, value: weights[row] });
    }
    let positive = weights.iter().filter(|&&w| w > 0.0).count();
    if positive < k {
        return Err(Error::TooFewPoints { n: positive, k });
    }
    Ok(())
}

fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    if value == 0 { Err(parameter(name, value, "at least 1")) } else { Ok(()) }
}

fn parameter(name: &'static str, value: impl ToString, expected: &'static str) -> Error {
    Error::Parameter { name, value: value.to_string(), expected }
}
