//! Silhouettes of all rows, or the choice of k, as one JSON object a line; `benches/peers/evaluate.py` runs the first
//! beside scikit-learn.
//!
//! ```sh
//! cargo bench --bench evaluation -- silhouette DATA.npy LABELS.npy
//! cargo bench --bench evaluation -- choose-k data/digits.f32.npy 2 64
//! ```
#![allow(missing_docs, reason = "a bench")]
#![allow(clippy::print_stdout, reason = "its result")]

use std::time::Instant;

use kmeans::core::Params;
use kmeans::data::read_labels;
use kmeans::eval::{ChooseK, Clustering, Distance, KChoice, silhouette};
use kmeans_backend_cpu::CpuEngine;
use serde_json::json;

/// Interleaved runs.
const REPEAT: usize = 3;

fn main() {
    let all: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    match words[..] {
        ["silhouette", data, labels] => silhouettes(data, labels),
        ["choose-k", data, from, to] => choices(data, from.parse().unwrap(), to.parse().unwrap()),
        // `cargo bench` runs every bench without arguments.
        _ => choices("data/digits.f32.npy", 2, 24),
    }
}

fn silhouettes(data: &str, labels: &str) {
    let points = kmeans::open(data).unwrap();
    let labels = read_labels(labels).unwrap();
    let device = CpuEngine::new(None).unwrap();
    for _ in 0..REPEAT {
        let started = Instant::now();
        let clustering = Clustering::new(&*points, &labels).unwrap();
        let mean = silhouette(&device, &clustering, Distance::Euclidean).unwrap().mean();
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{}",
            json!({ "n": clustering.n(), "d": clustering.d(), "k": clustering.k(), "silhouette": mean, "seconds": seconds })
        );
    }
}

/// The sweep, and for each k a training of its own, the best of ten restarts.
fn choices(data: &str, from: usize, to: usize) {
    let points = kmeans::open(data).unwrap();
    let device = CpuEngine::new(None).unwrap();
    let mut alone = Params::new(1);
    (alone.niter, alone.nredo, alone.max_points_per_centroid) = (100, 10, None);
    let mut sweep = alone.clone();
    sweep.nredo = 1;
    for _ in 0..REPEAT {
        let run = |params: &Params, warm| {
            let choose = ChooseK::new(from..=to).with_params(params.clone()).warm_starts(warm);
            choose.run(&device, &*points).unwrap()
        };
        let (swept, independent) = (run(&sweep, true), run(&alone, false));
        let (a, b) = (describe("sweep", &swept), describe("independent, best of 10", &independent));
        println!("{a}\n{b}");
        println!("{}", json!({ "ratio": independent.seconds / swept.seconds }));
    }
}

fn describe(what: &str, choice: &KChoice) -> serde_json::Value {
    let logs: f64 = choice.k.iter().map(|m| m.inertia.ln()).sum();
    json!({
        "what": what, "seconds": choice.seconds, "recommended": choice.recommended.k,
        "sureness": choice.recommended.sureness, "mean_ln_inertia": logs / choice.k.len() as f64,
    })
}
