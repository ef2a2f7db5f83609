//! Fitted components, and projections of rows with them.

use kmeans_data::DataError;
use serde::{Deserialize, Serialize};

use super::projection::Projection;
use crate::error::{Error, Result};

/// What messages call rows in a slice.
const NAME: &str = "memory";

/// Principal components: an orthogonal change of coordinates in which the first ones spread most.
///
/// A row x of d columns has the coordinates `y_i = ⟨x − mean, component_i⟩`. All m = d of them keep every distance,
/// the first m keep most of the spread; see [`Pca::explained_variance_ratio`]. Fit with [`Pca::fit`], read rows
/// through it with [`PcaRows`](super::PcaRows).
///
/// ```
/// use kmeans_core::{Pca, PcaOptions};
/// use kmeans_data::RowSlice;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rows = RowSlice::new(&[0.0, 0.0, 3.0, 4.0, 6.0, 8.0], 2)?;
/// let pca = Pca::fit(&rows, None, PcaOptions::new())?;
/// let mut y = [0.0; 3];
/// pca.transform(rows.values(), 1, &mut y)?;
/// assert_eq!(y, [-5.0, 0.0, 5.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Pca {
    mean: Vec<f64>,
    components: Vec<f64>,
    explained_variance: Vec<f64>,
    total_variance: f64,
}

/// A [`Pca`] as read, not yet checked.
#[derive(Deserialize)]
struct Parts {
    mean: Vec<f64>,
    components: Vec<f64>,
    explained_variance: Vec<f64>,
    total_variance: f64,
}

impl TryFrom<Parts> for Pca {
    type Error = String;

    fn try_from(parts: Parts) -> Result<Self, String> {
        let Parts { mean, components, explained_variance, total_variance } = parts;
        let (d, m, found) = (mean.len(), explained_variance.len(), components.len());
        let fits = d > 0 && (1..=d).contains(&m) && m.checked_mul(d) == Some(found);
        let mut values = mean.iter().chain(&components).chain(&explained_variance);
        match fits && total_variance.is_finite() && values.all(|x| x.is_finite()) {
            true => Ok(Self { mean, components, explained_variance, total_variance }),
            false => Err(format!("no principal components: {m} of {d} columns with {found} finite values")),
        }
    }
}

impl Pca {
    pub(super) fn new(
        mean: Vec<f64>,
        components: Vec<f64>,
        explained_variance: Vec<f64>,
        total_variance: f64,
    ) -> Self {
        Self { mean, components, explained_variance, total_variance }
    }

    /// Columns of rows, d.
    #[doc(alias = "n_features_in_")]
    pub fn dim_in(&self) -> usize {
        self.mean.len()
    }

    /// Components kept, at most d.
    #[doc(alias = "n_components_")]
    pub fn dim_out(&self) -> usize {
        self.explained_variance.len()
    }

    /// What is subtracted from rows: d values; zeros without centring.
    #[doc(alias = "mean_")]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Components of length 1, orthogonal to each other: row-major `dim_out`×`dim_in`, the first explains most.
    #[doc(alias = "components_")]
    pub fn components(&self) -> &[f64] {
        &self.components
    }

    /// The variance along each component, `Σ w·y² / Σ w`, descending: squared units of the data.
    ///
    /// It is that of the rows themselves: n is divided by, not n − 1 as in scikit-learn.
    #[doc(alias = "explained_variance_")]
    pub fn explained_variance(&self) -> &[f64] {
        &self.explained_variance
    }

    /// Shares of the variance of all d columns, descending; zeros where rows do not differ.
    #[doc(alias = "explained_variance_ratio_")]
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        let total = if self.total_variance > 0.0 { self.total_variance } else { f64::INFINITY };
        self.explained_variance.iter().map(|variance| variance / total).collect()
    }

    /// The first `m` coordinates of the n rows `x` (row-major n×d) into `out` (row-major n×m).
    ///
    /// Computed in `f64` and rounded once; a row has the same bits whatever rows stand beside it. A row with NaN
    /// or infinity gives NaN or infinity.
    ///
    /// # Errors
    /// `Parameter` if m is not 1 to `dim_out`; `NotRows` and `BufferLength` of [`DataError`] where lengths do not fit.
    ///
    /// # Cost
    /// n·d·m multiplications on one thread, and d·m `f64` of memory.
    pub fn transform(&self, x: &[f32], m: usize, out: &mut [f32]) -> Result<()> {
        let projection = self.projection(m)?;
        check_lengths(x.len(), self.dim_in(), out.len(), m)?;
        projection.apply(x, out);
        Ok(())
    }

    /// Rows from their first `m` coordinates: `x = mean + Σ y_i·component_i`. `y` is row-major n×m, `out` n×d.
    ///
    /// With `m = d` these are the rows up to rounding; with fewer the nearest points in the space of the first m
    /// components.
    ///
    /// # Errors
    /// As [`Pca::transform`].
    ///
    /// # Cost
    /// n·d·m multiplications on one thread, and d·m `f64` of memory.
    pub fn inverse_transform(&self, y: &[f32], m: usize, out: &mut [f32]) -> Result<()> {
        self.check_count(m)?;
        check_lengths(y.len(), m, out.len(), self.dim_in())?;
        let d = self.dim_in();
        let entry = |i: usize, j: usize| self.components[i * d + j];
        Projection::new(vec![0.0; m], self.mean.clone(), entry).apply(y, out);
        Ok(())
    }

    /// The map of rows to their first `m` coordinates.
    pub(super) fn projection(&self, m: usize) -> Result<Projection> {
        self.check_count(m)?;
        let d = self.dim_in();
        Ok(Projection::new(self.mean.clone(), vec![0.0; m], |j, i| self.components[i * d + j]))
    }

    fn check_count(&self, m: usize) -> Result<()> {
        if (1..=self.dim_out()).contains(&m) {
            return Ok(());
        }
        Err(Error::Parameter { name: "m", value: m.to_string(), expected: "1 to the number of components" })
    }
}

fn check_lengths(found: usize, dim: usize, out: usize, out_dim: usize) -> Result<(), DataError> {
    if !found.is_multiple_of(dim) {
        return Err(DataError::NotRows { len: found, dim });
    }
    let expected = (found / dim).saturating_mul(out_dim);
    if out != expected {
        return Err(DataError::BufferLength { name: NAME.to_owned(), expected, found: out });
    }
    Ok(())
}
