//! Distance and argmin in one kernel: no n×k in memory.
//!
//! A cube has a tile of rows and walks over tiles of centroids; both come through shared memory in steps of
//! [`Tile::depth`] columns. A unit keeps the scores of a few rows and centroids in registers. A score is
//! `bias + chain`, the chain one of multiply-adds in the order of columns, fused where the device fuses: the
//! CPU's bits.

use cubecl::prelude::*;

use super::rows::{RowsView, offset};
use super::wide::{Wide, add_to};

type Four = Vector<f32, Const<4>>;

/// Units in each direction of a cube.
pub(crate) const SIDE: u32 = 16;
/// Columns of a step.
const DEPTH: u32 = 16;
/// Scores of rows that are numbers are far below it.
const NONE: f32 = 3.0e38;

/// Rows and centroids of a unit, each a multiple of four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
    pub(crate) rows: u32,
    pub(crate) centroids: u32,
    /// What products are multiplied by: −2 for L2, −1 for inner products, by its bits.
    pub(crate) squared: bool,
    /// Whether only rows on a list are looked at.
    pub(crate) listed: bool,
}

impl Tile {
    pub(crate) fn cube_rows(self) -> u32 {
        self.rows * SIDE
    }

    pub(crate) fn cube_centroids(self) -> u32 {
        self.centroids * SIDE
    }
}

/// The nearest of the centroids for each row, the lowest on ties, 0 for a row that is no number; and how many
/// labels are not those of `before`. Of rows on a list, as many as `listed` says, changes are not counted.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn assign_rows(
    rows: &RowsView,
    list: &Array<u32>,
    listed: &Array<u32>,
    centroids: &Array<f32>,
    biases: &Array<f32>,
    before: &Array<u32>,
    labels: &mut Array<u32>,
    changed: &Array<Atomic<u32>>,
    k: u32,
    #[comptime] tile: Tile,
) {
    let cube_rows = comptime!(tile.rows * SIDE);
    let cube_centroids = comptime!(tile.centroids * SIDE);
    let first_row = CUBE_POS as u32 * cube_rows;
    let mut count = rows.rows;
    if comptime!(tile.listed) {
        count = listed[0];
    }
    // The same for all units of a cube, so that they wait together.
    if first_row < count {
        let mut row_tile = SharedMemory::<Four>::new(comptime!((DEPTH * cube_rows / 4) as usize));
        let mut centroid_tile = SharedMemory::<Four>::new(comptime!((DEPTH * cube_centroids / 4) as usize));
        let mut best = Array::<f32>::new(comptime!(tile.rows as usize));
        let mut winner = Array::<u32>::new(comptime!(tile.rows as usize));
        #[unroll]
        for i in 0..comptime!(tile.rows as usize) {
            best[i] = NONE;
            winner[i] = 0u32;
        }
        for first in range_stepped(0u32, k, cube_centroids) {
            let mut chains = Array::<f32>::new(comptime!((tile.rows * tile.centroids) as usize));
            score_tile(
                rows,
                list,
                centroids,
                first_row,
                count,
                first,
                k,
                &mut row_tile,
                &mut centroid_tile,
                &mut chains,
                tile,
            );
            #[unroll]
            for j in 0..comptime!(tile.centroids as usize) {
                let centroid = first + centroid_of(j);
                if centroid < k {
                    let bias = biases[centroid as usize];
                    #[unroll]
                    for i in 0..comptime!(tile.rows as usize) {
                        let score = bias + chains[i * comptime!(tile.centroids as usize) + j];
                        if score < best[i] {
                            best[i] = score;
                            winner[i] = centroid;
                        }
                    }
                }
            }
        }
        settle(list, first_row, count, &best, &winner, before, labels, changed, tile);
    }
}

