//! `kmeans prepare`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use kmeans::data::{Output, create_rows, read_vector, write_id_rows};
use kmeans::{Points, Preparation};
use serde_json::json;

use super::failure::{BadInput, Usage};
use super::input::{DataArg, codec_file};
use super::progress::Bars;
use super::steps::Steps;
use super::watched::Watched;
use super::{interrupt, output, text};

/// Values prepared at a time: 16 MiB of f32.
const BLOCK_VALUES: usize = 1 << 22;

const INTERRUPTED: &str = "interrupted: no rows are written";

/// Write the rows of DATA filled, scaled, projected and without outliers.
///
/// Example: kmeans prepare x.csv -o x.npy --impute median --standardize --pca 20 --save-pipeline steps.json
///
/// The same for other rows: kmeans prepare more.csv -o more.npy --pipeline steps.json
///
/// Steps are done in the order in which their flags stand on the command line, each fitted to the rows as those
/// before it leave them. Rows of binary files are read by blocks, several times, and not held in memory. `kmeans
/// train` takes the same flags, and its model then prepares the rows that it is given.
#[derive(Args)]
pub(crate) struct Prepare {
    #[command(flatten)]
    data: DataArg,
    /// File to write (.npy f32, .fvecs, .csv, .tsv)
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    output: PathBuf,
    /// Write the fitted steps (.json)
    #[arg(long, value_name = "F", conflicts_with = "pipeline")]
    save_pipeline: Option<PathBuf>,
    /// Write the numbers of the rows that were kept, counted from 0 in DATA (.npy i64, .csv, .tsv, .ivecs)
    #[arg(long, value_name = "F")]
    kept: Option<PathBuf>,
    /// What each row counts when steps are fitted: one weight a row (.npy or one column of .csv), finite and not
    /// negative [default: 1 each]
    #[arg(long, value_name = "F", conflicts_with = "pipeline")]
    weights: Option<PathBuf>,
    /// DATA holds codes (.npy u8): f16, bf16, u8, sq8:RANGES.npy, sq4:RANGES.npy, pq:CODEBOOKS.npy
    #[arg(long, value_name = "SPEC")]
    codec: Option<String>,
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

impl Prepare {
    pub(crate) fn run(&self) -> Result<()> {
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.check()?;
        let plan = self.steps.plan()?;
        let points = self.data.open_decoded_with(self.codec.as_deref(), plan.missing())?;
        let weights = self.weights.as_ref().map(read_vector).transpose()?;

        let started = Instant::now();
        let watched = Watched { points: &*points, bars: &bars, what: "rows read" };
        let preparation = plan.carry_out(&watched, weights.as_deref())?.ok_or_else(no_steps)?;
        let outliers = preparation.outliers(&watched)?;
        if outliers.len() == points.rows() {
            let (name, n) = (points.name(), points.rows());
            return Err(
                BadInput(format!("{name}: all {n} rows are outliers, expected some to be left")).into()
            );
        }
        self.write(&preparation, &watched, &outliers)?;
        bars.finish();
        self.tell(&preparation, &*points, outliers.len(), started.elapsed().as_secs_f64())
    }

    fn check(&self) -> Result<()> {
        if !self.steps.are_given() {
            return Err(no_steps().into());
        }
        let pipeline = self.save_pipeline.as_deref();
        let is_json = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
        if let Some(path) = pipeline.filter(|path| !is_json(path)) {
            return Err(
                Usage(format!("--save-pipeline {}: a pipeline is a .json file", path.display())).into()
            );
        }
        let outputs = [
            (Some(&*self.output), Output::Rows),
            (pipeline, Output::Other),
            (self.kept.as_deref(), Output::Ids),
        ];
        let codec = self.codec.as_deref().and_then(codec_file);
        let inputs: Vec<&Path> = self
            .steps
            .inputs()
            .into_iter()
            .chain(codec)
            .chain(self.weights.as_deref())
            .chain([self.data.file()])
            .collect();
        output::check(&outputs, &inputs, self.force)
    }

    /// The rows that are kept, which rows these are, and the steps.
    fn write(&self, preparation: &Preparation, points: &dyn Points, outliers: &[usize]) -> Result<()> {
        let overwrite = output::overwrite(self.force);
        let (n, d) = (points.rows(), preparation.dim_out());
        let rows = preparation.rows(points)?;
        let mut writer = create_rows(&self.output, n - outliers.len(), d, overwrite)?;
        let step = (BLOCK_VALUES / d).max(1);
        let (mut gone, mut numbers) = (outliers.iter().copied().peekable(), Vec::new());
        let mut block = Vec::new();
        for start in (0..n).step_by(step) {
            let range = start..n.min(start + step);
            block.resize(range.len() * d, 0.0);
            rows.read(range.clone(), &mut block)?;
            let mut left = 0;
            for row in range.clone().filter(|row| gone.next_if_eq(row).is_none()) {
                block.copy_within((row - start) * d..(row - start + 1) * d, left * d);
                left += 1;
                if self.kept.is_some() {
                    numbers.push(points.source_row(row) as i64);
                }
            }
            writer.write_rows(&block[..left * d])?;
            points.release(range);
        }
        if let Some(path) = &self.kept {
            write_id_rows(path, &numbers, 1, overwrite)?;
        }
        if let Some(path) = &self.save_pipeline {
            preparation.save(path, overwrite)?;
        }
        Ok(writer.commit()?)
    }

    fn tell(
        &self,
        preparation: &Preparation,
        points: &dyn Points,
        outliers: usize,
        seconds: f64,
    ) -> Result<()> {
        let (n, d_in, d_out) = (points.rows(), preparation.dim_in(), preparation.dim_out());
        let (kept, steps) = (n - outliers, preparation.steps());
        if !self.quiet {
            steps.iter().for_each(|step| text::say(format_args!("{step}")));
            let out = self.output.display();
            text::say(format_args!(
                "{out}: {kept} of {n} rows, {d_out} columns of {d_in}, in {seconds:.3} s"
            ));
        }
        if !self.json {
            return Ok(());
        }
        let report = json!({
            "n": n, "kept": kept, "d_in": d_in, "d_out": d_out, "steps": steps, "seconds": seconds,
            "version": env!("CARGO_PKG_VERSION"),
        });
        text::print(format_args!("{report}"))
    }
}

fn no_steps() -> Usage {
    Usage("no steps are given: --impute, --standardize, --pca or others, or --pipeline".to_owned())
}
