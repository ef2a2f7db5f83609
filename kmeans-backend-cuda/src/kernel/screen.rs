//! The nearest centroid by half-precision products of matrix units, where those can tell it for sure.
//!
//! Rows and centroids have shadows in `f16`, scaled by a power of two. Products of shadows are summed in `f32`; how far a
//! score can lie from the exact kernel's is bounded below, and a row whose two best are nearer to each other than twice
//! that is put on a list for the exact kernel. Labels are therefore the exact kernel's, ties included.
//!
//! Where a device has no matrix units the same kernel multiplies by hand: slow, to test all else.

use cubecl::cmma;
use cubecl::prelude::*;
use half::f16;

use super::distance::{GROUPS, LANES};
use super::rows::{RowsView, offset};
use super::wide::{Wide, add_to};

/// Values that are loaded and stored together.
pub(crate) type Halves = Vector<f16, Const<4>>;

/// Units of a cube: eight planes of 32.
pub(crate) const UNITS: u32 = 256;
const PLANES: u32 = 8;
const PLANE: u32 = 32;
/// Side of the pieces that matrix units multiply.
const PIECE: u32 = 16;
/// Columns of centroids that are in shared memory at a time.
const STEP: u32 = 64;
/// Values between rows in shared memory, so that they begin in other banks.
const GAP: u32 = 8;
/// Norms beyond it may have values that a half does not hold.
const MOST_NORM: f32 = 60_000.0;
const NONE: f32 = 3.0e38;

/// What a screen has to know when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Screen {
    /// Rows and centroids of a cube, multiples of 16.
    pub(crate) rows: u32,
    pub(crate) centroids: u32,
    /// Columns, a multiple of 16; those past the last one are zeros.
    pub(crate) depth: u32,
    /// Whether scores are `bias − 2⟨v, c⟩`, and not `−⟨v, c⟩`.
    pub(crate) squared: bool,
    /// Whether there are matrix units.
    pub(crate) by_matrix: bool,
}

impl Screen {
    /// Bytes of shared memory.
    pub(crate) fn shared_bytes(self) -> u32 {
        let halves = self.rows * (self.depth + GAP) + self.centroids * (self.step() + GAP);
        2 * halves + 4 * self.rows * (self.centroids + 4) + 12 * UNITS
    }

    fn step(self) -> u32 {
        self.depth.min(STEP)
    }

    /// The largest relative rounding of a value to a half, and the largest absolute one of small values. A device
    /// without matrix units may round towards zero.
    fn roundings(self) -> (f32, f32) {
        let nearest = if self.by_matrix { 0.5 } else { 1.0 };
        (nearest / 1024.0, nearest / 16_777_216.0)
    }

    /// The share of `‖v‖·‖c‖` by which a product may be off: both factors rounded; `depth` sums, cut off at 22 bits;
    /// and what the exact kernel rounds.
    fn share(self) -> f32 {
        let (u, _) = self.roundings();
        let depth = self.depth as f32;
        2.0 * u + u * u + (depth + 4.0) * (2.0_f32.powi(-22) + 2.0_f32.powi(-24))
    }
}

