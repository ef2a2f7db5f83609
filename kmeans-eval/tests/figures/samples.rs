//! Figures of each kind.

use kmeans_eval::figure::{Better, Curve, Elbow, Figure, Objective, RecallSpeed, Scatter, Silhouette, Sizes};

/// Numbers from 0 to 1 that look random and are the same each time.
pub(crate) fn noise(n: usize) -> Vec<f64> {
    let mut state = 1u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    std::iter::repeat_with(next).take(n).collect()
}

/// `n` points in `k` clusters.
pub(crate) fn points(n: usize, k: usize) -> (Vec<(f64, f64)>, Vec<i32>) {
    let noise = noise(2 * n);
    let at = |i: usize| ((i % k) as f64 + noise[2 * i], (i % k % 7) as f64 + noise[2 * i + 1]);
    ((0..n).map(at).collect(), (0..n).map(|i| (i % k) as i32).collect())
}

pub(crate) fn objective() -> Figure {
    let runs = [vec![98.0, 81.0, 79.0], vec![120.0, 90.0, 78.9, 78.8]];
    Objective::new(&runs).chosen(1).figure().unwrap()
}

pub(crate) fn elbow() -> Figure {
    let inertia = Curve::new("inertia", [(1, 700.0), (2, 150.0), (3, 80.0), (4, 60.0)]).recommended(3);
    let gap =
        Curve::new("gap", [(4, 0.9), (2, 0.4), (3, 0.8)]).errors([0.1, 0.05, 0.1]).better(Better::Higher);
    Elbow::new([inertia.better(Better::Lower), gap]).figure().unwrap()
}

pub(crate) fn silhouette(k: usize, rows: usize) -> Figure {
    let clusters: Vec<_> =
        noise(k * rows).chunks(rows).map(|values| values.iter().map(|v| 1.2 * v - 0.2).collect()).collect();
    Silhouette::new(&clusters).figure().unwrap()
}

pub(crate) fn scatter(n: usize, k: usize) -> Figure {
    let (points, labels) = points(n, k);
    let centroids: Vec<_> = (0..k).map(|j| (j as f64 + 0.5, (j % 7) as f64 + 0.5)).collect();
    let scatter = Scatter::new(&points, &labels).centroids(&centroids);
    scatter.principal_components((0.372, 0.081)).figure().unwrap()
}

pub(crate) fn recall_speed() -> Figure {
    let flat = [(0.9, 1000.0), (0.99, 200.0), (0.5, 9000.0)];
    RecallSpeed::new(10).series("IVF,Flat", flat).series("IVF,PQ", [(0.6, 20_000.0)]).figure().unwrap()
}

/// A figure of each kind.
pub(crate) fn all() -> Vec<Figure> {
    let many: Vec<u64> = noise(100).iter().map(|v| (100.0 * v) as u64).collect();
    vec![
        objective(),
        elbow(),
        silhouette(3, 40),
        silhouette(60, 40),
        Sizes::new(&[3, 0, 5]).figure().unwrap(),
        Sizes::new(&many).figure().unwrap(),
        scatter(200, 12),
        recall_speed(),
    ]
}
