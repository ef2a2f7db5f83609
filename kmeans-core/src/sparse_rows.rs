//! Sparse rows, lent or owned.

use std::ops::Range;

use kmeans_data::{CsrRows, CsrView};

/// Rows in compressed sparse rows: lent by a [`kmeans_data::Points`], or copied from one.
#[derive(Clone, Debug, PartialEq)]
pub enum SparseRows<'p> {
    /// Where they are.
    Lent(CsrView<'p>),
    /// A copy.
    Owned(CsrRows),
}

impl SparseRows<'_> {
    /// All rows.
    pub fn view(&self) -> CsrView<'_> {
        match self {
            Self::Lent(view) => *view,
            Self::Owned(rows) => rows.view(),
        }
    }

    /// A range of rows, lent.
    ///
    /// # Panics
    /// If one of them is not there.
    pub fn slice(&self, rows: Range<usize>) -> SparseRows<'_> {
        SparseRows::Lent(self.view().slice(rows).expect("the rows are there"))
    }

    /// A copy of the rows `ids`, in that order.
    ///
    /// # Panics
    /// If one of them is not there.
    pub fn select(&self, ids: &[usize]) -> CsrRows {
        let view = self.view();
        let mut indptr = vec![0];
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        for &id in ids {
            let (columns, row) = view.row(id);
            indices.extend_from_slice(columns);
            values.extend_from_slice(row);
            indptr.push(values.len());
        }
        CsrRows::new(indptr, indices, values, view.dim()).expect("rows of a checked matrix make one")
    }

    /// All rows with their zeros, row-major.
    pub fn to_dense(&self) -> Vec<f32> {
        let view = self.view();
        let mut x = vec![0.0; view.rows() * view.dim()];
        view.densify(&mut x);
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lent_and_owned_rows_give_the_same_parts() {
        let owned = CsrRows::new(vec![0, 1, 1, 3], vec![1, 0, 2], vec![1.5, -2.0, 3.0], 3).unwrap();
        let lent = SparseRows::Lent(owned.view());
        let held = SparseRows::Owned(owned.clone());
        assert_eq!(lent.to_dense(), [0.0, 1.5, 0.0, 0.0, 0.0, 0.0, -2.0, 0.0, 3.0]);
        assert_eq!(lent.slice(1..3).to_dense(), held.slice(1..3).to_dense());
        assert_eq!(lent.slice(1..3).select(&[1, 0, 1]), held.select(&[2, 1, 2]));
    }
}
