//! Runs one implementation on one job and writes its centroids.
//!
//!     kmeans-peers fastkmeans-rs|lance|linfa DATA.npy START.npy NITER CENTROIDS.npy
//!
//! All rows, no early stop; prints `{"seconds": ..}`. linfa begins at START.npy (k×d, f32); fastkmeans-rs takes no
//! centroids and begins at k random rows of its own. `lance` is Lance's kernels of distances and argmin, row by row on
//! all threads, in a plain loop of Lloyd's: its own k-means is not published apart from its database.

use std::error::Error;
use std::time::Instant;

use fastkmeans_rs::{FastKMeans, KMeansConfig};
use lance_linalg::distance::{L2Prepared, l2_distance_batch_into};
use lance_linalg::kernels::argmin_value_float;
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::{KMeans, KMeansInit};
use ndarray::Array2;
use ndarray_npy::{read_npy, write_npy};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;
use rayon::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [peer, data, start, niter, out] = args.as_slice() else {
        return Err("expected: PEER DATA.npy START.npy NITER CENTROIDS.npy".into());
    };
    let x: Array2<f32> = read_npy(data)?;
    let start: Array2<f32> = read_npy(start)?;
    let (k, niter) = (start.nrows(), niter.parse()?);
    let (centroids, seconds) = match peer.as_str() {
        "fastkmeans-rs" => fastkmeans(&x, k, niter)?,
        "lance" => lance(&x, start, niter),
        "linfa" => linfa(x, start, niter)?,
        other => return Err(format!("no peer {other}").into()),
    };
    write_npy(out, &centroids)?;
    println!("{}", serde_json::json!({ "seconds": seconds }));
    Ok(())
}

fn fastkmeans(x: &Array2<f32>, k: usize, niter: usize) -> Result<(Array2<f32>, f64), Box<dyn Error>> {
    let config = KMeansConfig::new(k).with_max_iters(niter).with_tol(-1.0).with_max_points_per_centroid(None);
    let mut kmeans = FastKMeans::with_config(config);
    let begun = Instant::now();
    kmeans.train(&x.view())?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok((kmeans.centroids().ok_or("no centroids")?.clone(), seconds))
}

fn linfa(x: Array2<f32>, start: Array2<f32>, niter: usize) -> Result<(Array2<f32>, f64), Box<dyn Error>> {
    let (k, rows) = (start.nrows(), DatasetBase::from(x));
    let begun = Instant::now();
    let fit = KMeans::params_with_rng(k, Xoshiro256Plus::seed_from_u64(7))
        .init_method(KMeansInit::Precomputed(start))
        .n_runs(1)
        .max_n_iterations(niter as u64)
        .tolerance(1e-30)
        .fit(&rows);
    let seconds = begun.elapsed().as_secs_f64();
    Ok((fit?.centroids().clone(), seconds))
}

fn lance(x: &Array2<f32>, start: Array2<f32>, niter: usize) -> (Array2<f32>, f64) {
    /// Centroids that Lance transposes: they fit the first-level cache.
    const TRANSPOSED_BYTES: usize = 32 << 10;
    let (d, k) = (x.ncols(), start.nrows());
    let values = x.as_slice().expect("rows follow each other");
    let mut centroids = start;
    let begun = Instant::now();
    for _ in 0..niter {
        let c = centroids.as_slice().expect("rows follow each other");
        let transposed = (4 * k * d <= TRANSPOSED_BYTES).then(|| L2Prepared::new(c, d));
        let nearest = |distances: &mut Vec<f32>, v: &[f32]| {
            distances.resize(k, 0.0);
            match &transposed {
                Some(transposed) => transposed.distances_into(v, distances),
                None => l2_distance_batch_into(v, c, d, distances),
            }
            argmin_value_float(distances.iter().copied()).map_or(0, |(label, _)| label as usize)
        };
        let labels: Vec<usize> = values.par_chunks_exact(d).map_init(Vec::new, nearest).collect();
        let (mut sums, mut counts) = (vec![0.0_f64; k * d], vec![0_u32; k]);
        for (v, &label) in values.chunks_exact(d).zip(&labels) {
            counts[label] += 1;
            sums[label * d..].iter_mut().zip(v).for_each(|(sum, &v)| *sum += f64::from(v));
        }
        for ((mut row, sums), &count) in
            centroids.rows_mut().into_iter().zip(sums.chunks_exact(d)).zip(&counts)
        {
            if count > 0 {
                row.iter_mut().zip(sums).for_each(|(c, sum)| *c = (sum / f64::from(count)) as f32);
            }
        }
    }
    (centroids, begun.elapsed().as_secs_f64())
}
