//! One training from data to model: sample, restarts, final assignment, report.

use crate::assign_all::{Assignment, Keep, Target, assign_all, in_data_units};
use crate::clock::{Clock, timed};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::init;
use crate::lloyd::{self, Run};
use crate::model::KMeansModel;
use crate::params::{Params, check_weights};
use crate::progress::OnProgress;
use crate::report::{InertiaOver, Report, Seconds, Stop, Warning};
use crate::source::Source;
use crate::stats::{PartialStats, imbalance_factor};
use crate::training_set::{Sample, TrainingSet};

/// What a training returns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fit {
    /// The centroids and all that is needed to assign further rows.
    pub model: KMeansModel,
    /// The cluster of each row, in `0..k`; empty when `final_assign` was switched off and only a
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
    progress: &OnProgress<'_>,
) -> Result<Fit> {
    let mut clock = Clock::start();
    let mut seconds = Seconds::default();
    params.check_values()?;
    params.check_shape(source.name(), source.n(), source.d())?;
    if let Some(w) = weights {
        check_weights(w, source.n(), params.k)?;
    }

    let sample = Sample::<E>::draw(source, weights, params, progress)?;
    let mut set = TrainingSet::prepare(engine, &sample, params)?;
    if params.return_distances {
        check_distances(&set, source)?;
    }
    seconds.prepare = clock.seconds();

    let best = best_of(&mut set, params, &mut clock, &mut seconds, progress)?;

    let (assignment, time) = timed(|| final_assign(&mut set, source, weights, params, &best, progress));
    let (assignment, inertia_over) = assignment?;
    seconds.final_assign = time.as_secs_f64();
    seconds.total = clock.seconds();

    let report = report(engine, source, &set, params, best.summary, &assignment, inertia_over, seconds);
    let model = KMeansModel::new(best.run.centroids, set.frame(), params.clone(), &report);
    Ok(Fit { model, labels: assignment.labels, distances: assignment.distances, report })
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

/// The run kept, whether its labels are still those in the training set, and all restarts.
struct Best {
    run: Run,
    value: f64,
    is_last: bool,
    summary: Summary,
}

struct Summary {
    redos: Vec<crate::report::RunReport>,
    chosen: usize,
    changed: u64,
}

/// Runs all restarts and keeps the best by the objective of its returned centroids; the earlier
/// one where they are equal.
fn best_of<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    clock: &mut Clock,
    seconds: &mut Seconds,
    progress: &OnProgress<'_>,
) -> Result<Best> {
    let mut best: Option<Best> = None;
    let mut redos = Vec::new();
    for redo in 0..params.nredo {
        let (start, time) = timed(|| init::centroids(set, params, redo, progress));
        seconds.init += time.as_secs_f64();
        let start = start?;
        let (run, time) = timed(|| settled_run(set, params, redo, start, clock, progress));
        seconds.iterate += time.as_secs_f64();
        let run = run?;

        let interrupted = run.report.stop == Stop::Interrupted;
        redos.push(run.report.clone());
        let value = objective_value(set, params, &run);
        let wins = best.as_ref().is_none_or(|b| params.metric().is_better(value, b.value));
        if wins {
            let summary = Summary { redos: Vec::new(), chosen: redo, changed: run.changed };
            best = Some(Best { run, value, is_last: true, summary });
        } else if let Some(b) = &mut best {
            b.is_last = false;
        }
        if interrupted {
            break;
        }
    }
    let mut best = best.expect("nredo is at least 1");
    best.summary.redos = redos;
    Ok(best)
}

/// A run whose returned centroids have been assigned to, where that is needed to compare runs or
/// to label the rows.
fn settled_run<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    redo: usize,
    start: crate::centroids::Centroids,
    clock: &mut Clock,
    progress: &OnProgress<'_>,
) -> Result<Run> {
    let mut run = lloyd::run(set, params, redo, start, clock, progress)?;
    let needed = params.nredo > 1 || set.is_all() || !params.final_assign;
    if needed && run.settled.is_none() {
        run.settled = Some(settle(set, params, &run)?);
    }
    Ok(run)
}

fn settle<E: Engine>(set: &mut TrainingSet<'_, E>, params: &Params, run: &Run) -> Result<PartialStats> {
    let codebook = set.engine().codebook(&run.centroids, params.metric())?;
    set.step(&codebook)
}

