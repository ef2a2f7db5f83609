//! How long training goes on.

use std::time::Duration;

use clap::Args;
use kmeans::Params;

use crate::cli::values::{OrNone, time_span};

#[derive(Args)]
#[command(next_help_heading = "Iterations and stopping")]
pub(super) struct Stopping {
    /// Most iterations of a restart; 0 leaves the first centroids
    #[arg(long, value_name = "N", default_value_t = Params::default().niter)]
    pub(super) niter: usize,
    /// Restarts, of which the best is kept
    #[arg(long, value_name = "N", default_value_t = Params::default().nredo)]
    nredo: usize,
    /// Stop when the objective changes by no more than this share of itself; none: run all niter
    #[arg(
        long,
        value_name = "T|none",
        default_value_t = OrNone(Params::default().early_stop_threshold),
        allow_negative_numbers = true
    )]
    early_stop_threshold: OrNone<f64>,
    /// Stop iterating after this many seconds (or 90s, 5m, 2h), with the best model so far [default: no
    /// limit]
    #[arg(long, value_name = "SECONDS", value_parser = time_span, allow_negative_numbers = true)]
    time_limit: Option<Duration>,
}

impl Stopping {
    pub(super) fn set(&self, params: &mut Params) {
        params.niter = self.niter;
        params.nredo = self.nredo;
        params.early_stop_threshold = self.early_stop_threshold.0;
        params.time_limit = self.time_limit;
    }
}
