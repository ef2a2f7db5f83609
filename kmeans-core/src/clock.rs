//! Where the time of a training goes.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Seconds since the start of training, and of those the ones spent in assignment and summation.
pub(crate) struct Clock {
    start: Instant,
    search: Cell<Duration>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), search: Cell::new(Duration::ZERO) }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    pub(crate) fn search_seconds(&self) -> f64 {
        self.search.get().as_secs_f64()
    }

    pub(crate) fn add_search(&self, took: Duration) {
        self.search.set(self.search.get() + took);
    }
}

/// Runs `work`; returns its value and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}
