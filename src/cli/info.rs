//! `kmeans info`.

use std::fs::{File, Metadata};
use std::io::Read;

use anyhow::Result;
use clap::Args;
use kmeans::data::{Format, describe};
use kmeans::index::Index;
use kmeans::{Device, KMeansModel, Preparation};
use serde_json::{Value, json};

use super::index::{describe as describe_index, measure};
use super::summary::preparation_json;
use super::text::print;

/// Say what a model, an index, a pipeline or a data file holds.
#[derive(Args)]
pub(crate) struct Info {
    /// A model (.safetensors), an index, a pipeline (.json) or a table of rows
    file: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The longest header that the format allows.
const MOST_HEADER: u64 = 100_000_000;

/// What is in a file.
enum Kind {
    Model,
    Index,
    Pipeline,
    Data,
}

impl Info {
    pub(crate) fn run(&self) -> Result<()> {
        let facts = match self.kind() {
            Kind::Model => model(&KMeansModel::load(&self.file)?)?,
            Kind::Index => index(&self.file)?,
            Kind::Pipeline => pipeline(&Preparation::load(&self.file)?),
            Kind::Data => data(&self.file)?,
        };
        if self.json {
            return print(format_args!("{facts}"));
        }
        for (key, value) in facts.as_object().into_iter().flatten() {
            print(format_args!("{key:>28}  {}", plain(value)))?;
        }
        Ok(())
    }

    /// By the extension, or where that is none of data, by how the file begins.
    fn kind(&self) -> Kind {
        if Format::of(&self.file).is_some() {
            return Kind::Data;
        }
        if self.file.to_lowercase().ends_with(".json") {
            return Kind::Pipeline;
        }
        let is_model = self.file.to_lowercase().ends_with(".safetensors");
        match header(&self.file) {
            Some(header) if !is_model || is_index(&header) => Kind::Index,
            _ if is_model => Kind::Model,
            _ => Kind::Data,
        }
    }
}

/// Whether a file is a safetensors file whose metadata names an index.
fn is_index(header: &[u8]) -> bool {
    let metadata = serde_json::from_slice::<Value>(header).ok();
    metadata.is_some_and(|header| header["__metadata__"]["index"].is_string())
}

/// The header of a safetensors file: its length in 8 bytes, then JSON. `None` where a file does not begin so.
fn header(path: &str) -> Option<Vec<u8>> {
    // To open a pipe would wait for its writer.
    std::fs::metadata(path).ok().filter(Metadata::is_file)?;
    let mut file = File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let mut header = Vec::new();
    file.take(u64::from_le_bytes(length).min(MOST_HEADER)).read_to_end(&mut header).ok()?;
    header.starts_with(b"{").then_some(header)
}

fn index(file: &str) -> Result<Value> {
    let index = Index::open(Device::Auto, file)?;
    let kind = if let Index::Flat(_) = index { "flat" } else { "ivf" };
    let mut facts = json!({ "format": "kmeans index", "kind": kind, "n": index.len() });
    describe_index(&mut facts, &index);
    measure(&mut facts, &index, std::fs::metadata(file)?.len());
    if let Index::Ivf(index) = &index {
        facts["list_sizes"] = json!(index.list_sizes());
    }
    Ok(facts)
}

fn model(model: &KMeansModel) -> Result<Value> {
    let report = model.report();
    let mut facts = json!({
        "format": "kmeans model", "k": model.k(), "d": model.dim(), "metric": model.metric(),
        "inertia": model.inertia(), "inertia_over": report.inertia_over, "n": report.n,
        "n_trained": report.n_trained, "niter_done": report.niter_done, "stop": report.stop,
        "imbalance_factor": report.imbalance_factor, "cluster_sizes": model.cluster_sizes(),
        "params": model.params(), "warnings": report.warnings, "device": report.device,
        "seconds": report.seconds, "version": report.version,
    });
    if let Some(preparation) = model.preparation() {
        facts["preparation"] = preparation_json(preparation);
    }
    if let Some(name) = model.metric_name() {
        facts["metric_name"] = name.into();
    }
    Ok(facts)
}

fn pipeline(preparation: &Preparation) -> Value {
    let mut facts = json!({ "format": "kmeans preparation" });
    for (key, value) in preparation_json(preparation).as_object().into_iter().flatten() {
        facts[key] = value.clone();
    }
    facts
}

fn data(file: &str) -> Result<Value> {
    let info = describe(file)?;
    let mut facts = json!({
        "format": info.format.to_string(), "rows": info.rows, "dim": info.dim, "dtype": info.dtype,
        "order": info.order.to_string(), "mapped": info.mapped, "bytes": info.bytes,
    });
    if let Some(nnz) = info.nnz {
        facts["nnz"] = nnz.into();
    }
    Ok(facts)
}

/// Strings without quotes, long lists cut, everything else as JSON.
fn plain(value: &Value) -> String {
    const SHOWN: usize = 20;
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.len() > SHOWN => {
            let shown: Vec<String> = items.iter().take(SHOWN).map(Value::to_string).collect();
            format!("[{},... {} in all]", shown.join(","), items.len())
        }
        other => other.to_string(),
    }
}
