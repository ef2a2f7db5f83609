//! Trainings on the GPU engines beside the same ones on the CPU.
//!
//! The same seed gives the same bits twice on one device. Objectives agree with the CPU's within 1e-5 in the first
//! ten iterations; where the device fuses multiply-adds labels are the CPU's, else near ties may fall otherwise
//! and later iterations part.
#![cfg(any(feature = "wgpu", feature = "cuda"))]

mod naive;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use kmeans::core::{Engine, KMeans, Trainer};
use kmeans::data::{Codec, CsrRows, EncodedRows, F16Codec, Rows, U8Codec};
use kmeans::index::{FlatIndex, IvfIndex, Storage};
use kmeans::{EmptyClusters, Fit, Init, Metric, Points, Stop};
use kmeans_backend_cpu::CpuEngine;
use kmeans_backend_cuda::MatrixUnits;
use naive::{blobs, data};

/// Ten iterations on all rows.
fn params(k: usize) -> kmeans::KMeans {
    kmeans::KMeans::new(k).max_points_per_centroid(None).min_points_per_centroid(1).niter(10)
}

fn cpu() -> CpuEngine {
    CpuEngine::new(None).unwrap()
}

fn train<T: Trainer>(
    device: T,
    params: &kmeans::KMeans,
    points: &dyn Points,
    weights: Option<&[f32]>,
) -> Fit {
    KMeans::on(device, params.params().k)
        .with_params(params.params().clone())
        .train_points(points, weights)
        .unwrap()
}

fn close(a: f64, b: f64, by: f64, what: &str) {
    assert!((a - b).abs() <= by * a.abs().max(b.abs()), "{what}: {a} and {b}");
}

/// Trains twice on the engine and once on the CPU.
fn check(
    engine: &(impl Engine + Clone),
    params: &kmeans::KMeans,
    points: &dyn Points,
    weights: Option<&[f32]>,
    what: &str,
) {
    let ours = train(engine.clone(), params, points, weights);
    let again = train(engine.clone(), params, points, weights);
    assert_eq!(ours.model.offsets(), again.model.offsets(), "{what}: the same centroids twice");
    assert_eq!(ours.labels, again.labels, "{what}: the same labels twice");
    assert_eq!(ours.report.obj, again.report.obj, "{what}: the same objectives twice");
    let cpus = train(cpu(), params, points, weights);
    assert!(!ours.report.obj.is_empty(), "{what}: an objective of each iteration");
    for (iteration, (a, b)) in ours.report.obj.iter().zip(&cpus.report.obj).take(10).enumerate() {
        close(*a, *b, 1e-5, &format!("{what}, iteration {iteration}"));
    }
    close(ours.report.inertia, cpus.report.inertia, 1e-3, what);
    if weights.is_none() {
        check_own_labels(&ours, params, points, what);
    }
}

/// Labels are those of the returned centroids, by the CPU.
fn check_own_labels(fit: &Fit, params: &kmeans::KMeans, points: &dyn Points, what: &str) {
    let found =
        KMeans::on(cpu(), params.params().k).assign_points(&fit.model, points, Default::default()).unwrap();
    let other = fit.labels.iter().zip(&found.labels).filter(|(a, b)| a != b).count();
    assert!(1000 * other <= fit.labels.len(), "{what}: {other} of {} labels differ", fit.labels.len());
    close(fit.report.inertia, found.inertia, 1e-5, what);
}

fn rows(name: &str) -> Rows {
    let (x, d) = data(name);
    Rows::new(x, d).unwrap()
}

fn trains_like_the_cpu(engine: &(impl Engine + Clone)) {
    for (name, k) in [("digits", 10), ("digits", 100), ("iris", 3), ("wine", 6)] {
        check(engine, &params(k), &rows(name), None, &format!("{name} k={k}"));
    }
}

