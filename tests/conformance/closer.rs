//! Pairs closer than a limit: none lost, none too many, whatever an engine rules out without measuring.

use kmeans::core::{Centroids, Engine, Metric, Rows};

use crate::engines::{centroids, frame, prepared};
use crate::naive;

/// Limits that are infinite, zero, above all distances of the row, or exactly one of them.
fn limits(sq_dists: &[f32], k: usize) -> Vec<f32> {
    let of = |(row, sq_dists): (usize, &[f32])| match row % 5 {
        0 => f32::INFINITY,
        1 => 0.0,
        2 => sq_dists.iter().copied().fold(0.0, f32::max) * 1.5,
        _ => sq_dists[row % k],
    };
    sq_dists.chunks_exact(k).enumerate().map(of).collect()
}

fn check_closer(engine: &impl Engine, x: &[f32], d: usize, c: &Centroids, what: &str) {
    let frame = frame(x, d, None, Metric::L2);
    let codebook = engine.codebook(c, Metric::L2).unwrap();
    let mut rows = prepared(engine, x, None, &frame);
    let sq_dists = engine.distance_matrix(&rows, &codebook).unwrap();
    let limits = limits(&sq_dists, c.k());

    let mut found = engine.closer(&rows, &codebook, &limits).unwrap();
    assert_eq!(found.len(), c.k());
    for (centroid, found) in found.iter_mut().enumerate() {
        found.sort_by_key(|&(row, _)| row);
        let to_one = sq_dists.iter().skip(centroid).step_by(c.k()).copied().enumerate();
        let expected: Vec<_> = to_one.filter(|&(row, sq_dist)| sq_dist < limits[row]).collect();
        assert_eq!(*found, expected, "{what}, centroid {centroid}");
    }

    engine.assign(&mut rows, &codebook).unwrap();
    let assigned = engine.labels(&rows).unwrap().into_iter().zip(engine.distances(&rows).unwrap());
    let assigned = assigned.enumerate().map(|(row, (label, sq_dist))| (row, label, sq_dist));
    let expected: Vec<_> = assigned.filter(|&(row, _, sq_dist)| sq_dist < limits[row]).collect();
    let mut found = engine.closest(&mut rows, &codebook, &limits).unwrap();
    found.sort_by_key(|&(row, ..)| row);
    assert_eq!(found, expected, "{what}");
}

pub(crate) fn no_pair_is_lost_or_made_up(engine: &impl Engine) {
    for (n, d, k) in [(1, 1, 1), (300, 1, 7), (260, 3, 17), (531, 17, 40), (400, 128, 64), (80, 300, 5)] {
        let x = naive::blobs(n, d, 10, 51);
        let c = centroids(&x, k.min(n), &frame(&x, d, None, Metric::L2), 2);
        check_closer(engine, &x, d, &c, &format!("n={n} d={d} k={k}"));
    }
}

/// Scores far larger than the differences between distances: rounding decides what may be ruled out.
pub(crate) fn no_pair_is_lost_to_rounding(engine: &impl Engine) {
    for d in [2, 16, 64] {
        let mut x = naive::blobs(400, d, 10, 52);
        x.iter_mut().enumerate().for_each(|(i, x)| *x = *x * 1e-3 + if i / d % 2 == 0 { 1e3 } else { -1e3 });
        let c = centroids(&x, 30, &frame(&x, d, None, Metric::L2), 2);
        check_closer(engine, &x, d, &c, &format!("far rows, d={d}"));
    }
}

/// Products below the smallest normal number: rounding is no share of them any more.
pub(crate) fn no_pair_is_lost_among_tiny_values(engine: &impl Engine) {
    for d in [2, 16, 64] {
        let (n, k) = (500, 20);
        let x: Vec<f32> = naive::blobs(n, d, 10, 54).iter().map(|x| x * 1e-22).collect();
        let mut whole = x.clone();
        whole.extend(vec![1e-8; d]);
        let frame = frame(&whole, d, None, Metric::L2);
        assert_eq!(frame.scale(), 1.0);
        let positions: Vec<f32> = x[..k * d].iter().map(|x| x * 1.5).collect();
        let codebook = engine.codebook(&Centroids::from_positions(&positions, &frame), Metric::L2).unwrap();
        let rows = prepared(engine, &whole, None, &frame);
        let sq_dists = engine.distance_matrix(&rows, &codebook).unwrap();
        let limits: Vec<f32> =
            sq_dists.chunks_exact(k).enumerate().map(|(row, to)| to[row % k].next_up()).collect();
        let found = engine.closer(&rows, &codebook, &limits).unwrap();
        let expected: usize = (0..=n)
            .map(|row| sq_dists[row * k..][..k].iter().filter(|&&sq_dist| sq_dist < limits[row]).count())
            .sum();
        assert_eq!(found.iter().map(Vec::len).sum::<usize>(), expected, "d={d}");
    }
}

pub(crate) fn rows_of_a_tensor_are_found_like_those_of_a_slice<E: Engine>(engine: &E) {
    let (n, d, k) = (333, 19, 12);
    let x = naive::blobs(n, d, 10, 53);
    let frame = frame(&x, d, None, Metric::L2);
    let codebook = engine.codebook(&centroids(&x, k, &frame, 2), Metric::L2).unwrap();
    let mut lent = prepared(engine, &x, None, &frame);
    let data = burn::tensor::TensorData::new(x.clone(), [n, d]);
    let tensor = burn::tensor::Tensor::<E::Backend, 2>::from_data(data, &engine.backend_device());
    let mut held = engine.prepare(Rows::Tensor(tensor), None).unwrap();
    engine.set_frame(&mut held, &frame).unwrap();
    let limits: Vec<f32> = (0..n).map(|row| row as f32).collect();
    let mut a = engine.closest(&mut lent, &codebook, &limits).unwrap();
    let mut b = engine.closest(&mut held, &codebook, &limits).unwrap();
    a.sort_by_key(|&(row, ..)| row);
    b.sort_by_key(|&(row, ..)| row);
    assert_eq!(a, b);
}
