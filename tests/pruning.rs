//! Labels looked for by bytes, and in cells, are those of the dense kernel, row for row, at every iteration.

#[path = "pruning/cells.rs"]
mod cells;
mod naive;

use kmeans::core::{
    AssignOptions, Centroids, Engine, Extent, Frame, Init, KMeans, Metric, PairCounts, PartialStats, Pruning,
    Rows,
};
use kmeans_backend_cpu::{CpuEngine, InstructionSet};
use proptest::prelude::*;

fn engines() -> Vec<CpuEngine> {
    let sets = [InstructionSet::Widest, InstructionSet::Avx2, InstructionSet::Portable];
    let of = |set| CpuEngine::new(None).unwrap().instruction_set(set).ok();
    sets.into_iter().filter_map(of).collect()
}

fn frame(x: &[f32], d: usize, weights: Option<&[f32]>, metric: Metric) -> Frame {
    let fold = |start: f32, f: fn(f32, f32) -> f32| {
        (0..d).map(|j| x.iter().skip(j).step_by(d).copied().fold(start, f)).collect::<Vec<f32>>()
    };
    let (min, max) = (fold(f32::INFINITY, f32::min), fold(f32::NEG_INFINITY, f32::max));
    Frame::centred(&Extent::new(min, max, x.len() / d, weights), x, metric)
}

fn prepared<'p>(
    engine: &'p CpuEngine,
    x: &'p [f32],
    d: usize,
    weights: Option<&'p [f32]>,
    frame: &Frame,
) -> <CpuEngine as Engine>::Prepared<'p> {
    let mut rows = engine.prepare(Rows::Host { x: x.into(), d }, weights).unwrap();
    engine.set_frame(&mut rows, frame).unwrap();
    rows
}

/// The means of the clusters that move and have weight; the others stay where they are.
fn means(
    stats: &PartialStats,
    centroids: &Centroids,
    frame: &Frame,
    moves: impl Fn(usize) -> bool,
) -> Vec<f32> {
    let mut next = centroids.offsets().to_vec();
    for (cluster, c) in next.chunks_exact_mut(centroids.dim()).enumerate() {
        if let Some(mean) = stats.mean(frame, cluster).filter(|_| moves(cluster)) {
            c.iter_mut().zip(mean).for_each(|(c, mean)| *c = mean as f32);
        }
    }
    next
}

/// Iterations of a check, those after which a centroid jumps, as it does when a cluster is split, and that from
/// which on only one in so many centroids moves.
const ITERATIONS: usize = 14;
const JUMPS: [usize; 3] = [3, 8, 11];
const COMING_TO_REST: usize = 6;
const ONE_IN: usize = 23;

/// Memory for bounds: one for each panel, or so little that two panels or more share one.
const MEMORY: [fn(u64, u64) -> Option<u64>; 2] =
    [|_, _| None, |n, d| Some(n * (d.next_multiple_of(4) + 20) + (n + 16) * 2 * 3)];

