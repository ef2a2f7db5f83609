//! The table behind every comparison of two labelings.

use std::collections::HashMap;

use crate::error::{Error, Result};

/// Products of two numbers of pairs of so many rows fit `i128`, twice.
const MAX_ROWS: usize = u32::MAX as usize;

/// How often a class of the truth and a cluster of the labels occur together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Place of the class in [`Contingency::classes`].
    pub class: usize,
    /// Place of the cluster in [`Contingency::clusters`].
    pub cluster: usize,
    /// Rows in both; at least 1.
    pub count: u64,
}

/// Rows counted by class (their label in the truth) and cluster (their label in the clustering).
///
/// Only the cells that occur are held: at most n, whatever the numbers of classes and clusters.
/// Sums over cells go in ascending order of the labels, so that equal input gives equal bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contingency {
    n: u64,
    classes: Vec<i32>,
    clusters: Vec<i32>,
    class_sizes: Vec<u64>,
    cluster_sizes: Vec<u64>,
    cells: Vec<Cell>,
}

impl Contingency {
    /// Counts two labelings of the same rows. Labels are any `i32`; they name, and have no order.
    ///
    /// Cost O(n) and O(m·log m) for m cells; memory O(m).
    ///
    /// # Errors
    /// [`Error::NoRows`], [`Error::LabelCount`] if the lengths differ, [`Error::TooManyRows`] past
    /// 2³² − 1 rows.
    #[doc(alias = "contingency_matrix")]
    pub fn new(truth: &[i32], labels: &[i32]) -> Result<Self> {
        check_lengths(truth.len(), labels.len())?;
        let pairs = count_pairs(truth, labels);
        let classes = distinct(pairs.iter().map(|&((class, _), _)| class));
        let clusters = distinct(pairs.iter().map(|&((_, cluster), _)| cluster));
        let cell = |&((class, cluster), count): &((i32, i32), u64)| Cell {
            class: place(&classes, class),
            cluster: place(&clusters, cluster),
            count,
        };
        let cells: Vec<Cell> = pairs.iter().map(cell).collect();
        Ok(Self {
            n: truth.len() as u64,
            class_sizes: margin(classes.len(), &cells, |cell| cell.class),
            cluster_sizes: margin(clusters.len(), &cells, |cell| cell.cluster),
            classes,
            clusters,
            cells,
        })
    }

    /// Rows counted; at least 1.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// The labels that occur in the truth, ascending.
    pub fn classes(&self) -> &[i32] {
        &self.classes
    }

    /// The labels that occur in the clustering, ascending.
    pub fn clusters(&self) -> &[i32] {
        &self.clusters
    }

    /// Rows of each class, as [`Contingency::classes`] lists them; none is 0.
    pub fn class_sizes(&self) -> &[u64] {
        &self.class_sizes
    }

    /// Rows of each cluster, as [`Contingency::clusters`] lists them; none is 0.
    pub fn cluster_sizes(&self) -> &[u64] {
        &self.cluster_sizes
    }

    /// The cells that occur, by class, then by cluster.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

fn check_lengths(truth: usize, labels: usize) -> Result<()> {
    if truth != labels {
        return Err(Error::LabelCount { expected: truth, found: labels });
    }
    if truth == 0 {
        return Err(Error::NoRows);
    }
    if truth > MAX_ROWS {
        return Err(Error::TooManyRows { n: truth, max: MAX_ROWS });
    }
    Ok(())
}

/// Each pair of labels that occurs and how often, ascending.
fn count_pairs(truth: &[i32], labels: &[i32]) -> Vec<((i32, i32), u64)> {
    let mut counts = HashMap::new();
    for pair in truth.iter().copied().zip(labels.iter().copied()) {
        *counts.entry(pair).or_insert(0) += 1;
    }
    let mut pairs: Vec<_> = counts.into_iter().collect();
    pairs.sort_unstable();
    pairs
}

fn distinct(labels: impl Iterator<Item = i32>) -> Vec<i32> {
    let mut found: Vec<i32> = labels.collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn place(sorted: &[i32], label: i32) -> usize {
    sorted.partition_point(|&other| other < label)
}

fn margin(len: usize, cells: &[Cell], of: impl Fn(&Cell) -> usize) -> Vec<u64> {
    let mut sizes = vec![0; len];
    cells.iter().for_each(|cell| sizes[of(cell)] += cell.count);
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_may_be_negative_and_skip_numbers() {
        let table = Contingency::new(&[5, i32::MIN, 5, 5], &[-1, 8, 8, -1]).unwrap();
        assert_eq!((table.n(), table.classes(), table.clusters()), (4, &[i32::MIN, 5][..], &[-1, 8][..]));
        assert_eq!((table.class_sizes(), table.cluster_sizes()), (&[1, 3][..], &[2, 2][..]));
        let cells: Vec<_> = table.cells().iter().map(|c| (c.class, c.cluster, c.count)).collect();
        assert_eq!(cells, [(0, 1, 1), (1, 0, 2), (1, 1, 1)]);
    }

    #[test]
    fn lengths_must_agree_and_not_be_zero() {
        let error = Contingency::new(&[1, 2], &[1]).unwrap_err();
        assert_eq!(error.to_string(), "1 labels for 2 rows");
        assert!(matches!(Contingency::new(&[], &[]), Err(Error::NoRows)));
    }
}
