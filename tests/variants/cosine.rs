//! The cosine metric: rows of any length, compared by direction.

use kmeans::{AssignOptions, Metric, RowSlice, Warning};

use super::data::kmeans;
use crate::naive;

fn cosine_distance(a: &[f32], b: &[f32]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    let norm = |v: &[f32]| v.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
    let lengths = norm(a) * norm(b);
    if lengths == 0.0 { 1.0 } else { 1.0 - dot / lengths }
}

/// Rows around some directions, of lengths over many powers of ten.
fn rows(n: usize, d: usize) -> Vec<f32> {
    let mut numbers = naive::Numbers::new(12);
    let x = naive::blobs(n, d, 5, 2);
    x.chunks_exact(d)
        .flat_map(|row| {
            let length = 10_f32.powf(numbers.uniform(-15.0, 15.0));
            row.iter().map(move |v| v * length).collect::<Vec<f32>>()
        })
        .collect()
}

#[test]
fn labels_and_distances_are_those_of_the_angles() {
    let (n, d) = (500, 7);
    let x = rows(n, d);
    let fit = kmeans(5).metric(Metric::Cosine).return_distances(true).train(&x, d).unwrap();
    let distances = fit.distances.as_ref().unwrap();
    let mut inertia = 0.0;
    for (row, (x, &label)) in x.chunks_exact(d).zip(&fit.labels).enumerate() {
        let to = |c: usize| cosine_distance(x, fit.model.centroid(c));
        let least = (0..5).map(to).fold(f64::INFINITY, f64::min);
        assert!(to(label as usize) <= least + 1e-6, "row {row}");
        assert!((f64::from(distances[row]) - to(label as usize)).abs() < 1e-6, "row {row}");
        inertia += to(label as usize);
    }
    assert!(
        (fit.report.inertia - inertia).abs() < 1e-5 * inertia.max(1.0),
        "{} {inertia}",
        fit.report.inertia
    );
    for c in 0..5 {
        let norm: f32 = fit.model.centroid(c).iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((norm - 1.0).abs() < 1e-5);
    }
    assert!(fit.report.obj.windows(2).all(|o| o[1] <= o[0] + 1e-9), "{:?}", fit.report.obj);
}

#[test]
fn the_length_of_rows_does_not_matter() {
    let (n, d) = (400, 6);
    let unit: Vec<f32> = naive::blobs(n, d, 5, 3);
    let scaled: Vec<f32> = unit
        .chunks_exact(d)
        .enumerate()
        .flat_map(|(i, r)| r.iter().map(move |v| v * 2_f32.powi(i as i32 % 60 - 30)))
        .collect();
    let train = |x: &[f32]| kmeans(6).metric(Metric::Cosine).train(x, d).unwrap();
    let (a, b) = (train(&unit), train(&scaled));
    assert_eq!(a.labels, b.labels);
    assert_eq!(a.model.offsets(), b.model.offsets());
}

#[test]
fn cosine_is_spherical_training_of_normalised_rows() {
    let (n, d) = (300, 4);
    let x = naive::blobs(n, d, 4, 6);
    let unit: Vec<f32> = x
        .chunks_exact(d)
        .flat_map(|r| {
            let norm = r.iter().map(|v| v * v).sum::<f32>().sqrt();
            r.iter().map(move |v| v / norm).collect::<Vec<f32>>()
        })
        .collect();
    let from = || kmeans(4).init_centroids(unit[..4 * d].to_vec());
    let cosine = from().metric(Metric::Cosine).train(&x, d).unwrap();
    let spherical = from().spherical(true).train(&unit, d).unwrap();
    assert_eq!(cosine.labels, spherical.labels);
    assert!((cosine.report.inertia - (n as f64 - spherical.report.inertia)).abs() < 1e-3);
}

#[test]
fn rows_of_zeros_are_counted_and_move_nothing() {
    let d = 3;
    let x = naive::blobs(200, d, 4, 8);
    let without = kmeans(4).metric(Metric::Cosine).init_centroids(x[..4 * d].to_vec()).train(&x, d).unwrap();
    let mut with = x.clone();
    with.extend([0.0; 6]);
    let fit = kmeans(4)
        .metric(Metric::Cosine)
        .init_centroids(x[..4 * d].to_vec())
        .return_distances(true)
        .train(&with, d)
        .unwrap();
    for (a, b) in fit.model.offsets().iter().zip(without.model.offsets()) {
        assert!((a - b).abs() < 1e-6);
    }
    assert_eq!(fit.labels[..200], without.labels[..]);
    assert_eq!((&fit.labels[200..], &fit.distances.as_ref().unwrap()[200..]), (&[0, 0][..], &[1.0, 1.0][..]));
    assert_eq!(fit.report.zero_rows, 2);
    assert!(fit.report.warnings.contains(&Warning::ZeroRows { rows: 2 }));
}

#[test]
fn new_rows_are_normalised_like_the_rows_trained_on() {
    let (n, d) = (300, 5);
    let x = rows(n, d);
    let kmeans = kmeans(6).metric(Metric::Cosine);
    let fit = kmeans.train(&x, d).unwrap();
    let points = RowSlice::new(&x, d).unwrap();
    let found =
        kmeans.assign_points(&fit.model, &points, AssignOptions::default().p(6).distances(true)).unwrap();
    for (row, (ids, distances)) in
        found.labels.chunks_exact(6).zip(found.distances.as_ref().unwrap().chunks_exact(6)).enumerate()
    {
        assert_eq!(ids[0], fit.labels[row]);
        assert!(distances.windows(2).skip(1).all(|p| p[0] <= p[1]), "row {row}: {distances:?}");
        for (&id, &distance) in ids.iter().zip(distances) {
            let exact = cosine_distance(&x[row * d..][..d], fit.model.centroid(id as usize));
            assert!((exact - f64::from(distance)).abs() < 1e-6);
        }
    }
}
