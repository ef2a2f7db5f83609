//! Rows in the coordinates of principal components.

use serde::{Deserialize, Serialize};

use super::pass::Pass;
use super::unit::unit_of;
use crate::error::Result;
use crate::pca::projection::Projection;
use crate::pca::{Pca, PcaOptions, PcaSolver};

/// Components, and what their coordinates are divided by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub(super) struct Projected {
    pca: Pca,
    whiten: Option<Vec<f64>>,
    solver: PcaSolver,
    projection: Projection,
}

/// What a file holds of it.
#[derive(Serialize, Deserialize)]
struct Parts {
    pca: Pca,
    whiten: Option<Vec<f64>>,
    solver: PcaSolver,
}

impl From<Projected> for Parts {
    fn from(Projected { pca, whiten, solver, .. }: Projected) -> Self {
        Self { pca, whiten, solver }
    }
}

impl TryFrom<Parts> for Projected {
    type Error = String;

    fn try_from(Parts { pca, whiten, solver }: Parts) -> Result<Self, String> {
        let m = pca.dim_out();
        let fits = |by: &Vec<f64>| by.len() == m && by.iter().all(|&by| by > 0.0 && by.is_finite());
        if whiten.as_ref().is_some_and(|by| !fits(by)) {
            return Err(format!("its components are not whitened by {m} positive numbers"));
        }
        Ok(Self::new(pca, whiten, solver))
    }
}

impl Projected {
    pub(super) fn fit(pass: &Pass<'_>, components: usize, whiten: bool, solver: PcaSolver) -> Result<Self> {
        let options = PcaOptions::new().components(components).solver(solver);
        let weights = pass.kept()?;
        let pca = Pca::fit(&pass.rows(), weights.as_deref(), options)?;
        let divisors =
            whiten.then(|| deviations(&pca, repetitions(weights.as_deref(), pass.points().rows())));
        Ok(Self::new(pca, divisors, solver))
    }

    fn new(pca: Pca, whiten: Option<Vec<f64>>, solver: PcaSolver) -> Self {
        let (d, m) = (pca.dim_in(), pca.dim_out());
        let by = |i: usize| whiten.as_ref().map_or(1.0, |by| by[i]);
        let entry = |j: usize, i: usize| pca.components()[i * d + j] / by(i);
        let projection = Projection::new(pca.mean().to_vec(), vec![0.0; m], entry);
        Self { pca, whiten, solver, projection }
    }

    pub(super) fn apply(&self, x: &[f32], out: &mut [f32]) {
        self.projection.apply(x, out);
    }

    pub(super) fn dim_in(&self) -> usize {
        self.pca.dim_in()
    }

    pub(super) fn dim_out(&self) -> usize {
        self.pca.dim_out()
    }

    pub(super) fn pca(&self) -> &Pca {
        &self.pca
    }

    pub(super) fn is_whitening(&self) -> bool {
        self.whiten.is_some()
    }

    pub(super) fn solver(&self) -> PcaSolver {
        self.solver
    }
}

/// How many rows `n` rows with weights stand for: their weight in units of it.
fn repetitions(weights: Option<&[f32]>, n: usize) -> f64 {
    let Some(weights) = weights else { return n as f64 };
    let positive = || weights.iter().map(|&w| f64::from(w)).filter(|&w| w > 0.0);
    positive().sum::<f64>() / positive().map(unit_of).fold(f64::INFINITY, f64::min)
}

/// The standard deviation of each coordinate over n rows, n − 1 divided by; 1 where there is none but rounding.
fn deviations(pca: &Pca, n: f64) -> Vec<f64> {
    let variances = pca.explained_variance();
    let noise = pca.dim_in() as f64 * f64::EPSILON * variances[0];
    let deviation = |&variance: &f64| if variance > noise { (variance * n / (n - 1.0)).sqrt() } else { 1.0 };
    variances.iter().map(deviation).collect()
}
