//! Two levels of clusters.

use super::data::{bits, data, kmeans};
use crate::naive;

#[test]
fn all_clusters_are_used_and_inertia_comes_close_to_one_level() {
    let x = naive::blobs(6000, 6, 100, 3);
    let flat = kmeans(100).train(&x, 6).unwrap();
    let fit = kmeans(100).hierarchical(true).train(&x, 6).unwrap();
    assert_eq!(fit.report.distinct, 100);
    assert_eq!(fit.report.niter_done, 1);
    assert!(fit.report.inertia < 1.5 * flat.report.inertia, "{} {}", fit.report.inertia, flat.report.inertia);
    let labels_belong = super::data::inertia(&x, 6, fit.model.centroids(), &fit.labels);
    assert!((labels_belong - fit.report.inertia).abs() < 1e-4 * labels_belong);
}

#[test]
fn far_outliers_are_a_cell_of_their_own_and_no_error() {
    let mut x = naive::blobs(3000, 2, 10, 5);
    x.extend([1e4, 1e4, -1e4, 1e4, 1e4, -1e4]);
    let fit = kmeans(100).hierarchical(true).train(&x, 2).unwrap();
    assert_eq!(fit.report.cluster_sizes.iter().sum::<u64>(), 3003);
    assert!(fit.report.distinct >= 99);
}

#[test]
fn chunks_and_threads_change_no_bit() {
    let (x, d) = data("digits");
    let whole = kmeans(40).hierarchical(true).train(&x, d).unwrap();
    for chunk in [100, 999] {
        let parts = kmeans(40).hierarchical(true).chunk_rows(chunk).train(&x, d).unwrap();
        assert_eq!(bits(whole.model.offsets()), bits(parts.model.offsets()));
    }
}

#[test]
fn as_many_clusters_as_rows_and_few_distinct_rows_work() {
    let x = naive::blobs(30, 2, 3, 5);
    let fit = kmeans(30).hierarchical(true).train(&x, 2).unwrap();
    assert!(fit.report.distinct >= 29, "{}", fit.report.distinct);
    let same = kmeans(9).hierarchical(true).train(&[1.5; 80], 2).unwrap();
    assert_eq!((same.report.inertia, same.report.distinct), (0.0, 1));
}
