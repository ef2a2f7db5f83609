//! What holds for all data.

use proptest::prelude::*;

use super::super::{KullbackLeibler, L1, LInf, TensorMetric};
use super::{B, SquaredL2, fit, fit_weighted, from_centroids, naive, values};
use crate::{Params, Stop};

const METRICS: [&dyn TensorMetric<B>; 4] = [&L1, &LInf, &KullbackLeibler, &SquaredL2];

fn rows() -> impl Strategy<Value = (Vec<f32>, usize)> {
    (1_usize..5).prop_flat_map(|d| {
        let value = prop_oneof![Just(0.0_f32), 0.0_f32..1.0, (0_u8..4).prop_map(f32::from), 0.0_f32..1e6];
        (prop::collection::vec(value, 6 * d..40 * d), Just(d)).prop_map(|(mut x, d)| {
            x.truncate(x.len() / d * d);
            (x, d)
        })
    })
}

proptest! {
    #[test]
    fn the_objective_of_l1_and_kl_never_rises((x, d) in rows(), k in 1_usize..6, seed in 0_u64..100) {
        let metrics: [&dyn TensorMetric<B>; 2] = [&L1, &KullbackLeibler];
        for metric in metrics {
            let params = Params { seed, early_stop_threshold: None, niter: 8, ..Params::new(k) };
            let found = fit(metric, &x, d, &params);
            let total: f64 = x.iter().map(|&x| f64::from(x)).sum();
            let obj = found.report.obj.iter().chain([&found.report.inertia]).copied().collect::<Vec<_>>();
            for pair in obj.windows(2) {
                prop_assert!(pair[1] <= pair[0] + 1e-13 * total, "{}: {obj:?}", metric.name());
            }
        }
    }

    #[test]
    fn the_largest_distance_of_linf_never_rises((x, d) in rows(), k in 1_usize..6) {
        let mut largest = f32::INFINITY;
        for niter in 0..5 {
            let params = Params { return_distances: true, niter, early_stop_threshold: None, ..Params::new(k) };
            let distances = fit(&LInf, &x, d, &params).distances.unwrap();
            let now = distances.into_iter().fold(0.0, f32::max);
            prop_assert!(now <= largest * (1.0 + 1e-6), "{now} after {largest}");
            largest = now;
        }
    }

    #[test]
    fn labels_sizes_and_inertia_belong_to_the_returned_centroids(
        (x, d) in rows(), k in 1_usize..6, niter in 0_usize..5
    ) {
        for (metric, naive) in METRICS.into_iter().zip([naive::l1, naive::linf, naive::kl, naive::squared_l2]) {
            let found = fit(metric, &x, d, &Params { niter, nredo: 2, ..Params::new(k) });
            let c = found.model.centroids();
            let expected = naive::inertia(naive, &x, c, d, None);
            let inertia = found.report.inertia;
            let slack = 1e-12 * (expected + x.iter().map(|&x| f64::from(x)).sum::<f64>());
            prop_assert!((inertia - expected).abs() <= slack, "{}: {inertia} {expected}", metric.name());
            for (x, &label) in x.chunks_exact(d).zip(&found.labels) {
                let own = naive(x, &c[label as usize * d..][..d]);
                let best = naive::ranking(naive, x, c, d)[0].1;
                prop_assert!(own <= best + slack, "{}: {own} {best}", metric.name());
            }
            prop_assert_eq!(found.report.cluster_sizes.iter().sum::<u64>() as usize, found.labels.len());
        }
    }
}