/// Lloyd's iterations by hand on both engines; labels, distances and sums must be equal in each. The first
/// centroids are rows.
fn check(x: &[f32], d: usize, k: usize, metric: Metric, weights: Option<&[f32]>, what: &str) {
    let n = x.len() / d;
    for (engine, memory) in engines().into_iter().flat_map(|engine| MEMORY.map(|m| (engine.clone(), m))) {
        let memory = memory(n as u64, d as u64);
        let frame = frame(x, d, weights, metric);
        let mut a = prepared(&engine, x, d, weights, &frame);
        let mut b = prepared(&engine, x, d, weights, &frame);
        engine.set_pruning(&mut a, Pruning::Off, None).unwrap();
        engine.set_pruning(&mut b, Pruning::Always, memory).unwrap();
        let mut centroids = Centroids::from_positions(&x[..k * d], &frame);
        let mut before = vec![0; n];
        for iteration in 0..ITERATIONS {
            let codebook = engine.codebook(&centroids, metric).unwrap();
            let expected = engine.step(&mut a, &codebook).unwrap();
            let found = engine.step(&mut b, &engine.codebook(&centroids, metric).unwrap()).unwrap();
            let what = format!("{what}, {metric}, {}, {memory:?}, iteration {iteration}", engine.name());
            assert_eq!(engine.labels(&a).unwrap(), engine.labels(&b).unwrap(), "{what}");
            assert_eq!(engine.distances(&a).unwrap(), engine.distances(&b).unwrap(), "{what}");
            assert!(expected == found, "{what}: sums");

            // Sums that follow the rows that move are those taken anew.
            let labels = engine.labels(&b).unwrap();
            let changed = labels.iter().zip(&before).filter(|(a, b)| a != b).count() as u64;
            let mut fresh = prepared(&engine, x, d, weights, &frame);
            engine.set_labels(&mut fresh, &labels).unwrap();
            let anew = engine.reduce(&mut fresh, &codebook).unwrap();
            assert!(PartialStats { changed, ..anew } == found, "{what}: sums taken anew");
            before = labels;

            let moves = |cluster| iteration < COMING_TO_REST || cluster % ONE_IN == iteration % ONE_IN;
            let mut next = means(&expected, &centroids, &frame, moves);
            if JUMPS.contains(&iteration) {
                let (from, to) = (iteration * 7 % k, iteration * 13 % k);
                next.copy_within(from * d..(from + 1) * d, to * d);
            }
            if iteration + 1 < ITERATIONS {
                centroids = Centroids::from_offsets(next, d);
            }
        }
        let counts = engine.pair_counts(&b).unwrap();
        let PairCounts { total, by_bounds, by_bytes, scored, .. } = counts;
        assert_eq!(total, (ITERATIONS * n * k) as u64, "{what}");
        assert_eq!(by_bounds + by_bytes + scored, total, "{what}: {counts:?}");
        if weights.is_none() {
            near_f64(&engine, &b, &centroids, metric, what);
        }
    }
}

/// Every label's score is that of the best in `f64`, but for what `f32` cannot tell apart.
fn near_f64(
    engine: &CpuEngine,
    rows: &<CpuEngine as Engine>::Prepared<'_>,
    centroids: &Centroids,
    metric: Metric,
    what: &str,
) {
    let (labels, d) = (engine.labels(rows).unwrap(), centroids.dim());
    let all: Vec<usize> = (0..labels.len()).collect();
    let offsets = engine.gather(rows, &all).unwrap();
    let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    for (v, &label) in offsets.chunks_exact(d).zip(&labels) {
        let score = |c: &[f32]| match metric {
            Metric::L2 => sum(c, c) - 2.0 * sum(v, c),
            _ => -sum(v, c),
        };
        let scores: Vec<f64> = centroids.offsets().chunks_exact(d).map(score).collect();
        let best = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let size = sum(v, v) + centroids.max_sq_norm();
        let allowed = 4.0 * (d as f64 + 8.0) / f64::from(1 << 24) * size + f64::from(f32::MIN_POSITIVE);
        assert!(
            scores[label as usize] - best <= allowed,
            "{what}, {metric}: {}",
            scores[label as usize] - best
        );
    }
}

fn all_metrics(x: &[f32], d: usize, k: usize, what: &str) {
    for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
        check(x, d, k, metric, None, what);
    }
}

#[test]
fn real_data() {
    for (name, ks) in [("digits", &[1, 10, 100, 1000][..]), ("iris", &[3, 150]), ("wine", &[3, 178])] {
        let (x, d) = naive::data(name);
        ks.iter().for_each(|&k| all_metrics(&x, d, k, &format!("{name} k={k}")));
    }
}

#[test]
fn rows_many_times_over() {
    let few = naive::blobs(12, 20, 5, 1);
    let x = few.repeat(40);
    all_metrics(&x, 20, 70, "12 rows, 40 times each");
    all_metrics(&[3.5; 33 * 100], 33, 40, "one row, 100 times");
    all_metrics(&[0.0; 17 * 80], 17, 20, "zeros");
}

