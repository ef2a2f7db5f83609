//! Trainings: a user's own metric, the engines' metric, empty clusters, samples, stops.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::{FloatDType, Tensor, backend::Backend};
use kmeans_data::RowSlice;

use super::super::ruler::Ruler;
use super::super::train::train;
use super::super::{
    CentroidRule, KullbackLeibler, L1, LInf, TensorMetric, over_columns, train_tensor_with_metric,
    train_with_metric,
};
use super::{B, SquaredL2, fit, fit_weighted, from_centroids, naive, values};
use crate::progress::silent;
use crate::source::Source;
use crate::tensor_engine::distance::matrix;
use crate::{InertiaOver, Init, KMeans, Metric, Params, Progress, Stop, TensorEngine, Warning};

/// Squared L2 with a weight for each column: a metric that brings a tensor.
struct ColumnWeights<B: Backend>(Tensor<B, 2>);

impl<B: Backend> TensorMetric<B> for ColumnWeights<B> {
    fn name(&self) -> &str {
        "column weights"
    }

    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
        let root = self.0.clone().cast(rows.dtype()).sqrt();
        let squares = |x: Tensor<B, 2>, c: Tensor<B, 2>| (x - c).square();
        over_columns(rows * root.clone(), centroids * root, squares, |sum, square| sum + square)
    }

    fn rule(&self) -> CentroidRule {
        CentroidRule::Mean
    }
}

#[test]
fn a_users_own_metric_trains() {
    // Two groups in column 0, noise ten times as wide in column 1, which counts for nothing.
    let x: Vec<f32> =
        (0..40).flat_map(|i| [(i % 2) as f32 * 4.0 + (i % 5) as f32 / 8.0, (i * 7 % 40) as f32]).collect();
    let metric = ColumnWeights(matrix::<B>(&[1.0, 0.0], 2, &Default::default()));
    let found = fit(&metric, &x, 2, &Params::new(2));
    assert!((0..40).all(|i| (found.labels[i] == found.labels[0]) == (i % 2 == 0)));
    assert_eq!((found.report.metric, found.model.metric()), (Metric::Custom, Metric::Custom));
    assert_eq!(found.report.device, "custom metric column weights on reference (ndarray)");
    let plain = fit(&SquaredL2, &x, 2, &Params::new(2));
    assert!((1..40).any(|i| (plain.labels[i] == plain.labels[0]) != (i % 2 == 0)));
}

#[test]
fn squared_l2_agrees_with_the_engine() {
    let (n, k, d) = (300, 7, 5);
    let x = values(n, d, 21);
    let params = from_centroids(k, &x[..k * d]);
    let metric = fit(&SquaredL2, &x, d, &params);
    let engine = KMeans::on(TensorEngine::<B>::default(), k).with_params(params).train(&x, d).unwrap();
    assert_eq!(metric.labels, engine.labels);
    assert_eq!(metric.report.niter_done, engine.report.niter_done);
    assert_eq!(metric.report.stop, engine.report.stop);
    assert!((metric.report.inertia / engine.report.inertia - 1.0).abs() < 1e-6);
    let pairs = metric.model.centroids().iter().zip(engine.model.centroids());
    pairs.for_each(|(a, b)| assert!((a - b).abs() < 1e-5));
}

#[test]
fn without_double_precision_the_objective_is_nearly_the_same() {
    let (n, k, d) = (200, 5, 4);
    let x = values(n, d, 22);
    let metrics: [&dyn TensorMetric<B>; 3] = [&L1, &LInf, &KullbackLeibler];
    for metric in metrics {
        let points = RowSlice::new(&x, d).unwrap();
        let of = |dtype| {
            let ruler = Ruler::new(metric, &Default::default()).with(1 << 10, dtype);
            let params = from_centroids(k, &x[..k * d]);
            train(&ruler, &Source::Points(&points), None, &params, &silent).unwrap().report.obj[0]
        };
        assert!((of(FloatDType::F32) / of(FloatDType::F64) - 1.0).abs() < 1e-5, "{}", metric.name());
    }
}

#[test]
fn a_tensor_gives_what_its_values_give() {
    let x = values(90, 3, 23);
    let tensor = matrix::<B>(&x, 3, &Default::default());
    let from_tensor = train_tensor_with_metric(&L1, &tensor, None, &Params::new(4), &silent).unwrap();
    let from_values = fit(&L1, &x, 3, &Params::new(4));
    assert_eq!(from_tensor.labels, from_values.labels);
    assert_eq!(from_tensor.report.inertia, from_values.report.inertia);
    assert_eq!(from_tensor.report.metric, Metric::L1);
    assert_eq!(from_tensor.report.device, "metric l1 on reference (ndarray)");
}

#[test]
fn empty_clusters_take_the_rows_that_cost_most() {
    let x = [0.0, 1.0, 2.0, 50.0, 90.0, 91.0];
    // All rows are nearest to the first centroid; 91 and then 50 are the farthest.
    let params = Params { niter: 1, ..from_centroids(3, &[0.0, 1e4, 2e4]) };
    let found = fit(&L1, &x, 1, &params);
    assert_eq!(found.report.nsplit, 2);
    assert_eq!(found.model.centroids(), [2.0, 91.0, 50.0]);
    assert_eq!(found.report.cluster_sizes, [3, 2, 1]);
    assert!(found.report.warnings.contains(&Warning::EmptyClustersSplit { nsplit: 2 }));
}

