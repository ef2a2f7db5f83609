//! Optimal clusters of one column, from values to labels.

use super::distinct::Distinct;
use super::merged::MergedMoments;
use super::partition::partition;
use super::penalised::penalised;
use super::spread::{RunningSums, Spread};
use crate::error::{Error, Result};

/// How far from the least cost a result may be, as a share. More rounding than that asks for merged moments, more
/// doubt for the layers.
const TOLERANCE: f64 = 1e-8;

/// So does a weight below this share of their sum: the bound of rounding does not hold for it.
const LEAST_WEIGHT_SHARE: f64 = 1.0 / (1_u64 << 32) as f64;

/// The best clusters of one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exact1d {
    /// The k centroids, ascending. Weighted means; see [`exact_1d`] for fewer distinct values than clusters.
    pub(crate) centroids: Vec<f64>,
    /// `Σ w·(x − c)²` with the centroid c of each row, added over values and not taken from running sums.
    pub(crate) cost: f64,
    /// The cluster of each row, in the order given.
    pub(crate) labels: Vec<i32>,
    /// Rows of each cluster, those without weight too.
    pub(crate) counts: Vec<u64>,
    /// Distinct values of positive weight.
    pub(crate) distinct: usize,
}

/// The clusters of least `Σ w·(x − c)²` of one column: a global optimum [WS11, GLMN17].
///
/// `values` are n numbers, `weights` as many or none for 1 each; `k >= 1`. Everything is computed in `f64`, about the
/// median where it matters, so that neither an offset nor values far out cost digits. The cost is the least there is
/// but for rounding: a share of about 1e-8 in the worst case, usually below 1e-12.
///
/// - Equal values share a cluster.
/// - Rows without weight decide nothing; they are labelled with the nearest centroid, the lower one on ties.
/// - With `distinct <= k` every distinct value is a centroid, further centroids repeat the largest one and stay
///   empty (count 0), and the cost is 0.
///
/// # Errors
/// `Parameter` for `k = 0`, `k >= 2^31` or 2^32 rows and more; `NonFinite` (column 0), `WeightCount`, `BadWeight`;
/// `NoRows` without a row of positive weight.
///
/// # Cost
/// O(n·log n) to sort, then O(m·log m) for each of some ten passes over m distinct values, one thread. Where rounding
/// leaves the result of these in doubt, O(k·m). At most about 200 bytes a value, whatever k.
pub(crate) fn exact_1d(values: &[f32], weights: Option<&[f32]>, k: usize) -> Result<Exact1d> {
    if k == 0 || i32::try_from(k).is_err() {
        return Err(Error::Parameter {
            name: "k", value: k.to_string(), expected: "1 to 2^31 − 1 clusters"
        });
    }
    let distinct = Distinct::new(values, weights)?;
    let clusters = Clusters::best(&distinct, k.min(distinct.len()));
    let mut labels = clusters.labels(&distinct, values.len());
    if weights.is_some() {
        clusters.label_weightless(values, &mut labels);
    }
    let mut counts = vec![0; k];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let Clusters { mut means, cost, .. } = clusters;
    means.resize(k, means[means.len() - 1]);
    Ok(Exact1d { centroids: means, cost, labels, counts, distinct: distinct.len() })
}

/// Runs of distinct values.
struct Clusters {
    /// Where each run ends.
    ends: Vec<usize>,
    /// The mean of each run.
    means: Vec<f64>,
    cost: f64,
}

/// Label of rows that have none yet.
const UNLABELLED: i32 = -1;

impl Clusters {
    /// The `k` best runs, by running sums where they are good enough.
    fn best(distinct: &Distinct, k: usize) -> Self {
        if k == distinct.len() {
            return Self::measured(distinct, (1..=k).collect());
        }
        if has_even_weights(distinct) {
            let sums = RunningSums::new(distinct);
            let least = TOLERANCE.recip() * 2.0 * sums.noise();
            if let Some(clusters) = Self::proven(distinct, &sums, k).filter(|found| found.cost >= least) {
                return clusters;
            }
        }
        let merged = MergedMoments::new(distinct);
        Self::proven(distinct, &merged, k)
            .unwrap_or_else(|| Self::measured(distinct, partition(&merged, distinct.len(), k)))
    }

    /// The best runs by prices, if these prove them to be the best.
    fn proven(distinct: &Distinct, spread: &impl Spread, k: usize) -> Option<Self> {
        let found = penalised(spread, distinct.len(), k)?;
        let clusters = Self::measured(distinct, found.ends);
        (clusters.cost - found.least <= TOLERANCE * clusters.cost).then_some(clusters)
    }

    /// Means and cost of given runs.
    fn measured(distinct: &Distinct, ends: Vec<usize>) -> Self {
        let (mut means, mut cost, mut start) = (Vec::with_capacity(ends.len()), 0.0, 0);
        for &end in &ends {
            let (values, weights) = (&distinct.values[start..end], &distinct.weights[start..end]);
            let run = || values.iter().map(|x| x - values[0]).zip(weights);
            let mean = run().map(|(x, w)| w * x).sum::<f64>() / weights.iter().sum::<f64>();
            cost += run().map(|(x, w)| w * (x - mean) * (x - mean)).sum::<f64>();
            means.push(values[0] + mean);
            start = end;
        }
        Self { ends, means, cost }
    }

    fn labels(&self, distinct: &Distinct, n: usize) -> Vec<i32> {
        let mut labels = vec![UNLABELLED; n];
        let mut start = 0;
        for (label, &end) in self.ends.iter().enumerate() {
            distinct.rows(start, end).iter().for_each(|&row| labels[row as usize] = label as i32);
            start = end;
        }
        labels
    }

    /// The nearest centroid for the rows that decided nothing.
    fn label_weightless(&self, values: &[f32], labels: &mut [i32]) {
        for (label, &value) in labels.iter_mut().zip(values).filter(|(label, _)| **label == UNLABELLED) {
            let x = f64::from(value);
            let above = self.means.partition_point(|&mean| mean < x).min(self.means.len() - 1);
            let below = above.saturating_sub(1);
            let is_nearer = (self.means[above] - x).abs() < (x - self.means[below]).abs();
            *label = if is_nearer { above } else { below } as i32;
        }
    }
}

fn has_even_weights(distinct: &Distinct) -> bool {
    let least = distinct.weights.iter().fold(f64::INFINITY, |a, &b| a.min(b));
    least >= LEAST_WEIGHT_SHARE * distinct.weights.iter().sum::<f64>()
}
