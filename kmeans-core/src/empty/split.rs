//! Empty clusters: each takes half of a large one.

use super::empty_clusters;
use crate::centroids::Centroids;
use crate::frame::Frame;
use crate::metric::Metric;
use crate::rng::Draws;
use crate::stats::PartialStats;

/// How far the halves of a split are moved apart, as a share of the donor's spread in a column.
const PUSH: f64 = 1.0 / 1024.0;

/// The least push, as a share of the coordinate itself: 16 units in the last place of `f32`.
const LEAST_PUSH: f64 = 1.0 / (1 << 20) as f64;

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

    /// Refills clusters without weight and returns how many; the others keep their old centroid.
    ///
    /// `stats` are those of the assignment to `before`, `centroids` their means.
    pub(super) fn split(
        &mut self,
        centroids: &mut Centroids,
        before: &Centroids,
        stats: &PartialStats,
        frame: &Frame,
        metric: Metric,
        frozen: usize,
    ) -> usize {
        self.learn(stats);
        let empty = empty_clusters(stats, frozen);
        if empty.is_empty() {
            return 0;
        }
        let mut spreads = spreads(centroids, before, stats, frame, metric);
        self.barren.retain(|&(c, rows)| stats.counts[c] == rows);
        self.barren.iter().for_each(|&(c, _)| spreads[c] = 0.0);
        spreads[..frozen].fill(0.0);
        let mut weights: Vec<f64> = stats.weights.iter().map(|&w| frame.weight().value(w)).collect();
        for cluster in empty {
            let Some(donor) = draw_donor(&weights, &stats.counts, &spreads, &mut self.draws) else { break };
            push_apart(centroids, donor, cluster, spreads[donor], &mut self.draws);
            weights[donor] /= 2.0;
            weights[cluster] = weights[donor];
            spreads[cluster] = spreads[donor];
            self.last.push((donor, cluster));
        }
        self.last.len()
    }

    /// Where one of two halves got nothing, the other holds rows that do not part.
    fn learn(&mut self, stats: &PartialStats) {
        for (donor, cluster) in self.last.drain(..) {
            match (stats.is_empty(donor), stats.is_empty(cluster)) {
                (true, false) => self.barren.push((cluster, stats.counts[cluster])),
                (false, true) => self.barren.push((donor, stats.counts[donor])),
                _ => {}
            }
        }
    }
}

/// Root mean square distance per column of each cluster's rows from their mean; for the inner
/// product, where the objective holds no distance, of the mean from zero.
fn spreads(
    centroids: &Centroids,
    before: &Centroids,
    stats: &PartialStats,
    frame: &Frame,
    metric: Metric,
) -> Vec<f64> {
    let d = frame.dim() as f64;
    let objective = frame.objective(metric, before.max_sq_norm());
    let sq_dist = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
    };
    let of = |cluster: usize| match metric {
        _ if stats.is_empty(cluster) => 0.0,
        Metric::L2 => {
            // Σ‖x − m‖² = Σ‖x − c‖² − Σ‖m − c‖², m being the mean.
            let around_before = objective.value(stats.objective[cluster]);
            let weight = frame.weight().value(stats.weights[cluster]);
            let moved = weight * sq_dist(centroids.row(cluster), before.row(cluster));
            let around_mean = around_before - moved;
            if around_mean > NO_SPREAD * around_before { (around_mean / (weight * d)).sqrt() } else { 0.0 }
        }
        Metric::InnerProduct | Metric::Cosine => {
            let sq_norm: f64 = centroids.row(cluster).iter().map(|&v| f64::from(v) * f64::from(v)).sum();
            (sq_norm / d).sqrt()
        }
        other => other.has_no_score(),
    };
    (0..centroids.k()).map(of).collect()
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

fn push_apart(centroids: &mut Centroids, donor: usize, cluster: usize, spread: f64, draws: &mut Draws) {
    let from: Vec<f64> = centroids.row(donor).iter().map(|&v| f64::from(v)).collect();
    let push: Vec<f64> =
        from.iter().map(|&v| draws.sign() * (PUSH * spread).max(LEAST_PUSH * v.abs())).collect();
    for (j, (v, push)) in from.iter().zip(&push).enumerate() {
        centroids.row_mut(donor)[j] = (v - push) as f32;
        centroids.row_mut(cluster)[j] = (v + push) as f32;
    }
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
        let nsplit = splitter.split(&mut centroids, &before, &stats, &frame, Metric::L2, frozen);
        (centroids, nsplit)
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
