//! Centroids that do not move freely: frozen, integer, of length 1.

use kmeans::{Error, Init, Stop};

use super::data::{bits, data, kmeans};
use crate::naive;

/// Far from the rows' origin, and with digits that an offset would round away.
const FROZEN: [f32; 8] = [5.123_456_7, 3.0, 0.123_456_79, 0.1, 1e-3, 7.7, 4.4, -0.000_123_4];

#[test]
fn frozen_centroids_stay_to_the_bit_whatever_is_done_to_the_others() {
    let (x, d) = data("iris");
    for (spherical, int) in [(false, false), (true, false), (false, true), (true, true)] {
        for init in [Init::KMeansPlusPlus, Init::Random, Init::KMeansParallel] {
            let fit = kmeans(7)
                .init(init.clone())
                .init_centroids(FROZEN.to_vec())
                .frozen_centroids(true)
                .spherical(spherical)
                .int_centroids(int)
                .nredo(2)
                .train(&x, d)
                .unwrap();
            let what = format!("{init}, spherical {spherical}, int {int}");
            assert_eq!(bits(&fit.model.centroids()[..8]), bits(&FROZEN), "{what}");
            for c in fit.model.centroids()[8..].chunks_exact(d) {
                let norm: f32 = c.iter().map(|v| v * v).sum::<f32>().sqrt();
                if int {
                    assert!(c.iter().all(|v| v.fract() == 0.0), "{what}: {c:?}");
                } else if spherical {
                    assert!((norm - 1.0).abs() < 1e-5, "{what}: {norm}");
                }
            }
        }
    }
}

#[test]
fn free_centroids_beside_frozen_ones_are_means_of_their_rows() {
    let (x, d) = data("iris");
    let fit =
        kmeans(5).init_centroids(FROZEN.to_vec()).frozen_centroids(true).niter(100).train(&x, d).unwrap();
    for cluster in 2..5 {
        let rows: Vec<&[f32]> =
            x.chunks_exact(d).zip(&fit.labels).filter(|(_, l)| **l == cluster).map(|(x, _)| x).collect();
        for j in 0..d {
            let mean = rows.iter().map(|x| f64::from(x[j])).sum::<f64>() / rows.len() as f64;
            assert!((mean - f64::from(fit.model.centroid(cluster as usize)[j])).abs() < 1e-5);
        }
    }
}

#[test]
fn frozen_centroids_that_own_every_row_leave_the_others_where_they_began() {
    let x = naive::blobs(300, 2, 3, 4);
    let mut given = vec![0.0, 0.0];
    given.extend([1e4, 1e4]);
    let fit = kmeans(2).init_centroids(given.clone()).frozen_centroids(true).train(&x, 2).unwrap();
    assert_eq!(bits(fit.model.centroids()), bits(&given));
    assert_eq!((fit.report.distinct, fit.report.nsplit), (1, 0));
}

#[test]
fn integer_centroids_round_half_away_from_zero() {
    let x = [0.0, 1.0, -1.0, 0.0, 10.0, 15.0, -10.0, -15.0];
    let given = vec![0.5, -0.5, 12.0, -12.0];
    let fit = kmeans(4).init_centroids(given).int_centroids(true).train(&x, 1).unwrap();
    let mut centroids = fit.model.centroids().to_vec();
    centroids.sort_by(f32::total_cmp);
    // Means are −12.5 and 12.5 on the outside.
    assert_eq!((centroids[0], centroids[3]), (-13.0, 13.0));
    let none = kmeans(2).init_centroids(vec![2.5, -2.5]).int_centroids(true).niter(0).train(&x, 1).unwrap();
    assert_eq!(none.model.centroids(), [3.0, -3.0]);
}

#[test]
fn integer_centroids_are_integers_far_from_zero_and_between_fractions() {
    for offset in [0.3, 1000.7, -123_456.8] {
        let x: Vec<f32> = naive::blobs(400, 3, 6, 8).iter().map(|v| v + offset).collect();
        let fit = kmeans(6).int_centroids(true).train(&x, 3).unwrap();
        assert!(fit.model.centroids().iter().all(|c| c.fract() == 0.0), "{:?}", fit.model.centroids());
    }
}

#[test]
fn as_many_clusters_as_rows_honour_init_spherical_and_int() {
    let x = [3.3, 4.4, 0.2, -1.1, 5.0, 0.1];
    let given = [5.0, 0.1, 3.3, 4.4, 0.2, -1.1];
    let plain = kmeans(3).init_centroids(given.to_vec()).train(&x, 2).unwrap();
    assert_eq!((plain.labels, plain.report.inertia), (vec![1, 2, 0], 0.0));
    let int = kmeans(3).init_centroids(given.to_vec()).int_centroids(true).train(&x, 2).unwrap();
    assert_eq!(int.model.centroids(), [5.0, 0.0, 3.0, 4.0, 0.0, -1.0]);
    let spherical = kmeans(3).init_centroids(given.to_vec()).spherical(true).train(&x, 2).unwrap();
    for c in spherical.model.centroids().chunks_exact(2) {
        assert!((c[0].hypot(c[1]) - 1.0).abs() < 1e-6, "{c:?}");
    }
}

#[test]
fn no_iterations_give_the_given_centroids_back_to_the_bit() {
    let (x, d) = data("iris");
    let fit = kmeans(2).init_centroids(FROZEN.to_vec()).niter(0).train(&x, d).unwrap();
    assert_eq!(bits(fit.model.centroids()), bits(&FROZEN));
    assert_eq!(fit.report.stop, Stop::Niter);
}

#[test]
fn restarts_begin_at_the_given_centroids_each_time() {
    let (x, d) = data("wine");
    let given: Vec<f32> = x[..3 * d].to_vec();
    let once = kmeans(3).init_centroids(given.clone()).niter(2).train(&x, d).unwrap();
    let thrice = kmeans(3).init_centroids(given).niter(2).nredo(3).train(&x, d).unwrap();
    assert_eq!(thrice.report.redos.len(), 3);
    for redo in &thrice.report.redos {
        let obj: Vec<f64> = redo.iteration_stats.iter().map(|s| s.obj).collect();
        assert_eq!(obj, once.report.obj);
    }
    assert_eq!(bits(once.model.centroids()), bits(thrice.model.centroids()));
}

#[test]
fn freezing_nothing_is_refused() {
    let error = kmeans(2).frozen_centroids(true).train(&[0.0, 1.0, 2.0], 1).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "frozen_centroids", .. }), "{error}");
}

#[test]
fn spherical_centroids_have_length_one_far_from_zero() {
    let x: Vec<f32> = naive::blobs(300, 3, 3, 2).iter().map(|v| v + 1e5).collect();
    let fit = kmeans(3).metric(kmeans::Metric::L2).spherical(true).train(&x, 3).unwrap();
    for c in fit.model.centroids().chunks_exact(3) {
        let norm: f32 = c.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((norm - 1.0).abs() < 1e-6, "{c:?}");
    }
}
