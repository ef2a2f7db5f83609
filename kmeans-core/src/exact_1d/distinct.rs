//! Distinct values in ascending order, with their weights.

use crate::check::check_row_weights;
use crate::error::{Error, Result};

/// The name of the values in messages.
const NAME: &str = "memory";

/// Values in ascending order, equal ones merged.
#[derive(Debug)]
pub(crate) struct Distinct {
    /// The median of the values of positive weight, by count: sums are taken about it.
    pub(crate) origin: f64,
    /// Distinct values, ascending.
    pub(crate) values: Vec<f64>,
    /// Total weight of the rows of each value; positive.
    pub(crate) weights: Vec<f64>,
    /// Rows of positive weight in ascending order of their values.
    pub(crate) order: Vec<u32>,
    /// Where the rows of each value end in `order`.
    pub(crate) ends: Vec<u32>,
}

impl Distinct {
    /// Sorts and merges `values`. Rows without weight are left out.
    ///
    /// # Errors
    /// `NonFinite`, `WeightCount`, `BadWeight`, `NoRows`; `Parameter` for 2^32 rows and more.
    pub(crate) fn new(values: &[f32], weights: Option<&[f32]>) -> Result<Self> {
        check(values, weights)?;
        let weight = |row: u32| weights.map_or(1.0, |w| f64::from(w[row as usize]));
        let order = ascending(values, weights);
        if order.is_empty() {
            return Err(Error::NoRows { data: NAME.to_owned() });
        }
        let value = |row: u32| f64::from(values[row as usize]);
        let origin = value(order[(order.len() - 1) / 2]);
        let mut distinct = Self { origin, values: vec![], weights: vec![], order: vec![], ends: vec![] };
        for same in order.chunk_by(|&a, &b| value(a) == value(b)) {
            distinct.values.push(value(same[0]));
            distinct.weights.push(same.iter().map(|&row| weight(row)).sum());
            distinct.ends.push(distinct.ends.last().copied().unwrap_or(0) + same.len() as u32);
        }
        distinct.order = order;
        Ok(distinct)
    }

    /// Number of distinct values.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The rows that hold the distinct values `from..to`.
    pub(crate) fn rows(&self, from: usize, to: usize) -> &[u32] {
        let start = if from == 0 { 0 } else { self.ends[from - 1] };
        &self.order[start as usize..self.ends[to - 1] as usize]
    }
}

/// Rows of positive weight, sorted by value and then by number.
fn ascending(values: &[f32], weights: Option<&[f32]>) -> Vec<u32> {
    let has_weight = |row: usize| weights.is_none_or(|w| w[row] > 0.0);
    let key = |(row, &x): (usize, &f32)| u64::from(sortable(x)) << 32 | row as u64;
    let mut keys: Vec<u64> = values.iter().enumerate().filter(|&(row, _)| has_weight(row)).map(key).collect();
    keys.sort_unstable();
    keys.into_iter().map(|key| key as u32).collect()
}

/// Bits that compare as the numbers do; both zeros are the same number.
fn sortable(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn check(values: &[f32], weights: Option<&[f32]>) -> Result<()> {
    let n = values.len();
    if u32::try_from(n).is_err() {
        return Err(Error::Parameter { name: "n", value: n.to_string(), expected: "fewer than 2^32 rows" });
    }
    if let Some((row, &value)) = values.iter().enumerate().find(|(_, x)| !x.is_finite()) {
        return Err(Error::NonFinite { data: NAME.to_owned(), row, column: 0, value });
    }
    check_row_weights(weights, n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_merged_and_rows_keep_their_numbers() {
        let distinct = Distinct::new(&[3.0, -0.0, 9.0, 3.0, 0.0], Some(&[1.0, 2.0, 0.0, 4.0, 8.0])).unwrap();
        assert_eq!(distinct.origin, 0.0);
        assert_eq!(distinct.values, [0.0, 3.0]);
        assert_eq!(distinct.weights, [10.0, 5.0]);
        assert_eq!((distinct.rows(0, 1), distinct.rows(1, 2)), (&[1, 4][..], &[0, 3][..]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let of = |values: &[f32], weights| Distinct::new(values, weights).unwrap_err();
        assert!(matches!(of(&[0.0, f32::NAN], None), Error::NonFinite { row: 1, .. }));
        assert!(matches!(of(&[0.0], Some(&[])), Error::WeightCount { expected: 1, found: 0 }));
        assert!(matches!(of(&[0.0], Some(&[-1.0])), Error::BadWeight { row: 0, .. }));
        assert!(matches!(of(&[0.0], Some(&[0.0])), Error::NoRows { .. }));
        assert!(matches!(of(&[], None), Error::NoRows { .. }));
    }
}
