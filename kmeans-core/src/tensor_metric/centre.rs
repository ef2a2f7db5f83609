//! Centroid rules, applied on the host.
//!
//! Sums and ranges of all clusters are taken in one pass over the rows in their order, which is quick on rows
//! held and reads encoded ones from beginning to end. Medians need the rows of a cluster together.

use burn::tensor::backend::Backend;

use super::rows::TrainingRows;
use super::rule::CentroidRule;
use crate::centroids::Centroids;
use crate::error::Result;
use crate::stats::PartialStats;

/// Rows by cluster: numbers of rows of positive weight, in order.
pub(super) struct Members(Vec<Vec<usize>>);

impl Members {
    pub(super) fn new<B: Backend>(rows: &TrainingRows<'_, B>, labels: &[i32], k: usize) -> Self {
        let mut members = vec![Vec::new(); k];
        for (row, &label) in labels.iter().enumerate() {
            if rows.weight(row) > 0.0 {
                members[label as usize].push(row);
            }
        }
        Self(members)
    }

    pub(super) fn of(&self, cluster: usize) -> &[usize] {
        &self.0[cluster]
    }
}

/// Puts each centroid where the rule wants it; one without rows stays where it is.
pub(super) fn recentre<B: Backend>(
    rule: CentroidRule,
    rows: &TrainingRows<'_, B>,
    labels: &[i32],
    members: &Members,
    centroids: &mut Centroids,
) -> Result<()> {
    match rule {
        CentroidRule::Mean => means(rows, labels, centroids, set),
        CentroidRule::NormalizedMean => means(rows, labels, centroids, set_normalized),
        CentroidRule::Midrange => midranges(rows, labels, centroids),
        CentroidRule::Median => medians(rows, members, centroids),
    }
}

/// Means from sums that are exact in any order. Memory O(k·d).
fn means<B: Backend>(
    rows: &TrainingRows<'_, B>,
    labels: &[i32],
    centroids: &mut Centroids,
    set: fn(&mut [f32], &[f64]),
) -> Result<()> {
    let frame = rows.frame();
    let mut sums = PartialStats::zero(centroids.k(), frame);
    rows.each_row(|row, x| {
        sums.add_row(frame, frame.weight(), labels[row] as usize, x, rows.weight(row), 0.0);
    })?;
    for cluster in 0..centroids.k() {
        if let Some(mean) = sums.mean(frame, cluster) {
            set(centroids.row_mut(cluster), &mean.collect::<Vec<_>>());
        }
    }
    Ok(())
}

fn set(centroid: &mut [f32], mean: &[f64]) {
    centroid.iter_mut().zip(mean).for_each(|(c, &mean)| *c = mean as f32);
}

fn set_normalized(centroid: &mut [f32], mean: &[f64]) {
    let norm = mean.iter().map(|m| m * m).sum::<f64>().sqrt();
    if norm > 0.0 {
        centroid.iter_mut().zip(mean).for_each(|(c, &mean)| *c = (mean / norm) as f32);
    }
}

/// Midranges of the rows of positive weight. Memory O(k·d).
fn midranges<B: Backend>(
    rows: &TrainingRows<'_, B>,
    labels: &[i32],
    centroids: &mut Centroids,
) -> Result<()> {
    let (k, d) = (centroids.k(), centroids.dim());
    let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); k * d];
    rows.each_row(|row, x| {
        if rows.weight(row) > 0.0 {
            let ranges = &mut ranges[labels[row] as usize * d..][..d];
            ranges.iter_mut().zip(x).for_each(|((min, max), &x)| (*min, *max) = (min.min(x), max.max(x)));
        }
    })?;
    for (cluster, ranges) in ranges.chunks_exact(d).enumerate() {
        for (centre, &(min, max)) in centroids.row_mut(cluster).iter_mut().zip(ranges) {
            if min <= max {
                *centre = ((f64::from(min) + f64::from(max)) / 2.0) as f32;
            }
        }
    }
    Ok(())
}

/// The weighted lower median of each column: the smallest value up to which lies half of the weight.
/// Memory: one column of the largest cluster, and where rows are encoded all its columns.
fn medians<B: Backend>(
    rows: &TrainingRows<'_, B>,
    members: &Members,
    centroids: &mut Centroids,
) -> Result<()> {
    let grid = rows.frame().weight();
    let (mut buffer, mut column): (_, Vec<(f32, u128)>) = (Vec::new(), Vec::new());
    for cluster in (0..centroids.k()).filter(|&c| !members.of(c).is_empty()) {
        let members = members.of(cluster);
        let picked = rows.pick(members, &mut buffer)?;
        for (j, centre) in centroids.row_mut(cluster).iter_mut().enumerate() {
            let of = |(place, &row): (usize, &usize)| (picked.row(place)[j], grid.whole(rows.weight(row)));
            column.clear();
            column.extend(members.iter().enumerate().map(of));
            *centre = match rows.weights() {
                None => lower_median(&mut column),
                Some(_) => weighted_lower_median(&mut column),
            };
        }
    }
    Ok(())
}

fn lower_median(column: &mut [(f32, u128)]) -> f32 {
    let middle = (column.len() - 1) / 2;
    column.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0)).1.0
}

fn weighted_lower_median(column: &mut [(f32, u128)]) -> f32 {
    column.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: u128 = column.iter().map(|&(_, w)| w).sum();
    let mut below = 0;
    let reaches_half = |&&(_, w): &&(f32, u128)| {
        below += w;
        2 * below >= total
    };
    column.iter().find(reaches_half).expect("all of the weight is at least half of it").0
}