#[test]
fn rows_halfway_between_centroids() {
    for d in [1, 16, 64] {
        let c = naive::blobs(40, d, 40, 9);
        let halfway = (0..400).flat_map(|i| {
            let (a, b) = (i % 40, (i + 1 + i / 40) % 40);
            let c = &c;
            (0..d).map(move |j| (c[a * d + j] + c[b * d + j]) / 2.0)
        });
        let x: Vec<f32> = c.iter().copied().chain(halfway).collect();
        all_metrics(&x, d, 40, &format!("halfway, d={d}"));
    }
    // Corners of a cube are as far from each other along every edge.
    let x: Vec<f32> = (0..256).flat_map(|i| (0..8).map(move |bit| f32::from(i >> bit & 1 == 1))).collect();
    all_metrics(&x, 8, 60, "corners");
}

#[test]
fn scales_and_offsets() {
    let x = naive::blobs(500, 24, 10, 3);
    for (scale, offset) in [(1e-30, 0.0), (1e-18, 0.0), (1e15, 0.0), (1.0, 1e6), (1e-3, 1e3), (1e-40, 0.0)] {
        let x: Vec<f32> = x.iter().map(|x| x * scale + offset).collect();
        check(&x, 24, 65, Metric::L2, None, &format!("{scale:e}·x + {offset:e}"));
    }
    // One column far larger than the others, one row far from all.
    let mut wide = x.clone();
    wide.iter_mut().step_by(24).for_each(|x| *x *= 1e6);
    all_metrics(&wide, 24, 65, "one wide column");
    let mut far = x;
    far[24 * 499..].fill(1e9);
    all_metrics(&far, 24, 65, "one row far out");
}

#[test]
fn tiny_values_beside_a_large_row() {
    let mut x: Vec<f32> = naive::blobs(300, 32, 10, 4).iter().map(|x| x * 1e-22).collect();
    x.extend([1e-8; 32]);
    check(&x, 32, 40, Metric::L2, None, "products below the smallest normal number");
}

#[test]
fn weights_some_of_them_zero() {
    let x = naive::blobs(700, 19, 10, 5);
    for ratio in [3.0, 1e7] {
        let weights: Vec<f32> =
            (0..700).map(|i| if i % 7 == 0 { 0.0 } else { (1.0 + i as f32) / ratio }).collect();
        for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
            check(&x, 19, 66, metric, Some(&weights), &format!("weights over {ratio:e}"));
        }
    }
}

/// Passes of every kind, in an order that no training has: what is remembered belongs to the labels and
/// centroids that it was seen with.
#[test]
fn passes_in_any_order() {
    let (x, d) = naive::data("digits");
    for engine in engines() {
        for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
            let frame = frame(&x, d, None, metric);
            let mut a = prepared(&engine, &x, d, None, &frame);
            let mut b = prepared(&engine, &x, d, None, &frame);
            engine.set_pruning(&mut a, Pruning::Off, None).unwrap();
            engine.set_pruning(&mut b, Pruning::Always, None).unwrap();
            let rows =
                |from: usize, k: usize| Centroids::from_positions(&x[from * d..(from + k) * d], &frame);
            let half =
                |c: Centroids| Centroids::from_offsets(c.offsets().iter().map(|c| c / 2.0).collect(), d);
            let long =
                |c: Centroids| Centroids::from_offsets(c.offsets().iter().map(|c| c * 3.0).collect(), d);
            let moved = |a: Centroids, b: Centroids| {
                let between = a.offsets().iter().zip(b.offsets()).map(|(a, b)| a + 0.1 * (b - a));
                Centroids::from_offsets(between.collect(), d)
            };
            let penalties = (0..64).map(|c| (c % 5) as f32 * 1000.0).collect();
            let order: Vec<(&str, Centroids)> = vec![
                ("first", rows(0, 64)),
                ("second", rows(0, 64)),
                ("as before", rows(0, 64)),
                ("with penalties", rows(0, 64).with_penalties(penalties)),
                ("a little moved, without", moved(rows(0, 64), rows(70, 64))),
                ("as before again", rows(0, 64)),
                ("set to the second nearest", rows(0, 64)),
                ("fewer", rows(7, 50)),
                ("more", rows(7, 130)),
                ("more again", rows(7, 130)),
                ("others", rows(500, 130)),
                ("nearer zero", half(rows(0, 64))),
                ("far out", long(rows(0, 64))),
                ("assigned only", rows(1, 64)),
                ("added only", rows(1, 64)),
                ("at last", rows(1, 64)),
            ];
            for (what, centroids) in order {
                let codebook = engine.codebook(&centroids, metric).unwrap();
                for rows in [&mut a, &mut b] {
                    match what {
                        "set to the second nearest" => {
                            let two = engine.nearest(rows, &codebook, 2).unwrap().ids;
                            let second: Vec<i32> = two.chunks(2).map(|two| two[1]).collect();
                            engine.set_labels(rows, &second).unwrap();
                            engine.reduce(rows, &codebook).unwrap();
                            engine.step(rows, &codebook).unwrap();
                        }
                        "assigned only" => engine.assign(rows, &codebook).unwrap(),
                        "added only" => _ = engine.reduce(rows, &codebook).unwrap(),
                        _ => _ = engine.step(rows, &codebook).unwrap(),
                    }
                }
                let what = format!("{what}, {metric}, {}", engine.name());
                assert_eq!(engine.labels(&a).unwrap(), engine.labels(&b).unwrap(), "{what}");
                assert_eq!(engine.distances(&a).unwrap(), engine.distances(&b).unwrap(), "{what}");
            }
        }
    }
}

