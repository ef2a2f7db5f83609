//! The best hits of a query.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A stored vector and what it costs a query: its squared distance in the frame, or the negated product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) cost: f32,
    pub(crate) id: u64,
    /// Its list, the part of that, and its place there.
    pub(crate) at: [u32; 3],
}

impl Eq for Hit {}

impl Ord for Hit {
    /// The cheaper is less; of equal ones that of the lower id. Costs are no NaN, and never −0.
    fn cmp(&self, other: &Self) -> Ordering {
        self.cost.total_cmp(&other.cost).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Want {
    /// So many of the nearest.
    Nearest(usize),
    /// All that cost less.
    Within(f32),
}

/// What was found so far.
#[derive(Debug)]
pub(crate) enum Best {
    Nearest { p: usize, heap: BinaryHeap<Hit> },
    Within { cost: f32, hits: Vec<Hit> },
}

impl Best {
    pub(crate) fn new(want: Want) -> Self {
        match want {
            Want::Nearest(p) => Self::Nearest { p, heap: BinaryHeap::new() },
            Want::Within(cost) => Self::Within { cost, hits: Vec::new() },
        }
    }

    /// Takes a hit, if it is among the best.
    pub(crate) fn offer(&mut self, hit: Hit) {
        match self {
            Self::Nearest { p, heap } if heap.len() < *p => heap.push(hit),
            Self::Nearest { heap, .. } => {
                if let Some(mut worst) = heap.peek_mut().filter(|worst| hit < **worst) {
                    *worst = hit;
                }
            }
            Self::Within { cost, hits } if hit.cost < *cost => hits.push(hit),
            Self::Within { .. } => {}
        }
    }

    /// The largest cost that may still count; `None` while any does.
    pub(crate) fn limit(&self) -> Option<f32> {
        match self {
            Self::Nearest { p, heap } => heap.peek().filter(|_| heap.len() == *p).map(|worst| worst.cost),
            Self::Within { cost, .. } => Some(*cost),
        }
    }

    /// How many may come whatever they cost.
    pub(crate) fn missing(&self) -> usize {
        match self {
            Self::Nearest { p, heap } => p - heap.len(),
            Self::Within { .. } => 0,
        }
    }

    /// The hits, in any order.
    pub(crate) fn into_hits(self) -> Vec<Hit> {
        match self {
            Self::Nearest { heap, .. } => heap.into_vec(),
            Self::Within { hits, .. } => hits,
        }
    }

    /// The hits, the best first.
    pub(crate) fn into_sorted(self) -> Vec<Hit> {
        match self {
            Self::Nearest { heap, .. } => heap.into_sorted_vec(),
            Self::Within { mut hits, .. } => {
                hits.sort_unstable();
                hits
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_stay_and_equal_ones_by_id() {
        let mut best = Best::new(Want::Nearest(3));
        for (cost, id) in [(2.0, 1), (1.0, 9), (1.0, 4), (5.0, 0), (1.0, 2), (2.0, 0)] {
            best.offer(Hit { cost, id, at: [0; 3] });
        }
        assert_eq!(best.limit(), Some(1.0));
        let ids: Vec<u64> = best.into_sorted().iter().map(|hit| hit.id).collect();
        assert_eq!(ids, [2, 4, 9]);
    }

    #[test]
    fn within_a_radius_is_strictly_within() {
        let mut best = Best::new(Want::Within(2.0));
        for (cost, id) in [(2.0, 1), (1.0, 9), (-1.0, 4)] {
            best.offer(Hit { cost, id, at: [0; 3] });
        }
        let ids: Vec<u64> = best.into_sorted().iter().map(|hit| hit.id).collect();
        assert_eq!(ids, [4, 9]);
    }
}
