//! All measures against scikit-learn, on real data; `golden.py` beside this folder made the values.

use approx::assert_relative_eq;
use kmeans_backend_cpu::CpuEngine;
use kmeans_data::{Points, open, read_labels};
use kmeans_eval::*;
use serde_json::Value;

use crate::iris::file;
use crate::naive;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden.json")).unwrap()
}

/// The nearest of some rows, of each row.
fn labels_by(points: &dyn Points, rows: &Value) -> Vec<i32> {
    let (n, d) = (points.rows(), points.dim());
    let mut x = vec![0.0; n * d];
    points.read(0..n, &mut x).unwrap();
    let row = |i: usize| &x[i * d..][..d];
    let rows: Vec<usize> =
        rows.as_array().unwrap().iter().map(|row| row.as_u64().unwrap() as usize).collect();
    let to = |i: usize, j: usize| naive::distance(row(i), row(rows[j]), Distance::Euclidean);
    let nearest = |i| (0..rows.len()).min_by(|&a, &b| to(i, a).total_cmp(&to(i, b))).unwrap() as i32;
    (0..n).map(nearest).collect()
}

fn check(name: &str) {
    let golden = &golden()["sets"][name];
    let points = open(file(&format!("{name}.f32.npy"))).unwrap();
    let truth = read_labels(file(&format!("{name}_target.u8.npy"))).unwrap();
    let labels = labels_by(&*points, &golden["rows"]);
    let clustering = Clustering::new(&*points, &labels).unwrap();
    let table = Contingency::new(&truth, &labels).unwrap();
    let device = CpuEngine::new(None).unwrap();
    let silhouettes = silhouette(&device, &clustering, Distance::Euclidean).unwrap();
    let dunn = dunn(&device, &clustering).unwrap();
    let found = [
        ("silhouette", silhouettes.mean()),
        ("silhouette_of_cluster_0", silhouettes.means(&clustering)[0]),
        ("silhouette_cosine", silhouette(&device, &clustering, Distance::Cosine).unwrap().mean()),
        ("simplified_silhouette", simplified_silhouette(&device, &clustering).unwrap().mean()),
        ("davies_bouldin", davies_bouldin(&clustering).unwrap()),
        ("calinski_harabasz", calinski_harabasz(&clustering).unwrap()),
        ("separation", dunn.separation),
        ("diameter", dunn.diameter),
        ("sum_of_squares", sum_of_squares(&clustering)),
        ("mean_distance", mean_distance(&clustering)),
        ("radius_of_cluster_0", cluster_spreads(&clustering)[0].radius),
        ("adjusted_rand", adjusted_rand_index(&table)),
        ("adjusted_mutual_information", adjusted_mutual_information(&table)),
        ("normalized_mutual_information", normalized_mutual_information(&table)),
        ("homogeneity", homogeneity(&table)),
        ("completeness", completeness(&table)),
        ("v_measure", v_measure(&table)),
        ("fowlkes_mallows", fowlkes_mallows(&table)),
        ("purity", purity(&table)),
    ];
    assert_eq!(found.len() + 1, golden.as_object().unwrap().len());
    for (measure, found) in found {
        let golden = golden[measure].as_f64().unwrap();
        assert!(
            (found - golden).abs() <= 1e-6 * golden.abs(),
            "{name}, {measure}: {found}, expected {golden}"
        );
    }
}

#[test]
fn iris_matches_scikit_learn_1_9_1() {
    check("iris");
}

#[test]
fn wine_matches_scikit_learn_1_9_1() {
    check("wine");
}

#[test]
fn breast_cancer_matches_scikit_learn_1_9_1() {
    check("breast_cancer");
}

#[test]
fn digits_match_scikit_learn_1_9_1() {
    check("digits");
}

#[test]
fn adjusted_mutual_information_of_corners_matches_scikit_learn_1_9_1() {
    for case in golden()["adjusted_mutual_information"].as_array().unwrap() {
        let labels = |at: usize| -> Vec<i32> { serde_json::from_value(case[at].clone()).unwrap() };
        let table = Contingency::new(&labels(0), &labels(1)).unwrap();
        assert_relative_eq!(
            adjusted_mutual_information(&table),
            case[2].as_f64().unwrap(),
            max_relative = 1e-10,
            epsilon = 1e-14
        );
    }
}
