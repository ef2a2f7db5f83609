//! Distances between two sets of rows, added up by segments.
//!
//! ```text
//! pack the second set
//! share stretches of 32 rows of the first among the workers:
//!     for each 512 rows of the second:     they stay in the second-level cache
//!         measure 32 × 512 distances
//!         add them to the sums of their rows, and of their columns
//! add the sums of columns, stretch by stretch in their order
//! ```
//!
//! Stretches do not depend on the number of workers, so neither do the bits.

use kmeans_core::{PairDistance, PairSums, Segments};

use crate::isa::Isa;
use crate::kernel::{self, Lines, PANEL, PairLines, Summed};
use crate::workers::Workers;

/// Rows of the first set in a stretch.
const STRETCH: usize = 32;

/// Values of the second set that are measured to at a time: 256 KiB.
const TILE_VALUES: usize = 1 << 16;

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
    let (tiles, d, b) = (tiles(second), first.d, second.ends.len());
    let stretches: Vec<Stretch> = stretches(first, second);
    let len = Workers::worth_sharing(stretches.len(), [first.rows(), d, second.rows()]);
    let work = |desk: &mut Desk, (stretch, own): (&mut Stretch, &mut [f64])| {
        desk.negate(&first.x[stretch.start * d..][..own.len() / b * d]);
        for tile in &tiles {
            desk.add(isa, stretch, tile, own, [d, b], distance == PairDistance::Euclidean);
        }
    };
    let mut stretches = stretches;
    let items = stretches.iter_mut().zip(sums.first.chunks_mut(STRETCH * b));
    workers.share(len, items, Desk::default, work);
    stretches.iter().for_each(|stretch| stretch.add_to(&mut sums, [first.ends.len(), b]));
    sums
}

/// Some rows of the second set.
struct Tile {
    panels: Lines,
    rows: std::ops::Range<usize>,
    /// The segments they belong to, and where those end within the tile.
    segments: std::ops::Range<usize>,
    ends: Vec<usize>,
}

fn tiles(second: &Segments<'_>) -> Vec<Tile> {
    let step = (TILE_VALUES / second.d).clamp(PANEL, 1 << 12).next_multiple_of(PANEL);
    let starts = (0..second.rows()).step_by(step);
    starts
        .map(|start| {
            let rows = start..second.rows().min(start + step);
            let from = second.ends.partition_point(|&end| end <= start);
            let to = second.ends.partition_point(|&end| end < rows.end).min(second.ends.len() - 1) + 1;
            let ends = second.ends[from..to].iter().map(|&end| end.min(rows.end) - start).collect();
            let panels = packed(&second.x[start * second.d..rows.end * second.d], second.d);
            Tile { panels, rows, segments: from..to, ends }
        })
        .collect()
}

/// Panels of 16 rows, filled up with the last one.
fn packed(x: &[f32], d: usize) -> Lines {
    let n = x.len() / d;
    let mut panels = Lines::zeros(n.next_multiple_of(PANEL) * d);
    for (p, panel) in panels.as_mut_slice().chunks_exact_mut(PANEL * d).enumerate() {
        for lane in 0..PANEL {
            let row = &x[(p * PANEL + lane).min(n - 1) * d..][..d];
            for (column, &value) in row.iter().enumerate() {
                panel[column * PANEL + lane] = value;
            }
        }
    }
    panels
}

/// Rows of the first set that one worker takes, and what they add to the sums of the second.
struct Stretch {
    start: usize,
    /// For each segment that has rows here: its number, and where those end within the stretch.
    segments: Vec<(usize, usize)>,
    /// For each of these segments one sum a row of the second set; and 16 more, which the kernel asks for.
    columns: Vec<f64>,
    /// For each of these segments one a segment of the second set.
    least: Vec<f32>,
    most: Vec<f32>,
}

fn stretches(first: &Segments<'_>, second: &Segments<'_>) -> Vec<Stretch> {
    let starts = (0..first.rows()).step_by(STRETCH);
    starts
        .map(|start| {
            let end = first.rows().min(start + STRETCH);
            let ranges = first.ranges().enumerate().skip(first.ends.partition_point(|&end| end <= start));
            let here =
                ranges.take_while(|(_, range)| range.start < end).filter(|(_, range)| !range.is_empty());
            let segments: Vec<_> = here.map(|(i, range)| (i, range.end.min(end) - start)).collect();
            Stretch {
                start,
                columns: vec![0.0; segments.len() * second.rows() + PANEL],
                least: vec![f32::INFINITY; segments.len() * second.ends.len()],
                most: vec![f32::NEG_INFINITY; segments.len() * second.ends.len()],
                segments,
            }
        })
        .collect()
}

impl Stretch {
    /// The sums of columns and the ranges, where they belong.
    fn add_to(&self, sums: &mut PairSums, [a, b]: [usize; 2]) {
        let columns = sums.second.len() / a;
        for (at, &(i, _)) in self.segments.iter().enumerate() {
            let own = &self.columns[at * columns..][..columns];
            for (sum, own) in sums.second.iter_mut().skip(i).step_by(a).zip(own) {
                *sum += own;
            }
            for j in 0..b {
                let (from, to) = (at * b + j, i * b + j);
                sums.least[to] = sums.least[to].min(self.least[from]);
                sums.most[to] = sums.most[to].max(self.most[from]);
            }
        }
    }
}

/// What a worker needs.
#[derive(Default)]
struct Desk {
    negated: Vec<f32>,
    lines: Vec<f32>,
}

impl Desk {
    /// The kernel adds: it takes one side negated.
    fn negate(&mut self, x: &[f32]) {
        self.negated.clear();
        self.negated.extend(x.iter().map(|x| -x));
    }

    /// Adds the distances of the rows of a stretch to those of a tile; `own` has the sums of these rows.
    fn add(
        &mut self,
        isa: Isa,
        stretch: &mut Stretch,
        tile: &Tile,
        own: &mut [f64],
        [d, b]: [usize; 2],
        root: bool,
    ) {
        let rows = self.negated.len() / d;
        let width = tile.rows.len().next_multiple_of(PANEL);
        self.lines.resize(rows * width + PANEL, 0.0);
        let Self { negated, lines } = self;
        let out = &mut lines[..rows * width];
        kernel::pair_lines(isa, PairLines { x: negated, d, panels: &tile.panels, root, out });
        let columns = (stretch.columns.len() - PANEL) / stretch.segments.len();
        let mut row = 0;
        for (at, &(_, end)) in stretch.segments.iter().enumerate() {
            while row < end {
                let here = at * b + tile.segments.start..at * b + tile.segments.end;
                kernel::sum_line(
                    isa,
                    Summed {
                        line: &lines[row * width..],
                        ends: &tile.ends,
                        sums: &mut own[row * b..][tile.segments.clone()],
                        columns: &mut stretch.columns[at * columns + tile.rows.start..],
                        least: &mut stretch.least[here.clone()],
                        most: &mut stretch.most[here],
                    },
                );
                row += 1;
            }
        }
    }
}
