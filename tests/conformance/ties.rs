//! Equal scores take the lowest index, exactly.

use kmeans::core::{Centroids, Engine, Frame, Metric};

use crate::engines::{extent, frame, prepared};
use crate::naive;

fn labels_of(
    engine: &impl Engine,
    x: &[f32],
    frame: &Frame,
    centroids: &Centroids,
    metric: Metric,
) -> Vec<i32> {
    let codebook = engine.codebook(centroids, metric).unwrap();
    let mut rows = prepared(engine, x, None, frame);
    engine.assign(&mut rows, &codebook).unwrap();
    engine.labels(&rows).unwrap()
}

/// Distinct centroids `0..m` in random order and number, each somewhere for the first time.
pub(crate) fn equal_centroids_give_the_lowest_index(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (d, k) in [(1_usize, 2_usize), (3, 7), (16, 33), (17, 64), (128, 200), (784, 40)] {
            let x = naive::blobs(300, d, 12, 5);
            let frame = frame(&x, d, None, metric);
            let mut numbers = naive::Numbers::new(k as u64);
            let distinct = Centroids::from_positions(&naive::blobs(k.div_ceil(4), d, 12, 5), &frame);
            let mut offsets = Vec::new();
            for _ in 0..k {
                offsets.extend_from_slice(distinct.row(numbers.below(distinct.k())));
            }
            let centroids = Centroids::from_offsets(offsets, d);
            for (row, label) in labels_of(engine, &x, &frame, &centroids, metric).into_iter().enumerate() {
                let own = centroids.row(label as usize);
                let first = (0..k).find(|&c| centroids.row(c) == own).unwrap();
                assert_eq!(label as usize, first, "{metric} row {row} d={d} k={k}");
            }
        }
    }
}

/// Small integers: every score is exact in `f32`, so ties are exact in any order of addition.
pub(crate) fn exact_ties_give_the_lowest_index(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (d, k) in [(1, 3), (2, 20), (3, 50), (8, 17), (16, 100)] {
            let mut numbers = naive::Numbers::new(d as u64);
            let mut integers = |len| (0..len).map(|_| numbers.below(5) as f32 - 2.0).collect::<Vec<f32>>();
            let (x, c) = (integers(400 * d), integers(k * d));
            let frame = Frame::at_origin(vec![0.0; d], &extent(&x, d, None));
            let centroids = Centroids::from_offsets(c.clone(), d);
            let labels = labels_of(engine, &x, &frame, &centroids, metric);
            let c = naive::widened(&c);
            for (row, (x, label)) in x.chunks_exact(d).zip(labels).enumerate() {
                let (best, _) = naive::best(metric, &naive::widened(x), &c);
                assert_eq!(label as usize, best, "{metric} row {row} d={d} k={k}");
            }
        }
    }
}

/// Copies of one row all over the blocks, halfway between pairs of centroids.
pub(crate) fn equal_rows_get_equal_labels(engine: &impl Engine) {
    for d in [1, 3, 17, 64, 128, 300] {
        let (n, k) = (800, 40);
        let c = naive::blobs(k, d, k, 9);
        let pairs = (0..k - 1).map(|j| (&c[j * d..][..d], &c[(j + 1) * d..][..d]));
        let halfway: Vec<Vec<f32>> =
            pairs.map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect()).collect();
        let x: Vec<f32> = (0..n).flat_map(|i| halfway[i * 7 % halfway.len()].clone()).collect();
        let frame = frame(&x, d, None, Metric::L2);
        let centroids = Centroids::from_positions(&c, &frame);
        let labels = labels_of(engine, &x, &frame, &centroids, Metric::L2);
        for (i, &label) in labels.iter().enumerate() {
            assert_eq!(label, labels[i % halfway.len()], "row {i} d={d}");
        }
    }
}
