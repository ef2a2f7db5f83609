//! Sparse rows, lent.

use std::ops::Range;

/// Some rows of a sparse matrix in compressed sparse rows.
///
/// The column indices of a row are strictly increasing; columns that are not there are 0. Row pointers count from the
/// first entry of the whole matrix, so that those of a part do not begin at 0: `indptr()[i] - indptr()[0]` is the first
/// entry of row i in `indices()` and `values()`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CsrView<'a> {
    indptr: &'a [usize],
    indices: &'a [u32],
    values: &'a [f32],
    dim: usize,
}

impl<'a> CsrView<'a> {
    /// Parts that [`CsrRows`](crate::CsrRows) has checked.
    pub(super) fn of_checked(indptr: &'a [usize], indices: &'a [u32], values: &'a [f32], dim: usize) -> Self {
        debug_assert_eq!(indices.len(), values.len());
        debug_assert_eq!(indptr[indptr.len() - 1] - indptr[0], values.len());
        Self { indptr, indices, values, dim }
    }

    /// The number of rows, n.
    pub fn rows(&self) -> usize {
        self.indptr.len() - 1
    }

    /// The number of columns, d.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The number of entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Where the rows begin and the last one ends: n + 1 places, less the first of them.
    pub fn indptr(&self) -> &'a [usize] {
        self.indptr
    }

    /// The column of each entry.
    pub fn indices(&self) -> &'a [u32] {
        self.indices
    }

    /// The value of each entry.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// The columns and values of one row.
    ///
    /// # Panics
    /// If the row is not there.
    pub fn row(&self, row: usize) -> (&'a [u32], &'a [f32]) {
        let entries = self.entries(row..row + 1);
        (&self.indices[entries.clone()], &self.values[entries])
    }

    /// Some of these rows; `None` if they are not there.
    pub fn slice(&self, rows: Range<usize>) -> Option<Self> {
        let indptr =
            self.indptr.get(rows.start..rows.end.checked_add(1)?).filter(|places| !places.is_empty())?;
        let entries = self.entries(rows);
        let (indices, values) = (&self.indices[entries.clone()], &self.values[entries]);
        Some(Self { indptr, indices, values, dim: self.dim })
    }

    /// Writes the rows with their zeros: row-major, `rows * dim` values.
    ///
    /// # Panics
    /// If `out` has another length.
    pub fn densify(&self, out: &mut [f32]) {
        assert_eq!(out.len(), self.rows() * self.dim, "room for every value");
        out.fill(0.0);
        for (row, out) in out.chunks_exact_mut(self.dim).enumerate() {
            let (columns, values) = self.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                out[column as usize] = value;
            }
        }
    }

    /// Where the entries of `rows` lie in the slices of this view.
    fn entries(&self, rows: Range<usize>) -> Range<usize> {
        let first = self.indptr[0];
        self.indptr[rows.start] - first..self.indptr[rows.end] - first
    }
}
