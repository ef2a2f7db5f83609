//! All checks of parameters and weights, before any work.

use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::options::{EmptyClusters, Init, Pruning, Seeding};
use crate::params::Params;

impl Params {
    /// Checks the values by themselves, before any data is there; training does it, too.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value out of its range, [`Error::Together`] for one that would be
    /// ignored beside another.
    pub fn check(&self) -> Result<()> {
        at_least_one("k", self.k)?;
        at_least_one("nredo", self.nredo)?;
        at_least_one("decode_block_size", self.decode_block_size)?;
        at_least_one("afkmc2_chain_length", self.afkmc2_chain_length)?;
        if i32::try_from(self.k).is_err() {
            return Err(parameter("k", self.k, "at most 2147483647: labels are 32-bit"));
        }
        for (name, value) in [
            ("max_points_per_centroid", self.max_points_per_centroid),
            ("chunk_rows", self.chunk_rows),
            ("progressive_dim_steps", self.progressive_dim_steps),
        ] {
            value.map_or(Ok(()), |value| at_least_one(name, value))?;
        }
        match self.init {
            Init::GreedyKMeansPlusPlus { trials: Some(trials @ (0 | 1025..)) } => {
                return Err(parameter("local_trials", trials, "1 to 1024"));
            }
            _ if self.progressive_dim_steps.is_some_and(|steps| steps > 10_000) => {
                return Err(parameter("progressive_dim_steps", "too large", "1 to 10000"));
            }
            _ => {}
        }
        not_negative("early_stop_threshold", self.early_stop_threshold)?;
        not_negative("balanced", self.balanced)?;
        self.check_together()
    }

    /// Parameters that do not go together are refused by name, never ignored.
    fn check_together(&self) -> Result<()> {
        if self.frozen_centroids && self.init_centroids.is_empty() {
            return Err(parameter("frozen_centroids", true, "given centroids (init_centroids) to freeze"));
        }
        let is_random = self.init == Init::Random;
        if self.seeding == Seeding::Faiss && !(is_random && self.empty_clusters == EmptyClusters::Split) {
            let expected = "init random and empty_clusters split: Faiss's other draws are not reproducible";
            return Err(parameter("seeding", Seeding::Faiss, expected));
        }
        if self.exact_1d {
            self.refuse_beside("exact_1d", &self.beside_exact_1d())?;
        }
        if self.balanced.is_some() {
            self.refuse_beside("balanced", &self.beside_balanced())?;
        }
        if self.hierarchical {
            self.refuse_beside("hierarchical", &self.beside_hierarchical())?;
        }
        if self.progressive_dim_steps.is_some() {
            self.refuse_beside("progressive_dim_steps", &self.beside_progressive())?;
        }
        Ok(())
    }

