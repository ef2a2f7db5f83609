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

use super::lanes::{Kernel, Lanes, PANEL, Portable};
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
        let PairLines { x, d, panels, root, out } = self.pairs;
        let panels = panels.as_slice().as_chunks::<PANEL>().0;
        let width = panels.len() / d * PANEL;
        let n = x.len() / d;
        for row in (0..n).step_by(MR) {
            // Past the end the last row is measured again, and not written.
            let rows: [_; MR] = std::array::from_fn(|r| &x[(row + r).min(n - 1) * d..][..d]);
            for (p, panel) in panels.chunks_exact(d).enumerate() {
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

/// Sums of stretches of a line in f64, and the least and largest value of each.
pub(crate) struct Summed<'a> {
    /// Distances, and 16 numbers more.
    pub(crate) line: &'a [f32],
    /// Where stretches end.
    pub(crate) ends: &'a [usize],
    /// The sum of each stretch is added here.
    pub(crate) sums: &'a mut [f64],
    /// Every distance is added here; 16 more stay as they are.
    pub(crate) columns: &'a mut [f64],
    pub(crate) least: &'a mut [f32],
    pub(crate) most: &'a mut [f32],
}

/// Adds up a line.
pub(crate) fn sum_line(isa: Isa, line: Summed<'_>) {
    isa.run(line);
}

impl Kernel for Summed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self, _: L) {
        let mut start = 0;
        for (j, &end) in self.ends.iter().enumerate() {
            let mut stretch = Stretch::default();
            for at in (start..end - (end - start) % PANEL).step_by(PANEL) {
                self.add(&mut stretch, at, PANEL);
            }
            let rest = (end - start) % PANEL;
            if rest > 0 {
                self.add(&mut stretch, end - rest, rest);
            }
            self.sums[j] += stretch.sums.iter().sum::<f64>();
            self.least[j] = stretch.least.into_iter().fold(self.least[j], f32::min);
            self.most[j] = stretch.most.into_iter().fold(self.most[j], f32::max);
            start = end;
        }
    }
}

/// Sums and ranges in 16 lanes.
struct Stretch {
    sums: [f64; PANEL],
    least: [f32; PANEL],
    most: [f32; PANEL],
}

impl Default for Stretch {
    fn default() -> Self {
        Self { sums: [0.0; PANEL], least: [f32::INFINITY; PANEL], most: [f32::NEG_INFINITY; PANEL] }
    }
}

impl Summed<'_> {
    /// Adds the first `count` of 16 distances. The others add nothing: one by one, those that are left would take longer
    /// than all the rest.
    #[inline(always)]
    fn add(&mut self, stretch: &mut Stretch, at: usize, count: usize) {
        let line: &[f32; PANEL] = self.line[at..].first_chunk().expect("lines have 16 numbers more");
        let columns: &mut [f64; PANEL] = self.columns[at..].first_chunk_mut().expect("and so have columns");
        let Stretch { sums, least, most } = stretch;
        for l in 0..PANEL {
            let is_in = l < count;
            let value = if is_in { f64::from(line[l]) } else { 0.0 };
            sums[l] += value;
            columns[l] += value;
            least[l] = if is_in && line[l] < least[l] { line[l] } else { least[l] };
            most[l] = if is_in && line[l] > most[l] { line[l] } else { most[l] };
        }
    }
}
