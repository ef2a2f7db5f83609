//! Corners: as many clusters as rows, one cluster, duplicates, empty clusters, unit centroids.

use kmeans::{Init, Stop, Warning};

use crate::naive;
use crate::training::{bits, check_fit, data, exact_centroids, kmeans, reference, rows};

#[test]
fn as_many_clusters_as_rows_leave_no_distance() {
    for init in [Init::KMeansPlusPlus, Init::Random] {
        let x = naive::blobs(40, 3, 10, 1);
        let fit = kmeans(40).init(init).train(&x, 3).unwrap();
        let mut labels = fit.labels.clone();
        labels.sort_unstable();
        assert_eq!(labels, (0..40).collect::<Vec<i32>>());
        assert_eq!(fit.report.inertia, 0.0);
    }
}

#[test]
fn one_cluster_is_the_mean() {
    for (n, d) in [(1, 1), (2, 3), (1000, 17), (300, 128)] {
        let x: Vec<f32> = naive::blobs(n, d, 5, 2).iter().map(|x| x + 1e3).collect();
        let fit = kmeans(1).train(&x, d).unwrap();
        let means = naive::means(&x, None, d);
        for (c, mean) in fit.model.centroids().iter().zip(&means) {
            assert!((f64::from(*c) - mean).abs() <= 2_f64.powi(-24) * mean.abs() * 1.001, "{c} {mean}");
        }
        // The exact centroids are nearer than f32 at 1e3 can tell.
        for (c, mean) in exact_centroids(&fit.model).iter().zip(&means) {
            assert!((c - mean).abs() <= 12.0 * 2_f64.powi(-24), "{c} {mean}");
        }
        check_fit(&fit, &x, None, "one cluster");
    }
}

/// `copies` of `distinct` rows far apart.
fn duplicates(distinct: usize, copies: usize) -> Vec<f32> {
    let row = |i: usize| [(i * i) as f32 * 3.3 + 0.1, i as f32 * -7.7 + 0.3];
    (0..distinct * copies).flat_map(|i| row(i % distinct)).collect()
}

type Started = kmeans::core::KMeans<kmeans_backend_cpu::CpuEngine>;

fn check_duplicates(start: impl Fn(Started) -> Started, distinct: usize, k: usize) {
    let x = duplicates(distinct, 20);
    let what = format!("{distinct} distinct rows, k={k}");
    let fit = start(kmeans(k)).niter(50).train(&x, 2).unwrap();
    assert_eq!(fit.report.inertia, 0.0, "{what}: obj {:?}", fit.report.obj);
    assert_eq!(fit.report.distinct, distinct, "{what}");
    assert_eq!(*fit.report.obj.last().unwrap(), 0.0, "{what}");
    assert_ne!(fit.report.stop, Stop::Niter, "{what}: {} splits in 50 iterations", fit.report.nsplit);
    let warning = Warning::FewerDistinct { distinct, k };
    assert!(fit.report.warnings.contains(&warning), "{what}: {:?}", fit.report.warnings);
    check_fit(&fit, &x, None, &what);
}

#[test]
fn duplicates_leave_no_distance_from_kmeans_plus_plus() {
    check_duplicates(|k| k.init(Init::KMeansPlusPlus), 1, 3);
    check_duplicates(|k| k.init(Init::KMeansPlusPlus), 5, 10);
    check_duplicates(|k| k.init(Init::KMeansPlusPlus), 5, 100);
}

#[test]
fn duplicates_leave_no_distance_from_random_rows() {
    check_duplicates(|k| k.init(Init::Random), 1, 3);
    check_duplicates(|k| k.init(Init::Random), 5, 10);
}

#[test]
fn duplicates_leave_no_distance_from_given_centroids() {
    check_duplicates(|k| k.init_centroids(vec![0.5, 0.5, -3.0, 2.0, 30.0, -10.0]), 1, 3);
    let given = naive::Numbers::new(3).vec(20, -30.0, 50.0);
    check_duplicates(|k| k.init_centroids(given.clone()), 5, 10);
}

#[test]
fn an_empty_cluster_takes_half_of_another() {
    let x = naive::blobs(400, 2, 4, 7);
    let mut given = x[..4 * 2].to_vec();
    given.extend([1e3, 1e3]);
    let fit = kmeans(5).init_centroids(given).train(&x, 2).unwrap();
    assert!(fit.report.iteration_stats[0].nsplit >= 1);
    assert_eq!(fit.report.nsplit, fit.report.iteration_stats.iter().map(|s| s.nsplit).sum::<usize>());
    assert_eq!(fit.report.distinct, 5);
    assert!(fit.report.warnings.contains(&Warning::EmptyClustersSplit { nsplit: fit.report.nsplit }));
    check_fit(&fit, &x, None, "split");
}

