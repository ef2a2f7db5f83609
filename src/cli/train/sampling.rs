//! Which rows are trained on, and what each counts.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use kmeans::Params;
use kmeans::data::read_vector;

use crate::cli::values::OrNone;

#[derive(Args)]
#[command(next_help_heading = "Sampling")]
pub(super) struct Sampling {
    /// One weight a row (.npy or one column of .csv), finite and not negative [default: 1 each]
    #[arg(long, value_name = "F")]
    weights: Option<PathBuf>,
    /// Fewer rows a centroid than this give a warning (with --strict, an error)
    #[arg(long, value_name = "N", default_value_t = Params::default().min_points_per_centroid)]
    min_points_per_centroid: usize,
    /// Train on a sample of at most this many rows a centroid; none: on all rows
    #[arg(long, value_name = "N|none", default_value_t = OrNone(Params::default().max_points_per_centroid))]
    max_points_per_centroid: OrNone<usize>,
    /// Draw the sample with replacement: less memory while drawing, and rows may repeat
    #[arg(long)]
    use_faster_subsampling: bool,
    /// Do not look for NaN and infinity in rows that are neither trained on nor assigned at the end
    #[arg(long)]
    no_check_input_data_for_nans: bool,
}

impl Sampling {
    pub(super) fn set(&self, params: &mut Params) {
        params.min_points_per_centroid = self.min_points_per_centroid;
        params.max_points_per_centroid = self.max_points_per_centroid.0;
        params.use_faster_subsampling = self.use_faster_subsampling;
        params.check_input_data_for_nans = !self.no_check_input_data_for_nans;
    }

    pub(super) fn input(&self) -> Option<&Path> {
        self.weights.as_deref()
    }

    pub(super) fn weights(&self) -> Result<Option<Vec<f32>>> {
        Ok(self.weights.as_ref().map(read_vector).transpose()?)
    }
}
