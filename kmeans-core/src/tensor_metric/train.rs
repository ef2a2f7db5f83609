//! One training with any distance, from data to model.

use burn::tensor::{Tensor, backend::Backend};
use kmeans_data::Points;

use super::assign::{assign_all, to_f32};
use super::builtin::builtin;
use super::init;
use super::iterate::{self, Run, sizes};
use super::metric::{TensorMetric, check_rows};
use super::pass::Pass;
use super::rows::{TrainingRows, objective};
use super::rule::Merges;
use super::ruler::Ruler;
use super::target::name_kept;
use crate::assign_all::{Assignment, Keep};
use crate::check::check_weights;
use crate::clock::timed;
use crate::error::{Error, Result};
use crate::metric::{Metric, UNFUSED};
use crate::options::{EmptyClusters, Init, Seeding};
use crate::outcome::{Fit, Outcome};
use crate::params::Params;
use crate::progress::{OnProgress, Progress};
use crate::prune::Prune;
use crate::report::{InertiaOver, RunReport, Seconds};
use crate::source::{Source, locate};
use crate::watch::Watch;

/// Trains with any distance on all rows of `points`, with one weight a row or 1 for all.
///
/// Minimises `Σ w·distance(x, c)` over the rows and their nearest centroids, in the metric's own unit; `obj` and
/// `inertia` of the report, and the distances of the fit, are in it. The model keeps the metric's name. Rows stay on
/// the host (lent where the source can) and, without `chunk_rows`, on the device, too. Cost O(n·k·d) an iteration,
/// memory O(n + k·d) and a block besides the rows. An empty cluster takes the row with the largest `w·distance`.
///
/// Encoded rows stay encoded, which changes no bit of the result: at most `decode_block_size` rows are decoded at a
/// time, all of them twice an iteration (for distances, then for centroids), and once for each seed of k-means++ and
/// each empty cluster.
/// Memory is O(n + k·d) and a block, but for medians: these decode the rows of one cluster after the other into memory,
/// O(rows of the largest cluster · d).
///
/// Parameters that have no meaning here (`spherical`: the metric brings its own centroid rule; frozen and
/// integer centroids, other initialisations than random and k-means++, the variants) are refused by name.
/// `metric` may be left out.
///
/// # Errors
/// As [`crate::KMeans::train_weighted`]; [`Error::RefusedByMetric`] with row and column for rows on which the metric is
/// not defined, [`Error::NotADistance`] and [`Error::MetricShape`] for a metric that gives something else,
/// [`Error::RuleNeedsAllRows`] for medians with `chunk_rows` below the rows trained on.
pub fn train_with_metric<B: Backend>(
    device: &B::Device,
    metric: &dyn TensorMetric<B>,
    points: &dyn Points,
    weights: Option<&[f32]>,
    params: &Params,
    progress: &OnProgress<'_>,
) -> Result<Fit> {
    train(&Ruler::new(metric, device), &Source::Points(points), weights, params, progress)
}

/// [`train_with_metric`] on a tensor n×d, on its own device.
///
/// # Errors
/// As [`train_with_metric`].
pub fn train_tensor_with_metric<B: Backend>(
    metric: &dyn TensorMetric<B>,
    x: &Tensor<B, 2>,
    weights: Option<&[f32]>,
    params: &Params,
    progress: &OnProgress<'_>,
) -> Result<Fit> {
    train(&Ruler::new(metric, &x.device()), &Source::Tensor(x.clone()), weights, params, progress)
}

/// Trains with L1, L∞ or Kullback–Leibler, by name.
pub(crate) fn train_builtin<B: Backend>(
    device: &B::Device,
    metric: Metric,
    source: &Source<'_, B>,
    weights: Option<&[f32]>,
    params: &Params,
    progress: &OnProgress<'_>,
) -> Result<Fit> {
    train(&Ruler::new(builtin(metric)?, device), source, weights, params, progress)
}

