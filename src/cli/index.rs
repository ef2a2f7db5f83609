//! `kmeans index`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use kmeans::data::{Format, Output};
use kmeans::index::{Error as IndexError, FlatIndex, Index as Built, IvfIndex, Storage};
use kmeans::{Device, Error, KMeansModel, Metric, Points};
use serde_json::{Value, json};

use super::failure::{BadInput, Usage};
use super::input::{self, DataArg, OptionalDataArg, codec_file, file_of};
use super::progress::Bars;
use super::values::device;
use super::watched::Watched;
use super::{interrupt, output, text};

const INTERRUPTED: &str = "interrupted: no index is written";

/// Build an index of the rows of DATA, in which `kmeans search` finds nearest neighbours.
///
/// Search in clusters: kmeans index vectors.npy --model model.safetensors -o vectors.index
///
/// Exact search: kmeans index vectors.npy --flat -o vectors.index
///
/// More rows: kmeans index more.npy --add vectors.index -o vectors.index --force
///
/// Fewer: kmeans index --add vectors.index --remove ids.npy -o vectors.index --force
#[derive(Args)]
#[command(group = ArgGroup::new("source").args(["model", "flat", "add"]).required(true))]
pub(crate) struct Index {
    #[command(flatten)]
    data: OptionalDataArg,
    /// Share the rows out among the clusters of this model, which `kmeans train` wrote
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// No clusters: every query meets every row, and the answer is exact
    #[arg(long)]
    flat: bool,
    /// Add the rows to this index; what it is stays as it is
    #[arg(long, value_name = "INDEX")]
    add: Option<PathBuf>,
    /// Remove the vectors of these ids, those that are there (.npy, .npz:key, .csv, .tsv, .ivecs, one id a
    /// row), before the rows of DATA are added, if any is given
    #[arg(long, value_name = "IDS", conflicts_with_all = ["model", "flat"])]
    remove: Option<PathBuf>,
    /// Index file to write
    #[arg(short = 'o', long = "output", value_name = "INDEX")]
    output: PathBuf,
    /// What nearest means: l2, ip, cosine [default: l2; with --model that of the model]
    #[arg(long, conflicts_with_all = ["model", "add"])]
    metric: Option<Metric>,
    /// What is kept of a row: f32 and f16 with a byte a column to look at first; sq8, that byte alone; pq:M,
    /// a byte for each of M pieces; or pq:M+f16 and pq:M+f32, by which the best are measured again
    /// [default: f32]
    #[arg(long, conflicts_with = "add")]
    storage: Option<Storage>,
    /// An id for each row (.npy, .npz:key, .csv, .tsv, .ivecs) [default: numbered from 0, or on from the
    /// largest id]
    #[arg(long, value_name = "F", requires = "path")]
    ids: Option<PathBuf>,
    /// DATA holds codes (.npy u8): f16, bf16, u8, sq8:RANGES.npy, sq4:RANGES.npy, pq:CODEBOOKS.npy
    #[arg(long, value_name = "SPEC", requires = "path")]
    codec: Option<String>,
    /// Where rows are assigned to clusters: auto, cpu, cpu:THREADS, cuda, cuda:INDEX, wgpu, wgpu:INDEX, reference
    #[arg(long, default_value_t)]
    device: Device,
    /// Threads of the cpu device [default: all cores]; the file does not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Replace the index file if it exists; it may be the one of --add
    #[arg(long)]
    force: bool,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    /// No progress bar and no summary
    #[arg(short, long)]
    quiet: bool,
}

/// A new index, and how it came to what is in it.
struct Made {
    index: Built,
    added: usize,
    removed: usize,
}

impl Index {
    pub(crate) fn run(&self) -> Result<()> {
        let data = self.data.given();
        if data.is_none() && self.remove.is_none() {
            return Err(no_data().into());
        }
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.check_output(data.as_ref())?;
        self.metric().check_fused()?;
        let device = device(&self.device, self.threads)?;
        let points = data.as_ref().map(|data| data.open_decoded(self.codec.as_deref())).transpose()?;
        let ids = input::ids(self.ids.as_deref())?;

        let started = Instant::now();
        let watched = points.as_deref().map(|points| Watched { points, bars: &bars, what: "rows read" });
        let points = watched.as_ref().map(|watched| watched as &dyn Points);
        let made = self.make(&device, points, ids.as_deref())?;
        let seconds = started.elapsed().as_secs_f64();
        bars.finish();
        self.tell(&made, seconds)
    }

    fn check_output(&self, data: Option<&DataArg>) -> Result<()> {
        let out = self.output.display();
        if self.output == Path::new("-") {
            return Err(
                Usage("-o -: an index is written to a file, not to standard output".to_owned()).into()
            );
        }
        if Format::of(&self.output).is_some() {
            return Err(Usage(format!("-o {out}: this extension is that of data, not of an index")).into());
        }
        let ids = [&self.ids, &self.remove].into_iter().flatten().map(|path| file_of(path));
        let files = [self.model.as_deref(), self.codec.as_deref().and_then(codec_file)];
        let inputs: Vec<&Path> =
            files.into_iter().flatten().chain(ids).chain(data.map(DataArg::file)).collect();
        output::check(&[(Some(&self.output), Output::Other)], &inputs, self.force)
    }

