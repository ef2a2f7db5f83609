//! Rows of few columns, in cells, beside every pair scored.

use std::num::NonZeroUsize;

use kmeans::core::{Centroids, Engine, Frame, Init, KMeans, Metric, PairCounts, Pruning};
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
/// Boxes rule out some.
const HARD: f64 = 0.99;
/// Nothing can be ruled out.
const EQUAL: f64 = 1.0;

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
    check(&l2(&vec![3.0; 2000], 1, 256, EQUAL), "all rows equal");
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

/// What is kept from a pass must not be believed of other centroids, labels, or another frame.
#[test]
fn passes_in_any_order() {
    let (n, d) = (4000, 3);
    let x = draw(n * d, 3);
    for (engine, metric) in engines().iter().flat_map(|e| [Metric::L2, Metric::InnerProduct].map(|m| (e, m)))
    {
        let usual = frame(&x, d, None, metric);
        let mut a = prepared(engine, &x, d, None, &usual);
        let mut b = prepared(engine, &x, d, None, &usual);
        engine.set_pruning(&mut a, Pruning::Off, None).unwrap();
        engine.set_pruning(&mut b, Pruning::Auto, None).unwrap();
        let rows = |from: usize, k: usize| Centroids::from_positions(&x[from * d..(from + k) * d], &usual);
        let penalties = (0..400).map(|c| (c % 5) as f32 * 20.0).collect();
        let order = [
            ("first", rows(0, 400)),
            ("second", rows(0, 400)),
            ("with penalties", rows(0, 400).with_penalties(penalties)),
            ("without", rows(0, 400)),
            ("set to others", rows(0, 400)),
            ("fewer, too few for cells", rows(7, 50)),
            ("more", rows(7, 2100)),
            ("in another frame", rows(7, 2100)),
            ("assigned only", rows(1, 400)),
            ("at last", rows(1, 400)),
        ];
        for (what, centroids) in order {
            let codebook = engine.codebook(&centroids, metric).unwrap();
            for rows in [&mut a, &mut b] {
                match what {
                    "set to others" => {
                        let others: Vec<i32> = (0..n as i32).map(|row| row * 7 % 400).collect();
                        engine.set_labels(rows, &others).unwrap();
                        engine.reduce(rows, &codebook).unwrap();
                    }
                    "in another frame" => engine.set_frame(rows, &frame(&x[..n], d, None, metric)).unwrap(),
                    _ => {}
                }
                match what {
                    "assigned only" => engine.assign(rows, &codebook).unwrap(),
                    _ => _ = engine.step(rows, &codebook).unwrap(),
                }
            }
            let what = format!("{what}, {metric}, {}", engine.name());
            assert_eq!(engine.labels(&a).unwrap(), engine.labels(&b).unwrap(), "{what}");
            assert_eq!(engine.distances(&a).unwrap(), engine.distances(&b).unwrap(), "{what}");
        }
        let PairCounts { total, by_bounds, .. } = engine.pair_counts(&b).unwrap();
        assert!(2 * by_bounds > total, "{metric}, {}", engine.name());
    }
}

/// Trainings, held whole or in parts, on any number of threads.
#[test]
fn any_number_of_threads() {
    let (n, d, k) = (9000, 2, 300);
    let x = draw(n * d, 11);
    let fit = |threads, chunk_rows: Option<usize>| {
        let engine = CpuEngine::new(NonZeroUsize::new(threads)).unwrap();
        let kmeans = KMeans::on(engine, k).init(Init::Random).niter(6).early_stop_threshold(None);
        let fit = kmeans.chunk_rows(chunk_rows).train(&x, d).unwrap();
        let PairCounts { total, by_bounds, .. } = fit.report.pairs.unwrap();
        assert!(2 * by_bounds > total, "{threads} threads, {chunk_rows:?}");
        (fit.labels, fit.report.obj, fit.model.centroids().to_vec())
    };
    let one = fit(1, None);
    for (threads, chunk_rows) in [(2, None), (5, None), (2, Some(4000))] {
        assert!(fit(threads, chunk_rows) == one, "{threads} threads, {chunk_rows:?}");
    }
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
