//! A model as it is met again by the metric that it was trained with.

use burn::tensor::backend::Backend;

use super::builtin::builtin;
use super::metric::TensorMetric;
use crate::assign_all::check_dim;
use crate::centroids::Centroids;
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::model::KMeansModel;
use crate::source::Source;

/// The centroids of `model`, to which `metric` measures the rows of `source`.
pub(super) fn centroids_for<B: Backend>(
    metric: &dyn TensorMetric<B>,
    source: &Source<'_, B>,
    model: &KMeansModel,
) -> Result<Centroids> {
    check_metric(metric, model)?;
    check_dim(source, model)?;
    // With its origin at zero, a model's rounded positions are its exact centroids.
    Ok(Centroids::from_offsets(model.centroids().to_vec(), model.dim()))
}

/// The metric that the model was trained with, where the crate has it.
pub(super) fn builtin_of<B: Backend>(model: &KMeansModel) -> Result<&'static dyn TensorMetric<B>> {
    match model.metric() {
        Metric::Custom => {
            Err(Error::MetricNotGiven { trained: in_words(Metric::Custom, model.metric_name()) })
        }
        metric => builtin(metric),
    }
}

/// What a model keeps of the name of a metric: that of the user's own, which [`Metric`] does not tell.
pub(super) fn name_kept<B: Backend>(metric: &dyn TensorMetric<B>) -> Option<String> {
    (metric.kind() == Metric::Custom).then(|| metric.name().to_owned())
}

/// Metrics of the user's own are told apart by their names; a model without one, from before names were
/// kept, takes any.
fn check_metric<B: Backend>(metric: &dyn TensorMetric<B>, model: &KMeansModel) -> Result<()> {
    let given = name_kept(metric);
    let is_same_name =
        given.is_none() || model.metric_name().is_none() || model.metric_name() == given.as_deref();
    if model.metric() == metric.kind() && is_same_name {
        return Ok(());
    }
    Err(Error::OtherMetric {
        trained: in_words(model.metric(), model.metric_name()),
        given: in_words(metric.kind(), given.as_deref()),
    })
}

/// A metric for messages: one of the user's own may have any name, that of another, too.
fn in_words(metric: Metric, name: Option<&str>) -> String {
    name.map_or(metric.to_string(), |name| format!("{metric} ({name})"))
}
