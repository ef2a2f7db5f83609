//! The p nearest centroids.

use kmeans::core::{Centroids, Engine, Metric, Neighbours};

use crate::engines::{centroids, frame, prepared};
use crate::naive;

/// Checks the list of one row: different centroids, in order, none left out that is nearer.
fn check_row(metric: Metric, v: &[f64], c: &[f64], ids: &[i32], distances: &[f32], what: &str) {
    let d = v.len();
    let scores: Vec<f64> = c.chunks_exact(d).map(|c| naive::score(metric, v, c)).collect();
    let at = |id: i32| scores[id as usize];
    let tolerance = |id: i32| naive::tolerance(v, &c[id as usize * d..][..d]);
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "{what}: {ids:?} has repetitions");
    for pair in ids.windows(2) {
        let allowed = tolerance(pair[0]).max(tolerance(pair[1]));
        assert!(at(pair[0]) <= at(pair[1]) + allowed, "{what}: {pair:?} are out of order");
    }
    let last = *ids.last().unwrap();
    for left_out in (0..scores.len() as i32).filter(|id| !ids.contains(id)) {
        let allowed = tolerance(left_out).max(tolerance(last));
        assert!(at(last) <= at(left_out) + allowed, "{what}: {left_out} is nearer than {last}");
    }
    for (&id, &distance) in ids.iter().zip(distances) {
        naive::check_distance(metric, v, &c[id as usize * d..][..d], distance, what);
    }
}

fn check(engine: &impl Engine, d: usize, k: usize, ps: &[usize]) {
    let n = 260;
    for metric in [Metric::L2, Metric::InnerProduct] {
        let x = naive::blobs(n, d, 10, 41);
        let frame = frame(&x, d, None, metric);
        let centroids = centroids(&x, k, &frame, 2);
        let codebook = engine.codebook(&centroids, metric).unwrap();
        let rows = prepared(engine, &x, None, &frame);
        let (v, c) = (naive::offsets(&x, &frame), naive::widened(centroids.offsets()));
        for &p in ps {
            let Neighbours { ids, distances } = engine.nearest(&rows, &codebook, p).unwrap();
            assert_eq!((ids.len(), distances.len()), (n * p, n * p));
            for (row, v) in v.chunks_exact(d).enumerate() {
                let what = format!("{metric} d={d} k={k} p={p}, row {row}");
                check_row(metric, v, &c, &ids[row * p..][..p], &distances[row * p..][..p], &what);
            }
        }
    }
}

pub(crate) fn the_nearest_come_in_order(engine: &impl Engine) {
    for (d, k) in [(1, 7), (3, 17), (17, 64), (128, 100)] {
        check(engine, d, k, &[1, 2, 5]);
    }
}

pub(crate) fn all_centroids_can_be_listed(engine: &impl Engine) {
    for (d, k) in [(1, 1), (3, 7), (17, 33), (64, 16)] {
        check(engine, d, k, &[k]);
    }
}

pub(crate) fn equal_centroids_are_listed_by_number(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (d, m, copies) in [(1, 3, 3), (3, 5, 4), (17, 9, 5), (128, 6, 6), (300, 20, 3)] {
            let (x, k) = (naive::blobs(100, d, 5, 42), m * copies);
            let frame = frame(&x, d, None, metric);
            let distinct = centroids(&x, m, &frame, 3);
            // Copies of centroid i stand at i, i + m, i + 2m, ...
            let all = Centroids::from_offsets(distinct.offsets().repeat(copies), d);
            let codebook = engine.codebook(&all, metric).unwrap();
            let rows = prepared(engine, &x, None, &frame);
            let p = k - 1;
            let found = engine.nearest(&rows, &codebook, p).unwrap();
            for (row, ids) in found.ids.chunks_exact(p).enumerate() {
                for original in 0..m as i32 {
                    let of_one: Vec<i32> =
                        ids.iter().copied().filter(|id| id % m as i32 == original).collect();
                    let expected: Vec<i32> =
                        (0..of_one.len() as i32).map(|copy| original + copy * m as i32).collect();
                    assert_eq!(of_one, expected, "{metric} d={d} row {row}: {ids:?}");
                }
            }
        }
    }
}

pub(crate) fn the_nearest_is_the_label(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (d, k) in [(1, 1), (3, 7), (17, 64), (128, 100)] {
            let x = naive::blobs(500, d, 10, 43);
            let frame = frame(&x, d, None, metric);
            let codebook = engine.codebook(&centroids(&x, k, &frame, 2), metric).unwrap();
            let mut rows = prepared(engine, &x, None, &frame);
            engine.assign(&mut rows, &codebook).unwrap();
            for p in [1, k.min(3)] {
                let found = engine.nearest(&rows, &codebook, p).unwrap();
                let first: Vec<i32> = found.ids.iter().step_by(p).copied().collect();
                let distances: Vec<f32> = found.distances.iter().step_by(p).copied().collect();
                assert_eq!(first, engine.labels(&rows).unwrap(), "{metric} d={d} k={k} p={p}");
                assert_eq!(distances, engine.distances(&rows).unwrap(), "{metric} d={d} k={k} p={p}");
            }
        }
    }
}

/// Rows halfway between two centroids, whose scores in `f32` may say one thing and distances in
/// `f64` another.
pub(crate) fn the_nearest_is_the_label_in_near_ties(engine: &impl Engine) {
    for d in [3, 17, 128] {
        let (n, k) = (400, 40);
        let c = naive::blobs(k, d, k, 9);
        let halfway = |i: usize, j: usize| (c[(i % k) * d + j] + c[((i + 1 + i / k) % k) * d + j]) / 2.0;
        let x: Vec<f32> =
            (0..n).flat_map(|i| (0..d).map(move |j| (i, j))).map(|(i, j)| halfway(i, j)).collect();
        let frame = frame(&x, d, None, Metric::L2);
        let codebook = engine.codebook(&Centroids::from_positions(&c, &frame), Metric::L2).unwrap();
        let mut rows = prepared(engine, &x, None, &frame);
        engine.assign(&mut rows, &codebook).unwrap();
        let labels = engine.labels(&rows).unwrap();
        let found = engine.nearest(&rows, &codebook, 2).unwrap();
        let other = (0..n).filter(|&i| found.ids[2 * i] != labels[i]).count();
        assert_eq!(other, 0, "d={d}: rows of {n} whose label is not the first of their two nearest");
    }
}