    fn refuse_beside(&self, with: &'static str, refused: &[(&'static str, bool)]) -> Result<()> {
        match refused.iter().find(|(_, is_set)| *is_set) {
            Some(&(name, _)) => Err(Error::Together { name, with }),
            None => Ok(()),
        }
    }

    fn beside_exact_1d(&self) -> [(&'static str, bool); 20] {
        let usual = Self::default();
        let most = self.max_points_per_centroid;
        [
            ("niter", self.niter != usual.niter),
            ("max_points_per_centroid", most.is_some() && most != usual.max_points_per_centroid),
            ("use_faster_subsampling", self.use_faster_subsampling),
            ("early_stop_threshold", self.early_stop_threshold != usual.early_stop_threshold),
            ("final_assign (switched off)", !self.final_assign),
            ("spherical", self.spherical),
            ("metric", self.metric() != Metric::L2),
            ("int_centroids", self.int_centroids),
            ("init_centroids", !self.init_centroids.is_empty()),
            ("init", self.init != Init::default()),
            ("nredo", self.nredo != 1),
            ("progressive_dim_steps", self.progressive_dim_steps.is_some()),
            ("hierarchical", self.hierarchical),
            ("balanced", self.balanced.is_some()),
            ("empty_clusters", self.empty_clusters != EmptyClusters::default()),
            ("update_index", self.update_index),
            ("time_limit", self.time_limit.is_some()),
            ("pruning always", self.pruning == Some(Pruning::Always)),
            ("pruning_memory", self.pruning_memory.is_some()),
            ("device_memory", self.device_memory.is_some()),
        ]
    }

    fn beside_balanced(&self) -> [(&'static str, bool); 3] {
        [
            ("update_index", self.update_index),
            ("final_assign (switched off)", !self.final_assign),
            ("seeding faiss", self.seeding == Seeding::Faiss),
        ]
    }

    fn beside_hierarchical(&self) -> [(&'static str, bool); 4] {
        [
            ("init_centroids", !self.init_centroids.is_empty()),
            ("progressive_dim_steps", self.progressive_dim_steps.is_some()),
            ("balanced", self.balanced.is_some()),
            ("seeding faiss", self.seeding == Seeding::Faiss),
        ]
    }

    fn beside_progressive(&self) -> [(&'static str, bool); 3] {
        [
            ("frozen_centroids", self.frozen_centroids),
            ("balanced", self.balanced.is_some()),
            ("seeding faiss", self.seeding == Seeding::Faiss),
        ]
    }

    /// Checks the values against the shape of the data.
    pub(crate) fn check_shape(&self, data: &str, n: usize, d: usize) -> Result<()> {
        if d == 0 {
            return Err(Error::ZeroDimension { data: data.to_owned() });
        }
        if n < self.k || n == 0 {
            return Err(Error::TooFewPoints { n, k: self.k });
        }
        if self.seeding == Seeding::Faiss && i32::try_from(n).is_err() {
            let few = "data of fewer than 2^31 rows, the most that Faiss can draw from";
            return Err(parameter("seeding", Seeding::Faiss, few));
        }
        if self.exact_1d && d != 1 {
            return Err(parameter("exact_1d", true, "data of one column"));
        }
        if self.balanced.is_some() && n > self.max_points() {
            let all = "all rows to be trained on: max_points_per_centroid none, or larger";
            return Err(parameter("balanced", self.balanced.unwrap_or(0.0), all));
        }
        if self.strict && n < self.min_points() && !self.exact_1d {
            let per_centroid = self.min_points_per_centroid;
            return Err(Error::TooFewPointsStrict { n, k: self.k, min: self.min_points(), per_centroid });
        }
        self.check_given(d)
    }

    fn check_given(&self, d: usize) -> Result<()> {
        let given = &self.init_centroids;
        if !given.len().is_multiple_of(d) {
            return Err(parameter(
                "init_centroids",
                format!("{} values", given.len()),
                "whole rows (a multiple of d values)",
            ));
        }
        if given.len() / d > self.k {
            return Err(Error::TooManyCentroids { given: given.len() / d, k: self.k });
        }
        check_finite("initial centroids", given, d)
    }
}

/// Checks weights against the number of rows, of which `k` must have some.
pub(crate) fn check_weights(weights: &[f32], n: usize, k: usize) -> Result<()> {
    check_row_weights(Some(weights), n)?;
    let positive = weights.iter().filter(|&&w| w > 0.0).count();
    if positive < k {
        return Err(Error::TooFewPoints { n: positive, k });
    }
    Ok(())
}

/// One finite weight a row, none negative.
pub(crate) fn check_row_weights(weights: Option<&[f32]>, n: usize) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    if weights.len() != n {
        return Err(Error::WeightCount { expected: n, found: weights.len() });
    }
    match weights.iter().position(|&w| !w.is_finite() || w < 0.0) {
        Some(row) => Err(Error::BadWeight { row, value: weights[row] }),
        None => Ok(()),
    }
}

/// Names the first value that is NaN or infinite.
pub(crate) fn check_finite(data: &str, x: &[f32], d: usize) -> Result<()> {
    match x.iter().position(|x| !x.is_finite()) {
        Some(at) => {
            Err(Error::NonFinite { data: data.to_owned(), row: at / d, column: at % d, value: x[at] })
        }
        None => Ok(()),
    }
}

fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    if value == 0 { Err(parameter(name, value, "at least 1")) } else { Ok(()) }
}

fn not_negative(name: &'static str, value: Option<f64>) -> Result<()> {
    match value {
        Some(v) if !v.is_finite() || v < 0.0 => Err(parameter(name, v, "a number >= 0, or none")),
        _ => Ok(()),
    }
}

fn parameter(name: &'static str, value: impl ToString, expected: &'static str) -> Error {
    Error::Parameter { name, value: value.to_string(), expected }
}
