//! `kmeans assign`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use kmeans::data::{Output, write_distances, write_label_rows};
use kmeans::{AssignOptions, Device, KMeansModel, Trainer};
use serde_json::json;

use super::failure::Usage;
use super::input::DataArg;
use super::progress::Bars;
use super::values::device;
use super::{output, summary, text};

/// Give each row of DATA the number of its nearest centroid.
///
/// Example: kmeans assign model.safetensors more.npy --labels labels.npy
#[derive(Args)]
pub(crate) struct Assign {
    /// Model file that `kmeans train` wrote
    model: PathBuf,
    #[command(flatten)]
    data: DataArg,
    /// Write the cluster of each row (.npy i32, .csv, .ivecs); n×P with --top P
    #[arg(long, value_name = "F")]
    labels: PathBuf,
    /// Write distances to these centroids, squared for l2 (.npy f32, .csv, .fvecs)
    #[arg(long, value_name = "F")]
    distances: Option<PathBuf>,
    /// The P nearest centroids of each row, the nearest first
    #[arg(long, value_name = "P", default_value = "1")]
    top: NonZeroUsize,
    /// Where to compute: auto, cpu, cpu:THREADS, cuda, cuda:INDEX, reference
    #[arg(long, default_value_t)]
    device: Device,
    /// Threads of the cpu device [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Replace output files that exist
    #[arg(long)]
    force: bool,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    /// No progress bars and no summary
    #[arg(short, long)]
    quiet: bool,
}

impl Assign {
    pub(crate) fn run(&self) -> Result<()> {
        let outputs =
            [(Some(self.labels.as_path()), Output::Labels), (self.distances.as_deref(), Output::Distances)];
        output::check(&outputs, &[&self.model, Path::new(self.data.path())], self.force)?;
        let device = device(&self.device, self.threads)?;
        let model = KMeansModel::load(&self.model)?;
        let top = self.top.get();
        if top > model.k() {
            return Err(Usage(format!("--top is {top}, the model has {} clusters", model.k())).into());
        }
        let points = self.data.open()?;

        let started = Instant::now();
        let options = AssignOptions::default().p(top).distances(self.distances.is_some());
        let bars = Bars::new(0, self.quiet, false);
        let found = device.assign(&*points, &model, options, &|step| bars.show(step));
        bars.finish();
        let found = found?;
        let seconds = started.elapsed().as_secs_f64();

        let overwrite = output::overwrite(self.force);
        write_label_rows(&self.labels, &found.labels, top, overwrite)?;
        if let Some((path, distances)) = self.distances.as_ref().zip(found.distances.as_ref()) {
            write_distances(path, distances, top, overwrite)?;
        }
        if !self.quiet {
            text::say(format_args!(
                "{} rows assigned to {} clusters in {seconds:.3} s",
                points.rows(),
                model.k()
            ));
            summary::sizes_of(&found.cluster_sizes);
            text::say(format_args!("inertia {:.6}", found.inertia));
        }
        if self.json {
            let report = json!({
                "n": points.rows(), "d": points.dim(), "k": model.k(), "top": top, "metric": model.metric(),
                "inertia": found.inertia, "cluster_sizes": found.cluster_sizes, "device": found.device,
                "seconds": seconds, "version": env!("CARGO_PKG_VERSION"),
            });
            text::print(format_args!("{report}"))?;
        }
        Ok(())
    }
}
