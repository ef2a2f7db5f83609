//! What must be known of all rows before they are added.

use kmeans_data::CsrView;
use serde::{Deserialize, Serialize};

/// What must be known of all rows before they are added: ranges, counts, weights.
///
/// Ranges are of rows of positive weight: rows without weight decide nothing, unless none has any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Smallest value of each column.
    pub min: Vec<f32>,
    /// Largest value of each column.
    pub max: Vec<f32>,
    /// Number of rows.
    pub rows: u64,
    /// Rows of positive weight.
    pub weighted_rows: u64,
    /// Largest weight; 1 without weights.
    pub max_weight: f32,
    /// Smallest positive weight; 1 without weights.
    pub min_weight: f32,
    /// Largest `|x|` of any row, with weight or without.
    pub max_abs: f32,
}

impl Extent {
    /// The extent of no rows: the neutral element of [`Extent::merge`].
    pub fn empty(d: usize) -> Self {
        Self {
            min: vec![f32::INFINITY; d],
            max: vec![f32::NEG_INFINITY; d],
            rows: 0,
            weighted_rows: 0,
            max_weight: 0.0,
            min_weight: f32::INFINITY,
            max_abs: 0.0,
        }
    }

    /// The extent of `rows` rows within `min..=max` with the given weights.
    pub fn new(min: Vec<f32>, max: Vec<f32>, rows: usize, weights: Option<&[f32]>) -> Self {
        let mut extent = Self { min, max, rows: rows as u64, ..Self::empty(0) };
        extent.max_abs = extent.min.iter().chain(&extent.max).fold(0.0, |m, x| m.max(x.abs()));
        match weights {
            None => {
                extent.weighted_rows = extent.rows;
                (extent.max_weight, extent.min_weight) = (1.0, 1.0);
            }
            Some(weights) => {
                for &w in weights.iter().filter(|&&w| w > 0.0) {
                    extent.weighted_rows += 1;
                    extent.max_weight = extent.max_weight.max(w);
                    extent.min_weight = extent.min_weight.min(w);
                }
            }
        }
        extent
    }

    /// The extent of sparse rows: a column that is not in every row has a zero.
    ///
    /// # Errors
    /// The row, column and value of the first entry that is NaN or infinite.
    pub fn of_csr(rows: CsrView<'_>, weights: Option<&[f32]>) -> Result<Self, (usize, usize, f32)> {
        let n = rows.rows();
        let is_heavy = |row: usize| weights.is_none_or(|w| w[row] > 0.0);
        let heavy = (0..n).filter(|&row| is_heavy(row)).count();
        let mut light = ColumnRanges::new(rows.dim());
        let mut ranges = ColumnRanges::new(rows.dim());
        for row in 0..n {
            // Where nothing has weight, all rows count, to have a range at all.
            let ranges = if is_heavy(row) || heavy == 0 { &mut ranges } else { &mut light };
            let (columns, values) = rows.row(row);
            ranges.take(columns, values).map_err(|at| (row, columns[at] as usize, values[at]))?;
        }
        let (min, max) = ranges.with_zeros(if heavy == 0 { n } else { heavy });
        let mut extent = Self::new(min, max, n, weights);
        extent.max_abs = extent.max_abs.max(light.max_abs());
        Ok(extent)
    }

    /// Takes in the extent of further rows; order does not matter.
    ///
    /// The range of rows of which none has weight counts only as long as there are no others.
    pub fn merge(&mut self, other: &Self) {
        match (self.weighted_rows > 0, other.weighted_rows > 0) {
            (true, false) => {}
            (false, true) => (self.min, self.max) = (other.min.clone(), other.max.clone()),
            _ => self.merge_ranges(other),
        }
        self.rows += other.rows;
        self.weighted_rows += other.weighted_rows;
        self.max_weight = self.max_weight.max(other.max_weight);
        self.min_weight = self.min_weight.min(other.min_weight);
        self.max_abs = self.max_abs.max(other.max_abs);
    }

