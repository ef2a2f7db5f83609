//! Exact search on an engine: every query meets every stored vector.

use std::borrow::Cow;
use std::ops::Range;

use kmeans_core::{Centroids, Engine, Extent, Frame, Metric, Neighbours, Result, Rows};

use crate::best::{Best, Hit, Want};
use crate::hardware::Exact;

/// Vectors in a shard. An engine may hold the scores of some hundred queries against a whole codebook: with shards of
/// this size that is some 16 MiB a thread, however many vectors there are.
const SHARD_VECTORS: usize = 1 << 14;

/// The same where the engine has memory of its own: fewer launches, and fewer copies to the host.
const SHARD_VECTORS_ELSEWHERE: usize = 1 << 17;

/// Vectors as the engine holds centroids: a search is an assignment to the nearest p.
pub(crate) struct Shards<E: Engine> {
    engine: E,
    d: usize,
    metric: Metric,
    shards: Vec<Shard<E::Codebook>>,
}

/// Some stored vectors, made ready as centroids.
struct Shard<C> {
    vectors: Range<usize>,
    codebook: C,
}

impl<E: Engine> Shards<E> {
    /// Vectors of a frame, row-major n×d.
    pub(crate) fn new(engine: E, vectors: &[f32], d: usize, metric: Metric) -> Result<Self> {
        let step = if engine.computes_elsewhere() { SHARD_VECTORS_ELSEWHERE } else { SHARD_VECTORS };
        Self::with_shards(engine, vectors, d, metric, step)
    }

    fn with_shards(engine: E, vectors: &[f32], d: usize, metric: Metric, step: usize) -> Result<Self> {
        let n = vectors.len() / d;
        let mut shards = Vec::with_capacity(n.div_ceil(step));
        for start in (0..n).step_by(step) {
            let range = start..n.min(start + step);
            let centroids = Centroids::from_offsets(vectors[start * d..range.end * d].to_vec(), d);
            shards.push(Shard { vectors: range, codebook: engine.codebook(&centroids, metric)? });
        }
        Ok(Self { engine, d, metric, shards })
    }

    fn cost(&self, distance: f32) -> f32 {
        let cost = if self.metric.is_similarity() { -distance } else { distance };
        cost + 0.0
    }
}

impl<E: Engine> Exact for Shards<E> {
    fn name(&self) -> String {
        self.engine.name()
    }

    fn nearest(&self, queries: &[f32], p: usize) -> Result<(Vec<u32>, Vec<f32>)> {
        let n = queries.len() / self.d;
        let mut rows = self.engine.prepare(Rows::Host { x: Cow::Borrowed(queries), d: self.d }, None)?;
        let extent: Extent = self.engine.extent(&rows)?;
        self.engine.set_frame(&mut rows, &Frame::with(vec![0.0; self.d], 1.0, &extent))?;
        let mut best: Vec<Best> = (0..n).map(|_| Best::new(Want::Nearest(p))).collect();
        for shard in &self.shards {
            let each = p.min(shard.vectors.len());
            let Neighbours { ids, distances } = self.engine.nearest(&rows, &shard.codebook, each)?;
            let of_query = ids.chunks_exact(each).zip(distances.chunks_exact(each));
            for (best, (ids, distances)) in best.iter_mut().zip(of_query) {
                for (&id, &distance) in ids.iter().zip(distances) {
                    let id = shard.vectors.start as u64 + id as u64;
                    best.offer(Hit { cost: self.cost(distance), id, at: [0; 3] });
                }
            }
        }
        let hits = best.into_iter().flat_map(Best::into_sorted);
        Ok(hits.map(|hit| (hit.id as u32, self.cost(hit.cost))).unzip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmeans_backend_cpu::CpuEngine;

    #[test]
    fn shards_merge_into_the_nearest_first_ties_by_number() {
        let vectors = [3.0, 1.0, 2.0, 1.0, 0.5, 9.0, 1.0];
        for step in 1..8 {
            let engine = CpuEngine::new(None).unwrap();
            let shards = Shards::with_shards(engine, &vectors, 1, Metric::L2, step).unwrap();
            let (ids, distances) = shards.nearest(&[0.0, 9.0], 4).unwrap();
            assert_eq!(ids, [4, 1, 3, 6, 5, 0, 2, 1], "shards of {step}");
            assert_eq!(distances, [0.25, 1.0, 1.0, 1.0, 0.0, 36.0, 49.0, 64.0]);
        }
    }
}
