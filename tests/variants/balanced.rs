//! Clusters of bounded size.

use kmeans::{Error, Metric};

use super::data::{data, inertia, kmeans};
use crate::naive;

#[test]
fn no_cluster_is_larger_than_the_slack_allows() {
    let mut x = naive::blobs(900, 3, 2, 5);
    x.extend(naive::blobs(100, 3, 20, 6));
    for slack in [0.0, 0.05, 0.5] {
        for k in [2, 7, 30] {
            let fit = kmeans(k).balanced(slack).niter(10).train(&x, 3).unwrap();
            let most = ((1.0 + slack) * 1000.0 / k as f64 - 1e-9).ceil() as u64;
            let sizes = &fit.report.cluster_sizes;
            assert!(sizes.iter().all(|&s| s <= most), "slack {slack}, k {k}: {sizes:?}");
            assert_eq!(sizes.iter().sum::<u64>(), 1000);
            let bound = k as f64 * most as f64 / 1000.0;
            assert!(fit.report.imbalance_factor <= bound + 1e-9, "{} {bound}", fit.report.imbalance_factor);
            assert!(fit.report.iteration_stats.iter().all(|s| s.imbalance_factor <= bound + 1e-9));
        }
    }
}

#[test]
fn labels_sizes_and_inertia_belong_together() {
    let (x, d) = data("digits");
    let fit = kmeans(10).balanced(0.1).return_distances(true).train(&x, d).unwrap();
    let mut sizes = vec![0_u64; 10];
    fit.labels.iter().for_each(|&l| sizes[l as usize] += 1);
    assert_eq!(sizes, fit.report.cluster_sizes);
    let exact = inertia(&x, d, fit.model.centroids(), &fit.labels);
    assert!((fit.report.inertia - exact).abs() < 1e-5 * exact, "{} {exact}", fit.report.inertia);
    let sum: f64 = fit.distances.unwrap().iter().map(|&d| f64::from(d)).sum();
    assert!((sum - exact).abs() < 1e-5 * exact);
}

#[test]
fn room_enough_is_plain_training() {
    let (x, d) = data("iris");
    let plain = kmeans(3).niter(50).train(&x, d).unwrap();
    // Prices move even where no bound is met, so that only the quality is the same.
    let loose = kmeans(3).balanced(2.0).niter(50).train(&x, d).unwrap();
    assert!(loose.report.inertia < 1.15 * plain.report.inertia);
}

#[test]
fn balance_costs_little_where_clusters_are_nearly_equal() {
    let x = naive::blobs(2000, 4, 10, 11);
    let plain = kmeans(10).nredo(5).train(&x, 4).unwrap();
    let fit = kmeans(10).nredo(5).balanced(0.2).train(&x, 4).unwrap();
    assert!(
        fit.report.inertia < 2.0 * plain.report.inertia,
        "{} {}",
        fit.report.inertia,
        plain.report.inertia
    );
}

#[test]
fn products_are_balanced_too() {
    let x = naive::blobs(400, 3, 4, 2);
    let fit = kmeans(8).metric(Metric::Cosine).balanced(0.1).train(&x, 3).unwrap();
    assert!(fit.report.cluster_sizes.iter().all(|&s| s <= 55), "{:?}", fit.report.cluster_sizes);
}

#[test]
fn a_sample_cannot_be_balanced() {
    let x = naive::blobs(500, 2, 2, 1);
    let error = kmeans(2).max_points_per_centroid(100).balanced(0.1).train(&x, 2).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "balanced", .. }), "{error}");
    for slack in [-0.1, f64::NAN] {
        let error = kmeans(2).balanced(slack).train(&x, 2).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "balanced", .. }), "{error}");
    }
}

#[test]
fn labels_of_the_best_of_many_restarts_are_its_own() {
    let (x, d) = data("digits");
    for seed in 0..4 {
        let fit = kmeans(10).balanced(0.05).nredo(4).seed(seed).train(&x, d).unwrap();
        let mut sizes = vec![0_u64; 10];
        fit.labels.iter().for_each(|&l| sizes[l as usize] += 1);
        assert_eq!(sizes, fit.report.cluster_sizes, "seed {seed}");
        let exact = inertia(&x, d, fit.model.centroids(), &fit.labels);
        assert!((fit.report.inertia - exact).abs() < 1e-5 * exact, "seed {seed}");
    }
}