/// Rows in the frame, times `scale`, as halves; and a bound of the length of each of these. Of centroids, whose biases
/// there are, `reach` has the largest length and the largest `|bias| · scale²`, as the bits of an `f32`.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn shadow_rows(
    rows: &RowsView,
    biases: &Array<f32>,
    shadow: &mut Array<Halves>,
    norms: &mut Array<f32>,
    reach: &Array<Atomic<u32>>,
    scale: f32,
    #[comptime] depth: u32,
    #[comptime] are_centroids: bool,
) {
    let row = CUBE_POS as u32 * GROUPS + UNIT_POS_Y;
    let seen = min(row, rows.rows - 1);
    let mut sum = 0.0f32;
    for part in range_stepped(UNIT_POS_X, comptime!(depth / 4), LANES) {
        let mut halves = Halves::empty();
        #[unroll]
        for lane in 0..4usize {
            let column = part * 4 + lane as u32;
            let mut v = 0.0f32;
            if column < rows.dim {
                v = offset(rows, seen, column) * scale;
            }
            sum += v * v;
            halves[lane] = f16::cast_from(v);
        }
        if row < rows.rows {
            shadow[row as usize * comptime!((depth / 4) as usize) + part as usize] = halves;
        }
    }
    let norm = length(sum);
    if row < rows.rows && UNIT_POS_X == 0 {
        norms[row as usize] = norm;
        if comptime!(are_centroids) {
            reach[0].fetch_max(u32::reinterpret(norm));
            reach[1].fetch_max(u32::reinterpret(f32::abs(biases[row as usize]) * scale * scale));
        }
    }
}

/// A bound of the square root of the sum over this unit's lanes; all units of the cube must come here.
#[cube]
fn length(sum: f32) -> f32 {
    let mut lanes = SharedMemory::<f32>::new((GROUPS * LANES) as usize);
    let place = (UNIT_POS_Y * LANES) as usize;
    lanes[place + UNIT_POS_X as usize] = sum;
    sync_cube();
    let mut total = 0.0f32;
    for lane in 0..LANES as usize {
        total += lanes[place + lane];
    }
    // Some hundred roundings of the sum.
    f32::sqrt(total) * 1.0005
}

/// Labels of the rows whose nearest centroid is sure, and the numbers of the others, as many as `unsure` says.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel names all that it reads")]
pub(crate) fn screen_rows(
    shadow: &Array<Halves>,
    norms: &Array<f32>,
    centroids: &Array<Halves>,
    biases: &Array<f32>,
    reach: &Array<f32>,
    labels: &mut Array<u32>,
    unsure: &Array<Atomic<u32>>,
    list: &mut Array<u32>,
    rows: u32,
    k: u32,
    sq_scale: f32,
    #[comptime] screen: Screen,
) {
    let first_row = CUBE_POS as u32 * screen.rows;
    let row_stride = comptime!((screen.depth + GAP) / 4);
    let centroid_stride = comptime!((screen.step() + GAP) / 4);
    let score_stride = comptime!(screen.centroids + 4);
    let mut row_tile = SharedMemory::<Halves>::new(comptime!((screen.rows * row_stride) as usize));
    let mut centroid_tile =
        SharedMemory::<Halves>::new(comptime!((screen.centroids * centroid_stride) as usize));
    let mut products = SharedMemory::<f32>::new(comptime!((screen.rows * score_stride) as usize));
    let zeros = Halves::zeroed();
    let row_parts = comptime!(screen.depth / 4);
    for item in range_stepped(UNIT_POS, comptime!(screen.rows * row_parts), UNITS) {
        let row = first_row + item / row_parts;
        let mut halves = zeros;
        if row < rows {
            halves = shadow[row as usize * comptime!(row_parts as usize) + (item % row_parts) as usize];
        }
        row_tile[(item / row_parts * row_stride + item % row_parts) as usize] = halves;
    }
    // Each row has so many units for its scores.
    let share = comptime!(UNITS / screen.rows);
    let own_row = UNIT_POS / share;
    let own_part = UNIT_POS % share;
    let mut best = f32::new(NONE);
    let mut second = f32::new(NONE);
    let mut winner = 0u32;
    for first in range_stepped(0u32, k, screen.centroids) {
        multiply(centroids, first, k, &row_tile, &mut centroid_tile, &mut products, screen);
        sync_cube();
        for column in range_stepped(own_part, screen.centroids, share) {
            let centroid = first + column;
            if centroid < k {
                let product = products[(own_row * score_stride + column) as usize];
                let score = biases[centroid as usize] * sq_scale
                    - product * comptime!(if screen.squared { 2.0f32 } else { 1.0f32 });
                if score < best {
                    second = best;
                    best = score;
                    winner = centroid;
                } else if score < second {
                    second = score;
                }
            }
        }
        sync_cube();
    }
    let mut bests = SharedMemory::<f32>::new(UNITS as usize);
    let mut seconds = SharedMemory::<f32>::new(UNITS as usize);
    let mut winners = SharedMemory::<u32>::new(UNITS as usize);
    bests[UNIT_POS as usize] = best;
    seconds[UNIT_POS as usize] = second;
    winners[UNIT_POS as usize] = winner;
    sync_cube();
    let row = first_row + own_row;
    if own_part == 0 && row < rows {
        for other in 1..comptime!(share as usize) {
            let at = UNIT_POS as usize + other;
            let best_there = bests[at];
            if best_there < best {
                second = min(best, seconds[at]);
                best = best_there;
                winner = winners[at];
            } else {
                second = min(second, best_there);
            }
        }
        let norm = norms[row as usize];
        let far = reach[0];
        let is_held = norm < MOST_NORM && far < MOST_NORM;
        if is_held && second - best > margin(norm, far, reach[1], screen) {
            labels[row as usize] = winner;
        } else {
            let place = unsure[0].fetch_add(1u32);
            list[place as usize] = row;
        }
    }
}

