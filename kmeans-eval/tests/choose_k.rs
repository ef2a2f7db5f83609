//! Choosing k: data whose answer is known, laws, and what cannot be chosen.

use std::num::NonZeroUsize;

use kmeans_backend_cpu::CpuEngine;
use kmeans_core::{Job, KMeans, Params, Trainer};
use kmeans_data::{RowSlice, open};
use kmeans_eval::{ChooseK, Error, Method, bic, elbow, stability, x_means};

fn device() -> CpuEngine {
    CpuEngine::new(None).unwrap()
}

/// Normal rows about `k` centres that are far apart.
fn blobs(k: usize, each: usize, d: usize) -> Vec<f32> {
    let mut state = 9_u64;
    let mut unit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 + 0.5) / (1 << 24) as f32
    };
    let mut normal = || (-2.0 * unit().ln()).sqrt() * (std::f32::consts::TAU * unit()).cos();
    let centre = |j: usize, column: usize| if j % d == column { 20.0 * (1 + j / d) as f32 } else { 0.0 };
    (0..k * each)
        .flat_map(|i| (0..d).map(|column| centre(i % k, column) + normal()).collect::<Vec<_>>())
        .collect()
}

fn digits() -> Box<dyn kmeans_data::Points> {
    Box::new(open(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/digits.f32.npy")).unwrap())
}

#[test]
fn every_method_sees_clusters_that_are_there() {
    let x = blobs(6, 60, 6);
    let rows = RowSlice::new(&x, 6).unwrap();
    let found = ChooseK::new(2..=10).methods(Method::ALL).gap_references(5).run(&device(), &rows).unwrap();
    for vote in &found.recommended.votes {
        assert_eq!(vote.k, Some(6), "{}: {}", vote.method, vote.reason);
    }
    assert_eq!((found.recommended.k, found.recommended.sureness), (6, 1.0));
    assert_eq!(found.model.k(), 6);
    assert!(found.recommended.doubts.is_empty(), "{:?}", found.recommended.doubts);
}

#[test]
fn rows_without_clusters_raise_doubts() {
    let x = blobs(1, 500, 3);
    let rows = RowSlice::new(&x, 3).unwrap();
    let methods = [Method::Elbow, Method::Silhouette, Method::Gap];
    let found = ChooseK::new(1..=8).methods(methods).gap_references(5).run(&device(), &rows).unwrap();
    let gap = found.recommended.votes.iter().find(|vote| vote.method == Method::Gap).unwrap();
    assert_eq!(gap.k, Some(1), "{}", gap.reason);
    assert!(!found.recommended.doubts.is_empty());
}

#[test]
fn neighbours_replace_restarts() {
    let rows = digits();
    let inertias = |choose: ChooseK| {
        let found = choose.methods([Method::Elbow]).run(&device(), &*rows).unwrap();
        found.k.iter().map(|m| m.inertia.ln()).sum::<f64>() / found.k.len() as f64
    };
    let mut restarts = Params::new(1);
    (restarts.niter, restarts.nredo) = (100, 5);
    let by_restarts = inertias(ChooseK::new(2..=24).with_params(restarts).warm_starts(false));
    let by_neighbours = inertias(ChooseK::new(2..=24));
    assert!(by_neighbours < by_restarts + 0.002, "{by_neighbours} {by_restarts}");
}

#[test]
fn trainings_on_their_own_recommend_the_same() {
    let rows = digits();
    let mut restarts = Params::new(1);
    (restarts.niter, restarts.nredo) = (100, 10);
    let alone = ChooseK::new(2..=24).with_params(restarts).warm_starts(false).run(&device(), &*rows).unwrap();
    let found = ChooseK::new(2..=24).run(&device(), &*rows).unwrap();
    assert_eq!(found.recommended.k, alone.recommended.k);
}

#[test]
fn the_choice_does_not_depend_on_threads() {
    let rows = digits();
    let found = [1, 2, 3].map(|threads| {
        let device = CpuEngine::new(NonZeroUsize::new(threads)).unwrap();
        let methods = [Method::Silhouette, Method::Bic, Method::DaviesBouldin, Method::CalinskiHarabasz];
        let found = ChooseK::new((3..=12).step_by(3)).methods(methods).run(&device, &*rows).unwrap();
        let bits = |m: &kmeans_eval::KMeasures| {
            [m.silhouette, m.bic, m.davies_bouldin, m.calinski_harabasz].map(|x| x.unwrap().to_bits())
        };
        (found.recommended.clone(), found.k.iter().map(bits).collect::<Vec<_>>())
    });
    assert!(found[0] == found[1] && found[1] == found[2]);
}

#[test]
fn elbows_are_those_of_kneed() {
    // kneed 0.8.5, KneeLocator(curve="convex", direction="decreasing", S=1): knee and y_difference there.
    let by_k = |first: usize, y: &[f64]| {
        let x: Vec<f64> = (first..first + y.len()).map(|k| k as f64).collect();
        elbow(&x, y).map(|elbow| (x[elbow.at], elbow.strength))
    };
    let check = |found: Option<(f64, f64)>, knee: f64, strength: f64| {
        let (k, found) = found.unwrap();
        assert!(k == knee && (found - strength).abs() < 1e-12, "{k} {found}");
    };
    let iris = [681.37, 152.35, 78.85, 57.23, 46.47, 39.04, 34.30, 30.06, 28.27, 26.09];
    check(by_k(1, &iris), 3.0, 0.6972625781684505);
    let digits = [
        1928521.0, 1733038.0, 1614052.0, 1498817.0, 1404983.0, 1334764.0, 1264983.0, 1202337.0, 1167773.0,
        1136676.0, 1103725.0, 1070497.0, 1043459.0, 1019104.0, 999533.0, 982871.0, 967359.0, 953063.0,
        936693.0,
    ];
    check(by_k(2, &digits), 9.0, 0.3432783820492173);
    let exponential: Vec<f64> = (1..31).map(|k| 100.0 * (-f64::from(k) / 4.0).exp()).collect();
    check(by_k(1, &exponential), 9.0, 0.5894171469362013);
    let x = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
    let powers = elbow(&x, &[1000.0, 700.0, 420.0, 300.0, 260.0, 250.0]).unwrap();
    check(Some((x[powers.at], powers.strength)), 16.0, 0.7075268817204301);
}

#[test]
fn splits_end_where_clusters_do() {
    let x = blobs(5, 80, 3);
    let rows = RowSlice::new(&x, 3).unwrap();
    for least in [1, 2, 4] {
        let fit = x_means(&device(), &rows, &Params::new(1), least, 20).unwrap();
        assert_eq!(fit.model.k(), 5, "from {least}");
    }
    // No further than asked for, and of two points there is nothing to split.
    assert_eq!(x_means(&device(), &rows, &Params::new(1), 2, 3).unwrap().model.k(), 3);
    let two = [0.0_f32, 0.0, 7.0, 7.0];
    let rows = RowSlice::new(&two, 1).unwrap();
    assert_eq!(x_means(&device(), &rows, &Params::new(1), 2, 4).unwrap().model.k(), 2);
}

#[test]
fn the_criterion_is_highest_for_the_clusters_that_are_there() {
    let x = blobs(4, 50, 2);
    let rows = RowSlice::new(&x, 2).unwrap();
    let of = |k: usize| {
        let fit = KMeans::on(device(), k).nredo(10).train_points(&rows, None).unwrap();
        bic(&fit.report.cluster_sizes, fit.report.inertia, 2).unwrap()
    };
    let best = (1..9).max_by(|&a, &b| of(a).total_cmp(&of(b))).unwrap();
    assert_eq!(best, 4);
}

#[test]
fn trainings_agree_where_clusters_are_clear() {
    let x = blobs(3, 60, 2);
    let rows = RowSlice::new(&x, 2).unwrap();
    let mut params = Params::new(3);
    params.nredo = 5;
    let clear = stability(&device(), &rows, &params, 4).unwrap();
    assert_eq!((clear.seeds, clear.subsamples), (1.0, 1.0));
    let x = blobs(1, 180, 2);
    let rows = RowSlice::new(&x, 2).unwrap();
    params.k = 5;
    let unclear = stability(&device(), &rows, &params, 4).unwrap();
    assert!(unclear.subsamples < 0.95, "{unclear:?}");
    assert!(matches!(stability(&device(), &rows, &params, 1), Err(Error::Trainings { trainings: 1 })));
}

#[test]
fn what_cannot_be_tried_is_an_error() {
    let x = blobs(2, 5, 1);
    let rows = RowSlice::new(&x, 1).unwrap();
    let error = |choose: ChooseK| choose.run(&device(), &rows).unwrap_err().to_string();
    assert_eq!(error(ChooseK::new(2..=11)), "k from 2 to 11, expected 1 to 10");
    assert_eq!(error(ChooseK::new(0..=3)), "k from 0 to 3, expected 1 to 10");
    assert_eq!(error(ChooseK::new([])), "k from 0 to 0, expected 1 to 10");
    let silhouette = ChooseK::new(1..=3).methods([Method::Silhouette]);
    assert_eq!(error(silhouette), "k from 1 to 3, expected 2 to 9");
    assert_eq!(error(ChooseK::new(2..=3).methods([])), "no methods: at least one is needed to choose k");
    assert!(matches!(x_means(&device(), &rows, &Params::new(1), 3, 2), Err(Error::KRange { .. })));
    let bad = RowSlice::new(&[0.0, f32::NAN, 1.0, 2.0], 1).unwrap();
    let error = ChooseK::new(2..=3).run(&device(), &bad).unwrap_err();
    assert!(error.to_string().contains("row 1, column 0"), "{error}");
}

#[test]
fn duplicates_and_every_k_up_to_n_are_tried() {
    let x = [1.0_f32, 1.0, 1.0, 5.0, 5.0, 9.0];
    let rows = RowSlice::new(&x, 1).unwrap();
    let found = ChooseK::new(1..=6).run(&device(), &rows).unwrap();
    assert_eq!(found.k.len(), 6);
    assert_eq!(found.recommended.k, 3, "{:?}", found.recommended);
}

#[test]
fn the_model_is_the_one_that_was_measured() {
    let rows = digits();
    let found = ChooseK::new(8..=11).run(&device(), &*rows).unwrap();
    let measured = found.k.iter().find(|m| m.k == found.recommended.k).unwrap();
    let mut params = Params::new(found.recommended.k);
    (params.niter, params.init_centroids) = (0, found.model.centroids().to_vec());
    let fit = device().train(Job::new(&*rows, &params)).unwrap();
    assert!((fit.report.inertia - measured.inertia).abs() < 1e-6 * measured.inertia);
}

#[test]
fn rows_that_all_lie_on_centroids_are_understood() {
    // Four points, thirty times each.
    let x: Vec<f32> = (0..120).flat_map(|i| [(i % 2) as f32 * 9.0, (i / 2 % 2) as f32 * 5.0]).collect();
    let rows = RowSlice::new(&x, 2).unwrap();
    let found = ChooseK::new(2..=6).methods(Method::ALL).gap_references(2).run(&device(), &rows).unwrap();
    assert_eq!(found.recommended.k, 4, "{:?}", found.recommended);
    for method in [Method::Gap, Method::Bic, Method::CalinskiHarabasz, Method::Silhouette] {
        let vote = found.recommended.votes.iter().find(|vote| vote.method == method).unwrap();
        assert_eq!(vote.k, Some(4), "{}", vote.reason);
    }
    assert!(found.recommended.doubts.iter().any(|doubt| doubt.contains("points repeat")));
}

#[test]
fn one_cluster_is_not_called_stable() {
    let x = blobs(3, 60, 3);
    let rows = RowSlice::new(&x, 3).unwrap();
    let found = ChooseK::new(1..=5).methods([Method::Stability]).run(&device(), &rows).unwrap();
    assert_eq!((found.k[0].stability, found.recommended.k), (None, 3));
}

#[test]
fn the_gap_of_a_sample_is_that_of_all_rows() {
    let x = blobs(4, 1500, 4);
    let rows = RowSlice::new(&x, 4).unwrap();
    let gaps = |most: Option<usize>| {
        let mut params = Params::new(1);
        params.max_points_per_centroid = most;
        let choose = ChooseK::new(1..=6).methods([Method::Gap]).with_params(params).gap_references(4);
        let found = choose.run(&device(), &rows).unwrap();
        assert_eq!(found.recommended.k, 4, "{:?}", found.recommended);
        found.k.iter().map(|m| m.gap.unwrap()).collect::<Vec<_>>()
    };
    for (all, sample) in gaps(None).into_iter().zip(gaps(Some(100))) {
        assert!((all - sample).abs() < 0.1, "{all} {sample}");
    }
}

#[test]
fn products_have_no_inertia_to_compare() {
    let x = blobs(2, 20, 2);
    let rows = RowSlice::new(&x, 2).unwrap();
    let mut params = Params::new(1);
    params.metric = Some(kmeans_core::Metric::InnerProduct);
    let choose = ChooseK::new(2..=4).with_params(params);
    let error = choose.clone().methods([Method::Silhouette, Method::Gap]).run(&device(), &rows).unwrap_err();
    assert_eq!(error.to_string(), "method gap compares inertias, which metric ip does not have");
    choose.methods([Method::Silhouette, Method::DaviesBouldin]).run(&device(), &rows).unwrap();
    assert!(matches!(
        ChooseK::new(2..=4).methods([Method::Gap]).gap_references(1).run(&device(), &rows),
        Err(Error::References { references: 1 })
    ));
}
