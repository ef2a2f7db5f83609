//! Rows that stay encoded.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use kmeans_data::{DataError, Points, RowSlice};

use super::super::{KullbackLeibler, L1, LInf, TensorMetric, train_with_metric};
use super::{B, Cosine, fit_weighted, from_centroids, values};
use crate::progress::silent;
use crate::{Error, Fit, Init, Params, Result};

/// One metric for each centroid rule.
const METRICS: [&dyn TensorMetric<B>; 4] = [&KullbackLeibler, &Cosine, &L1, &LInf];

/// Rows that say they are encoded, and count how they are read.
struct Encoded<'a> {
    rows: RowSlice<'a>,
    most: AtomicUsize,
    together: AtomicUsize,
}

impl<'a> Encoded<'a> {
    fn new(x: &'a [f32], d: usize) -> Self {
        let rows = RowSlice::new(x, d).unwrap();
        Self { rows, most: AtomicUsize::new(0), together: AtomicUsize::new(0) }
    }

    fn count(&self, rows: usize) {
        self.most.fetch_max(rows, Ordering::Relaxed);
        self.together.fetch_add(rows, Ordering::Relaxed);
    }
}

impl Points for Encoded<'_> {
    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        self.count(rows.len());
        self.rows.read(rows, out)
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        self.count(ids.len());
        self.rows.gather(ids, out)
    }

    fn is_encoded(&self) -> bool {
        true
    }

    fn name(&self) -> &str {
        "codes"
    }
}

fn train(
    metric: &dyn TensorMetric<B>,
    points: &dyn Points,
    weights: Option<&[f32]>,
    params: &Params,
) -> Result<Fit> {
    train_with_metric::<B>(&Default::default(), metric, points, weights, params, &silent)
}

/// Values whose sums round, and are not negative.
fn thirds(n: usize, d: usize, seed: u64) -> Vec<f32> {
    values(n, d, seed).into_iter().map(|v| v / 3.0).collect()
}

#[test]
fn training_on_encoded_rows_is_training_on_what_they_decode_to() {
    let (n, d) = (131, 5);
    let x = thirds(n, d, 51);
    let weights: Vec<f32> = (0..n).map(|i| (i % 5) as f32 / 3.0).collect();
    for metric in METRICS {
        for w in [None, Some(&weights[..])] {
            for max_points_per_centroid in [None, Some(15)] {
                for (init, nredo) in [(Init::Random, 3), (Init::KMeansPlusPlus, 2)] {
                    for decode_block_size in [1, 50, usize::MAX] {
                        let params = Params {
                            nredo,
                            init: init.clone(),
                            max_points_per_centroid,
                            decode_block_size,
                            return_distances: true,
                            ..Params::new(6)
                        };
                        let held = fit_weighted(metric, &x, d, w, &params).unwrap();
                        let encoded = train(metric, &Encoded::new(&x, d), w, &params).unwrap();
                        let what = format!(
                            "{} {init} {max_points_per_centroid:?} {decode_block_size}, weights {}",
                            metric.name(),
                            w.is_some()
                        );
                        check_same(&encoded, &held, &what);
                    }
                }
            }
        }
    }
}

