//! Other ways to train.

use anyhow::Result;
use clap::Args;
use kmeans::{Assigner, Device, Metric, Params};

use crate::cli::assigner::AssignArg;
use crate::cli::failure::Usage;

#[derive(Args)]
#[command(next_help_heading = "Variants")]
pub(super) struct Variants {
    /// Train on a growing number of leading dimensions, in this many steps [default: on all at once]
    #[arg(long, value_name = "N")]
    progressive_dim_steps: Option<usize>,
    /// Do not rotate to principal components before progressive dimensions
    #[arg(long, requires = "progressive_dim_steps")]
    no_pca: bool,
    /// One column only: the optimal centroids, by dynamic programming over all rows
    #[arg(long)]
    exact_1d: bool,
    /// Train about sqrt(k) clusters first, then clusters within each, then all together once
    #[arg(long)]
    hierarchical: bool,
    /// Keep every cluster at no more than 1 + SLACK times the mean size [default: any size; 0.1 without
    /// =SLACK]
    #[arg(long, value_name = "SLACK", num_args = 0..=1, require_equals = true, default_missing_value = "0.1")]
    balanced: Option<f64>,
    /// How rows find their centroid in the iterations: exact; index, by a flat index of the centroids, exact
    /// too; or approximate[:NPROBE], by an index of which NPROBE cells are looked into [default NPROBE: 8]
    #[arg(long, value_name = "HOW", default_value_t)]
    assign: AssignArg,
    /// Train the index of --assign approximate again in every iteration, not only in the first of a restart
    #[arg(long)]
    update_index: bool,
}

impl Variants {
    pub(super) fn set(&self, params: &mut Params) -> Result<()> {
        if self.update_index && !self.assign.has_cells() {
            let assign = self.assign;
            return Err(
                Usage(format!("--update-index goes with --assign approximate, not with {assign}")).into()
            );
        }
        params.progressive_dim_steps = self.progressive_dim_steps;
        params.apply_pca = !self.no_pca;
        params.exact_1d = self.exact_1d;
        params.hierarchical = self.hierarchical;
        params.balanced = self.balanced;
        params.update_index = self.update_index;
        Ok(())
    }

    pub(super) fn assigner(&self, device: &Device, metric: Metric) -> Result<Option<Box<dyn Assigner>>> {
        self.assign.assigner(device, metric)
    }
}
