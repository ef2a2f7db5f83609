//! Weighted rows, given first centroids, and a look at every iteration.

use std::ops::ControlFlow;

use kmeans::{KMeans, Progress, RowSlice};

fn main() -> Result<(), kmeans::Error> {
    let rows = [1.0, 2.0, 3.0, 10.0, 11.0, 12.0];
    let weights = [1.0, 1.0, 2.0, 1.0, 1.0, 4.0];

    let kmeans = KMeans::new(2).init_centroids(vec![0.0, 20.0]).min_points_per_centroid(1);
    let fit = kmeans.train_watched(&RowSlice::new(&rows, 1)?, Some(&weights), &|step| {
        if let Progress::Iteration { iteration, stats, .. } = step {
            println!("iteration {iteration}: objective {}", stats.obj);
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(fit.model.centroids(), [2.25, 11.5]);
    println!("centroids {:?}", fit.model.centroids());
    Ok(())
}
