//! All measures of a clustering at once.

use kmeans_core::Trainer;

use crate::adjusted_information::adjusted_mutual_information;
use crate::clustering::Clustering;
use crate::contingency::Contingency;
use crate::dispersion::{
    Spread, calinski_harabasz, cluster_spreads, davies_bouldin, mean_distance, sum_of_squares,
};
use crate::distance::Distance;
use crate::dunn::dunn;
use crate::error::{Error, Result};
use crate::information::{completeness, homogeneity, normalized_mutual_information, v_measure};
use crate::measure::{Measure, Needs};
use crate::pairs::{adjusted_rand_index, fowlkes_mallows};
use crate::purity::purity;
use crate::silhouette::{sampled_silhouette, silhouette, simplified_silhouette};
use crate::sizes::imbalance_factor;

/// Rows from which on silhouettes are of a sample, and the Dunn index is measured only where it is asked for: all pairs of
/// more take minutes.
const MANY_ROWS: usize = 50_000;

/// Rows of that sample.
const SAMPLE: usize = 10_000;

/// Which measures to take, and how.
#[derive(Clone, Debug, Default)]
pub struct Evaluate {
    measures: Option<Vec<Measure>>,
    distance: Distance,
    sample: Option<usize>,
    seed: u64,
    inertia: Option<f64>,
    slow: bool,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// Rows.
    pub n: usize,
    /// Columns.
    pub d: usize,
    /// Clusters that have rows.
    pub k: usize,
    /// The measures taken, in the order of [`Measure::ALL`].
    pub values: Vec<(Measure, f64)>,
    /// Those that are not defined here, and why; only of those that were not asked for by name.
    pub left_out: Vec<(Measure, String)>,
    /// Each cluster, by ascending label.
    pub clusters: Vec<Spread>,
    /// Silhouettes, where they were measured.
    pub silhouettes: Option<SilhouettesFound>,
    /// Classes and clusters, where there is a truth.
    pub contingency: Option<Contingency>,
}

/// Silhouettes of all rows, or of a sample.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SilhouettesFound {
    /// The distance they are of.
    pub distance: Distance,
    /// For each cluster the values of its rows, or of those of the sample; falling.
    pub by_cluster: Vec<Vec<f64>>,
    /// Half the width of the 95 % confidence interval of the mean; `None` where it is of all rows.
    pub half_width: Option<f64>,
    /// Rows measured.
    pub rows: usize,
}

impl Evaluation {
    /// A measure that was taken.
    pub fn value(&self, measure: Measure) -> Option<f64> {
        self.values.iter().find(|(found, _)| *found == measure).map(|&(_, value)| value)
    }

    /// Rows of each cluster.
    pub fn cluster_sizes(&self) -> Vec<u64> {
        self.clusters.iter().map(|cluster| cluster.size).collect()
    }
}

impl Evaluate {
    /// All measures that are defined and quick.
    pub fn new() -> Self {
        Self::default()
    }

    /// These measures; one that is not defined is then an error.
    #[must_use]
    pub fn measures(mut self, measures: impl Into<Vec<Measure>>) -> Self {
        self.measures = Some(measures.into());
        self
    }

    /// Also those that take minutes on many rows; default off.
    #[must_use]
    pub fn slow(mut self, slow: bool) -> Self {
        self.slow = slow;
        self
    }

    /// The distance of silhouettes; default Euclidean.
    #[must_use]
    pub fn distance(mut self, distance: Distance) -> Self {
        self.distance = distance;
        self
    }

    /// Rows whose silhouettes are measured, to all others; default: all of up to 50 000 rows, else 10 000.
    #[must_use]
    pub fn silhouette_sample(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.sample = rows.into();
        self
    }

    /// The seed of the sample; default 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The inertia of the centroids that made the labels, where it is known; else it is that of the means.
    #[must_use]
    pub fn inertia(mut self, inertia: impl Into<Option<f64>>) -> Self {
        self.inertia = inertia.into();
        self
    }

