//! The names by which models know metrics of the user's own.

use burn::tensor::{Tensor, backend::Backend};
use kmeans_data::RowSlice;

use super::super::{CentroidRule, L1, TensorMetric, assign_with_metric, over_columns, transform_with_metric};
use super::{B, SquaredL2, fit, values};
use crate::progress::silent;
use crate::{AssignOptions, Error, KMeans, KMeansModel, Metric, Params, Report, Result, TensorEngine};

/// City block distance by a name of its own.
struct Named(&'static str);

impl<B: Backend> TensorMetric<B> for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        over_columns(rows, centroids, |x, c| (x - c).abs(), |sum, term| sum + term)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Median
    }
}

/// What assignment says, and transformation says the same.
fn meets(metric: &dyn TensorMetric<B>, model: &KMeansModel) -> Result<(), String> {
    let (device, x) = (Default::default(), values(9, 2, 72));
    let points = RowSlice::new(&x, 2).unwrap();
    let options = AssignOptions::default();
    let text = |e: Error| e.to_string();
    let assigned =
        assign_with_metric::<B>(&device, metric, &points, model, options, &silent).map(drop).map_err(text);
    let transformed =
        transform_with_metric::<B>(&device, metric, &points, model, &mut |_| Ok(()), &silent).map_err(text);
    assert_eq!(assigned, transformed);
    assigned
}

fn model(metric: &dyn TensorMetric<B>) -> KMeansModel {
    fit(metric, &values(60, 2, 71), 2, &Params::new(3)).model
}

#[test]
fn a_model_and_its_report_carry_the_name_of_a_metric_of_the_users_own_only() {
    let found = fit(&Named("blocks"), &values(60, 2, 71), 2, &Params::new(3));
    assert_eq!((found.model.metric(), found.model.metric_name()), (Metric::Custom, Some("blocks")));
    assert_eq!(found.report.metric_name.as_deref(), Some("blocks"));
    assert_eq!(model(&L1).metric_name(), None);
    let engine = KMeans::on(TensorEngine::<B>::default(), 2).train(&[0.0, 1.0, 9.0], 1).unwrap();
    assert_eq!(engine.model.metric_name(), None);
}

#[test]
fn a_metric_of_another_name_is_refused_and_both_are_named() {
    let own = model(&Named("blocks"));
    assert_eq!(meets(&Named("blocks"), &own), Ok(()));
    let expected = "the model was trained with the metric custom (blocks), not with ";
    assert_eq!(meets(&SquaredL2, &own), Err(format!("{expected}custom (squared l2)")));
    assert_eq!(meets(&L1, &own), Err(format!("{expected}l1")));
    // A name taken from another metric is still that of a metric of the user's own.
    assert_eq!(
        meets(&Named("l1"), &model(&L1)),
        Err("the model was trained with the metric l1, not with custom (l1)".to_owned())
    );
    assert_eq!(
        meets(&L1, &model(&Named("l1"))),
        Err("the model was trained with the metric custom (l1), not with l1".to_owned())
    );
}

#[test]
fn engines_name_the_metric_that_they_lack() {
    let kmeans = KMeans::on(TensorEngine::<B>::default(), 3);
    let own = model(&Named("blocks"));
    let points = RowSlice::new(&[1.0, 2.0], 2).unwrap();
    let errors = [
        kmeans.assign(&own, &[1.0, 2.0], 2).unwrap_err(),
        kmeans.transform(&own, &points, &mut |_| Ok(())).unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(&error, Error::MetricNotGiven { trained } if trained == "custom (blocks)"),
            "{error}"
        );
    }
}

#[test]
fn a_report_without_a_name_is_read_and_takes_any_metric_of_the_users_own() {
    let mut own = model(&Named("blocks"));
    let json = serde_json::to_string(own.report()).unwrap();
    assert_eq!(&serde_json::from_str::<Report>(&json).unwrap(), own.report());
    let without = json.replace("\"metric_name\":\"blocks\",", "");
    assert_ne!(without, json);
    *own.report_mut() = serde_json::from_str(&without).unwrap();
    assert_eq!(own.metric_name(), None);
    assert_eq!(meets(&Named("blocks"), &own), Ok(()));
    assert_eq!(meets(&SquaredL2, &own), Ok(()));
    assert_eq!(meets(&L1, &own), Err("the model was trained with the metric custom, not with l1".to_owned()));
    // The metrics of the crate leave nothing behind.
    assert!(!serde_json::to_string(model(&L1).report()).unwrap().contains("metric_name"));
}
