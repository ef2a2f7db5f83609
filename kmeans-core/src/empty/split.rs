//! Empty clusters: each takes half of a large one.

use super::empty_of;
use crate::centroids::Centroids;
use crate::fixed::{Fixed, Grid};
use crate::frame::Frame;
use crate::metric::Metric;
use crate::resident::{Split, Tally};
use crate::rng::Draws;
use crate::stats::PartialStats;

/// How far the halves of a split are moved apart, as a share of the donor's spread in a column.
const PUSH: f64 = 1.0 / 1024.0;

/// A spread below this share of the objective is the rounding of centroids to `f32`.
const NO_SPREAD: f64 = 1e-5;

/// Refills empty clusters over the iterations of one run.
///
/// An empty cluster takes the centroid of a donor, and both are pushed apart along a random
/// diagonal. Donors are drawn in proportion to their weight. A donor whose rows
/// all coincide has nothing to give: for L2 its spread says so, and in any metric a donor whose last
/// split came to nothing is not asked again.
pub(crate) struct Splitter {
    draws: Draws,
    /// Donor and receiver of the splits of the last iteration.
    last: Vec<(usize, usize)>,
    /// Clusters that proved not to split, and the rows they had.
    barren: Vec<(usize, u64)>,
}

impl Splitter {
    pub(super) fn new(draws: Draws) -> Self {
        Self { draws, last: Vec::new(), barren: Vec::new() }
    }

    /// Which clusters without weight get half of which others; those left over keep their old centroid.
    pub(super) fn splits(
        &mut self,
        clusters: &Clusters<'_>,
        frame: &Frame,
        metric: Metric,
        frozen: usize,
    ) -> Vec<Split> {
        self.learn(clusters);
        let empty = empty_of(clusters.weights, frozen);
        if empty.is_empty() {
            return Vec::new();
        }
        let mut spreads = clusters.spreads(frame, metric);
        self.barren.retain(|&(c, rows)| clusters.counts[c] == rows);
        self.barren.iter().for_each(|&(c, _)| spreads[c] = 0.0);
        spreads[..frozen].fill(0.0);
        let mut weights: Vec<f64> = clusters.weights.iter().map(|&w| frame.weight().value(w)).collect();
        let mut splits = Vec::new();
        for receiver in empty {
            let Some(donor) = draw_donor(&weights, clusters.counts, &spreads, &mut self.draws) else { break };
            let push = (PUSH * spreads[donor]) as f32;
            let signs = (0..frame.dim()).map(|_| self.draws.sign() as f32).collect();
            splits.push(Split { donor, receiver, push, signs });
            weights[donor] /= 2.0;
            weights[receiver] = weights[donor];
            spreads[receiver] = spreads[donor];
            self.last.push((donor, receiver));
        }
        splits
    }

    /// Where one of two halves got nothing, the other holds rows that do not part.
    fn learn(&mut self, clusters: &Clusters<'_>) {
        for (donor, cluster) in self.last.drain(..) {
            match (clusters.is_empty(donor), clusters.is_empty(cluster)) {
                (true, false) => self.barren.push((cluster, clusters.counts[cluster])),
                (false, true) => self.barren.push((donor, clusters.counts[donor])),
                _ => {}
            }
        }
    }
}

/// What must be known of clusters to split them.
pub(super) struct Clusters<'a> {
    weights: &'a [Fixed],
    counts: &'a [u64],
    objective: &'a [Fixed],
    /// The grid of the objective.
    grid: Box<dyn Fn() -> Grid + 'a>,
    /// `‖m − c‖²` of a cluster's mean and the centroid before it, and `‖m‖²`.
    moved: Box<dyn Fn(usize) -> f64 + 'a>,
    sq_norm: Box<dyn Fn(usize) -> f64 + 'a>,
}

impl<'a> Clusters<'a> {
    /// From `stats` of an assignment to `before`, and the means.
    pub(super) fn of(
        stats: &'a PartialStats,
        means: &'a Centroids,
        before: &'a Centroids,
        frame: &'a Frame,
        metric: Metric,
    ) -> Self {
        let sq_dist = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        Self {
            weights: &stats.weights,
            counts: &stats.counts,
            objective: &stats.objective,
            grid: Box::new(move || frame.objective(metric, before.max_sq_norm())),
            moved: Box::new(move |c| sq_dist(means.row(c), before.row(c))),
            sq_norm: Box::new(|c| means.row(c).iter().map(|&v| f64::from(v) * f64::from(v)).sum()),
        }
    }

    pub(super) fn of_tally(tally: &'a Tally) -> Self {
        Self {
            weights: &tally.weights,
            counts: &tally.counts,
            objective: &tally.objective,
            grid: Box::new(|| tally.grid),
            moved: Box::new(|c| tally.moved[c]),
            sq_norm: Box::new(|c| tally.sq_norms[c]),
        }
    }

