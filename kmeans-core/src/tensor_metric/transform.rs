//! Distances of all rows to all centroids, with any distance.

use burn::tensor::{Tensor, backend::Backend};
use kmeans_data::Points;

use super::metric::TensorMetric;
use super::pass::Pass;
use super::ruler::Ruler;
use super::target::{builtin_of, centroids_for};
use crate::error::Result;
use crate::model::KMeansModel;
use crate::preparation::rows_for;
use crate::progress::{OnProgress, Progress};
use crate::source::Source;
use crate::trainer::Sink;
use crate::transform::BLOCK_DISTANCES;

/// Hands the distances of all rows of `points` to all centroids of `model` to `sink`, k values a row, by blocks
/// of whole rows in their order.
///
/// `distance(x, c)` is that of the metric the model was trained with, in its own unit, rounded to `f32`; no square is
/// taken. Cost O(n·k·d), memory one block of rows and of distances.
///
/// # Errors
/// As [`crate::assign_with_metric`], but for `p`; and whatever `sink` returns, which ends the work.
pub fn transform_with_metric<B: Backend>(
    device: &B::Device,
    metric: &dyn TensorMetric<B>,
    points: &dyn Points,
    model: &KMeansModel,
    sink: &mut Sink<'_>,
    progress: &OnProgress<'_>,
) -> Result<()> {
    let rows = rows_for(model, points)?;
    transform(device, metric, &Source::Points(&*rows), model, sink, progress)
}

/// [`transform_with_metric`] for a tensor n×d, on its own device.
///
/// # Errors
/// As [`transform_with_metric`]; [`crate::Error::NotPrepared`] for a model with a preparation, which takes rows in host memory.
pub fn transform_tensor_with_metric<B: Backend>(
    metric: &dyn TensorMetric<B>,
    x: &Tensor<B, 2>,
    model: &KMeansModel,
    sink: &mut Sink<'_>,
    progress: &OnProgress<'_>,
) -> Result<()> {
    model.check_unprepared("a tensor")?;
    transform(&x.device(), metric, &Source::Tensor(x.clone()), model, sink, progress)
}

/// The same for a model of L1, L∞ or Kullback–Leibler.
pub(crate) fn transform_builtin<B: Backend>(
    device: &B::Device,
    source: &Source<'_, B>,
    model: &KMeansModel,
    sink: &mut Sink<'_>,
    progress: &OnProgress<'_>,
) -> Result<()> {
    transform(device, builtin_of(model)?, source, model, sink, progress)
}

fn transform<B: Backend>(
    device: &B::Device,
    metric: &dyn TensorMetric<B>,
    source: &Source<'_, B>,
    model: &KMeansModel,
    sink: &mut Sink<'_>,
    progress: &OnProgress<'_>,
) -> Result<()> {
    let centroids = centroids_for(metric, source, model)?;
    let ruler = Ruler::new(metric, device);
    let pass = Pass::over(source).at_most(BLOCK_DISTANCES / model.k());
    pass.each_block(metric, |rows, block| {
        let distances = ruler.all_distances(block, &centroids);
        sink(&distances.map_err(|e| pass.locate(rows.start, e))?)?;
        // Nothing is left half done but what the sink was given, which can end this by an error.
        let _ = progress(&Progress::Assign { done: rows.end, n: pass.n() });
        Ok(())
    })
}
