//! Where training runs, and what it says.

use std::num::NonZeroUsize;

use clap::Args;
use kmeans::{Device, Params, Pruning};

use crate::cli::values::byte_size;

#[derive(Args)]
#[command(next_help_heading = "Running")]
pub(super) struct Running {
    /// Where to compute: auto, cpu, cpu:THREADS, cuda, cuda:INDEX, wgpu, wgpu:INDEX, reference
    #[arg(long, default_value_t)]
    device: Device,
    /// Threads of the cpu device [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Rows handed to the engine at a time [default: all]; results do not depend on it
    #[arg(long, value_name = "N")]
    chunk_rows: Option<usize>,
    /// Whether centroids may be ruled out by bounds: auto, off, always [default: auto]; results do not
    /// depend on it
    #[arg(long)]
    pruning: Option<Pruning>,
    /// Most memory for that: bytes, or a number with K, M or G [default: 5 bytes a value
    /// and 20 a row; of rows of up to 7 columns 8 and 9]
    #[arg(long, value_name = "BYTES", value_parser = byte_size)]
    pruning_memory: Option<u64>,
    /// Most of a GPU's memory for the rows: bytes, or a number with K, M or G; rows beyond it are sent in every
    /// iteration [default: what the device has]; results do not depend on it
    #[arg(long, value_name = "BYTES", value_parser = byte_size)]
    device_memory: Option<u64>,
    /// Leave out the assignment of all rows at the end: inertia is then of the sample
    #[arg(long)]
    pub(super) no_final_assign: bool,
    /// Exit with 3 when not converged or on any warning; too few points are an error
    #[arg(long)]
    pub(super) strict: bool,
    /// Print one JSON object with the report on standard output
    #[arg(long)]
    pub(super) json: bool,
    /// No progress bars and no summary
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// One line for each iteration
    #[arg(short, long, conflicts_with = "quiet")]
    pub(super) verbose: bool,
}

impl Running {
    pub(super) fn set(&self, params: &mut Params) {
        params.final_assign = !self.no_final_assign;
        params.strict = self.strict;
        params.chunk_rows = self.chunk_rows;
        params.pruning = self.pruning;
        params.pruning_memory = self.pruning_memory;
        params.device_memory = self.device_memory;
    }

    pub(super) fn device(&self) -> anyhow::Result<Device> {
        crate::cli::values::device(&self.device, self.threads)
    }
}
