//! Telling the caller how far the work is, and letting them stop it.

use std::ops::ControlFlow;

use crate::report::IterationStats;

/// A step of long work that was just finished.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The sample: `done` of `n` rows are read.
    Read {
        /// Rows so far.
        done: usize,
        /// Rows of the sample.
        n: usize,
    },
    /// Initial centroids: `done` of `k` are drawn.
    Init {
        /// Centroids so far.
        done: usize,
        /// Clusters.
        k: usize,
    },
    /// One iteration.
    Iteration {
        /// Restart, from 0.
        redo: usize,
        /// Iteration, from 0.
        iteration: usize,
        /// What it found.
        stats: IterationStats,
    },
    /// Assignment of all rows to fixed centroids.
    Assign {
        /// Rows so far.
        done: usize,
        /// Rows.
        n: usize,
    },
}

/// Called after each step. [`ControlFlow::Break`] after an iteration ends training there, with the
/// best model so far; elsewhere it is not heeded.
pub type OnProgress<'a> = dyn Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'a;

/// Heeds nothing and goes on.
pub(crate) fn silent(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