fn trains_with_every_metric(engine: &(impl Engine + Clone)) {
    let x = rows("digits");
    for metric in [Metric::InnerProduct, Metric::Cosine] {
        let params = params(20).metric(metric);
        check(engine, &params, &x, None, &metric.to_string());
    }
    check(engine, &params(20).spherical(true), &x, None, "spherical");
    let l2 = params(20).spherical(true).metric(Metric::L2);
    check(engine, &l2, &x, None, "spherical l2");
}

fn trains_with_weights(engine: &(impl Engine + Clone)) {
    let x = rows("digits");
    for (what, spread) in [("weights", 4), ("wide weights", 4000)] {
        let weights: Vec<f32> = (0..x.rows()).map(|i| ((i * 7919) % spread) as f32 * 0.37).collect();
        check(engine, &params(20), &x, Some(&weights), what);
    }
}

fn trains_with_frozen_and_integer_centroids(engine: &(impl Engine + Clone)) {
    let (x, d) = data("digits");
    let given = x[..5 * d].to_vec();
    let points = Rows::new(x, d).unwrap();
    let frozen = params(20).init_centroids(given.clone()).frozen_centroids(true);
    check(engine, &frozen, &points, None, "frozen");
    let fit = train(engine.clone(), &frozen, &points, None);
    assert_eq!(fit.model.centroids()[..5 * d], given, "frozen centroids stay");
    let integer = params(20).int_centroids(true);
    check(engine, &integer, &points, None, "integer");
    let fit = train(engine.clone(), &integer, &points, None);
    assert!(fit.model.centroids().iter().all(|c| c.fract() == 0.0), "integers");
}

fn trains_from_every_start(engine: &(impl Engine + Clone)) {
    let x = rows("digits");
    for init in [Init::Random, Init::KMeansParallel, Init::AfkMc2] {
        let what = init.to_string();
        check(engine, &params(30).init(init), &x, None, &what);
    }
    check(engine, &params(10).nredo(3).niter(4), &x, None, "nredo");
    check(engine, &params(10).progressive_dim_steps(Some(3)).niter(5), &x, None, "progressive");
    check(engine, &params(30).hierarchical(true).niter(5), &x, None, "hierarchical");
}

/// Initial centroids of which most are far from all rows, so that clusters are empty.
fn refills_empty_clusters(engine: &(impl Engine + Clone)) {
    let (x, d) = data("digits");
    let mut given = x[..4 * d].to_vec();
    given.resize(12 * d, 1e4);
    let points = Rows::new(x, d).unwrap();
    for empty_clusters in [EmptyClusters::Split, EmptyClusters::Farthest, EmptyClusters::Keep] {
        let what = format!("{empty_clusters}");
        let params = params(12).init_centroids(given.clone()).empty_clusters(empty_clusters);
        check(engine, &params, &points, None, &what);
        let fit = train(engine.clone(), &params, &points, None);
        let expected = if empty_clusters == EmptyClusters::Keep { 4 } else { 12 };
        assert_eq!(fit.report.distinct, expected, "{what}");
    }
}

