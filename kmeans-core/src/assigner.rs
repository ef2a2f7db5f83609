//! Assignment by something else than the engine: an index, a graph, a model of the user's own.

use crate::error::{Error, Result};

/// Rows that an assigner gets at a time.
const ASSIGNER_ROWS: usize = 4096;

/// Assigns rows to centroids in place of the engine: Faiss's `index` argument.
///
/// Rows and centroids come in one system of coordinates, shifted (for L2, where that changes nothing)
/// and possibly scaled by a power of two: an assigner compares, it does not measure. Distances,
/// means and objectives stay exact for the labels it gives.
pub trait Assigner: Send {
    /// A name for reports.
    fn name(&self) -> String;

    /// Whether labels are always those of the nearest centroid, the lowest on ties.
    fn is_exact(&self) -> bool;

    /// Learns a structure from centroids, k rows of `d`. Called before the first iteration of each
    /// restart, with `update_index` before every one, and before rows are assigned to a model. One that has learned from
    /// these very centroids may keep what it has.
    ///
    /// # Errors
    /// Whatever goes wrong; training ends with it.
    fn train(&mut self, centroids: &[f32], d: usize) -> Result<()>;

    /// Takes the centroids of the next iteration, in place of all earlier ones.
    ///
    /// # Errors
    /// As [`Assigner::train`].
    fn set_centroids(&mut self, centroids: &[f32], d: usize) -> Result<()>;

    /// The label of each row of `x`, rows of `d`, in `0..k`.
    ///
    /// # Errors
    /// As [`Assigner::train`].
    fn assign(&self, x: &[f32], d: usize, labels: &mut [i32]) -> Result<()>;
}

/// The labels of `n` rows of `d` columns, which `gather` has by number, in `0..k`. Messages count rows from `first`.
pub(crate) fn labels_of(
    assigner: &dyn Assigner,
    (n, first): (usize, usize),
    [d, k]: [usize; 2],
    gather: impl Fn(&[usize]) -> Result<Vec<f32>>,
) -> Result<Vec<i32>> {
    let mut labels = vec![-1; n];
    let ids: Vec<usize> = (0..n).collect();
    for (ids, labels) in ids.chunks(ASSIGNER_ROWS).zip(labels.chunks_mut(ASSIGNER_ROWS)) {
        assigner.assign(&gather(ids)?, d, labels)?;
    }
    match labels.iter().position(|&label| label < 0 || label as usize >= k) {
        Some(row) => {
            Err(Error::AssignerLabel { name: assigner.name(), row: first + row, label: labels[row], k })
        }
        None => Ok(labels),
    }
}