    /// Measures a clustering, and compares it with true classes, one a row, where they are known.
    ///
    /// # Errors
    /// [`Error::LabelCount`] for a truth of another length; for measures asked for by name [`Error::ClusterCount`] for fewer
    /// than two clusters or as many as rows and [`Error::NoTruth`]; what the measures fail with.
    pub fn run(
        &self,
        device: &dyn Trainer,
        clustering: &Clustering<'_>,
        truth: Option<&[i32]>,
    ) -> Result<Evaluation> {
        let labels = || clustering.clusters().iter().map(|&cluster| clustering.labels()[cluster as usize]);
        let contingency =
            truth.map(|truth| Contingency::new(truth, &labels().collect::<Vec<_>>())).transpose()?;
        let mut found = Evaluation {
            n: clustering.n(),
            d: clustering.d(),
            k: clustering.k(),
            values: Vec::new(),
            left_out: Vec::new(),
            clusters: cluster_spreads(clustering),
            silhouettes: None,
            contingency,
        };
        let mut defined = Vec::new();
        for measure in Measure::ALL.into_iter().filter(|&measure| self.is_wanted(measure, truth.is_some())) {
            match self.reason_against(measure, clustering, truth.is_some()) {
                None => defined.push(measure),
                Some(error) if self.measures.is_some() => return Err(error),
                Some(error) => found.left_out.push((measure, error.to_string())),
            }
        }
        for measure in defined {
            let value = self.measure(measure, device, clustering, &mut found)?;
            found.values.push((measure, value));
        }
        Ok(found)
    }

    fn is_wanted(&self, measure: Measure, has_truth: bool) -> bool {
        match &self.measures {
            Some(measures) => measures.contains(&measure),
            None => has_truth || !measure.needs_truth(),
        }
    }

    fn reason_against(
        &self,
        measure: Measure,
        clustering: &Clustering<'_>,
        has_truth: bool,
    ) -> Option<Error> {
        let n = clustering.n();
        match measure.needs() {
            Needs::Truth if !has_truth => Some(Error::NoTruth { measure: measure.name() }),
            Needs::Comparison => match clustering.check_comparable() {
                Ok(())
                    if measure == Measure::Dunn && self.measures.is_none() && !self.slow && n > MANY_ROWS =>
                {
                    Some(Error::TooSlow { n, most: MANY_ROWS })
                }
                other => other.err(),
            },
            _ => None,
        }
    }

    fn measure(
        &self,
        measure: Measure,
        device: &dyn Trainer,
        clustering: &Clustering<'_>,
        found: &mut Evaluation,
    ) -> Result<f64> {
        let table =
            || found.contingency.as_ref().expect("a measure that needs the truth is left out without it");
        Ok(match measure {
            Measure::Inertia => self.inertia.unwrap_or_else(|| sum_of_squares(clustering)),
            Measure::MeanDistance => mean_distance(clustering),
            Measure::Silhouette => {
                let (mean, silhouettes) = self.silhouettes(device, clustering)?;
                found.silhouettes = Some(silhouettes);
                mean
            }
            Measure::SimplifiedSilhouette => simplified_silhouette(device, clustering)?.mean(),
            Measure::DaviesBouldin => davies_bouldin(clustering)?,
            Measure::CalinskiHarabasz => calinski_harabasz(clustering)?,
            Measure::Dunn => dunn(device, clustering)?.index(),
            Measure::ImbalanceFactor => imbalance_factor(&clustering.sizes())?,
            Measure::AdjustedRand => adjusted_rand_index(table()),
            Measure::AdjustedMutualInfo => adjusted_mutual_information(table()),
            Measure::NormalizedMutualInfo => normalized_mutual_information(table()),
            Measure::Homogeneity => homogeneity(table()),
            Measure::Completeness => completeness(table()),
            Measure::VMeasure => v_measure(table()),
            Measure::FowlkesMallows => fowlkes_mallows(table()),
            Measure::Purity => purity(table()),
        })
    }

    fn silhouettes(
        &self,
        device: &dyn Trainer,
        clustering: &Clustering<'_>,
    ) -> Result<(f64, SilhouettesFound)> {
        let n = clustering.n();
        let sample = self.sample.or((n > MANY_ROWS).then_some(SAMPLE)).filter(|&rows| rows < n);
        let Some(m) = sample else {
            let found = silhouette(device, clustering, self.distance)?;
            let by_cluster = found.by_cluster(clustering);
            let distance = self.distance;
            return Ok((found.mean(), SilhouettesFound { distance, by_cluster, half_width: None, rows: n }));
        };
        let (estimate, drawn) = sampled_silhouette(device, clustering, self.distance, m, self.seed)?;
        let mut by_cluster = vec![Vec::new(); clustering.k()];
        for (row, value) in drawn {
            by_cluster[clustering.clusters()[row] as usize].push(value);
        }
        by_cluster.iter_mut().for_each(|values| values.sort_unstable_by(|a, b| b.total_cmp(a)));
        let half_width = Some(estimate.half_width);
        Ok((estimate.mean, SilhouettesFound { distance: self.distance, by_cluster, half_width, rows: m }))
    }
}
