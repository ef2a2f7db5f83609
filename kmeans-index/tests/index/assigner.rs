//! Centroids in an index, as what assigns rows to them.

use burn_ndarray::NdArray;
use kmeans_backend_cpu::CpuEngine;
use kmeans_core::{Assigner, Metric, TensorEngine};
use kmeans_index::IndexAssigner;

/// Rows of two columns on a bent line, so that neighbours are found in neighbouring cells.
fn rows(n: usize) -> Vec<f32> {
    (0..n).flat_map(|i| [i as f32, ((i * 37) % 11) as f32 / 11.0]).collect()
}

fn labels(mut assigner: IndexAssigner, x: &[f32], centroids: &[f32]) -> Vec<i32> {
    assigner.set_centroids(centroids, 2).unwrap();
    let mut labels = vec![-1; x.len() / 2];
    assigner.assign(x, 2, &mut labels).unwrap();
    labels
}

#[test]
fn a_flat_index_and_all_cells_together_are_exact() {
    let (x, centroids) = (rows(200), rows(40));
    let sq_dist = |row: usize, c: usize| {
        (x[2 * row] - centroids[2 * c]).powi(2) + (x[2 * row + 1] - centroids[2 * c + 1]).powi(2)
    };
    let nearest = |row| (0..40).min_by(|&a, &b| sq_dist(row, a).total_cmp(&sq_dist(row, b))).unwrap() as i32;
    let expected: Vec<i32> = (0..200).map(nearest).collect();
    let (cpu, reference) = (CpuEngine::new(None).unwrap(), TensorEngine::<NdArray>::default());
    let all = [
        IndexAssigner::flat(cpu.clone(), Metric::L2).unwrap(),
        IndexAssigner::cells(cpu, Metric::L2, 100).unwrap(),
        IndexAssigner::flat(reference.clone(), Metric::L2).unwrap(),
        IndexAssigner::cells(reference, Metric::L2, 7).unwrap(),
    ];
    for assigner in all {
        assert_eq!(labels(assigner, &x, &centroids), expected);
    }
}

#[test]
fn few_cells_find_most_of_the_nearest() {
    let (x, centroids) = (rows(400), rows(100));
    let cells = |nprobe| IndexAssigner::cells(CpuEngine::new(None).unwrap(), Metric::L2, nprobe).unwrap();
    let (exact, few) = (labels(cells(100), &x, &centroids), labels(cells(2), &x, &centroids));
    let same = exact.iter().zip(&few).filter(|(a, b)| a == b).count();
    assert!(same >= 390, "{same} of 400");
}

#[test]
fn rows_whose_cells_are_empty_look_into_others() {
    let mut assigner = IndexAssigner::cells(CpuEngine::new(None).unwrap(), Metric::L2, 1).unwrap();
    assigner.train(&rows(40), 2).unwrap();
    // All centroids are in the first cells now.
    assigner.set_centroids(&rows(3), 2).unwrap();
    let mut labels = vec![-1; 40];
    assigner.assign(&rows(40), 2, &mut labels).unwrap();
    assert!(labels.iter().all(|label| (0..3).contains(label)), "{labels:?}");
    assert_eq!(labels[39], 2);
}

#[test]
fn no_cell_to_look_into_is_refused() {
    let error = IndexAssigner::cells(CpuEngine::new(None).unwrap(), Metric::L2, 0).err().unwrap();
    assert_eq!(error.to_string(), "nprobe is 0, expected at least 1");
}
