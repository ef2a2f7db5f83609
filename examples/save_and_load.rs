//! A model is kept in a file and used later.

use kmeans::{KMeans, KMeansModel, Overwrite};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    let rows = [0.0, 0.0, 0.2, 0.1, 8.0, 8.1, 8.3, 7.9];

    let kmeans = KMeans::new(2);
    let fit = kmeans.train(&rows, 2)?;
    fit.model.save(&path, Overwrite::Refuse)?;
    assert!(fit.model.save(&path, Overwrite::Refuse).is_err(), "an existing file is kept");

    let model = KMeansModel::load(&path)?;
    let found = kmeans.assign(&model, &[8.1, 8.0], 2)?;
    println!("centroid {:?}", model.centroid(found.labels[0] as usize));
    assert_eq!(found.labels[0], fit.labels[3]);
    Ok(())
}
