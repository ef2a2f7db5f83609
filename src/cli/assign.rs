//! `kmeans assign`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::{ArgGroup, Args};
use kmeans::data::{Missing, Output, RowWriter, create_rows, write_distances, write_label_rows};
use kmeans::{AssignOptions, Assignment, Device, KMeansModel, Points, Preparation, Trainer};
use serde_json::json;

use super::assigner::AssignArg;
use super::failure::Usage;
use super::input::{DataArg, codec_file};
use super::progress::Bars;
use super::values::device;
use super::{interrupt, output, summary, text};

const INTERRUPTED: &str = "interrupted: nothing is written";

/// Give each row of DATA the number of its nearest centroid.
///
/// A model that was trained with steps of preparation puts the rows through them first.
///
/// Example: kmeans assign model.safetensors more.npy --labels labels.npy
#[derive(Args)]
#[command(group = ArgGroup::new("outputs").args(["labels", "distances", "transform"]).required(true).multiple(true))]
pub(crate) struct Assign {
    /// Model file that `kmeans train` wrote
    model: PathBuf,
    #[command(flatten)]
    data: DataArg,
    /// Write the cluster of each row (.npy i32, .csv, .ivecs); n×P with --top P
    #[arg(long, value_name = "F")]
    labels: Option<PathBuf>,
    /// Write distances to these centroids, squared for l2 (.npy f32, .csv, .fvecs)
    #[arg(long, value_name = "F")]
    distances: Option<PathBuf>,
    /// Write the distances to all k centroids, n×k, squared for l2 (.npy f32, .csv, .fvecs)
    #[arg(long, value_name = "F")]
    transform: Option<PathBuf>,
    /// The P nearest centroids of each row, the nearest first
    #[arg(long, value_name = "P", default_value = "1")]
    top: NonZeroUsize,
    /// What finds the nearest centroid: exact; approximate or approximate:NPROBE (by an index of √k cells of
    /// centroids, of which NPROBE, 8, are looked into: for very many clusters); index (by an exact one)
    #[arg(long = "assign", value_name = "HOW", default_value_t, conflicts_with = "transform")]
    by: AssignArg,
    /// DATA holds codes (.npy u8): f16, bf16, u8, sq8:RANGES.npy, sq4:RANGES.npy, pq:CODEBOOKS.npy
    #[arg(long, value_name = "SPEC")]
    codec: Option<String>,
    /// Where to compute: auto, cpu, cpu:THREADS, cuda, cuda:INDEX, wgpu, wgpu:INDEX, reference
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
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.check_outputs()?;
        let device = device(&self.device, self.threads)?;
        let model = KMeansModel::load(&self.model)?;
        self.check_top(model.k())?;
        let fills = model.preparation().is_some_and(Preparation::fills_missing);
        let missing = if fills { Missing::AsNan } else { Missing::Refuse };
        let points = self.data.open_decoded_with(self.codec.as_deref(), missing)?;

        let started = Instant::now();
        let found = self.assign(&device, &*points, &model, &bars)?;
        let transformed = self.transform(&device, &*points, &model, &bars)?;
        bars.finish();
        let seconds = started.elapsed().as_secs_f64();

        self.write(found.as_ref(), transformed)?;
        self.tell(&*points, &model, found.as_ref(), seconds)
    }

    fn check_outputs(&self) -> Result<()> {
        let outputs = [
            (self.labels.as_deref(), Output::Labels),
            (self.distances.as_deref(), Output::Distances),
            (self.transform.as_deref(), Output::Distances),
        ];
        let codec = self.codec.as_deref().and_then(codec_file);
        let inputs: Vec<&Path> =
            [Some(&*self.model), Some(self.data.file()), codec].into_iter().flatten().collect();
        output::check(&outputs, &inputs, self.force)
    }

    fn check_top(&self, k: usize) -> Result<(), Usage> {
        let top = self.top.get();
        if top > 1 && !self.is_assigning() {
            return Err(Usage(format!("--top {top} goes with --labels or --distances")));
        }
        if top > 1 && self.by != AssignArg::Exact {
            return Err(Usage(format!("--top {top} goes with --assign exact")));
        }
        if top > k {
            return Err(Usage(format!("--top is {top}, the model has {k} clusters")));
        }
        Ok(())
    }

    /// Whether the nearest centroids are asked for, and not only all distances.
    fn is_assigning(&self) -> bool {
        self.labels.is_some() || self.distances.is_some()
    }

    fn assign(
        &self,
        device: &Device,
        points: &dyn Points,
        model: &KMeansModel,
        bars: &Bars,
    ) -> Result<Option<Assignment>> {
        if !self.is_assigning() {
            return Ok(None);
        }
        let options = AssignOptions::default().p(self.top.get()).distances(self.distances.is_some());
        let done = match &mut self.by.assigner(device, model.metric())? {
            Some(assigner) => {
                device.assign_by(points, model, &mut **assigner, options, &|step| bars.show(step))?
            }
            None => device.assign(points, model, options, &|step| bars.show(step))?,
        };
        Ok(Some(done))
    }

    /// The file of all distances, whole but for its name.
    fn transform(
        &self,
        device: &Device,
        points: &dyn Points,
        model: &KMeansModel,
        bars: &Bars,
    ) -> Result<Option<RowWriter>> {
        let Some(path) = &self.transform else { return Ok(None) };
        let mut writer = create_rows(path, points.rows(), model.k(), output::overwrite(self.force))?;
        let mut write = |distances: &[f32]| Ok(writer.write_rows(distances)?);
        device.transform(points, model, &mut write, &|step| bars.show(step))?;
        Ok(Some(writer))
    }

    fn write(&self, found: Option<&Assignment>, transformed: Option<RowWriter>) -> Result<()> {
        let overwrite = output::overwrite(self.force);
        if let Some((path, found)) = self.labels.as_ref().zip(found) {
            write_label_rows(path, &found.labels, found.p, overwrite)?;
        }
        let distances = found.and_then(|found| Some((found.distances.as_ref()?, found.p)));
        if let Some((path, (distances, p))) = self.distances.as_ref().zip(distances) {
            write_distances(path, distances, p, overwrite)?;
        }
        transformed.map_or(Ok(()), RowWriter::commit)?;
        Ok(())
    }

    fn tell(
        &self,
        points: &dyn Points,
        model: &KMeansModel,
        found: Option<&Assignment>,
        seconds: f64,
    ) -> Result<()> {
        let (n, k) = (points.rows(), model.k());
        if !self.quiet {
            let what = if found.is_some() { "assigned" } else { "measured" };
            text::say(format_args!("{n} rows {what} to {k} clusters in {seconds:.3} s"));
        }
        if let (Some(found), false) = (found, self.quiet) {
            summary::sizes_of(&found.cluster_sizes);
            text::say(format_args!("inertia {:.6}", found.inertia));
        }
        if !self.json {
            return Ok(());
        }
        let mut report = json!({
            "n": n, "d": points.dim(), "k": k, "metric": model.metric(), "seconds": seconds,
            "version": env!("CARGO_PKG_VERSION"),
        });
        if let Some(found) = found {
            report["top"] = found.p.into();
            report["inertia"] = found.inertia.into();
            report["cluster_sizes"] = json!(found.cluster_sizes);
            report["device"] = json!(found.device);
        }
        text::print(format_args!("{report}"))
    }
}
