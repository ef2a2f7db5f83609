//! The Dunn index against plain loops.

use approx::assert_relative_eq;
use kmeans_backend_cpu::CpuEngine;
use kmeans_data::RowSlice;
use kmeans_eval::{Clustering, Distance, dunn};
use proptest::prelude::*;

use crate::naive;

fn check(x: &[f32], d: usize, labels: &[i32]) {
    let rows = RowSlice::new(x, d).unwrap();
    let found = dunn(&CpuEngine::new(None).unwrap(), &Clustering::new(&rows, labels).unwrap()).unwrap();
    let (mut separation, mut diameter) = (f64::INFINITY, 0.0_f64);
    for i in 0..labels.len() {
        for j in 0..i {
            let distance = naive::distance(&x[i * d..][..d], &x[j * d..][..d], Distance::Euclidean);
            if labels[i] == labels[j] {
                diameter = diameter.max(distance);
            } else {
                separation = separation.min(distance);
            }
        }
    }
    assert_relative_eq!(found.separation, separation, max_relative = 1e-5);
    assert_relative_eq!(found.diameter, diameter, max_relative = 1e-5);
}

#[test]
fn no_pair_that_counts_is_passed_over() {
    let mut numbers = naive::Numbers::new(5);
    for (n, d, k, offset) in
        [(5000, 2, 3, 0.0), (4500, 3, 40, 1e4), (600, 30, 7, -3e3), (4300, 2, 2100, 0.0), (300, 400, 5, 0.0)]
    {
        let x: Vec<f32> = (0..n * d).map(|_| (numbers.uniform() + offset) as f32).collect();
        // By the nearest of k rows, as k-means labels are, and at random, where planes bound nothing.
        let row = |i: usize| &x[i * d..][..d];
        let nearest = |i: usize| {
            let to = |j: &usize| naive::distance(row(i), row(*j), Distance::Euclidean);
            (0..k).min_by(|a, b| to(a).total_cmp(&to(b))).unwrap() as i32
        };
        check(&x, d, &(0..n).map(nearest).collect::<Vec<_>>());
        check(&x, d, &(0..n).map(|_| numbers.below(k) as i32).collect::<Vec<_>>());
    }
}

#[test]
fn the_index_is_a_gap_by_a_width() {
    let rows = RowSlice::new(&[0.0, 3.0, 10.0, 12.0], 1).unwrap();
    let device = CpuEngine::new(None).unwrap();
    let found = dunn(&device, &Clustering::new(&rows, &[0, 0, 1, 1]).unwrap()).unwrap();
    assert_eq!((found.separation, found.diameter, found.index()), (7.0, 3.0, 7.0 / 3.0));
    // Clusters of one point each; a point in two clusters.
    let rows = RowSlice::new(&[1.0, 1.0, 2.0, 2.0], 1).unwrap();
    let index = |labels: &[i32]| dunn(&device, &Clustering::new(&rows, labels).unwrap()).unwrap().index();
    assert_eq!(index(&[0, 0, 1, 1]), f64::INFINITY);
    assert_eq!(index(&[0, 1, 1, 0]), 0.0);
}

proptest! {
    #[test]
    fn any_labels_of_any_rows_are_measured_right(
        (x, labels) in (3..40_usize).prop_flat_map(|n| (
            prop::collection::vec((-8..8_i32).prop_map(|x| x as f32), 2 * n),
            prop::collection::vec(0..3_i32, n),
        )),
    ) {
        let mut names = labels.clone();
        names.sort_unstable();
        names.dedup();
        prop_assume!((2..labels.len()).contains(&names.len()));
        check(&x, 2, &labels);
    }
}
