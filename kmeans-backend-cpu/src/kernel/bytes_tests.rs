//! Bounds from bytes hold, and are the same on all instructions.

use std::num::NonZeroUsize;

use kmeans_core::{Centroids, Engine, Extent, Frame, Metric, Rows};

use super::bytes::{Bounds, bound_scores};
use super::lanes::PANEL;
use super::lines::Line;
use crate::byte_isa::ByteIsa;
use crate::bytes::{ByteCentroids, ByteRows, TILE};
use crate::engine::CpuEngine;
use crate::isa::Isa;

/// Numbers of very different magnitude, zeros among them.
fn numbers(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 40
    };
    let mut number = || match next() % 8 {
        0 => 0.0,
        1 => next() as f32 / 16.0,
        _ => next() as f32 / 65536.0 - 128.0,
    };
    (0..len).map(|_| number()).collect()
}

struct Case {
    n: usize,
    d: usize,
    k: usize,
    x: Vec<f32>,
    c: Vec<f32>,
}

fn cases() -> Vec<Case> {
    let shapes =
        [(1, 1, 1), (17, 3, 5), (40, 4, 33), (33, 50, 70), (100, 64, 16), (50, 130, 100), (20, 785, 40)];
    let case = |(n, d, k): (usize, usize, usize)| {
        let (mut x, c) = (numbers(n * d, 1), numbers(k * d, 2));
        x[..d].fill(0.0);
        Case { n, d, k, x, c }
    };
    shapes.into_iter().map(case).collect()
}

/// The rows as bytes in a frame that changes nothing.
fn byte_rows(case: &Case) -> ByteRows {
    let engine = CpuEngine::new(NonZeroUsize::new(2)).unwrap();
    let x = case.x.as_slice().into();
    let mut rows = engine.prepare(Rows::Host { x, d: case.d }, None).unwrap();
    let extent = Extent::new(vec![0.0; case.d], vec![0.0; case.d], case.n, None);
    engine.set_frame(&mut rows, &Frame::at_minimum(&extent)).unwrap();
    ByteRows::of(&engine.workers, engine.isa, &rows)
}

fn bounds(isa: Isa, bytes: ByteIsa, rows: &ByteRows, n: usize, centroids: &ByteCentroids) -> [Vec<Line>; 2] {
    let tiles = n.div_ceil(TILE);
    let mut least = vec![Line([0.0; PANEL]); tiles * centroids.groups()];
    let mut most = vec![Line([f32::INFINITY; PANEL]); tiles];
    let mut bounds = Bounds { first: 0, least: &mut least, most: &mut most };
    bound_scores(isa, bytes, rows, centroids, &mut bounds);
    [least, most]
}

#[test]
fn all_instructions_give_the_same_bits() {
    let isa = Isa::detect();
    for case in cases() {
        let biases = Centroids::from_offsets(case.c.clone(), case.d).biases(Metric::L2);
        let (rows, centroids) = (byte_rows(&case), ByteCentroids::of(&case.c, case.d, &biases, -2.0));
        let bits = |bytes| {
            let found = bounds(isa, bytes, &rows, case.n, &centroids);
            found.map(|lines| lines.iter().map(|line| line.0.map(f32::to_bits)).collect::<Vec<_>>())
        };
        let expected = bits(ByteIsa::Portable);
        for bytes in ByteIsa::available(isa) {
            assert!(bits(bytes) == expected, "{bytes} n={} d={} k={}", case.n, case.d, case.k);
        }
    }
}

#[test]
fn no_score_is_below_its_bound_and_the_best_is_not_above_the_other() {
    for case in cases() {
        for metric in [Metric::L2, Metric::InnerProduct] {
            let biases = Centroids::from_offsets(case.c.clone(), case.d).biases(metric);
            let factor = metric.score_factor();
            let (rows, centroids) = (byte_rows(&case), ByteCentroids::of(&case.c, case.d, &biases, factor));
            let tiles = case.n.div_ceil(TILE);
            let [least, most] =
                bounds(Isa::detect(), ByteIsa::available(Isa::detect())[0], &rows, case.n, &centroids);
            for (row, v) in case.x.chunks_exact(case.d).enumerate() {
                let scores = case.c.chunks_exact(case.d).zip(&biases).map(|(c, &bias)| {
                    let product: f64 = v.iter().zip(c).map(|(&v, &c)| f64::from(v) * f64::from(c)).sum();
                    f64::from(bias) + f64::from(factor) * product
                });
                let scores: Vec<f64> = scores.collect();
                let at = |line: &Line| f64::from(line.0[row % TILE]);
                // What the roundings of the sums may do is in the slack of the caller, not in the bounds.
                let size = scores.iter().fold(0.0_f64, |size, score| size.max(score.abs()));
                let rounding = 1e-5 * (size + 1.0);
                for (c, score) in scores.iter().enumerate() {
                    let bound = at(&least[c / TILE * tiles + row / TILE]);
                    assert!(bound <= score + rounding, "{metric} d={} row {row} centroid {c}", case.d);
                }
                let best = scores.iter().copied().fold(f64::INFINITY, f64::min);
                assert!(best <= at(&most[row / TILE]) + rounding, "{metric} d={} row {row}", case.d);
            }
        }
    }
}
