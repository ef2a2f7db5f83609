//! Building and searching an index, as one JSON object a line; `benches/peers/search.py` runs it beside Faiss.
//!
//! ```sh
//! cargo bench --bench index -- DATA.npy QUERIES.npy                                           # exact search
//! cargo bench --bench index -- DATA.npy QUERIES.npy -k 1024 --nprobe 1,8,64 --storage f32,sq8
//! ```
#![allow(missing_docs, reason = "a bench")]
#![allow(clippy::print_stdout, reason = "its result")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use kmeans::index::{FlatIndex, IvfIndex, Storage};
use kmeans::{Device, Init, KMeans, Metric, Overwrite, Points, RowSlice};
use kmeans_backend_cpu::CpuEngine;
use serde_json::json;

/// Neighbours that are looked for.
const P: usize = 10;

struct Args {
    data: String,
    queries: String,
    k: usize,
    nprobe: Vec<usize>,
    storage: Vec<Storage>,
    threads: usize,
    repeat: usize,
    /// Where the centroids are written to, for a peer to search with.
    centroids: Option<String>,
}

impl Args {
    fn parse() -> Self {
        let all: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
        let value = |name: &str, default: &str| {
            let at = all.iter().position(|arg| arg == name);
            at.map_or_else(|| default.to_owned(), |at| all[at + 1].clone())
        };
        let numbers = |name, default| value(name, default).split(',').map(|n| n.parse().unwrap()).collect();
        Self {
            data: all[0].clone(),
            queries: all[1].clone(),
            k: value("-k", "1024").parse().unwrap(),
            nprobe: numbers("--nprobe", "1,4,8,16,32,64"),
            storage: value("--storage", "")
                .split(',')
                .filter(|word| !word.is_empty())
                .map(|word| word.parse().unwrap())
                .collect(),
            threads: value("--threads", "2").parse().unwrap(),
            repeat: value("--repeat", "3").parse().unwrap(),
            centroids: Some(value("--centroids", "")).filter(|path| !path.is_empty()),
        }
    }
}

fn read(path: &str) -> (Vec<f32>, usize) {
    let points = kmeans::open(Path::new(path)).unwrap();
    let mut x = vec![0.0; points.rows() * points.dim()];
    points.read(0..points.rows(), &mut x).unwrap();
    (x, points.dim())
}

/// The least seconds of some calls, after one that is not counted.
fn least<T>(repeat: usize, mut run: impl FnMut() -> T) -> f64 {
    run();
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..repeat).map(time).fold(f64::INFINITY, f64::min)
}

fn main() {
    let args = Args::parse();
    let engine = CpuEngine::new(NonZeroUsize::new(args.threads)).unwrap();
    let (x, d) = read(&args.data);
    let (q, _) = read(&args.queries);
    let queries = RowSlice::new(&q, d).unwrap();
    let ones: Vec<RowSlice<'_>> = q.chunks_exact(d).take(200).map(|q| RowSlice::new(q, d).unwrap()).collect();
    let n = x.len() / d;
    let tell = |index: &str, nprobe: usize, recall: f64, batch: f64, single: f64| {
        let line = json!({
            "index": index, "n": n, "d": d, "k": args.k, "nprobe": nprobe, "recall@10": recall,
            "queries": queries.rows(), "qps_batch": queries.rows() as f64 / batch,
            "qps_single": ones.len() as f64 / single,
        });
        println!("{line}");
    };

    let start = Instant::now();
    let flat = FlatIndex::new(engine.clone(), &x, d, Metric::L2).unwrap();
    println!(
        "{}",
        json!({"index": "flat", "build_s": start.elapsed().as_secs_f64(), "bytes": flat.memory() / n})
    );
    let truth = flat.search(&queries, P).unwrap();
    if args.storage.is_empty() {
        let batch = least(args.repeat, || flat.search(&queries, P).unwrap());
        let single = least(args.repeat, || ones.iter().for_each(|q| drop(flat.search(q, P).unwrap())));
        tell("flat", 1, 1.0, batch, single);
        return;
    }

    let start = Instant::now();
    let device = Device::Cpu { threads: NonZeroUsize::new(args.threads) };
    let kmeans = KMeans::new(args.k).device(device).niter(10).init(Init::Random);
    let fit = kmeans.train(&x, d).unwrap();
    let model = &fit.model;
    let train = start.elapsed().as_secs_f64();
    if let Some(path) = &args.centroids {
        model.save_centroids(path, Overwrite::Replace).unwrap();
    }
    for storage in args.storage {
        let start = Instant::now();
        let (points, name) = (RowSlice::new(&x, d).unwrap(), format!("ivf-{storage}"));
        let mut index = IvfIndex::new(engine.clone(), model.clone(), storage).unwrap();
        index.train(&points).unwrap();
        let train_codes = start.elapsed().as_secs_f64();
        index.add_labelled(&points, &fit.labels).unwrap();
        let add = start.elapsed().as_secs_f64() - train_codes;
        let line = json!({
            "index": name, "train_s": train, "train_codes_s": train_codes, "add_s": add, "bytes": index.memory() / n,
        });
        println!("{line}");
        for &nprobe in &args.nprobe {
            let found = index.search(&queries, P, nprobe).unwrap();
            let batch = least(args.repeat, || index.search(&queries, P, nprobe).unwrap());
            let search = |q: &RowSlice<'_>| drop(index.search(q, P, nprobe).unwrap());
            let single = least(args.repeat, || ones.iter().for_each(search));
            tell(&name, nprobe, found.recall(&truth, P), batch, single);
        }
    }
}
