//! Two sets of rows cut into pieces, for distances of all pairs.

use std::ops::Range;

use kmeans_core::Segments;

use crate::isa::Isa;
use crate::kernel::{self, Lines, PANEL, PairLines};

/// Rows of the first set in a stretch.
pub(crate) const STRETCH: usize = 32;

/// Values of the second set that are measured to at a time: 256 KiB.
const TILE_VALUES: usize = 1 << 16;

/// Some rows of the second set, packed.
pub(crate) struct Tile {
    panels: Lines,
    pub(crate) rows: Range<usize>,
    /// The segments they belong to, and where those end within the tile.
    pub(crate) segments: Range<usize>,
    pub(crate) ends: Vec<usize>,
}

impl Tile {
    /// Numbers in a line of distances: whole panels.
    pub(crate) fn width(&self) -> usize {
        self.rows.len().next_multiple_of(PANEL)
    }
}

/// The second set in tiles.
pub(crate) fn tiles(second: &Segments<'_>) -> Vec<Tile> {
    let step = (TILE_VALUES / second.d).clamp(PANEL, 1 << 12).next_multiple_of(PANEL);
    let starts = (0..second.rows()).step_by(step);
    starts.map(|start| tile(second, start..second.rows().min(start + step))).collect()
}

fn tile(second: &Segments<'_>, rows: Range<usize>) -> Tile {
    let from = second.ends.partition_point(|&end| end <= rows.start);
    let to = second.ends.partition_point(|&end| end < rows.end) + 1;
    let ends = second.ends[from..to].iter().map(|&end| end.min(rows.end) - rows.start).collect();
    let panels = packed(&second.x[rows.start * second.d..rows.end * second.d], second.d);
    Tile { panels, rows, segments: from..to, ends }
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

/// Some rows of the first set, which one worker takes.
pub(crate) struct Stretch {
    pub(crate) rows: Range<usize>,
    /// For each segment that has rows here: its number, and where those end within the stretch.
    pub(crate) segments: Vec<(usize, usize)>,
}

impl Stretch {
    /// Each row within the stretch, and its segment.
    pub(crate) fn by_row(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut start = 0;
        self.segments.iter().flat_map(move |&(segment, end)| {
            let rows = std::mem::replace(&mut start, end)..end;
            rows.map(move |row| (row, segment))
        })
    }
}

/// The first set in stretches.
pub(crate) fn stretches<'a>(first: &'a Segments<'_>) -> impl Iterator<Item = Stretch> + 'a {
    (0..first.rows()).step_by(STRETCH).map(|start| {
        let end = first.rows().min(start + STRETCH);
        let ranges = first.ranges().enumerate().skip(first.ends.partition_point(|&end| end <= start));
        let here = ranges.take_while(|(_, range)| range.start < end).filter(|(_, range)| !range.is_empty());
        Stretch {
            rows: start..end,
            segments: here.map(|(i, range)| (i, range.end.min(end) - start)).collect(),
        }
    })
}

/// What a worker measures with.
#[derive(Default)]
pub(crate) struct Desk {
    negated: Vec<f32>,
    lines: Vec<f32>,
}

impl Desk {
    /// Takes rows of the first set: the kernel adds, so they are negated.
    pub(crate) fn negate(&mut self, x: &[f32]) {
        self.negated.clear();
        self.negated.extend(x.iter().map(|x| -x));
    }

    /// A line of distances to the rows of a tile for each row taken, and 16 numbers more; those before `from`, which is a
    /// whole panel, are left out.
    pub(crate) fn measure(&mut self, isa: Isa, tile: &Tile, from: usize, d: usize, root: bool) -> &[f32] {
        let len = self.negated.len() / d * tile.width();
        self.lines.resize(len + PANEL, 0.0);
        let out = &mut self.lines[..len];
        kernel::pair_lines(isa, PairLines { x: &self.negated, d, panels: &tile.panels, from, root, out });
        &self.lines
    }
}