fn check_same(a: &Fit, b: &Fit, what: &str) {
    assert_eq!(a.model.centroids(), b.model.centroids(), "{what}");
    assert_eq!((&a.labels, &a.distances), (&b.labels, &b.distances), "{what}");
    assert_eq!(a.report.inertia.to_bits(), b.report.inertia.to_bits(), "{what}");
    assert_eq!(a.report.cluster_sizes, b.report.cluster_sizes, "{what}");
    assert_eq!(a.report.chosen_redo, b.report.chosen_redo, "{what}");
    let objectives = |fit: &Fit| {
        let iterations = fit.report.redos.iter().flat_map(|run| &run.iteration_stats);
        iterations.map(|stats| stats.obj.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(objectives(a), objectives(b), "{what}");
}

#[test]
fn an_empty_cluster_takes_an_encoded_row_too() {
    let x = [0.0, 1.0, 2.0, 50.0, 90.0, 91.0];
    let params = Params { niter: 1, decode_block_size: 4, ..from_centroids(3, &[0.0, 1e4, 2e4]) };
    let found = train(&L1, &Encoded::new(&x, 1), None, &params).unwrap();
    assert_eq!(found.model.centroids(), [2.0, 91.0, 50.0]);
    assert_eq!(found.report.nsplit, 2);
}

#[test]
fn no_more_than_a_block_is_decoded_at_a_time() {
    let (n, d) = (700, 3);
    let x = values(n, d, 52);
    for metric in METRICS {
        for init in [Init::Random, Init::KMeansPlusPlus] {
            for max_points_per_centroid in [None, Some(60)] {
                for final_assign in [true, false] {
                    let params = Params {
                        init: init.clone(),
                        max_points_per_centroid,
                        final_assign,
                        decode_block_size: 50,
                        ..Params::new(3)
                    };
                    let encoded = Encoded::new(&x, d);
                    // Clusters and samples hold more rows than a block.
                    let found = train(metric, &encoded, None, &params).unwrap();
                    assert!(found.report.cluster_sizes.iter().any(|&size| size > 50));
                    assert_eq!(encoded.most.into_inner(), 50, "{} {init}", metric.name());
                }
            }
        }
    }
}

#[test]
fn an_iteration_decodes_rows_twice() {
    let (n, d) = (400, 2);
    // Of length 1, for cosine.
    let x: Vec<f32> = (0..n).flat_map(|i| [(i as f32 / 300.0).cos(), (i as f32 / 300.0).sin()]).collect();
    for metric in METRICS {
        let decoded = |niter| {
            let params =
                Params { niter, early_stop_threshold: None, ..from_centroids(4, &x[100 * d..104 * d]) };
            let encoded = Encoded::new(&x, d);
            assert_eq!(train(metric, &encoded, None, &params).unwrap().report.nsplit, 0);
            encoded.together.into_inner()
        };
        // One pass checks, one assigns to the centroids returned.
        assert_eq!([0, 1, 5].map(decoded), [2 * n, 4 * n, 12 * n], "{}", metric.name());
    }
}

#[test]
fn a_code_that_the_metric_refuses_is_named_by_its_row_in_the_source() {
    let mut x = values(300, 4, 54);
    x[4 * 211 + 3] = -0.5;
    let params = |final_assign, check| Params {
        decode_block_size: 64,
        max_points_per_centroid: Some(20),
        final_assign,
        check_input_data_for_nans: check,
        ..Params::new(3)
    };
    let all = Params { max_points_per_centroid: None, ..params(true, true) };
    // Among all rows; in a sample that may lack the row, when all are assigned, or are read to be checked.
    for params in [all, params(true, true), params(false, true)] {
        let error = train(&KullbackLeibler, &Encoded::new(&x, 4), None, &params).unwrap_err();
        let is_named =
            matches!(&error, Error::RefusedByMetric { data, row: 211, column: 3, .. } if data == "codes");
        assert!(is_named, "{error}");
    }
    x[4 * 211 + 3] = f32::NAN;
    let error = train(&L1, &Encoded::new(&x, 4), None, &params(false, true)).unwrap_err();
    assert!(matches!(error, Error::NonFinite { row: 211, column: 3, .. }), "{error}");
    let trains = |seed| {
        let params = Params { seed, ..params(false, false) };
        train(&L1, &Encoded::new(&x, 4), None, &params).is_ok()
    };
    assert!((0..30).any(trains), "a sample without the row trains, where others are not to be checked");
}

#[test]
fn a_row_at_no_distance_is_named_in_a_later_block() {
    // 3e38 from one centroid and 3e38 below zero from the other side: their difference is no f32.
    let mut x = vec![3e38; 90];
    x[77] = -3e38;
    let params = Params { decode_block_size: 32, niter: 1, ..from_centroids(1, &[3e38]) };
    let error = train(&L1, &Encoded::new(&x, 1), None, &params).unwrap_err();
    assert!(matches!(&error, Error::NotADistance { data, row: 77, .. } if data == "codes"), "{error}");
}
