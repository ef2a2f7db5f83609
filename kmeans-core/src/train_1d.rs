//! Exact k-means of one column.

use crate::assign_all::{Keep, Target, assign_all};
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::exact_1d::exact_1d;
use crate::extent::Extent;
use crate::frame::{Frame, Origin};
use crate::metric::Metric;
use crate::outcome::{Fit, Outcome};
use crate::params::Params;
use crate::prune::Prune;
use crate::report::{InertiaOver, IterationStats, RunReport, Seconds, Stop};
use crate::source::{Source, locate};
use crate::stats::imbalance_factor;
use crate::watch::Watch;

/// The optimal centroids of all rows, in ascending order; there is one iteration to report, whose
/// objective is the optimum. Cost O(n·(k + log n)), memory O(n).
pub(crate) fn train<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    params: &Params,
    watch: &Watch<'_>,
) -> Result<Fit> {
    let values = source.values()?;
    let at_source = |e| locate(e, source.name(), |row| source.source_row(row));
    let mut seconds = Seconds { prepare: watch.seconds(), ..Seconds::default() };
    let optimum = exact_1d(&values, weights, params.k).map_err(at_source)?;
    seconds.iterate = watch.seconds() - seconds.prepare;

    let (min, max) =
        values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
    let extent = Extent::new(vec![min], vec![max], values.len(), weights);
    let frame = Frame::at(Origin::Medians, &extent, &values);
    let offset = |&c: &f64| ((c - f64::from(frame.origin()[0])) * f64::from(frame.scale())) as f32;
    let centroids = Centroids::from_offsets(optimum.centroids.iter().map(offset).collect(), 1);
    let target =
        Target { centroids: &centroids, origin: frame.origin(), scale: frame.scale(), metric: Metric::L2 };
    let keep = Keep { p: 1, distances: params.return_distances, prune: Prune::of(params) };
    let found = assign_all(engine, source, weights, &target, keep, watch.progress())?;
    seconds.final_assign = watch.seconds() - seconds.prepare - seconds.iterate;
    seconds.total = watch.seconds();

    let stats = IterationStats {
        obj: optimum.cost,
        time: seconds.prepare + seconds.iterate,
        time_search: seconds.iterate,
        imbalance_factor: imbalance_factor(&found.cluster_sizes),
        nsplit: 0,
    };
    let report = RunReport { iteration_stats: vec![stats], stop: Stop::Optimal, dims: Vec::new() };
    let outcome = Outcome {
        n_trained: values.len(),
        centroids: centroids.clone(),
        changed: Some(0),
        redos: vec![report],
        chosen: 0,
        inertia_over: InertiaOver::All,
        metric_name: None,
        seconds,
        assigner: None,
        device: engine.name(),
        threads: engine.threads(),
        pairs: None,
    };
    Ok(outcome.fit(source, params, found, &frame))
}
