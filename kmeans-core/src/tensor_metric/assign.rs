//! Assignment of rows to fixed centroids with any distance.

use burn::tensor::{Tensor, backend::Backend};
use kmeans_data::Points;

use super::block::RowBlock;
use super::iterate::sizes;
use super::metric::TensorMetric;
use super::pass::Pass;
use super::rows::weight;
use super::ruler::{Labelled, Ruler};
use super::target::{builtin_of, centroids_for};
use crate::assign_all::{Assignment, Keep, check_p};
use crate::centroids::Centroids;
use crate::engine::Neighbours;
use crate::error::Result;
use crate::model::KMeansModel;
use crate::preparation::rows_for;
use crate::progress::{OnProgress, Progress};
use crate::source::Source;
use crate::trainer::AssignOptions;

/// The nearest centroid, or the `p` nearest, of each row of `points`, by the metric the model was trained with.
///
/// Labels, distances and inertia are in the metric's own unit. Cost O(n·k·d), memory one block of rows and
/// what is kept of each.
///
/// # Errors
/// [`crate::Error::OtherMetric`] for a model of another metric, or of one of your own by another name;
/// [`crate::Error::Parameter`] for `p` outside `1..=k`; another number of columns than the model's; values that
/// are not finite, or that the metric refuses; [`crate::Error::NotADistance`] and [`crate::Error::MetricShape`] for
/// a metric that gives something else; [`crate::Error::Together`] for pruning, which it has not.
pub fn assign_with_metric<B: Backend>(
    device: &B::Device,
    metric: &dyn TensorMetric<B>,
    points: &dyn Points,
    model: &KMeansModel,
    options: AssignOptions,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    let rows = rows_for(model, points)?;
    assign(device, metric, &Source::Points(&*rows), model, options.keep(), progress)
}

/// [`assign_with_metric`] for a tensor n×d, on its own device.
///
/// # Errors
/// As [`assign_with_metric`]; [`crate::Error::NotPrepared`] for a model with a preparation, which takes rows in host memory.
pub fn assign_tensor_with_metric<B: Backend>(
    metric: &dyn TensorMetric<B>,
    x: &Tensor<B, 2>,
    model: &KMeansModel,
    options: AssignOptions,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    model.check_unprepared("a tensor")?;
    assign(&x.device(), metric, &Source::Tensor(x.clone()), model, options.keep(), progress)
}

/// Assigns all rows of `source` to a model of L1, L∞ or Kullback–Leibler.
pub(crate) fn assign_builtin<B: Backend>(
    device: &B::Device,
    source: &Source<'_, B>,
    model: &KMeansModel,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    assign(device, builtin_of(model)?, source, model, keep, progress)
}

fn assign<B: Backend>(
    device: &B::Device,
    metric: &dyn TensorMetric<B>,
    source: &Source<'_, B>,
    model: &KMeansModel,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    keep.prune.refuse()?;
    let centroids = centroids_for(metric, source, model)?;
    check_p(keep.p, model)?;
    assign_all(&Ruler::new(metric, device), &Pass::over(source), None, &centroids, keep, progress)
}

/// Assigns all rows of a pass.
pub(super) fn assign_all<B: Backend>(
    ruler: &Ruler<'_, B>,
    pass: &Pass<'_, '_, B>,
    weights: Option<&[f32]>,
    centroids: &Centroids,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    let n = pass.n();
    let mut all = Assignment {
        labels: Vec::with_capacity(n * keep.p),
        distances: keep.distances.then(|| Vec::with_capacity(n * keep.p)),
        p: keep.p,
        cluster_sizes: vec![0; centroids.k()],
        inertia: 0.0,
        zero_rows: 0,
        device: ruler.name(),
    };
    pass.each_block(ruler.metric, |rows, block| {
        let found = measured(ruler, block, centroids, keep.p);
        let (found, nearest) = found.map_err(|e| pass.locate(rows.start, e))?;
        take(&mut all, found, &nearest, weights, rows.start);
        // Rows are assigned for a model that exists already; there is no half of it to return.
        let _ = progress(&Progress::Assign { done: rows.end, n });
        Ok(())
    })?;
    Ok(all)
}

/// The `p` nearest centroids of each row, and the distances to the nearest in `f64`.
fn measured<B: Backend>(
    ruler: &Ruler<'_, B>,
    block: &RowBlock<'_, B>,
    centroids: &Centroids,
    p: usize,
) -> Result<(Neighbours, Vec<f64>)> {
    if p > 1 {
        return ruler.nearest_of_each(block, centroids, p);
    }
    let Labelled { labels, distances } = ruler.nearest(block, centroids)?;
    Ok((Neighbours { ids: labels, distances: to_f32(&distances) }, distances))
}

/// Adds the rows of one block, the first of which is number `start`, in the order of the rows.
fn take(all: &mut Assignment, found: Neighbours, nearest: &[f64], weights: Option<&[f32]>, start: usize) {
    for (row, distance) in nearest.iter().enumerate() {
        all.inertia += weight(weights, start + row) * distance;
    }
    let labels: Vec<i32> = found.ids.iter().step_by(all.p).copied().collect();
    let counts = sizes(&labels, all.cluster_sizes.len());
    all.cluster_sizes.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
    all.labels.extend(found.ids);
    if let Some(distances) = &mut all.distances {
        distances.extend(found.distances);
    }
}

/// Distances as they are returned; all are in the range of `f32`.
pub(super) fn to_f32(distances: &[f64]) -> Vec<f32> {
    distances.iter().map(|&distance| distance as f32).collect()
}
