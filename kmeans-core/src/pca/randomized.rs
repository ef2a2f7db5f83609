//! Leading components without the covariance: power iteration of a block of directions \[HMT11\].
//!
//! ```text
//! Q = an orthonormal basis of l random directions, l = keep + 10
//! repeat 8 times:
//!     Y = C·Q and T = Qᵀ·C·Q, in one pass over the rows: C·Q = Σ w·(x − mean)·((x − mean)ᵀ·Q) / Σ w
//!     Q' = an orthonormal basis of Y
//! components = Q·(leading eigenvectors of T), of the last Q that T was made of
//! ```
//!
//! Directions are drawn from the stream of a seed; all sums are `f64`, in the order of the rows.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply_householder,
};
use faer::linalg::matmul::matmul;
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::{Accum, Conj, Mat, MatRef, Par};

use super::components::Pca;
use super::exact::{add_products, leading_eigenvectors, point_largest_entries_up};
use super::weighted::{WeightedRows, columns};
use crate::error::Result;
use crate::rng::{Draws, Stream};

/// Directions beyond those asked for: what Halko, Martinsson and Tropp advise.
const OVERSAMPLING: usize = 10;

/// Passes over the rows. An error of the first basis in direction i shrinks by `λ_(l+1)/λ_i` in each; scikit-learn
/// makes up to 7.
const PASSES: usize = 8;

/// The `keep` leading components about the mean, or about zero.
pub(super) fn fit(rows: &WeightedRows<'_>, is_centred: bool, keep: usize, seed: u64) -> Result<Pca> {
    let d = rows.points.dim();
    let mean = if is_centred { rows.mean()? } else { vec![0.0; d] };
    let l = keep.saturating_add(OVERSAMPLING).min(d);
    let mut basis = orthonormal(random_directions(d, l, seed));
    let mut pass = Pass::new(rows, &mean, &basis)?;
    for _ in 1..PASSES {
        basis = orthonormal(pass.images);
        pass = Pass::new(rows, &mean, &basis)?;
    }
    let (variances, within) = leading_eigenvectors(&pass.products, keep, rows.points.name())?;
    let mut components = product(basis.as_ref(), &within);
    point_largest_entries_up(&mut components);
    Ok(Pca::new(mean, columns(&components), variances, pass.total_variance))
}

/// What a pass over the rows tells of a basis Q.
struct Pass {
    /// `C·Q`, d×l.
    images: Mat<f64>,
    /// `Qᵀ·C·Q`, l×l, its lower triangle.
    products: Mat<f64>,
    /// The trace of C.
    total_variance: f64,
}

impl Pass {
    fn new(rows: &WeightedRows<'_>, mean: &[f64], basis: &Mat<f64>) -> Result<Self> {
        let (d, l) = (basis.nrows(), basis.ncols());
        let (mut images, mut products) = (Mat::<f64>::zeros(d, l), Mat::<f64>::zeros(l, l));
        let mut total_variance = 0.0;
        rows.for_each_deviation(mean, &mut vec![0.0; d], |block| {
            let inner = product(block, basis);
            matmul(&mut images, Accum::Add, block.transpose(), &inner, 1.0, Par::Seq);
            add_products(&mut products, inner.as_ref());
            total_variance += block.squared_norm_l2();
        })?;
        let shrink = 1.0 / rows.total;
        images *= faer::Scale(shrink);
        products *= faer::Scale(shrink);
        Ok(Self { images, products, total_variance: total_variance * shrink })
    }
}

fn product(a: MatRef<'_, f64>, b: &Mat<f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut out, Accum::Replace, a, b, 1.0, Par::Seq);
    out
}

/// Columns of normal numbers, by the method of Box and Muller.
fn random_directions(d: usize, l: usize, seed: u64) -> Mat<f64> {
    let mut draws = Draws::new(seed, 0, Stream::Directions);
    let mut normal = || {
        let (length, angle) = ((-2.0 * draws.unit().ln()).sqrt(), std::f64::consts::TAU * draws.unit());
        length * angle.cos()
    };
    Mat::from_fn(d, l, |_, _| normal())
}

/// An orthonormal basis of the space of the columns, as many as there are: of fewer independent ones, with others.
fn orthonormal(mut matrix: Mat<f64>) -> Mat<f64> {
    let (d, l) = (matrix.nrows(), matrix.ncols());
    let block = recommended_block_size::<f64>(d, l);
    let mut coefficients = Mat::<f64>::zeros(block, l);
    let scratch = qr_in_place_scratch::<f64>(d, l, block, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch.or(apply_scratch::<f64>(d, block, l)));
    let stack = MemStack::new(&mut memory);
    qr_in_place(matrix.as_mut(), coefficients.as_mut(), Par::Seq, stack, Default::default());
    let mut basis = Mat::<f64>::identity(d, l);
    apply_householder(matrix.as_ref(), coefficients.as_ref(), Conj::No, basis.as_mut(), Par::Seq, stack);
    basis
}