pub(super) fn train<B: Backend>(
    ruler: &Ruler<'_, B>,
    source: &Source<'_, B>,
    weights: Option<&[f32]>,
    params: &Params,
    progress: &OnProgress<'_>,
) -> Result<Fit> {
    let watch = Watch::start(params, progress);
    let mut seconds = Seconds::default();
    check(ruler.metric, source, weights, params)?;

    let rows = TrainingRows::draw(ruler, source, weights, params, &watch)?;
    if params.check_input_data_for_nans && !rows.is_all() && !params.final_assign {
        check_others(ruler.metric, source, params, &watch)?;
    }
    seconds.prepare = watch.seconds();

    let best = best_of(ruler, &rows, params, &mut seconds, &watch)?;

    let (assigned, time) = timed(|| final_assign(ruler, &rows, source, weights, params, &best.run, progress));
    let (assignment, inertia_over) = assigned?;
    seconds.final_assign = time.as_secs_f64();
    seconds.total = watch.seconds();

    let params = Params { metric: Some(ruler.metric.kind()), ..params.clone() };
    let outcome = Outcome {
        n_trained: rows.n(),
        centroids: best.run.centroids,
        changed: best.run.changed,
        redos: best.redos,
        chosen: best.chosen,
        inertia_over,
        metric_name: name_kept(ruler.metric),
        seconds,
        assigner: None,
        device: ruler.name(),
        threads: None,
        pairs: None,
    };
    Ok(outcome.fit(source, &params, assignment, rows.frame()))
}

/// All checks that need no values of the rows.
fn check<B: Backend>(
    metric: &dyn TensorMetric<B>,
    source: &Source<'_, B>,
    weights: Option<&[f32]>,
    params: &Params,
) -> Result<()> {
    params.check()?;
    if source.is_sparse() {
        let (value, expected) = (metric.kind().to_string(), "l2, ip or cosine for sparse rows");
        return Err(Error::Parameter { name: "metric", value, expected });
    }
    check_supported(metric, params)?;
    params.check_shape(source.name(), source.n(), source.d())?;
    if let Some(w) = weights {
        check_weights(w, source.n(), params.k)?;
    }
    check_rows(metric, &params.init_centroids, source.d())
        .map_err(|e| locate(e, "initial centroids", |row| row))?;
    let n = source.n().min(params.max_points());
    match params.chunk_rows {
        Some(chunk_rows) if metric.rule().merges() == Merges::Rows && chunk_rows < n => {
            let (rule, metric) = (metric.rule().name(), metric.name().to_owned());
            Err(Error::RuleNeedsAllRows { rule, metric, n, chunk_rows })
        }
        _ => Ok(()),
    }
}

/// Refuses by name what has no meaning here. All parameters are listed, so that a new one is not ignored.
fn check_supported<B: Backend>(metric: &dyn TensorMetric<B>, params: &Params) -> Result<()> {
    let Params {
        k: _,
        niter: _,
        nredo: _,
        verbose: _,
        seed: _,
        seeding,
        init,
        init_centroids: _,
        frozen_centroids,
        afkmc2_chain_length: _,
        metric: asked,
        spherical,
        int_centroids,
        update_index,
        empty_clusters,
        min_points_per_centroid: _,
        max_points_per_centroid: _,
        use_faster_subsampling: _,
        check_input_data_for_nans: _,
        early_stop_threshold: _,
        time_limit: _,
        decode_block_size: _,
        progressive_dim_steps,
        apply_pca: _,
        exact_1d,
        hierarchical,
        balanced,
        final_assign: _,
        return_distances: _,
        strict: _,
        chunk_rows: _,
        pruning: _,
        pruning_memory: _,
        device_memory,
    } = params;
    let refused = [
        ("seeding faiss", *seeding == Seeding::Faiss),
        ("device_memory", device_memory.is_some()),
        ("init other than random and kmeans++", !matches!(init, Init::KMeansPlusPlus | Init::Random)),
        ("frozen_centroids", *frozen_centroids),
        ("spherical", *spherical),
        ("int_centroids", *int_centroids),
        ("update_index", *update_index),
        ("empty_clusters", *empty_clusters != EmptyClusters::default()),
        ("progressive_dim_steps", progressive_dim_steps.is_some()),
        ("exact_1d", *exact_1d),
        ("hierarchical", *hierarchical),
        ("balanced", balanced.is_some()),
    ];
    if let Some(&(name, _)) = refused.iter().find(|(_, is_set)| *is_set) {
        return Err(Error::Together { name, with: UNFUSED });
    }
    Prune::of(params).refuse()?;
    match asked {
        Some(asked) if *asked != metric.kind() => {
            let expected = "none, or that of the metric given beside the parameters";
            Err(Error::Parameter { name: "metric", value: asked.to_string(), expected })
        }
        _ => Ok(()),
    }
}

