//! Initial centroids by a function of the user's own.

use std::fmt;
use std::sync::Arc;

use kmeans_data::Points;

use super::Drawing;
use crate::centroids::Centroids;
use crate::check::check_finite;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// What an initialisation gets to know.
#[non_exhaustive]
pub struct InitRequest<'a> {
    /// The rows that are trained on.
    pub rows: &'a dyn Points,
    /// Their weights.
    pub weights: Option<&'a [f32]>,
    /// Centroids asked for.
    pub k: usize,
    /// The seed of the training.
    pub seed: u64,
    /// Which restart this is, from 0.
    pub redo: usize,
}

type Draw = dyn Fn(&InitRequest<'_>) -> Result<Vec<f32>, String> + Send + Sync;

/// A function that gives first centroids; made by [`crate::Init::function`].
#[derive(Clone)]
pub struct InitFunction(pub(crate) Arc<Draw>);

impl fmt::Debug for InitFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InitFunction(..)")
    }
}

impl PartialEq for InitFunction {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Asks the function for the centroids that are missing.
pub(super) fn draw<E: Engine>(
    drawing: &mut Drawing<'_, '_, '_, E>,
    mut seeds: Centroids,
    function: &InitFunction,
) -> Result<Centroids> {
    let (k, d) = (drawing.k - seeds.k(), drawing.set.frame().dim());
    let rows = drawing.set.points();
    let Drawing { params, redo, .. } = *drawing;
    let request = InitRequest { rows: &rows, weights: drawing.set.weights(), k, seed: params.seed, redo };
    let values = (function.0)(&request).map_err(|reason| Error::InitFunction { reason })?;
    if values.len() != k * d {
        let reason = format!("it returned {} values, expected {k} rows of {d}", values.len());
        return Err(Error::InitFunction { reason });
    }
    check_finite("centroids of the initialisation function", &values, d)?;
    let drawn = Centroids::from_positions(&values, drawing.set.frame());
    drawn.rows().for_each(|row| seeds.push(row));
    Ok(seeds)
}
