//! Trainings under test.

use std::num::NonZeroUsize;

use burn_ndarray::NdArray;
use kmeans::core::{KMeans, TensorEngine};
use kmeans::{Fit, KMeansModel, Metric};
use kmeans_backend_cpu::CpuEngine;

use crate::naive;
pub(crate) use crate::naive::data;

/// Training on the CPU engine with so many threads.
pub(crate) fn on_threads(threads: usize, k: usize) -> KMeans<CpuEngine> {
    KMeans::on(CpuEngine::new(NonZeroUsize::new(threads)).unwrap(), k)
}

/// Training on the CPU engine, two threads, on all rows.
pub(crate) fn kmeans(k: usize) -> KMeans<CpuEngine> {
    on_threads(2, k).max_points_per_centroid(None)
}

pub(crate) fn reference(k: usize) -> KMeans<TensorEngine<NdArray>> {
    KMeans::on(TensorEngine::default(), k).max_points_per_centroid(None)
}

/// The rows `ids` as given centroids.
pub(crate) fn rows(x: &[f32], d: usize, ids: &[usize]) -> Vec<f32> {
    ids.iter().flat_map(|&i| x[i * d..][..d].to_vec()).collect()
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// The exact centroids in the units of the data.
pub(crate) fn exact_centroids(model: &KMeansModel) -> Vec<f64> {
    let (d, scale) = (model.dim(), f64::from(model.scale()));
    let at = |(i, &v): (usize, &f32)| f64::from(model.origin()[i % d]) + f64::from(v) / scale;
    model.offsets().iter().enumerate().map(at).collect()
}

/// Rows or centroids relative to the origin of the model, in the units of the data.
pub(crate) fn from_origin(values: &[f64], model: &KMeansModel) -> Vec<f64> {
    let d = model.dim();
    values.iter().enumerate().map(|(i, x)| x - f64::from(model.origin()[i % d])).collect()
}

/// Checks that labels, sizes and inertia belong to the returned centroids, and all are right.
pub(crate) fn check_fit(fit: &Fit, x: &[f32], weights: Option<&[f32]>, what: &str) {
    let (model, d) = (&fit.model, fit.model.dim());
    let centroids = exact_centroids(model);
    let (v, c) = (from_origin(&naive::widened(x), model), from_origin(&centroids, model));
    naive::check_labels(model.metric(), &v, &c, d, &fit.labels, what);
    let mut sizes = vec![0; model.k()];
    fit.labels.iter().for_each(|&label| sizes[label as usize] += 1);
    assert_eq!(fit.report.cluster_sizes, sizes, "{what}: sizes");
    assert_eq!(fit.report.distinct, sizes.iter().filter(|&&s| s > 0).count(), "{what}: distinct");
    let naive = naive::inertia(model.metric(), x, weights, &centroids, &fit.labels, d);
    let magnitude: f64 = match model.metric() {
        Metric::InnerProduct => fit.labels.len() as f64 * naive::sq_norm(&naive::widened(x)).sqrt(),
        _ => naive,
    };
    let (found, error) = (fit.report.inertia, (fit.report.inertia - naive).abs());
    let total: f64 = v
        .chunks_exact(d)
        .enumerate()
        .map(|(i, v)| weights.map_or(1.0, |w| f64::from(w[i])) * naive::sq_norm(v))
        .sum();
    // The rounding of rows to f32 as they enter the frame.
    let rounding = 2_f64.powi(-23) * (naive.abs() * total).sqrt() + 2_f64.powi(-47) * total;
    assert!(error <= 1e-9 * magnitude + rounding, "{what}: inertia {found}, naive {naive}");
    assert_eq!(model.inertia(), fit.report.inertia);
}