/// An iteration that ran ahead of the decision to stop leaves no trace.
fn stops_where_the_cpu_stops(engine: &(impl Engine + Clone)) {
    let x = rows("iris");
    let settled = params(3).niter(100).early_stop_threshold(Some(0.0));
    let fit = train(engine.clone(), &settled, &x, None);
    let cpus = train(cpu(), &settled, &x, None);
    assert_eq!((fit.report.stop, fit.report.niter_done), (cpus.report.stop, cpus.report.niter_done));
    assert_eq!(fit.report.stop, Stop::LabelsUnchanged);
    check_own_labels(&fit, &settled, &x, "settled");
    let threshold = params(3).early_stop_threshold(Some(0.05)).niter(100);
    let fit = train(engine.clone(), &threshold, &x, None);
    assert_eq!(fit.report.stop, Stop::ObjectiveUnchanged);
    check_own_labels(&fit, &threshold, &x, "threshold");
    // As many iterations without a threshold end at the same centroids.
    let niter = fit.report.niter_done;
    let fixed = params(3).early_stop_threshold(None).niter(niter);
    let counted = train(engine.clone(), &fixed, &x, None);
    assert_eq!((fit.model.offsets(), fit.labels), (counted.model.offsets(), counted.labels));
    let kmeans = KMeans::on(engine.clone(), 3).with_params(params(3).niter(50).params().clone());
    let broken = kmeans
        .train_watched(&x, None, &|step| match step {
            kmeans::Progress::Iteration { iteration: 2, .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .unwrap();
    assert_eq!((broken.report.stop, broken.report.niter_done), (Stop::Interrupted, 3));
    check_own_labels(&broken, &params(3), &x, "interrupted");
}

fn chunks_and_codes_give_what_whole_rows_give(engine: &(impl Engine + Clone)) {
    let (x, d) = data("digits");
    let points = Rows::new(x.clone(), d).unwrap();
    let whole = train(engine.clone(), &params(20), &points, None);
    let parts = train(engine.clone(), &params(20).chunk_rows(Some(300)), &points, None);
    assert_eq!(whole.model.offsets(), parts.model.offsets());
    assert_eq!((&whole.labels, &whole.report.obj), (&parts.labels, &parts.report.obj));
    let room = 200 << 10;
    let streamed = train(engine.clone(), &params(20).device_memory(room), &points, None);
    assert_eq!(whole.model.offsets(), streamed.model.offsets(), "streamed");
    assert_eq!((&whole.labels, &whole.report.obj), (&streamed.labels, &streamed.report.obj), "streamed");
    let codecs: [Arc<dyn Codec>; 2] =
        [Arc::new(F16Codec::new(d).unwrap()), Arc::new(U8Codec::new(d).unwrap())];
    for codec in codecs {
        let what = codec.name().to_owned();
        let mut codes = vec![0; points.rows() * codec.code_size()];
        codec.encode(&x, &mut codes).unwrap();
        let encoded = EncodedRows::new(codes, codec).unwrap();
        let params = params(20).decode_block_size(500);
        check(engine, &params, &encoded, None, &what);
        // Digits are small integers, which both encodings hold.
        let fit = train(engine.clone(), &params, &encoded, None);
        assert_eq!((fit.model.offsets(), &fit.labels), (whole.model.offsets(), &whole.labels), "{what}");
        let streamed = train(engine.clone(), &params.device_memory(room), &encoded, None);
        assert_eq!(
            (streamed.model.offsets(), &streamed.labels),
            (whole.model.offsets(), &whole.labels),
            "{what}"
        );
    }
}

/// Rows that do not fit give what held ones give, whatever is done with them.
fn streams_whatever_is_asked_for(engine: &(impl Engine + Clone)) {
    let (x, d) = data("digits");
    let points = Rows::new(x.clone(), d).unwrap();
    let weights: Vec<f32> = (0..points.rows()).map(|i| (i % 5) as f32 * 0.37).collect();
    let mut far = x[..5 * d].to_vec();
    far.resize(12 * d, 1e4);
    let all = [
        ("weights", params(20), Some(&weights[..])),
        ("cosine", params(20).metric(Metric::Cosine), None),
        ("spherical", params(20).spherical(true), Some(&weights[..])),
        ("frozen", params(20).init_centroids(x[..5 * d].to_vec()).frozen_centroids(true), None),
        ("splits", params(12).init_centroids(far.clone()), None),
        ("farthest", params(12).init_centroids(far).empty_clusters(EmptyClusters::Farthest), None),
        ("redo", params(10).nredo(2).niter(3), None),
        ("stop", params(10).niter(100).early_stop_threshold(Some(0.0)), None),
        ("k-means parallel", params(10).init(Init::KMeansParallel).niter(2), None),
    ];
    for (what, params, weights) in all {
        let held = train(engine.clone(), &params, &points, weights);
        let streamed = train(engine.clone(), &params.device_memory(200 << 10), &points, weights);
        assert_eq!(held.model.offsets(), streamed.model.offsets(), "{what}");
        assert_eq!((&held.labels, &held.report.obj), (&streamed.labels, &streamed.report.obj), "{what}");
        assert_eq!(
            (held.report.stop, held.report.niter_done),
            (streamed.report.stop, streamed.report.niter_done),
            "{what}"
        );
    }
}

/// Sparse rows stay sparse on the device.
fn trains_on_sparse_rows(engine: &(impl Engine + Clone)) {
    let (mut x, d) = data("digits");
    x.iter_mut().filter(|x| **x < 12.0).for_each(|x| *x = 0.0);
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in x.chunks_exact(d) {
        for (column, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            indices.push(column as u32);
            values.push(*value);
        }
        indptr.push(values.len());
    }
    let points = CsrRows::new(indptr, indices, values, d).unwrap();
    for metric in [Metric::L2, Metric::Cosine] {
        let params = params(20).metric(metric);
        check(engine, &params, &points, None, &format!("sparse {metric}"));
        let held = train(engine.clone(), &params, &points, None);
        let streamed = train(engine.clone(), &params.device_memory(100 << 10), &points, None);
        assert_eq!(held.model.offsets(), streamed.model.offsets(), "{metric}");
        assert_eq!((&held.labels, &held.report.obj), (&streamed.labels, &streamed.report.obj), "{metric}");
    }
}

/// Trajectories may part after near ties; what they reach is as good.
fn reaches_what_the_cpu_reaches_from_ten_seeds(engine: &(impl Engine + Clone)) {
    let x = rows("digits");
    let mean = |fits: Vec<Fit>| fits.iter().map(|fit| fit.report.inertia).sum::<f64>() / fits.len() as f64;
    let seeds = || (0..10).map(|seed| params(10).seed(seed).niter(25));
    let ours = mean(seeds().map(|params| train(engine.clone(), &params, &x, None)).collect());
    let cpus = mean(seeds().map(|params| train(cpu(), &params, &x, None)).collect());
    close(ours, cpus, 2e-3, "mean of ten");
}

/// Rows around more centres than centroids, n×d for k: trained with a screen and without.
fn screening_changes_nothing(
    screened: &(impl Engine + Clone),
    exact: &(impl Engine + Clone),
    shapes: &[[usize; 3]],
) {
    for &[n, d, k] in shapes {
        let x = blobs(n, d, 2 * k, 1).iter().map(|x| 100.0 + x).collect();
        let points = Rows::new(x, d).unwrap();
        for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
            let what = format!("{n}×{d}, k={k}, {metric}");
            let params = params(k).metric(metric).niter(5).early_stop_threshold(None);
            let with = train(screened.clone(), &params, &points, None);
            let without = train(exact.clone(), &params, &points, None);
            assert_eq!(with.labels, without.labels, "{what}");
            assert_eq!(with.model.offsets(), without.model.offsets(), "{what}");
            assert_eq!(with.report.obj, without.report.obj, "{what}");
        }
    }
    // An engine whose screen was wrong says so, and does without.
    assert!(!screened.name().contains("without"), "{}", screened.name());
}

fn searches_like_the_cpu(engine: &(impl Engine + Clone + 'static)) {
    // Whole numbers: scores and distances are exact.
    let (rows, queries) = (rows("digits"), rows("digits"));
    let queries = kmeans::data::RowRange::new(queries, 0..40).unwrap();
    for metric in [Metric::L2, Metric::InnerProduct] {
        let d = rows.dim();
        let ours = FlatIndex::new(engine.clone(), rows.values(), d, metric).unwrap();
        assert_eq!(ours.device().unwrap(), engine.name());
        let cpus = FlatIndex::new(cpu(), rows.values(), d, metric).unwrap();
        for p in [1, 10, 1797] {
            assert_eq!(
                ours.search(&queries, p).unwrap(),
                cpus.search(&queries, p).unwrap(),
                "{metric}, p = {p}"
            );
        }
        let model = train(cpu(), &params(20).metric(metric), &rows, None).model;
        let found = |mut index: IvfIndex| {
            index.add(&rows).unwrap();
            index.search(&queries, 10, 4).unwrap()
        };
        let ours = found(IvfIndex::new(engine.clone(), model.clone(), Storage::F32).unwrap());
        let cpus = found(IvfIndex::new(cpu(), model, Storage::F32).unwrap());
        assert_eq!(ours, cpus, "{metric}, in lists");
    }
}

macro_rules! stamp {
    ($name:ident, $engine:expr, [$($test:ident),* $(,)?]) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    crate::$test(&$engine);
                }
            )*
        }
    };
    ($name:ident, $engine:expr) => {
        stamp!($name, $engine, [
            trains_like_the_cpu,
            trains_with_every_metric,
            trains_with_weights,
            trains_with_frozen_and_integer_centroids,
            trains_from_every_start,
            refills_empty_clusters,
            stops_where_the_cpu_stops,
            chunks_and_codes_give_what_whole_rows_give,
            streams_whatever_is_asked_for,
            trains_on_sparse_rows,
            reaches_what_the_cpu_reaches_from_ten_seeds,
            searches_like_the_cpu,
        ]);
    };
}

