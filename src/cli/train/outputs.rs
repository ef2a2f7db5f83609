//! The files that a training writes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use kmeans::data::{Output, write_distances, write_labels};
use kmeans::{Fit, Overwrite};

use crate::cli::failure::Usage;
use crate::cli::{output, text};

#[derive(Args)]
pub(super) struct Outputs {
    /// Model file to write (.safetensors)
    #[arg(short = 'o', long = "output", value_name = "MODEL")]
    model: PathBuf,
    /// Write the cluster of each row (.npy i32, .csv, .ivecs)
    #[arg(long, value_name = "F")]
    labels: Option<PathBuf>,
    /// Write the distance of each row to its centroid, squared for l2 (.npy f32, .csv, .fvecs)
    #[arg(long, value_name = "F")]
    pub(super) distances: Option<PathBuf>,
    /// Write plain centroids, k rows (.npy f32, .fvecs, .csv)
    #[arg(long, value_name = "F")]
    centroids: Option<PathBuf>,
    /// Replace output files that exist
    #[arg(long)]
    force: bool,
}

impl Outputs {
    pub(super) fn check(&self, no_final_assign: bool, inputs: &[&Path]) -> Result<()> {
        if no_final_assign && (self.labels.is_some() || self.distances.is_some()) {
            return Err(Usage("--labels and --distances need the final assignment".to_owned()).into());
        }
        let outputs = [
            (Some(output::model_name(&self.model)?), Output::Other),
            (self.labels.as_deref(), Output::Labels),
            (self.distances.as_deref(), Output::Distances),
            (self.centroids.as_deref(), Output::Rows),
        ];
        output::check(&outputs, inputs, self.force)
    }

    fn overwrite(&self) -> Overwrite {
        output::overwrite(self.force)
    }

    pub(super) fn write(&self, fit: &Fit) -> Result<()> {
        if let Some(path) = &self.labels {
            write_labels(path, &fit.labels, self.overwrite())?;
        }
        if let Some((path, distances)) = self.distances.as_ref().zip(fit.distances.as_ref()) {
            write_distances(path, distances, 1, self.overwrite())?;
        }
        if let Some(path) = &self.centroids {
            fit.model.save_centroids(path, self.overwrite())?;
        }
        Ok(fit.model.save(&self.model, self.overwrite())?)
    }

    pub(super) fn list(&self) {
        let files = [
            ("model", Some(&self.model)),
            ("labels", self.labels.as_ref()),
            ("distances", self.distances.as_ref()),
            ("centroids", self.centroids.as_ref()),
        ];
        for (what, path) in files {
            if let Some(path) = path {
                text::say(format_args!("{what:>10}  {}", path.display()));
            }
        }
    }
}
