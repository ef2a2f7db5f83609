//! Data at the edge of what `f32` can hold: an answer, a warning or an error, never rubbish.

use kmeans::{Error, KMeans, Warning};

#[test]
fn any_number_of_iterations_and_restarts_may_be_asked_for() {
    let x = [0.0, 1.0, 9.0, 10.0];
    let fit = KMeans::new(2).niter(usize::MAX).train(&x, 1).unwrap();
    assert_eq!(fit.report.inertia, 1.0);
}

#[test]
fn a_huge_constant_column_beside_a_tiny_one_gives_finite_centroids() {
    let x: Vec<f32> = (0..40).flat_map(|i| [1e30, 1e-12 * (i % 2) as f32]).collect();
    let fit = KMeans::new(2).train(&x, 2).unwrap();
    assert!(fit.model.centroids().iter().all(|c| c.is_finite()));
    assert_eq!(fit.model.cluster_sizes(), [20, 20]);
}

#[test]
fn a_column_too_tiny_beside_a_huge_one_is_refused() {
    let x: Vec<f32> = (0..40).flat_map(|i| [1e38, 1e-30 * (i % 2) as f32]).collect();
    let error = KMeans::new(2).train(&x, 2).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
}

#[test]
fn a_row_without_weight_far_outside_changes_no_centroid() {
    let mut x: Vec<f32> = (0..40).map(|i| if i % 2 == 0 { 1.0 } else { 5.0 } + 0.01 * i as f32).collect();
    let mut weights = vec![1.0; 40];
    let kmeans = KMeans::new(2).init_centroids(vec![1.0, 5.0]);
    let alone = kmeans.train_weighted(&x, 1, &weights).unwrap();
    x.push(1e30);
    weights.push(0.0);
    for device in ["cpu", "reference"] {
        let fit = kmeans.clone().device(device.parse().unwrap()).train_weighted(&x, 1, &weights).unwrap();
        assert_eq!(fit.model.centroids(), alone.model.centroids(), "{device}");
        assert_eq!(fit.labels[..40], alone.labels);
        assert!((fit.report.inertia - alone.report.inertia).abs() < 1e-9 * alone.report.inertia);
    }
}

#[test]
fn a_row_without_weight_beyond_f32_is_refused() {
    let mut x: Vec<f32> = (0..40).map(|i| 1e-30 * i as f32).collect();
    x.push(1e38);
    let mut weights = vec![1.0; 40];
    weights.push(0.0);
    for device in ["cpu", "reference"] {
        let kmeans = KMeans::new(2).device(device.parse().unwrap());
        let error = kmeans.train_weighted(&x, 1, &weights).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
}

#[test]
fn a_row_so_far_out_that_the_others_are_rounded_away_is_a_warning() {
    let with = |far: f32| {
        let x = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0, 30.0, 31.0, 32.0, far];
        KMeans::new(4).train(&x, 1).unwrap().report.warnings
    };
    assert!(with(1e15).contains(&Warning::RangeTooWide));
    assert!(!with(1e8).contains(&Warning::RangeTooWide));
}
