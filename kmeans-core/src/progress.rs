//! Telling the caller how far the work is, and letting them stop it.

use std::fmt;
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

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Read { done, n } => write!(f, "{done} of {n} rows of the sample read"),
            Self::Init { done, k } => write!(f, "{done} of {k} first centroids"),
            Self::Iteration { redo, iteration, stats } => write!(
                f,
                "redo {redo}, iteration {iteration} ({:.3} s, search {:.3} s): objective {:.6e}, imbalance {:.3}, nsplit {}",
                stats.time, stats.time_search, stats.obj, stats.imbalance_factor, stats.nsplit
            ),
            Self::Assign { done, n } => write!(f, "{done} of {n} rows assigned"),
        }
    }
}

/// Called after each step. [`ControlFlow::Break`] ends the training with the best model so far: while
/// first centroids are drawn, the rest of them is drawn uniformly; the final assignment is still made.
pub type OnProgress<'a> = dyn Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'a;

/// Heeds nothing and goes on.
pub(crate) fn silent(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
