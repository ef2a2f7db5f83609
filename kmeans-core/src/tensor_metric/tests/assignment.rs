//! Assignment of further rows.

use kmeans_data::RowSlice;

use super::super::{L1, LInf, assign_tensor_with_metric, assign_with_metric};
use super::{B, SquaredL2, fit, naive, values};
use crate::progress::silent;
use crate::tensor_engine::distance::matrix;
use crate::{AssignOptions, KMeansModel, Metric, Params};

fn model(k: usize, d: usize) -> KMeansModel {
    fit(&L1, &values(100, d, 31), d, &Params::new(k)).model
}

#[test]
fn the_nearest_are_sorted_and_the_first_is_the_label() {
    let (k, d) = (6, 3);
    let model = model(k, d);
    let x = values(50, d, 32);
    let points = RowSlice::new(&x, d).unwrap();
    let of = |p| {
        let options = AssignOptions::default().p(p).distances(true);
        assign_with_metric::<B>(&Default::default(), &L1, &points, &model, options, &silent).unwrap()
    };
    let one = of(1);
    for p in 1..=k {
        let found = of(p);
        assert_eq!((found.inertia, &found.cluster_sizes), (one.inertia, &one.cluster_sizes));
        let distances = found.distances.unwrap();
        for (row, x) in x.chunks_exact(d).enumerate() {
            let (labels, distances) = (&found.labels[row * p..][..p], &distances[row * p..][..p]);
            assert_eq!(labels[0], one.labels[row]);
            assert!(distances.is_sorted());
            let ranking = naive::ranking(naive::l1, x, model.centroids(), d);
            for ((&label, &distance), (cluster, expected)) in labels.iter().zip(distances).zip(ranking) {
                assert_eq!(label as usize, cluster);
                assert!((f64::from(distance) - expected).abs() <= 1e-6 * expected);
            }
        }
    }
}

#[test]
fn rows_of_the_training_get_its_labels_and_inertia() {
    let x = values(120, 3, 33);
    let found = fit(&LInf, &x, 3, &Params::new(5));
    let tensor = matrix::<B>(&x, 3, &Default::default());
    let again =
        assign_tensor_with_metric(&LInf, &tensor, &found.model, AssignOptions::default(), &silent).unwrap();
    assert_eq!((again.labels, again.inertia), (found.labels, found.report.inertia));
    assert_eq!(again.cluster_sizes, found.report.cluster_sizes);
}

#[test]
fn equal_centroids_give_the_lowest_label() {
    let params = Params { niter: 0, ..super::from_centroids(3, &[5.0, 1.0, 5.0]) };
    let found = fit(&L1, &[5.0, 1.0, 6.0, 4.0], 1, &params);
    assert_eq!(found.labels, [0, 1, 0, 0]);
}

#[test]
fn another_metric_than_the_models_and_a_wrong_p_are_refused() {
    let model = model(3, 2);
    let points = RowSlice::new(&[1.0, 2.0], 2).unwrap();
    let message = |metric: &dyn super::TensorMetric<B>, p| {
        let options = AssignOptions::default().p(p);
        let found = assign_with_metric(&Default::default(), metric, &points, &model, options, &silent);
        found.unwrap_err().to_string()
    };
    assert_eq!(message(&LInf, 1), "the model was trained with the metric l1, not with linf");
    assert_eq!(
        message(&SquaredL2, 1),
        "the model was trained with the metric l1, not with custom (squared l2)"
    );
    assert!(message(&L1, 4).starts_with("p is 4"));
    let engine = crate::TensorEngine::<B>::default();
    // A metric that the model can name needs no help.
    let found = crate::KMeans::on(engine, 3).assign(&model, &[1.0, 2.0], 2).unwrap();
    let same =
        assign_with_metric::<B>(&Default::default(), &L1, &points, &model, AssignOptions::default(), &silent);
    assert_eq!(found, same.unwrap());
}

#[test]
fn names_are_read_back() {
    for (metric, name) in [
        (Metric::L2, "l2"),
        (Metric::InnerProduct, "ip"),
        (Metric::L1, "l1"),
        (Metric::LInf, "linf"),
        (Metric::KullbackLeibler, "kl"),
    ] {
        assert_eq!((metric.to_string().as_str(), name.parse::<Metric>().unwrap()), (name, metric));
        assert_eq!(serde_json::to_string(&metric).unwrap(), format!("\"{name}\""));
    }
}
