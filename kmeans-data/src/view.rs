//! Arrays and views of ndarray as rows.

use std::ops::Range;

use ndarray::{ArrayBase, ArrayViewMut2, Data, Ix2, s};

use crate::points::check_read;
use crate::{DataError, Points};

/// Two-dimensional arrays and views of f32. Lends rows that lie in C order, copies others by their strides.
impl<S> Points for ArrayBase<S, Ix2>
where
    S: Data<Elem = f32> + Sync,
{
    fn rows(&self) -> usize {
        self.nrows()
    }

    fn dim(&self) -> usize {
        self.ncols()
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        check_read(self, &rows, out.len())?;
        let shape = (rows.len(), self.ncols());
        let mut out = ArrayViewMut2::from_shape(shape, out).expect("check_read compared the lengths");
        out.assign(&self.slice(s![rows, ..]));
        Ok(())
    }

    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        if rows.start > rows.end || rows.end > self.nrows() {
            return None;
        }
        self.slice(s![rows, ..]).to_slice()
    }

    fn name(&self) -> &str {
        "memory"
    }
}
