//! `kmeans search`.

mod allowed;
mod outputs;
mod truth;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::{ArgGroup, Args};
use kmeans::index::{Error as IndexError, Filter, Index, SearchOptions, SearchResult};
use kmeans::{Device, Points};
use serde_json::json;

use self::allowed::Allowed;
use self::outputs::Outputs;
use self::truth::{Recall, Truth};
use super::failure::Usage;
use super::index::describe;
use super::input::{DataArg, codec_file, file_of};
use super::progress::Bars;
use super::values::device;
use super::watched::Watched;
use super::{interrupt, text};

const INTERRUPTED: &str = "interrupted: nothing is written";

/// Lists that are looked into where the user does not say.
const NPROBE: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Find the nearest neighbours of each row of QUERIES in an index.
///
/// Example: kmeans search vectors.index queries.npy -p 10 --nprobe 8 --ids ids.npy --distances distances.npy
///
/// Measure how many are found: kmeans search vectors.index queries.npy --truth truth.ivecs --json
#[derive(Args)]
#[command(
    group = ArgGroup::new("outputs").args(["ids", "distances", "hits", "truth", "json"]).required(true).multiple(true),
    mut_arg("path", |queries| queries.value_name("QUERIES")),
)]
pub(crate) struct Search {
    /// Index file that `kmeans index` wrote
    index: PathBuf,
    #[command(flatten)]
    queries: DataArg,
    /// Neighbours of each query, the nearest first
    #[arg(short, value_name = "P", default_value = "10")]
    p: NonZeroUsize,
    /// Lists that each query looks into; a flat index has one [default: 8, or all if there are fewer]
    #[arg(long, value_name = "N")]
    nprobe: Option<NonZeroUsize>,
    /// Measure N times as many as are asked for again, where the storage is pq:M+f16 or pq:M+f32 [default: 4]
    #[arg(long, value_name = "N")]
    #[arg(conflicts_with = "radius")]
    k_factor: Option<NonZeroUsize>,
    /// Instead of P neighbours all that are nearer than R, squared for l2; for ip and cosine all of a larger
    /// product
    #[arg(long, value_name = "R", allow_negative_numbers = true, requires = "hits")]
    #[arg(conflicts_with_all = ["p", "ids", "distances", "truth"])]
    radius: Option<f32>,
    #[command(flatten)]
    outputs: Outputs,
    /// The true neighbours of each query, the nearest first (.ivecs, .npy, .csv): tells the recall
    #[arg(long, value_name = "F")]
    truth: Option<PathBuf>,
    #[command(flatten)]
    allowed: Allowed,
    /// QUERIES holds codes (.npy u8): f16, bf16, u8, sq8:RANGES.npy, sq4:RANGES.npy, pq:CODEBOOKS.npy
    #[arg(long, value_name = "SPEC")]
    codec: Option<String>,
    /// Where to compute: auto, cpu, cpu:THREADS, cuda, cuda:INDEX, wgpu, wgpu:INDEX, reference
    #[arg(long, default_value_t)]
    device: Device,
    /// Threads of the cpu device [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    /// No progress bar and no summary
    #[arg(short, long)]
    quiet: bool,
}

/// What was searched with, what came of it, and how long it took.
struct Searched<'a> {
    index: &'a Index,
    nprobe: usize,
    found: SearchResult,
    recall: Option<Recall>,
    seconds: f64,
}

impl Search {
    pub(crate) fn run(&self) -> Result<()> {
        let bars = Bars::new(0, self.quiet, false);
        interrupt::end_at_once(&bars, INTERRUPTED)?;
        self.outputs.check(&self.inputs())?;
        let device = device(&self.device, self.threads)?;
        let index = Index::open(device, &self.index)?;
        let nprobe = self.nprobe(index.k())?;
        let queries = self.queries.open_decoded(self.codec.as_deref())?;
        let truth = self.truth.as_ref().map(|path| Truth::read(path, &*queries)).transpose()?;

        let (found, seconds) = self.search(&index, nprobe, &*queries, &bars)?;
        bars.finish();
        let recall = truth.map(|truth| truth.recall(&found, self.p.get()));
        self.outputs.write(&found, self.p.get(), index.metric())?;
        self.tell(&Searched { index: &index, nprobe, found, recall, seconds })
    }

