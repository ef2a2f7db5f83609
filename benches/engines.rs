//! One pass (assignment and reduction) and one training of 10 iterations, per engine.
//!
//! Ids hold n×d×k; the inertia stands beside. Data: SIFT descriptors where they are found, in the folder
//! that the environment variable `KMEANS_BENCH_DATA` names (default `../shared/data`), else generated.
#![allow(missing_docs, reason = "a bench")]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use burn_ndarray::NdArray;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kmeans::core::{Centroids, Engine, Extent, Frame, Rows, TensorEngine};
use kmeans::{Device, Init, KMeans, Metric};
use kmeans_backend_cpu::CpuEngine;

fn step(c: &mut Criterion) {
    for (n, k) in [(20_000, 10), (20_000, 100), (20_000, 1000)] {
        let (data, x, d) = rows(n);
        let shape = format!("{data}/{n}x{d}x{k}");
        let mut group = c.benchmark_group("step");
        group.sample_size(10).measurement_time(Duration::from_secs(4));
        group.throughput(Throughput::Elements((n * d * k) as u64));
        let cpu = CpuEngine::new(None).expect("threads can be started");
        one(&mut group, &cpu, "cpu", &shape, &x, d, k);
        let reference = TensorEngine::<NdArray>::default();
        one(&mut group, &reference, "reference", &shape, &x, d, k);
    }
}

fn one<E: Engine>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    engine: &E,
    name: &str,
    shape: &str,
    x: &[f32],
    d: usize,
    k: usize,
) {
    let (frame, codebook) = start(engine, x, d, k);
    let mut rows = engine.prepare(Rows::Host { x: x.into(), d }, None).expect("the rows are finite");
    engine.set_frame(&mut rows, &frame).expect("the frame fits");
    group.bench_function(BenchmarkId::new(name, shape), |b| {
        b.iter(|| {
            let sums = engine.step(&mut rows, &codebook).expect("a step");
            black_box(engine.download(sums).expect("sums"))
        });
    });
    let inertia: f64 = engine.distances(&rows).expect("distances").iter().map(|&v| f64::from(v)).sum();
    eprintln!("    {name} {shape}: inertia {inertia:.6e}");
}

fn train(c: &mut Criterion) {
    let k = 100;
    let n = 20_000;
    let (data, x, d) = rows(n);
    let mut group = c.benchmark_group("train");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for device in ["cpu", "reference"] {
        for init in [Init::KMeansPlusPlus, Init::Random] {
            let id = BenchmarkId::new(format!("{device}/{init}"), format!("{data}/{n}x{d}x{k}"));
            let kmeans = KMeans::new(k)
                .device(device.parse::<Device>().expect("a device"))
                .init(init.clone())
                .niter(10)
                .early_stop_threshold(None)
                .max_points_per_centroid(None);
            let mut inertia = 0.0;
            group.bench_function(id, |b| {
                b.iter(|| inertia = kmeans.train(&x, d).expect("a training").report.inertia);
            });
            eprintln!("    {device}/{init}: inertia {inertia:.6e}");
        }
    }
}

/// Rows of real data where they are found, else generated.
fn rows(n: usize) -> (String, Vec<f32>, usize) {
    let folder = std::env::var_os("KMEANS_BENCH_DATA").unwrap_or_else(|| "../shared/data".into());
    let path = PathBuf::from(folder).join("sift_150k_128.u8.npy");
    match kmeans::open(&path) {
        Ok(points) if points.rows() >= n => {
            let d = points.dim();
            let mut x = vec![0.0; n * d];
            points.read(0..n, &mut x).expect("the file was opened and is long enough");
            ("sift".to_owned(), x, d)
        }
        _ => ("generated".to_owned(), generated(n, 128), 128),
    }
}

/// Rows around 50 centres, by a linear congruence: no quality, but the same everywhere.
fn generated(n: usize, d: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / 16_777_216.0
    };
    let centres: Vec<f32> = (0..50 * d).map(|_| 20.0 * next()).collect();
    (0..n * d).map(|i| centres[(i / d * 7 % 50) * d + i % d] + next()).collect()
}

/// The first k rows as centroids, in a frame at the minimum of the data.
fn start<E: Engine>(engine: &E, x: &[f32], d: usize, k: usize) -> (Frame, E::Codebook) {
    let rows = Rows::Host { x: x.into(), d };
    let extent: Extent =
        engine.prepare(rows, None).and_then(|p| engine.extent(&p)).expect("the rows are finite");
    let frame = Frame::at_minimum(&extent);
    let centroids = Centroids::from_positions(&x[..k * d], &frame);
    let codebook = engine.codebook(&centroids, Metric::L2).expect("the centroids fit");
    (frame, codebook)
}

criterion_group!(benches, step, train);
criterion_main!(benches);
