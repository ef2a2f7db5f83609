//! Rows and centroids as bytes, with what the rounding may have moved.
//!
//! A vector v becomes `scale · q` with q in −127..=127; `error = ‖v − scale·q‖`. By Cauchy–Schwarz
//!
//! ```text
//! |⟨v, c⟩ − scale_v·scale_c·⟨q_v, q_c⟩| ≤ ‖v‖·error_c + error_v·‖scale_c·q_c‖
//! ```
//!
//! so that an integer product bounds the true one from both sides.
//!
//! ```text
//! rows, in tiles of 16                            centroids
//! columns 0 to 3                columns 4 to 7    one after the other, each filled up
//! r0 r0 r0 r0 r1 r1 ... r15  |  r0 ...            with zeros to 64 columns
//! ```
//!
//! So a row has a lane, and the smallest score of many centroids is a minimum of whole vectors.

use crate::isa::Isa;
use crate::kernel::{self, ByteLine, PANEL, RowBlock};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// Rows in a tile: the lanes of a vector.
pub(crate) const TILE: usize = PANEL;

/// Columns in one line of a tile: bytes that one instruction multiplies and adds.
const QUAD: usize = 4;

/// Columns to which centroids are filled up.
pub(crate) const CHUNK: usize = 64;

/// Beyond so many columns an error may be larger than its vector, which the bounds of rounding do not expect.
pub(crate) const MOST_COLUMNS: usize = 1 << 15;

/// A vector as bytes.
struct Quantised {
    scale: f32,
    /// `‖v − scale·q‖`, rounded up.
    error: f32,
    /// `‖v‖²`.
    sq_norm: f64,
}

impl Quantised {
    /// `‖v‖`, rounded up.
    fn norm(&self) -> f32 {
        up(self.sq_norm.sqrt())
    }
}

/// Rounds `v` to bytes.
fn quantise(v: &[f32], q: &mut [i8]) -> Quantised {
    let most = v.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    // Below, its inverse were no number; then all of the vector is error.
    let scale = if most / 127.0 > f32::MIN_POSITIVE { most / 127.0 } else { 0.0 };
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let (mut sq_error, mut sq_norm) = (0.0_f64, 0.0_f64);
    for (q, &v) in q.iter_mut().zip(v) {
        let rounded = (v * inverse).round_ties_even().clamp(-127.0, 127.0);
        *q = rounded as i8;
        let left = f64::from(v) - f64::from(scale) * f64::from(rounded);
        sq_error += left * left;
        sq_norm += f64::from(v) * f64::from(v);
    }
    Quantised { scale, error: up(sq_error.sqrt()), sq_norm }
}

/// The next `f32` that is certainly not less.
fn up(x: f64) -> f32 {
    ((x * (1.0 + 1e-6)) as f32).next_up()
}

/// Rows as bytes, in tiles.
#[derive(Clone, Debug)]
pub(crate) struct ByteRows {
    lines: Vec<ByteLine>,
    lines_per_tile: usize,
    /// For each row, filled up to whole tiles.
    pub(crate) scales: Vec<f32>,
    pub(crate) errors: Vec<f32>,
    pub(crate) norms: Vec<f32>,
    /// `‖v‖²`, rounded to the nearest.
    pub(crate) sq_norms: Vec<f32>,
}

impl ByteRows {
    /// All rows in their frame. Cost O(n·d), memory n·d bytes.
    pub(crate) fn of(workers: &Workers, isa: Isa, rows: &CpuPrepared<'_>) -> Self {
        let (n, d) = (rows.n(), rows.d());
        let (tiles, lines_per_tile) = (n.div_ceil(TILE), d.div_ceil(QUAD));
        // What is read past the last line is multiplied by zeros.
        let mut lines = vec![ByteLine::default(); tiles * lines_per_tile + CHUNK / QUAD];
        let mut new = Self {
            lines: Vec::new(),
            lines_per_tile,
            scales: vec![0.0; tiles * TILE],
            errors: vec![0.0; tiles * TILE],
            norms: vec![0.0; tiles * TILE],
            sq_norms: vec![0.0; tiles * TILE],
        };
        let tiles_per_block = (kernel::byte_block_rows(d) / TILE).max(1);
        let step = tiles_per_block * TILE;
        let bounds =
            new.errors.chunks_mut(step).zip(new.norms.chunks_mut(step)).zip(new.sq_norms.chunks_mut(step));
        let sides = new.scales.chunks_mut(step).zip(bounds);
        let blocks = (0..n).step_by(step).zip(lines.chunks_mut(tiles_per_block * lines_per_tile)).zip(sides);
        let desk = || (RowBlock::default(), vec![0; lines_per_tile * QUAD]);
        workers.share(n.div_ceil(step), blocks, desk, |(block, q), ((start, lines), (scales, bounds))| {
            let ((errors, norms), sq_norms) = bounds;
            let count = step.min(n - start);
            rows.load(isa, block, start..start + count);
            for row in 0..count {
                let quantised = isa.run(Quantise { v: block.row(row), q });
                (scales[row], errors[row]) = (quantised.scale, quantised.error);
                (norms[row], sq_norms[row]) = (quantised.norm(), quantised.sq_norm as f32);
                let tile = &mut lines[row / TILE * lines_per_tile..][..lines_per_tile];
                for (line, quad) in tile.iter_mut().zip(q.as_chunks::<QUAD>().0) {
                    line.0.as_chunks_mut::<QUAD>().0[row % TILE] = *quad;
                }
            }
        });
        new.lines = lines;
        new
    }

