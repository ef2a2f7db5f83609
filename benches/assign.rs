//! One pass: assignment and reduction, per engine. Ids hold n×d×k; the inertia stands beside.
#![allow(missing_docs, clippy::print_stderr, reason = "a bench")]

mod common;

use std::hint::black_box;
use std::time::Duration;

use burn_ndarray::NdArray;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kmeans::core::{Engine, Rows, TensorEngine};
use kmeans_backend_cpu::CpuEngine;

fn step(c: &mut Criterion) {
    for (n, k) in [(20_000, 10), (20_000, 100), (20_000, 1000)] {
        let (data, x, d) = common::rows(n);
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
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    engine: &E,
    name: &str,
    shape: &str,
    x: &[f32],
    d: usize,
    k: usize,
) {
    let (frame, codebook) = common::start(engine, x, d, k);
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

criterion_group!(benches, step);
criterion_main!(benches);
