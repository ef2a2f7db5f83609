//! `kmeans eval`.

mod told;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::{ArgGroup, Args};
use kmeans::data::{Missing, Output, read_labels};
use kmeans::eval::report::{
    EvaluationReport, objective_figure, scatter_figure, silhouette_figure, sizes_figure,
};
use kmeans::eval::{Clustering, Distance, Evaluate, Evaluation, Measure, Stability, stability};
use kmeans::{AssignOptions, Device, KMeansModel, Points, Preparation, Trainer};
use serde_json::Value;

use super::failure::{BadInput, Usage};
use super::input::{DataArg, codec_file};
use super::progress::Bars;
use super::values::device;
use super::{figures, interrupt, output, text};

/// Say how good clusters are: of a model, or of labels that any tool made.
///
/// Example: kmeans eval vectors.npy --model model.safetensors --report report.html
///
/// With the true classes: kmeans eval vectors.npy --labels labels.npy --truth classes.npy --json
///
/// Labels are any integers: they name clusters, may be negative and skip numbers. Measures that compare clusters are
/// left out, and this is said, where there is one cluster only or as many as rows.
#[derive(Args)]
#[command(group = ArgGroup::new("source").args(["model", "labels"]).required(true))]
pub(crate) struct Eval {
    #[command(flatten)]
    data: DataArg,
    /// Model file that `kmeans train` wrote; rows are prepared by its steps, and get its labels
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// The cluster of each row, an integer (.npy, .csv, .tsv, .ivecs)
    #[arg(long, value_name = "F")]
    labels: Option<PathBuf>,
    /// The true class of each row, in the same formats
    #[arg(long, value_name = "F")]
    truth: Option<PathBuf>,
    /// Measures, or all [default: those that are defined, and quick]: inertia, mean-distance, silhouette,
    /// simplified-silhouette, davies-bouldin, calinski-harabasz, dunn, imbalance-factor; with --truth adjusted-rand,
    /// adjusted-mutual-info, normalized-mutual-info, homogeneity, completeness, v-measure, fowlkes-mallows, purity
    #[arg(long, value_name = "M,M", value_delimiter = ',', value_parser = MeasureArg::parse)]
    metrics: Vec<MeasureArg>,
    /// Distance of silhouettes: euclidean, cosine [default: cosine for models of that metric, else euclidean]
    #[arg(long, value_name = "WHICH")]
    distance: Option<Distance>,
    /// Rows whose silhouettes are measured, to all others [default: all of up to 50000, else 10000]
    #[arg(long, value_name = "N")]
    silhouette_sample: Option<NonZeroUsize>,
    /// Also train N times with other seeds, and N times on halves of the rows, and say how far labels agree
    #[arg(long, value_name = "N")]
    stability: Option<usize>,
    /// Write a page with figures and tables (.html)
    #[arg(long, value_name = "F")]
    report: Option<PathBuf>,
    /// Draw silhouettes (.svg, .png)
    #[arg(long, value_name = "F")]
    plot_silhouette: Option<PathBuf>,
    /// Draw cluster sizes (.svg, .png)
    #[arg(long, value_name = "F")]
    plot_sizes: Option<PathBuf>,
    /// Draw rows and means in the plane of two principal components (.svg, .png)
    #[arg(long, value_name = "F")]
    plot_scatter: Option<PathBuf>,
    /// Draw the objective of each iteration of the training (.svg, .png)
    #[arg(long, value_name = "F")]
    plot_objective: Option<PathBuf>,
    /// Seed of samples
    #[arg(long, value_name = "SEED", default_value = "1234")]
    seed: u64,
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
    /// No progress bar and no summary
    #[arg(short, long)]
    quiet: bool,
}

const INTERRUPTED: &str = "interrupted: nothing is written";

/// A measure, or all of them.
#[derive(Clone, Copy, Debug)]
enum MeasureArg {
    All,
    One(Measure),
}

