//! How far trainings agree that ought to.

use std::ops::ControlFlow;

use kmeans_core::{AssignOptions, Job, Params, Trainer};
use kmeans_data::{Points, RowSlice};
use serde::Serialize;

use crate::contingency::Contingency;
use crate::draw::draw;
use crate::error::{Error, Result};
use crate::pairs::adjusted_rand_index;
use crate::params::with_seed;

/// Agreement of trainings: means of the adjusted Rand index over all pairs of them, of the labels of all rows. 1: always
/// the same clusters; 0: no more than by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Stability {
    /// Of trainings on all rows that differ in the seed.
    pub seeds: f64,
    /// Of trainings on halves of the rows, drawn without replacement, that differ in them and the seed.
    pub subsamples: f64,
}

/// Trains `trainings` times on all rows with other seeds, and `trainings` times on halves of them.
///
/// Rows outside a half are assigned to its centroids. Weights are not taken. Memory: half of the rows, and a label a row and
/// training. Cost: 2·`trainings` trainings. Source: \[BEG02\], \[L10\].
///
/// # Errors
/// [`Error::Trainings`] for fewer than two; what trainings fail with, so half of the rows have to be k at least.
pub fn stability(
    device: &dyn Trainer,
    points: &dyn Points,
    params: &Params,
    trainings: usize,
) -> Result<Stability> {
    if trainings < 2 {
        return Err(Error::Trainings { trainings });
    }
    let seeded = |i: usize| with_seed(params, i);
    let by_seed = |i: usize| Ok(device.train(Job::new(points, &seeded(i)))?.labels);
    let by_half = |i: usize| {
        let rows = draw(points.rows(), points.rows().div_ceil(2), seeded(i).seed);
        let mut x = vec![0.0; rows.len() * points.dim()];
        points.gather(&rows, &mut x)?;
        let fit = device.train(Job::new(&RowSlice::new(&x, points.dim())?, &seeded(i)))?;
        Ok(device
            .assign(points, &fit.model, AssignOptions::default(), &|_| ControlFlow::Continue(()))?
            .labels)
    };
    let seeds = agreement(&(0..trainings).map(by_seed).collect::<Result<Vec<_>>>()?)?;
    let subsamples = agreement(&(0..trainings).map(by_half).collect::<Result<Vec<_>>>()?)?;
    Ok(Stability { seeds, subsamples })
}

/// The mean index over all pairs of labelings.
fn agreement(labelings: &[Vec<i32>]) -> Result<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for (i, one) in labelings.iter().enumerate() {
        for other in &labelings[..i] {
            sum += adjusted_rand_index(&Contingency::new(one, other)?);
            count += 1.0;
        }
    }
    Ok(sum / count)
}
