//! `kmeans train`.

mod centroids;
mod encoded;
mod initialisation;
mod outputs;
mod running;
mod sampling;
mod stopping;
mod variants;

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use kmeans::{Fit, Job, Params, Points, Preparation, Trainer};
use serde_json::{Value, json};

use self::centroids::Centroids;
use self::encoded::Encoded;
use self::initialisation::Initialisation;
use self::outputs::Outputs;
use self::running::Running;
use self::sampling::Sampling;
use self::stopping::Stopping;
use self::variants::Variants;
use super::failure::Strict;
use super::input::{DataArg, codec_file};
use super::progress::Bars;
use super::steps::{Plan, Steps};
use super::watched::Watched;
use super::{interrupt, summary, text};

const INTERRUPTED: &str = "interrupted: finishing with what there is; once more ends at once";

/// Find k clusters in DATA and write them as a model.
///
/// Example: kmeans train vectors.npy -k 100 -o model.safetensors --labels labels.npy
///
/// Ctrl-C ends training early with the best model so far, and all outputs are written.
#[derive(Args)]
pub(crate) struct Train {
    #[command(flatten)]
    data: DataArg,
    /// Number of clusters
    #[arg(short)]
    k: usize,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    steps: Steps,
    #[command(flatten)]
    initialisation: Initialisation,
    #[command(flatten)]
    sampling: Sampling,
    #[command(flatten)]
    stopping: Stopping,
    #[command(flatten)]
    centroids: Centroids,
    #[command(flatten)]
    variants: Variants,
    #[command(flatten)]
    encoded: Encoded,
    #[command(flatten)]
    running: Running,
}

impl Train {
    pub(crate) fn run(&self) -> Result<()> {
        let bars = Bars::new(self.stopping.niter, self.running.quiet, self.running.verbose);
        interrupt::catch(&bars, INTERRUPTED)?;
        self.outputs.check(self.running.no_final_assign, &self.inputs())?;
        let device = self.running.device()?;
        let mut assigner = self.variants.assigner(&device, self.params()?.metric())?;
        let mut params = self.params()?;
        let plan = self.steps.plan()?;

        let started = Instant::now();
        let points = self.data.open_decoded_with(self.encoded.codec.as_deref(), plan.missing())?;
        let weights = self.sampling.weights()?;
        let load = started.elapsed().as_secs_f64();
        let (preparation, preparing) = fit_steps(plan, &*points, weights.as_deref(), &bars)?;
        let d = preparation.as_ref().map_or(points.dim(), Preparation::dim_out);
        params.init_centroids = self.initialisation.centroids(d)?;

        let progress = |step: &_| bars.show(step);
        let mut job = Job::new(&*points, &params).weights(weights.as_deref()).progress(&progress);
        job = job.preparation(preparation.as_ref());
        if let Some(assigner) = &mut assigner {
            job = job.assigner(&mut **assigner);
        }
        let fit = device.train(job);
        bars.finish();
        let fit = fit?.loaded_in(load).prepared_in(preparing);

        self.outputs.write(&fit)?;
        self.tell(&fit)
    }

    fn inputs(&self) -> Vec<&Path> {
        let codec = self.encoded.codec.as_deref().and_then(codec_file);
        let files = [self.sampling.input(), self.initialisation.input(), codec];
        let files = [Some(self.data.file())].into_iter().chain(files).flatten();
        files.chain(self.steps.inputs()).collect()
    }

    /// All parameters but the values of initial centroids.
    fn params(&self) -> Result<Params> {
        let mut params = Params::new(self.k);
        self.initialisation.set(&mut params)?;
        self.sampling.set(&mut params);
        self.stopping.set(&mut params);
        self.centroids.set(&mut params);
        self.variants.set(&mut params)?;
        self.encoded.set(&mut params);
        self.running.set(&mut params);
        params.return_distances = self.outputs.distances.is_some();
        Ok(params)
    }

    fn tell(&self, fit: &Fit) -> Result<()> {
        if !self.running.quiet {
            summary::preparation(fit.model.preparation());
            summary::training(&fit.report);
            self.outputs.list();
        }
        if self.running.json {
            text::print(format_args!("{}", report_json(fit)?))?;
        }
        interrupt::check()?;
        let warnings: Vec<String> = fit.report.warnings.iter().map(ToString::to_string).collect();
        if self.running.strict && !warnings.is_empty() { Err(Strict(warnings).into()) } else { Ok(()) }
    }
}

/// Steps that are ready, and the seconds it took to make them so.
fn fit_steps(
    plan: Plan,
    points: &dyn Points,
    weights: Option<&[f32]>,
    bars: &Bars,
) -> Result<(Option<Preparation>, f64)> {
    let started = Instant::now();
    let watched = Watched { points, bars, what: "rows read" };
    Ok((plan.carry_out(&watched, weights)?, started.elapsed().as_secs_f64()))
}

/// The report with a sentence beside each warning, and the steps of a preparation.
fn report_json(fit: &Fit) -> Result<Value> {
    let mut report = serde_json::to_value(&fit.report)?;
    let warnings = fit.report.warnings.iter().map(|warning| {
        let mut value = serde_json::to_value(warning)?;
        value["message"] = json!(warning.to_string());
        Ok(value)
    });
    report["warnings"] = warnings.collect::<Result<Vec<Value>>>()?.into();
    if let Some(preparation) = fit.model.preparation() {
        report["preparation"] = summary::preparation_json(preparation);
    }
    Ok(report)
}
