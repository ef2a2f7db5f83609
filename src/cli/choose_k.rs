//! `kmeans choose-k`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Result;
use clap::Args;
use kmeans::data::Output;
use kmeans::eval::report::k_figure;
use kmeans::eval::{ChooseK as Choose, Error as EvalError, KChoice, KMeasures, Method};
use kmeans::{Device, Init, Job, Metric, Params, Points, Preparation, Trainer};
use serde_json::json;

use super::failure::Usage;
use super::input::{DataArg, codec_file};
use super::progress::Bars;
use super::steps::Steps;
use super::values::{OrNone, device};
use super::watched::Watched;
use super::{figures, interrupt, output, text};

/// Say which number of clusters suits DATA.
///
/// Example: kmeans choose-k vectors.npy --k 2:20 --plot k.svg
///
/// Rows may be prepared first, and the model keeps the steps: kmeans choose-k raw.csv --k 2:20 --standardize -o m.safetensors
///
/// Each method votes for a number; the one with the most votes is recommended, with the reasons and how sure it is. Each
/// k is trained from its neighbours, so that all of them take less time than a few trainings with restarts.
#[derive(Args)]
pub(crate) struct ChooseK {
    #[command(flatten)]
    data: DataArg,
    /// Numbers to try: FROM:TO or FROM:TO:STEP, both ends included where steps meet them
    #[arg(long, value_name = "FROM:TO[:STEP]")]
    k: KRange,
    /// Methods that vote: elbow, silhouette, calinski-harabasz, davies-bouldin, gap, bic, x-means, stability [default:
    /// elbow,silhouette,calinski-harabasz,davies-bouldin; for --metric ip without elbow]. Indexes and bic are Euclidean
    #[arg(long, value_name = "M,M", value_delimiter = ',')]
    methods: Vec<Method>,
    /// Draw the measures of each k (.svg, .png)
    #[arg(long, value_name = "F")]
    plot: Option<PathBuf>,
    /// Write the model of the recommended k (.safetensors)
    #[arg(short = 'o', long = "output", value_name = "MODEL")]
    output: Option<PathBuf>,
    /// Most iterations of a training
    #[arg(long, value_name = "N", default_value = "100")]
    niter: usize,
    /// Trainings anew of each k that is trained so, of which the best counts
    #[arg(long, value_name = "N", default_value = "1")]
    nredo: usize,
    /// Seed of all random choices
    #[arg(long, value_name = "SEED", default_value = "1234")]
    seed: u64,
    /// How first centroids are drawn: kmeans++, greedy-kmeans++, random, kmeans-parallel, afk-mc2
    #[arg(long, value_name = "HOW", default_value_t = Init::KMeansPlusPlus)]
    init: Init,
    /// What "nearest" means: l2, ip, cosine, l1, linf, kl
    #[arg(long, value_name = "METRIC", default_value_t = Metric::L2)]
    metric: Metric,
    /// Train on a uniform sample of at most so many rows a centroid of the largest k, or none: on all
    #[arg(long, value_name = "N|none", default_value = "256")]
    max_points_per_centroid: OrNone<usize>,
    /// Rows whose silhouettes are measured, to all others [default: all of up to 20000, else 4000]
    #[arg(long, value_name = "N")]
    silhouette_sample: Option<NonZeroUsize>,
    /// Data sets without clusters that the gap compares with
    #[arg(long, value_name = "N", default_value = "10")]
    gap_references: NonZeroUsize,
    /// Trainings that the stability of a k is taken from
    #[arg(long, value_name = "N", default_value = "5")]
    stability_trainings: usize,
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
    #[command(flatten)]
    steps: Steps,
}

const INTERRUPTED: &str = "interrupted: nothing is written";

/// Numbers of clusters.
#[derive(Clone, Copy, Debug)]
struct KRange {
    from: usize,
    to: usize,
    step: NonZeroUsize,
}

impl FromStr for KRange {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let expected = || "expected FROM:TO or FROM:TO:STEP, such as 2:20 or 10:100:10".to_owned();
        let parts: Vec<&str> = s.split(':').collect();
        let (from, to, step) = match parts[..] {
            [from, to] => (from, to, "1"),
            [from, to, step] => (from, to, step),
            _ => return Err(expected()),
        };
        let number = |s: &str| s.parse::<usize>().map_err(|_| expected());
        let (from, to) = (number(from)?, number(to)?);
        let step = step.parse().map_err(|_| expected())?;
        if from == 0 || from > to {
            return Err(format!("{}; FROM is 1 or more, and TO not less", expected()));
        }
        Ok(Self { from, to, step })
    }
}

impl KRange {
    /// Before numbers are counted or listed, of which there may be too many.
    fn check(self, n: usize) -> Result<(), EvalError> {
        let Self { from, to, .. } = self;
        if to <= n { Ok(()) } else { Err(EvalError::KRange { first: from, last: to, least: 1, most: n }) }
    }
}

