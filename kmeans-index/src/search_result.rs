//! What a search returns.

use std::collections::HashSet;

/// The stored vectors that were found for each query, the nearest first; of equally near ones the lowest id first.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SearchResult {
    /// Ids, query by query. Where every query found p of them: row-major queries×p.
    pub ids: Vec<u64>,
    /// Squared distances (L2, ascending), inner products or cosines (descending) to the vectors of `ids`, in the units
    /// of the data; infinite or 0 where `f32` ends.
    pub distances: Vec<f32>,
    /// Where the hits of each query begin in `ids`, and at last how many there are: queries + 1.
    pub lims: Vec<usize>,
}

impl SearchResult {
    /// No queries.
    pub(crate) fn of_none() -> Self {
        Self { lims: vec![0], ..Self::default() }
    }

    /// Adds the hits of the next query.
    pub(crate) fn push(&mut self, hits: impl Iterator<Item = (u64, f32)>) {
        for (id, distance) in hits {
            self.ids.push(id);
            self.distances.push(distance);
        }
        self.lims.push(self.ids.len());
    }

    /// Number of queries.
    pub fn queries(&self) -> usize {
        self.lims.len().saturating_sub(1)
    }

    /// The ids and distances of one query.
    ///
    /// # Panics
    /// If there is no such query.
    pub fn of(&self, query: usize) -> (&[u64], &[f32]) {
        (self.ids_of(query), &self.distances[self.lims[query]..self.lims[query + 1]])
    }

    fn ids_of(&self, query: usize) -> &[u64] {
        &self.ids[self.lims[query]..self.lims[query + 1]]
    }

    /// The share of the `p` nearest, as `truth` has them, that are among the first `p` found: the mean over the queries
    /// of `|found ∩ truth| / |truth|`; 1 where there are none.
    ///
    /// # Panics
    /// If `truth` is of other queries.
    pub fn recall(&self, truth: &Self, p: usize) -> f64 {
        assert_eq!(self.queries(), truth.queries(), "recall compares answers to the same queries");
        let of = |query| {
            let (found, truth) = (self.ids_of(query), truth.ids_of(query));
            let truth: HashSet<u64> = truth.iter().take(p).copied().collect();
            if truth.is_empty() {
                return 1.0;
            }
            found.iter().take(p).filter(|id| truth.contains(id)).count() as f64 / truth.len() as f64
        };
        if self.queries() == 0 {
            1.0
        } else {
            (0..self.queries()).map(of).sum::<f64>() / self.queries() as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_may_find_different_numbers() {
        let mut found = SearchResult::of_none();
        found.push([(7, 0.5), (3, 1.5)].into_iter());
        found.push([(9, 2.0)].into_iter());
        assert_eq!(found.of(1), (&[9][..], &[2.0][..]));
        assert_eq!((found.queries(), found.of(0)), (2, (&[7, 3][..], &[0.5, 1.5][..])));
    }
}
