//! The sums of the workers of one pass.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kmeans_core::{Fixed, PartialStats};

use crate::pass::Pass;

/// Memory for the sums of all workers; beyond it they take turns. With so many sums the choice of
/// labels takes far longer than adding, so that waiting is rare.
const SUMS_BYTES: usize = 1 << 30;

/// The sums of the workers: one set each while that is cheap, fewer to share where it is not.
pub(crate) struct Sums {
    sets: Vec<Mutex<PartialStats>>,
}

impl Sums {
    pub(crate) fn new(add: bool, pass: &Pass<'_, '_>) -> Self {
        let k = pass.codebook.k();
        let bytes = 8 * k * pass.rows.d();
        // Sparse rows may have fewer values to add than a set has sums.
        let most = if pass.rows.csr().is_some_and(|csr| csr.nnz() < k * pass.rows.d()) {
            1
        } else {
            pass.workers.count()
        };
        let sets = if add { (SUMS_BYTES / bytes).clamp(1, most) } else { 0 };
        Self { sets: (0..sets).map(|_| Mutex::new(pass.desks.take_sums(k, &pass.rows.frame))).collect() }
    }

    /// A set that is free, or the first that becomes so; none if nothing is added.
    pub(crate) fn any(&self) -> Option<MutexGuard<'_, PartialStats>> {
        let free = self.sets.iter().find_map(|set| set.try_lock().ok());
        free.or_else(|| self.sets.first().map(|set| set.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// All sums, on top of those that rows have moved away from; their objective is another codebook's.
    pub(crate) fn merged(self, pass: &Pass<'_, '_>, moved_from: Option<PartialStats>) -> PartialStats {
        let sets = self.sets.into_iter().map(|set| set.into_inner().unwrap_or_else(PoisonError::into_inner));
        let sets: Vec<PartialStats> = sets.collect();
        let Some((first, rest)) = sets.split_first() else {
            return PartialStats::zero(pass.codebook.k(), &pass.rows.frame);
        };
        let mut merged = match moved_from {
            Some(mut totals) => {
                totals.objective.fill(Fixed::default());
                totals.merge(first);
                totals
            }
            None => first.clone(),
        };
        rest.iter().for_each(|set| merged.merge(set));
        pass.desks.give_back_sums(sets);
        merged
    }
}