#[test]
fn the_only_row_of_a_cluster_is_not_taken_from_it() {
    // 90 is the farthest from its centroid, but is going to have it.
    let params = Params { niter: 1, ..from_centroids(3, &[0.0, 100.0, 1e4]) };
    assert_eq!(fit(&L1, &[0.0, 1.0, 2.0, 90.0], 1, &params).model.centroids(), [1.0, 90.0, 2.0]);
}

#[test]
fn the_weight_of_a_row_counts_where_an_empty_cluster_is_refilled() {
    let x = [0.0, 0.0, 10.0, 50.0];
    let params = Params { niter: 1, ..from_centroids(2, &[0.0, 1e4]) };
    let found = fit_weighted(&L1, &x, 1, Some(&[30.0, 30.0, 6.0, 1.0]), &params).unwrap();
    assert_eq!(found.model.centroids(), [0.0, 10.0]);
}

#[test]
fn clusters_without_rows_are_left_alone_where_all_rows_coincide() {
    let found = fit(&L1, &[4.0; 10], 1, &Params::new(3));
    assert_eq!((found.report.nsplit, found.report.distinct, found.report.inertia), (0, 1, 0.0));
    assert!(found.report.warnings.contains(&Warning::FewerDistinct { distinct: 1, k: 3 }));
    assert_eq!(found.report.stop, Stop::LabelsUnchanged);
}

#[test]
fn as_many_clusters_as_distinct_rows_cost_nothing() {
    let x = values(12, 2, 24);
    let found = fit(&LInf, &x, 2, &Params::new(12));
    assert_eq!(found.report.inertia, 0.0);
}

#[test]
fn k_means_plus_plus_draws_in_proportion_to_weight_and_distance() {
    // From the seed at 0: 1·3 for the row at 3, 3·1 for that at 1, none for the row without weight.
    let mut seen = [0_u32; 4];
    for seed in 0..1000 {
        let params = Params { niter: 0, seed, ..from_centroids(2, &[0.0]) };
        let found = fit_weighted(&L1, &[0.0, 3.0, 1.0, 900.0], 1, Some(&[1.0, 1.0, 3.0, 0.0]), &params);
        let drawn = found.unwrap().model.centroids()[1];
        seen[[0.0, 3.0, 1.0, 900.0].iter().position(|&x| x == drawn).unwrap()] += 1;
    }
    assert_eq!((seen[0], seen[3]), (0, 0));
    assert!((430..570).contains(&seen[1]), "{seen:?}");
}

#[test]
fn a_sample_is_trained_on_and_all_rows_are_labelled() {
    let x = values(400, 2, 25);
    let params = Params { max_points_per_centroid: Some(20), return_distances: true, ..Params::new(5) };
    let found = fit(&L1, &x, 2, &params);
    assert_eq!((found.report.n_trained, found.labels.len()), (100, 400));
    assert_eq!(found.report.inertia_over, InertiaOver::All);
    let expected = naive::inertia(naive::l1, &x, found.model.centroids(), 2, None);
    assert!((found.report.inertia / expected - 1.0).abs() < 1e-12);
    assert!(found.report.warnings.contains(&Warning::Subsampled { n: 400, n_trained: 100 }));

    let short = fit(&L1, &x, 2, &Params { final_assign: false, return_distances: false, ..params });
    assert_eq!((short.labels.len(), short.report.inertia_over), (0, InertiaOver::Sample));
    assert_eq!(short.report.cluster_sizes.iter().sum::<u64>(), 100);
}

#[test]
fn the_callback_ends_training_with_what_there_is() {
    let x = values(100, 2, 26);
    let calls = AtomicUsize::new(0);
    let progress = |progress: &Progress| match progress {
        Progress::Iteration { .. } if calls.fetch_add(1, Ordering::Relaxed) == 1 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let params = Params { nredo: 4, early_stop_threshold: None, ..Params::new(5) };
    let points = RowSlice::new(&x, 2).unwrap();
    let found = train_with_metric::<B>(&Default::default(), &L1, &points, None, &params, &progress).unwrap();
    assert_eq!((found.report.stop, found.report.niter_done), (Stop::Interrupted, 2));
    assert_eq!((found.report.redos.len(), found.labels.len()), (1, 100));
}

#[test]
fn a_threshold_stops_and_none_runs_all_iterations() {
    let x = values(300, 2, 27);
    let of = |early_stop_threshold| {
        let params = Params { early_stop_threshold, init: Init::Random, niter: 40, ..Params::new(6) };
        fit(&KullbackLeibler, &x, 2, &params).report
    };
    assert_eq!((of(None).stop, of(None).niter_done), (Stop::Niter, 40));
    assert_eq!((of(Some(0.5)).stop, of(Some(0.5)).niter_done), (Stop::ObjectiveUnchanged, 2));
    assert_eq!(of(Some(0.0)).stop, Stop::LabelsUnchanged);
}
