//! Rows of few columns, in cells, beside every pair scored.

use kmeans::core::{Centroids, Engine, Frame, Metric, PairCounts, Pruning};
use kmeans_backend_cpu::CpuEngine;

use crate::{engines, frame, means, prepared};

const ITERATIONS: usize = 5;

/// A job, and the share of its pairs that may be scored.
struct Case<'a> {
    x: &'a [f32],
    k: usize,
    metric: Metric,
    weights: Option<&'a [f32]>,
    frame: Frame,
    most_scored: f64,
}

/// What boxes rule out is more than a half.
const USUAL: f64 = 0.5;
/// What boxes rule out is of no interest.
const HARD: f64 = 1.0;

fn l2(x: &[f32], d: usize, k: usize, most_scored: f64) -> Case<'_> {
    let (metric, weights) = (Metric::L2, None);
    Case { x, k, metric, weights, frame: frame(x, d, weights, metric), most_scored }
}

/// Lloyd's iterations by hand; labels, distances and sums must be equal in each.
fn check(case: &Case<'_>, what: &str) {
    let Case { x, k, metric, weights, frame, most_scored } = case;
    let (d, k) = (frame.dim(), *k);
    let n = x.len() / d;
    for engine in engines() {
        let mut a = prepared(&engine, x, d, *weights, frame);
        let mut b = prepared(&engine, x, d, *weights, frame);
        engine.set_pruning(&mut a, Pruning::Off, None).unwrap();
        engine.set_pruning(&mut b, Pruning::Auto, None).unwrap();
        let first: Vec<f32> = (0..k).flat_map(|i| &x[i * n / k * d..][..d]).copied().collect();
        let mut centroids = Centroids::from_positions(&first, frame);
        for iteration in 0..ITERATIONS {
            let codebook = engine.codebook(&centroids, *metric).unwrap();
            let expected = engine.step(&mut a, &codebook).unwrap();
            let found = engine.step(&mut b, &codebook).unwrap();
            let what = format!("{what}, d={d}, {metric}, {}, iteration {iteration}", engine.name());
            assert_eq!(engine.labels(&a).unwrap(), engine.labels(&b).unwrap(), "{what}");
            let bits = |distances: Vec<f32>| distances.into_iter().map(f32::to_bits).collect::<Vec<u32>>();
            assert_eq!(bits(engine.distances(&a).unwrap()), bits(engine.distances(&b).unwrap()), "{what}");
            assert!(expected == found, "{what}: sums");
            centroids = Centroids::from_offsets(means(&expected, &centroids, frame, |_| true), d);
        }
        let PairCounts { total, by_bounds, by_bytes, scored, .. } = engine.pair_counts(&b).unwrap();
        assert_eq!((total, by_bytes), ((ITERATIONS * n * k) as u64, 0), "{what}");
        assert_eq!(by_bounds + scored, total, "{what}");
        assert!(scored as f64 <= most_scored * total as f64, "{what}: {scored} of {total}, d={d}");
    }
}

fn draw(len: usize, seed: usize) -> Vec<f32> {
    let number = |i: usize| ((i + seed).wrapping_mul(2_654_435_761) >> 7) % 100_003;
    (0..len).map(|i| number(i * i + 31 * i) as f32 / 1000.0).collect()
}

#[test]
fn few_columns() {
    for (n, d, k) in [(3000, 1, 300), (5003, 2, 300), (9100, 3, 256), (9000, 4, 2100)] {
        let x = draw(n * d, n);
        check(&l2(&x, d, k, USUAL), "uniform");
        let weights: Vec<f32> = (0..n).map(|i| (i % 4) as f32).collect();
        let weighted = frame(&x, d, Some(&weights), Metric::L2);
        check(&Case { weights: Some(&weights), frame: weighted, ..l2(&x, d, k, USUAL) }, "weights");
        let far: Vec<f32> = x.iter().map(|x| x * 1e-3 + 1e5).collect();
        check(&l2(&far, d, k, HARD), "far");
        let coarse: Vec<f32> = x.iter().map(|x| (x / 10.0).floor()).collect();
        check(&l2(&coarse, d, k, HARD), "ties");
        let mut outlying = x.clone();
        (outlying[n / 2 * d], outlying[n / 3 * d]) = (1e7, -3e6);
        check(&l2(&outlying, d, k, USUAL), "outliers");
        for metric in [Metric::InnerProduct, Metric::Cosine] {
            let frame = frame(&x, d, None, metric);
            check(&Case { metric, frame, ..l2(&x, d, k, HARD) }, "products");
        }
    }
    for d in 5..8 {
        check(&l2(&draw(6000 * d, d), d, 600, HARD), "more columns");
    }
    check(&l2(&vec![3.0; 2000], 1, 256, HARD), "all rows equal");
}

#[test]
fn rows_without_weight_may_be_anything() {
    let (n, d, k) = (2000, 2, 256);
    let (mut x, mut weights) = (draw(n * d, 5), vec![1.0; n]);
    let frame = frame(&x, d, None, Metric::L2);
    for (row, value) in [(3, f32::INFINITY), (1503, 3e38)] {
        (x[d * row], weights[row]) = (value, 0.0);
    }
    let is_first = |row: usize| (0..k).any(|i| i * n / k == row);
    for row in (5..n).step_by(97).filter(|&row| !is_first(row)) {
        (x[d * row + 1], weights[row]) = (f32::NAN, 0.0);
    }
    let (metric, weights) = (Metric::L2, Some(&weights[..]));
    check(&Case { x: &x, k, metric, weights, frame, most_scored: HARD }, "rows without weight");
}

#[test]
fn without_memory_every_pair_is_scored() {
    let (n, d, k) = (3000, 2, 300);
    let x = draw(n * d, 1);
    let frame = frame(&x, d, None, Metric::L2);
    let engine = CpuEngine::new(None).unwrap();
    let scored = |memory| {
        let mut rows = prepared(&engine, &x, d, None, &frame);
        engine.set_pruning(&mut rows, Pruning::Auto, memory).unwrap();
        let codebook = engine.codebook(&Centroids::from_positions(&x[..k * d], &frame), Metric::L2).unwrap();
        (0..2).for_each(|_| engine.assign(&mut rows, &codebook).unwrap());
        engine.pair_counts(&rows).unwrap().scored
    };
    let all = (2 * n * k) as u64;
    assert_eq!(scored(Some((n * d) as u64)), all);
    assert!(scored(None) < all && scored(Some(1 << 20)) < all);
}
