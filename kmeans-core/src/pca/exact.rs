//! The covariance of all columns, and its eigenvectors.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef, Par};

use super::components::Pca;
use super::weighted::{WeightedRows, columns};
use crate::error::{Error, Result};

/// Columns beyond which the covariance, d² values, is refused: 2 GiB.
const MOST_COLUMNS: usize = 1 << 14;

/// The `keep` leading components about the mean, or about zero.
pub(super) fn fit(rows: &WeightedRows<'_>, is_centred: bool, keep: usize) -> Result<Pca> {
    let d = rows.points.dim();
    let centre = if is_centred { rows.mean()? } else { vec![0.0; d] };
    let (mean, covariance) = covariance(rows, centre, is_centred)?;
    let total_variance = (0..d).map(|j| covariance[(j, j)]).sum();
    let (variances, vectors) = leading_eigenvectors(&covariance, keep, rows.points.name())?;
    Ok(Pca::new(mean, columns(&vectors), variances, total_variance))
}

/// More columns than the covariance has room for are refused.
pub(super) fn check_columns(d: usize) -> Result<()> {
    if d <= MOST_COLUMNS {
        return Ok(());
    }
    let expected = "at most 16384 columns for exact principal components; pca_solver randomized \
                    (PcaSolver::Randomized of the library) takes more, progressive dimensions do with apply_pca off";
    Err(Error::Parameter { name: "d", value: d.to_string(), expected })
}

/// `Σ w·(x − c)(x − c)ᵀ / Σ w`, its lower triangle. If `is_mean`, `centre` is a rounded mean: what it misses is made up
/// for, in the mean and in the covariance.
fn covariance(rows: &WeightedRows<'_>, centre: Vec<f64>, is_mean: bool) -> Result<(Vec<f64>, Mat<f64>)> {
    let d = centre.len();
    let mut products = Mat::<f64>::zeros(d, d);
    let mut missed = vec![0.0; d];
    rows.for_each_deviation(&centre, &mut missed, |block| add_products(&mut products, block))?;
    missed.iter_mut().for_each(|sum| *sum = if is_mean { *sum / rows.total } else { 0.0 });
    for (i, a) in missed.iter().enumerate() {
        for (j, b) in missed[..=i].iter().enumerate() {
            products[(i, j)] = products[(i, j)] / rows.total - a * b;
        }
    }
    let mean = centre.iter().zip(&missed).map(|(c, missed)| c + missed).collect();
    Ok((mean, products))
}

/// Adds `rowsᵀ·rows` to the lower triangle of `sums`.
pub(super) fn add_products(sums: &mut Mat<f64>, rows: MatRef<'_, f64>) {
    let full = BlockStructure::Rectangular;
    let lower = BlockStructure::TriangularLower;
    matmul(sums, lower, Accum::Add, rows.transpose(), full, rows, full, 1.0, Par::Seq);
}

/// The `keep` largest eigenvalues, at least 0, of a matrix given by its lower triangle, and their eigenvectors as
/// columns with the largest `|entry|` positive, the first of them on ties.
pub(super) fn leading_eigenvectors(
    matrix: &Mat<f64>,
    keep: usize,
    name: &str,
) -> Result<(Vec<f64>, Mat<f64>)> {
    let d = matrix.nrows();
    let mut values = Diag::<f64>::zeros(d);
    let mut vectors = Mat::<f64>::zeros(d, d);
    let scratch = self_adjoint_evd_scratch::<f64>(d, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    let (into, of) = (values.as_mut(), Some(vectors.as_mut()));
    self_adjoint_evd(matrix.as_ref(), into, of, Par::Seq, stack, Default::default())
        .map_err(|_| Error::NoEigenvectors { data: name.to_owned() })?;
    // They come in ascending order.
    let mut leading = Mat::from_fn(d, keep, |row, i| vectors[(row, d - 1 - i)]);
    point_largest_entries_up(&mut leading);
    Ok(((0..keep).map(|i| values[d - 1 - i].max(0.0)).collect(), leading))
}

/// Turns each column so that its largest `|entry|` is positive, the first of them on ties.
pub(super) fn point_largest_entries_up(vectors: &mut Mat<f64>) {
    for j in 0..vectors.ncols() {
        let vector = vectors.col_mut(j);
        let larger = |best: usize, i: usize| if vector[i].abs() > vector[best].abs() { i } else { best };
        if vector[(1..vector.nrows()).fold(0, larger)] < 0.0 {
            vector.iter_mut().for_each(|entry| *entry = -*entry);
        }
    }
}
