//! What a training tells about itself.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::metric::Metric;

/// Why iterations ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stop {
    /// `niter` iterations were done.
    Niter,
    /// No row changed its cluster: a fixed point.
    LabelsUnchanged,
    /// The objective changed by no more than `early_stop_threshold`.
    ObjectiveUnchanged,
    /// The progress callback asked to stop.
    Interrupted,
    /// `time_limit` was reached.
    TimeLimit,
    /// The centroids are optimal: `exact_1d`.
    Optimal,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Niter => "niter",
            Self::LabelsUnchanged => "labels-unchanged",
            Self::ObjectiveUnchanged => "objective-unchanged",
            Self::Interrupted => "interrupted",
            Self::TimeLimit => "time-limit",
            Self::Optimal => "optimal",
        })
    }
}

/// One iteration. It describes the assignment to the centroids the iteration began with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IterationStats {
    /// Objective over the rows trained on: `Σ w·‖x − c‖²` for L2, `Σ w·⟨x, c⟩` for inner product,
    /// `Σ w·distance` for other metrics.
    pub obj: f64,
    /// Seconds since the start of training, cumulative over restarts.
    pub time: f64,
    /// Seconds spent in assignment and summation since the start of training, cumulative.
    pub time_search: f64,
    /// `k · Σ count² / n²`: 1 balanced, k all in one cluster.
    pub imbalance_factor: f64,
    /// Empty clusters refilled by splitting another.
    pub nsplit: usize,
}

/// Something the user should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Warning {
    /// Fewer rows than `min_points_per_centroid · k`.
    TooFewPoints {
        /// Rows.
        n: usize,
        /// Clusters.
        k: usize,
        /// Rows advised.
        min: usize,
    },
    /// Trained on a sample.
    Subsampled {
        /// Rows.
        n: usize,
        /// Rows trained on.
        n_trained: usize,
    },
    /// Iterations ended at `niter` with rows still changing clusters.
    NotConverged {
        /// Iterations done.
        niter: usize,
        /// Rows that changed cluster in the last one, if there was one before it to compare with.
        changed: Option<u64>,
    },
    /// The time limit or a wish to stop left restarts out.
    FewerRestarts {
        /// Restarts begun.
        done: usize,
        /// Restarts asked for.
        asked: usize,
    },
    /// Empty clusters were refilled by splitting others.
    EmptyClustersSplit {
        /// How often.
        nsplit: usize,
    },
    /// Fewer clusters in use than asked for, often because of duplicate rows.
    FewerDistinct {
        /// Clusters in use.
        distinct: usize,
        /// Clusters asked for.
        k: usize,
    },
    /// Rows lie so far out that sums of squared distances, and the draws of k-means++, see little of
    /// the others.
    RangeTooWide,
    /// Rows of zeros under the cosine metric: they have no direction.
    ZeroRows {
        /// How many.
        rows: u64,
    },
    /// Labels come from an assigner that does not always find the nearest centroid.
    ApproximateAssigner {
        /// Its name.
        assigner: String,
    },
    /// Rows that a rule of the preparation turned down: they have labels, but took no part in the training and count
    /// neither in the objective nor in the inertia.
    Outliers {
        /// How many.
        outliers: usize,
        /// Rows.
        n: usize,
    },
    /// The final assignment was left out: inertia is of the sample, and there are no labels.
    InertiaOfSample {
        /// Rows trained on.
        n_trained: usize,
        /// Rows.
        n: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooFewPoints { n, k, min } => {
                write!(f, "{n} rows for {k} clusters: at least {min} are advised (min-points-per-centroid)")
            }
            Self::Subsampled { n, n_trained } => write!(
                f,
                "trained on a uniform sample of {n_trained} of {n} rows (max-points-per-centroid; none trains on all)"
            ),
            Self::NotConverged { niter, changed: Some(changed) } => {
                write!(f, "not converged after {niter} iterations: {changed} rows still changed cluster")
            }
            Self::NotConverged { niter, changed: None } => {
                write!(f, "not converged after {niter} iterations")
            }
            Self::FewerRestarts { done, asked } => {
                write!(f, "ended after {done} of {asked} restarts")
            }
            Self::EmptyClustersSplit { nsplit } => {
                write!(f, "{nsplit} empty clusters were refilled by splitting others")
            }
            Self::FewerDistinct { distinct, k } => {
                write!(f, "only {distinct} of {k} clusters hold rows: are there duplicate rows?")
            }
            Self::ZeroRows { rows } => write!(
                f,
                "{rows} rows are all zeros and have no direction: they are in the first cluster, at distance 1"
            ),
            Self::ApproximateAssigner { ref assigner } => {
                write!(f, "{assigner} assigned the rows in the iterations: labels there were approximate")
            }
            Self::Outliers { outliers, n } => {
                write!(f, "{outliers} of {n} rows are outliers and were not trained on; they have labels all the same")
            }
            Self::RangeTooWide => f.write_str(
                "some values lie so far out that the inertia of the other rows is rounded away: remove or cap them",
            ),
            Self::InertiaOfSample { n_trained, n } => {
                write!(
                    f,
                    "inertia is of the {n_trained} rows trained on, not of all {n}: no final assignment"
                )
            }
        }
    }
}

