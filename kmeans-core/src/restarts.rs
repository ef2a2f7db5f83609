//! Restarts, and the best of them.

use crate::assignment_step::AssignmentStep;
use crate::centroids::Centroids;
use crate::clock::timed;
use crate::engine::Engine;
use crate::error::Result;
use crate::hierarchical;
use crate::init;
use crate::lloyd::{self, Run, Settled};
use crate::params::Params;
use crate::progressive::Progressive;
use crate::report::{RunReport, Seconds};
use crate::training_set::TrainingSet;
use crate::watch::Watch;

/// The run that is kept, and how all went.
pub(crate) struct Best {
    pub(crate) run: Run,
    /// The objective of its centroids over the rows trained on, where it was measured.
    pub(crate) value: f64,
    /// Whether the labels in the training set are those of this run.
    pub(crate) is_last: bool,
    /// Its labels, where assigning again may give others: balanced, or by an assigner.
    pub(crate) labels: Option<Vec<i32>>,
    pub(crate) redos: Vec<RunReport>,
    pub(crate) chosen: usize,
}

/// How a restart begins.
enum Start {
    Drawn,
    Hierarchical,
    Progressive(Progressive),
}

/// Runs all restarts and keeps the best by the objective of its returned centroids; the earlier
/// one where they are equal.
pub(crate) fn best_of<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    assignment: &mut AssignmentStep<'_>,
    seconds: &mut Seconds,
    watch: &Watch<'_>,
) -> Result<Best> {
    let (start, took) = timed(|| Start::new(set, params));
    seconds.init += took.as_secs_f64();
    let start = start?;
    let mut best: Option<Best> = None;
    let mut redos = Vec::new();
    for redo in 0..params.nredo {
        let run = restart(set, params, &start, redo, assignment, seconds, watch)?;
        redos.push(run.report.clone());
        let value = run.settled.as_ref().map_or(0.0, |settled| settled.objective);
        if best.as_ref().is_none_or(|b| params.metric().is_better(value, b.value)) {
            let keep = params.nredo > 1 && set.is_all() && !assignment.is_nearest();
            let labels = keep.then(|| set.labels()).transpose()?;
            best = Some(Best { run, value, is_last: true, labels, redos: Vec::new(), chosen: redo });
        } else if let Some(b) = &mut best {
            b.is_last = false;
        }
        if watch.over().is_some() {
            break;
        }
    }
    let best = best.expect("nredo is at least 1");
    Ok(Best { redos, ..best })
}

impl Start {
    fn new<E: Engine>(set: &TrainingSet<'_, E>, params: &Params) -> Result<Self> {
        if params.hierarchical {
            return Ok(Self::Hierarchical);
        }
        match params.progressive_dim_steps {
            Some(steps) => Ok(Self::Progressive(Progressive::new(set, params, steps)?)),
            None => Ok(Self::Drawn),
        }
    }
}

/// One restart, whose returned centroids have been assigned to where that is needed: to compare
/// runs or to label the rows.
fn restart<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    start: &Start,
    redo: usize,
    assignment: &mut AssignmentStep<'_>,
    seconds: &mut Seconds,
    watch: &Watch<'_>,
) -> Result<Run> {
    let (begun, took) = timed(|| begin(set, params, start, redo, watch));
    seconds.init += took.as_secs_f64();
    let (centroids, mut before) = begun?;
    let niter = if params.hierarchical { params.niter.min(1) } else { params.niter };
    let global = Params { niter, ..params.clone() };
    let (run, took) = timed(|| lloyd::run(set, &global, redo, centroids, assignment, watch));
    let mut run = run?;
    before.extend(run.report);
    run.report = before;
    let needed = params.nredo > 1 || set.is_all() || !params.final_assign;
    if needed && run.settled.is_none() {
        let (settled, took) = timed(|| assignment.step(set, &run.centroids, params));
        let stats = settled?;
        let objective = stats.objective_value(set.frame(), &run.centroids, params.metric());
        run.settled = Some(Settled { counts: stats.counts, objective });
        seconds.iterate += took.as_secs_f64();
    }
    seconds.iterate += took.as_secs_f64();
    Ok(run)
}

/// First centroids, and the iterations that led to them.
fn begin<E: Engine>(
    set: &mut TrainingSet<'_, E>,
    params: &Params,
    start: &Start,
    redo: usize,
    watch: &Watch<'_>,
) -> Result<(Centroids, RunReport)> {
    match start {
        Start::Progressive(progressive) if progressive.has_steps() => {
            progressive.start(set, params, redo, watch)
        }
        Start::Hierarchical => Ok((hierarchical::centroids(set, params, redo, watch)?, RunReport::none())),
        _ => Ok((init::centroids(set, params, params.k, redo, watch)?, RunReport::none())),
    }
}
