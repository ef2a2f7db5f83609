//! `kmeans info`.

use anyhow::Result;
use clap::Args;
use kmeans::KMeansModel;
use kmeans::data::describe;
use serde_json::{Value, json};

use super::text::print;

/// Say what a model or data file holds.
#[derive(Args)]
pub(crate) struct Info {
    /// A model (.safetensors) or a table of rows
    file: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(crate) fn run(&self) -> Result<()> {
        let facts = if self.file.to_lowercase().ends_with(".safetensors") {
            model(&KMeansModel::load(&self.file)?)?
        } else {
            data(&self.file)?
        };
        if self.json {
            return print(format_args!("{facts}"));
        }
        for (key, value) in facts.as_object().into_iter().flatten() {
            print(format_args!("{key:>28}  {}", plain(value)))?;
        }
        Ok(())
    }
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
    if let Some(name) = model.metric_name() {
        facts["metric_name"] = name.into();
    }
    Ok(facts)
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
