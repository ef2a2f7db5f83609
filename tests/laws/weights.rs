//! Weights count everywhere.

use kmeans::Init;

use crate::naive;
use crate::training::{bits, check_fit, exact_centroids, kmeans, rows};

#[test]
fn rows_without_weight_are_never_first_centroids() {
    let n = 300;
    let x = naive::blobs(n, 2, 5, 1);
    let weights: Vec<f32> = (0..n).map(|i| if i % 10 == 0 { 0.5 } else { 0.0 }).collect();
    for init in [Init::KMeansPlusPlus, Init::Random] {
        for seed in 0..20 {
            let kmeans = kmeans(8).init(init.clone()).seed(seed).niter(0);
            let fit = kmeans.train_weighted(&x, 2, &weights).unwrap();
            for c in fit.model.centroids().chunks_exact(2) {
                // Centroids are offsets from an origin within the data: equal but for rounding.
                let is_c = |row: &[f32]| row.iter().zip(c).all(|(a, b)| (a - b).abs() < 1e-5);
                let heavy = x.chunks_exact(2).step_by(10).any(is_c);
                assert!(heavy, "{init}, seed {seed}: {c:?} is no row of positive weight");
            }
        }
    }
}

#[test]
fn rows_without_weight_do_not_move_centroids() {
    let x = naive::blobs(300, 3, 5, 2);
    let init = rows(&x, 3, &[0, 50, 100, 150, 200]);
    let without = kmeans(5).init_centroids(init.clone()).train(&x, 3).unwrap();
    for far in [1.0_f32, 1e3, 1e9, 1e30] {
        let (mut with, mut weights) = (x.clone(), vec![1.0; 300]);
        let mut numbers = naive::Numbers::new(3);
        with.extend(numbers.vec(60, -10.0, 10.0).iter().map(|x| x * far));
        weights.extend([0.0; 20]);
        let fit = kmeans(5).init_centroids(init.clone()).train_weighted(&with, 3, &weights).unwrap();
        let differ = fit.labels.iter().zip(&without.labels).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0, "labels of 300 rows that differ with weightless rows times {far:e}");
        for (a, b) in exact_centroids(&fit.model).iter().zip(exact_centroids(&without.model)) {
            assert!((a - b).abs() <= 1e-5, "weightless rows times {far:e}: {a} {b}");
        }
    }
}

#[test]
fn light_rows_far_away_keep_their_mean() {
    // Two clusters whose weights differ by 1e9: the light one must not be rounded away.
    let mut x = naive::blobs(200, 2, 1, 4);
    let mut numbers = naive::Numbers::new(5);
    for row in x.chunks_exact_mut(2).skip(100) {
        row.iter_mut().for_each(|x| *x = 1000.0 + numbers.uniform(-1.0, 1.0));
    }
    let weights: Vec<f32> = (0..200).map(|i| if i < 100 { 1e5 } else { 1e-4 }).collect();
    let fit = kmeans(2).init_centroids(rows(&x, 2, &[0, 199])).train_weighted(&x, 2, &weights).unwrap();
    check_fit(&fit, &x, Some(&weights), "light rows");
    let centroids = exact_centroids(&fit.model);
    for (half, c) in [&x[..200], &x[200..]].into_iter().zip(centroids.chunks_exact(2)) {
        for (c, mean) in c.iter().zip(naive::means(half, None, 2)) {
            assert!((c - mean).abs() <= 1e-4, "{c} {mean}");
        }
    }
}

#[test]
fn weights_scaled_by_a_power_of_two_change_no_bit() {
    let x = naive::blobs(500, 3, 8, 6);
    let weights = naive::Numbers::new(7).vec(500, 0.001, 9.0);
    let given = rows(&x, 3, &[0, 9, 99]);
    let inits = [Init::KMeansPlusPlus, Init::Random, Init::KMeansParallel, Init::AfkMc2];
    for (init, given) in inits.map(|init| (init, Vec::new())).into_iter().chain([(Init::Random, given)]) {
        let train = |factor: f32| {
            let weights: Vec<f32> = weights.iter().map(|w| w * factor).collect();
            kmeans(7)
                .init(init.clone())
                .init_centroids(given.clone())
                .nredo(2)
                .train_weighted(&x, 3, &weights)
                .unwrap()
        };
        let plain = train(1.0);
        for e in [-90, -20, -1, 1, 10, 100] {
            let factor = 2_f32.powi(e);
            let scaled = train(factor);
            assert_eq!(bits(scaled.model.offsets()), bits(plain.model.offsets()), "{init} 2^{e}");
            assert_eq!(scaled.labels, plain.labels, "{init} 2^{e}");
            let inertia = plain.report.inertia * f64::from(factor);
            assert_eq!(scaled.report.inertia.to_bits(), inertia.to_bits(), "{init} 2^{e}");
        }
    }
}

#[test]
fn weights_of_one_are_no_weights() {
    let x = naive::blobs(500, 3, 8, 8);
    let init = rows(&x, 3, &[0, 9, 99, 100]);
    let plain = kmeans(4).init_centroids(init.clone()).train(&x, 3).unwrap();
    let ones = kmeans(4).init_centroids(init).train_weighted(&x, 3, &[1.0; 500]).unwrap();
    assert_eq!(bits(ones.model.offsets()), bits(plain.model.offsets()));
    assert_eq!(ones.labels, plain.labels);
    assert_eq!(ones.report.inertia.to_bits(), plain.report.inertia.to_bits());
}
