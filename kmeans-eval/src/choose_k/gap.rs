//! The gap statistic: how much tighter clusters of the rows are than clusters of rows without any.
//!
//! References are uniform in the ranges of the columns. Each is swept over k as the rows are.

use kmeans_core::Trainer;
use kmeans_data::{Points, RowSlice};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::measures::KMeasures;
use super::models::models;
use super::sweep::ChooseK;
use crate::blocks::for_each_block;
use crate::error::Result;

/// Measures gap and error of each k.
pub(super) fn add_gaps(
    device: &dyn Trainer,
    points: &dyn Points,
    choose: &ChooseK,
    measured: &mut [KMeasures],
) -> Result<()> {
    let ranges = ranges(points)?;
    let mut logs = vec![Vec::with_capacity(choose.references()); measured.len()];
    for reference in 0..choose.references() {
        let x = uniform(points.rows(), &ranges, choose.params().seed, reference as u64);
        let rows = RowSlice::new(&x, points.dim()).map_err(kmeans_core::Error::from)?;
        let found = models(device, &rows, choose.params(), choose.ks(), choose.is_warm())?;
        for (model, logs) in found.iter().zip(&mut logs) {
            logs.push(model.inertia().ln());
        }
    }
    for (measures, logs) in measured.iter_mut().zip(logs) {
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let deviation = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / count).sqrt();
        // Of rows that all lie on centroids the logarithm has no bound.
        measures.gap = Some(mean - measures.inertia.ln()).filter(|gap| gap.is_finite());
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
    (0..n).flat_map(|_| ranges.iter().map(&mut draw).collect::<Vec<_>>()).collect()
}
