//! Rows in cells of near ones, and the few centroids that may be their labels: where columns are few.
//!
//! ```text
//! once:
//!     halve the rows across their widest column, and the halves again, down to cells of 64
//!     a box around each part of some thousand rows or fewer
//! in each pass, for each part, the larger first:
//!     rivals = those of the part above that may score lowest somewhere in the box
//!     a cell: its rows score its rivals              by the kernel that scores all centroids elsewhere
//! ```
//!
//! This is the filtering of \[KMNPSW02\] over a k-d tree, but for whole cells of rows, which fill the vectors. Nothing is
//! remembered from pass to pass, and sums are taken row by row, so that bits stay what they are.

use crate::codebook::CpuCodebook;
use crate::desk::Desks;
use crate::isa::Isa;
use crate::kernel::{self, Around, Fours, Rivals, RowBlock, Scratch};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// Rows of a cell: a tile of the kernel.
const CELL: usize = 64;

/// Rows of a stretch, which one worker takes.
const STRETCH: usize = 64 * CELL;

/// With more columns a box of 64 rows is near to most centroids: of half a million rows of 8 columns, 45 % of 4096.
const MOST_COLUMNS: usize = 7;

/// More rivals than that are worth a look at the box.
const FEW: usize = 16;

/// Whether this is faster than scoring all pairs, where these rows were assigned before, and will be again, or not: to
/// put a million rows in cells takes as long as 2 passes against 1000 centroids, 4 against 256 (d = 2).
pub(crate) fn pay([n, d, k]: [usize; 3], again: bool) -> bool {
    let fewest = match (again, d) {
        (false, _) => 2048,
        (true, 0..=4) => 256,
        (true, _) => 512,
    };
    d <= MOST_COLUMNS && (16 * CELL..u32::MAX as usize).contains(&n) && k >= fewest
}

/// Rows in the order of cells, and boxes around their parts.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    d: usize,
    /// In the frame, row-major.
    rows: Vec<f32>,
    /// The place of each row in that order.
    places: Vec<u32>,
    /// For each part of each stretch, a part before its halves: middle, half of the width.
    boxes: Vec<f32>,
}

/// What a worker keeps from stretch to stretch.
#[derive(Debug, Default)]
pub(crate) struct CellDesk {
    rivals: Vec<Rivals>,
    scores: Vec<f32>,
    fours: Fours,
    rows: RowBlock,
    chosen: Vec<i32>,
    scratch: Scratch,
}

/// Labels in the order of cells, and how many pairs were scored for them.
pub(crate) struct Found {
    pub(crate) labels: Vec<i32>,
    pub(crate) scored: u64,
}

/// A row on its way to its place.
#[derive(Clone, Copy)]
struct Placed<const D: usize> {
    v: [f32; D],
    row: u32,
}

/// Numbers that describe the parts of a stretch.
const fn box_values(d: usize) -> usize {
    (2 * (STRETCH / CELL) - 1) * 2 * d
}

impl Cells {
    /// Bytes for so many rows while they are put in cells; half of it stays, and as much as their labels is taken
    /// in each pass.
    pub(crate) fn bytes(n: usize, d: usize) -> u64 {
        (2 * n * (4 + 4 * d) + n.div_ceil(STRETCH) * box_values(d) * 4) as u64
    }

    /// Cost O(n·d·log n), memory [`Cells::bytes`].
    pub(crate) fn of(workers: &Workers, isa: Isa, rows: &CpuPrepared<'_>) -> Self {
        match rows.d() {
            1 => Self::place::<1>(workers, isa, rows),
            2 => Self::place::<2>(workers, isa, rows),
            3 => Self::place::<3>(workers, isa, rows),
            4 => Self::place::<4>(workers, isa, rows),
            5 => Self::place::<5>(workers, isa, rows),
            6 => Self::place::<6>(workers, isa, rows),
            MOST_COLUMNS => Self::place::<MOST_COLUMNS>(workers, isa, rows),
            d => unreachable!("rows of {d} columns are not put in cells"),
        }
    }

