//! Values near the ends of `f32`.

use kmeans::Error;

use crate::naive;
use crate::training::{check_fit, exact_centroids, from_origin, kmeans, rows};

#[test]
fn any_magnitude_gives_the_right_labels() {
    let unit = naive::blobs(400, 4, 6, 1);
    let ids = [0, 60, 120, 180, 240, 300];
    let plain = kmeans(6).init_centroids(rows(&unit, 4, &ids)).train(&unit, 4).unwrap();
    for magnitude in [1e19_f32, 1e30, 3e37, 1e-19, 1e-30, 1e-37, 1e-41] {
        let x: Vec<f32> = unit.iter().map(|x| x * magnitude).collect();
        let fit = kmeans(6).init_centroids(rows(&x, 4, &ids)).train(&x, 4).unwrap();
        assert!(fit.report.inertia.is_finite());
        check_fit(&fit, &x, None, &format!("{magnitude:e}"));
        let expected = plain.report.inertia * f64::from(magnitude).powi(2);
        // Subnormals have few digits.
        let tolerance = if magnitude < 1e-38 { 0.05 } else { 1e-4 };
        let ratio = fit.report.inertia / expected;
        assert!((ratio - 1.0).abs() < tolerance, "{magnitude:e}: {ratio} of the inertia expected");
        assert_eq!(kmeans(6).assign(&fit.model, &x, 4).unwrap().labels, fit.labels, "{magnitude:e}");
    }
}

#[test]
fn spherical_models_of_tiny_rows_can_assign() {
    let unit = naive::blobs(400, 4, 6, 1);
    for magnitude in [1e-12_f32, 1e-20, 1e-30, 1e19, 1e30] {
        let x: Vec<f32> = unit.iter().map(|x| x * magnitude).collect();
        let kmeans = kmeans(6).spherical(true);
        let fit = kmeans.train(&x, 4).unwrap();
        check_fit(&fit, &x, None, &format!("{magnitude:e}"));
        let found = kmeans.assign(&fit.model, &x, 4);
        assert_eq!(found.unwrap().labels, fit.labels, "{magnitude:e}");
    }
}

#[test]
fn columns_of_very_different_magnitude_keep_their_means() {
    let mut x = naive::blobs(300, 3, 5, 2);
    x.iter_mut().skip(1).step_by(3).for_each(|x| *x *= 1e-20);
    x.iter_mut().skip(2).step_by(3).for_each(|x| *x *= 1e15);
    let fit = kmeans(1).train(&x, 3).unwrap();
    for (found, mean) in exact_centroids(&fit.model).iter().zip(naive::means(&x, None, 3)) {
        assert!((found - mean).abs() <= 1e-5 * mean.abs(), "{found} {mean}");
    }
}

#[test]
fn a_row_too_far_for_a_model_is_an_error() {
    let x = naive::blobs(100, 2, 3, 3);
    let fit = kmeans(3).train(&x, 2).unwrap();
    match kmeans(3).assign(&fit.model, &[1.0, 3e38], 2) {
        Err(Error::OutOfRange { first: 0, last: 1, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn given_centroids_far_from_the_rows_are_taken() {
    let x = naive::blobs(200, 2, 3, 4);
    for far in [1e6_f32, 1e15, 1e25, 3e38] {
        let given = vec![x[0], x[1], far, -far];
        let fit = kmeans(2).init_centroids(given).niter(0).train(&x, 2).unwrap();
        assert!(fit.labels.iter().all(|&label| label == 0), "{far:e}");
    }
}

/// The origin follows the mean, and a row far out draws it away: what `f32` then loses of the
/// others must be covered by promise 1, and no more than that.
#[test]
fn one_row_far_out_leaves_the_labels_right() {
    for far in [1e4_f32, 1e6, 1e8] {
        let mut x = naive::blobs(500, 2, 5, 5);
        x.extend([far, far]);
        let fit = kmeans(6).niter(20).train(&x, 2).unwrap();
        let v = from_origin(&naive::widened(&x), &fit.model);
        let c = from_origin(&exact_centroids(&fit.model), &fit.model);
        naive::check_labels(fit.model.metric(), &v, &c, 2, &fit.labels, &format!("{far:e}"));
    }
}

/// One row far out among 500, a cluster of its own from the start: the others must be clustered as
/// without it. An f32 near zero can tell them apart; an offset from a mean far away cannot.
#[test]
fn one_row_far_out_does_not_spoil_the_others() {
    let x = naive::blobs(500, 2, 5, 5);
    let plain = kmeans(5).init_centroids(rows(&x, 2, &[0, 50, 100, 150, 200])).train(&x, 2).unwrap();
    for far in [1e4_f32, 1e6, 1e8] {
        let mut with = x.clone();
        with.extend([far, far]);
        let fit =
            kmeans(6).init_centroids(rows(&with, 2, &[0, 50, 100, 150, 200, 500])).train(&with, 2).unwrap();
        let (found, expected) = (fit.report.inertia, plain.report.inertia);
        assert!(found <= 1.01 * expected, "row at {far:e}: inertia {found}, without it {expected}");
    }
}
