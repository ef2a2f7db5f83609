//! Data and trainings that the tests of variants share.

use kmeans::Fit;
use kmeans::core::KMeans;
use kmeans_backend_cpu::CpuEngine;

pub(crate) use crate::naive::data;

/// Training on the CPU engine, two threads, on all rows.
pub(crate) fn kmeans(k: usize) -> KMeans<CpuEngine> {
    let engine = CpuEngine::new(std::num::NonZeroUsize::new(2)).unwrap();
    KMeans::on(engine, k).max_points_per_centroid(None).min_points_per_centroid(1)
}

/// `Σ ‖x − c‖²` of labels, naively in `f64`.
pub(crate) fn inertia(x: &[f32], d: usize, centroids: &[f32], labels: &[i32]) -> f64 {
    let rows = x.chunks_exact(d).zip(labels);
    rows.map(|(x, &label)| sq_dist(x, &centroids[label as usize * d..][..d])).sum()
}

pub(crate) fn sq_dist(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Checks that two trainings agree in every bit.
pub(crate) fn check_same(a: &Fit, b: &Fit, what: &str) {
    assert_eq!(bits(a.model.offsets()), bits(b.model.offsets()), "{what}: centroids");
    assert_eq!(a.labels, b.labels, "{what}: labels");
    assert_eq!(a.report.inertia, b.report.inertia, "{what}: inertia");
    assert_eq!(a.report.obj, b.report.obj, "{what}: obj");
}