#[cfg(feature = "wgpu")]
mod on_wgpu {
    use super::*;

    fn wgpu() -> kmeans_backend_cuda::WgpuEngine {
        static ENGINE: OnceLock<kmeans_backend_cuda::WgpuEngine> = OnceLock::new();
        ENGINE.get_or_init(|| kmeans_backend_cuda::open_wgpu(0).unwrap()).clone()
    }

    stamp!(native, super::wgpu());
    stamp!(without_64_bits, super::wgpu().without_64_bits());
    stamp!(
        screened,
        super::wgpu().matrix_units(super::MatrixUnits::Emulated),
        [trains_like_the_cpu, trains_with_every_metric, stops_where_the_cpu_stops]
    );

    #[test]
    fn an_emulated_screen_changes_nothing() {
        let (with, without) = (MatrixUnits::Emulated, MatrixUnits::Off);
        screening_changes_nothing(
            &wgpu().matrix_units(with),
            &wgpu().matrix_units(without),
            &[[9000, 40, 100]],
        );
    }
}

#[cfg(feature = "cuda")]
mod on_cuda {
    use super::*;

    fn cuda() -> kmeans_backend_cuda::CudaEngine {
        static ENGINE: OnceLock<kmeans_backend_cuda::CudaEngine> = OnceLock::new();
        ENGINE.get_or_init(|| kmeans_backend_cuda::open_cuda(0).unwrap()).clone()
    }

