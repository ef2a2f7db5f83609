//! Progressive dimensions.

use kmeans::{Error, Pca, PcaOptions, RowSlice};

use super::data::{data, kmeans};
use crate::naive;

#[test]
fn steps_grow_and_end_in_all_dimensions() {
    let (x, d) = data("digits");
    for pca in [true, false] {
        let fit = kmeans(10).progressive_dim_steps(4).apply_pca(pca).niter(5).train(&x, d).unwrap();
        let dims = &fit.report.redos[0].dims;
        assert!(
            dims.windows(2).all(|w| w[0] <= w[1]) && dims[0] == 2 && *dims.last().unwrap() == 22,
            "{dims:?}"
        );
        assert!(fit.report.obj.len() > dims.len(), "the last step trains on all {d} columns");
        assert_eq!(fit.report.obj.len(), fit.report.iteration_stats.len());
        assert_eq!(fit.model.dim(), d);
    }
}

#[test]
fn one_step_is_plain_training() {
    let (x, d) = data("iris");
    let plain = kmeans(3).train(&x, d).unwrap();
    let one = kmeans(3).progressive_dim_steps(1).train(&x, d).unwrap();
    assert_eq!((plain.labels, plain.report.inertia), (one.labels, one.report.inertia));
}

#[test]
fn progressive_training_ends_about_as_well_as_plain() {
    let (x, d) = data("digits");
    let mean = |steps: Option<usize>| {
        let of =
            |seed| kmeans(10).seed(seed).progressive_dim_steps(steps).train(&x, d).unwrap().report.inertia;
        (0..10).map(of).sum::<f64>() / 10.0
    };
    let (plain, progressive) = (mean(None), mean(Some(5)));
    assert!(progressive < 1.03 * plain, "{progressive} {plain}");
}

#[test]
fn weights_given_centroids_and_spherical_count_in_progressive_training() {
    let x = naive::blobs(300, 8, 4, 2);
    let twice: Vec<f32> = x.chunks_exact(8).flat_map(|r| [r, r].concat()).collect();
    let given = x[..4 * 8].to_vec();
    let train = |x: &[f32], weights: Option<&[f32]>, spherical| {
        let kmeans = kmeans(4).progressive_dim_steps(3).init_centroids(given.clone()).spherical(spherical);
        kmeans.train_points(&RowSlice::new(x, 8).unwrap(), weights).unwrap()
    };
    for spherical in [false, true] {
        let (a, b) = (train(&x, Some(&[2.0; 300]), spherical), train(&twice, None, spherical));
        for (c, e) in a.model.centroids().iter().zip(b.model.centroids()) {
            assert!((c - e).abs() < 1e-4, "{c} {e}");
        }
        if spherical {
            let norm: f32 = a.model.centroid(0).iter().map(|v| v * v).sum();
            assert!((norm - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn principal_components_are_a_transform_of_their_own() {
    let (x, d) = data("iris");
    let points = RowSlice::new(&x, d).unwrap();
    let pca = Pca::fit(&points, None, PcaOptions::new()).unwrap();
    assert!(pca.explained_variance_ratio()[0] > 0.92);
    let mut y = vec![0.0; 150 * 2];
    pca.transform(&x, 2, &mut y).unwrap();
    let fit = kmeans(3).train(&y, 2).unwrap();
    assert_eq!(fit.report.distinct, 3);
}

#[test]
fn frozen_centroids_are_refused_beside_it() {
    let (x, d) = data("iris");
    let kmeans = kmeans(3).init_centroids(x[..d].to_vec()).frozen_centroids(true).progressive_dim_steps(3);
    assert!(matches!(kmeans.train(&x, d), Err(Error::Together { name: "frozen_centroids", .. })));
}

#[test]
fn without_iterations_the_centroids_written_are_those_of_the_labels() {
    let (x, d) = data("digits");
    let kmeans = kmeans(10).progressive_dim_steps(3).init_centroids(x[..10 * d].to_vec()).niter(0);
    let fit = kmeans.train(&x, d).unwrap();
    let exact = super::data::inertia(&x, d, fit.model.centroids(), &fit.labels);
    assert!((fit.report.inertia - exact).abs() < 1e-5 * exact, "{} {exact}", fit.report.inertia);
}

#[test]
fn absurd_numbers_of_steps_and_columns_are_refused() {
    let error = kmeans(2).progressive_dim_steps(usize::MAX).train(&[0.0, 1.0, 2.0], 1).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "progressive_dim_steps", .. }), "{error}");
    let wide = vec![1.0; 3 * 20_000];
    let error = kmeans(2).progressive_dim_steps(2).train(&wide, 20_000).unwrap_err();
    assert!(error.to_string().contains("apply_pca off"), "{error}");
    assert!(kmeans(2).progressive_dim_steps(2).apply_pca(false).train(&wide, 20_000).is_ok());
}
