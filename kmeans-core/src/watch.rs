//! Following a training: progress, time, and the wish to stop.

use std::cell::Cell;
use std::io::Write;
use std::time::Duration;

use crate::clock::{Clock, timed};
use crate::params::Params;
use crate::progress::{OnProgress, Progress};
use crate::report::Stop;

/// The clock of one training, its callback, and whether it shall end early.
pub(crate) struct Watch<'a> {
    clock: Clock,
    progress: &'a OnProgress<'a>,
    verbose: bool,
    time_limit: Option<Duration>,
    interrupted: Cell<bool>,
    /// The training that this is a part of, and what it tells of it.
    outer: Option<(&'a Watch<'a>, Progress)>,
}

impl<'a> Watch<'a> {
    pub(crate) fn start(params: &Params, progress: &'a OnProgress<'a>) -> Self {
        Self {
            clock: Clock::start(),
            progress,
            verbose: params.verbose,
            time_limit: params.time_limit,
            interrupted: Cell::new(false),
            outer: None,
        }
    }

    /// For a training within this one: each of its steps tells `step`, and it ends with this one.
    pub(crate) fn within(&'a self, step: Progress) -> Self {
        Self {
            clock: Clock::start(),
            progress: self.progress,
            verbose: false,
            time_limit: None,
            interrupted: Cell::new(false),
            outer: Some((self, step)),
        }
    }

    /// Tells a step; a wish to stop is remembered until [`Watch::over`] is asked.
    pub(crate) fn tell(&self, step: &Progress) {
        if let Some((outer, step)) = &self.outer {
            if (outer.progress)(step).is_break() {
                outer.interrupted.set(true);
            }
            return;
        }
        if self.verbose {
            // A closed standard error is no reason to end a training.
            let _ = writeln!(std::io::stderr(), "{step}");
        }
        if (self.progress)(step).is_break() {
            self.interrupted.set(true);
        }
    }

    /// Why training shall end now, if it shall.
    pub(crate) fn over(&self) -> Option<Stop> {
        if let Some((outer, _)) = &self.outer {
            return outer.over();
        }
        if self.interrupted.get() {
            return Some(Stop::Interrupted);
        }
        let limit = self.time_limit?;
        (self.clock.seconds() >= limit.as_secs_f64()).then_some(Stop::TimeLimit)
    }

    /// The callback itself, for work that is not part of the training.
    pub(crate) fn progress(&self) -> &'a OnProgress<'a> {
        self.progress
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    pub(crate) fn search_seconds(&self) -> f64 {
        self.clock.search_seconds()
    }

    /// Runs `work` and counts its time as search.
    pub(crate) fn search<T>(&self, work: impl FnOnce() -> T) -> T {
        let (value, took) = timed(work);
        self.clock.add_search(took);
        value
    }
}
