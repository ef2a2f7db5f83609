//! Scores of a block of rows against a codebook, and the lowest of each row.
//!
//! ```text
//! for each group of NP panels:                        stays in the first-level cache
//!     for each range of columns:                      so that it does
//!         for each tile of MR rows of the block:      comes from the second-level cache
//!             chain[MR][NP] = 0, or what the range before left
//!             for each column l of the range:
//!                 chain[r][p] = fma(v[r][l], panel[p][l], chain[r][p])
//!             after the last range: score = bias + chain goes to a sink,
//!             which keeps the lowest of each lane, or writes the score out
//! after the last group: the lowest of the 16 lanes of a row is its label
//! ```
//!
//! The chain of a row and a centroid is one sequence of multiply-adds over the columns, whatever the
//! tile, the group and the ranges; a chain that is put away and taken up again is the same chain. So
//! the bits of a score depend on the row and the centroid alone.
//!
//! What was tried, with AVX-512 on Sapphire Rapids, one thread, d = 128 and k = 1000, in per cent of a
//! loop of multiply-adds that touches no memory. That loop runs at a higher clock (3.3 GHz, not 3.0):
//! hand-written tiles of any of these shapes, all in L1, stay at 91 %.
//!
//! | MR × NP | 5 × 5 | 6 × 4 | 7 × 4 | 8 × 3 | 9 × 3 | 12 × 2 | 14 × 2 |
//! |---|---|---|---|---|---|---|---|
//! | % | 78 | 80 | 79 | 81 | 85 | 79 | 79 |
//!
//! - Loops over a tile must unroll, or its chains live on the stack: so a sink takes a whole tile, and
//!   its body has no branches. Before, 9 × 3 stood at 80 %.
//! - Fetching the rows of the next tile into L1 by hand: between +0.5 and −4 %.
//! - Groups of 6, 12 and 16 KB instead of 32 KB: −9, −4 and −4 %; 24 and 40 KB: the same.
//! - Blocks of 500 and 1000 rows instead of 250: the same.

use std::ops::Range;

use super::lanes::{Kernel, Lanes, PANEL, Portable};
use super::lines::{Line, Lines, prefetch};
use super::rows::{ROW_PAD, RowBlock};
use crate::isa::Isa;
use crate::panels::Panels;

/// Bytes of one group of panels that are walked for every tile: two thirds of the first-level cache
/// of Ice Lake and later (48 KB); the rows take some of the rest.
const GROUP_BYTES: usize = 32 << 10;

/// What a thread keeps from group to group; reused from block to block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// Chains put away between two ranges of columns.
    pub(super) chains: Lines,
    /// For each row the lowest score of each lane, then the panel that it is from.
    pub(crate) lowest: Lines,
}

/// [`nearest_block_ahead`] with no rows to fetch.
#[cfg(test)]
pub(crate) fn nearest_block(
    isa: Isa,
    rows: &RowBlock,
    panels: &Panels,
    scratch: &mut Scratch,
    labels: &mut [i32],
) {
    nearest_block_ahead(isa, rows, panels, scratch, labels, &[]);
}

/// For each row of the block the centroid of the lowest score; of equal ones the lowest index.
///
/// A row whose scores are all +∞ or NaN gets label 0. Meanwhile the rows that this thread loads next,
/// `ahead`, are fetched into the second-level cache, a few cache lines for each tile.
///
/// Saves the waiting for memory in [`RowBlock::load`]: 3 % of the time at d = 128, k = 1000, 7 % at
/// d = 16, k = 100, and 10 % at d = 64, k = 10 (Sapphire Rapids, two threads).
pub(crate) fn nearest_block_ahead(
    isa: Isa,
    rows: &RowBlock,
    panels: &Panels,
    scratch: &mut Scratch,
    labels: &mut [i32],
    ahead: &[f32],
) {
    debug_assert_eq!(labels.len(), rows.rows());
    let Scratch { chains, lowest } = scratch;
    let lowest = begin(lowest, rows.rows());
    score(isa, rows, panels, chains, Lowest { lowest }, ahead);
    isa.run(Labels { lowest, labels });
}

/// The lowest score of each row from the lowest of each lane; +∞ where none was seen.
pub(crate) fn lowest_scores(isa: Isa, lowest: &[[Line; 2]], out: &mut [f32]) {
    isa.run(LowestScores { lowest, out });
}

/// What was kept of the first rows since [`begin`]: the lowest score of each lane, and its panel.
pub(crate) fn kept(lowest: &Lines, rows: usize) -> &[[Line; 2]] {
    &lowest.as_lines().as_chunks().0[..rows]
}

/// No score yet for any row of the block.
pub(super) fn begin(lowest: &mut Lines, rows: usize) -> &mut [[Line; 2]] {
    let padded = rows.next_multiple_of(ROW_PAD);
    lowest.make_room(padded * 2 * PANEL);
    let lowest = &mut lowest.as_lines_mut().as_chunks_mut().0[..padded];
    lowest.fill([Line([f32::INFINITY; PANEL]), Line([0.0; PANEL])]);
    lowest
}