    fn is_empty(&self, cluster: usize) -> bool {
        self.weights[cluster] == Fixed::default()
    }

    /// Root mean square distance per column of each cluster's rows from their mean; for the inner
    /// product, where the objective holds no distance, of the mean from zero.
    fn spreads(&self, frame: &Frame, metric: Metric) -> Vec<f64> {
        let (d, grid) = (frame.dim() as f64, (self.grid)());
        let of = |cluster: usize| match metric {
            _ if self.is_empty(cluster) => 0.0,
            Metric::L2 => {
                // Σ‖x − m‖² = Σ‖x − c‖² − Σ‖m − c‖², m being the mean.
                let around_before = grid.value(self.objective[cluster]);
                let weight = frame.weight().value(self.weights[cluster]);
                let around_mean = around_before - weight * (self.moved)(cluster);
                if around_mean > NO_SPREAD * around_before {
                    (around_mean / (weight * d)).sqrt()
                } else {
                    0.0
                }
            }
            Metric::InnerProduct | Metric::Cosine => ((self.sq_norm)(cluster) / d).sqrt(),
            other => other.has_no_score(),
        };
        (0..self.counts.len()).map(of).collect()
    }
}

/// A cluster with spread, drawn in proportion to its weight. Proportions alone decide: a weight is a
/// repetition, and the scale of all weights changes nothing.
fn draw_donor(weights: &[f64], counts: &[u64], spreads: &[f64], draws: &mut Draws) -> Option<usize> {
    let share = |c: usize| if spreads[c] > 0.0 && counts[c] != 1 { weights[c] } else { 0.0 };
    let total: f64 = (0..weights.len()).map(share).sum();
    if total <= 0.0 {
        return None;
    }
    let ticket = draws.unit() * total;
    let mut passed = 0.0;
    let with_share = (0..weights.len()).filter(|&c| share(c) > 0.0);
    let mut last = None;
    for c in with_share {
        passed += share(c);
        last = Some(c);
        if ticket <= passed {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extent::Extent;
    use crate::rng::Stream;

    fn case(counts: [u64; 3], inertia: [f64; 3]) -> (Centroids, usize) {
        case_frozen(counts, inertia, 0)
    }

    fn case_frozen(counts: [u64; 3], inertia: [f64; 3], frozen: usize) -> (Centroids, usize) {
        let frame = Frame::at_minimum(&Extent::new(vec![0.0], vec![10.0], 10, None));
        let before = Centroids::from_offsets(vec![1.0, 5.0, 9.0], 1);
        let objective = frame.objective(Metric::L2, before.max_sq_norm());
        let mut stats = PartialStats::zero(3, &frame);
        for c in 0..3 {
            stats.counts[c] = counts[c];
            stats.weights[c] = frame.weight().split(counts[c] as f64);
            stats.objective[c] = objective.split(inertia[c]);
        }
        let mut centroids = before.clone();
        let mut splitter = Splitter::new(Draws::new(0, 0, Stream::Split));
        let means = before.clone();
        let clusters = Clusters::of(&stats, &means, &before, &frame, Metric::L2);
        let splits = splitter.splits(&clusters, &frame, Metric::L2, frozen);
        splits.iter().for_each(|split| centroids.split(split));
        (centroids, splits.len())
    }

    #[test]
    fn an_empty_cluster_takes_half_of_one_with_spread() {
        let (centroids, nsplit) = case([4, 0, 6], [0.0, 0.0, 3.0]);
        assert_eq!(nsplit, 1);
        assert_eq!(centroids.row(0), [1.0]);
        let (a, b) = (centroids.row(1)[0], centroids.row(2)[0]);
        assert!(a != b && (a - 9.0).abs() < 0.01 && (b - 9.0).abs() < 0.01, "{a} {b}");
    }

    #[test]
    fn clusters_of_duplicates_are_left_alone() {
        let (centroids, nsplit) = case([4, 0, 6], [0.0; 3]);
        assert_eq!((nsplit, centroids.offsets()), (0, &[1.0, 5.0, 9.0][..]));
    }

    #[test]
    fn frozen_clusters_neither_give_nor_take() {
        let (centroids, nsplit) = case_frozen([9, 0, 6], [9.0, 0.0, 3.0], 1);
        assert_eq!((nsplit, centroids.row(0)), (1, &[1.0][..]));
        assert_eq!(case_frozen([0, 3, 6], [0.0, 2.0, 3.0], 1).1, 0);
        assert_eq!(case_frozen([9, 6, 0], [9.0, 3.0, 0.0], 2).1, 0);
    }

    #[test]
    fn a_single_row_cannot_be_split() {
        assert_eq!(case([1, 0, 1], [1.0, 0.0, 1.0]).1, 0);
    }
}