/// Which rows `inertia` and `cluster_sizes` speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InertiaOver {
    /// All rows of the data.
    All,
    /// The rows trained on.
    Sample,
}

/// Pairs of a row and a centroid, by what decided that the centroid is not the nearest, or that it is.
///
/// `total = by_bounds + by_bytes + scored`. With pruning, a row's label before counts where the other centroids
/// beside it do: its distance is measured in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairCounts {
    /// Rows times centroids, over all assignments.
    pub total: u64,
    /// Never looked at: bounds from earlier assignments rule them out, or a box around the row.
    pub by_bounds: u64,
    /// Ruled out by products of bytes.
    pub by_bytes: u64,
    /// Scored in `f32`.
    pub scored: u64,
}

impl std::ops::AddAssign for PairCounts {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.by_bounds += other.by_bounds;
        self.by_bytes += other.by_bytes;
        self.scored += other.scored;
    }
}

/// Seconds of wall time by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// Opening and reading the data, where the caller measured it.
    pub load: f64,
    /// Fitting a preparation, where the caller measured it; looking for outliers, sampling, checking, centring.
    pub prepare: f64,
    /// Initial centroids, over all restarts.
    pub init: f64,
    /// Iterations, over all restarts.
    pub iterate: f64,
    /// Assignment of all rows to the returned centroids.
    pub final_assign: f64,
    /// All of the above.
    pub total: f64,
}

/// One restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Iterations, in order.
    pub iteration_stats: Vec<IterationStats>,
    /// Why they ended.
    pub stop: Stop,
    /// With progressive dimensions: on how many each of the iterations but those of the last step
    /// trained, whose `obj` is over these dimensions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dims: Vec<usize>,
}

impl RunReport {
    pub(crate) fn none() -> Self {
        Self { iteration_stats: Vec::new(), stop: Stop::Niter, dims: Vec::new() }
    }

    /// Goes on with the iterations of a further step.
    pub(crate) fn extend(&mut self, next: Self) {
        self.iteration_stats.extend(next.iteration_stats);
        self.dims.extend(next.dims);
        self.stop = next.stop;
    }
}

/// The whole training. `iteration_stats`, `obj`, `stop` and `nsplit` are of the restart chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Rows of the data.
    pub n: usize,
    /// Columns.
    pub d: usize,
    /// Clusters.
    pub k: usize,
    /// Rows trained on.
    pub n_trained: usize,
    /// Iterations done.
    pub niter_done: usize,
    /// Why iterations ended.
    pub stop: Stop,
    /// Objective of each iteration, see [`IterationStats::obj`].
    pub obj: Vec<f64>,
    /// Objective of the returned centroids, over the rows of `inertia_over`, weighted, in `f64`:
    /// the sum of squared distances for L2, of inner products for inner product, of distances for others.
    #[doc(alias = "inertia_")]
    pub inertia: f64,
    /// Rows that `inertia` and `cluster_sizes` speak of.
    pub inertia_over: InertiaOver,
    /// `k · Σ size² / n²` of the final sizes.
    pub imbalance_factor: f64,
    /// Rows of each cluster.
    pub cluster_sizes: Vec<u64>,
    /// Clusters that hold rows.
    pub distinct: usize,
    /// Empty clusters refilled, over all iterations.
    pub nsplit: usize,
    /// Rows of zeros, which have no direction; of the rows assigned at the end, for cosine only.
    #[serde(default)]
    pub zero_rows: u64,
    /// What gave rows their labels in the iterations, where it was not the engine's nearest centroid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigner: Option<String>,
    /// Seed.
    pub seed: u64,
    /// Initialisation.
    pub init: String,
    /// Metric.
    pub metric: Metric,
    /// The name of a metric of the user's own, by which a model recognises it again; `None` for the metrics
    /// that `metric` names, and for models saved by a version that kept no names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Engine and what it runs on.
    pub device: String,
    /// Threads of the engine.
    pub threads: Option<usize>,
    /// How the pairs of all iterations were decided, over all restarts, where the engine counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<PairCounts>,
    /// Wall time by phase.
    pub seconds: Seconds,
    /// Iterations of the restart chosen.
    pub iteration_stats: Vec<IterationStats>,
    /// All restarts.
    pub redos: Vec<RunReport>,
    /// Which restart was chosen, from 0.
    pub chosen_redo: usize,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// Version of this library.
    pub version: String,
}
