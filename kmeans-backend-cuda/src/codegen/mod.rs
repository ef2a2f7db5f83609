//! The CUDA source of every kernel in every variant, written to `target/cuda-kernels` for a compiler to look at.

mod recorder;

use std::fs;
use std::path::Path;

use kmeans_core::{Centroids, Engine, Extent, Frame, Metric, Packing, Rows, SparseRows, Split, Update};
use kmeans_data::CsrRows;

use crate::engine::CubeEngine;
use crate::prepared::CubePrepared;
use crate::sums::Reduction;
use crate::tiles::Tiles;
use recorder::{Paper, Recording};

type Recorded = CubeEngine<Recording, u8>;

/// All kernels.
const KERNELS: [&str; 26] = [
    "add_columns",
    "add_lists",
    "add_shared",
    "add_tallies",
    "assign_rows",
    "clear",
    "count_changed",
    "count_labels",
    "describe_centroids",
    "find_closer",
    "find_extent",
    "finish_centroids",
    "gather_rows",
    "keep_closer",
    "mean_rows",
    "measure_own",
    "measure_pairs",
    "scan_counts",
    "scatter_rows",
    "score_rows",
    "screen_rows",
    "select_lowest",
    "shadow_rows",
    "split_means",
    "unit_factors",
    "write_rows",
];

const N: usize = 300;
const D: usize = 17;

/// Launches what an engine launches for one frame.
fn launch_all(engine: &Recorded, mut rows: CubePrepared<'_>, frame: &Frame, metric: Metric, k: usize) {
    // All that is read is zero, so that ranges mean nothing here.
    let _ = engine.extent(&rows);
    engine.set_frame(&mut rows, frame).unwrap();
    let centroids = Centroids::from_offsets(vec![0.5; k * D], D);
    let mut codebook = engine.codebook(&centroids, metric).unwrap();
    let mut sums = engine.step(&mut rows, &codebook).unwrap();
    let more = engine.step(&mut rows, &codebook).unwrap();
    engine.merge(&mut sums, more).unwrap();
    for (spherical, integer) in [(false, false), (true, false), (false, true), (true, true)] {
        let update = Update { frozen: 1, spherical, integer };
        let sums = engine.step(&mut rows, &codebook).unwrap();
        let (next, tally) = engine.advance(&codebook, sums, frame, update).unwrap();
        tally().unwrap();
        codebook = next;
        let split = Split { donor: 1, receiver: 2, push: 0.1, signs: vec![1.0; D] };
        engine.split(&mut codebook, &[split], frame, update).unwrap();
    }
    engine.download(sums).unwrap();
    engine.gather(&rows, &[1, 2]).unwrap();
    engine.distance_matrix(&rows, &codebook).unwrap();
    engine.closer(&rows, &codebook, &[1.0; N]).unwrap();
    engine.closest(&mut rows, &codebook, &[1.0; N]).unwrap();
    engine.nearest(&rows, &codebook, 3).unwrap();
}

/// Enough rows and centroids for matrix units.
fn screen(engine: &Recorded, metric: Metric, d: usize) {
    let (n, k) = (1 << 13, 64);
    let extent = Extent::new(vec![-1.0; d], vec![1.0; d], n, None);
    let frame = Frame::with(vec![0.0; d], 1.0, &extent);
    let mut rows = engine.prepare(Rows::Host { x: vec![0.5; n * d].into(), d }, None).unwrap();
    engine.set_frame(&mut rows, &frame).unwrap();
    let codebook = engine.codebook(&Centroids::from_offsets(vec![0.5; k * d], d), metric).unwrap();
    engine.assign(&mut rows, &codebook).unwrap();
}

#[test]
fn every_kernel_is_written_in_cuda() {
    let x: Vec<f32> = (0..N * D).map(|i| (i % 29) as f32).collect();
    let narrow: Vec<f32> = (0..N).map(|i| 1.0 + (i % 3) as f32).collect();
    let wide: Vec<f32> = (0..N).map(|i| 10_f32.powi(i as i32 % 9)).collect();
    let engine = Recorded::new(Paper, "recording".to_owned(), true);
    for engine in [engine.clone(), engine.without_64_bits()] {
        for engine in [engine.clone().tiles(Tiles::Large).reduction(Reduction::Sorted), engine] {
            for metric in [Metric::L2, Metric::InnerProduct, Metric::Cosine] {
                for weights in [None, Some(&narrow[..]), Some(&wide[..])] {
                    let extent = Extent::new(vec![0.0; D], vec![28.0; D], N, weights);
                    let frame = Frame::centred(&extent, &x, metric);
                    let rows = engine.prepare(Rows::Host { x: x.as_slice().into(), d: D }, weights).unwrap();
                    launch_all(&engine, rows, &frame, metric, 7);
                }
            }
            for (packing, size) in [(Packing::F16, 2), (Packing::U8, 1), (Packing::I8, 1)] {
                let extent = Extent::new(vec![0.0; D], vec![28.0; D], N, None);
                let bytes = vec![0; N * D * size].into();
                let rows = engine.prepare(Rows::Packed { bytes, packing, d: D }, None).unwrap();
                launch_all(&engine, rows, &Frame::centred(&extent, &x, Metric::L2), Metric::L2, 7);
            }
            for metric in [Metric::L2, Metric::InnerProduct] {
                for d in [D, 128, 700, 1500] {
                    screen(&engine, metric, d);
                }
            }
            let sparse = CsrRows::new((0..=N).collect(), vec![0; N], vec![1.0; N], D).unwrap();
            let extent = Extent::new(vec![0.0; D], vec![1.0; D], N, None);
            let rows = engine.prepare(Rows::Csr(SparseRows::Owned(sparse)), None).unwrap();
            launch_all(&engine, rows, &Frame::centred(&extent, &x, Metric::L2), Metric::L2, 7);
            // More clusters than are counted in shared memory.
            let extent = Extent::new(vec![0.0; D], vec![28.0; D], N, None);
            let frame = Frame::centred(&extent, &x, Metric::L2);
            let rows = engine.prepare(Rows::Host { x: x.as_slice().into(), d: D }, None).unwrap();
            launch_all(&engine, rows, &frame, Metric::L2, 2000);
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/cuda-kernels");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let sources = recorder::sources();
    for (name, variants) in &sources {
        for (number, source) in variants.iter().enumerate() {
            fs::write(folder.join(format!("{name}-{number}.cu")), source).unwrap();
        }
    }
    let written: Vec<&str> = sources.keys().map(String::as_str).collect();
    assert_eq!(written, KERNELS);
}
