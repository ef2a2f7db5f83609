//! How first centroids are drawn.

use kmeans::Init;

use super::data::{bits, check_same, data, kmeans};
use crate::naive;

fn all() -> Vec<Init> {
    vec![
        Init::KMeansPlusPlus,
        Init::GreedyKMeansPlusPlus { trials: None },
        Init::GreedyKMeansPlusPlus { trials: Some(3) },
        Init::KMeansParallel,
        Init::AfkMc2,
        Init::Random,
    ]
}

#[test]
fn every_initialisation_gives_the_same_bits_in_any_chunks() {
    let (x, d) = data("digits");
    for init in all() {
        let train = |chunk: Option<usize>| {
            kmeans(123).init(init.clone()).chunk_rows(chunk).niter(3).train(&x, d).unwrap()
        };
        let whole = train(None);
        for chunk in [7, 256, 1000] {
            check_same(&whole, &train(Some(chunk)), &format!("{init} in chunks of {chunk}"));
        }
    }
}

/// Greedy k-means++ with one trial is k-means++: both draw in proportion to w·D².
#[test]
fn seeds_are_drawn_in_proportion_to_their_potential() {
    let x = [0.0, 1.0, 100.0, 103.0];
    let weights = [1.0, 8.0, 1.0, 1.0];
    for init in [Init::KMeansPlusPlus, Init::GreedyKMeansPlusPlus { trials: Some(1) }] {
        let mut with_first = [0_u32; 4];
        let draws = 4000_u32;
        for seed in 0..draws {
            // Of the given centroid at 100 the others are drawn: D² is 10⁴, 8·99², 0 and 9.
            let kmeans = kmeans(2).init(init.clone()).init_centroids(vec![100.0]).seed(u64::from(seed));
            let fit = kmeans.niter(0).train_weighted(&x, 1, &weights).unwrap();
            let drawn = x.iter().position(|&x| x == fit.model.centroids()[1]).unwrap();
            with_first[drawn] += 1;
        }
        let total = 1e4 + 8.0 * 99.0 * 99.0 + 9.0;
        for (drawn, share) in with_first.into_iter().zip([1e4, 8.0 * 99.0 * 99.0, 0.0, 9.0]) {
            let expected = f64::from(draws) * share / total;
            let error = (expected * (1.0 - share / total)).sqrt().max(1.0);
            assert!((f64::from(drawn) - expected).abs() < 5.0 * error, "{init}: {with_first:?}");
        }
    }
}

/// The third seed of greedy k-means++ with one trial, after the second took from the potential of the pool.
#[test]
fn candidates_are_turned_down_in_proportion_to_what_is_left_of_them() {
    let x: Vec<f32> = vec![0.0, 10.0, 11.0, 30.0];
    let draws = 6000;
    let count = |init: Init| {
        let mut seen = [[0_u32; 4]; 4];
        for seed in 0..draws {
            let kmeans = kmeans(3).init(init.clone()).init_centroids(vec![0.0]).seed(seed).niter(0);
            let fit = kmeans.train(&x, 1).unwrap();
            let place = |at: usize| x.iter().position(|&x| x == fit.model.centroids()[at]).unwrap();
            seen[place(1)][place(2)] += 1;
        }
        seen
    };
    let seen = count(Init::GreedyKMeansPlusPlus { trials: Some(1) });
    let sq = |a: usize, b: usize| f64::from((x[a] - x[b]).powi(2));
    let total: f64 = (1..4).map(|i| sq(i, 0)).sum();
    for (second, seen) in seen.iter().enumerate().skip(1) {
        let left: Vec<f64> = (0..4).map(|i| sq(i, 0).min(sq(i, second))).collect();
        for (third, &drawn) in seen.iter().enumerate().skip(1) {
            let share = sq(second, 0) / total * left[third] / left.iter().sum::<f64>();
            let expected = draws as f64 * share;
            let error = expected.sqrt().max(1.0);
            let drawn = f64::from(drawn);
            assert!((drawn - expected).abs() < 5.0 * error, "{second} {third}: {drawn} for {expected}");
        }
    }
}

#[test]
fn every_initialisation_draws_rows_and_finds_all_far_blobs() {
    let x = naive::blobs(600, 3, 8, 3).iter().map(|v| v * 100.0).collect::<Vec<f32>>();
    let x: Vec<f32> =
        x.chunks_exact(3).flat_map(|r| r.iter().map(|v| (v / 300.0).round() * 300.0 + 0.0)).collect();
    let distinct = {
        let mut rows: Vec<Vec<u32>> = x.chunks_exact(3).map(bits).collect();
        rows.sort();
        rows.dedup();
        rows.len()
    };
    for init in all().into_iter().filter(|init| *init != Init::Random) {
        let fit =
            kmeans(distinct).init(init.clone()).afkmc2_chain_length(2000).niter(0).train(&x, 3).unwrap();
        assert_eq!(fit.report.distinct, distinct, "{init}: each distinct row is drawn once");
        assert_eq!(fit.report.inertia, 0.0, "{init}");
    }
}

