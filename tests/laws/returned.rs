//! Labels, sizes, inertia and distances belong to the returned centroids.

use kmeans::{AssignOptions, Metric};

use crate::naive;
use crate::training::{bits, check_fit, data, exact_centroids, from_origin, kmeans, reference};

#[test]
fn they_belong_to_the_returned_centroids_wherever_training_stops() {
    let (x, d) = data("digits");
    for niter in [0, 1, 2, 5, 100] {
        for k in [2, 10, 50] {
            let fit = kmeans(k).niter(niter).train(&x, d).unwrap();
            check_fit(&fit, &x, None, &format!("niter {niter} k={k}"));
        }
    }
    let stopped_early = kmeans(10).early_stop_threshold(0.05).train(&x, d).unwrap();
    check_fit(&stopped_early, &x, None, "threshold");
    let fit = reference(10).niter(3).train(&x, d).unwrap();
    check_fit(&fit, &x, None, "reference");
}

#[test]
fn they_belong_to_the_best_of_the_restarts() {
    let x = naive::blobs(600, 5, 25, 6);
    for seed in 0..6 {
        let fit = kmeans(20).seed(seed).nredo(4).niter(6).train(&x, 5).unwrap();
        check_fit(&fit, &x, None, &format!("seed {seed}"));
    }
}

#[test]
fn weighted_inertia_counts_weights() {
    let x = naive::blobs(500, 3, 8, 7);
    let mut weights = naive::Numbers::new(1).vec(500, 0.0, 5.0);
    weights.iter_mut().step_by(9).for_each(|w| *w = 0.0);
    let fit = kmeans(6).train_weighted(&x, 3, &weights).unwrap();
    check_fit(&fit, &x, Some(&weights), "weighted");
    let sampled = kmeans(6).max_points_per_centroid(20).train_weighted(&x, 3, &weights).unwrap();
    check_fit(&sampled, &x, Some(&weights), "weighted sample");
}

#[test]
fn distances_are_those_of_the_labels() {
    let x: Vec<f32> = naive::blobs(700, 9, 8, 8).iter().map(|x| x + 1e4).collect();
    for metric in [Metric::L2, Metric::InnerProduct] {
        for max_points in [None, Some(30)] {
            let kmeans = kmeans(7).metric(metric).niter(4).return_distances(true).nredo(3);
            let fit = kmeans.max_points_per_centroid(max_points).train(&x, 9).unwrap();
            let distances = fit.distances.as_ref().unwrap();
            let v = from_origin(&naive::widened(&x), &fit.model);
            let c = from_origin(&exact_centroids(&fit.model), &fit.model);
            for (i, v) in v.chunks_exact(9).enumerate() {
                let c = &c[fit.labels[i] as usize * 9..][..9];
                naive::check_distance(metric, v, c, distances[i], &format!("{metric} row {i}"));
            }
        }
    }
    assert!(kmeans(7).train(&x, 9).unwrap().distances.is_none());
}

#[test]
fn assignment_gives_the_labels_of_training() {
    for (spherical, shift) in [(false, 0.0), (false, 1e4), (true, 0.0)] {
        let x: Vec<f32> = naive::blobs(900, 6, 9, 9).iter().map(|x| x + shift).collect();
        let kmeans = kmeans(8).spherical(spherical).niter(5).return_distances(true);
        let fit = kmeans.train(&x, 6).unwrap();
        let points = kmeans::RowSlice::new(&x, 6).unwrap();
        let options = AssignOptions::default().distances(true);
        let found = kmeans.assign_points(&fit.model, &points, options).unwrap();
        assert_eq!(found.labels, fit.labels);
        assert_eq!(found.distances.map(|d| bits(&d)), fit.distances.as_ref().map(|d| bits(d)));
        assert_eq!(found.cluster_sizes, fit.report.cluster_sizes);
        assert!((found.inertia - fit.report.inertia).abs() <= 1e-12 * fit.report.inertia.abs());
        let three = kmeans.assign_points(&fit.model, &points, AssignOptions::default().p(3)).unwrap();
        assert_eq!(three.p, 3);
        assert_eq!(three.labels.iter().step_by(3).copied().collect::<Vec<_>>(), fit.labels);
        // A row by itself gets the label that it gets among others.
        for i in (0..900).step_by(131) {
            assert_eq!(kmeans.assign(&fit.model, &x[i * 6..][..6], 6).unwrap().labels, [fit.labels[i]]);
        }
    }
}
