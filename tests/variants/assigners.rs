//! Assignment by something else than the engine.

use kmeans::index::IndexAssigner;
use kmeans::{AssignOptions, Assigner, Device, Error, Metric, Points, RowSlice, Warning};
use kmeans_backend_cpu::CpuEngine;

use super::data::{data, kmeans};
use crate::naive;

/// Exact assignment by brute force, which counts its calls.
#[derive(Default)]
struct BruteForce {
    centroids: Vec<f32>,
    trained: usize,
    set: usize,
}

impl Assigner for BruteForce {
    fn name(&self) -> String {
        "brute force".to_owned()
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn train(&mut self, _: &[f32], _: usize) -> Result<(), Error> {
        self.trained += 1;
        Ok(())
    }

    fn set_centroids(&mut self, centroids: &[f32], _: usize) -> Result<(), Error> {
        self.set += 1;
        self.centroids = centroids.to_vec();
        Ok(())
    }

    fn assign(&self, x: &[f32], d: usize, labels: &mut [i32]) -> Result<(), Error> {
        for (x, label) in x.chunks_exact(d).zip(labels) {
            let sq_dist = |c: &[f32]| x.iter().zip(c).map(|(x, c)| f64::from(x - c).powi(2)).sum::<f64>();
            let all: Vec<f64> = self.centroids.chunks_exact(d).map(sq_dist).collect();
            *label = (0..all.len()).min_by(|&a, &b| all[a].total_cmp(&all[b])).unwrap() as i32;
        }
        Ok(())
    }
}

#[test]
fn an_exact_assigner_gives_the_engines_result() {
    let (x, d) = data("wine");
    let points = RowSlice::new(&x, d).unwrap();
    for update_index in [false, true] {
        let kmeans = kmeans(5).nredo(2).return_distances(true);
        let plain = kmeans.train(&x, d).unwrap();
        let mut assigner = BruteForce::default();
        let fit = kmeans
            .clone()
            .update_index(update_index)
            .train_with_assigner(&points, None, &mut assigner)
            .unwrap();
        assert_eq!((&fit.labels, fit.report.inertia), (&plain.labels, plain.report.inertia));
        assert_eq!(fit.distances, plain.distances);
        assert_eq!(fit.report.obj, plain.report.obj);
        assert_eq!(fit.report.assigner.as_deref(), Some("brute force"));
        assert!(assigner.set > 4);
        assert_eq!(assigner.trained, if update_index { assigner.set } else { 2 });
    }
}

#[test]
fn an_approximate_assigner_is_named_and_comes_close() {
    let x = naive::blobs(4000, 8, 60, 3);
    let points = RowSlice::new(&x, 8).unwrap();
    let exact = kmeans(60).train(&x, 8).unwrap();
    let mut assigner = IndexAssigner::cells(CpuEngine::new(None).unwrap(), Metric::L2, 3).unwrap();
    let fit = kmeans(60).train_with_assigner(&points, None, &mut assigner).unwrap();
    assert!(
        fit.report.inertia < 1.1 * exact.report.inertia,
        "{} {}",
        fit.report.inertia,
        exact.report.inertia
    );
    let warned = |w: &Warning| matches!(w, Warning::ApproximateAssigner { assigner } if assigner.starts_with("an index of cells"));
    assert!(fit.report.warnings.iter().any(warned));
}

#[test]
fn a_flat_index_gives_the_engines_labels() {
    let (x, d) = data("wine");
    let points = RowSlice::new(&x, d).unwrap();
    let plain = kmeans(5).train(&x, d).unwrap();
    let mut assigner = IndexAssigner::flat(Device::Auto, Metric::L2).unwrap();
    let fit = kmeans(5).update_index(true).train_with_assigner(&points, None, &mut assigner).unwrap();
    assert_eq!((&fit.labels, &fit.report.obj), (&plain.labels, &plain.report.obj));
    assert!(!fit.report.warnings.iter().any(|w| matches!(w, Warning::ApproximateAssigner { .. })));
}

#[test]
fn rows_are_assigned_to_a_model_by_an_index() {
    let x = naive::blobs(4000, 8, 60, 3);
    let points = RowSlice::new(&x, 8).unwrap();
    for metric in [Metric::L2, Metric::Cosine] {
        let kmeans = kmeans(60).metric(metric);
        let model = kmeans.train(&x, 8).unwrap().model;
        let options = AssignOptions::default().distances(true);
        let plain = kmeans.assign_points(&model, &points, options).unwrap();
        let mut flat = IndexAssigner::flat(Device::Auto, metric).unwrap();
        let found = kmeans.assign_with_assigner(&model, &points, &mut flat, options).unwrap();
        assert_eq!((&found.labels, &found.distances), (&plain.labels, &plain.distances));
        assert_eq!((found.inertia, &found.cluster_sizes), (plain.inertia, &plain.cluster_sizes));
        assert_eq!(found.device, "a flat index");

        let mut cells = IndexAssigner::cells(Device::Auto, metric, 3).unwrap();
        let found = kmeans.assign_with_assigner(&model, &points, &mut cells, options).unwrap();
        let same = found.labels.iter().zip(&plain.labels).filter(|(a, b)| a == b).count();
        assert!((3600..=4000).contains(&same), "{metric}: {same}");
        // By the index that there is; and of another model by another.
        let again = kmeans.assign_with_assigner(&model, &points, &mut cells, options).unwrap();
        assert_eq!(again.labels, found.labels);
        let other = kmeans.clone().seed(9).train(&x, 8).unwrap().model;
        let by_kept = kmeans.assign_with_assigner(&other, &points, &mut cells, options).unwrap();
        let mut fresh = IndexAssigner::cells(Device::Auto, metric, 3).unwrap();
        let by_fresh = kmeans.assign_with_assigner(&other, &points, &mut fresh, options).unwrap();
        assert_eq!(by_kept.labels, by_fresh.labels);
        let error = kmeans.assign_with_assigner(&model, &points, &mut cells, options.p(2)).unwrap_err();
        assert!(matches!(error, Error::Together { name: "p", .. }), "{error}");
    }
}

#[test]
fn a_label_that_is_no_cluster_is_an_error() {
    struct Wrong;
    impl Assigner for Wrong {
        fn name(&self) -> String {
            "wrong".to_owned()
        }
        fn is_exact(&self) -> bool {
            false
        }
        fn train(&mut self, _: &[f32], _: usize) -> Result<(), Error> {
            Ok(())
        }
        fn set_centroids(&mut self, _: &[f32], _: usize) -> Result<(), Error> {
            Ok(())
        }
        fn assign(&self, _: &[f32], _: usize, labels: &mut [i32]) -> Result<(), Error> {
            labels.fill(0);
            labels[3] = 2;
            Ok(())
        }
    }
    let x = naive::blobs(50, 2, 2, 1);
    let error = kmeans(2).train_with_assigner(&RowSlice::new(&x, 2).unwrap(), None, &mut Wrong).unwrap_err();
    assert_eq!(error.to_string(), "wrong gave row 3 the label 2, expected one in 0..2");
}

#[test]
fn update_index_without_an_assigner_and_an_assigner_beside_balance_are_refused() {
    let x = naive::blobs(50, 2, 2, 1);
    let points = RowSlice::new(&x, 2).unwrap();
    assert_eq!(points.rows(), 50);
    let error = kmeans(2).update_index(true).train(&x, 2).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "update_index", .. }), "{error}");
    let mut assigner = IndexAssigner::cells(Device::Auto, Metric::L2, 1).unwrap();
    let error = kmeans(2).balanced(0.1).train_with_assigner(&points, None, &mut assigner).unwrap_err();
    assert!(matches!(error, Error::Together { name: "balanced", .. }), "{error}");
}
