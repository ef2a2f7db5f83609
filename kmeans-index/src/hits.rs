//! The best hits of a block of queries, merged shard by shard.

use std::cmp::Ordering;

use kmeans_core::{Metric, Neighbours};

/// A stored vector and its distance from a query, in the units of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) id: i64,
    pub(crate) distance: f32,
}

/// Up to `p` hits of each query, the nearest first, ties by id.
pub(crate) struct Hits {
    of_query: Vec<Vec<Hit>>,
    metric: Metric,
    p: usize,
}

impl Hits {
    pub(crate) fn none(queries: usize, metric: Metric, p: usize) -> Self {
        Self { of_query: vec![Vec::new(); queries], metric, p }
    }

    /// Takes in the neighbours found among the vectors from number `first` on. Shards come in
    /// ascending order.
    pub(crate) fn merge(&mut self, found: &Neighbours, first: usize) {
        let Self { of_query, metric, p } = self;
        if of_query.is_empty() {
            return;
        }
        let each = found.ids.len() / of_query.len();
        let rows = found.ids.chunks_exact(each).zip(found.distances.chunks_exact(each));
        for (hits, (ids, distances)) in of_query.iter_mut().zip(rows) {
            let worst = hits.get(*p - 1).copied();
            let hit = |(&id, &distance): (&i32, &f32)| Hit { id: first as i64 + i64::from(id), distance };
            let is_better = |hit: &Hit| worst.is_none_or(|worst| order(*metric, hit, &worst).is_lt());
            hits.extend(ids.iter().zip(distances).map(hit).filter(is_better));
            // An engine chooses by score and measures afterwards; what is returned is in order of
            // what was measured. Two sorted runs: the stable sort merges them.
            hits.sort_by(|a, b| order(*metric, a, b));
            hits.truncate(*p);
        }
    }

    /// All hits, query by query.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Hit> {
        self.of_query.iter().flatten()
    }
}

/// The nearer first; of equally near ones the lower id. Distances are finite.
fn order(metric: Metric, a: &Hit, b: &Hit) -> Ordering {
    if a.distance == b.distance {
        a.id.cmp(&b.id)
    } else if metric.is_better(f64::from(a.distance), f64::from(b.distance)) {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(hits: &Hits) -> Vec<i64> {
        hits.iter().map(|hit| hit.id).collect()
    }

    #[test]
    fn shards_merge_into_the_nearest_first_ties_by_id() {
        let mut hits = Hits::none(2, Metric::L2, 3);
        hits.merge(&Neighbours { ids: vec![1, 0, 0, 1], distances: vec![1.0, 2.0, 5.0, 6.0] }, 0);
        hits.merge(&Neighbours { ids: vec![1, 0, 0, 1], distances: vec![1.0, 2.0, 0.5, 5.5] }, 2);
        assert_eq!(ids(&hits), [1, 3, 0, 2, 0, 3]);
    }

    #[test]
    fn larger_inner_products_come_first_and_minus_0_equals_0() {
        let mut hits = Hits::none(1, Metric::InnerProduct, 3);
        hits.merge(&Neighbours { ids: vec![0, 1], distances: vec![-0.0, -1.0] }, 0);
        hits.merge(&Neighbours { ids: vec![1, 0], distances: vec![2.0, 0.0] }, 2);
        assert_eq!(ids(&hits), [3, 0, 2]);
    }

    #[test]
    fn neighbours_out_of_order_by_rounding_are_put_in_order() {
        let mut hits = Hits::none(1, Metric::L2, 2);
        hits.merge(&Neighbours { ids: vec![4, 2], distances: vec![1.5, 1.0] }, 0);
        assert_eq!(ids(&hits), [2, 4]);
    }
}