/// Rows so far out that their squares are no numbers any more, though their scores are.
#[test]
fn rows_whose_squares_overflow() {
    let d = 16;
    let mut x = naive::blobs(300, d, 10, 8);
    x[7 * d..8 * d].fill(1e20);
    let model = KMeans::on(CpuEngine::new(None).unwrap(), 64).train(&x[8 * d..], d).unwrap().model;
    let assign = |pruning| {
        let engine = CpuEngine::new(None).unwrap().pruning(pruning);
        KMeans::on(engine, 64).assign(&model, &x, d).unwrap().labels
    };
    assert_eq!(assign(Pruning::Off), assign(Pruning::Always));
    // Without weight such a row may lie outside of the frame.
    let weights: Vec<f32> = (0..300).map(|row| if row == 7 { 0.0 } else { 1.0 }).collect();
    check(&x, d, 64, Metric::L2, Some(&weights), "a row without weight, far out");
}

/// A sum of bytes times the scale of its row alone may overflow where the score does not.
#[test]
fn rows_whose_bytes_overflow() {
    let (n, d) = (300, 16);
    let mut x = vec![0.0; n * d];
    for (i, row) in x.chunks_exact_mut(d).enumerate() {
        match i % 2 {
            0 => row[i / 2 % d] = 1.0 + i as f32 / 100.0,
            _ => row.fill(1e-3 + i as f32 * 1e-6),
        }
    }
    let kmeans = |pruning| {
        let engine = CpuEngine::new(None).unwrap().pruning(pruning);
        let kmeans = KMeans::on(engine, 64).metric(Metric::InnerProduct).niter(1);
        kmeans.init_centroids(x[..64 * d].to_vec()).frozen_centroids(true)
    };
    let model = kmeans(Pruning::Off).train(&x, d).unwrap().model;
    let mut far = x.clone();
    far[200 * d..201 * d].fill(1e36);
    let labels = |pruning| kmeans(pruning).assign(&model, &far, d).unwrap().labels;
    assert_eq!(labels(Pruning::Off), labels(Pruning::Always));
}

/// A model of dense rows sees sparse ones in a frame in which they are dense.
#[test]
fn sparse_rows_in_the_frame_of_dense_ones() {
    let (x, d) = naive::data("digits");
    let model = KMeans::on(CpuEngine::new(None).unwrap(), 100).train(&x, d).unwrap().model;
    let n = x.len() / d;
    let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in x.chunks_exact(d) {
        for (column, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            columns.push(column as u32);
            values.push(value);
        }
        starts.push(columns.len());
    }
    let rows = kmeans::data::CsrRows::new(starts, columns, values, d).unwrap();
    let assign = |pruning| {
        let engine = CpuEngine::new(None).unwrap().pruning(pruning);
        let options = AssignOptions::default().distances(true);
        KMeans::on(engine, 100).assign_points(&model, &rows, options).unwrap()
    };
    let (a, b) = (assign(Pruning::Off), assign(Pruning::Always));
    assert_eq!(a.labels.len(), n);
    assert_eq!((a.labels, a.distances, a.inertia), (b.labels, b.distances, b.inertia));
}