#[test]
fn spherical_centroids_have_unit_length_and_the_objective_never_falls() {
    for (n, d, k) in [(300, 3, 5), (500, 17, 8), (200, 128, 4)] {
        let mut x = naive::blobs(n, d, 10, 5);
        for row in x.chunks_exact_mut(d) {
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let fit = kmeans(k).spherical(true).niter(30).train(&x, d).unwrap();
        for c in exact_centroids(&fit.model).chunks_exact(d) {
            assert!((naive::sq_norm(c).sqrt() - 1.0).abs() < 1e-6, "{c:?}");
        }
        for (i, pair) in fit.report.iteration_stats.windows(2).enumerate() {
            let falls = pair[1].obj < pair[0].obj * (1.0 - 1e-7);
            assert!(!falls || pair[0].nsplit > 0, "iteration {i}: {} then {}", pair[0].obj, pair[1].obj);
        }
        check_fit(&fit, &x, None, "spherical");
        let same = reference(k).spherical(true).niter(30).train(&x, d).unwrap();
        assert!((same.report.inertia - fit.report.inertia).abs() <= 1e-5 * fit.report.inertia);
    }
}

/// Equal but for the rounding of offsets from an origin within the data, none of which is above 8.
fn is_near(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 2_f32.powi(-21))
}

fn check_near(found: &[f32], given: &[f32]) {
    assert!(is_near(found, given), "{found:?} for {given:?}");
}

#[test]
fn no_iterations_leave_the_given_centroids() {
    let (x, d) = data("iris");
    let given = rows(&x, d, &[3, 77, 140]);
    let fit = kmeans(3).init_centroids(given.clone()).niter(0).train(&x, d).unwrap();
    check_near(fit.model.centroids(), &given);
    assert!(fit.report.obj.is_empty() && fit.report.niter_done == 0);
    check_fit(&fit, &x, None, "niter 0");
}

#[test]
fn centroids_that_are_not_given_are_drawn_from_the_rows() {
    let (x, d) = data("iris");
    let given = vec![5.05, 3.05, 1.55, 0.25, 6.05, 2.05, 4.05, 1.05];
    let fit = kmeans(6).init_centroids(given.clone()).niter(0).train(&x, d).unwrap();
    check_near(&fit.model.centroids()[..8], &given);
    for c in fit.model.centroids()[8..].chunks_exact(d) {
        assert!(x.chunks_exact(d).any(|row| is_near(row, c)), "{c:?} is no row");
    }
    let empty = kmeans(6).init_centroids(Vec::new()).train(&x, d).unwrap();
    let drawn = kmeans(6).train(&x, d).unwrap();
    assert_eq!(bits(empty.model.centroids()), bits(drawn.model.centroids()));
}

#[test]
fn one_column_works() {
    let x = [1.0, 1.5, 2.0, 10.0, 10.5, 11.0, 100.0, 101.0, 99.0];
    let fit = kmeans(3).nredo(5).train(&x, 1).unwrap();
    let mut centroids = fit.model.centroids().to_vec();
    centroids.sort_by(f32::total_cmp);
    assert_eq!(centroids, [1.5, 10.5, 100.0]);
}

/// With the inner product a cluster of equal rows has a spread (its length), and so is split: the
/// halves must not be returned worse than the whole was.
#[test]
fn duplicates_under_spherical_keep_their_objective() {
    let x = [0.6_f32, 0.8].repeat(50);
    let fit = kmeans(3).spherical(true).niter(20).train(&x, 2).unwrap();
    let best = 50.0 * (f64::from(0.6_f32).powi(2) + f64::from(0.8_f32).powi(2)).sqrt();
    let (obj, splits) = (&fit.report.obj, fit.report.nsplit);
    assert!(
        fit.report.inertia >= best * (1.0 - 1e-7),
        "{} of {best} after {splits} splits: {obj:?}",
        fit.report.inertia
    );
    assert_ne!(fit.report.stop, Stop::Niter, "{splits} splits in 20 iterations");
}

/// Two rows that differ in the last bit only are two rows.
#[test]
fn rows_that_differ_in_one_bit_can_be_told_apart() {
    let x = [1.0_f32, 1.0_f32.next_up(), 1.0, 1.0_f32.next_up()];
    let fit = kmeans(2).train(&x, 1).unwrap();
    assert_eq!(fit.report.inertia, 0.0);
    assert_eq!(fit.labels[0], fit.labels[2]);
    assert_ne!(fit.labels[0], fit.labels[1]);
}
