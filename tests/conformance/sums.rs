//! Sums on the grids of the frame, against integers of 128 bits.

use kmeans::core::{Centroids, Engine, Frame, Metric, PartialStats};

use crate::engines::{centroids, check_same, frame, prepared};
use crate::naive;

const SHAPES: [(usize, usize, usize); 8] = [
    (1, 1, 1),
    (9, 3, 2),
    (65, 1, 7),
    (253, 16, 7),
    (1000, 17, 64),
    (500, 64, 5),
    (777, 128, 31),
    (100, 784, 3),
];

fn reduced(
    engine: &impl Engine,
    x: &[f32],
    weights: Option<&[f32]>,
    frame: &Frame,
    labels: &[i32],
    c: &Centroids,
    metric: Metric,
) -> PartialStats {
    let codebook = engine.codebook(c, metric).unwrap();
    let mut rows = prepared(engine, x, weights, frame);
    engine.set_labels(&mut rows, labels).unwrap();
    engine.download(engine.reduce(&mut rows, &codebook).unwrap()).unwrap()
}

/// Random labels, of which some clusters get none.
fn labels(n: usize, k: usize) -> Vec<i32> {
    let mut numbers = naive::Numbers::new(3);
    (0..n).map(|_| (numbers.below(k) / 2 * 2) as i32).collect()
}

fn check(engine: &impl Engine, weights: impl Fn(usize) -> Option<Vec<f32>>, wide: bool) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (n, d, k) in SHAPES {
            let what = format!("{metric} n={n} d={d} k={k}");
            let x: Vec<f32> = naive::blobs(n, d, 5, 11).iter().map(|x| x * 1.37 + 1e3).collect();
            let weights = weights(n);
            let weights = weights.as_deref();
            let frame = frame(&x, d, weights, metric);
            assert_eq!(frame.is_wide(), wide && n > 1, "{what}: the case tests what it says");
            let labels = labels(n, k);
            let stats = reduced(engine, &x, weights, &frame, &labels, &centroids(&x, k, &frame, 5), metric);
            let naive = Naive::of(&x, weights, &frame, &labels, k);
            assert_eq!(stats.counts, naive.counts, "{what}");
            let high: Vec<i128> = stats.sums.iter().map(|&s| i128::from(s)).collect();
            assert_eq!(high, naive.high, "{what}: upper limbs");
            if frame.is_wide() {
                let low: Vec<i128> = stats.sums_low.iter().map(|&s| i128::from(s)).collect();
                assert_eq!(low, naive.low, "{what}: lower limbs");
            } else {
                assert!(stats.sums_low.is_empty(), "{what}: no lower limbs");
            }
            let of_weights: Vec<(i128, i128)> =
                stats.weights.iter().map(|w| (i128::from(w.high), i128::from(w.low))).collect();
            assert_eq!(of_weights, naive.weights, "{what}: weights");
        }
    }
}

struct Naive {
    high: Vec<i128>,
    low: Vec<i128>,
    weights: Vec<(i128, i128)>,
    counts: Vec<u64>,
}

impl Naive {
    fn of(x: &[f32], weights: Option<&[f32]>, frame: &Frame, labels: &[i32], k: usize) -> Self {
        let d = frame.dim();
        let mut sums =
            Self { high: vec![0; k * d], low: vec![0; k * d], weights: vec![(0, 0); k], counts: vec![0; k] };
        for (i, (x, &label)) in x.chunks_exact(d).zip(labels).enumerate() {
            let label = label as usize;
            let w = weights.map_or(1.0, |w| f64::from(w[i]));
            for (j, (&x, grid)) in x.iter().zip(frame.columns()).enumerate() {
                // The row in the frame is rounded to f32 once; its product with a weight is exact.
                let v = (f64::from(x) - f64::from(frame.origin()[j])) as f32 * frame.scale();
                let (high, low) = limbs(f64::from(v) * w, grid.inverse_step(), grid.low_factor());
                sums.high[label * d + j] += high;
                sums.low[label * d + j] += low;
            }
            let grid = frame.weight();
            let (high, low) = limbs(w, grid.inverse_step(), grid.low_factor());
            sums.weights[label].0 += high;
            sums.weights[label].1 += low;
            sums.counts[label] += 1;
        }
        sums
    }
}

fn limbs(value: f64, inverse_step: f64, low_factor: f64) -> (i128, i128) {
    let t = value * inverse_step;
    let high = t.round_ties_even();
    (high as i128, ((t - high) * low_factor).round_ties_even() as i128)
}

pub(crate) fn sums_are_those_of_the_naive_integers(engine: &impl Engine) {
    check(engine, |_| None, false);
}

