//! Scores of sparse rows against a codebook, and what is measured of them.
//!
//! ```text
//! for each strip of NP panels:                        stays in the second-level cache
//!     for each row of the block:
//!         chain[NP] = 0
//!         for each entry (l, v) of the row:
//!             chain[p] = fma(v, strip[l][p], chain[p])
//!         score = bias + chain goes to the lowest of each lane
//! after the last strip: the lowest of the 16 lanes of a row is its label
//! ```
//!
//! The chain is that of the dense kernel with the columns left out where v is zero. There a
//! multiply-add changes nothing (but the sign of a zero, which compares equal), so the labels are
//! those of the dense kernel, bit for bit.

use kmeans_core::CsrView;

use super::lanes::{Kernel, Lanes, WIDE, tree};
use super::lines::{Line, prefetch};
use super::nearest::{Labels, Lowest, Scratch, Sink, begin};
use crate::isa::Isa;
use crate::strips::{STRIP_BYTES, Strips};

/// Some sparse rows in the frame: where the values stand, and what they are there.
#[derive(Clone, Copy)]
pub(crate) struct SparseBlock<'a> {
    at: CsrView<'a>,
    values: &'a [f32],
}

impl<'a> SparseBlock<'a> {
    /// The rows `at` with other values at the same places.
    pub(crate) fn new(at: CsrView<'a>, values: &'a [f32]) -> Self {
        debug_assert_eq!(at.nnz(), values.len());
        Self { at, values }
    }

    pub(crate) fn rows(&self) -> usize {
        self.at.rows()
    }

    /// Columns and values of a row.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> (&'a [u32], &'a [f32]) {
        let places = self.at.indptr();
        let entries = places[row] - places[0]..places[row + 1] - places[0];
        (&self.at.indices()[entries.clone()], &self.values[entries])
    }
}

/// For each row of the block the centroid of the lowest score; of equal ones the lowest index.
pub(crate) fn nearest_sparse(
    isa: Isa,
    rows: SparseBlock<'_>,
    strips: &Strips,
    scratch: &mut Scratch,
    labels: &mut [i32],
) {
    debug_assert_eq!(labels.len(), rows.rows());
    let lowest = begin(&mut scratch.lowest, rows.rows());
    for (i, (lines, bias)) in strips.iter().enumerate() {
        let strip = Strip { rows, lines, bias, first: i * strips.width(), sink: Lowest { lowest } };
        match bias.len() {
            1 => isa.run(Across::<1>(strip)),
            2 => isa.run(Across::<2>(strip)),
            3 => isa.run(Across::<3>(strip)),
            4 => isa.run(Across::<4>(strip)),
            5 => isa.run(Across::<5>(strip)),
            6 => isa.run(Across::<6>(strip)),
            7 => isa.run(Across::<7>(strip)),
            _ => isa.run(Across::<8>(strip)),
        }
    }
    isa.run(Labels { lowest, labels });
}

/// All rows of a block against one strip.
struct Strip<'a> {
    rows: SparseBlock<'a>,
    lines: &'a [Line],
    bias: &'a [Line],
    first: usize,
    sink: Lowest<'a>,
}

struct Across<'a, const NP: usize>(Strip<'a>);

impl<const NP: usize> Kernel for Across<'_, NP> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Strip { rows, lines, bias, first, mut sink } = self.0;
        let lines = lines.as_chunks::<NP>().0;
        if size_of_val(lines) <= STRIP_BYTES {
            lines.as_flattened().iter().for_each(|line| prefetch(&line.0));
        }
        for row in 0..rows.rows() {
            let (columns, values) = rows.row(row);
            let mut chains = [lanes.splat(0.0); NP];
            for (&column, &v) in columns.iter().zip(values) {
                let (line, v) = (&lines[column as usize], lanes.splat(v));
                for p in 0..NP {
                    chains[p] = lanes.fma(v, lanes.load(&line[p].0), chains[p]);
                }
            }
            for (chain, bias) in chains.iter_mut().zip(bias) {
                *chain = lanes.add(lanes.load(&bias.0), *chain);
            }
            sink.take(lanes, row, first, [chains]);
        }
    }
}

/// `Σ v_l · c_l` in f64 over the entries of a row: [`super::dot`] of the same row with its zeros, bit
/// for bit.
pub(crate) fn dot_sparse(columns: &[u32], values: &[f32], c: &[f32]) -> f64 {
    let mut lanes = [0.0; WIDE];
    for (&column, &v) in columns.iter().zip(values) {
        lanes[column as usize % WIDE] += f64::from(v) * f64::from(c[column as usize]);
    }
    tree(lanes)
}
