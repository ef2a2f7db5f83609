//! The engine's own threads.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use kmeans_core::{Error, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::kernel::PANEL;

/// A pool of threads that belongs to one engine: never the process-wide one, so that an
/// application keeps its own, and two engines may differ.
#[derive(Clone, Debug)]
pub(crate) struct Workers {
    pool: Arc<ThreadPool>,
}

impl Workers {
    /// `threads` workers, or as many as the process may use.
    pub(crate) fn new(threads: Option<NonZeroUsize>) -> Result<Self> {
        let available = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = threads.map_or_else(available, NonZeroUsize::get);
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("kmeans-{i}"))
            .build()
            .map_err(|e| Error::Device { device: format!("cpu:{threads}"), reason: e.to_string() })?;
        Ok(Self { pool: Arc::new(pool) })
    }

    pub(crate) fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// So many of `items` as are worth sharing out where, all together, they score `n` rows of `d` columns against
    /// `k` centroids: one, if to wake another worker and to be woken by it takes longer.
    pub(crate) fn worth_sharing(items: usize, [n, d, k]: [usize; 3]) -> usize {
        /// About 50 µs.
        const FEWEST_STEPS: usize = 1 << 21;
        /// What a row takes besides, in multiply-adds.
        const STEPS_A_ROW: usize = 64;
        let steps = n.saturating_mul(d * k.next_multiple_of(PANEL) + STEPS_A_ROW);
        if steps < FEWEST_STEPS { items.min(1) } else { items }
    }

    /// Runs `work` on a worker, which `rayon::join` lets others help.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Hands `items` to the workers, one at a time as they come free. Each worker has its own state,
    /// made by `state`; all states are returned. `len` is the number of items: a single one is not
    /// worth waking anybody.
    pub(crate) fn share<I, S>(
        &self,
        len: usize,
        items: impl Iterator<Item = I> + Send,
        state: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, I) + Sync,
    ) -> Vec<S>
    where
        I: Send,
        S: Send,
    {
        if len <= 1 || self.count() == 1 {
            let mut own = state();
            items.for_each(|item| work(&mut own, item));
            return vec![own];
        }
        let queue = Mutex::new(items);
        let states = Mutex::new(Vec::with_capacity(self.count()));
        let help = || {
            let mut own = state();
            loop {
                // The queue is free again before the item is worked.
                let item = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(item) = item else { break };
                work(&mut own, item);
            }
            states.lock().unwrap_or_else(PoisonError::into_inner).push(own);
        };
        // The caller works too, and need not wait until others are awake.
        self.pool.in_place_scope(|scope| {
            (1..self.count().min(len)).for_each(|_| scope.spawn(|_| help()));
            help();
        });
        states.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_once_whatever_the_number_of_threads() {
        for threads in [1, 2, 7] {
            let workers = Workers::new(NonZeroUsize::new(threads)).unwrap();
            assert_eq!(workers.count(), threads);
            for len in [0, 1, 2, 1000] {
                let sums = workers.share(len, 0..len, || 0, |sum, i| *sum += i + 1);
                assert_eq!(sums.iter().sum::<usize>(), len * (len + 1) / 2);
            }
        }
    }
}