/// Objective of the run's centroids over the rows trained on, in the units of the data.
fn objective_value<E: Engine>(set: &TrainingSet<'_, E>, params: &Params, run: &Run) -> f64 {
    let grid = set.frame().objective(params.metric(), run.centroids.max_sq_norm());
    run.settled.as_ref().map_or(0.0, |stats| grid.value(stats.total_objective()) * set.frame().unit())
}

/// Labels, sizes and inertia of the returned centroids: from the training set where it holds all
/// rows (or no others are wanted), else by streaming the source.
fn final_assign<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    params: &Params,
    best: &Best,
    progress: &OnProgress<'_>,
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
        return Ok((assign_all(set.engine(), source, weights, &target, keep, progress)?, InertiaOver::All));
    }
    let stats =
        best.run.settled.as_ref().expect("a run on all rows, or without a final assignment, is settled");
    let mut assignment = Assignment {
        p: 1,
        cluster_sizes: stats.counts.clone(),
        inertia: best.value,
        ..Assignment::default()
    };
    if !set.is_all() {
        return Ok((assignment, InertiaOver::Sample));
    }
    if !best.is_last {
        settle(set, params, &best.run)?;
    }
    assignment.labels = set.labels()?;
    if params.return_distances {
        assignment.distances = Some(in_data_units(&set.distances()?, set.frame()).collect());
    }
    Ok((assignment, InertiaOver::All))
}

#[allow(clippy::too_many_arguments, reason = "everything that a report tells")]
fn report<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    set: &TrainingSet<'_, E>,
    params: &Params,
    summary: Summary,
    assignment: &Assignment,
    inertia_over: InertiaOver,
    seconds: Seconds,
) -> Report {
    let chosen = summary.redos[summary.chosen].clone();
    let mut report = Report {
        n: source.n(),
        d: source.d(),
        k: params.k,
        n_trained: set.n(),
        niter_done: chosen.iteration_stats.len(),
        stop: chosen.stop,
        obj: chosen.iteration_stats.iter().map(|s| s.obj).collect(),
        inertia: assignment.inertia,
        inertia_over,
        imbalance_factor: imbalance_factor(&assignment.cluster_sizes),
        distinct: assignment.cluster_sizes.iter().filter(|&&size| size > 0).count(),
        cluster_sizes: assignment.cluster_sizes.clone(),
        nsplit: chosen.iteration_stats.iter().map(|s| s.nsplit).sum(),
        seed: params.seed,
        init: params.init.to_string(),
        metric: params.metric(),
        device: engine.name(),
        threads: engine.threads(),
        seconds,
        iteration_stats: chosen.iteration_stats,
        redos: summary.redos,
        chosen_redo: summary.chosen,
        warnings: Vec::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    report.warnings = warnings(&report, params, summary.changed);
    if set.frame().hides_the_bulk() {
        report.warnings.push(Warning::RangeTooWide);
    }
    report
}

fn warnings(report: &Report, params: &Params, changed: u64) -> Vec<Warning> {
    let &Report { n, k, n_trained, distinct, nsplit, niter_done, .. } = report;
    let mut warnings = Vec::new();
    if n < params.min_points() {
        warnings.push(Warning::TooFewPoints { n, k, min: params.min_points() });
    }
    if n_trained < n {
        warnings.push(Warning::Subsampled { n, n_trained });
    }
    if report.stop == Stop::Niter && changed > 0 {
        warnings.push(Warning::NotConverged { niter: niter_done, changed });
    }
    if nsplit > 0 {
        warnings.push(Warning::EmptyClustersSplit { nsplit });
    }
    if distinct < k {
        warnings.push(Warning::FewerDistinct { distinct, k });
    }
    if report.inertia_over == InertiaOver::Sample {
        warnings.push(Warning::InertiaOfSample { n_trained, n });
    }
    warnings
}

/// Assigns all rows of `source` to the centroids of `model`.
pub(crate) fn assign<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    model: &KMeansModel,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    if source.d() != model.dim() {
        return Err(Error::DimensionMismatch {
            what: source.name().to_owned(),
            than: "the model",
            expected: model.dim(),
            found: source.d(),
        });
    }
    if keep.p == 0 || keep.p > model.k() {
        return Err(Error::Parameter {
            name: "p",
            value: keep.p.to_string(),
            expected: "between 1 and the number of clusters",
        });
    }
    assign_all(engine, source, None, &model.target(), keep, progress)
}
