//! `kmeans train`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use kmeans::data::{Output, read_vector, write_distances, write_labels};
use kmeans::{Device, Error, Fit, Init, KMeans, Metric, Overwrite, Points};
use serde_json::{Value, json};

use super::failure::{Strict, Usage};
use super::input::DataArg;
use super::progress::Bars;
use super::values::{OrNone, device};
use super::{output, summary, text};

/// Find k clusters in DATA and write them as a model.
///
/// Example: kmeans train vectors.npy -k 100 -o model.safetensors --labels labels.npy
#[derive(Args)]
pub(crate) struct Train {
    #[command(flatten)]
    data: DataArg,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    options: Options,
    /// Where to compute: auto, cpu, cpu:THREADS, cuda, cuda:INDEX, reference
    #[arg(long, default_value_t)]
    device: Device,
    /// Threads of the cpu device [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Exit with 3 when not converged or on any warning; too few points are an error
    #[arg(long)]
    strict: bool,
    /// Print one JSON object with the report on standard output
    #[arg(long)]
    json: bool,
    /// No progress bars and no summary
    #[arg(short, long)]
    quiet: bool,
    /// One line for each iteration
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Args)]
struct Outputs {
    /// Model file to write (.safetensors)
    #[arg(short = 'o', long = "output", value_name = "MODEL")]
    model: PathBuf,
    /// Write the cluster of each row (.npy i32, .csv, .ivecs)
    #[arg(long, value_name = "F")]
    labels: Option<PathBuf>,
    /// Write the distance of each row to its centroid, squared for l2 (.npy f32, .csv, .fvecs)
    #[arg(long, value_name = "F")]
    distances: Option<PathBuf>,
    /// Write plain centroids, k rows (.npy f32, .fvecs, .csv)
    #[arg(long, value_name = "F")]
    centroids: Option<PathBuf>,
    /// Replace output files that exist
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum InitArg {
    #[value(name = "kmeans++")]
    KMeansPlusPlus,
    Random,
}

#[derive(Args)]
struct Options {
    /// Number of clusters
    #[arg(short)]
    k: usize,
    /// Most iterations of a restart
    #[arg(long, default_value_t = 25)]
    niter: usize,
    /// Restarts, of which the best is kept
    #[arg(long, default_value_t = 1)]
    nredo: usize,
    /// Seed of all random choices
    #[arg(long, default_value_t = 1234)]
    seed: u64,
    /// How first centroids are drawn
    #[arg(long, value_enum, default_value = "kmeans++")]
    init: InitArg,
    /// First centroids, at most k rows; the rest is drawn by kmeans++
    #[arg(long, value_name = "F", conflicts_with = "init")]
    init_centroids: Option<PathBuf>,
    /// One weight a row (.npy or one column of .csv), finite and not negative
    #[arg(long, value_name = "F")]
    weights: Option<PathBuf>,
    /// l2 (squared Euclidean distance) or ip (inner product) [default: l2, or ip when spherical]
    #[arg(long)]
    metric: Option<Metric>,
    /// Normalise centroids to length 1 after each update
    #[arg(long)]
    spherical: bool,
    /// Fewer rows a centroid than this give a warning
    #[arg(long, value_name = "N", default_value_t = 39)]
    min_points_per_centroid: usize,
    /// Train on a sample of at most this many rows a centroid; none: on all rows
    #[arg(long, value_name = "N|none", default_value = "256")]
    max_points_per_centroid: OrNone<usize>,
    /// Stop when the objective changes by no more than this share of itself; none: run all niter
    #[arg(long, value_name = "T|none", default_value = "0", allow_negative_numbers = true)]
    early_stop_threshold: OrNone<f64>,
    /// Leave out the assignment of all rows at the end: inertia is then of the sample
    #[arg(long)]
    no_final_assign: bool,
}

impl Train {
    pub(crate) fn run(&self) -> Result<()> {
        self.outputs.check(self.options.no_final_assign, &self.inputs())?;
        let device = device(&self.device, self.threads)?;
        let started = Instant::now();
        let points = self.data.open()?;
        let kmeans = self.options.builder(&*points)?.device(device).strict(self.strict);
        let kmeans = kmeans.return_distances(self.outputs.distances.is_some());
        let weights = self.options.weights.as_ref().map(read_vector).transpose()?;
        let load = started.elapsed().as_secs_f64();

        let bars = Bars::new(self.options.niter, self.quiet, self.verbose);
        let fit = kmeans.train_watched(&*points, weights.as_deref(), &|step| bars.show(step));
        bars.finish();
        let fit = fit?.loaded_in(load);

        self.outputs.write(&fit)?;
        self.tell(&fit)
    }

