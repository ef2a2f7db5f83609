//! One training from data to model: sample, restarts, final assignment, report.

use burn::tensor::backend::Backend;

use crate::assign_all::{Assignment, Keep, Target, assign_all, check_all, in_data_units, zero_rows};
use crate::assigner::Assigner;
use crate::assignment_step::AssignmentStep;
use crate::centroids::Centroids;
use crate::check::check_weights;
use crate::clock::timed;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::model::KMeansModel;
use crate::params::Params;
use crate::progress::OnProgress;
use crate::report::{InertiaOver, Report, RunReport, Seconds, Stop, Warning};
use crate::restarts::{Best, best_of};
use crate::sample::Sample;
use crate::source::Source;
use crate::stats::imbalance_factor;
use crate::tensor_metric::train_builtin;
use crate::train_1d;
use crate::training_set::TrainingSet;
use crate::watch::Watch;

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
    /// Squared distance (L2) or inner product of each row to its centroid, with `return_distances`.
    pub distances: Option<Vec<f32>>,
    /// How it went.
    pub report: Report,
}

impl Fit {
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

/// Trains on `source` with `engine`.
pub(crate) fn train<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    params: &Params,
    assigner: Option<&mut dyn Assigner>,
    progress: &OnProgress<'_>,
) -> Result<Fit> {
    let watch = Watch::start(params, progress);
    params.check()?;
    params.check_shape(source.name(), source.n(), source.d())?;
    check_assigner(params, assigner.as_deref())?;
    if let Some(w) = weights {
        check_weights(w, source.n(), if params.exact_1d { 1 } else { params.k })?;
    }
    if !params.metric().is_fused() {
        let device = engine.backend_device();
        return train_builtin(&device, params.metric(), source, weights, params, progress);
    }
    if params.exact_1d {
        return train_1d::train(engine, source, weights, params, &watch);
    }

    let mut seconds = Seconds::default();
    let sample = Sample::<E>::draw(source, weights, params, &watch)?;
    let mut set = TrainingSet::prepare(engine, &sample, params)?;
    if params.return_distances {
        check_distances(&set, source)?;
    }
    if params.check_input_data_for_nans && !set.is_all() && !params.final_assign {
        check_all(engine, source, &watch)?;
    }
    seconds.prepare = watch.seconds();

    let assigner_name = assigner.as_ref().map(|a| (a.name(), a.is_exact()));
    let mut assignment = AssignmentStep::new(params, assigner);
    let best = best_of(&mut set, params, &mut assignment, &mut seconds, &watch)?;

    let (found, time) =
        timed(|| final_assign(&mut set, source, weights, params, &best, &mut assignment, &watch));
    let (found, inertia_over) = found?;
    seconds.final_assign = time.as_secs_f64();
    seconds.total = watch.seconds();

    let outcome = Outcome {
        n_trained: set.n(),
        centroids: best.run.centroids,
        changed: best.run.changed,
        redos: best.redos,
        chosen: best.chosen,
        inertia_over,
        seconds,
        assigner: assigner_name,
        device: engine.name(),
        threads: engine.threads(),
    };
    Ok(outcome.fit(source, params, found, set.frame()))
}

/// An assigner replaces the engine's own choice, so it excludes other ways to replace it.
fn check_assigner(params: &Params, assigner: Option<&dyn Assigner>) -> Result<()> {
    let beside = [
        ("metric l1, linf, kl or custom", !params.metric().is_fused()),
        ("balanced", params.balanced.is_some()),
        ("exact_1d", params.exact_1d),
        ("hierarchical", params.hierarchical),
        ("progressive_dim_steps", params.progressive_dim_steps.is_some()),
    ];
    match (assigner, params) {
        (Some(_), _) => match beside.iter().find(|(_, is_set)| *is_set) {
            Some(&(name, _)) => Err(Error::Together { name, with: "assign (an assigner)" }),
            None => Ok(()),
        },
        (None, Params { update_index: true, .. }) => Err(Error::Parameter {
            name: "update_index",
            value: "true".to_owned(),
            expected: "an assigner (an index) to train again",
        }),
        _ => Ok(()),
    }
}

/// Squared distances between the rows must fit `f32`, before any work is done for them.
fn check_distances<E: Engine>(set: &TrainingSet<'_, E>, source: &Source<'_, E::Backend>) -> Result<()> {
    let sq_radius = set.frame().sq_radius() * set.frame().unit();
    if 4.0 * sq_radius < f64::from(f32::MAX) {
        return Ok(());
    }
    Err(Error::OutOfRange {
        data: source.name().to_owned(),
        first: 0,
        last: source.n(),
        magnitude: sq_radius.sqrt(),
    })
}

/// Labels, sizes and inertia of the returned centroids: from the training set where it holds all
/// rows (or no others are wanted), else by streaming the source.
fn final_assign<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    params: &Params,
    best: &Best,
    assignment: &mut AssignmentStep<'_>,
    watch: &Watch<'_>,
) -> Result<(Assignment, InertiaOver)> {
    if !set.is_all() && params.final_assign {
        let frame = set.frame();
        let target = Target {
            centroids: &best.run.centroids,
            origin: frame.origin(),
            scale: frame.scale(),
            metric: params.metric(),
        };
        let keep = Keep { p: 1, distances: params.return_distances };
        let all = assign_all(set.engine(), source, weights, &target, keep, watch.progress())?;
        return Ok((all, InertiaOver::All));
    }
    let stats =
        best.run.settled.as_ref().expect("a run on all rows, or without a final assignment, is settled");
    let mut found = Assignment {
        p: 1,
        cluster_sizes: stats.counts.clone(),
        inertia: best.value,
        ..Assignment::default()
    };
    if !set.is_all() {
        return Ok((found, InertiaOver::Sample));
    }
    match (&best.labels, best.is_last) {
        (_, true) => {}
        (Some(labels), false) => {
            set.step_with(labels, &best.run.centroids, params.metric())?;
        }
        (None, false) => {
            assignment.step(set, &best.run.centroids, params)?;
        }
    }
    found.labels = set.labels()?;
    if params.metric().has_unit_rows() {
        found.zero_rows = zero_rows(&set.distances()?, |ids| set.gather(ids))?;
    }
    if params.return_distances {
        let measured = set.distances()?;
        found.distances = Some(in_data_units(&measured, set.frame(), params.metric()).collect());
    }
    Ok((found, InertiaOver::All))
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
    pub(crate) seconds: Seconds,
    /// The assigner's name, and whether it is exact.
    pub(crate) assigner: Option<(String, bool)>,
    pub(crate) device: String,
    pub(crate) threads: Option<usize>,
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
            device: self.device,
            threads: self.threads,
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
