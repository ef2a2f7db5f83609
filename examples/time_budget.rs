//! The best of many restarts within a second, some centroids fixed, every cluster of bounded size.

use std::time::Duration;

use kmeans::KMeans;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = kmeans::open("data/digits.f32.npy")?;
    let fit = KMeans::new(10).nredo(1000).time_limit(Duration::from_secs(1)).train_points(&rows, None)?;
    println!("{} restarts, inertia {:.0}", fit.report.redos.len(), fit.report.inertia);

    let first = fit.model.centroids()[..3 * 64].to_vec();
    let kmeans = KMeans::new(10).init_centroids(first.clone()).frozen_centroids(true);
    let frozen = kmeans.train_points(&rows, None)?;
    assert_eq!(frozen.model.centroids()[..3 * 64], first);

    let balanced = KMeans::new(10).balanced(0.1).train_points(&rows, None)?;
    println!("sizes {:?} within 10 % of the mean", balanced.report.cluster_sizes);
    assert!(balanced.report.cluster_sizes.iter().all(|&size| size <= 198));
    Ok(())
}
