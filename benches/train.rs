//! One training of 10 iterations, per engine and initialisation. Ids hold n×d×k; the inertia stands beside.
#![allow(missing_docs, clippy::print_stderr, reason = "a bench")]

mod common;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kmeans::{Device, Init, KMeans};

fn train(c: &mut Criterion) {
    let k = 100;
    let n = 20_000;
    let (data, x, d) = common::rows(n);
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

criterion_group!(benches, train);
criterion_main!(benches);
