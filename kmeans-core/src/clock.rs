//! Where the time of a training goes.

use std::time::{Duration, Instant};

/// Seconds since the start of training, and of those the ones spent in assignment and summation.
pub(crate) struct Clock {
    start: Instant,
    search: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), search: Duration::ZERO }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    pub(crate) fn search_seconds(&self) -> f64 {
        self.search.as_secs_f64()
    }

    /// Runs `work` and counts its time as search.
    pub(crate) fn search<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (value, seconds) = timed(work);
        self.search += seconds;
        value
    }
}

/// Runs `work`; returns its value and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}
