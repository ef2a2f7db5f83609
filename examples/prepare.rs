//! Rows scaled and projected before they are clustered, and further rows after them in the same way.
//!
//! `cargo run --release --example prepare`

use kmeans::{KMeans, KMeansModel, Outliers, Overwrite, PcaSolver, Points, Preparation, Step, open};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wine = open("data/wine.f32.npy")?;
    let steps = [
        Step::DropOutliers(Outliers::ZScore(4.0)),
        Step::Standardize,
        Step::Pca { components: 5, whiten: false, solver: PcaSolver::Exact },
    ];
    let preparation = Preparation::fit(&wine, None, &steps)?;
    for step in preparation.steps() {
        println!("{step}");
    }
    let fit = KMeans::new(3).preparation(preparation).train_points(&wine, None)?;
    println!("{} columns, {} in the centroids", wine.dim(), fit.model.dim());

    // The model holds the steps, and rows to assign go through them.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    fit.model.save(&path, Overwrite::Refuse)?;
    let model = KMeansModel::load(&path)?;
    let mut x = vec![0.0; wine.rows() * wine.dim()];
    wine.read(0..wine.rows(), &mut x)?;
    let again = KMeans::new(3).assign(&model, &x, wine.dim())?;
    assert_eq!(again.labels, fit.labels);
    Ok(())
}
