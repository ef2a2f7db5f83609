//! Centroid rules, applied on the host.

use burn::tensor::backend::Backend;

use super::rows::TrainingRows;
use super::rule::CentroidRule;
use crate::centroids::Centroids;
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
    members: &Members,
    centroids: &mut Centroids,
) {
    for cluster in (0..centroids.k()).filter(|&c| !members.of(c).is_empty()) {
        let (rows_of, centroid) = (members.of(cluster), centroids.row_mut(cluster));
        match rule {
            CentroidRule::Mean => mean(rows, rows_of, centroid),
            CentroidRule::NormalizedMean => normalized_mean(rows, rows_of, centroid),
            CentroidRule::Median => medians(rows, rows_of, centroid),
            CentroidRule::Midrange => midranges(rows, rows_of, centroid),
        }
    }
}

fn mean<B: Backend>(rows: &TrainingRows<'_, B>, members: &[usize], centroid: &mut [f32]) {
    centroid.iter_mut().zip(exact_mean(rows, members)).for_each(|(c, mean)| *c = mean as f32);
}

fn normalized_mean<B: Backend>(rows: &TrainingRows<'_, B>, members: &[usize], centroid: &mut [f32]) {
    let mean = exact_mean(rows, members);
    let norm = mean.iter().map(|m| m * m).sum::<f64>().sqrt();
    if norm > 0.0 {
        centroid.iter_mut().zip(mean).for_each(|(c, mean)| *c = (mean / norm) as f32);
    }
}

/// The mean from sums that are exact in any order.
fn exact_mean<B: Backend>(rows: &TrainingRows<'_, B>, members: &[usize]) -> Vec<f64> {
    let frame = rows.frame();
    let mut stats = PartialStats::zero(1, frame);
    for &row in members {
        stats.add_row(frame, frame.weight(), 0, rows.held().row(row), rows.weight(row), 0.0);
    }
    stats.mean(frame, 0).expect("members have positive weight").collect()
}

/// The weighted lower median of each column: the smallest value up to which lies half of the weight.
fn medians<B: Backend>(rows: &TrainingRows<'_, B>, members: &[usize], centroid: &mut [f32]) {
    let grid = rows.frame().weight();
    let mut column: Vec<(f32, u128)> = Vec::with_capacity(members.len());
    for (j, centre) in centroid.iter_mut().enumerate() {
        let of = |&row: &usize| (rows.held().row(row)[j], grid.whole(rows.weight(row)));
        column.clear();
        column.extend(members.iter().map(of));
        *centre = match rows.weights() {
            None => lower_median(&mut column),
            Some(_) => weighted_lower_median(&mut column),
        };
    }
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

fn midranges<B: Backend>(rows: &TrainingRows<'_, B>, members: &[usize], centroid: &mut [f32]) {
    for (j, centre) in centroid.iter_mut().enumerate() {
        let column = members.iter().map(|&row| rows.held().row(row)[j]);
        let (min, max) = column.fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        *centre = ((f64::from(min) + f64::from(max)) / 2.0) as f32;
    }
}