/// The scores of all centroids for rows `first..first + count`, row-major count×k. `row_cubes` cubes have all rows; the
/// next so many have the next `span` centroids, a multiple of a cube's.
#[cube(launch_unchecked)]
pub(crate) fn score_rows(
    rows: &RowsView,
    nothing: &Array<u32>,
    centroids: &Array<f32>,
    biases: &Array<f32>,
    scores: &mut Array<f32>,
    first: u32,
    count: u32,
    k: u32,
    row_cubes: u32,
    span: u32,
    #[comptime] tile: Tile,
) {
    let cube_rows = comptime!(tile.rows * SIDE);
    let cube_centroids = comptime!(tile.centroids * SIDE);
    let first_row = first + CUBE_POS as u32 % row_cubes * cube_rows;
    let begin = CUBE_POS as u32 / row_cubes * span;
    let mut row_tile = SharedMemory::<Four>::new(comptime!((DEPTH * cube_rows / 4) as usize));
    let mut centroid_tile = SharedMemory::<Four>::new(comptime!((DEPTH * cube_centroids / 4) as usize));
    for start in range_stepped(begin, min(begin + span, k), cube_centroids) {
        let mut chains = Array::<f32>::new(comptime!((tile.rows * tile.centroids) as usize));
        score_tile(
            rows,
            nothing,
            centroids,
            first_row,
            rows.rows,
            start,
            k,
            &mut row_tile,
            &mut centroid_tile,
            &mut chains,
            tile,
        );
        #[unroll]
        for j in 0..comptime!(tile.centroids as usize) {
            let centroid = start + centroid_of(j);
            #[unroll]
            for i in 0..comptime!(tile.rows as usize) {
                let row = first_row + row_of(i);
                if centroid < k {
                    if row < first + count {
                        let score =
                            biases[centroid as usize] + chains[i * comptime!(tile.centroids as usize) + j];
                        scores[(row - first) as usize * k as usize + centroid as usize] = score;
                    }
                }
            }
        }
    }
}

/// The row of a cube's tile that is number `i` of this unit: four in a row, then those of the next units.
#[cube]
fn row_of(#[comptime] i: usize) -> u32 {
    comptime!((i as u32 / 4) * 4 * SIDE) + UNIT_POS_Y * 4 + comptime!(i as u32 % 4)
}

/// The same of centroids. Numbers of one unit ascend.
#[cube]
fn centroid_of(#[comptime] j: usize) -> u32 {
    comptime!((j as u32 / 4) * 4 * SIDE) + UNIT_POS_X * 4 + comptime!(j as u32 % 4)
}

/// The row at a place: itself, or that of the list.
#[cube]
fn row_at(list: &Array<u32>, place: u32, #[comptime] tile: Tile) -> u32 {
    if comptime!(tile.listed) { list[place as usize] } else { place }
}

/// The chains of this unit's rows and centroids.
#[cube]
#[allow(clippy::too_many_arguments, reason = "the inside of two kernels")]
fn score_tile(
    rows: &RowsView,
    list: &Array<u32>,
    centroids: &Array<f32>,
    first_row: u32,
    count: u32,
    first: u32,
    k: u32,
    row_tile: &mut SharedMemory<Four>,
    centroid_tile: &mut SharedMemory<Four>,
    chains: &mut Array<f32>,
    #[comptime] tile: Tile,
) {
    let dim = rows.dim;
    #[unroll]
    for i in 0..comptime!((tile.rows * tile.centroids) as usize) {
        chains[i] = 0.0f32;
    }
    // Neighbours read neighbouring columns; each reads four rows, which are four lanes of its vector.
    let column = UNIT_POS_X;
    for start in range_stepped(0u32, dim, DEPTH) {
        #[unroll]
        for part in 0..comptime!(tile.rows / 4) {
            let group = UNIT_POS_Y + part * SIDE;
            let mut four = Four::zeroed();
            if start + column < dim {
                #[unroll]
                for lane in 0..4usize {
                    let place = first_row + group * 4 + lane as u32;
                    if place < count {
                        four[lane] = offset(rows, row_at(list, place, tile), start + column);
                    }
                }
            }
            row_tile[(column * comptime!(tile.rows * SIDE / 4) + group) as usize] = four;
        }
        #[unroll]
        for part in 0..comptime!(tile.centroids / 4) {
            let group = UNIT_POS_Y + part * SIDE;
            let mut four = Four::zeroed();
            if start + column < dim {
                #[unroll]
                for lane in 0..4usize {
                    let centroid = first + group * 4 + lane as u32;
                    if centroid < k {
                        let c = centroids[centroid as usize * dim as usize + (start + column) as usize];
                        four[lane] = c * comptime!(if tile.squared { -2.0f32 } else { -1.0f32 });
                    }
                }
            }
            centroid_tile[(column * comptime!(tile.centroids * SIDE / 4) + group) as usize] = four;
        }
        sync_cube();
        for depth in 0..DEPTH {
            let mut left = Array::<Four>::new(comptime!((tile.rows / 4) as usize));
            let mut right = Array::<Four>::new(comptime!((tile.centroids / 4) as usize));
            #[unroll]
            for part in 0..comptime!(tile.rows / 4) {
                left[part as usize] =
                    row_tile[(depth * comptime!(tile.rows * SIDE / 4) + part * SIDE + UNIT_POS_Y) as usize];
            }
            #[unroll]
            for part in 0..comptime!(tile.centroids / 4) {
                right[part as usize] = centroid_tile
                    [(depth * comptime!(tile.centroids * SIDE / 4) + part * SIDE + UNIT_POS_X) as usize];
            }
            #[unroll]
            for i in 0..comptime!(tile.rows as usize) {
                #[unroll]
                for j in 0..comptime!(tile.centroids as usize) {
                    let at = comptime!(i * tile.centroids as usize + j);
                    chains[at] = fma(left[i / 4][i % 4], right[j / 4][j % 4], chains[at]);
                }
            }
        }
        sync_cube();
    }
}

