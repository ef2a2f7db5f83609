//! Rows a..b of another source.

use std::ops::Range;

use crate::points::check_read;
use crate::{CsrRows, CsrView, DataError, PackedView, Points};

/// The rows `a..b` of another source, counted from 0 here.
///
/// Errors of the source name its own rows, not those of the range.
#[derive(Debug, Clone)]
pub struct RowRange<P> {
    points: P,
    range: Range<usize>,
}

impl<P: Points> RowRange<P> {
    /// The rows `rows` of `points`.
    ///
    /// # Errors
    /// `OutOfRows` if the range is empty or goes past the last row.
    pub fn new(points: P, rows: Range<usize>) -> Result<Self, DataError> {
        if rows.start >= rows.end || rows.end > points.rows() {
            let (start, end) = (rows.start, rows.end);
            return Err(DataError::OutOfRows {
                name: points.name().to_owned(),
                start,
                end,
                rows: points.rows(),
            });
        }
        Ok(Self { points, range: rows })
    }

    /// The same rows as the source counts them; `None` where they go past the range.
    fn in_source(&self, rows: &Range<usize>) -> Option<Range<usize>> {
        (rows.start <= rows.end && rows.end <= self.range.len())
            .then(|| self.range.start + rows.start..self.range.start + rows.end)
    }
}

impl<P: Points> Points for RowRange<P> {
    fn rows(&self) -> usize {
        self.range.len()
    }

    fn dim(&self) -> usize {
        self.points.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        self.points.read(self.range.start + rows.start..self.range.start + rows.end, out)
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        self.points.lend(self.in_source(&rows)?)
    }

    fn lend_csr(&self, rows: Range<usize>) -> Option<CsrView<'_>> {
        self.points.lend_csr(self.in_source(&rows)?)
    }

    fn lend_packed(&self, rows: Range<usize>) -> Option<PackedView<'_>> {
        self.points.lend_packed(self.in_source(&rows)?)
    }

    fn gather_csr(&self, ids: &[usize]) -> Option<CsrRows> {
        let in_source = |&id: &usize| (id < self.range.len()).then(|| self.range.start + id);
        self.points.gather_csr(&ids.iter().map(in_source).collect::<Option<Vec<_>>>()?)
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        if let Some(&id) = ids.iter().find(|&&id| id >= self.range.len()) {
            check_read(self, &(id..id.saturating_add(1)), self.dim())?;
        }
        let ids: Vec<usize> = ids.iter().map(|id| self.range.start + id).collect();
        self.points.gather(&ids, out)
    }

    fn is_encoded(&self) -> bool {
        self.points.is_encoded()
    }

    fn prefetch(&self, rows: Range<usize>) {
        if let Some(rows) = self.in_source(&rows) {
            self.points.prefetch(rows);
        }
    }

    fn source_row(&self, row: usize) -> usize {
        self.points.source_row(self.range.start + row)
    }

    fn release(&self, rows: Range<usize>) {
        if let Some(rows) = self.in_source(&rows) {
            self.points.release(rows);
        }
    }

    fn name(&self) -> &str {
        self.points.name()
    }

    fn row_bytes(&self) -> usize {
        self.points.row_bytes()
    }
}
