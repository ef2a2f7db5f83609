//! From a file to clusters, and new rows to their clusters.

use kmeans::{KMeans, Points};

fn main() -> Result<(), kmeans::Error> {
    let digits = kmeans::open("data/digits.f32.npy")?;

    let kmeans = KMeans::new(10).seed(7);
    let fit = kmeans.train_points(&digits, None)?;
    println!("inertia {:.0} after {} iterations", fit.report.inertia, fit.report.niter_done);
    println!("cluster sizes {:?}", fit.model.cluster_sizes());
    for warning in &fit.report.warnings {
        println!("warning: {warning}");
    }

    let mut first = vec![0.0; digits.dim()];
    digits.read(0..1, &mut first)?;
    let again = kmeans.assign(&fit.model, &first, digits.dim())?;
    assert_eq!(again.labels[0], fit.labels[0]);
    Ok(())
}
