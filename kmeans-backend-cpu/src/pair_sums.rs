//! Distances between two sets of rows, added up by segments.
//!
//! ```text
//! pack the second set in tiles that stay in the second-level cache
//! share stretches of 32 rows of the first among the workers:
//!     for each tile:
//!         measure all distances
//!         add them to the sums of their rows, and of their columns
//! add the sums of columns, stretch by stretch in their order
//! ```
//!
//! Of two sets that are the same one, a stretch looks at itself and the rows behind it: sums of rows and of columns
//! together are then those of all pairs. Stretches do not depend on the number of workers, so neither do the bits.

use std::ops::Range;

use kmeans_core::{PairDistance, PairRanges, PairSums, Segments};

use crate::isa::Isa;
use crate::kernel::{self, Ranged, Summed};
use crate::pair_tiles::{Desk, STRETCH, Stretch, Tile, stretches, tiles};
use crate::workers::Workers;

/// Sums of all distances.
pub(crate) fn pair_sums(
    workers: &Workers,
    isa: Isa,
    first: &Segments<'_>,
    second: &Segments<'_>,
    distance: PairDistance,
) -> PairSums {
    let mut sums = PairSums::new(first, second);
    if first.x.is_empty() || second.x.is_empty() {
        return sums;
    }
    let (tiles, b) = (tiles(second), second.ends.len());
    let is_one = std::ptr::eq(first.x, second.x) && first.ends == second.ends;
    let root = distance == PairDistance::Euclidean;
    let mut columns: Vec<Columns> =
        stretches(first).map(|stretch| Columns::new(stretch, second.rows())).collect();
    let len = Workers::worth_sharing(columns.len(), [first.rows(), first.d, second.rows()]);
    let items = columns.iter_mut().zip(sums.first.chunks_mut(STRETCH * b));
    workers.share(len, items, Desk::default, |desk, (columns, own)| {
        let rows = columns.stretch.rows.clone();
        desk.negate(&first.x[rows.start * first.d..rows.end * first.d]);
        let passed = if is_one { rows.start } else { 0 };
        for tile in tiles.iter().filter(|tile| tile.rows.end > passed) {
            let from = passed.saturating_sub(tile.rows.start);
            let lines = desk.measure(isa, tile, from, first.d, root);
            columns.add(isa, tile, from, lines, own);
        }
        if is_one {
            columns.forget(rows);
        }
    });
    columns.iter().for_each(|columns| columns.add_to(&mut sums.second));
    if is_one {
        for (row, sums_of_row) in sums.first.chunks_exact_mut(b).enumerate() {
            for (sum, second) in sums_of_row.iter_mut().zip(sums.second.chunks_exact_mut(first.rows())) {
                *sum += second[row];
                second[row] = *sum;
            }
        }
    }
    sums
}

/// Ranges of all distances.
pub(crate) fn pair_ranges(
    workers: &Workers,
    isa: Isa,
    first: &Segments<'_>,
    second: &Segments<'_>,
) -> PairRanges {
    let ranges = || PairRanges::new(first, second);
    if first.x.is_empty() || second.x.is_empty() {
        return ranges();
    }
    let (tiles, d, b) = (tiles(second), first.d, second.ends.len());
    let stretches: Vec<Stretch> = stretches(first).collect();
    let len = Workers::worth_sharing(stretches.len(), [first.rows(), d, second.rows()]);
    let state = || (Desk::default(), ranges());
    let found = workers.share(len, stretches.into_iter(), state, |(desk, ranges), stretch| {
        desk.negate(&first.x[stretch.rows.start * d..stretch.rows.end * d]);
        for tile in &tiles {
            let lines = desk.measure(isa, tile, 0, d, true);
            for (row, segment) in stretch.by_row() {
                let here = segment * b + tile.segments.start..segment * b + tile.segments.end;
                let (least, most) = (&mut ranges.least[here.clone()], &mut ranges.most[here]);
                let line = &lines[row * tile.width()..];
                kernel::range_line(isa, Ranged { line, from: 0, ends: &tile.ends, least, most });
            }
        }
    });
    let mut all = ranges();
    for (_, ranges) in found {
        all.least.iter_mut().zip(ranges.least).for_each(|(all, least)| *all = all.min(least));
        all.most.iter_mut().zip(ranges.most).for_each(|(all, most)| *all = all.max(most));
    }
    all
}

/// A stretch, and what it adds to the sums of the second set.
struct Columns {
    stretch: Stretch,
    /// For each segment of the stretch one sum a row of the second set.
    sums: Vec<f64>,
    rows: usize,
}

impl Columns {
    fn new(stretch: Stretch, rows: usize) -> Self {
        Self { sums: vec![0.0; stretch.segments.len() * rows], stretch, rows }
    }

    /// Adds distances to the rows of a tile; `own` has the sums of the rows of the stretch.
    fn add(&mut self, isa: Isa, tile: &Tile, from: usize, lines: &[f32], own: &mut [f64]) {
        let b = own.len() / self.stretch.rows.len();
        let mut row = 0;
        for (at, &(_, end)) in self.stretch.segments.iter().enumerate() {
            let columns = &mut self.sums[at * self.rows..][tile.rows.clone()];
            while row < end {
                let (line, sums) = (&lines[row * tile.width()..], &mut own[row * b..][tile.segments.clone()]);
                kernel::sum_line(isa, Summed { line, from, ends: &tile.ends, sums, columns });
                row += 1;
            }
        }
    }

    /// Leaves these rows of the second set out.
    fn forget(&mut self, rows: Range<usize>) {
        self.sums.chunks_exact_mut(self.rows).for_each(|sums| sums[rows.clone()].fill(0.0));
    }

    /// The sums where they belong.
    fn add_to(&self, second: &mut [f64]) {
        for (&(segment, _), own) in self.stretch.segments.iter().zip(self.sums.chunks_exact(self.rows)) {
            let second = second[segment * self.rows..].iter_mut();
            second.zip(own).for_each(|(sum, own)| *sum += own);
        }
    }
}
