//! What is refused, and how it is named.

use burn::tensor::{Tensor, backend::Backend};
use kmeans_data::RowSlice;

use super::super::{CentroidRule, KullbackLeibler, L1, LInf, TensorMetric, assign_with_metric};
use super::{B, SquaredL2, fit, fit_weighted, from_centroids, values};
use crate::progress::silent;
use crate::{AssignOptions, Error, Init, Metric, Params};

fn message(metric: &dyn TensorMetric<B>, x: &[f32], d: usize, params: &Params) -> String {
    fit_weighted(metric, x, d, None, params).unwrap_err().to_string()
}

#[test]
fn kl_names_the_row_and_the_column_of_a_negative_value() {
    let mut x = values(20, 3, 41);
    x[5 * 3 + 2] = -0.5;
    let expected =
        "memory: row 5, column 2 (counted from 0) is -0.5, the metric kl needs values that are not negative";
    assert_eq!(message(&KullbackLeibler, &x, 3, &Params::new(2)), expected);
    // In a sample of 38 of 40 rows, in rows that come later, and in given centroids.
    let x = [&[1.0; 30][..], &[-1.0; 10]].concat();
    let few = Params { max_points_per_centroid: Some(19), ..Params::new(2) };
    assert!(message(&KullbackLeibler, &x, 1, &few).contains("is -1"));
    let model = fit(&KullbackLeibler, &x[..30], 1, &Params::new(2)).model;
    let points = RowSlice::new(&x, 1).unwrap();
    let options = AssignOptions::default();
    let error =
        assign_with_metric::<B>(&Default::default(), &KullbackLeibler, &points, &model, options, &silent);
    assert!(matches!(error, Err(Error::RefusedByMetric { row: 30, column: 0, .. })));
    let given = from_centroids(2, &[1.0, -3.0]);
    assert!(
        message(&KullbackLeibler, &[1.0; 9], 1, &given).starts_with("initial centroids: row 1, column 0")
    );
}

#[test]
fn medians_are_refused_in_chunks_by_name() {
    let x = values(50, 2, 42);
    let params = Params { chunk_rows: Some(49), ..Params::new(2) };
    let error = fit_weighted(&L1, &x, 2, None, &params).unwrap_err();
    assert!(matches!(&error, Error::RuleNeedsAllRows { rule: "median", n: 50, chunk_rows: 49, .. }));
    assert!(error.to_string().starts_with("the median of a cluster (metric l1) needs all 50 rows at once"));
    // One chunk holds all rows.
    let whole = fit(&L1, &x, 2, &Params { chunk_rows: Some(50), ..Params::new(2) });
    assert_eq!(whole.labels, fit(&L1, &x, 2, &Params::new(2)).labels);
    fit(&LInf, &x, 2, &params);
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    let x = values(50, 2, 43);
    let spherical = Params { spherical: true, metric: Some(Metric::L1), ..Params::new(2) };
    assert!(message(&L1, &x, 2, &spherical).starts_with("spherical cannot be set together"));
    let other = Params { metric: Some(Metric::L2), ..Params::new(2) };
    assert!(message(&SquaredL2, &x, 2, &other).starts_with("metric is l2, expected none"));
    assert!(message(&L1, &x, 2, &Params::new(51)).contains("cannot make 51 clusters"));
    let strict = Params { strict: true, ..Params::new(2) };
    assert!(matches!(fit_weighted(&L1, &x, 2, None, &strict), Err(Error::TooFewPointsStrict { .. })));
    let engine = crate::TensorEngine::<B>::default();
    let error = crate::KMeans::on(engine, 2).metric(Metric::Custom).train(&x, 2).unwrap_err();
    assert!(error.to_string().starts_with("metric is custom, expected l1, linf or kl"), "{error}");
}

#[test]
fn rows_that_are_not_finite_are_named() {
    let mut x = values(50, 2, 44);
    x[31] = f32::NAN;
    assert!(matches!(
        fit_weighted(&L1, &x, 2, None, &Params::new(2)),
        Err(Error::NonFinite { row: 15, column: 1, .. })
    ));
}

/// A metric that gives what it was made with, whatever the rows.
struct Broken(fn(usize, usize) -> Vec<f32>);

impl<B: Backend> TensorMetric<B> for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        let [b, k] = [rows.dims()[0], centroids.dims()[0]];
        let values = (self.0)(b, k);
        let width = values.len() / b;
        crate::tensor_engine::distance::matrix(&values, width, &rows.device())
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Mean
    }
}

#[test]
fn what_is_no_distance_is_named_and_a_panic_is_an_error() {
    let x = values(10, 2, 45);
    let params = Params { init: Init::Random, ..Params::new(3) };
    let of = |give: fn(usize, usize) -> Vec<f32>| message(&Broken(give), &x, 2, &params);
    let nan = |b: usize, k: usize| {
        let mut values = vec![1.0; b * k];
        values[4 * k + 2] = f32::NAN;
        values
    };
    assert_eq!(
        of(nan),
        "the metric broken puts row 4 of memory at a distance of NaN from centroid 2, expected a finite number in the range of f32"
    );
    assert!(of(|b, k| vec![f32::INFINITY; b * k]).contains("row 0 of memory at a distance of inf"));
    assert_eq!(
        of(|b, k| vec![0.0; b * (k + 1)]),
        "the metric broken gave distances of shape [10, 4], expected [10, 3] (rows × centroids)"
    );
    assert_eq!(
        of(|_, _| panic!("no such distance")),
        "custom metric broken on reference (ndarray) engine failed: no such distance"
    );
}