    fn metric(&self) -> Metric {
        self.metric.unwrap_or_default()
    }

    fn make(&self, device: &Device, points: Option<&dyn Points>, ids: Option<&[u64]>) -> Result<Made> {
        if let Some(index) = &self.add {
            return self.extended(device, index, points, ids);
        }
        let points = points.ok_or_else(no_data)?;
        let (device, storage) = (device.clone(), self.storage.unwrap_or_default());
        let place = (&self.output, output::overwrite(self.force));
        let built = match &self.model {
            Some(path) => {
                let model = model_for(path, points)?;
                IvfIndex::build_file(device, model, storage, points, ids, place).map(Built::Ivf)
            }
            None => {
                FlatIndex::build_file(device, points, self.metric(), storage, ids, place).map(Built::Flat)
            }
        };
        let index = built.map_err(|error| self.named(error, points))?;
        Ok(Made { index, added: points.rows(), removed: 0 })
    }

    /// The index of a file with fewer vectors and with more, written.
    fn extended(
        &self,
        device: &Device,
        index: &Path,
        points: Option<&dyn Points>,
        ids: Option<&[u64]>,
    ) -> Result<Made> {
        let mut index = Built::open(device.clone(), index)?;
        let gone = input::ids(self.remove.as_deref())?.unwrap_or_default();
        let removed = index.remove(&gone)?;
        if let Some(points) = points {
            index.add(points, ids).map_err(|error| self.named(error, points))?;
        }
        index.save(&self.output, output::overwrite(self.force))?;
        Ok(Made { index, added: points.map_or(0, Points::rows), removed })
    }

    /// An error, with the file that it is about where the library does not know it.
    fn named(&self, error: IndexError, points: &dyn Points) -> anyhow::Error {
        match (&error, &self.ids) {
            (IndexError::DuplicateId { .. } | IndexError::IdCount { .. }, Some(ids)) => {
                let ids = ids.display().to_string();
                anyhow::Error::new(error).context(ids)
            }
            (IndexError::NoVectors, _) => anyhow::Error::new(error).context(points.name().to_owned()),
            _ => error.into(),
        }
    }

    fn tell(&self, made: &Made, seconds: f64) -> Result<()> {
        let Made { index, added, removed } = made;
        let (n, out) = (index.len(), self.output.display());
        let bytes = std::fs::metadata(&self.output).with_context(|| out.to_string())?.len();
        if !self.quiet {
            let less = if self.remove.is_some() { format!(", {removed} removed") } else { String::new() };
            text::say(format_args!("{added} rows added{less} in {seconds:.3} s"));
            let lists = if let Built::Ivf(index) = index {
                format!(" in {} lists", index.k())
            } else {
                String::new()
            };
            text::say(format_args!("{out}: {n} vectors of {} columns{lists}, {bytes} bytes", index.dim()));
        }
        if !self.json {
            return Ok(());
        }
        let mut report = json!({ "n": n, "added": added, "removed": removed });
        describe(&mut report, index);
        measure(&mut report, index, bytes);
        report["seconds"] = seconds.into();
        report["device"] = index.device()?.into();
        report["version"] = env!("CARGO_PKG_VERSION").into();
        text::print(format_args!("{report}"))
    }
}

fn no_data() -> Usage {
    Usage("no DATA is given: only --remove does without".to_owned())
}

/// Enters what an index is.
pub(crate) fn describe(report: &mut Value, index: &Built) {
    report["d"] = index.dim().into();
    report["k"] = index.k().into();
    report["metric"] = json!(index.metric());
    report["storage"] = index.storage().to_string().into();
}

/// Enters how large the file of an index is, and of one with vectors how much that is for each.
pub(crate) fn measure(report: &mut Value, index: &Built, bytes: u64) {
    report["bytes"] = bytes.into();
    if !index.is_empty() {
        report["bytes_per_vector"] = json!(bytes as f64 / index.len() as f64);
    }
}

/// The model whose clusters rows are shared out among.
fn model_for(path: &Path, points: &dyn Points) -> Result<KMeansModel> {
    let model = KMeansModel::load(path)?;
    let (name, metric) = (path.display(), model.metric());
    if !metric.is_fused() {
        return Err(BadInput(format!("{name}: its metric is {metric}, expected l2, ip or cosine")).into());
    }
    if model.preparation().is_some() {
        let text = "it prepares its rows, and an index takes vectors as they are: write prepared rows by kmeans \
                    prepare, and train and index those";
        return Err(BadInput(format!("{name}: {text}")).into());
    }
    if points.dim() != model.dim() {
        let (what, than) = (points.name().to_owned(), "the model");
        return Err(
            Error::DimensionMismatch { what, than, expected: model.dim(), found: points.dim() }.into()
        );
    }
    Ok(model)
}
