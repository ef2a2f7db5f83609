//! What becomes of clusters without rows.

use kmeans::{EmptyClusters, Init};

use super::data::kmeans;
use crate::naive;

const ALL: [EmptyClusters; 3] = [EmptyClusters::Split, EmptyClusters::Farthest, EmptyClusters::Keep];

/// Four blobs, and four centroids of which two lie far out.
fn far_out() -> (Vec<f32>, Vec<f32>) {
    let x = naive::blobs(400, 2, 4, 7);
    let given = vec![x[0], x[1], x[2], x[3], 1e3, 1e3, -1e3, 1e3];
    (x, given)
}

#[test]
fn split_and_farthest_use_every_cluster_and_keep_keeps() {
    let (x, given) = far_out();
    for empty in ALL {
        let fit =
            kmeans(4).init_centroids(given.clone()).empty_clusters(empty).niter(50).train(&x, 2).unwrap();
        match empty {
            EmptyClusters::Keep => {
                assert_eq!((fit.report.distinct, fit.report.nsplit), (2, 0));
                assert!(fit.model.centroid(2)[0] == 1e3 && fit.model.centroid(3)[0] == -1e3);
            }
            _ => {
                assert_eq!(fit.report.distinct, 4, "{empty}");
                assert!(fit.report.nsplit >= 2, "{empty}");
            }
        }
    }
}

#[test]
fn farthest_takes_the_farthest_row_and_never_raises_the_objective() {
    let mut x = naive::blobs(300, 2, 3, 1);
    x.extend([60.0, -50.0]);
    let given = vec![0.0, 0.0, 1e3, 1e3];
    let fit = kmeans(2)
        .init_centroids(given)
        .empty_clusters(EmptyClusters::Farthest)
        .niter(1)
        .train(&x, 2)
        .unwrap();
    assert_eq!(fit.model.centroid(1), [60.0, -50.0]);
    for seed in 0..20 {
        let x = naive::blobs(200, 3, 4, seed);
        let mut given: Vec<f32> = x[..6].to_vec();
        given.extend([1e3; 12]);
        let fit =
            kmeans(6).init_centroids(given).empty_clusters(EmptyClusters::Farthest).train(&x, 3).unwrap();
        let objs = &fit.report.obj;
        assert!(objs.windows(2).all(|o| o[1] <= o[0] * (1.0 + 1e-9)), "seed {seed}: {objs:?}");
        assert_eq!(fit.report.distinct, 6, "seed {seed}");
    }
}

#[test]
fn duplicates_stay_without_cost_whatever_is_done() {
    let x: Vec<f32> = (0..60).flat_map(|i| [(i % 3) as f32, 7.0]).collect();
    for empty in ALL {
        let fit = kmeans(5).init(Init::Random).empty_clusters(empty).niter(40).train(&x, 2).unwrap();
        let objs = &fit.report.obj;
        assert!(objs.windows(2).all(|o| o[1] <= o[0]), "{empty}: {objs:?}");
        if empty != EmptyClusters::Keep {
            assert_eq!((fit.report.inertia, fit.report.distinct), (0.0, 3), "{empty}");
        }
    }
}

#[test]
fn the_scale_of_weights_changes_nothing() {
    let (x, given) = far_out();
    let weights = naive::Numbers::new(5).vec(400, 0.5, 2.0);
    for empty in ALL {
        let train = |factor: f32| {
            let weights: Vec<f32> = weights.iter().map(|w| w * factor).collect();
            let kmeans = kmeans(4).init_centroids(given.clone()).empty_clusters(empty);
            kmeans.train_weighted(&x, 2, &weights).unwrap()
        };
        let plain = train(1.0);
        for factor in [2_f32.powi(-20), 2_f32.powi(20)] {
            assert_eq!(train(factor).labels, plain.labels, "{empty} {factor}");
        }
    }
}
