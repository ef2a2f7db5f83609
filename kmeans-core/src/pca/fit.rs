//! Mean, covariance and its eigenvectors.

use std::ops::Range;

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef, Par};
use kmeans_data::Points;

use super::components::Pca;
use crate::check::check_row_weights;
use crate::error::{Error, Result};

/// Values in a block: 2 MiB of `f64`, which stays in the caches.
const BLOCK_VALUES: usize = 1 << 18;

/// Columns beyond which the covariance, d² values, is refused: 2 GiB.
const MOST_COLUMNS: usize = 1 << 14;

/// What to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PcaOptions {
    centre: bool,
    components: Option<usize>,
}

impl Default for PcaOptions {
    fn default() -> Self {
        Self { centre: true, components: None }
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
}

impl Pca {
    /// Fits components to n rows of d columns: eigenvectors of `Σ w·(x − mean)(x − mean)ᵀ / Σ w`, in the order of
    /// falling eigenvalues. Each has its largest `|entry|` positive, the first of them on ties.
    ///
    /// Rows are read twice, block by block (once without centring), in the order given; sums are `f64` about the
    /// mean, so that an offset of the data costs no digits. Weights count as repetitions: 2 is a doubled row, and a
    /// factor on all of them changes nothing. The result does not depend on threads; its last bits may depend on
    /// the processor's instruction set.
    ///
    /// # Errors
    /// `Parameter` for components outside 1 to d; `ZeroDimension`; `NoRows` without a row of positive weight;
    /// `WeightCount`, `BadWeight`; `NonFinite` with row and column; whatever reading fails with.
    ///
    /// # Cost
    /// O(n·d² + d³) on one thread; memory about 5·d² `f64` and one block, whatever n.
    pub fn fit(points: &dyn Points, weights: Option<&[f32]>, options: PcaOptions) -> Result<Self> {
        if points.dim() > MOST_COLUMNS {
            let expected = "at most 16384 columns for principal components (switch apply_pca off)";
            return Err(Error::Parameter { name: "d", value: points.dim().to_string(), expected });
        }
        let (n, d) = (points.rows(), points.dim());
        if d == 0 {
            return Err(Error::ZeroDimension { data: points.name().to_owned() });
        }
        let keep = options.components.unwrap_or(d);
        if !(1..=d).contains(&keep) {
            let expected = "1 to the number of columns";
            return Err(Error::Parameter { name: "components", value: keep.to_string(), expected });
        }
        check_row_weights(weights, n)?;
        let total: f64 = weights.map_or(n as f64, |w| w.iter().map(|&w| f64::from(w)).sum());
        if total == 0.0 {
            return Err(Error::NoRows { data: points.name().to_owned() });
        }
        let rows = WeightedRows { points, weights, total };
        let centre = if options.centre { rows.mean()? } else { vec![0.0; d] };
        let (mean, covariance) = rows.covariance(centre, options.centre)?;
        let total_variance = (0..d).map(|j| covariance[(j, j)]).sum();
        let (variances, components) = leading_eigenvectors(&covariance, keep, points.name())?;
        Ok(Self::new(mean, components, variances, total_variance))
    }
}

/// Rows with checked weights.
struct WeightedRows<'a> {
    points: &'a dyn Points,
    weights: Option<&'a [f32]>,
    /// Sum of the weights.
    total: f64,
}