pub(crate) fn weighted_sums_are_those_of_the_naive_integers(engine: &impl Engine) {
    check(engine, |n| Some(naive::Numbers::new(8).vec(n, 0.3, 4.0)), false);
}

/// From 1e-6 to 1e3, and rows without weight between them.
pub(crate) fn sums_of_wide_weights_are_those_of_the_naive_integers(engine: &impl Engine) {
    let wide = |n: usize| {
        let mut numbers = naive::Numbers::new(8);
        let mut weights: Vec<f32> = (0..n).map(|_| 10_f32.powf(numbers.uniform(-6.0, 3.0))).collect();
        weights[0] = 1e3;
        weights.iter_mut().skip(1).step_by(7).for_each(|w| *w = 1e-6);
        weights.iter_mut().skip(2).step_by(5).for_each(|w| *w = 0.0);
        Some(weights)
    };
    check(engine, wide, true);
}

pub(crate) fn the_objective_is_the_naive_sum(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (n, d, k) in SHAPES {
            let x = naive::blobs(n, d, 5, 11);
            let weights = naive::Numbers::new(2).vec(n, 0.0, 3.0);
            let frame = frame(&x, d, Some(&weights), metric);
            let c = centroids(&x, k, &frame, 5);
            let codebook = engine.codebook(&c, metric).unwrap();
            let mut rows = prepared(engine, &x, Some(&weights), &frame);
            let stats = engine.download(engine.step(&mut rows, &codebook).unwrap()).unwrap();
            let labels = engine.labels(&rows).unwrap();
            check_objective(&stats, &x, &weights, &frame, &labels, &c, metric, &format!("n={n} d={d} k={k}"));
        }
    }
}

/// [`Engine::set_labels`] brings labels from elsewhere: `reduce` must measure the rows against them.
pub(crate) fn the_objective_of_labels_made_elsewhere_is_theirs(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        let (n, d, k) = (300, 17, 8);
        let x = naive::blobs(n, d, 5, 11);
        let weights = naive::Numbers::new(2).vec(n, 0.0, 3.0);
        let frame = frame(&x, d, Some(&weights), metric);
        let c = centroids(&x, k, &frame, 5);
        let labels = labels(n, k);
        let stats = reduced(engine, &x, Some(&weights), &frame, &labels, &c, metric);
        check_objective(&stats, &x, &weights, &frame, &labels, &c, metric, "set labels");
    }
}

#[allow(clippy::too_many_arguments, reason = "all that an objective depends on")]
fn check_objective(
    stats: &PartialStats,
    x: &[f32],
    weights: &[f32],
    frame: &Frame,
    labels: &[i32],
    c: &Centroids,
    metric: Metric,
    what: &str,
) {
    let (d, k) = (c.dim(), c.k());
    let grid = frame.objective(metric, c.max_sq_norm());
    let c = naive::widened(c.offsets());
    let (mut naive, mut magnitude) = (vec![0.0; k], 0.0);
    for (i, (x, &label)) in x.chunks_exact(d).zip(labels).enumerate() {
        let v: Vec<f64> = x.iter().enumerate().map(|(j, &x)| f64::from(frame.offset(j, x))).collect();
        let score = naive::score(metric, &v, &c[label as usize * d..][..d]);
        let signed = if metric == Metric::InnerProduct { -score } else { score };
        naive[label as usize] += f64::from(weights[i]) * signed;
        magnitude += f64::from(weights[i]) * score.abs();
    }
    for (cluster, (found, naive)) in stats.objective.iter().zip(naive).enumerate() {
        let found = grid.value(*found);
        let error = (found - naive).abs();
        assert!(error <= 1e-12 * magnitude, "{metric} {what}, cluster {cluster}: {found} for {naive}");
    }
}

pub(crate) fn step_is_assign_then_reduce(engine: &impl Engine) {
    for metric in [Metric::L2, Metric::InnerProduct] {
        for (n, d, k) in SHAPES {
            let x = naive::blobs(n, d, 5, 21);
            let frame = frame(&x, d, None, metric);
            let codebook = engine.codebook(&centroids(&x, k, &frame, 5), metric).unwrap();
            let (mut fused, mut apart) =
                (prepared(engine, &x, None, &frame), prepared(engine, &x, None, &frame));
            let one = engine.download(engine.step(&mut fused, &codebook).unwrap()).unwrap();
            engine.assign(&mut apart, &codebook).unwrap();
            let two = engine.download(engine.reduce(&mut apart, &codebook).unwrap()).unwrap();
            check_same(&one, &two, &format!("{metric} n={n} d={d} k={k}"));
            assert_eq!(engine.labels(&fused).unwrap(), engine.labels(&apart).unwrap());
            assert_eq!(engine.distances(&fused).unwrap(), engine.distances(&apart).unwrap());
        }
    }
}
