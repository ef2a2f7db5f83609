//! Search in loops and `f64`, written to be obviously right.

use std::ops::ControlFlow;

use kmeans_backend_cpu::CpuEngine;
use kmeans_core::{AssignOptions, KMeans, KMeansModel, Metric, Trainer};
use kmeans_data::RowSlice;
use kmeans_index::SearchResult;

pub(crate) fn cpu() -> CpuEngine {
    CpuEngine::new(None).unwrap()
}

/// Values between −1 and 1 from a linear congruential generator, plus `offset`.
pub(crate) fn values(seed: u64, offset: f32) -> impl Iterator<Item = f32> {
    let mut state = seed;
    std::iter::from_fn(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((state >> 40) as f32 / (1 << 23) as f32 - 1.0 + offset)
    })
}

/// Whole numbers, of which many distances are equal.
pub(crate) fn whole(seed: u64, count: usize, most: f32) -> Vec<f32> {
    values(seed, 0.0).take(count).map(|x| (x * most).round()).collect()
}

pub(crate) fn rows(x: &[f32], d: usize) -> RowSlice<'_> {
    RowSlice::new(x, d).unwrap()
}

pub(crate) fn trained(x: &[f32], d: usize, k: usize, metric: Metric) -> KMeansModel {
    let kmeans = KMeans::on(cpu(), k).metric(metric).niter(5).min_points_per_centroid(1);
    kmeans.train(x, d).unwrap().model
}

/// Vectors, queries, and how they are compared.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) vectors: Vec<f32>,
    pub(crate) queries: Vec<f32>,
    pub(crate) d: usize,
    pub(crate) metric: Metric,
}

impl Case {
    pub(crate) fn new(n: usize, queries: usize, d: usize, metric: Metric, offset: f32) -> Self {
        let mut values = values(7, offset);
        let vectors = (&mut values).take(n * d).collect();
        Self { vectors, queries: values.take(queries * d).collect(), d, metric }
    }

    /// The distances of a query to all vectors.
    pub(crate) fn distances(&self, query: &[f32]) -> Vec<f64> {
        let norm = |x: &[f32]| x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let dot = |v: &[f32]| query.iter().zip(v).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
        let distance = |v: &[f32]| match self.metric {
            Metric::L2 => query.iter().zip(v).map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum(),
            Metric::Cosine => dot(v) / (norm(query) * norm(v)),
            _ => dot(v),
        };
        self.vectors.chunks_exact(self.d).map(distance).collect()
    }

    /// What rounding is relative to: the distance, and for products, which cancel, `‖x‖·‖y‖`.
    fn scale(&self, query: &[f32]) -> impl Fn(f64) -> f64 {
        let norm = |x: &[f32]| x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let product = norm(query) * self.vectors.chunks_exact(self.d).map(norm).fold(0.0, f64::max);
        let metric = self.metric;
        move |distance| match metric {
            Metric::L2 => distance,
            Metric::Cosine => 1.0,
            _ => product,
        }
    }

    pub(crate) fn is_better(&self, a: f64, b: f64) -> bool {
        if self.metric.is_similarity() { a > b } else { a < b }
    }

    /// Whether these are the `p` nearest among the vectors that are allowed, in order, ties by id.
    #[track_caller]
    pub(crate) fn check(&self, found: &SearchResult, p: usize, allowed: impl Fn(usize, usize) -> bool) {
        assert_eq!(found.queries(), self.queries.len() / self.d);
        for (i, query) in self.queries.chunks_exact(self.d).enumerate() {
            let all = self.distances(query);
            let mut sorted: Vec<f64> =
                (0..all.len()).filter(|&id| allowed(i, id)).map(|id| all[id]).collect();
            sorted.sort_by(|a, b| if self.metric.is_similarity() { b.total_cmp(a) } else { a.total_cmp(b) });
            let (ids, distances) = found.of(i);
            let scale = self.scale(query);
            assert_eq!(ids.len(), p.min(sorted.len()), "query {i}");
            for (rank, (&id, &distance)) in ids.iter().zip(distances).enumerate() {
                assert!(allowed(i, id as usize), "query {i} found {id}");
                let (own, best) = (all[id as usize], sorted[rank]);
                let slack = 2e-5 * scale(own);
                assert!(
                    (f64::from(distance) - own).abs() <= slack,
                    "query {i}, rank {rank}: {distance}, is {own}"
                );
                assert!((own - best).abs() <= slack, "query {i}, rank {rank}: {own}, the best is {best}");
            }
            self.assert_order(ids, distances);
        }
    }

    #[track_caller]
    fn assert_order(&self, ids: &[u64], distances: &[f32]) {
        for (ids, distances) in ids.windows(2).zip(distances.windows(2)) {
            let (a, b) = (f64::from(distances[0]), f64::from(distances[1]));
            assert!(self.is_better(a, b) || (a == b && ids[0] < ids[1]), "{ids:?} {distances:?}");
        }
    }
}

/// The list of each row.
pub(crate) fn labels(model: &KMeansModel, x: &[f32]) -> Vec<i32> {
    let points = rows(x, model.dim());
    let done = cpu().assign(&points, model, AssignOptions::default(), &|_| ControlFlow::Continue(()));
    done.unwrap().labels
}
