//! What came out, for a person.

use kmeans::{InertiaOver, Preparation, Report};
use serde_json::{Value, json};

use super::text::say;

/// Iterations shown at either end when there are many.
const ENDS: usize = 5;

/// Clusters whose size is shown.
const SIZES: usize = 20;

/// Objective per iteration, sizes, inertia, time and warnings.
pub(crate) fn training(report: &Report) {
    let Report { n, d, k, n_trained, .. } = report;
    let threads = report.threads.map_or(String::new(), |threads| format!(", {threads} threads"));
    let sample = if n_trained < n { format!(" (trained on {n_trained})") } else { String::new() };
    say(format_args!("{n} rows of {d} columns{sample} in {k} clusters, {}{threads}", report.device));
    iterations(report);
    sizes(report);
    let over = match report.inertia_over {
        InertiaOver::All => format!("over all {n} rows"),
        InertiaOver::Sample => format!("over the {n_trained} rows trained on"),
    };
    say(format_args!(
        "inertia {:.6} {over}, imbalance factor {:.4}",
        report.inertia, report.imbalance_factor
    ));
    if let Some(pairs) = report.pairs.filter(|pairs| pairs.scored < pairs.total) {
        let share = |part: u64| 100.0 * part as f64 / pairs.total as f64;
        say(format_args!(
            "of {:.3e} distances {:.1} % ruled out by bounds, {:.1} % by bytes, {:.2} % computed",
            pairs.total as f64,
            share(pairs.by_bounds),
            share(pairs.by_bytes),
            share(pairs.scored)
        ));
    }
    let s = &report.seconds;
    say(format_args!(
        "{:.3} s: load {:.3}, prepare {:.3}, init {:.3}, iterate {:.3}, final assign {:.3}",
        s.total, s.load, s.prepare, s.init, s.iterate, s.final_assign
    ));
    for warning in &report.warnings {
        say(format_args!("warning: {warning}"));
    }
}

/// What rows went through before.
pub(crate) fn preparation(preparation: Option<&Preparation>) {
    for step in preparation.iter().flat_map(|preparation| preparation.steps()) {
        say(format_args!("{step}"));
    }
}

/// The same as JSON.
pub(crate) fn preparation_json(preparation: &Preparation) -> Value {
    json!({
        "d_in": preparation.dim_in(), "d_out": preparation.dim_out(), "steps": preparation.steps(),
    })
}

fn iterations(report: &Report) {
    let count = report.iteration_stats.len();
    say(format_args!("iteration       objective  imbalance  nsplit"));
    for (i, stats) in report.iteration_stats.iter().enumerate() {
        if count > 2 * ENDS + 1 && i == ENDS {
            say(format_args!("{:>9}", "..."));
        }
        if count <= 2 * ENDS + 1 || !(ENDS..count - ENDS).contains(&i) {
            let obj = format!("{:.6e}", stats.obj);
            say(format_args!("{i:>9}  {obj:>14}  {:>9.3}  {:>6}", stats.imbalance_factor, stats.nsplit));
        }
    }
    let redo = if report.redos.len() > 1 {
        format!(", restart {} of {} chosen", report.chosen_redo, report.redos.len())
    } else {
        String::new()
    };
    say(format_args!("stopped: {}{redo}", report.stop));
}

/// Sizes of the first clusters, and the smallest and largest of all.
pub(crate) fn sizes(report: &Report) {
    sizes_of(&report.cluster_sizes);
}

/// The same for sizes from anywhere.
pub(crate) fn sizes_of(sizes: &[u64]) {
    let first: Vec<String> = sizes.iter().take(SIZES).map(u64::to_string).collect();
    let more = if sizes.len() > SIZES {
        let (min, max) = (sizes.iter().min().unwrap_or(&0), sizes.iter().max().unwrap_or(&0));
        format!(" ... ({} clusters, smallest {min}, largest {max})", sizes.len())
    } else {
        String::new()
    };
    say(format_args!("cluster sizes: {}{more}", first.join(" ")));
}