#[test]
fn weight_two_equals_a_doubled_row() {
    let (n, k, d) = (60, 4, 3);
    let x = values(n, d, 11);
    let weights: Vec<f32> = (0..n).map(|i| [1.0, 2.0, 3.0][i % 3]).collect();
    let repeat = |i: usize| std::iter::repeat_n(i, weights[i] as usize);
    let ids: Vec<usize> = (0..n).flat_map(repeat).collect();
    let doubled: Vec<f32> = ids.iter().flat_map(|&i| &x[i * d..][..d]).copied().collect();
    let params = from_centroids(k, &x[..k * d]);
    for metric in METRICS {
        let weighted = fit_weighted(metric, &x, d, Some(&weights), &params).unwrap();
        let repeated = fit(metric, &doubled, d, &params);
        assert_eq!(weighted.model.centroids(), repeated.model.centroids(), "{}", metric.name());
        let labels: Vec<i32> = ids.iter().map(|&i| weighted.labels[i]).collect();
        assert_eq!(labels, repeated.labels);
        assert!((weighted.report.inertia / repeated.report.inertia - 1.0).abs() < 1e-13);
    }
}

#[test]
fn scaling_all_weights_by_a_power_of_two_changes_no_bit() {
    let x = values(60, 3, 12);
    let weights: Vec<f32> = (0..60).map(|i| (i % 5) as f32 / 3.0).collect();
    let scaled: Vec<f32> = weights.iter().map(|w| w * 1024.0).collect();
    for metric in METRICS {
        let one = fit_weighted(metric, &x, 3, Some(&weights), &Params::new(4)).unwrap();
        let other = fit_weighted(metric, &x, 3, Some(&scaled), &Params::new(4)).unwrap();
        assert_eq!((one.labels, one.model.centroids()), (other.labels, other.model.centroids()));
        assert_eq!(one.report.inertia * 1024.0, other.report.inertia);
    }
}

#[test]
fn a_permutation_of_rows_permutes_labels() {
    let (n, k, d) = (80, 5, 3);
    let x = values(n, d, 13);
    let params = from_centroids(k, &x[..k * d]);
    let reversed: Vec<f32> = x.chunks_exact(d).rev().flatten().copied().collect();
    for metric in METRICS {
        let (here, there) = (fit(metric, &x, d, &params), fit(metric, &reversed, d, &params));
        assert_eq!(here.model.centroids(), there.model.centroids(), "{}", metric.name());
        assert!(here.labels.iter().eq(there.labels.iter().rev()));
    }
}

#[test]
fn same_seed_same_bits_and_chunks_change_none() {
    let x = values(150, 4, 14);
    for metric in METRICS {
        for init in [crate::Init::Random, crate::Init::KMeansPlusPlus] {
            let params = Params { nredo: 3, init, return_distances: true, ..Params::new(6) };
            let (one, two) = (fit(metric, &x, 4, &params), fit(metric, &x, 4, &params));
            assert_eq!((&one.labels, &one.distances), (&two.labels, &two.distances));
            assert_eq!(one.report.obj, two.report.obj);
            let other = fit(metric, &x, 4, &Params { seed: 99, ..params.clone() });
            assert_ne!(one.report.obj[0], other.report.obj[0], "another seed is another start");
            if metric.rule().merges() != super::super::Merges::Rows {
                let chunked = fit(metric, &x, 4, &Params { chunk_rows: Some(7), ..params });
                assert_eq!((&one.labels, &one.distances), (&chunked.labels, &chunked.distances));
                assert_eq!(one.report.obj, chunked.report.obj);
            }
        }
    }
}

#[test]
fn of_several_restarts_the_best_is_kept() {
    let x = values(120, 3, 15);
    let params = Params { nredo: 6, init: crate::Init::Random, ..Params::new(8) };
    let best = fit(&L1, &x, 3, &params);
    assert_eq!(best.report.redos.len(), 6);
    // All runs end at fixed points, where the last objective is that of the returned centroids.
    assert!(best.report.redos.iter().all(|run| run.stop == Stop::LabelsUnchanged));
    let last = |run: &crate::RunReport| run.iteration_stats.last().unwrap().obj;
    let least = best.report.redos.iter().map(last).fold(f64::INFINITY, f64::min);
    assert_eq!(best.report.inertia, least);
    assert_eq!(last(&best.report.redos[best.report.chosen_redo]), least);
}