/// Writes the score of every row and centroid: `out` is rows × [`Panels::k_padded`], and padding
/// centroids score +∞.
pub(crate) fn scores_block(
    isa: Isa,
    rows: &RowBlock,
    panels: &Panels,
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    debug_assert_eq!(out.len(), rows.rows() * panels.k_padded());
    let sink = Scores { out, k_padded: panels.k_padded() };
    score(isa, rows, panels, &mut scratch.chains, sink, &[]);
}

fn score<S: Sink>(isa: Isa, rows: &RowBlock, panels: &Panels, chains: &mut Lines, sink: S, ahead: &[f32]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // 27 registers of chains, 3 of a column, 2 of values: all 32.
        Isa::Avx512(cpu) => groups::<_, _, 9, 3>(cpu, rows, panels, chains, sink, ahead),
        #[cfg(target_arch = "x86_64")]
        // 12 registers of chains, 2 of a column, 2 of values: all 16.
        Isa::Avx2(cpu) => groups::<_, _, 6, 1>(cpu, rows, panels, chains, sink, ahead),
        #[cfg(target_arch = "aarch64")]
        // 24 registers of chains, 4 of a column, 1 of values.
        Isa::Neon(cpu) => groups::<_, _, 6, 1>(cpu, rows, panels, chains, sink, ahead),
        Isa::Portable => groups::<_, _, 4, 1>(Portable, rows, panels, chains, sink, ahead),
    }
}

/// Goes through the panels, `NP` at a time, then through the one or two that are left.
fn groups<L: Lanes, S: Sink, const MR: usize, const NP: usize>(
    lanes: L,
    rows: &RowBlock,
    panels: &Panels,
    chains: &mut Lines,
    mut sink: S,
    ahead: &[f32],
) {
    let share = ahead.len().div_ceil(panels.count().div_ceil(NP)).next_multiple_of(PANEL);
    let mut ahead = ahead.chunks(share.max(PANEL));
    const { assert!(ROW_PAD.is_multiple_of(MR) && NP <= 3) };
    debug_assert_eq!(rows.d(), panels.d());
    chains.make_room(rows.rows().next_multiple_of(MR) * NP * PANEL);
    let mut first = 0;
    while first < panels.count() {
        let ahead = ahead.next().unwrap_or_default();
        let left = panels.count() - first;
        if left >= NP {
            group::<_, _, MR, NP>(lanes, rows, panels, first, chains, &mut sink, ahead);
            first += NP;
        } else if left == 2 {
            group::<_, _, MR, 2>(lanes, rows, panels, first, chains, &mut sink, ahead);
            first += 2;
        } else {
            group::<_, _, MR, 1>(lanes, rows, panels, first, chains, &mut sink, ahead);
            first += 1;
        }
    }
}

/// One group of panels, a range of columns at a time.
fn group<L: Lanes, S: Sink, const MR: usize, const NP: usize>(
    lanes: L,
    rows: &RowBlock,
    panels: &Panels,
    first: usize,
    chains: &mut Lines,
    sink: &mut S,
    ahead: &[f32],
) {
    let d = rows.d();
    let longest = GROUP_BYTES / (NP * size_of::<Line>());
    let length = d.div_ceil(d.div_ceil(longest));
    for start in (0..d).step_by(length) {
        lanes.vectorize(Group::<S, MR, NP> {
            rows,
            panels,
            first,
            columns: start..(start + length).min(d),
            chains: chains.as_lines_mut(),
            sink,
            ahead: if start == 0 { ahead } else { &[] },
        });
    }
}

/// Every tile of the block against `NP` panels over a range of columns.
struct Group<'a, S, const MR: usize, const NP: usize> {
    rows: &'a RowBlock,
    panels: &'a Panels,
    first: usize,
    columns: Range<usize>,
    chains: &'a mut [Line],
    sink: &'a mut S,
    /// Rows of the next block to fetch meanwhile.
    ahead: &'a [f32],
}