/// The best of the units that share rows; the lowest centroid where they are equally good.
#[cube]
#[allow(clippy::too_many_arguments, reason = "the end of a kernel")]
fn settle(
    list: &Array<u32>,
    first_row: u32,
    count: u32,
    best: &Array<f32>,
    winner: &Array<u32>,
    before: &Array<u32>,
    labels: &mut Array<u32>,
    changed: &Array<Atomic<u32>>,
    #[comptime] tile: Tile,
) {
    let mut scores = SharedMemory::<f32>::new(comptime!((SIDE * SIDE) as usize));
    let mut numbers = SharedMemory::<u32>::new(comptime!((SIDE * SIDE) as usize));
    let mut moved = 0u32;
    #[unroll]
    for i in 0..comptime!(tile.rows as usize) {
        sync_cube();
        scores[UNIT_POS as usize] = best[i];
        numbers[UNIT_POS as usize] = winner[i];
        sync_cube();
        let place = first_row + row_of(i);
        if UNIT_POS_X == 0 {
            if place < count {
                let row = row_at(list, place, tile);
                let start = (UNIT_POS_Y * SIDE) as usize;
                let mut score = scores[start];
                let mut label = numbers[start];
                for unit in 1..comptime!(SIDE as usize) {
                    let other = scores[start + unit];
                    let number = numbers[start + unit];
                    if other < score || (other == score && number < label) {
                        score = other;
                        label = number;
                    }
                }
                if comptime!(!tile.listed) {
                    if before[row as usize] != label {
                        moved += 1;
                    }
                }
                labels[row as usize] = label;
            }
        }
    }
    if moved > 0 {
        add_to(changed, 0, Wide { low: moved, high: 0u32 });
    }
}

/// The `p` lowest of the scores of each row, the lowest first, ties to the lowest number: one cube a row.
#[cube(launch_unchecked)]
pub(crate) fn select_lowest(
    scores: &Array<f32>,
    ids: &mut Array<u32>,
    count: u32,
    k: u32,
    p: u32,
    #[comptime] units: u32,
) {
    // All units of all cubes go on, so that those of a cube wait together.
    let row = min(CUBE_POS as u32, count - 1) as usize;
    let start = row * k as usize;
    let mut lowest = SharedMemory::<f32>::new(units as usize);
    let mut numbers = SharedMemory::<u32>::new(units as usize);
    let mut last_score = 0.0f32;
    let mut last = 0u32;
    let mut score = f32::new(NONE);
    let mut number = k;
    for rank in 0..p {
        // A unit whose lowest was taken looks for its next.
        if rank == 0 || number == last {
            let mut next = f32::new(NONE);
            number = k;
            for candidate in range_stepped(UNIT_POS, k, units) {
                let other = scores[start + candidate as usize];
                let is_left = rank == 0 || other > last_score || (other == last_score && candidate > last);
                if is_left && other < next {
                    next = other;
                    number = candidate;
                }
            }
            score = next;
        }
        lowest[UNIT_POS as usize] = score;
        numbers[UNIT_POS as usize] = number;
        sync_cube();
        #[unroll]
        for halving in 0..comptime!(units.ilog2()) {
            let half = comptime!(units >> (halving + 1));
            if UNIT_POS < half {
                let (here, there) = (UNIT_POS as usize, (UNIT_POS + half) as usize);
                let is_less = lowest[there] < lowest[here];
                if is_less || (lowest[there] == lowest[here] && numbers[there] < numbers[here]) {
                    lowest[here] = lowest[there];
                    numbers[here] = numbers[there];
                }
            }
            sync_cube();
        }
        last_score = lowest[0];
        last = numbers[0];
        sync_cube();
        if UNIT_POS == 0 {
            ids[row * p as usize + rank as usize] = min(last, k - 1);
        }
    }
}
