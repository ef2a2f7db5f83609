//! Data and engines shared by the benches.

use std::path::PathBuf;

use kmeans::core::{Centroids, Engine, Extent, Frame, Metric, Rows};
use kmeans::data::Points;

/// Rows of real data (SIFT descriptors) where they are found, else of generated clusters.
///
/// The folder comes from the environment variable `KMEANS_BENCH_DATA`, default `../shared/data`.
pub fn rows(n: usize) -> (String, Vec<f32>, usize) {
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
pub fn start<E: Engine>(engine: &E, x: &[f32], d: usize, k: usize) -> (Frame, E::Codebook) {
    let rows = Rows::Host { x: x.into(), d };
    let extent: Extent =
        engine.prepare(rows, None).and_then(|p| engine.extent(&p)).expect("the rows are finite");
    let frame = Frame::at_minimum(&extent);
    let centroids = Centroids::from_positions(&x[..k * d], &frame);
    let codebook = engine.codebook(&centroids, Metric::L2).expect("the centroids fit");
    (frame, codebook)
}