/// Twice the most that a score of a row of length `norm` may be off, for centroids of at most length `reach` and biases
/// of at most `bias`.
#[cube]
fn margin(norm: f32, reach: f32, bias: f32, #[comptime] screen: Screen) -> f32 {
    let share = comptime!(screen.share());
    let small = comptime!(screen.roundings().1 * (screen.depth as f32).sqrt());
    let of_products = 2.0 * (share * norm * reach + small * (norm + reach) + comptime!(small * small));
    // The bias, and the last sum.
    let of_sums = ((reach + norm) * (reach + norm) + bias) * 9.536_743e-7; // 2^-20
    2.02 * (of_products + of_sums)
}

/// The products of the cube's rows with centroids `first..first + screen.centroids`.
#[cube]
fn multiply(
    centroids: &Array<Halves>,
    first: u32,
    k: u32,
    row_tile: &SharedMemory<Halves>,
    centroid_tile: &mut SharedMemory<Halves>,
    products: &mut SharedMemory<f32>,
    #[comptime] screen: Screen,
) {
    // A plane has one row of pieces and some of its columns.
    let pieces = comptime!(screen.rows / PIECE);
    let planes = comptime!(PLANES / pieces);
    let count = comptime!(screen.centroids / PIECE / planes);
    let plane = UNIT_POS / PLANE;
    let row = plane % pieces * PIECE;
    let column = plane / pieces * comptime!(count * PIECE);
    let row_stride = comptime!((screen.depth + GAP) / 4);
    let centroid_stride = comptime!((screen.step() + GAP) / 4);
    let score_stride = comptime!(screen.centroids + 4);
    if comptime!(screen.by_matrix) {
        let mut sums = Sequence::<cmma::Matrix<f32>>::new();
        #[unroll]
        for _ in 0..count {
            sums.push(cmma::Matrix::<f32>::from_value(
                cmma::MatrixIdent::Accumulator,
                16usize,
                16usize,
                16usize,
                cmma::MatrixLayout::Undefined,
                0.0,
            ));
        }
        for start in range_stepped(0u32, screen.depth, comptime!(screen.step())) {
            load_centroids(centroids, first, k, start, centroid_tile, screen);
            sync_cube();
            for at in range_stepped(0u32, min(comptime!(screen.step()), screen.depth - start), PIECE) {
                let left = row * row_stride + (start + at) / 4;
                // SAFETY: it is loaded before it is used.
                let a = unsafe {
                    cmma::Matrix::<f16>::uninitialized(
                        cmma::MatrixIdent::A,
                        16usize,
                        16usize,
                        16usize,
                        cmma::MatrixLayout::RowMajor,
                    )
                };
                let slice = row_tile.slice(left as usize, (left + PIECE * row_stride) as usize);
                cmma::load(&a, &slice, comptime!(4 * row_stride));
                #[unroll]
                for piece in 0..count {
                    let right = (column + piece * PIECE) * centroid_stride + at / 4;
                    // SAFETY: it is loaded before it is used.
                    let b = unsafe {
                        cmma::Matrix::<f16>::uninitialized(
                            cmma::MatrixIdent::B,
                            16usize,
                            16usize,
                            16usize,
                            cmma::MatrixLayout::ColMajor,
                        )
                    };
                    let slice =
                        centroid_tile.slice(right as usize, (right + PIECE * centroid_stride) as usize);
                    cmma::load(&b, &slice, comptime!(4 * centroid_stride));
                    let sum = sums.index(comptime!(piece as usize));
                    cmma::execute::<f16, f16, f32, f32>(&a, &b, sum, sum);
                }
            }
            sync_cube();
        }
        #[unroll]
        for piece in 0..count {
            let place = row * score_stride + column + piece * PIECE;
            let mut slice = products.slice_mut(place as usize, (place + PIECE * score_stride) as usize);
            let sum = sums.index(comptime!(piece as usize));
            cmma::store(&mut slice, sum, score_stride, cmma::MatrixLayout::RowMajor);
        }
    } else {
        for start in range_stepped(0u32, screen.depth, comptime!(screen.step())) {
            load_centroids(centroids, first, k, start, centroid_tile, screen);
            sync_cube();
            for item in range_stepped(UNIT_POS, comptime!(screen.rows * screen.centroids), UNITS) {
                let own_row = item / screen.centroids;
                let own_column = item % screen.centroids;
                let place = (own_row * score_stride + own_column) as usize;
                let mut sum = 0.0f32;
                if start > 0 {
                    sum = products[place];
                }
                for part in 0..min(comptime!(screen.step()), screen.depth - start) / 4 {
                    let a = row_tile[(own_row * row_stride + start / 4 + part) as usize];
                    let b = centroid_tile[(own_column * centroid_stride + part) as usize];
                    #[unroll]
                    for lane in 0..4usize {
                        sum += f32::cast_from(a[lane]) * f32::cast_from(b[lane]);
                    }
                }
                products[place] = sum;
            }
            sync_cube();
        }
    }
}

