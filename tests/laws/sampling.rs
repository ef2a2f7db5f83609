//! Training on a sample of the rows.

use kmeans::{Error, InertiaOver, Warning};

use crate::naive;
use crate::training::{check_fit, kmeans, reference};

#[test]
fn a_sample_is_trained_on_and_all_rows_are_assigned() {
    let (n, d, k) = (3000, 4, 5);
    let x = naive::blobs(n, d, 5, 1);
    let fit = kmeans(k).max_points_per_centroid(50).train(&x, d).unwrap();
    assert_eq!((fit.report.n, fit.report.n_trained, fit.labels.len()), (n, 250, n));
    assert_eq!(fit.report.inertia_over, InertiaOver::All);
    assert!(fit.report.warnings.contains(&Warning::Subsampled { n, n_trained: 250 }));
    check_fit(&fit, &x, None, "sample");
    let reference = reference(k).max_points_per_centroid(50).train(&x, d).unwrap();
    check_fit(&reference, &x, None, "reference");
}

#[test]
fn without_the_final_assignment_only_the_sample_is_spoken_of() {
    let (n, d, k) = (3000, 4, 5);
    let x = naive::blobs(n, d, 5, 1);
    let fit = kmeans(k).max_points_per_centroid(50).final_assign(false).train(&x, d).unwrap();
    assert!(fit.labels.is_empty());
    assert_eq!(fit.report.inertia_over, InertiaOver::Sample);
    assert_eq!(fit.report.cluster_sizes.iter().sum::<u64>(), 250);
    assert!(fit.report.warnings.contains(&Warning::InertiaOfSample { n_trained: 250, n }));
    let all = kmeans(k).max_points_per_centroid(50).train(&x, d).unwrap();
    assert_eq!(all.model.offsets(), fit.model.offsets());
    assert!(fit.report.inertia < all.report.inertia / 5.0);
}

#[test]
fn enough_points_are_not_sampled() {
    let x = naive::blobs(250, 4, 5, 1);
    let fit = kmeans(5).max_points_per_centroid(50).min_points_per_centroid(50).train(&x, 4).unwrap();
    assert_eq!(fit.report.n_trained, 250);
    assert!(
        !fit.report
            .warnings
            .iter()
            .any(|w| matches!(w, Warning::Subsampled { .. } | Warning::TooFewPoints { .. }))
    );
    let fit = kmeans(5).min_points_per_centroid(51).train(&x, 4).unwrap();
    assert!(fit.report.warnings.contains(&Warning::TooFewPoints { n: 250, k: 5, min: 255 }));
    match kmeans(5).min_points_per_centroid(51).strict(true).train(&x, 4) {
        Err(Error::TooFewPointsStrict { n: 250, k: 5, min: 255, per_centroid: 51 }) => {}
        other => panic!("{other:?}"),
    }
}

/// With one row in twenty of positive weight there are enough rows, whatever the sample is.
#[test]
fn a_sample_of_mostly_weightless_rows_can_be_trained_on() {
    let (n, k) = (2000, 20);
    let x = naive::blobs(n, 2, 20, 3);
    let weights: Vec<f32> = (0..n).map(|i| if i % 20 == 0 { 1.0 } else { 0.0 }).collect();
    let fit = kmeans(k).max_points_per_centroid(2).train_weighted(&x, 2, &weights);
    let fit = fit.unwrap_or_else(|e| panic!("100 rows of positive weight for 20 clusters: {e}"));
    check_fit(&fit, &x, Some(&weights), "mostly weightless");
}

#[test]
fn a_value_that_is_not_finite_is_named_by_its_row_in_the_source() {
    let (n, d) = (1000, 3);
    for chunk_rows in [None, Some(10)] {
        let (mut in_sample, mut outside) = (0, 0);
        for row in (0..n).step_by(97) {
            let mut x = naive::blobs(n, d, 5, 4);
            x[row * d + 2] = f32::INFINITY;
            let kmeans = kmeans(4).max_points_per_centroid(100).chunk_rows(chunk_rows);
            match kmeans.train(&x, d) {
                Err(Error::NonFinite { row: r, column: 2, value, .. }) if r == row => {
                    assert_eq!(value, f32::INFINITY);
                }
                other => panic!("row {row}: {other:?}"),
            }
            let kmeans = kmeans.final_assign(false);
            assert!(matches!(kmeans.train(&x, d), Err(Error::NonFinite { row: r, .. }) if r == row));
            match kmeans.check_input_data_for_nans(false).train(&x, d) {
                Err(Error::NonFinite { row: r, column: 2, .. }) if r == row => in_sample += 1,
                Ok(_) => outside += 1,
                other => panic!("row {row}: {other:?}"),
            }
        }
        assert!(in_sample > 0 && outside > 0, "both cases are met: {in_sample} {outside}");
    }
}

/// Such a row trains where it is in the sample; outside of it, it must not cost the whole training.
#[test]
fn a_row_far_out_is_assigned_whether_it_is_in_the_sample_or_not() {
    let (n, d) = (1000, 2);
    let mut refused = Vec::new();
    for row in (0..n).step_by(97) {
        let mut x = naive::blobs(n, d, 5, 5);
        x[row * d] = 1e25;
        if let Err(e) = kmeans(4).max_points_per_centroid(100).train(&x, d) {
            refused.push(format!("row {row}: {e}"));
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn reading_a_sample_is_told_to_the_caller() {
    let x: Vec<f32> = (0..5000).map(|i| (i % 97) as f32).collect();
    let told = std::sync::Mutex::new(Vec::new());
    let points = kmeans::RowSlice::new(&x, 1).unwrap();
    let kmeans = kmeans::KMeans::new(4).max_points_per_centroid(100);
    let fit = kmeans.train_watched(&points, None, &|step| {
        told.lock().unwrap().push(*step);
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(fit.unwrap().report.n_trained, 400);
    let told = told.into_inner().unwrap();
    assert_eq!(told[0], kmeans::Progress::Read { done: 400, n: 400 });
    assert_eq!(told.last(), Some(&kmeans::Progress::Assign { done: 5000, n: 5000 }));
}
