//! The naive reference: loops in `f64`, written to be obviously right.
#![allow(dead_code, reason = "each test binary uses the part it needs")]

use kmeans::Points as _;
use kmeans::core::{Frame, Metric};

/// A pseudo-random sequence (splitmix64), so that every test generates its own data.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % bound as u64) as usize
    }

    /// Uniform in `0..1`, with 24 bits.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1 << 24) as f32
    }

    pub(crate) fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn vec(&mut self, len: usize, low: f32, high: f32) -> Vec<f32> {
        (0..len).map(|_| self.uniform(low, high)).collect()
    }
}

/// An embedded data set: its values and its number of columns.
pub(crate) fn data(name: &str) -> (Vec<f32>, usize) {
    // Tests may run on another machine than they were built on, from the folder of the project.
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| ".".to_owned());
    let path = format!("{root}/data/{name}.f32.npy");
    let points = kmeans::open(path).unwrap();
    let mut x = vec![0.0; points.rows() * points.dim()];
    points.read(0..points.rows(), &mut x).unwrap();
    (x, points.dim())
}

/// `n` rows around `blobs` random centres in `-10..10`, within ±1 of them.
pub(crate) fn blobs(n: usize, d: usize, blobs: usize, seed: u64) -> Vec<f32> {
    let mut numbers = Numbers::new(seed);
    let centres = numbers.vec(blobs * d, -10.0, 10.0);
    let mut x = Vec::with_capacity(n * d);
    for _ in 0..n {
        let b = numbers.below(blobs);
        x.extend(centres[b * d..][..d].iter().map(|c| c + numbers.uniform(-1.0, 1.0)));
    }
    x
}

/// The smaller, the nearer: `Σ (v − c)²` for L2, `−Σ v·c` for the inner product.
pub(crate) fn score(metric: Metric, v: &[f64], c: &[f64]) -> f64 {
    match metric {
        Metric::InnerProduct => -v.iter().zip(c).map(|(v, c)| v * c).sum::<f64>(),
        _ => sq_dist(v, c),
    }
}

pub(crate) fn sq_dist(v: &[f64], c: &[f64]) -> f64 {
    v.iter().zip(c).map(|(v, c)| (v - c) * (v - c)).sum()
}

pub(crate) fn sq_norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum()
}

/// `(x − origin) · scale` in `f64`: what the offsets of `frame` would be without rounding.
pub(crate) fn offsets(x: &[f32], frame: &Frame) -> Vec<f64> {
    let (d, scale) = (frame.dim(), f64::from(frame.scale()));
    x.iter().enumerate().map(|(i, &x)| (f64::from(x) - f64::from(frame.origin()[i % d])) * scale).collect()
}

pub(crate) fn widened(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// The best centroid, the lowest of equal ones, and its score.
pub(crate) fn best(metric: Metric, v: &[f64], centroids: &[f64]) -> (usize, f64) {
    let scores = centroids.chunks_exact(v.len()).map(|c| score(metric, v, c)).enumerate();
    scores.fold((0, f64::INFINITY), |best, now| if now.1 < best.1 { now } else { best })
}

/// How far the score of a right label may lie from the best: promise 1 of DESIGN.md.
pub(crate) fn tolerance(v: &[f64], c: &[f64]) -> f64 {
    4.0 * (v.len() as f64 + 8.0) * 2_f64.powi(-24) * (sq_norm(v) + sq_norm(c))
}

/// Checks every label by promise 1; `v` and `centroids` are offsets from the origin.
pub(crate) fn check_labels(
    metric: Metric,
    v: &[f64],
    centroids: &[f64],
    d: usize,
    labels: &[i32],
    what: &str,
) {
    assert_eq!(labels.len() * d, v.len(), "{what}: one label a row");
    for (row, (v, &label)) in v.chunks_exact(d).zip(labels).enumerate() {
        let (best, lowest) = best(metric, v, centroids);
        check_label(metric, v, centroids, label, (best, lowest), &format!("{what}, row {row}"));
    }
}

/// Checks one label against the best centroid and its score.
pub(crate) fn check_label(
    metric: Metric,
    v: &[f64],
    centroids: &[f64],
    label: i32,
    (best, lowest): (usize, f64),
    what: &str,
) {
    let (d, k) = (v.len(), centroids.len() / v.len());
    let label = usize::try_from(label).unwrap_or(usize::MAX);
    assert!(label < k, "{what}: label {label} of {k} clusters");
    if label == best {
        return;
    }
    let c = &centroids[label * d..][..d];
    let excess = score(metric, v, c) - lowest;
    let allowed = tolerance(v, c);
    assert!(excess <= allowed, "{what}: label {label} is {excess:e} worse than {best}; {allowed:e} allowed");
}

/// Checks one distance (or inner product) of a row to its centroid: 1e-5 relative, and the rounding
/// of the row's coordinates to `f32`.
pub(crate) fn check_distance(metric: Metric, v: &[f64], c: &[f64], found: f32, what: &str) {
    let rounding = 2_f64.powi(-24);
    let (exact, slack) = match metric {
        Metric::InnerProduct => {
            let magnitude: f64 = v.iter().zip(c).map(|(v, c)| (v * c).abs()).sum();
            (-score(metric, v, c), rounding * magnitude)
        }
        _ => {
            let exact = sq_dist(v, c);
            let shift = rounding * sq_norm(v).sqrt();
            (exact, 2.0 * exact.sqrt() * shift + shift * shift)
        }
    };
    let error = (f64::from(found) - exact).abs();
    assert!(error <= 1e-5 * exact.abs() + slack, "{what}: distance {found}, naive {exact}, error {error:e}");
}

/// `Σ w·‖x − c‖²` (L2) or `Σ w·⟨x, c⟩` of the labels given.
pub(crate) fn inertia(
    metric: Metric,
    x: &[f32],
    weights: Option<&[f32]>,
    centroids: &[f64],
    labels: &[i32],
    d: usize,
) -> f64 {
    let rows = x.chunks_exact(d).zip(labels).enumerate();
    rows.map(|(i, (x, &label))| {
        let c = &centroids[label as usize * d..][..d];
        let s = score(metric, &widened(x), c);
        let weight = weights.map_or(1.0, |w| f64::from(w[i]));
        weight * if metric == Metric::InnerProduct { -s } else { s }
    })
    .sum()
}

/// Weighted mean of each column.
pub(crate) fn means(x: &[f32], weights: Option<&[f32]>, d: usize) -> Vec<f64> {
    let (mut sums, mut total) = (vec![0.0; d], 0.0);
    for (i, row) in x.chunks_exact(d).enumerate() {
        let w = weights.map_or(1.0, |w| f64::from(w[i]));
        total += w;
        sums.iter_mut().zip(row).for_each(|(s, &x)| *s += w * f64::from(x));
    }
    sums.into_iter().map(|s| s / total).collect()
}
