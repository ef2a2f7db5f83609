//! SMAWK: the rightmost minimum of every row of a totally monotone matrix in linear time [AKMSW87].
//!
//! ```text
//! minima(rows, columns):
//!     reduce     drop columns that are the minimum of no row, until there are no more columns than rows
//!     recurse    minima(every second row, columns)
//!     fill in    a row between two others has its minimum between theirs
//! ```
//!
//! Entries that differ by rounding count as equal, see [`ROUNDING`].
//!
//! The matrix is never stored: an entry is a function of row and column. A comparison of the reduction is kept
//! for the next, which saves a third of the evaluations.

use std::ops::Range;

use super::spread::ROUNDING;

/// Minima of the rows of one matrix, and the memory to find those of the next.
#[derive(Default)]
pub(crate) struct RowMinima {
    /// The column of the rightmost minimum of each row.
    pub(crate) columns: Vec<u32>,
    /// The minimum of each row.
    pub(crate) values: Vec<f64>,
    /// Columns left over, level after level.
    left: Vec<u32>,
    /// Entries of the columns on the stack of a reduction.
    entries: Vec<f64>,
}

/// Every `step`-th row, `count` of them.
#[derive(Clone, Copy)]
struct EveryRow {
    first: usize,
    step: usize,
    count: usize,
}

impl EveryRow {
    fn row(self, i: usize) -> usize {
        self.first + i * self.step
    }
}

impl RowMinima {
    /// Finds the minima of `rows` over `columns`; `self.columns` and `self.values` are indexed by row.
    ///
    /// `entry(row, column)` must be totally monotone: where a column is no worse than one to its left, it is so in
    /// all rows below. Entries at or right of the diagonal (`column >= row`) count as infinite and are not asked for.
    /// Every row needs a column left of it. Cost: at most about 8 entries a row.
    pub(crate) fn find(
        &mut self,
        rows: Range<usize>,
        columns: Range<usize>,
        entry: &impl Fn(usize, usize) -> f64,
    ) {
        debug_assert!(columns.start < rows.start && columns.end <= rows.end);
        if self.columns.len() < rows.end {
            self.columns.resize(rows.end, 0);
            self.values.resize(rows.end, f64::INFINITY);
        }
        self.left.clear();
        self.left.extend(columns.map(|column| column as u32));
        let left = 0..self.left.len();
        self.minima(EveryRow { first: rows.start, step: 1, count: rows.len() }, left, entry);
    }

    fn minima(&mut self, rows: EveryRow, left: Range<usize>, entry: &impl Fn(usize, usize) -> f64) {
        if rows.count == 0 {
            return;
        }
        let left = if left.len() > rows.count { self.reduce(rows, left, entry) } else { left };
        let between = EveryRow { first: rows.row(1), step: 2 * rows.step, count: rows.count / 2 };
        self.minima(between, left.clone(), entry);
        self.fill_in(rows, left.clone(), entry);
        self.left.truncate(left.end);
    }

    /// Keeps at most one column a row, at the end of `self.left`, and says where.
    fn reduce(
        &mut self,
        rows: EveryRow,
        left: Range<usize>,
        entry: &impl Fn(usize, usize) -> f64,
    ) -> Range<usize> {
        let start = self.left.len();
        self.entries.clear();
        for i in left {
            let column = self.left[i];
            // The column on place t of the stack may be the minimum of row t or below, not above.
            while let Some(t) = (self.left.len() - start).checked_sub(1) {
                let row = rows.row(t);
                if self.entries.len() == t {
                    self.entries.push(or_infinite(row, self.left[start + t] as usize, entry));
                }
                let rival = or_infinite(row, column as usize, entry);
                if rival == f64::INFINITY || self.entries[t] * (1.0 + ROUNDING) < rival {
                    break;
                }
                self.left.pop();
                self.entries.pop();
            }
            if self.left.len() - start < rows.count {
                self.left.push(column);
            }
        }
        start..self.left.len()
    }

    /// Minima of the rows 0, 2, 4, … from those of the rows 1, 3, 5, …
    fn fill_in(&mut self, rows: EveryRow, left: Range<usize>, entry: &impl Fn(usize, usize) -> f64) {
        let mut i = left.start;
        for even in (0..rows.count).step_by(2) {
            let row = rows.row(even);
            let last = if even + 1 < rows.count { self.columns[rows.row(even + 1)] } else { u32::MAX };
            let (mut best, mut value_of_best, mut least) = (self.left[i], f64::INFINITY, f64::INFINITY);
            loop {
                let column = self.left[i];
                let value = or_infinite(row, column as usize, entry);
                least = least.min(value);
                if value < f64::INFINITY && value <= least * (1.0 + ROUNDING) {
                    (best, value_of_best) = (column, value);
                }
                if column >= last || i + 1 == left.end {
                    break;
                }
                i += 1;
            }
            self.columns[row] = best;
            self.values[row] = value_of_best;
        }
    }
}

fn or_infinite(row: usize, column: usize, entry: &impl Fn(usize, usize) -> f64) -> f64 {
    if column < row { entry(row, column) } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn minima_are_those_of_all_entries(
            steps in prop::collection::vec(0..4_i32, 1..60),
            heads in prop::collection::vec(0..50_i32, 60),
            first in 0..60_usize,
        ) {
            let place: Vec<i32> = steps.iter().scan(0, |x, s| { *x += s; Some(*x) }).collect();
            let (n, first) = (place.len(), first % place.len());
            let entry = |row: usize, column: usize| {
                let width = place[row - 1] - place[column];
                f64::from(heads[column] + width * width)
            };
            let mut minima = RowMinima::default();
            minima.find(first + 1..n + 1, first..n, &entry);
            for row in first + 1..n + 1 {
                let all: Vec<f64> = (first..row).map(|column| entry(row, column)).collect();
                let least = all.iter().copied().fold(f64::INFINITY, f64::min);
                let at = first + all.iter().rposition(|&value| value == least).unwrap();
                prop_assert_eq!((minima.columns[row] as usize, minima.values[row]), (at, least));
            }
        }
    }
}
