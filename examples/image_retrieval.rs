//! Images that look like another: descriptors to clusters, clusters to an index, a query to its ten nearest.
//!
//! Takes SIFT descriptors (`.fvecs`, `.npy`), say those of <http://corpus-texmex.irisa.fr>, or the embedded digits:
//!
//! ```sh
//! cargo run --release --example image_retrieval -- sift_base.fvecs
//! ```

use kmeans::index::{FlatIndex, IvfIndex, Storage};
use kmeans::{Device, KMeans, Points};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "data/digits.f32.npy".to_owned());
    let descriptors = kmeans::open(&path)?;
    let (n, d) = (descriptors.rows(), descriptors.dim());

    // Every tenth descriptor asks, the others answer.
    let (ids, queries): (Vec<usize>, Vec<usize>) = (0..n).partition(|i| i % 10 > 0);
    let (stored, asked) = (rows(&descriptors, &ids)?, rows(&descriptors, &queries)?);
    let ids: Vec<u64> = ids.iter().map(|&i| i as u64).collect();

    // About as many clusters as each has members; look into one in ten, four at least.
    let k = (n as f64).sqrt() as usize;
    let nprobe = (k / 10).max(4).min(k);
    let model = KMeans::new(k).niter(10).train_points(&stored, None)?.model;
    let mut index = IvfIndex::new(Device::Auto, model, Storage::F32)?;
    index.add_with_ids(&stored, &ids)?;

    let found = index.search(&asked, 10, nprobe)?;
    println!("{} of {n} descriptors of {d} columns in {k} clusters", index.len());
    for (query, image) in queries.iter().enumerate().take(3) {
        let (ids, sq_dists) = found.of(query);
        println!("image {image} looks like {ids:?}, the nearest at squared distance {}", sq_dists[0]);
    }

    let mut exact = FlatIndex::new(Device::Auto, stored.values(), d, index.metric())?.search(&asked, 10)?;
    exact.ids.iter_mut().for_each(|position| *position = ids[*position as usize]);
    println!("recall@10 looking into {nprobe} clusters: {:.3}", found.recall(&exact, 10));
    Ok(())
}

fn rows(points: &dyn Points, ids: &[usize]) -> Result<kmeans::data::Rows, Box<dyn std::error::Error>> {
    let mut x = vec![0.0; ids.len() * points.dim()];
    points.gather(ids, &mut x)?;
    Ok(kmeans::data::Rows::new(x, points.dim())?)
}
