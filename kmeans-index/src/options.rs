//! How to search.

use crate::filter::Filter;

/// How to search an index.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SearchOptions<'a> {
    /// Lists that each query looks into; a flat index has one.
    pub nprobe: usize,
    /// Which vectors may be found; `None`: all.
    pub filter: Option<Filter<'a>>,
    /// How many times as many as are asked for are measured again, where a storage refines.
    pub k_factor: usize,
}

impl Default for SearchOptions<'_> {
    fn default() -> Self {
        Self { nprobe: 1, filter: None, k_factor: 4 }
    }
}

impl<'a> SearchOptions<'a> {
    /// Looks into the `nprobe` nearest lists: more find more of the nearest, and take longer.
    #[must_use]
    pub fn nprobe(mut self, nprobe: usize) -> Self {
        self.nprobe = nprobe;
        self
    }

    /// Measures `k_factor` times as many as are asked for again, by the vectors that are kept beside their codes: more find
    /// more of the nearest, and take longer. Other storages have nothing to refine.
    #[must_use]
    pub fn k_factor(mut self, k_factor: usize) -> Self {
        self.k_factor = k_factor;
        self
    }

    /// Finds only what the filter allows. Lists that it leaves little of are looked through all the same.
    #[must_use]
    pub fn filter(mut self, filter: Filter<'a>) -> Self {
        self.filter = Some(filter);
        self
    }
}