    stamp!(native, super::cuda());
    stamp!(without_64_bits, super::cuda().without_64_bits());
    stamp!(by_matrix_units, super::cuda().matrix_units(super::MatrixUnits::Always));
    stamp!(
        screened,
        super::cuda().matrix_units(super::MatrixUnits::Emulated),
        [trains_like_the_cpu, trains_with_every_metric, stops_where_the_cpu_stops]
    );

    #[test]
    fn an_emulated_screen_changes_nothing() {
        let (with, without) = (MatrixUnits::Emulated, MatrixUnits::Off);
        screening_changes_nothing(
            &cuda().matrix_units(with),
            &cuda().matrix_units(without),
            &[[9000, 40, 100]],
        );
    }

    #[test]
    fn matrix_units_change_nothing() {
        let shapes = [
            [9000, 40, 100],
            [3000, 16, 64],
            [3000, 17, 70],
            [3000, 128, 200],
            [2000, 300, 130],
            [2000, 700, 65],
        ];
        for with in [MatrixUnits::Auto, MatrixUnits::Always] {
            let exact = cuda().matrix_units(MatrixUnits::Off);
            screening_changes_nothing(&cuda().matrix_units(with), &exact, &shapes);
        }
        let wide = [[1000, 1000, 65], [1000, 1424, 64]];
        let exact = cuda().matrix_units(MatrixUnits::Off);
        screening_changes_nothing(&cuda().matrix_units(MatrixUnits::Always), &exact, &wide);
    }
}
