//! From how a training went to its model and report.

use burn::tensor::backend::Backend;

use crate::assign_all::Assignment;
use crate::centroids::Centroids;
use crate::frame::Frame;
use crate::model::KMeansModel;
use crate::params::Params;
use crate::report::{InertiaOver, PairCounts, Report, RunReport, Seconds, Stop, Warning};
use crate::source::Source;
use crate::stats::imbalance_factor;

/// What a training returns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fit {
    /// The centroids and all that is needed to assign further rows.
    pub model: KMeansModel,
    /// The cluster of each row, in `0..k`: that of the nearest centroid, or with `balanced` that of the
    /// nearest with room; empty when `final_assign` was switched off and only a
    /// sample was trained on.
    #[doc(alias = "labels_")]
    pub labels: Vec<i32>,
    /// Distance (squared for L2) or inner product of each row to its centroid, with `return_distances`.
    pub distances: Option<Vec<f32>>,
    /// How it went.
    pub report: Report,
}

impl Fit {
    /// The same, with the time that the caller took to fit a preparation in both reports.
    #[must_use]
    pub fn prepared_in(mut self, seconds: f64) -> Self {
        for report in [&mut self.report, self.model.report_mut()] {
            report.seconds.prepare += seconds;
            report.seconds.total += seconds;
        }
        self
    }

    /// The same, with the time that the caller took to open and read the data in both reports.
    #[must_use]
    pub fn loaded_in(mut self, seconds: f64) -> Self {
        for report in [&mut self.report, self.model.report_mut()] {
            report.seconds.load += seconds;
            report.seconds.total += seconds;
        }
        self
    }
}

/// How a training went, but for the assignment.
pub(crate) struct Outcome {
    pub(crate) n_trained: usize,
    pub(crate) centroids: Centroids,
    /// Rows that changed cluster in the last iteration, if there was one before it.
    pub(crate) changed: Option<u64>,
    pub(crate) redos: Vec<RunReport>,
    pub(crate) chosen: usize,
    pub(crate) inertia_over: InertiaOver,
    /// The name of a metric of the user's own.
    pub(crate) metric_name: Option<String>,
    pub(crate) seconds: Seconds,
    /// The assigner's name, and whether it is exact.
    pub(crate) assigner: Option<(String, bool)>,
    pub(crate) device: String,
    pub(crate) threads: Option<usize>,
    pub(crate) pairs: Option<PairCounts>,
}

impl Outcome {
    /// The model and the report of this outcome.
    pub(crate) fn fit<B: Backend>(
        self,
        source: &Source<'_, B>,
        params: &Params,
        found: Assignment,
        frame: &Frame,
    ) -> Fit {
        let (changed, hides_the_bulk) = (self.changed, frame.hides_the_bulk());
        let centroids = self.centroids.clone();
        let is_exact = self.assigner.as_ref().is_none_or(|(_, is_exact)| *is_exact);
        let mut report = self.report(source, params, &found);
        report.warnings = warnings(&report, params, changed, is_exact);
        if hides_the_bulk {
            report.warnings.push(Warning::RangeTooWide);
        }
        let mut model = KMeansModel::new(centroids, frame, params.clone(), &report);
        let untouched = report.iteration_stats.is_empty() && params.progressive_dim_steps.is_none();
        let is_processed = params.is_spherical() || params.int_centroids;
        let pinned = if params.frozen_centroids || untouched && !is_processed {
            params.init_centroids.len()
        } else {
            0
        };
        model.pin(&params.init_centroids[..pinned]);
        Fit { model, labels: found.labels, distances: found.distances, report }
    }

    fn report<B: Backend>(self, source: &Source<'_, B>, params: &Params, found: &Assignment) -> Report {
        let chosen: RunReport = self.redos[self.chosen].clone();
        Report {
            n: source.n(),
            d: source.d(),
            k: params.k,
            n_trained: self.n_trained,
            niter_done: chosen.iteration_stats.len(),
            stop: chosen.stop,
            obj: chosen.iteration_stats.iter().map(|s| s.obj).collect(),
            inertia: found.inertia,
            inertia_over: self.inertia_over,
            imbalance_factor: imbalance_factor(&found.cluster_sizes),
            distinct: found.cluster_sizes.iter().filter(|&&size| size > 0).count(),
            cluster_sizes: found.cluster_sizes.clone(),
            nsplit: chosen.iteration_stats.iter().map(|s| s.nsplit).sum(),
            zero_rows: found.zero_rows,
            assigner: self.assigner.map(|(name, _)| name),
            seed: params.seed,
            init: params.init.to_string(),
            metric: params.metric(),
            metric_name: self.metric_name,
            device: self.device,
            threads: self.threads,
            pairs: self.pairs,
            seconds: self.seconds,
            iteration_stats: chosen.iteration_stats,
            redos: self.redos,
            chosen_redo: self.chosen,
            warnings: Vec::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

fn warnings(report: &Report, params: &Params, changed: Option<u64>, is_exact: bool) -> Vec<Warning> {
    let &Report { n, k, n_trained, distinct, nsplit, niter_done, zero_rows, .. } = report;
    let mut warnings = Vec::new();
    if n < params.min_points() && !params.exact_1d {
        warnings.push(Warning::TooFewPoints { n, k, min: params.min_points() });
    }
    if n_trained < n {
        warnings.push(Warning::Subsampled { n, n_trained });
    }
    let is_cut = matches!(report.stop, Stop::TimeLimit | Stop::Interrupted);
    let is_moving = report.stop == Stop::Niter && changed != Some(0) && niter_done > 0;
    // The one global iteration after the cells is not meant to converge.
    if is_cut || is_moving && !params.hierarchical {
        warnings.push(Warning::NotConverged { niter: niter_done, changed });
    }
    if report.redos.len() < params.nredo {
        warnings.push(Warning::FewerRestarts { done: report.redos.len(), asked: params.nredo });
    }
    if nsplit > 0 {
        warnings.push(Warning::EmptyClustersSplit { nsplit });
    }
    if distinct < k {
        warnings.push(Warning::FewerDistinct { distinct, k });
    }
    if zero_rows > 0 {
        warnings.push(Warning::ZeroRows { rows: zero_rows });
    }
    if let (Some(assigner), false) = (&report.assigner, is_exact) {
        warnings.push(Warning::ApproximateAssigner { assigner: assigner.clone() });
    }
    if report.inertia_over == InertiaOver::Sample {
        warnings.push(Warning::InertiaOfSample { n_trained, n });
    }
    warnings
}