    fn place<const D: usize>(workers: &Workers, isa: Isa, rows: &CpuPrepared<'_>) -> Self {
        let n = rows.n();
        let step = kernel::block_rows(D);
        let mut placed = vec![Placed { v: [0.0; D], row: 0 }; n];
        let blocks = (0..n).step_by(step).zip(placed.chunks_mut(step));
        workers.share(n.div_ceil(step), blocks, RowBlock::default, |block, (start, placed)| {
            rows.load(isa, block, start..start + placed.len());
            for (i, placed) in placed.iter_mut().enumerate() {
                placed.v.copy_from_slice(block.row(i));
                placed.row = (start + i) as u32;
            }
        });
        let mut boxes = vec![0.0; n.div_ceil(STRETCH) * box_values(D)];
        workers.run(|| part_stretches(&mut placed, &mut boxes));
        let mut places = vec![0; n];
        placed.iter().enumerate().for_each(|(place, placed)| places[placed.row as usize] = place as u32);
        Self { d: D, rows: placed.iter().flat_map(|placed| placed.v).collect(), places, boxes }
    }

    /// The label of each row, in the order of cells.
    pub(crate) fn nearest(
        &self,
        workers: &Workers,
        isa: Isa,
        codebook: &CpuCodebook,
        desks: &Desks,
    ) -> Found {
        let all = codebook.rivals();
        let mut labels = vec![0; self.places.len()];
        let stretches = labels.chunks_mut(STRETCH).zip(self.rows.chunks(STRETCH * self.d));
        let stretches = stretches.zip(self.boxes.chunks_exact(box_values(self.d)));
        let count = self.places.len().div_ceil(STRETCH);
        let desk = || (desks.take(0), 0);
        let states = workers.share(count, stretches, desk, |(desk, scored), ((labels, rows), boxes)| {
            // A level for each halving, and one more.
            let mut rivals = std::mem::take(&mut desk.cells.rivals);
            rivals.resize((STRETCH / CELL).ilog2() as usize + 1, Rivals::default());
            let (boxes, desk_of_cells) = (boxes.chunks_exact(2 * self.d), &mut desk.cells);
            let mut descent = Descent { isa, d: self.d, boxes, desk: desk_of_cells, scored };
            descent.part(rows, labels, all, &mut rivals);
            desk.cells.rivals = rivals;
        });
        let scored = states.iter().map(|(_, scored)| scored).sum();
        desks.give_back(states.into_iter().map(|(desk, _)| desk).collect());
        Found { labels, scored }
    }

    /// The places of some rows in the order of cells.
    pub(crate) fn places(&self, rows: std::ops::Range<usize>) -> &[u32] {
        &self.places[rows]
    }
}

/// The way down from a stretch to its cells.
struct Descent<'a, B> {
    isa: Isa,
    d: usize,
    /// Those of the parts that are still to come.
    boxes: B,
    desk: &'a mut CellDesk,
    scored: &'a mut u64,
}

impl<'a, B: Iterator<Item = &'a [f32]>> Descent<'a, B> {
    /// Labels rows whose centroids are among `rivals`; `below` is room for the rivals of their parts.
    fn part(&mut self, rows: &[f32], labels: &mut [i32], rivals: &Rivals, below: &mut [Rivals]) {
        let (middle, half) = self.boxes.next().expect("each part has a box").split_at(self.d);
        let cells = labels.len().div_ceil(CELL);
        let (own, below) = below.split_first_mut().expect("there is room for each level");
        let rivals = if rivals.len() > FEW && is_worth_narrowing(cells) {
            kernel::narrow(self.isa, rivals, Around { middle, half }, &mut self.desk.scores, own);
            &*own
        } else {
            rivals
        };
        let Some(cut) = halved(labels.len(), CELL) else { return self.cell(rows, labels, rivals) };
        let (low, high) = labels.split_at_mut(cut);
        self.part(&rows[..cut * self.d], low, rivals, below);
        self.part(&rows[cut * self.d..], high, rivals, below);
    }

    fn cell(&mut self, rows: &[f32], labels: &mut [i32], rivals: &Rivals) {
        let CellDesk { fours, rows: block, chosen, scratch, .. } = &mut *self.desk;
        block.load(self.isa, rows, self.d, &[0.0; MOST_COLUMNS][..self.d], 1.0);
        fours.fill(rivals);
        chosen.resize(labels.len(), 0);
        kernel::nearest_transposed(self.isa, block, fours, scratch, chosen, &[]);
        labels.iter_mut().zip(&*chosen).for_each(|(label, &place)| *label = rivals.id(place as usize));
        *self.scored += (labels.len() * rivals.len()) as u64;
    }
}