    fn inputs(&self) -> Vec<&Path> {
        let codec = self.codec.as_deref().and_then(codec_file);
        let files =
            [Some(&*self.index), Some(self.queries.file()), codec, self.truth.as_deref().map(file_of)];
        files.into_iter().flatten().chain(self.allowed.inputs()).collect()
    }

    /// The lists that each query looks into, of `k`.
    fn nprobe(&self, k: usize) -> Result<usize, Usage> {
        match self.nprobe.map(NonZeroUsize::get) {
            None => Ok(k.min(NPROBE.get())),
            Some(nprobe) if nprobe <= k => Ok(nprobe),
            Some(nprobe) => {
                let most = if k == 1 { "1".to_owned() } else { format!("1 to {k}") };
                let name = self.index.display();
                Err(Usage(format!("--nprobe is {nprobe}, expected {most}, the number of lists in {name}")))
            }
        }
    }

    /// The answers to all queries, and the seconds it took.
    fn search(
        &self,
        index: &Index,
        nprobe: usize,
        queries: &dyn Points,
        bars: &Bars,
    ) -> Result<(SearchResult, f64)> {
        let allowed = self.allowed.filter()?;
        let allows = |id| allowed.as_ref().is_none_or(|allowed| allowed.allows(id));
        let mut options = SearchOptions::default().nprobe(nprobe);
        if let Some(k_factor) = self.k_factor {
            if !index.storage().refines() {
                let storage = index.storage();
                return Err(Usage(format!(
                    "--k-factor goes with pq:M+f16 and pq:M+f32, the index stores {storage}"
                ))
                .into());
            }
            options = options.k_factor(k_factor.get());
        }
        if allowed.is_some() {
            options = options.filter(Filter::new(&allows));
        }
        let queries = Watched { points: queries, bars, what: "queries" };
        let started = Instant::now();
        let found = match self.radius {
            None => index.search_with(&queries, self.p.get(), options),
            Some(radius) => index.range_search(&queries, radius, options),
        };
        let seconds = started.elapsed().as_secs_f64();
        Ok((found.map_err(|error| self.named(error))?, seconds))
    }

    /// An error, with the index where it is about that and does not say so.
    fn named(&self, error: IndexError) -> anyhow::Error {
        match error {
            IndexError::NoVectors => anyhow::Error::new(error).context(self.index.display().to_string()),
            _ => error.into(),
        }
    }

    fn tell(&self, searched: &Searched<'_>) -> Result<()> {
        if !self.quiet {
            self.summary(searched);
        }
        if !self.json {
            return Ok(());
        }
        let Searched { index, nprobe, found, recall, seconds } = searched;
        let queries = found.queries();
        let mut report = json!({ "queries": queries });
        match self.radius {
            None => report["p"] = self.p.get().into(),
            Some(radius) => {
                report["radius"] = radius.into();
                report["hits"] = found.ids.len().into();
            }
        }
        report["nprobe"] = json!(nprobe);
        report["seconds"] = json!(seconds);
        report["queries_per_second"] = json!(queries as f64 / seconds);
        if let Some(recall) = recall {
            report["recall"] = recall.json();
        }
        report["n"] = index.len().into();
        describe(&mut report, index);
        report["device"] = index.device()?.into();
        report["version"] = env!("CARGO_PKG_VERSION").into();
        text::print(format_args!("{report}"))
    }

    fn summary(&self, searched: &Searched<'_>) {
        let Searched { index, nprobe, found, recall, seconds } = searched;
        let (queries, n, k) = (found.queries(), index.len(), index.k());
        let lists =
            if let Index::Ivf(_) = index { format!(", {nprobe} of {k} lists") } else { String::new() };
        let rate = queries as f64 / seconds;
        text::say(format_args!(
            "{queries} queries of {n} vectors{lists} in {seconds:.3} s: {rate:.0} queries a second"
        ));
        if let Some(radius) = self.radius {
            text::say(format_args!("{} hits within {radius}", found.ids.len()));
        }
        if let Some(recall) = recall {
            text::say(format_args!("{recall}"));
        }
    }
}
