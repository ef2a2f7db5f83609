//! What a distance has to say about itself.

use burn::tensor::{Tensor, backend::Backend};

use super::rule::CentroidRule;
use crate::error::{Error, Result};
use crate::metric::Metric;

/// A distance in tensor operations, and the rule for the centroids that go with it.
///
/// Rows and centroids come in `f64` where the backend has it, else in `f32`: a metric that brings tensors
/// of its own casts them to the `dtype` of the rows. The distance of a row to a centroid must depend on the
/// two alone, not on the others in the block; a row or a centroid never comes alone (where there is one, it
/// is repeated), since some backends sum a single row in another order.
///
/// Weights are not the metric's business: they count in the objective and in the rule.
///
/// The Itakura–Saito divergence `Σ x/c − ln(x/c) − 1` of positive rows is a Bregman divergence, so its
/// centroids are means \[BMDG05\]:
///
/// ```
/// use burn::tensor::{Tensor, backend::Backend};
/// use kmeans_core::{CentroidRule, Params, Refusal, TensorMetric, over_columns, train_with_metric};
///
/// struct ItakuraSaito;
///
/// impl<B: Backend> TensorMetric<B> for ItakuraSaito {
///     fn name(&self) -> &str {
///         "itakura-saito"
///     }
///     fn rule(&self) -> CentroidRule {
///         CentroidRule::Mean
///     }
///     fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2> {
///         let term = |x, c| {
///             let ratio: Tensor<B, 2> = x / c;
///             ratio.clone() - ratio.log() - 1.0
///         };
///         over_columns(rows, centroids, term, |sum, term| sum + term)
///     }
///     fn values_per_pair(&self, _d: usize) -> usize {
///         1
///     }
///     fn check_row(&self, row: &[f32]) -> Result<(), Refusal> {
///         match row.iter().position(|&x| x <= 0.0) {
///             Some(column) => Err(Refusal { column, expected: "a positive number" }),
///             None => Ok(()),
///         }
///     }
/// }
///
/// let spectra = kmeans_data::RowSlice::new(&[1.0, 9.0, 1.2, 8.0, 70.0, 1.0, 80.0, 1.5], 2)?;
/// let fit = train_with_metric::<burn_ndarray::NdArray>(
///     &Default::default(),
///     &ItakuraSaito,
///     &spectra,
///     None,
///     &Params::new(2),
///     &|_| std::ops::ControlFlow::Continue(()),
/// )?;
/// assert_eq!(fit.labels[0], fit.labels[1]);
/// assert_ne!(fit.labels[0], fit.labels[2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait TensorMetric<B: Backend>: Send + Sync {
    /// Its name, for messages and reports. A model keeps that of a metric of your own and refuses one of another
    /// name; what changes distances (a column's weight, an exponent) is best told in it.
    fn name(&self) -> &str;

    /// Distances b×k between rows b×d and centroids k×d: finite, in the range of `f32`, smaller is nearer.
    ///
    /// `Σ w·distance` is the objective, as it is: no square is taken. A distance below 0 is taken for 0
    /// where rows are drawn or looked for in proportion to their distance.
    fn distances(&self, rows: Tensor<B, 2>, centroids: Tensor<B, 2>) -> Tensor<B, 2>;

    /// What the centroid of a cluster is.
    fn rule(&self) -> CentroidRule;

    /// How many values the largest intermediate tensor of [`TensorMetric::distances`] holds for each pair
    /// of a row and a centroid. Blocks are cut so that such a tensor has at most 2^18 values (2 MiB in `f64`).
    ///
    /// The default, d, suits a broadcast over b×k×d; with [`over_columns`] or a matrix product it is 1.
    fn values_per_pair(&self, d: usize) -> usize {
        d
    }

    /// Whether the metric is defined on a row. Values are finite; given initial centroids are asked, too.
    ///
    /// # Errors
    /// The first column that is refused; training then ends with [`Error::RefusedByMetric`].
    fn check_row(&self, row: &[f32]) -> Result<(), Refusal> {
        let _ = row;
        Ok(())
    }

    /// What [`crate::Report::metric`] calls it: [`Metric::Custom`] for all but those of this crate.
    fn kind(&self) -> Metric {
        Metric::Custom
    }
}

/// Why a metric is not defined on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The column whose value is wrong.
    pub column: usize,
    /// What would be right.
    pub expected: &'static str,
}

/// Distances of the form `term(x₀, c₀) ∘ term(x₁, c₁) ∘ …` over the columns, from the first to the last.
///
/// `term` is given a column of the rows, b×1, and one of the centroids, 1×k, and gives b×k; `merge` joins
/// what is merged so far with the next term. No tensor of b×k×d values is made, and each distance is one
/// chain in the order of the columns: its bits do not depend on the block.
///
/// # Panics
/// Where there are no columns.
pub fn over_columns<B: Backend>(
    rows: Tensor<B, 2>,
    centroids: Tensor<B, 2>,
    term: impl Fn(Tensor<B, 2>, Tensor<B, 2>) -> Tensor<B, 2>,
    merge: impl Fn(Tensor<B, 2>, Tensor<B, 2>) -> Tensor<B, 2>,
) -> Tensor<B, 2> {
    let (b, [k, d]) = (rows.dims()[0], centroids.dims());
    // The longer side is the inner one: elementwise operations run along it.
    let rows_inside = b > k;
    let column = |j, t: &Tensor<B, 2>, inside| {
        let shape = if inside { [1, t.dims()[0]] } else { [t.dims()[0], 1] };
        t.clone().narrow(1, j, 1).reshape(shape)
    };
    let term = |j| term(column(j, &rows, rows_inside), column(j, &centroids, !rows_inside));
    let merged = (0..d).map(term).reduce(merge).expect("rows have at least one column");
    if rows_inside { merged.transpose() } else { merged }
}

/// Checks that rows are finite and that the metric is defined on them. `data` and row numbers are for the
/// caller to correct, see [`crate::source::locate`].
pub(super) fn check_rows<B: Backend>(metric: &dyn TensorMetric<B>, x: &[f32], d: usize) -> Result<()> {
    for (row, values) in x.chunks_exact(d).enumerate() {
        if let Some(column) = values.iter().position(|x| !x.is_finite()) {
            return Err(Error::NonFinite { data: "rows".to_owned(), row, column, value: values[column] });
        }
        metric.check_row(values).map_err(|Refusal { column, expected }| Error::RefusedByMetric {
            metric: metric.name().to_owned(),
            data: "rows".to_owned(),
            row,
            column,
            value: values[column],
            expected,
        })?;
    }
    Ok(())
}