/// At each second level: what is left is copied.
fn is_worth_narrowing(cells: usize) -> bool {
    cells.next_power_of_two().trailing_zeros().is_multiple_of(2)
}

/// Where so many rows are halved, at a multiple of `unit`; none if they are one unit.
fn halved(rows: usize, unit: usize) -> Option<usize> {
    let units = rows.div_ceil(unit);
    (units > 1).then(|| units / 2 * unit)
}

/// Brings rows into the order of cells, and writes the boxes of all stretches.
fn part_stretches<const D: usize>(rows: &mut [Placed<D>], boxes: &mut [f32]) {
    let Some(cut) = halved(rows.len(), STRETCH) else {
        return part(rows, &mut boxes.chunks_exact_mut(2 * D));
    };
    let (_, half) = around(rows);
    let (low, high) = cut_at(rows, cut, widest(&half));
    let (of_low, of_high) = boxes.split_at_mut(cut / STRETCH * box_values(D));
    rayon::join(|| part_stretches(low, of_low), || part_stretches(high, of_high));
}

/// The same of the parts of one stretch.
fn part<'b, const D: usize>(rows: &mut [Placed<D>], boxes: &mut impl Iterator<Item = &'b mut [f32]>) {
    let (middle, half) = around(rows);
    let to = boxes.next().expect("each part has a box");
    to[..D].copy_from_slice(&middle);
    to[D..].copy_from_slice(&half);
    if let Some(cut) = halved(rows.len(), CELL) {
        let (low, high) = cut_at(rows, cut, widest(&half));
        part(low, boxes);
        part(high, boxes);
    }
}

/// The middle of the box around some rows and half of its widths, rounded up; +∞ where a value is no finite number.
fn around<const D: usize>(rows: &[Placed<D>]) -> ([f32; D], [f32; D]) {
    let (mut low, mut high, mut is_finite) = ([f32::INFINITY; D], [f32::NEG_INFINITY; D], [true; D]);
    for Placed { v, .. } in rows {
        for l in 0..D {
            low[l] = if v[l] < low[l] { v[l] } else { low[l] };
            high[l] = if v[l] > high[l] { v[l] } else { high[l] };
            is_finite[l] &= v[l].is_finite();
        }
    }
    let middle: [f32; D] = std::array::from_fn(|l| low[l] / 2.0 + high[l] / 2.0);
    let half = std::array::from_fn(|l| {
        let width = (high[l] - middle[l]).max(middle[l] - low[l]);
        if is_finite[l] { width.next_up() } else { f32::INFINITY }
    });
    (middle, half)
}

fn widest(half: &[f32]) -> usize {
    (0..half.len()).max_by(|&a, &b| half[a].total_cmp(&half[b])).expect("there are columns")
}

fn cut_at<const D: usize>(
    rows: &mut [Placed<D>],
    cut: usize,
    column: usize,
) -> (&mut [Placed<D>], &mut [Placed<D>]) {
    rows.select_nth_unstable_by(cut, |a, b| a.v[column].total_cmp(&b.v[column]));
    rows.split_at_mut(cut)
}
