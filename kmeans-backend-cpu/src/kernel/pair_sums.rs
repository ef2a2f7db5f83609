//! Distances between rows and packed rows in the direct form, in f32.
//!
//! ```text
//! packed rows: panels of 16, one line a column
//! for each group of MR rows:
//!     for each panel:
//!         lanes[MR] = 0                                   sixteen f32 each
//!         for each stretch of 256 columns:
//!             for each column:   t = panel[column] − x[r][column];   part[r] += t²
//!             lanes[r] += part[r]
//!         line[r][panel] = lanes[r], or its root
//! ```
//!
//! Differences are taken before they are squared: near rows far from zero lose nothing, and a row has the distance 0 to
//! itself. The order of the terms does not depend on the tile, so neither do the bits.

use std::ops::Range;

use super::lanes::{Kernel, Lanes, PANEL, Portable, WIDE};
use super::lines::Lines;
use crate::isa::Isa;

/// Columns that are added up in one chain: the error of a sum grows with its length.
const STRETCH: usize = 256;

/// Rows, negated, that a kernel takes at a time, and where their distances go.
pub(crate) struct PairLines<'a> {
    /// Row-major.
    pub(crate) x: &'a [f32],
    pub(crate) d: usize,
    /// Panels of 16 rows: d lines each.
    pub(crate) panels: &'a Lines,
    /// The first packed row, of a whole panel; distances to those before it are not measured.
    pub(crate) from: usize,
    /// Whether roots are taken.
    pub(crate) root: bool,
    /// Row-major, 16 for each panel.
    pub(crate) out: &'a mut [f32],
}

/// Every distance of some rows to all packed rows.
pub(crate) fn pair_lines(isa: Isa, pairs: PairLines<'_>) {
    debug_assert_eq!(pairs.x.len() * pairs.panels.as_slice().len(), pairs.out.len() * pairs.d * pairs.d);
    match isa {
        #[cfg(target_arch = "x86_64")]
        // 8 registers of parts, 8 of lanes.
        Isa::Avx512(cpu) => cpu.vectorize(Tiles::<8> { pairs }),
        #[cfg(target_arch = "x86_64")]
        // A vector is two registers: 6 of parts, 6 of lanes.
        Isa::Avx2(cpu) => cpu.vectorize(Tiles::<3> { pairs }),
        #[cfg(target_arch = "aarch64")]
        // A vector is four registers: 12 of parts, 12 of lanes.
        Isa::Neon(cpu) => cpu.vectorize(Tiles::<3> { pairs }),
        Isa::Portable => Portable.vectorize(Tiles::<1> { pairs }),
    }
}

struct Tiles<'a, const MR: usize> {
    pairs: PairLines<'a>,
}

impl<const MR: usize> Kernel for Tiles<'_, MR> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let PairLines { x, d, panels, from, root, out } = self.pairs;
        let panels = panels.as_slice().as_chunks::<PANEL>().0;
        let width = panels.len() / d * PANEL;
        let n = x.len() / d;
        for row in (0..n).step_by(MR) {
            // Past the end the last row is measured again, and not written.
            let rows: [_; MR] = std::array::from_fn(|r| &x[(row + r).min(n - 1) * d..][..d]);
            for (p, panel) in panels.chunks_exact(d).enumerate().skip(from / PANEL) {
                let measured = panel_of(lanes, rows, panel);
                for (r, sq_dists) in measured.into_iter().enumerate().take(n - row) {
                    let to = &mut out[(row + r) * width + p * PANEL..];
                    let to = to.first_chunk_mut().expect("a line is a whole number of panels");
                    lanes.store(if root { lanes.sqrt(sq_dists) } else { sq_dists }, to);
                }
            }
        }
    }
}

/// Squared distances of MR rows to those of a panel.
#[inline(always)]
fn panel_of<L: Lanes, const MR: usize>(lanes: L, rows: [&[f32]; MR], panel: &[[f32; PANEL]]) -> [L::V; MR] {
    let mut all = [lanes.splat(0.0); MR];
    for first in (0..panel.len()).step_by(STRETCH) {
        let panel = &panel[first..panel.len().min(first + STRETCH)];
        let rows = rows.map(|row| &row[first..][..panel.len()]);
        let mut parts = [lanes.splat(0.0); MR];
        for (column, line) in panel.iter().enumerate() {
            let line = lanes.load(line);
            for r in 0..MR {
                let difference = lanes.add(line, lanes.splat(rows[r][column]));
                parts[r] = lanes.fma(difference, difference, parts[r]);
            }
        }
        for r in 0..MR {
            all[r] = lanes.add(all[r], parts[r]);
        }
    }
    all
}

