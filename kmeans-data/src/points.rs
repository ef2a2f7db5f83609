//! The one trait of everything that has rows.

use std::ops::Range;

use crate::{CsrRows, CsrView, DataError, PackedView};

/// A table of n rows by d columns, read by blocks as f32.
///
/// Values pass through as they are: NaN and infinities too, which the caller checks. All methods may be called from
/// several threads at once.
pub trait Points: Sync {
    /// The number of rows, n.
    fn rows(&self) -> usize;

    /// The number of columns, d; at least 1.
    fn dim(&self) -> usize;

    /// Reads the rows `rows` into `out`: row-major, `rows.len() * dim` values.
    ///
    /// # Errors
    /// `OutOfRows` and `BufferLength` where the arguments do not fit; whatever is wrong with the file.
    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError>;

    /// The rows themselves, row-major, where the memory layout allows to lend them: f32 in C order, aligned.
    /// `None` otherwise, and for rows that are not there.
    fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
        let _ = rows;
        None
    }

    /// The rows themselves as a sparse matrix, where they are held as one. `None` otherwise, and for rows that are not
    /// there.
    fn lend_csr(&self, rows: Range<usize>) -> Option<CsrView<'_>> {
        let _ = rows;
        None
    }

    /// The rows themselves as small numbers, where they are held as such, row-major in one piece. `None` otherwise, and
    /// for rows that are not there.
    fn lend_packed(&self, rows: Range<usize>) -> Option<PackedView<'_>> {
        let _ = rows;
        None
    }

    /// A copy of the rows `ids`, in that order, that stays sparse. `None` where [`Points::lend_csr`] lends none, and
    /// for rows that are not there.
    fn gather_csr(&self, ids: &[usize]) -> Option<CsrRows> {
        let _ = ids;
        None
    }

    /// Reads the rows `ids`, in that order and one after the other, into `out`: `ids.len() * dim` values.
    ///
    /// # Errors
    /// As [`Points::read`].
    fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        gather_by_row(self, ids, out)
    }

    /// Whether rows are decoded as they are read and better stay encoded: a trainer then decodes them block by block
    /// in each pass, instead of holding all of them as f32.
    fn is_encoded(&self) -> bool {
        false
    }

    /// Says that these rows will be read next: a mapped file starts to fetch them in the background.
    fn prefetch(&self, rows: Range<usize>) {
        let _ = rows;
    }

    /// Says that these rows will not be read again soon: the pages of a mapped file are given back.
    /// Reading them again is allowed, and so is a slice of them that is still lent: it costs a page fault.
    fn release(&self, rows: Range<usize>) {
        let _ = rows;
    }

    /// The number by which messages call a row: its own, or that in the source it is a part of.
    fn source_row(&self, row: usize) -> usize {
        row
    }

    /// A name for messages: the file's path, or `memory`.
    fn name(&self) -> &str;

    /// The bytes that a row takes in the source, for reports of bytes read.
    fn row_bytes(&self) -> usize {
        4 * self.dim()
    }
}

/// Checks that the rows `rows` are there and that a buffer of `len` values holds exactly them.
///
/// For implementors of [`Points::read`].
///
/// # Errors
/// `OutOfRows`, `BufferLength`.
pub fn check_read(points: &(impl Points + ?Sized), rows: &Range<usize>, len: usize) -> Result<(), DataError> {
    if rows.start > rows.end || rows.end > points.rows() {
        let (start, end) = (rows.start, rows.end);
        return Err(DataError::OutOfRows { name: points.name().to_owned(), start, end, rows: points.rows() });
    }
    check_length(points, rows.len(), len)
}

/// [`Points::gather`] as a loop of [`Points::read`].
pub(crate) fn gather_by_row(
    points: &(impl Points + ?Sized),
    ids: &[usize],
    out: &mut [f32],
) -> Result<(), DataError> {
    check_length(points, ids.len(), out.len())?;
    for (&id, row) in ids.iter().zip(out.chunks_exact_mut(points.dim())) {
        points.read(id..id.saturating_add(1), row)?;
    }
    Ok(())
}

/// Whether `ids` lie so far apart in a mapped file that what lies between is better not read.
///
/// Two pages: with less between them nearly every page holds a row.
pub(crate) fn are_scattered(points: &(impl Points + ?Sized), ids: &[usize]) -> bool {
    const GAP: usize = 8 << 10;
    let span = match (ids.iter().min(), ids.iter().max()) {
        (Some(first), Some(&last)) if last < points.rows() => last - first + 1,
        _ => return false,
    };
    span.saturating_mul(points.row_bytes()) / ids.len() >= GAP
}

pub(crate) fn check_length(
    points: &(impl Points + ?Sized),
    rows: usize,
    found: usize,
) -> Result<(), DataError> {
    let expected = rows.saturating_mul(points.dim());
    if found != expected {
        return Err(DataError::BufferLength { name: points.name().to_owned(), expected, found });
    }
    Ok(())
}

/// The values of `rows` in a table of `rows_total` rows by `dim` columns that is wholly in memory.
pub(crate) fn value_range(rows: &Range<usize>, rows_total: usize, dim: usize) -> Option<Range<usize>> {
    (rows.start <= rows.end && rows.end <= rows_total).then(|| rows.start * dim..rows.end * dim)
}

macro_rules! forward_points {
    ($($pointer:ty),*) => {$(
        impl<T: Points + ?Sized> Points for $pointer {
            fn rows(&self) -> usize {
                (**self).rows()
            }
            fn dim(&self) -> usize {
                (**self).dim()
            }
            fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
                (**self).read(rows, out)
            }
            fn lend(&self, rows: Range<usize>) -> Option<&[f32]> {
                (**self).lend(rows)
            }
            fn lend_csr(&self, rows: Range<usize>) -> Option<CsrView<'_>> {
                (**self).lend_csr(rows)
            }
            fn lend_packed(&self, rows: Range<usize>) -> Option<PackedView<'_>> {
                (**self).lend_packed(rows)
            }
            fn gather_csr(&self, ids: &[usize]) -> Option<CsrRows> {
                (**self).gather_csr(ids)
            }
            fn gather(&self, ids: &[usize], out: &mut [f32]) -> Result<(), DataError> {
                (**self).gather(ids, out)
            }
            fn is_encoded(&self) -> bool {
                (**self).is_encoded()
            }
            fn prefetch(&self, rows: Range<usize>) {
                (**self).prefetch(rows);
            }
            fn release(&self, rows: Range<usize>) {
                (**self).release(rows);
            }
            fn source_row(&self, row: usize) -> usize {
                (**self).source_row(row)
            }
            fn name(&self) -> &str {
                (**self).name()
            }
            fn row_bytes(&self) -> usize {
                (**self).row_bytes()
            }
        }
    )*};
}

forward_points!(&T, Box<T>);
