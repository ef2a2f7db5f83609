//! Silhouettes of a sample of rows.

use kmeans_core::{Pairwise, Segments, Trainer};
use serde::Serialize;

use super::value;
use crate::clustering::Clustering;
use crate::distance::Distance;
use crate::draw::draw;
use crate::error::{Error, Result};
use crate::pairwise::with_pairwise;
use crate::strips::{Loader, Strip, segments, strips};

/// Half the width of an interval that covers 95 % of a normal distribution, in standard deviations.
const Z_95: f64 = 1.959_963_984_540_054;

/// The mean silhouette as a sample of rows tells it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SilhouetteEstimate {
    /// The mean of the sample.
    pub mean: f64,
    /// Half the width of the 95 % confidence interval about it: `1.96·s/√m·√((n − m)/(n − 1))`.
    pub half_width: f64,
    /// Rows drawn, m.
    pub sample: usize,
}

/// The mean silhouette, estimated from `m` rows drawn without replacement.
///
/// Each of them has its exact silhouette, from its distances to all n rows, so the estimate has no bias: to cluster a
/// sample of rows by themselves, as scikit-learn's `sample_size` does, leaves clusters thinned out. Cost m·n·d, memory
/// O(m) and a strip of rows. Source: \[R87\], \[C77\] for the interval.
///
/// Returns the estimate, and the rows drawn (ascending) with their silhouettes.
///
/// # Errors
/// As [`super::silhouette`], and [`Error::SampleSize`] for m below 2 or above n.
pub fn sampled_silhouette(
    device: &dyn Trainer,
    clustering: &Clustering<'_>,
    distance: Distance,
    m: usize,
    seed: u64,
) -> Result<(SilhouetteEstimate, Vec<(usize, f64)>)> {
    clustering.check_comparable()?;
    let n = clustering.n();
    if !(2..=n).contains(&m) {
        return Err(Error::SampleSize { m, n });
    }
    let rows = draw(n, m, seed);
    let mut values = Vec::with_capacity(m);
    with_pairwise(device, |engine| {
        let loader = Loader::new(clustering, distance);
        for rows in rows.chunks(SAMPLED_ROWS) {
            values.extend(Sampled::new(clustering, rows).measure(engine, &loader, distance)?);
        }
        Ok(())
    })?;
    let estimate = estimate(&values, n);
    Ok((estimate, rows.into_iter().zip(values).collect()))
}

/// Rows that are measured to all others at a time: all are read once for each.
const SAMPLED_ROWS: usize = 4096;

fn estimate(values: &[f64], n: usize) -> SilhouetteEstimate {
    let m = values.len() as f64;
    let mean = values.iter().sum::<f64>() / m;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (m - 1.0);
    let left = (n as f64 - m) / (n as f64 - 1.0);
    SilhouetteEstimate { mean, half_width: Z_95 * (variance / m * left).sqrt(), sample: values.len() }
}

/// Silhouettes of some rows on their way.
struct Sampled<'a> {
    clustering: &'a Clustering<'a>,
    rows: &'a [usize],
    own: Vec<f64>,
    least: Vec<f64>,
    /// Sums to the part of a cluster that was seen so far.
    open: Vec<f64>,
}

impl<'a> Sampled<'a> {
    fn new(clustering: &'a Clustering<'a>, rows: &'a [usize]) -> Self {
        let m = rows.len();
        Self { clustering, rows, own: vec![0.0; m], least: vec![f64::INFINITY; m], open: vec![0.0; m] }
    }

    fn measure(mut self, engine: &dyn Pairwise, loader: &Loader<'_>, distance: Distance) -> Result<Vec<f64>> {
        let d = self.clustering.d();
        let (mut x, mut y) = (Vec::new(), Vec::new());
        loader.rows(self.rows, &mut x)?;
        for strip in strips(self.clustering) {
            loader.strip(&strip, &mut y)?;
            let first = Segments { x: &x, d, ends: &[self.rows.len()] };
            let sums = engine.pair_sums(first, segments(&strip, &y, d), distance.pairs())?;
            self.add(&strip, &sums.first);
        }
        Ok(self.values())
    }

    fn add(&mut self, strip: &Strip, sums: &[f64]) {
        let count = strip.clusters.len();
        for (at, sums) in sums.chunks_exact(count).enumerate() {
            let own = self.clustering.clusters()[self.rows[at]] as usize;
            for (cluster, &sum) in strip.clusters.clone().zip(sums) {
                let places = self.clustering.places_of(cluster);
                if cluster == own {
                    self.own[at] += sum;
                    continue;
                }
                self.open[at] += sum;
                if strip.places.end >= places.end {
                    let mean = std::mem::take(&mut self.open[at]) / places.len() as f64;
                    self.least[at] = self.least[at].min(mean);
                }
            }
        }
    }

    fn values(&self) -> Vec<f64> {
        let value_of = |at: usize| {
            let cluster = self.clustering.clusters()[self.rows[at]] as usize;
            match self.clustering.places_of(cluster).len() - 1 {
                0 => 0.0,
                others => value(self.own[at] / others as f64, self.least[at]),
            }
        };
        (0..self.rows.len()).map(value_of).collect()
    }
}