impl WeightedRows<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |w| f64::from(w[row]))
    }

    /// The weighted mean, added up about the first row.
    fn mean(&self) -> Result<Vec<f64>> {
        let mut origin = Vec::new();
        let mut sums = vec![0.0; self.points.dim()];
        self.for_each_block(|range, x| {
            for (row, x) in range.zip(x.chunks_exact(sums.len())) {
                if origin.is_empty() {
                    origin.extend(x.iter().map(|&x| f64::from(x)));
                }
                let w = self.weight(row);
                for ((sum, &x), o) in sums.iter_mut().zip(x).zip(&origin) {
                    *sum += w * (f64::from(x) - o);
                }
            }
        })?;
        Ok(origin.iter().zip(&sums).map(|(o, sum)| o + sum / self.total).collect())
    }

    /// `Σ w·(x − c)(x − c)ᵀ / Σ w`, its lower triangle. If `is_mean`, `centre` is a rounded mean: what it
    /// misses is made up for, in the mean and in the covariance.
    fn covariance(&self, centre: Vec<f64>, is_mean: bool) -> Result<(Vec<f64>, Mat<f64>)> {
        let d = centre.len();
        let mut products = Mat::<f64>::zeros(d, d);
        let mut missed = vec![0.0; d];
        let mut block = Vec::new();
        self.for_each_block(|range, x| {
            block.clear();
            for (row, x) in range.clone().zip(x.chunks_exact(d)) {
                let w = self.weight(row);
                let root = w.sqrt();
                for ((&x, c), missed) in x.iter().zip(&centre).zip(&mut missed) {
                    let deviation = f64::from(x) - c;
                    *missed += w * deviation;
                    block.push(root * deviation);
                }
            }
            add_products(&mut products, MatRef::from_row_major_slice(&block, range.len(), d));
        })?;
        missed.iter_mut().for_each(|sum| *sum = if is_mean { *sum / self.total } else { 0.0 });
        for (i, a) in missed.iter().enumerate() {
            for (j, b) in missed[..=i].iter().enumerate() {
                products[(i, j)] = products[(i, j)] / self.total - a * b;
            }
        }
        let mean = centre.iter().zip(&missed).map(|(c, missed)| c + missed).collect();
        Ok((mean, products))
    }

    /// Blocks of rows in ascending order; their size depends on d alone, so that sums have the same bits for
    /// every source.
    fn for_each_block(&self, mut visit: impl FnMut(Range<usize>, &[f32])) -> Result<()> {
        let (n, d) = (self.points.rows(), self.points.dim());
        let step = (BLOCK_VALUES / d).clamp(16, 1 << 14);
        let mut buffer = Vec::new();
        for start in (0..n).step_by(step) {
            let range = start..n.min(start + step);
            self.points.prefetch(range.end..n.min(range.end + step));
            let x = match self.points.lend(range.clone()) {
                Some(lent) => lent,
                None => {
                    buffer.resize(range.len() * d, 0.0);
                    self.points.read(range.clone(), &mut buffer)?;
                    &buffer
                }
            };
            check_finite(self.points, start, x)?;
            visit(range.clone(), x);
            self.points.release(range);
        }
        Ok(())
    }
}

fn check_finite(points: &dyn Points, start: usize, x: &[f32]) -> Result<()> {
    match x.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::NonFinite {
            data: points.name().to_owned(),
            row: points.source_row(start + i / points.dim()),
            column: i % points.dim(),
            value: x[i],
        }),
    }
}

/// Adds `rowsᵀ·rows` to the lower triangle of `sums`.
fn add_products(sums: &mut Mat<f64>, rows: MatRef<'_, f64>) {
    let full = BlockStructure::Rectangular;
    let lower = BlockStructure::TriangularLower;
    matmul(sums, lower, Accum::Add, rows.transpose(), full, rows, full, 1.0, Par::Seq);
}

/// The `keep` largest eigenvalues, at least 0, and their eigenvectors as rows.
fn leading_eigenvectors(matrix: &Mat<f64>, keep: usize, name: &str) -> Result<(Vec<f64>, Vec<f64>)> {
    let d = matrix.nrows();
    let mut values = Diag::<f64>::zeros(d);
    let mut vectors = Mat::<f64>::zeros(d, d);
    let scratch = self_adjoint_evd_scratch::<f64>(d, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    self_adjoint_evd(
        matrix.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        stack,
        Default::default(),
    )
    .map_err(|_| Error::NoEigenvectors { data: name.to_owned() })?;
    // They come in ascending order.
    let leading = || (0..d).rev().take(keep);
    let values = leading().map(|i| values[i].max(0.0)).collect();
    let mut components = Vec::with_capacity(keep * d);
    for i in leading() {
        let vector = vectors.col(i);
        let largest = (1..d).fold(0, |best, j| if vector[j].abs() > vector[best].abs() { j } else { best });
        let sign = if vector[largest] < 0.0 { -1.0 } else { 1.0 };
        components.extend(vector.iter().map(|v| sign * v));
    }
    Ok((values, components))
}