/// Columns from `start` on of a tile of centroids.
#[cube]
fn load_centroids(
    centroids: &Array<Halves>,
    first: u32,
    k: u32,
    start: u32,
    tile: &mut SharedMemory<Halves>,
    #[comptime] screen: Screen,
) {
    let parts = comptime!(screen.step() / 4);
    let stride = comptime!((screen.step() + GAP) / 4);
    for item in range_stepped(UNIT_POS, comptime!(screen.centroids * parts), UNITS) {
        let centroid = first + item / parts;
        let part = start / 4 + item % parts;
        let mut halves = Halves::zeroed();
        if centroid < k {
            if part < comptime!(screen.depth / 4) {
                halves =
                    centroids[centroid as usize * comptime!((screen.depth / 4) as usize) + part as usize];
            }
        }
        tile[(item / parts * stride + item % parts) as usize] = halves;
    }
}

/// How many of the first `rows` labels are not those of `before`. A unit has `run` rows.
#[cube(launch_unchecked)]
pub(crate) fn count_changed(
    before: &Array<u32>,
    labels: &Array<u32>,
    changed: &Array<Atomic<u32>>,
    rows: u32,
    #[comptime] run: u32,
) {
    let first = ABSOLUTE_POS as u32 * run;
    let mut moved = 0u32;
    for row in min(first, rows)..min(first + run, rows) {
        if before[row as usize] != labels[row as usize] {
            moved += 1;
        }
    }
    if moved > 0 {
        add_to(changed, 0, Wide { low: moved, high: 0u32 });
    }
}
