//! Exact k-means of one column.

use kmeans::{Error, KMeans as Facade, Stop};

use super::data::kmeans;
use crate::naive;

#[test]
fn the_optimum_is_found_on_all_rows_and_in_order() {
    let x = naive::Numbers::new(4).vec(3000, -5.0, 5.0);
    let exact = kmeans(7).exact_1d(true).max_points_per_centroid(256).train(&x, 1).unwrap();
    assert_eq!((exact.report.stop, exact.report.n_trained), (Stop::Optimal, 3000));
    assert!(exact.model.centroids().windows(2).all(|c| c[0] < c[1]));
    for seed in 0..10 {
        let lloyd = kmeans(7).seed(seed).niter(100).train(&x, 1).unwrap();
        assert!(exact.report.inertia <= lloyd.report.inertia * (1.0 + 1e-9), "seed {seed}");
    }
    assert!((exact.report.obj[0] - exact.report.inertia).abs() < 1e-6 * exact.report.inertia);
}

#[test]
fn few_distinct_values_and_far_offsets_are_no_exception() {
    for offset in [0.0_f32, 1e6] {
        let x: Vec<f32> = (0..300).map(|i| offset + [0.0, 1.0, 10.0][i % 3]).collect();
        let three = kmeans(3).exact_1d(true).train(&x, 1).unwrap();
        assert_eq!(three.model.centroids(), [offset, offset + 1.0, offset + 10.0]);
        let two = kmeans(2).exact_1d(true).train(&x, 1).unwrap();
        assert_eq!(two.model.centroids(), [offset + 0.5, offset + 10.0]);
        let six = kmeans(6).exact_1d(true).train(&x, 1).unwrap();
        assert_eq!((six.report.inertia, six.report.distinct), (0.0, 3));
    }
    let same = kmeans(4).exact_1d(true).train(&[2.5; 9], 1).unwrap();
    assert_eq!((same.report.inertia, same.report.distinct, same.model.centroid(0)), (0.0, 1, &[2.5][..]));
}

#[test]
fn a_weight_is_a_repetition() {
    let x = naive::Numbers::new(5).vec(200, 0.0, 9.0);
    let weights: Vec<f32> = (0..200).map(|i| (i % 4) as f32).collect();
    let rows = x.iter().zip(&weights).flat_map(|(&x, &w)| std::iter::repeat_n(x, w as usize));
    let repeated: Vec<f32> = rows.collect();
    let a = kmeans(5).exact_1d(true).train_weighted(&x, 1, &weights).unwrap();
    let b = kmeans(5).exact_1d(true).train(&repeated, 1).unwrap();
    assert!((a.report.inertia - b.report.inertia).abs() < 1e-6 * b.report.inertia);
    for (a, b) in a.model.centroids().iter().zip(b.model.centroids()) {
        assert!((a - b).abs() < 1e-5);
    }
}

#[test]
fn more_columns_and_other_ways_to_train_are_refused_by_name() {
    let error = |kmeans: Facade, d| kmeans.exact_1d(true).train(&[0.0, 1.0, 2.0, 3.0], d).unwrap_err();
    assert!(error(Facade::new(2), 2).to_string().contains("data of one column"));
    assert!(matches!(error(Facade::new(2_000_000_000), 1), Error::TooFewPoints { n: 4, .. }));
    for (name, kmeans) in [
        ("spherical", Facade::new(2).spherical(true)),
        ("balanced", Facade::new(2).balanced(0.1)),
        ("init_centroids", Facade::new(2).init_centroids(vec![0.0])),
        ("nredo", Facade::new(2).nredo(2)),
        ("niter", Facade::new(2).niter(3)),
    ] {
        assert!(matches!(error(kmeans, 1), Error::Together { name: n, .. } if n == name));
    }
}