/// What is added up of a line of distances.
pub(crate) struct Summed<'a> {
    /// Distances, and 16 numbers more.
    pub(crate) line: &'a [f32],
    /// The first one that counts, of a whole panel.
    pub(crate) from: usize,
    /// Where stretches end; after the last one nothing counts.
    pub(crate) ends: &'a [usize],
    /// The sum of each stretch is added here.
    pub(crate) sums: &'a mut [f64],
    /// Every distance is added here.
    pub(crate) columns: &'a mut [f64],
}

/// Adds up a line, in f64.
pub(crate) fn sum_line(isa: Isa, line: Summed<'_>) {
    isa.run(line);
}

impl Kernel for Summed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let end = *self.ends.last().expect("there are stretches");
        let (groups, rest) = self.line[self.from..end].as_chunks::<WIDE>();
        let (columns, columns_rest) = self.columns[self.from..end].as_chunks_mut::<WIDE>();
        for (values, columns) in groups.iter().zip(columns) {
            let sum = lanes.wide_add(lanes.wide_load(columns), lanes.wide_load(&values.map(f64::from)));
            lanes.wide_store(sum, columns);
        }
        columns_rest.iter_mut().zip(rest).for_each(|(column, &value)| *column += f64::from(value));
        let mut start = self.from;
        let passed = self.ends.partition_point(|&end| end <= start);
        for (&end, sum) in self.ends.iter().zip(self.sums).skip(passed) {
            *sum += stretch_sum(lanes, self.line, start..end);
            start = end;
        }
    }
}

/// The sum of some numbers of a line.
#[inline(always)]
fn stretch_sum<L: Lanes>(lanes: L, line: &[f32], stretch: Range<usize>) -> f64 {
    let (groups, rest) = line[stretch.clone()].as_chunks::<WIDE>();
    let mut sum = lanes.wide_load(&[0.0; WIDE]);
    for values in groups {
        sum = lanes.wide_add(sum, lanes.wide_load(&values.map(f64::from)));
    }
    // Eight are read, of which those beyond add nothing: one by one they would take as long as all the rest.
    let last: &[f32; WIDE] =
        line[stretch.end - rest.len()..].first_chunk().expect("a line has 16 numbers more");
    let last: [f64; WIDE] = std::array::from_fn(|l| if l < rest.len() { f64::from(last[l]) } else { 0.0 });
    lanes.wide_total(lanes.wide_add(sum, lanes.wide_load(&last)))
}

/// The least and largest number of each stretch of a line.
pub(crate) struct Ranged<'a> {
    pub(crate) line: &'a [f32],
    /// The first one that counts.
    pub(crate) from: usize,
    /// Where stretches end.
    pub(crate) ends: &'a [usize],
    pub(crate) least: &'a mut [f32],
    pub(crate) most: &'a mut [f32],
}

/// Widens ranges by a line.
pub(crate) fn range_line(isa: Isa, line: Ranged<'_>) {
    isa.run(line);
}

impl Kernel for Ranged<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let mut start = self.from;
        let passed = self.ends.partition_point(|&end| end <= start);
        for (j, &end) in self.ends.iter().enumerate().skip(passed) {
            let (groups, rest) = self.line[start..end].as_chunks::<PANEL>();
            let (mut least, mut most) = (lanes.splat(f32::INFINITY), lanes.splat(f32::NEG_INFINITY));
            for values in groups {
                let values = lanes.load(values);
                (least, most) = (lanes.min(values, least), lanes.max(values, most));
            }
            let (mut lows, mut highs) = ([0.0; PANEL], [0.0; PANEL]);
            lanes.store(least, &mut lows);
            lanes.store(most, &mut highs);
            self.least[j] = lows.into_iter().chain(rest.iter().copied()).fold(self.least[j], f32::min);
            self.most[j] = highs.into_iter().chain(rest.iter().copied()).fold(self.most[j], f32::max);
            start = end;
        }
    }
}
