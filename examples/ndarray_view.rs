//! Rows of an ndarray view, without a copy.

use kmeans::KMeans;
use ndarray::{Array2, s};

fn main() -> Result<(), kmeans::Error> {
    let table = Array2::from_shape_fn((300, 5), |(row, column)| (row % 3 * 10 + column) as f32);
    let view = table.slice(s![50.., ..]);

    let fit = KMeans::new(3).train_points(&view, None)?;
    println!("{} rows, sizes {:?}", view.nrows(), fit.model.cluster_sizes());
    assert_eq!(fit.report.inertia, 0.0);
    Ok(())
}