/// Rows that are equal to many centroids leave everything in doubt, at once.
#[test]
fn crowds_are_left_to_the_dense_kernel() {
    let d = 20;
    let one = naive::blobs(1, d, 1, 3);
    let mut x = one.repeat(900);
    x.extend(naive::blobs(300, d, 10, 4));
    check(&x, d, 700, Metric::L2, None, "900 equal rows");
}

#[test]
fn most_pairs_are_ruled_out_and_without_memory_none_is() {
    let (x, d) = naive::data("digits");
    let rows_alone = (x.len() + 20 * (x.len() / d)) as u64;
    let pairs = |memory: Option<u64>| {
        let engine = CpuEngine::new(None).unwrap();
        let kmeans = KMeans::on(engine, 100).init(Init::Random).niter(20).early_stop_threshold(None);
        let fit = kmeans.pruning(Pruning::Always).pruning_memory(memory).train(&x, d).unwrap();
        (fit.report.pairs.unwrap(), fit.labels)
    };
    let (usual, labels) = pairs(None);
    let of_total = |part: u64| part as f64 / usual.total as f64;
    assert!(of_total(usual.by_bounds) > 0.5, "{usual:?}");
    assert!(of_total(usual.scored) < 0.05, "{usual:?}");
    let (without_bounds, same) = pairs(Some(rows_alone));
    assert_eq!((without_bounds.by_bounds, &same), (0, &labels));
    assert!(without_bounds.by_bytes > without_bounds.total / 2, "{without_bounds:?}");
    let (nothing, same) = pairs(Some(rows_alone - 1));
    assert_eq!((nothing.scored, nothing.by_bytes, &same), (nothing.total, 0, &labels));
}

/// Whole trainings: with everything that comes between two iterations.
#[test]
fn trainings() {
    let (x, d) = naive::data("digits");
    let seeds = x[..20 * d].to_vec();
    type Setting = (&'static str, fn(KMeans<CpuEngine>) -> KMeans<CpuEngine>);
    let settings: [Setting; 7] = [
        ("plain", |kmeans| kmeans),
        ("spherical", |kmeans| kmeans.spherical(true)),
        ("cosine", |kmeans| kmeans.metric(Metric::Cosine)),
        ("products", |kmeans| kmeans.metric(Metric::InnerProduct)),
        ("integer", |kmeans| kmeans.int_centroids(true)),
        ("restarts", |kmeans| kmeans.nredo(3).init(Init::Random)),
        ("parts", |kmeans| kmeans.chunk_rows(Some(333))),
    ];
    for (name, set) in settings {
        let fit = |pruning| {
            let engine = CpuEngine::new(None).unwrap().pruning(pruning);
            let kmeans = set(KMeans::on(engine, 80).init_centroids(seeds.clone()).niter(12));
            kmeans.early_stop_threshold(None).train(&x, d).unwrap()
        };
        let (a, b) = (fit(Pruning::Off), fit(Pruning::Always));
        assert_eq!(a.labels, b.labels, "{name}");
        assert_eq!(a.report.obj, b.report.obj, "{name}");
        assert_eq!(a.model.centroids(), b.model.centroids(), "{name}");
        assert_eq!(a.report.cluster_sizes, b.report.cluster_sizes, "{name}");
    }
}

#[test]
fn any_number_of_threads() {
    let (x, d) = naive::data("digits");
    let fit = |threads| {
        let engine = CpuEngine::new(std::num::NonZeroUsize::new(threads)).unwrap().pruning(Pruning::Always);
        KMeans::on(engine, 90).niter(8).train(&x, d).unwrap()
    };
    let (a, b) = (fit(1), fit(5));
    assert_eq!((a.labels, a.report.obj), (b.labels, b.report.obj));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape((n, d, seed) in (1_usize..400, 1_usize..90, any::<u64>()), share in 0.0..1.0_f64) {
        let k = 1 + (share * (n - 1) as f64) as usize;
        let x = naive::blobs(n, d, 7, seed);
        all_metrics(&x, d, k, &format!("n={n} d={d} k={k} seed={seed}"));
    }
}