    fn merge_ranges(&mut self, other: &Self) {
        self.min.iter_mut().zip(&other.min).for_each(|(a, &b)| *a = a.min(b));
        self.max.iter_mut().zip(&other.max).for_each(|(a, &b)| *a = a.max(b));
    }

    /// Takes in one point without counting it as a row: an initial centroid given by the user.
    pub fn widen(&mut self, point: &[f32]) {
        for ((min, max), &x) in self.min.iter_mut().zip(&mut self.max).zip(point) {
            *min = min.min(x);
            *max = max.max(x);
            self.max_abs = self.max_abs.max(x.abs());
        }
    }
}

/// The range of the stored values of each column, and how many there are.
struct ColumnRanges {
    min: Vec<f32>,
    max: Vec<f32>,
    counts: Vec<usize>,
}

impl ColumnRanges {
    fn new(d: usize) -> Self {
        Self { min: vec![f32::INFINITY; d], max: vec![f32::NEG_INFINITY; d], counts: vec![0; d] }
    }

    /// Takes in a row; the place of its first entry that is not finite is an error.
    fn take(&mut self, columns: &[u32], values: &[f32]) -> Result<(), usize> {
        for (at, (&column, &x)) in columns.iter().zip(values).enumerate() {
            if !x.is_finite() {
                return Err(at);
            }
            let column = column as usize;
            self.min[column] = self.min[column].min(x);
            self.max[column] = self.max[column].max(x);
            self.counts[column] += 1;
        }
        Ok(())
    }

    /// Smallest and largest values, zeros counted, of `n` rows.
    fn with_zeros(mut self, n: usize) -> (Vec<f32>, Vec<f32>) {
        for (column, _) in self.counts.iter().enumerate().filter(|&(_, &count)| count < n) {
            self.min[column] = self.min[column].min(0.0);
            self.max[column] = self.max[column].max(0.0);
        }
        (self.min, self.max)
    }

    fn max_abs(&self) -> f32 {
        let values = self.min.iter().chain(&self.max).filter(|x| x.is_finite());
        values.fold(0.0, |m, x| m.max(x.abs()))
    }
}

#[cfg(test)]
mod tests {
    use kmeans_data::CsrRows;

    use super::*;
    use crate::frame::Frame;

    #[test]
    fn parts_without_weight_leave_the_frame_that_of_the_whole() {
        let x = [1e20, 1.0, 9.0, 10.0, -1e20];
        for weights in [[0.0, 1.0, 1.0, 2.0, 0.0], [0.0; 5], [1.0; 5]] {
            let extent = |rows: std::ops::Range<usize>| {
                let (n, weights) = (rows.len(), &weights[rows.clone()]);
                let csr = CsrRows::new((0..=n).collect(), vec![0; n], x[rows].to_vec(), 1).unwrap();
                Extent::of_csr(csr.view(), Some(weights)).unwrap()
            };
            let whole = extent(0..5);
            for chunk_rows in 1..5 {
                let mut chunked = Extent::empty(1);
                for start in (0..5).step_by(chunk_rows) {
                    chunked.merge(&extent(start..5.min(start + chunk_rows)));
                }
                assert_eq!(chunked, whole, "{weights:?} by {chunk_rows}");
                assert_eq!(Frame::at_minimum(&chunked), Frame::at_minimum(&whole));
            }
        }
    }

    #[test]
    fn the_extent_of_no_rows_is_neutral_on_either_side() {
        let some = Extent::new(vec![-1.0, 2.0], vec![3.0, 2.5], 7, Some(&[2.0, 0.0, 0.5]));
        let mut left = Extent::empty(2);
        left.merge(&some);
        let mut right = some.clone();
        right.merge(&Extent::empty(2));
        assert_eq!((&left, &right), (&some, &some));
    }
}
