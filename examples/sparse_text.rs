//! Sparse rows, such as counts of words, clustered by the angle between them; never made dense.

use kmeans::data::CsrRows;
use kmeans::{KMeans, Metric};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let texts = ["cats purr", "cats purr purr", "dogs bark", "dogs bark bark bark", "cats purr cats"];
    let words: Vec<&str> = vec!["bark", "cats", "dogs", "purr"];
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for text in texts {
        for (column, word) in words.iter().enumerate() {
            let count = text.split(' ').filter(|w| w == word).count();
            if count > 0 {
                indices.push(column as u32);
                values.push(count as f32);
            }
        }
        indptr.push(indices.len());
    }
    let rows = CsrRows::new(indptr, indices, values, words.len())?;
    let fit = KMeans::new(2).metric(Metric::Cosine).min_points_per_centroid(1).train_points(&rows, None)?;
    assert_eq!(fit.labels[0], fit.labels[4]);
    assert_ne!(fit.labels[0], fit.labels[3]);
    println!("{:?}, Σ (1 − cos) = {:.4}", fit.labels, fit.report.inertia);
    Ok(())
}
