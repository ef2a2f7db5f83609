//! Rows whose reading is shown.

use std::ops::Range;

use kmeans::data::{CsrRows, CsrView, PackedView};
use kmeans::{DataError, Points};

use super::progress::Bars;

/// Rows of which a bar shows how far a reader has come: all before those that it gives back.
pub(crate) struct Watched<'a> {
    pub(crate) points: &'a dyn Points,
    pub(crate) bars: &'a Bars,
    /// What the rows are, on the bar.
    pub(crate) what: &'static str,
}

impl Points for Watched<'_> {
    fn release(&self, rows: Range<usize>) {
        self.bars.place(self.what, rows.end, self.rows(), "");
        self.points.release(rows);
    }

    fn rows(&self) -> usize {
        self.points.rows()
    }

    fn dim(&self) -> usize {
        self.points.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        self.points.read(rows, out)
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        self.points.lend(rows)
    }

    fn lend_csr(&self, rows: Range<usize>) -> Option<CsrView<'_>> {
        self.points.lend_csr(rows)
    }

    fn lend_packed(&self, rows: Range<usize>) -> Option<PackedView<'_>> {
        self.points.lend_packed(rows)
    }

    fn gather_csr(&self, ids: &[usize]) -> Option<CsrRows> {
        self.points.gather_csr(ids)
    }

    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        self.points.gather(ids, out)
    }

    fn is_encoded(&self) -> bool {
        self.points.is_encoded()
    }

    fn prefetch(&self, rows: Range<usize>) {
        self.points.prefetch(rows);
    }

    fn source_row(&self, row: usize) -> usize {
        self.points.source_row(row)
    }

    fn name(&self) -> &str {
        self.points.name()
    }

    fn row_bytes(&self) -> usize {
        self.points.row_bytes()
    }
}