/// Checks rows that are neither trained on nor assigned at the end, by reading all.
fn check_others<B: Backend>(
    metric: &dyn TensorMetric<B>,
    source: &Source<'_, B>,
    params: &Params,
    watch: &Watch<'_>,
) -> Result<()> {
    let pass = Pass::of_training(source, params);
    pass.each_block(metric, |rows, _| {
        watch.tell(&Progress::Read { done: rows.end, n: pass.n() });
        Ok(())
    })
}

/// The run kept, and all restarts.
struct Best {
    run: Run,
    value: f64,
    chosen: usize,
    redos: Vec<RunReport>,
}

/// Runs all restarts and keeps the best by the objective of its returned centroids; the earlier
/// one where they are equal.
fn best_of<B: Backend>(
    ruler: &Ruler<'_, B>,
    rows: &TrainingRows<'_, B>,
    params: &Params,
    seconds: &mut Seconds,
    watch: &Watch<'_>,
) -> Result<Best> {
    let mut best: Option<Best> = None;
    let mut redos = Vec::new();
    for redo in 0..params.nredo {
        let (start, time) = timed(|| init::centroids(ruler, rows, params, redo, watch));
        seconds.init += time.as_secs_f64();
        let start = start?;
        let (run, time) = timed(|| iterate::run(ruler, rows, params, redo, start, watch));
        seconds.iterate += time.as_secs_f64();
        let run = run?;

        redos.push(run.report.clone());
        let value = objective(rows.weights(), &run.settled.distances);
        if best.as_ref().is_none_or(|best| value < best.value) {
            best = Some(Best { run, value, chosen: redo, redos: Vec::new() });
        }
        if watch.over().is_some() {
            break;
        }
    }
    let best = best.expect("nredo is at least 1");
    Ok(Best { redos, ..best })
}

/// Labels, sizes and inertia of the returned centroids: of the rows trained on where these are all (or
/// no others are wanted), else by reading the source.
fn final_assign<B: Backend>(
    ruler: &Ruler<'_, B>,
    rows: &TrainingRows<'_, B>,
    source: &Source<'_, B>,
    weights: Option<&[f32]>,
    params: &Params,
    run: &Run,
    progress: &OnProgress<'_>,
) -> Result<(Assignment, InertiaOver)> {
    if !rows.is_all() && params.final_assign {
        let keep = Keep { p: 1, distances: params.return_distances, prune: Prune::default() };
        let pass = Pass::of_training(source, params);
        return Ok((assign_all(ruler, &pass, weights, &run.centroids, keep, progress)?, InertiaOver::All));
    }
    let mut assignment = Assignment {
        p: 1,
        cluster_sizes: sizes(&run.settled.labels, params.k),
        inertia: objective(rows.weights(), &run.settled.distances),
        ..Assignment::default()
    };
    if !rows.is_all() {
        return Ok((assignment, InertiaOver::Sample));
    }
    assignment.labels = run.settled.labels.clone();
    assignment.distances = params.return_distances.then(|| to_f32(&run.settled.distances));
    Ok((assignment, InertiaOver::All))
}