    fn inputs(&self) -> Vec<&Path> {
        let files = [self.options.weights.as_deref(), self.options.init_centroids.as_deref()];
        [Some(Path::new(self.data.path()))].into_iter().chain(files).flatten().collect()
    }

    fn tell(&self, fit: &Fit) -> Result<()> {
        if !self.quiet {
            summary::training(&fit.report);
            self.outputs.list();
        }
        if self.json {
            text::print(format_args!("{}", report_json(fit)?))?;
        }
        let warnings: Vec<String> = fit.report.warnings.iter().map(ToString::to_string).collect();
        if self.strict && !warnings.is_empty() { Err(Strict(warnings).into()) } else { Ok(()) }
    }
}

/// The report with a sentence beside each warning.
fn report_json(fit: &Fit) -> Result<Value> {
    let mut report = serde_json::to_value(&fit.report)?;
    let warnings = fit.report.warnings.iter().map(|warning| {
        let mut value = serde_json::to_value(warning)?;
        value["message"] = json!(warning.to_string());
        Ok(value)
    });
    report["warnings"] = warnings.collect::<Result<Vec<Value>>>()?.into();
    Ok(report)
}

impl Outputs {
    fn check(&self, no_final_assign: bool, inputs: &[&Path]) -> Result<()> {
        if no_final_assign && (self.labels.is_some() || self.distances.is_some()) {
            return Err(Usage("--labels and --distances need the final assignment".to_owned()).into());
        }
        let outputs = [
            (Some(model_name(&self.model)?), Output::Other),
            (self.labels.as_deref(), Output::Labels),
            (self.distances.as_deref(), Output::Distances),
            (self.centroids.as_deref(), Output::Rows),
        ];
        output::check(&outputs, inputs, self.force)
    }

    fn overwrite(&self) -> Overwrite {
        output::overwrite(self.force)
    }

    fn write(&self, fit: &Fit) -> Result<()> {
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

    fn list(&self) {
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

/// A model by another extension is a slip: two arguments changed places.
fn model_name(path: &Path) -> Result<&Path> {
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("safetensors") => Ok(path),
        _ => Err(Usage(format!("-o {}: a model is a .safetensors file", path.display())).into()),
    }
}

impl Options {
    fn builder(&self, points: &dyn Points) -> Result<KMeans> {
        let mut kmeans = KMeans::new(self.k)
            .niter(self.niter)
            .nredo(self.nredo)
            .seed(self.seed)
            .init(self.init(points.dim())?)
            .spherical(self.spherical)
            .min_points_per_centroid(self.min_points_per_centroid)
            .max_points_per_centroid(self.max_points_per_centroid.0)
            .early_stop_threshold(self.early_stop_threshold.0)
            .final_assign(!self.no_final_assign);
        if let Some(metric) = self.metric {
            kmeans = kmeans.metric(metric);
        }
        Ok(kmeans)
    }

    fn init(&self, d: usize) -> Result<Init> {
        let Some(path) = &self.init_centroids else {
            return Ok(match self.init {
                InitArg::KMeansPlusPlus => Init::KMeansPlusPlus,
                InitArg::Random => Init::Random,
            });
        };
        let points = kmeans::open(path).context("initial centroids")?;
        if points.dim() != d {
            let what = format!("{} (initial centroids)", points.name());
            let (expected, found) = (d, points.dim());
            return Err(Error::DimensionMismatch { what, than: "the data", expected, found }.into());
        }
        let mut values = vec![0.0; points.rows() * d];
        points.read(0..points.rows(), &mut values)?;
        Ok(Init::Centroids(values))
    }
}