impl MeasureArg {
    fn one(&self) -> Option<Measure> {
        match self {
            Self::All => None,
            Self::One(measure) => Some(*measure),
        }
    }

    fn parse(s: &str) -> Result<Self, String> {
        if s == "all" {
            Ok(Self::All)
        } else {
            s.parse().map(Self::One).map_err(|e: String| format!("{e}, or all"))
        }
    }
}

/// Everything that was found.
struct Found<'a> {
    evaluation: &'a Evaluation,
    clustering: &'a Clustering<'a>,
    model: Option<&'a KMeansModel>,
    stability: Option<Stability>,
    seconds: f64,
}

impl Eval {
    pub(crate) fn run(&self) -> Result<()> {
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.check()?;
        let device = device(&self.device, self.threads)?;
        let model = self.model.as_deref().map(KMeansModel::load).transpose()?;
        let preparation = model.as_ref().and_then(KMeansModel::preparation);
        let fills = preparation.is_some_and(Preparation::fills_missing);
        let missing = if fills { Missing::AsNan } else { Missing::Refuse };
        let points = self.data.open_decoded_with(self.codec.as_deref(), missing)?;
        let truth = self.truth.as_deref().map(|path| labels_of(path, &*points)).transpose()?;

        let started = Instant::now();
        let (labels, inertia) = self.labels(&device, &*points, model.as_ref(), &bars)?;
        bars.finish();
        let prepared = preparation.map(|preparation| preparation.rows(&*points)).transpose()?;
        let seen: &dyn Points = prepared.as_ref().map_or(&*points, |prepared| prepared);
        let clustering = match device {
            Device::Cpu { threads: Some(threads) } => Clustering::on_threads(seen, &labels, threads.get())?,
            _ => Clustering::new(seen, &labels)?,
        };
        let evaluate = self.evaluate(model.as_ref()).inertia(inertia);
        let evaluation = evaluate.run(&device, &clustering, truth.as_deref())?;
        let stability = self.stability(&device, seen, model.as_ref())?;
        let seconds = started.elapsed().as_secs_f64();
        let found = Found {
            evaluation: &evaluation,
            clustering: &clustering,
            model: model.as_ref(),
            stability,
            seconds,
        };
        self.write(&found)?;
        self.tell(&found)
    }