    /// A tile and everything after it, so that whole chunks can be read.
    pub(crate) fn tile(&self, tile: usize) -> &[ByteLine] {
        &self.lines[tile * self.lines_per_tile..]
    }

    /// Lines of one tile: four columns each.
    pub(crate) fn lines_per_tile(&self) -> usize {
        self.lines_per_tile
    }
}

struct Quantise<'a> {
    v: &'a [f32],
    q: &'a mut [i8],
}

impl kernel::Kernel for Quantise<'_> {
    type Output = Quantised;

    #[inline(always)]
    fn run<L: kernel::Lanes>(self, _: L) -> Quantised {
        quantise(self.v, self.q)
    }
}

/// Centroids as bytes, in groups of 16.
#[derive(Clone, Debug)]
pub(crate) struct ByteCentroids {
    lines: Vec<ByteLine>,
    lines_each: usize,
    /// `factor · scale` of each centroid, 0 where it is filled up.
    pub(crate) factors: Vec<f32>,
    /// The bias of each score, +∞ where it is filled up.
    pub(crate) biases: Vec<f32>,
    /// The sum of the bytes of each centroid.
    pub(crate) totals: Vec<i32>,
    /// Of each group the largest `|factor|·error` and `|factor|·‖scale·q‖`, rounded up.
    pub(crate) errors: Vec<f32>,
    pub(crate) norms: Vec<f32>,
    /// The largest finite `|bias|`.
    pub(crate) max_bias: f32,
}

impl ByteCentroids {
    /// The score of a row v is `bias + factor·⟨v, c⟩`. Cost O(k·d).
    pub(crate) fn of(centroids: &[f32], d: usize, biases: &[f32], factor: f32) -> Self {
        let k = biases.len();
        // Two groups are worked on together.
        let padded = k.next_multiple_of(2 * TILE);
        let lines_each = d.div_ceil(CHUNK);
        let mut new = Self {
            lines: vec![ByteLine::default(); padded * lines_each],
            lines_each,
            factors: vec![0.0; padded],
            biases: biases.to_vec(),
            totals: vec![0; padded],
            errors: vec![0.0; padded / TILE],
            norms: vec![0.0; padded / TILE],
            max_bias: biases.iter().fold(0.0, |most, bias| most.max(bias.abs())),
        };
        new.biases.resize(padded, f32::INFINITY);
        let mut q = vec![0; lines_each * CHUNK];
        for (at, c) in centroids.chunks_exact(d).enumerate() {
            let quantised = quantise(c, &mut q);
            let (scale, error, norm) = (quantised.scale, quantised.error, quantised.norm());
            for (line, q) in new.lines[at * lines_each..].iter_mut().zip(q.as_chunks::<CHUNK>().0) {
                line.0 = *q;
            }
            new.factors[at] = factor * scale;
            new.totals[at] = q.iter().map(|&q| i32::from(q)).sum();
            let group = at / TILE;
            new.errors[group] = new.errors[group].max((factor.abs() * error).next_up());
            new.norms[group] = new.norms[group].max((factor.abs() * (norm + error)).next_up());
        }
        new
    }

    /// Groups of 16, an even number.
    pub(crate) fn groups(&self) -> usize {
        self.errors.len()
    }

    /// The centroids of a group and after it.
    pub(crate) fn group(&self, group: usize) -> &[ByteLine] {
        &self.lines[group * TILE * self.lines_each..]
    }

    /// Lines of one centroid: 64 columns each.
    pub(crate) fn lines_each(&self) -> usize {
        self.lines_each
    }
}
