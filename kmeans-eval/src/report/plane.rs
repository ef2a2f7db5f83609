//! Rows and means in a plane.

use kmeans_core::{Pca, PcaOptions, PcaSolver};
use kmeans_data::RowSlice;

use crate::clustering::Clustering;
use crate::draw::draw;
use crate::error::{Error, Result};
use crate::figure::{Figure, Scatter};

/// Points that are drawn.
const DRAWN: usize = 3000;

/// Columns from which on components are found by power iteration: the exact way takes seconds.
const MANY_COLUMNS: usize = 512;

/// A sample of the rows and the means of all clusters in the plane of the first two principal components of the sample; two
/// columns are drawn as they are. Clusters are numbered from 0 by ascending label.
///
/// Cost O(m·d²) for a sample of m = 3000 rows, or O(m·d) for many columns; memory the sample.
///
/// # Errors
/// [`Error::NothingToDraw`] for rows of one column; those of [`Scatter`] and of reading.
pub fn scatter_figure(clustering: &Clustering<'_>, seed: u64) -> Result<Figure> {
    let d = clustering.d();
    if d < 2 {
        return Err(Error::NothingToDraw { what: "rows of two columns" });
    }
    let rows = draw(clustering.n(), clustering.n().min(DRAWN), seed);
    let mut x = vec![0.0; rows.len() * d];
    clustering.points().gather(&rows, &mut x)?;
    let means: Vec<f32> = clustering.means().iter().map(|&mean| mean as f32).collect();
    // Of clusters, not the labels, which may be any.
    let numbers: Vec<i32> = rows.iter().map(|&row| clustering.clusters()[row] as i32).collect();
    if d == 2 {
        let (points, centroids) = (pairs(&x), pairs(&means));
        return Scatter::new(&points, &numbers).centroids(&centroids).axes("column 0", "column 1").figure();
    }
    let solver = if d > MANY_COLUMNS { PcaSolver::Randomized { seed } } else { PcaSolver::Exact };
    let pca = Pca::fit(&RowSlice::new(&x, d)?, None, PcaOptions::new().components(2).solver(solver))?;
    let shares = pca.explained_variance_ratio();
    let points = projected(&pca, &x)?;
    let centroids = projected(&pca, &means)?;
    Scatter::new(&points, &numbers)
        .centroids(&centroids)
        .principal_components((shares[0], shares[1]))
        .figure()
}

fn projected(pca: &Pca, x: &[f32]) -> Result<Vec<(f64, f64)>> {
    let mut y = vec![0.0; x.len() / pca.dim_in() * 2];
    pca.transform(x, 2, &mut y)?;
    Ok(pairs(&y))
}

fn pairs(x: &[f32]) -> Vec<(f64, f64)> {
    x.as_chunks::<2>().0.iter().map(|&[x, y]| (f64::from(x), f64::from(y))).collect()
}