    fn check(&self) -> Result<()> {
        self.check_needs()?;
        let plots = self.plots();
        plots.iter().try_for_each(|plot| figures::check(*plot))?;
        let is_page = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("html"));
        if let Some(path) = self.report.as_deref().filter(|path| !is_page(path)) {
            return Err(Usage(format!("--report {}: a report is a .html file", path.display())).into());
        }
        let outputs: Vec<_> =
            plots.into_iter().chain([self.report.as_deref()]).map(|path| (path, Output::Other)).collect();
        let files = [self.model.as_deref(), self.labels.as_deref(), self.truth.as_deref()];
        let codec = self.codec.as_deref().and_then(codec_file);
        let inputs: Vec<&Path> = files.into_iter().chain([codec, Some(self.data.file())]).flatten().collect();
        output::check(&outputs, &inputs, self.force)
    }

    /// What is asked for needs a model, or classes. clap lets it pass: `requires` is silent about members of a group.
    fn check_needs(&self) -> Result<(), Usage> {
        let of_model =
            [("--stability", self.stability.is_some()), ("--plot-objective", self.plot_objective.is_some())];
        if let (Some((flag, _)), None) = (of_model.into_iter().find(|(_, given)| *given), &self.model) {
            return Err(Usage(format!("{flag} is of a training: give --model")));
        }
        if self.stability.is_some_and(|trainings| trainings < 2) {
            return Err(Usage("--stability compares trainings: give 2 or more".to_owned()));
        }
        let measures = || self.metrics.iter().filter_map(MeasureArg::one);
        let has_silhouette =
            self.metrics.is_empty() || self.all_measures() || measures().any(|m| m == Measure::Silhouette);
        if self.plot_silhouette.is_some() && !has_silhouette {
            return Err(Usage("--plot-silhouette needs silhouette among --metrics".to_owned()));
        }
        let of_classes = measures().find(|measure| measure.needs_truth());
        match (of_classes, &self.truth) {
            (Some(measure), None) => {
                Err(Usage(format!("--metrics {measure} compares with true classes: give --truth")))
            }
            _ => Ok(()),
        }
    }

    fn plots(&self) -> [Option<&Path>; 4] {
        [&self.plot_silhouette, &self.plot_sizes, &self.plot_scatter, &self.plot_objective]
            .map(Option::as_deref)
    }

    /// Labels, and the inertia of the model that gave them.
    fn labels(
        &self,
        device: &Device,
        points: &dyn Points,
        model: Option<&KMeansModel>,
        bars: &Bars,
    ) -> Result<(Vec<i32>, Option<f64>)> {
        match (model, &self.labels) {
            (Some(model), _) => {
                let found =
                    device.assign(points, model, AssignOptions::default(), &|step| bars.show(step))?;
                Ok((found.labels, Some(found.inertia)))
            }
            (None, Some(labels)) => Ok((labels_of(labels, points)?, None)),
            (None, None) => unreachable!("one of the two is required"),
        }
    }

    fn evaluate(&self, model: Option<&KMeansModel>) -> Evaluate {
        let of_model = model.map_or(Distance::Euclidean, |model| Distance::of(model.metric()));
        let evaluate = Evaluate::new()
            .distance(self.distance.unwrap_or(of_model))
            .silhouette_sample(self.silhouette_sample.map(NonZeroUsize::get))
            .seed(self.seed)
            .slow(self.all_measures());
        let measures: Vec<Measure> = self.metrics.iter().filter_map(|measure| measure.one()).collect();
        if self.all_measures() || measures.is_empty() { evaluate } else { evaluate.measures(measures) }
    }

    fn all_measures(&self) -> bool {
        self.metrics.iter().any(|measure| measure.one().is_none())
    }

    fn stability(
        &self,
        device: &Device,
        points: &dyn Points,
        model: Option<&KMeansModel>,
    ) -> Result<Option<Stability>> {
        let (Some(trainings), Some(model)) = (self.stability, model) else { return Ok(None) };
        Ok(Some(stability(device, points, model.params(), trainings)?))
    }

    fn write(&self, found: &Found<'_>) -> Result<()> {
        let Found { evaluation, clustering, model, .. } = found;
        let overwrite = output::overwrite(self.force);
        figures::write(self.plot_silhouette.as_deref(), overwrite, || silhouette_figure(evaluation))?;
        figures::write(self.plot_sizes.as_deref(), overwrite, || sizes_figure(evaluation))?;
        figures::write(self.plot_scatter.as_deref(), overwrite, || scatter_figure(clustering, self.seed))?;
        if let Some(model) = model {
            figures::write(self.plot_objective.as_deref(), overwrite, || objective_figure(model.report()))?;
        }
        if let Some(path) = &self.report {
            let report = EvaluationReport::new(evaluation, clustering)
                .model(*model)
                .seed(self.seed)
                .command(told::command());
            report.page()?.save(path, overwrite)?;
        }
        Ok(())
    }

    fn tell(&self, found: &Found<'_>) -> Result<()> {
        if !self.quiet {
            told::summary(found);
        }
        if self.json { text::print(format_args!("{}", Value::Object(told::object(found)))) } else { Ok(()) }
    }
}

/// The label of each row, of a file that holds as many.
fn labels_of(path: &Path, points: &dyn Points) -> Result<Vec<i32>> {
    let labels = read_labels(path)?;
    let (expected, found) = (points.rows(), labels.len());
    if found == expected {
        return Ok(labels);
    }
    let text = format!("{}: {found} labels for {expected} rows of {}", path.display(), points.name());
    Err(BadInput(text).into())
}
