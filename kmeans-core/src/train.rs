//! One training from data to model: sample, restarts, final assignment, report.

use crate::assign_all::{Assignment, Keep, Target, assign_all, check_all, in_data_units, zero_rows};
use crate::assigner::Assigner;
use crate::assignment_step::AssignmentStep;
use crate::check::check_weights;
use crate::clock::timed;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::metric::UNFUSED;
use crate::outcome::{Fit, Outcome};
use crate::params::Params;
use crate::progress::OnProgress;
use crate::prune::Prune;
use crate::report::{InertiaOver, Seconds};
use crate::restarts::{Best, best_of};
use crate::sample::Sample;
use crate::source::Source;
use crate::tensor_metric::train_builtin;
use crate::train_1d;
use crate::training_set::TrainingSet;
use crate::watch::Watch;

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
        return train_builtin(&device, params.metric(), &source.unpacked(), weights, params, progress);
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
        metric_name: None,
        seconds,
        assigner: assigner_name,
        device: engine.name(),
        threads: engine.threads(),
        pairs: set.pair_counts(),
    };
    Ok(outcome.fit(source, params, found, set.frame()))
}

/// An assigner replaces the engine's own choice, so it excludes other ways to replace it.
fn check_assigner(params: &Params, assigner: Option<&dyn Assigner>) -> Result<()> {
    let beside = [
        (UNFUSED, !params.metric().is_fused()),
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
        let keep = Keep { p: 1, distances: params.return_distances, prune: Prune::of(params) };
        let all = assign_all(set.engine(), source, weights, &target, keep, watch.progress())?;
        return Ok((all, InertiaOver::All));
    }
    let settled =
        best.run.settled.as_ref().expect("a run on all rows, or without a final assignment, is settled");
    let mut found = Assignment {
        p: 1,
        cluster_sizes: settled.counts.clone(),
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
        found.zero_rows = zero_rows(&set.distances()?, source.d(), |ids| set.gather(ids))?;
    }
    if params.return_distances {
        let measured = set.distances()?;
        found.distances = Some(in_data_units(&measured, set.frame(), params.metric()).collect());
    }
    Ok((found, InertiaOver::All))
}
