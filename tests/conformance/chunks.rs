//! The same rows in one part or in many: the same sums, bit for bit.

use std::ops::Range;

use kmeans::core::{Engine, Metric, PartialStats};

use crate::engines::{centroids, check_same, frame, prepared};
use crate::naive;

fn check(engine: &impl Engine, weights: Option<&[f32]>, n: usize) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (d, k) in [(1, 2), (3, 7), (17, 64), (128, 20), (784, 3)] {
            let x = naive::blobs(n, d, 10, 31);
            let frame = frame(&x, d, weights, metric);
            let codebook = engine.codebook(&centroids(&x, k, &frame, 1), metric).unwrap();
            let (mut whole, mut labels) = (None::<PartialStats>, Vec::new());
            for cuts in cuts(n) {
                let parts = cuts.len();
                let mut sums = None;
                let mut found = Vec::new();
                for range in cuts {
                    let x = &x[range.start * d..range.end * d];
                    let mut rows = prepared(engine, x, weights.map(|w| &w[range]), &frame);
                    let part = engine.step(&mut rows, &codebook).unwrap();
                    found.extend(engine.labels(&rows).unwrap());
                    match &mut sums {
                        None => sums = Some(part),
                        Some(sums) => engine.merge(sums, part).unwrap(),
                    }
                }
                let stats = engine.download(sums.unwrap()).unwrap();
                let what = format!("{metric} d={d} k={k} in {parts} parts");
                if let Some(whole) = &whole {
                    assert_eq!(found, labels, "{what}");
                    check_same(&stats, whole, &what);
                } else {
                    (whole, labels) = (Some(stats), found);
                }
            }
        }
    }
}

/// Ways to cut n rows into parts: whole, halves, fifths, and the last tenth row by row.
fn cuts(n: usize) -> Vec<Vec<Range<usize>>> {
    let by = |start: usize, step: usize| (start..n).step_by(step).map(move |at| at..n.min(at + step));
    let last = std::iter::once(0..n - n / 10).chain(by(n - n / 10, 1)).collect();
    vec![by(0, n).collect(), by(0, n.div_ceil(2)).collect(), by(0, n.div_ceil(5)).collect(), last]
}

pub(crate) fn parts_add_up_to_the_whole(engine: &impl Engine) {
    check(engine, None, 307);
}

pub(crate) fn weighted_parts_add_up_to_the_whole(engine: &impl Engine) {
    let n = 307;
    let mut numbers = naive::Numbers::new(6);
    let narrow = numbers.vec(n, 0.5, 2.0);
    let wide: Vec<f32> = (0..n).map(|_| 10_f32.powf(numbers.uniform(-6.0, 3.0))).collect();
    check(engine, Some(&narrow), n);
    check(engine, Some(&wide), n);
}