#[test]
fn initialisations_beat_random_rows_on_clustered_data() {
    let x = naive::blobs(3000, 5, 30, 5);
    let start =
        |init: Init, seed| kmeans(30).init(init).seed(seed).niter(0).train(&x, 5).unwrap().report.inertia;
    let mean = |init: &Init| (0..8).map(|seed| start(init.clone(), seed)).sum::<f64>() / 8.0;
    let random = mean(&Init::Random);
    let plain = mean(&Init::KMeansPlusPlus);
    for init in all().into_iter().filter(|init| *init != Init::Random) {
        assert!(mean(&init) < 0.6 * random, "{init}: {} random {random}", mean(&init));
    }
    let greedy = mean(&Init::GreedyKMeansPlusPlus { trials: None });
    assert!(greedy < plain, "greedy {greedy}, plain {plain}");
}

#[test]
fn rows_without_weight_are_never_drawn() {
    let mut x = naive::blobs(200, 2, 4, 9);
    x.extend([1e3, 1e3, -1e3, 1e3]);
    let mut weights = vec![1.0; 200];
    weights.extend([0.0, 0.0]);
    for init in all() {
        let fit = kmeans(20).init(init.clone()).niter(0).train_weighted(&x, 2, &weights).unwrap();
        assert!(fit.model.centroids().iter().all(|c| c.abs() < 100.0), "{init}");
    }
}

#[test]
fn some_given_centroids_come_first_and_the_rest_is_drawn() {
    let (x, d) = data("iris");
    let given = x[..2 * d].to_vec();
    for init in all() {
        let fit = kmeans(8).init(init.clone()).init_centroids(given.clone()).niter(0).train(&x, d).unwrap();
        assert_eq!(bits(&fit.model.centroids()[..2 * d]), bits(&given), "{init}");
        assert!(fit.report.distinct > 2, "{init}");
    }
}

#[test]
fn a_function_gets_the_rows_and_gives_the_centroids() {
    let (x, d) = data("iris");
    let first_rows = |request: &kmeans::InitRequest<'_>| {
        assert_eq!((request.rows.rows(), request.rows.dim(), request.seed), (150, 4, 1234));
        let mut rows = vec![0.0; request.k * 4];
        request.rows.read(request.redo..request.redo + request.k, &mut rows).map_err(|e| e.to_string())?;
        Ok(rows)
    };
    let fit = kmeans(3).init(Init::function(first_rows)).niter(0).train(&x, d).unwrap();
    assert!(fit.model.centroids().iter().zip(&x).all(|(c, x)| (c - x).abs() < 1e-6));
    assert_eq!(fit.report.init, "function");
    let file = tempfile::NamedTempFile::new().unwrap();
    fit.model.save(file.path(), kmeans::Overwrite::Replace).unwrap();
    assert_eq!(kmeans::KMeansModel::load(file.path()).unwrap().params().init, Init::default());
}

#[test]
fn a_function_that_fails_or_gives_too_little_is_an_error_that_says_so() {
    let x = [0.0, 1.0, 2.0, 3.0];
    let train = |init: Init| kmeans(2).init(init).train(&x, 1).unwrap_err().to_string();
    assert!(train(Init::function(|_| Err("no luck".to_owned()))).contains("no luck"));
    assert!(train(Init::function(|_| Ok(vec![1.0]))).contains("1 values, expected 2 rows of 1"));
    assert!(train(Init::function(|_| Ok(vec![1.0, f32::NAN]))).contains("NaN"));
}

#[test]
fn fewer_distinct_rows_than_clusters_are_no_error_for_any_initialisation() {
    let x: Vec<f32> = (0..1000).map(|i| (i % 10) as f32).collect();
    for init in all() {
        for k in [9, 10, 12, 15] {
            let fit = kmeans(k).init(init.clone()).train(&x, 1).unwrap();
            assert!(fit.report.distinct <= 10, "{init} {k}");
        }
    }
}

#[test]
fn weights_at_the_end_of_their_range_are_drawn_by() {
    let x = naive::blobs(1000, 2, 4, 3);
    for weight in [3e38_f32, 1e-38] {
        for init in all() {
            let fit = kmeans(4).init(init.clone()).niter(0).train_weighted(&x, 2, &[weight; 1000]).unwrap();
            assert_eq!(fit.report.distinct, 4, "{init} {weight}");
        }
    }
}

#[test]
fn absurd_numbers_of_trials_are_refused() {
    for trials in [0, 1025, usize::MAX] {
        let init = Init::GreedyKMeansPlusPlus { trials: Some(trials) };
        assert!(kmeans(2).init(init).train(&[0.0, 1.0, 2.0], 1).is_err());
    }
}