impl ChooseK {
    pub(crate) fn run(&self) -> Result<()> {
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.check()?;
        let device = device(&self.device, self.threads)?;
        let plan = self.steps.plan()?;
        let points = self.data.open_decoded_with(self.codec.as_deref(), plan.missing())?;
        self.k.check(points.rows())?;
        let preparation =
            plan.carry_out(&Watched { points: &*points, bars: &bars, what: "rows read" }, None)?;
        if preparation.as_ref().is_some_and(Preparation::finds_outliers) {
            let text = "choose-k leaves no rows out: kmeans prepare --drop-outliers writes the others";
            return Err(Usage(text.to_owned()).into());
        }
        let prepared = preparation.as_ref().map(|preparation| preparation.rows(&*points)).transpose()?;
        let seen: &dyn Points = prepared.as_ref().map_or(&*points, |prepared| prepared);
        let ks = (self.k.from..=self.k.to).step_by(self.k.step.get());
        let (total, mut done) = (ks.clone().count(), 0);
        let choose = Choose::new(ks)
            .methods(self.methods())
            .with_params(self.params())
            .gap_references(self.gap_references.get())
            .stability_trainings(self.stability_trainings)
            .silhouette_sample(self.silhouette_sample.map(NonZeroUsize::get));
        let choice = choose.run_watched(&device, seen, &mut |_| {
            done += 1;
            bars.place("k measured", done, total, "");
        })?;
        bars.finish();
        let overwrite = output::overwrite(self.force);
        figures::write(self.plot.as_deref(), overwrite, || k_figure(&choice))?;
        self.write_model(&device, &*points, &choice, preparation.as_ref())?;
        self.tell(&*points, &choice)
    }

    fn check(&self) -> Result<()> {
        figures::check(self.plot.as_deref())?;
        let model = self.output.as_deref().map(output::model_name).transpose()?;
        let outputs = [(self.plot.as_deref(), Output::Other), (model, Output::Other)];
        let codec = self.codec.as_deref().and_then(codec_file);
        let inputs: Vec<&Path> =
            codec.into_iter().chain([self.data.file()]).chain(self.steps.inputs()).collect();
        output::check(&outputs, &inputs, self.force)
    }

    /// Those given, or those that need no further trainings and are defined for the metric.
    fn methods(&self) -> Vec<Method> {
        let is_defined = |method: &Method| self.metric != Metric::InnerProduct || !method.compares_inertias();
        match &*self.methods {
            [] => Choose::METHODS.into_iter().filter(is_defined).collect(),
            methods => methods.to_vec(),
        }
    }

    fn params(&self) -> Params {
        let mut params = Params::new(1);
        (params.niter, params.nredo, params.seed) = (self.niter, self.nredo, self.seed);
        params.init = self.init.clone();
        params.metric = Some(self.metric);
        params.max_points_per_centroid = self.max_points_per_centroid.0;
        params
    }

    /// The model of the recommended k, trained on from its centroids, with labels of all rows counted.
    fn write_model(
        &self,
        device: &Device,
        points: &dyn Points,
        choice: &KChoice,
        preparation: Option<&Preparation>,
    ) -> Result<()> {
        let Some(path) = &self.output else { return Ok(()) };
        let mut params = self.params();
        params.k = choice.recommended.k;
        // The rows that the sweep was trained on.
        let most = choice.k.last().map_or(params.k, |m| m.k);
        let rows = params.max_points_per_centroid;
        params.max_points_per_centroid = rows.map(|rows| rows.saturating_mul(most).div_ceil(params.k));
        params.init_centroids = choice.model.centroids().to_vec();
        let fit = device.train(Job::new(points, &params).preparation(preparation))?;
        Ok(fit.model.save(path, output::overwrite(self.force))?)
    }

    fn tell(&self, points: &dyn Points, choice: &KChoice) -> Result<()> {
        if !self.quiet {
            summary(choice);
        }
        if !self.json {
            return Ok(());
        }
        let recommended = &choice.recommended;
        text::print(format_args!(
            "{}",
            json!({
                "n": points.rows(), "d": points.dim(), "k": choice.k.iter().map(|m| m.k).collect::<Vec<_>>(),
                "measures": choice.k, "recommended": recommended.k, "sureness": recommended.sureness,
                "reasons": recommended.votes, "doubts": recommended.doubts, "seconds": choice.seconds,
                "seed": self.seed, "version": env!("CARGO_PKG_VERSION"),
            })
        ))
    }
}

fn summary(choice: &KChoice) {
    let columns = columns(choice);
    let head: Vec<String> = columns.iter().map(|(name, _)| format!("{name:>18}")).collect();
    text::say(format_args!("{:>6}{}", "k", head.join("")));
    for m in &choice.k {
        let mark = if m.k == choice.recommended.k { " <" } else { "" };
        let of = |value: Option<f64>| {
            value.map_or(format!("{:>18}", "-"), |value| format!("{:>18}", text::number(value)))
        };
        let values: Vec<String> = columns.iter().map(|(_, value)| of(value(m))).collect();
        text::say(format_args!("{:>6}{}{mark}", m.k, values.join("")));
    }
    for vote in &choice.recommended.votes {
        let k = vote.k.map_or("none".to_owned(), |k| k.to_string());
        text::say(format_args!("{:>18}: {k} ({})", vote.method.name(), vote.reason));
    }
    for doubt in &choice.recommended.doubts {
        text::say(format_args!("doubt: {doubt}"));
    }
    let sure = 100.0 * choice.recommended.sureness;
    text::say(format_args!(
        "recommended k = {}, sure to {sure:.0} %; {:.3} s",
        choice.recommended.k, choice.seconds
    ));
}

type Column = (&'static str, fn(&KMeasures) -> Option<f64>);

/// The measures that were taken of some k.
fn columns(choice: &KChoice) -> Vec<Column> {
    let all: [Column; 7] = [
        ("inertia", |m| Some(m.inertia)),
        ("silhouette", |m| m.silhouette),
        ("calinski-harabasz", |m| m.calinski_harabasz),
        ("davies-bouldin", |m| m.davies_bouldin),
        ("gap", |m| m.gap),
        ("bic", |m| m.bic),
        ("stability", |m| m.stability),
    ];
    all.into_iter().filter(|(_, value)| choice.k.iter().any(|m| value(m).is_some())).collect()
}
