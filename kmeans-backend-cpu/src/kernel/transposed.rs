//! The lowest score of each row where columns are few: sixteen rows are the lanes.
//!
//! ```text
//! for each tile of R · 16 rows, transposed: a vector holds one column of 16 rows
//!     for each four centroids:
//!         chain[R][4] = 0
//!         for each column l:
//!             chain[r][c] = fma(column[l][r], c[l], chain[r][c])
//!         in the order of the centroids: keep the lower of bias + chain and the lowest so far
//! ```
//!
//! The chains are those of [`super::nearest`], so scores have the same bits, and the first of equal ones is kept.
//! Nothing is left to compare across lanes in the end, and no lane is wasted where there are fewer than sixteen
//! centroids.

use super::lanes::{Kernel, Lanes, PANEL};
use super::lines::{Line, prefetch};
use super::nearest::Scratch;
use super::rivals::Rivals;
use super::rows::RowBlock;
use crate::isa::Isa;

/// Centroids side by side.
const CENTROIDS: usize = 4;

/// Vectors of rows in the largest tile.
const MOST: usize = 4;

/// Whether this is the faster way: by 5 to 20 % (and 60 % at d = 2, k = 16) for up to 16 columns, whatever k is. With 24
/// it is slower by 5 %, and for few centroids of many columns the rows' way from memory takes all the time (Zen 4,
/// a million rows).
pub(crate) fn is_better_transposed(d: usize) -> bool {
    d <= 16
}

/// Centroids as numbers, four side by side, and their biases; filled up with biases of +∞.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fours {
    d: usize,
    /// For each four centroids and column, the four values times the factor.
    values: Vec<[f32; CENTROIDS]>,
    biases: Vec<[f32; CENTROIDS]>,
}

impl Fours {
    /// The score of a row v is `bias + factor·⟨v, c⟩`.
    pub(crate) fn of(centroids: &[f32], d: usize, biases: &[f32], factor: f32) -> Self {
        let fours = biases.len().div_ceil(CENTROIDS);
        let mut values = vec![[0.0; CENTROIDS]; fours * d];
        let mut padded = vec![[f32::INFINITY; CENTROIDS]; fours];
        for (id, (c, &bias)) in centroids.chunks_exact(d).zip(biases).enumerate() {
            let (four, place) = (id / CENTROIDS, id % CENTROIDS);
            padded[four][place] = bias;
            for (to, &c) in values[four * d..].iter_mut().zip(c) {
                to[place] = factor * c;
            }
        }
        Self { d, values, biases: padded }
    }

    /// These become the rivals, in their order.
    pub(crate) fn fill(&mut self, rivals: &Rivals) {
        let (d, fours) = (rivals.d(), rivals.len().div_ceil(CENTROIDS));
        self.d = d;
        self.values.resize(fours * d, [0.0; CENTROIDS]);
        self.biases.resize(fours, [0.0; CENTROIDS]);
        let filled_up = |from: &[f32]| {
            let mut four = [f32::INFINITY; CENTROIDS];
            four[..from.len()].copy_from_slice(from);
            four
        };
        for column in 0..d {
            let fours = self.values[column..].iter_mut().step_by(d);
            let from = rivals.column(column).chunks(CENTROIDS);
            fours.zip(from).for_each(|(to, from)| to[..from.len()].copy_from_slice(from));
        }
        let fours = self.biases.iter_mut().zip(rivals.biases().chunks(CENTROIDS));
        fours.for_each(|(to, from)| *to = filled_up(from));
    }
}

/// For each row of the block the centroid of the lowest score; of equal ones the lowest index; 0 where no score
/// is less than +∞. Meanwhile `ahead` is fetched, as in [`super::nearest_block_ahead`].
pub(crate) fn nearest_transposed(
    isa: Isa,
    rows: &RowBlock,
    fours: &Fours,
    scratch: &mut Scratch,
    labels: &mut [i32],
    ahead: &[f32],
) {
    debug_assert!(labels.len() == rows.rows() && rows.d() == fours.d);
    scratch.chains.make_room(rows.d() * MOST * PANEL);
    let columns = scratch.chains.as_lines_mut();
    match isa {
        #[cfg(target_arch = "x86_64")]
        // 16 registers of chains, 4 of values, 1 of rows.
        Isa::Avx512(cpu) => cpu.vectorize(Nearest::<4> { rows, fours, columns, labels, ahead }),
        #[cfg(target_arch = "x86_64")]
        // 8 registers of chains, 4 of values, 2 of rows.
        Isa::Avx2(cpu) => cpu.vectorize(Nearest::<1> { rows, fours, columns, labels, ahead }),
        #[cfg(target_arch = "aarch64")]
        // 16 registers of chains, 4 of values, 4 of rows.
        Isa::Neon(cpu) => cpu.vectorize(Nearest::<1> { rows, fours, columns, labels, ahead }),
        Isa::Portable => super::Portable.vectorize(Nearest::<1> { rows, fours, columns, labels, ahead }),
    }
}

