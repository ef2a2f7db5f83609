//! What a search returns.

/// The nearest stored vectors of each query.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SearchResult {
    /// Numbers of stored vectors, row-major queries×p, the nearest first.
    pub ids: Vec<i64>,
    /// Squared distances (L2, ascending) or inner products (descending) to the vectors of `ids`, in
    /// the units of the data; infinite or 0 where `f32` ends.
    pub distances: Vec<f32>,
    /// Neighbours of each query.
    pub p: usize,
}

impl SearchResult {
    pub(crate) fn with_capacity(queries: usize, p: usize) -> Self {
        Self { ids: Vec::with_capacity(queries * p), distances: Vec::with_capacity(queries * p), p }
    }
}