impl<S: Sink, const MR: usize, const NP: usize> Kernel for Group<'_, S, MR, NP> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let d = self.rows.d();
        let (start, length) = (self.columns.start, self.columns.len());
        let mut panels: [&[Line]; NP] = [&[]; NP];
        for (p, panel) in panels.iter_mut().enumerate() {
            *panel = &self.panels.values().as_lines()[(self.first + p) * d + start..][..length];
        }
        let bias = &self.panels.bias().as_lines()[self.first..][..NP];
        let (begins, ends) = (start == 0, self.columns.end == d);
        let tiles = self.rows.rows().div_ceil(MR);
        let share = self.ahead.len().div_ceil(tiles).next_multiple_of(PANEL);
        let mut ahead = self.ahead.chunks(share.max(PANEL));
        for (tile, kept) in (0..tiles).zip(self.chains.chunks_exact_mut(MR * NP)) {
            let mut rows: [&[f32]; MR] = [&[]; MR];
            for (r, row) in rows.iter_mut().enumerate() {
                let at = (tile * MR + r) * self.rows.stride() + start;
                *row = &self.rows.values()[at..][..length];
            }
            let mut chains = [[lanes.splat(0.0); NP]; MR];
            if !begins {
                for r in 0..MR {
                    for p in 0..NP {
                        chains[r][p] = lanes.load(&kept[r * NP + p].0);
                    }
                }
            }
            prefetch(ahead.next().unwrap_or_default());
            chains = multiply(lanes, rows, panels, length, chains);
            if !ends {
                for r in 0..MR {
                    for p in 0..NP {
                        lanes.store(chains[r][p], &mut kept[r * NP + p].0);
                    }
                }
                continue;
            }
            for chains in &mut chains {
                for (chain, bias) in chains.iter_mut().zip(bias) {
                    *chain = lanes.add(lanes.load(&bias.0), *chain);
                }
            }
            self.sink.take(lanes, tile * MR, self.first, chains);
        }
    }
}

/// The micro-kernel: `chains[r][p] += rows[r] · panels[p]`, in the order of the columns.
#[inline(always)]
fn multiply<L: Lanes, const MR: usize, const NP: usize>(
    lanes: L,
    rows: [&[f32]; MR],
    panels: [&[Line]; NP],
    length: usize,
    mut chains: [[L::V; NP]; MR],
) -> [[L::V; NP]; MR] {
    for l in 0..length {
        let mut column = [lanes.splat(0.0); NP];
        for p in 0..NP {
            column[p] = lanes.load(&panels[p][l].0);
        }
        for r in 0..MR {
            let v = lanes.splat(rows[r][l]);
            for p in 0..NP {
                chains[r][p] = lanes.fma(v, column[p], chains[r][p]);
            }
        }
    }
    chains
}

/// Where the scores of a tile go. Rows past the end of the block are dropped.
pub(super) trait Sink {
    /// Takes the scores of the rows from `row` on against the panels from `first` on.
    fn take<L: Lanes, const MR: usize, const NP: usize>(
        &mut self,
        lanes: L,
        row: usize,
        first: usize,
        scores: [[L::V; NP]; MR],
    );
}

/// Keeps the lowest score of each lane, and the panel that it is from.
pub(super) struct Lowest<'a> {
    pub(super) lowest: &'a mut [[Line; 2]],
}

impl Sink for Lowest<'_> {
    #[inline(always)]
    fn take<L: Lanes, const MR: usize, const NP: usize>(
        &mut self,
        lanes: L,
        row: usize,
        first: usize,
        scores: [[L::V; NP]; MR],
    ) {
        let Some(kept) = self.lowest[row..].first_chunk_mut::<MR>() else {
            unreachable!("the block is padded to whole tiles");
        };
        let mut panels = [lanes.splat(0.0); NP];
        for (p, panel) in panels.iter_mut().enumerate() {
            *panel = lanes.splat(f32::from_bits((first + p) as u32));
        }
        for r in 0..MR {
            let mut best = lanes.load(&kept[r][0].0);
            let mut at = lanes.load(&kept[r][1].0);
            for p in 0..NP {
                (best, at) = lanes.keep_less(scores[r][p], panels[p], best, at);
            }
            lanes.store(best, &mut kept[r][0].0);
            lanes.store(at, &mut kept[r][1].0);
        }
    }
}

/// The label of each row from the lowest score of each lane.
pub(super) struct Labels<'a> {
    pub(super) lowest: &'a [[Line; 2]],
    pub(super) labels: &'a mut [i32],
}

impl Kernel for Labels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for ([best, at], label) in self.lowest.iter().zip(self.labels) {
            *label = lanes.argmin(lanes.load(&best.0), lanes.load(&at.0));
        }
    }
}

/// The lowest score of each row from the lowest of each lane.
struct LowestScores<'a> {
    lowest: &'a [[Line; 2]],
    out: &'a mut [f32],
}

impl Kernel for LowestScores<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        for ([best, _], out) in self.lowest.iter().zip(self.out) {
            *out = best.0.iter().copied().fold(f32::INFINITY, f32::min);
        }
    }
}

/// Writes the scores out.
struct Scores<'a> {
    out: &'a mut [f32],
    k_padded: usize,
}

impl Sink for Scores<'_> {
    #[inline(always)]
    fn take<L: Lanes, const MR: usize, const NP: usize>(
        &mut self,
        lanes: L,
        row: usize,
        first: usize,
        scores: [[L::V; NP]; MR],
    ) {
        let rows = self.out.chunks_exact_mut(self.k_padded).skip(row);
        for (out, scores) in rows.zip(scores) {
            let panels = out.as_chunks_mut::<PANEL>().0;
            for (out, score) in panels[first..].iter_mut().zip(scores) {
                lanes.store(score, out);
            }
        }
    }
}
