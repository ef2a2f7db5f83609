//! Runs one implementation on one job and writes its centroids.
//!
//!     kmeans-peers fastkmeans-rs|linfa DATA.npy START.npy NITER CENTROIDS.npy
//!
//! All rows, no early stop; prints `{"seconds": ..}`. linfa begins at START.npy (k×d, f32); fastkmeans-rs takes no
//! centroids and begins at k random rows of its own.

use std::error::Error;
use std::time::Instant;

use fastkmeans_rs::{FastKMeans, KMeansConfig};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::{KMeans, KMeansInit};
use ndarray::Array2;
use ndarray_npy::{read_npy, write_npy};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

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
        "linfa" => linfa(x, start, niter)?,
        other => return Err(format!("no peer {other}").into()),
    };
    write_npy(out, &centroids)?;
    println!("{}", serde_json::json!({ "seconds": seconds }));
    Ok(())
}

fn fastkmeans(x: &Array2<f32>, k: usize, niter: usize) -> Result<(Array2<f32>, f64), Box<dyn Error>> {
    let config =
        KMeansConfig::new(k).with_max_iters(niter).with_tol(-1.0).with_max_points_per_centroid(None);
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
