//! What to fit, and the door to the solvers.

use kmeans_data::Points;
use serde::{Deserialize, Serialize};

use super::components::Pca;
use super::weighted::WeightedRows;
use super::{exact, randomized};
use crate::check::check_row_weights;
use crate::error::{Error, Result};

/// How components are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PcaSolver {
    /// From the covariance matrix: exact up to rounding. Cost O(n·d² + d³), memory 5·d² `f64`, at most 16 384 columns.
    #[default]
    Exact,
    /// By power iteration of a block of m + 10 directions, which begin at random \[HMT11\]: for few components of many
    /// columns. Leading components are found to many digits where the variance falls off behind them; where it falls
    /// slowly, the last ones mix with those cut off, and their variance comes out too small. Cost O(n·d·m) in each of
    /// 9 passes over the rows, memory O(d·m).
    Randomized {
        /// Seed of the directions.
        seed: u64,
    },
}

/// What to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PcaOptions {
    centre: bool,
    components: Option<usize>,
    solver: PcaSolver,
}

impl Default for PcaOptions {
    fn default() -> Self {
        Self { centre: true, components: None, solver: PcaSolver::Exact }
    }
}

impl PcaOptions {
    /// Centred, all components.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to subtract the mean; default `true`. Without, components are those of the second moments about
    /// zero, and keeping all of them is a pure rotation: it changes neither inner products nor angles.
    #[must_use]
    pub fn centre(mut self, centre: bool) -> Self {
        self.centre = centre;
        self
    }

    /// Leading components to keep, 1 to d; default all d.
    #[must_use]
    #[doc(alias = "n_components")]
    pub fn components(mut self, components: usize) -> Self {
        self.components = Some(components);
        self
    }

    /// How to find them; default [`PcaSolver::Exact`].
    #[must_use]
    #[doc(alias = "svd_solver")]
    pub fn solver(mut self, solver: PcaSolver) -> Self {
        self.solver = solver;
        self
    }
}

impl Pca {
    /// Fits components to n rows of d columns: eigenvectors of `Σ w·(x − mean)(x − mean)ᵀ / Σ w`, in the order of
    /// falling eigenvalues. Each has its largest `|entry|` positive, the first of them on ties.
    ///
    /// Rows are read block by block in the order given: twice by the exact solver (once without centring), nine times by
    /// the randomized one. Sums are `f64` about the mean, so that an offset of the data costs no digits. Weights count as
    /// repetitions: 2 is a doubled row, and a power of two as a factor on all of them changes no bit. The result does not depend on
    /// threads; its last bits may depend on the processor's instruction set.
    ///
    /// # Errors
    /// `Parameter` for components outside 1 to d, and for more than 16 384 columns with the exact solver;
    /// `ZeroDimension`; `NoRows` without a row of positive weight; `WeightCount`, `BadWeight`; `NonFinite` with row and
    /// column; whatever reading fails with.
    ///
    /// # Cost
    /// See [`PcaSolver`], on one thread; memory one block besides, whatever n.
    pub fn fit(points: &dyn Points, weights: Option<&[f32]>, options: PcaOptions) -> Result<Self> {
        let (n, d) = (points.rows(), points.dim());
        if d == 0 {
            return Err(Error::ZeroDimension { data: points.name().to_owned() });
        }
        if options.solver == PcaSolver::Exact {
            exact::check_columns(d)?;
        }
        let keep = options.components.unwrap_or(d);
        if !(1..=d).contains(&keep) {
            let expected = "1 to the number of columns";
            return Err(Error::Parameter { name: "components", value: keep.to_string(), expected });
        }
        check_row_weights(weights, n)?;
        let rows = WeightedRows::new(points, weights);
        if rows.total == 0.0 {
            return Err(Error::NoRows { data: points.name().to_owned() });
        }
        match options.solver {
            PcaSolver::Exact => exact::fit(&rows, options.centre, keep),
            PcaSolver::Randomized { seed } => randomized::fit(&rows, options.centre, keep, seed),
        }
    }
}
