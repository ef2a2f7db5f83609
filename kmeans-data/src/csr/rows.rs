//! Sparse rows, held.

use std::ops::Range;

use super::CsrView;
use crate::memory::check_rows;
use crate::points::check_read;
use crate::{DataError, Points};

/// Rows held as a sparse matrix in compressed sparse rows: only the entries that are there take memory.
///
/// Lent by [`Points::lend_csr`]; [`Points::read`] writes the zeros too. Values may be anything, NaN too: the caller
/// checks them. Zeros that are stored stay.
#[derive(Debug, Clone, PartialEq)]
pub struct CsrRows {
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
    dim: usize,
    name: String,
}

impl CsrRows {
    /// The rows of dimension `d` whose entries are `indices[indptr[i]..indptr[i + 1]]` and the values at the same
    /// places.
    ///
    /// Within a row, entries are brought into the order of their columns, and those of one column are added, in f32
    /// and in the order in which they were given.
    ///
    /// # Errors
    /// `NotRows` if `d` is 0; `EntryCounts` if there is not one value an index; `RowPointer` if `indptr` does not
    /// begin at 0, falls, or does not end at the number of entries; `ColumnOutside` for an index of `d` or more.
    pub fn new(indptr: Vec<usize>, indices: Vec<u32>, values: Vec<f32>, d: usize) -> Result<Self, DataError> {
        Self::named(indptr, indices, values, d, "memory".to_owned())
    }

    pub(super) fn named(
        indptr: Vec<usize>,
        indices: Vec<u32>,
        values: Vec<f32>,
        dim: usize,
        name: String,
    ) -> Result<Self, DataError> {
        check_rows(0, dim)?;
        if indices.len() != values.len() {
            return Err(DataError::EntryCounts { name, indices: indices.len(), values: values.len() });
        }
        check_indptr(&indptr, indices.len(), &name)?;
        if let Some(at) = indices.iter().position(|&column| column as usize >= dim) {
            let (row, found) = (row_of(&indptr, at), indices[at].into());
            return Err(DataError::ColumnOutside { name, row, found, dim });
        }
        let mut rows = Self { indptr, indices, values, dim, name };
        if !rows.is_canonical() {
            rows.canonicalise();
        }
        Ok(rows)
    }

    /// The same rows under another name for messages.
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same rows with more columns, all 0: for text files, whose dimension is that of their largest index.
    ///
    /// # Errors
    /// `ColumnOutside` if an entry lies beyond the last column; `NotRows` if `d` is 0.
    pub fn with_dim(self, d: usize) -> Result<Self, DataError> {
        Self::named(self.indptr, self.indices, self.values, d, self.name)
    }

    /// All rows.
    pub fn view(&self) -> CsrView<'_> {
        CsrView::of_checked(&self.indptr, &self.indices, &self.values, self.dim)
    }

    /// The number of entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// A copy of the rows `ids`, in that order.
    ///
    /// # Errors
    /// `OutOfRows`.
    pub fn select(&self, ids: &[usize]) -> Result<Self, DataError> {
        let view = self.view();
        let mut indptr = Vec::with_capacity(ids.len() + 1);
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        indptr.push(0);
        for &id in ids {
            check_read(self, &(id..id.saturating_add(1)), self.dim)?;
            let (row_indices, row_values) = view.row(id);
            indices.extend_from_slice(row_indices);
            values.extend_from_slice(row_values);
            indptr.push(values.len());
        }
        Ok(Self { indptr, indices, values, dim: self.dim, name: self.name.clone() })
    }

    fn is_canonical(&self) -> bool {
        self.indptr.windows(2).all(|row| self.indices[row[0]..row[1]].is_sorted_by(|a, b| a < b))
    }

    /// Sorts each row and adds what stands at one column. Entries only move towards the beginning.
    fn canonicalise(&mut self) {
        let mut entries: Vec<(u32, f32)> = Vec::new();
        let (mut start, mut kept) = (0, 0);
        for end in &mut self.indptr[1..] {
            let row = start..*end;
            start = *end;
            entries.clear();
            entries.extend(row.map(|at| (self.indices[at], self.values[at])));
            // A stable sort: equal columns keep their order, and so does the sum.
            entries.sort_by_key(|&(column, _)| column);
            entries.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    kept.1 += later.1;
                }
                same
            });
            for &(column, value) in &entries {
                (self.indices[kept], self.values[kept]) = (column, value);
                kept += 1;
            }
            *end = kept;
        }
        self.indices.truncate(kept);
        self.values.truncate(kept);
    }
}

/// Checks that row pointers cut `nnz` entries into rows.
pub(super) fn check_indptr(indptr: &[usize], nnz: usize, name: &str) -> Result<(), DataError> {
    let wrong = |at: usize, expected: String| {
        let found = indptr.get(at).map_or(0, |&place| i64::try_from(place).unwrap_or(i64::MAX));
        Err(DataError::RowPointer { name: name.to_owned(), at, found, expected })
    };
    let (Some(&first), Some(&last)) = (indptr.first(), indptr.last()) else {
        return Err(DataError::Empty { name: name.to_owned(), expected: "row pointers" });
    };
    if first != 0 {
        return wrong(0, "0".to_owned());
    }
    if let Some(at) = indptr.windows(2).position(|row| row[0] > row[1]) {
        return wrong(at + 1, format!("at least {}, where the row begins", indptr[at]));
    }
    if last != nnz {
        return wrong(indptr.len() - 1, format!("{nnz}, the number of entries"));
    }
    Ok(())
}

/// The row of the entry at `at`.
pub(super) fn row_of(indptr: &[usize], at: usize) -> usize {
    indptr.partition_point(|&start| start <= at).saturating_sub(1)
}

impl Points for CsrRows {
    fn rows(&self) -> usize {
        self.indptr.len() - 1
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        if let Some(view) = self.lend_csr(rows) {
            view.densify(out);
        }
        Ok(())
    }

    fn lend_csr(&self, rows: Range<usize>) -> Option<CsrView<'_>> {
        self.view().slice(rows)
    }

    fn gather_csr(&self, ids: &[usize]) -> Option<CsrRows> {
        self.select(ids).ok()
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// The mean over all rows: a column index and a value an entry, and where the row begins.
    fn row_bytes(&self) -> usize {
        8 * self.nnz().div_ceil(self.rows().max(1)) + size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_in_its_row_past_empty_ones() {
        let indptr = [0, 0, 2, 2, 2, 3];
        assert_eq!([0, 1, 2].map(|at| row_of(&indptr, at)), [1, 1, 4]);
    }
}
