//! What was measured, in words and as JSON.

use kmeans::eval::{Evaluation, Measure};
use serde_json::{Map, Value, json};

use super::Found;
use crate::cli::{summary as summaries, text};

/// What was found, as JSON.
pub(super) fn object(found: &Found<'_>) -> Map<String, Value> {
    let Found { evaluation, stability, seconds, model, .. } = found;
    let mut object = Map::new();
    for (key, value) in [("n", evaluation.n), ("d", evaluation.d), ("k", evaluation.k)] {
        object.insert(key.to_owned(), value.into());
    }
    for (measure, value) in &evaluation.values {
        object.insert(measure.name().to_owned(), json!(value));
    }
    for (measure, _) in &evaluation.left_out {
        object.insert(measure.name().to_owned(), Value::Null);
    }
    let infinite = evaluation.values.iter().filter(|(_, value)| !value.is_finite());
    let infinite = infinite.map(|(measure, _)| (*measure, "infinite: no cluster has any width".to_owned()));
    if let Some(silhouettes) = &evaluation.silhouettes {
        object.insert("distance".to_owned(), silhouettes.distance.to_string().into());
        object.insert("silhouette_rows".to_owned(), silhouettes.rows.into());
        object.insert("silhouette_half_width".to_owned(), json!(silhouettes.half_width));
    }
    if let Some(stability) = stability {
        object.insert("stability".to_owned(), json!(stability));
    }
    if let Some(model) = model {
        object.insert("metric".to_owned(), json!(model.metric()));
    }
    object.insert("cluster_sizes".to_owned(), json!(evaluation.cluster_sizes()));
    object.insert("clusters".to_owned(), json!(evaluation.clusters));
    let reasons: Vec<Value> = evaluation
        .left_out
        .iter()
        .cloned()
        .chain(infinite)
        .map(|(m, reason)| json!({ "measure": m, "reason": reason }))
        .collect();
    object.insert("left_out".to_owned(), reasons.into());
    object.insert("seconds".to_owned(), json!(seconds));
    object.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    object
}

/// The command as it was typed, words with special characters in quotes.
pub(super) fn command() -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    let quoted = |word: String| {
        if !word.is_empty() && word.chars().all(is_plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    let words = std::env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    ["kmeans".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// What was found, for a person.
pub(super) fn summary(found: &Found<'_>) {
    let Evaluation { n, d, k, .. } = found.evaluation;
    text::say(format_args!("{n} rows of {d} columns in {k} clusters, measured in {:.3} s", found.seconds));
    for (measure, value) in &found.evaluation.values {
        let silhouettes = found.evaluation.silhouettes.as_ref().filter(|_| *measure == Measure::Silhouette);
        let sure = silhouettes.and_then(|found| Some((found.half_width?, found.rows)));
        let sure =
            sure.map_or(String::new(), |(width, rows)| format!(" ± {width:.6} (95 %, of {rows} rows)"));
        text::say(format_args!("{:>24}  {}{sure}", measure.name(), text::number(*value)));
    }
    if let Some(stability) = &found.stability {
        text::say(format_args!("{:>24}  {:.6}", "agreement over seeds", stability.seeds));
        text::say(format_args!("{:>24}  {:.6}", "agreement on halves", stability.subsamples));
    }
    for (measure, reason) in &found.evaluation.left_out {
        text::say(format_args!("{measure} is left out: {reason}"));
    }
    summaries::sizes_of(&found.evaluation.cluster_sizes());
}
