//! Rows as bytes, with what the rounding may have moved.
//!
//! A vector v becomes `scale · q` with whole numbers q of at most 127 in absolute value (centroids: 63 with AVX2), and
//! `error = ‖v − scale·q‖`. By Cauchy–Schwarz
//!
//! ```text
//! |⟨v, c⟩ − scale_v·scale_c·⟨q_v, q_c⟩| ≤ ‖v‖·error_c + error_v·‖scale_c·q_c‖
//! ```
//!
//! so that an integer product bounds the true one from both sides.

use kmeans_core::zeros;

use crate::isa::Isa;
use crate::kernel::{self, QUAD, RowBlock, WIDE};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// Products of so many columns fit 32 bits: `127 · 255 · d < 2³¹`.
pub(crate) const MOST_COLUMNS: usize = 1 << 15;

/// The largest number that a value of a row becomes.
pub(crate) const ROW_LEVELS: i8 = 127;

/// Bytes after the last row that may be read, and are then multiplied by zeros.
const MARGIN: usize = 64;

/// A vector as bytes.
pub(crate) struct Quantised {
    pub(crate) scale: f32,
    /// `‖v − scale·q‖`, rounded up.
    pub(crate) error: f32,
    /// `‖v‖²`.
    pub(crate) sq_norm: f64,
}

impl Quantised {
    /// `‖v‖`, rounded up.
    pub(crate) fn norm(&self) -> f32 {
        up(self.sq_norm.sqrt())
    }
}

/// Rounds `v` to whole numbers of at most `levels`. Sums have lanes, as the compiler adds none by itself.
#[inline(always)]
fn quantise(v: &[f32], levels: i8, q: &mut [i8]) -> Quantised {
    let levels = f32::from(levels);
    let (chunks, rest) = v.as_chunks::<WIDE>();
    let (q_chunks, q_rest) = q[..v.len()].as_chunks_mut::<WIDE>();
    let mut most = [0.0_f32; WIDE];
    for v in chunks {
        for l in 0..WIDE {
            most[l] = if v[l].abs() > most[l] { v[l].abs() } else { most[l] };
        }
    }
    let most = most.iter().copied().chain(rest.iter().map(|v| v.abs())).fold(0.0, f32::max);
    // Below, its inverse were no number; then all of the vector is error.
    let scale = if most / levels > f32::MIN_POSITIVE { most / levels } else { 0.0 };
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let (mut sq_errors, mut sq_norms) = ([0.0_f64; WIDE], [0.0_f64; WIDE]);
    for (v, q) in chunks.iter().zip(q_chunks) {
        for l in 0..WIDE {
            let (rounded, left) = round(v[l], scale, inverse);
            q[l] = rounded;
            sq_errors[l] += left * left;
            sq_norms[l] += f64::from(v[l]) * f64::from(v[l]);
        }
    }
    for (l, (&v, q)) in rest.iter().zip(q_rest).enumerate() {
        let (rounded, left) = round(v, scale, inverse);
        *q = rounded;
        sq_errors[l] += left * left;
        sq_norms[l] += f64::from(v) * f64::from(v);
    }
    let (sq_error, sq_norm) = (sq_errors.iter().sum::<f64>(), sq_norms.iter().sum());
    Quantised { scale, error: up(sq_error.sqrt()), sq_norm }
}

/// `v / scale`, rounded to a whole number, ties to even, and what that leaves. The scale is such that it has at
/// most 7 bits, if there is no rounding up; where it is no number, it is anything.
#[inline(always)]
fn round(v: f32, scale: f32, inverse: f32) -> (i8, f64) {
    /// 1.5 · 2²³: a float of that size has a unit in the last place of 1, and its low bits are the integer.
    const ROUNDER: f32 = 12_582_912.0;
    let shifted = v * inverse + ROUNDER;
    let rounded = shifted - ROUNDER;
    (
        (shifted.to_bits() as i32 - ROUNDER.to_bits() as i32) as i8,
        f64::from(v) - f64::from(scale) * f64::from(rounded),
    )
}

/// The next `f32` that is certainly not less.
fn up(x: f64) -> f32 {
    ((x * (1.0 + 1e-6)) as f32).next_up()
}

/// Rows as bytes, one after the other, each filled up with zeros to whole quads of columns.
#[derive(Clone, Debug)]
pub(crate) struct ByteRows {
    values: Vec<i8>,
    stride: usize,
    pub(crate) scales: Vec<f32>,
    pub(crate) errors: Vec<f32>,
    pub(crate) norms: Vec<f32>,
    /// `‖v‖²`, rounded to the nearest.
    pub(crate) sq_norms: Vec<f32>,
    /// The sum of the bytes of each row.
    pub(crate) totals: Vec<i32>,
}

impl ByteRows {
    /// Memory for so many rows: a byte a value, columns rounded up to quads, and 20 a row.
    pub(crate) fn bytes(n: usize, d: usize) -> u64 {
        (n * (d.next_multiple_of(QUAD) + 4 * size_of::<f32>() + size_of::<i32>())) as u64
    }

    /// All rows in their frame. Cost O(n·d), memory [`ByteRows::bytes`].
    pub(crate) fn of(workers: &Workers, isa: Isa, rows: &CpuPrepared<'_>) -> Self {
        let (n, d) = (rows.n(), rows.d());
        let stride = d.next_multiple_of(QUAD);
        let mut new = Self {
            values: zeros(n * stride + MARGIN),
            stride,
            scales: vec![0.0; n],
            errors: vec![0.0; n],
            norms: vec![0.0; n],
            sq_norms: vec![0.0; n],
            totals: vec![0; n],
        };
        let step = kernel::byte_block_rows(d);
        let sides = new.scales.chunks_mut(step).zip(new.errors.chunks_mut(step)).zip(
            new.norms.chunks_mut(step).zip(new.sq_norms.chunks_mut(step)).zip(new.totals.chunks_mut(step)),
        );
        let blocks = (0..n).step_by(step).zip(new.values[..n * stride].chunks_mut(step * stride)).zip(sides);
        workers.share(n.div_ceil(step), blocks, RowBlock::default, |block, ((start, values), sides)| {
            let ((scales, errors), ((norms, sq_norms), totals)) = sides;
            rows.load(isa, block, start..start + scales.len());
            for (row, q) in values.chunks_exact_mut(stride).enumerate() {
                let (quantised, total) = isa.run(Quantise { v: block.row(row), levels: ROW_LEVELS, q });
                (scales[row], errors[row]) = (quantised.scale, quantised.error);
                (norms[row], sq_norms[row]) = (quantised.norm(), quantised.sq_norm as f32);
                totals[row] = total;
            }
        });
        new
    }

    /// The bytes of one row.
    pub(crate) fn row(&self, row: usize) -> &[i8] {
        &self.values[row * self.stride..][..self.stride]
    }

    /// The bytes of a row and of all after it, and zeros.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    pub(crate) fn from(&self, row: usize) -> &[i8] {
        &self.values[row * self.stride..]
    }

    /// Bytes from one row to the next.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }
}

/// [`quantise`], compiled for an instruction set; also the sum of the bytes.
pub(crate) struct Quantise<'a> {
    pub(crate) v: &'a [f32],
    pub(crate) levels: i8,
    pub(crate) q: &'a mut [i8],
}

impl kernel::Kernel for Quantise<'_> {
    type Output = (Quantised, i32);

    #[inline(always)]
    fn run<L: kernel::Lanes>(self, _: L) -> Self::Output {
        let quantised = quantise(self.v, self.levels, self.q);
        (quantised, self.q.iter().map(|&q| i32::from(q)).sum())
    }
}
