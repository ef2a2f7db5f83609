//! The gap statistic: how much tighter clusters of the rows are than clusters of rows without any.
//!
//! References are uniform in the ranges of the columns. Each is swept over k as the rows are.

use kmeans_core::{KMeansModel, Trainer};
use kmeans_data::{Points, RowSlice};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::measures::KMeasures;
use super::models::models as models_of;
use super::sweep::ChooseK;
use crate::blocks::for_each_block;
use crate::error::Result;

/// Measures gap and error of each k: the objectives of the models, over the rows that they were trained on, beside those of
/// as many rows of each reference.
pub(super) fn add_gaps(
    device: &dyn Trainer,
    points: &dyn Points,
    choose: &ChooseK,
    models: &[KMeansModel],
    measured: &mut [KMeasures],
) -> Result<()> {
    let ranges = ranges(points)?;
    let n = models.iter().map(|model| model.report().n_trained).max().unwrap_or(0);
    let mut logs = vec![Vec::with_capacity(choose.references()); measured.len()];
    for reference in 0..choose.references() {
        let x = uniform(n, &ranges, choose.params().seed, reference as u64);
        let rows = RowSlice::new(&x, points.dim())?;
        let mut params = choose.params().clone();
        params.max_points_per_centroid = None;
        let found = models_of(device, &rows, &params, choose.ks(), choose.is_warm())?;
        for (model, logs) in found.iter().zip(&mut logs) {
            logs.push((model.inertia() / n as f64).ln());
        }
    }
    for ((measures, logs), model) in measured.iter_mut().zip(logs).zip(models) {
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let deviation = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / count).sqrt();
        let own = (model.inertia() / model.report().n_trained as f64).ln();
        // Of rows that all lie on centroids the logarithm has no bound.
        measures.gap = Some(mean - own).filter(|gap| gap.is_finite());
        measures.gap_error = Some(deviation * (1.0 + 1.0 / count).sqrt());
    }
    Ok(())
}

/// Least and largest value of each column.
fn ranges(points: &dyn Points) -> Result<Vec<(f32, f32)>> {
    let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); points.dim()];
    for_each_block(points, 0..points.rows(), |_, x| {
        for x in x.chunks_exact(points.dim()) {
            for ((low, high), &x) in ranges.iter_mut().zip(x) {
                (*low, *high) = (low.min(x), high.max(x));
            }
        }
    })?;
    Ok(ranges)
}

/// n rows, uniform in the ranges, from a stream of their own.
fn uniform(n: usize, ranges: &[(f32, f32)], seed: u64, reference: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(reference);
    let mut draw = |&(low, high): &(f32, f32)| {
        let share = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        (f64::from(low) + share * (f64::from(high) - f64::from(low))) as f32
    };
    let mut x = Vec::with_capacity(n * ranges.len());
    (0..n).for_each(|_| x.extend(ranges.iter().map(&mut draw)));
    x
}