struct Nearest<'a, const R: usize> {
    rows: &'a RowBlock,
    fours: &'a Fours,
    columns: &'a mut [Line],
    labels: &'a mut [i32],
    /// Rows of the next block to fetch meanwhile.
    ahead: &'a [f32],
}

impl<const R: usize> Kernel for Nearest<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { rows, fours, columns, labels, ahead } = self;
        let d = fours.d;
        let share = ahead.len().div_ceil(rows.rows().div_ceil(R * PANEL).max(1)).next_multiple_of(PANEL);
        let mut ahead = ahead.chunks(share.max(PANEL));
        let columns = &mut columns.as_chunks_mut::<R>().0[..d];
        for (tile, labels) in labels.chunks_mut(R * PANEL).enumerate() {
            let start = tile * R * PANEL;
            for group in 0..R {
                let first = start + group * PANEL;
                // Rows beyond the last are the first ones again; their labels are dropped.
                let first = if first < rows.rows() { first } else { start };
                transpose(lanes, rows, first, columns, group);
            }
            prefetch(ahead.next().unwrap_or_default());
            let mut lowest = [lanes.splat(f32::INFINITY); R];
            let mut chosen = [lanes.splat(0.0); R];
            for (four, (values, biases)) in fours.values.chunks_exact(d).zip(&fours.biases).enumerate() {
                let mut chains = [[lanes.splat(0.0); CENTROIDS]; R];
                for (column, values) in columns.iter().zip(values) {
                    for r in 0..R {
                        let v = lanes.load(&column[r].0);
                        for c in 0..CENTROIDS {
                            chains[r][c] = lanes.fma(v, lanes.splat(values[c]), chains[r][c]);
                        }
                    }
                }
                for c in 0..CENTROIDS {
                    let bias = lanes.splat(biases[c]);
                    let id = lanes.splat(f32::from_bits((four * CENTROIDS + c) as u32));
                    for r in 0..R {
                        let score = lanes.add(bias, chains[r][c]);
                        (lowest[r], chosen[r]) = lanes.keep_less(score, id, lowest[r], chosen[r]);
                    }
                }
            }
            for (labels, chosen) in labels.chunks_mut(PANEL).zip(chosen) {
                let mut ids = [0.0; PANEL];
                lanes.store(chosen, &mut ids);
                labels.iter_mut().zip(ids).for_each(|(label, id)| *label = id.to_bits() as i32);
            }
        }
    }
}

/// Writes the columns of 16 rows from `first` on to their place in the tile; the block has rows of zeros after
/// its last.
#[inline(always)]
fn transpose<L: Lanes, const R: usize>(
    lanes: L,
    rows: &RowBlock,
    first: usize,
    columns: &mut [[Line; R]],
    group: usize,
) {
    let (values, stride, d) = (rows.values(), rows.stride(), rows.d());
    let mut from: [&[f32]; PANEL] = [&[]; PANEL];
    for (r, from) in from.iter_mut().enumerate() {
        *from = &values[(first + r) * stride..][..d];
    }
    let whole = d / PANEL * PANEL;
    for l in (0..whole).step_by(PANEL) {
        let mut square = [lanes.splat(0.0); PANEL];
        for r in 0..PANEL {
            square[r] = lanes.load(from[r][l..].first_chunk().expect("a whole vector is left"));
        }
        let square = lanes.transposed(square);
        for (column, vector) in columns[l..].iter_mut().zip(square) {
            lanes.store(vector, &mut column[group].0);
        }
    }
    for (l, column) in columns.iter_mut().enumerate().skip(whole) {
        for (to, from) in column[group].0.iter_mut().zip(&from) {
            *to = from[l];
        }
    }
}
