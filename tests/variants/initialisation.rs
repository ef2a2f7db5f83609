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
            kmeans(23).init(init.clone()).chunk_rows(chunk).niter(3).train(&x, d).unwrap()
        };
        let whole = train(None);
        for chunk in [7, 256, 1000] {
            check_same(&whole, &train(Some(chunk)), &format!("{init} in chunks of {chunk}"));
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
