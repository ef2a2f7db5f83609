//! Bounds of scores from bytes: for each row and each group of 16 centroids.
//!
//! ```text
//! for each pair of groups of centroids:
//!     for each pair of tiles of 16 rows:
//!         products[group][tile][centroid][row] = ⟨q_v, q_c⟩        AMX, VNNI or plain loops
//!         score  = bias + (scale_v · product) · factor_c
//!         lowest = the smallest score of the group
//!         width  = ‖v‖·error + error_v·norm                         Cauchy–Schwarz
//!         least[group][tile][row] = lowest − width                  no score of the group is less
//!         most[tile][row] = min(most, lowest + width)               the best score is not more
//! ```
//!
//! A row has its own lane throughout: minima are minima of vectors, and nothing is shuffled.

use super::lanes::{Kernel, Lanes, PANEL};
use super::lines::Line;
use crate::byte_isa::ByteIsa;
use crate::bytes::{ByteCentroids, ByteRows, CHUNK, TILE};
use crate::isa::Isa;

/// Sixty-four bytes: one cache line, one AVX-512 register, one row of a tile.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct ByteLine(pub(crate) [i8; 64]);

impl Default for ByteLine {
    fn default() -> Self {
        Self([0; 64])
    }
}

/// Sixteen products, one a row.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Products(pub(super) [i32; PANEL]);

/// Products of 16 centroids and 16 rows.
pub(super) type Tile = [Products; TILE];

/// Products of two groups and two tiles, group by group.
pub(super) type Tiles = [[Tile; 2]; 2];

/// Rows in a block: a multiple of [`TILE`] and of the row tiles of the dense kernels.
pub(crate) fn byte_block_rows(d: usize) -> usize {
    if d <= 1024 { 288 } else { 144 }
}

/// Pointers to what is multiplied: chunks of 64 columns of two groups and two tiles.
pub(super) struct Operands<'a> {
    pub(super) groups: [&'a [ByteLine]; 2],
    /// Lines from one centroid to the next.
    pub(super) lines_each: usize,
    pub(super) tiles: [&'a [ByteLine]; 2],
    /// Lines of a tile that hold columns.
    pub(super) lines_per_tile: usize,
    /// Sums of the bytes of each centroid of the two groups.
    pub(super) totals: &'a [i32],
}

/// What is known of the scores of a block, whose first tile is number `first`.
pub(crate) struct Bounds<'a> {
    pub(crate) first: usize,
    /// Groups × tiles: no true score of the group is less.
    pub(crate) least: &'a mut [Line],
    /// The best true score is not more; it is lowered.
    pub(crate) most: &'a mut [Line],
}

/// Bounds the scores of the rows of some tiles, group by group.
pub(crate) fn bound_scores(
    isa: Isa,
    bytes: ByteIsa,
    rows: &ByteRows,
    centroids: &ByteCentroids,
    bounds: &mut Bounds<'_>,
) {
    let tiles = bounds.most.len();
    debug_assert_eq!(tiles * centroids.groups(), bounds.least.len());
    let mut products: Tiles = Default::default();
    bytes.begin();
    for group in (0..centroids.groups()).step_by(2) {
        for tile in (0..tiles).step_by(2) {
            // A tile without a partner is worked on twice.
            let other = (tile + 1).min(tiles - 1);
            let operands = Operands {
                groups: [centroids.group(group), centroids.group(group + 1)],
                lines_each: centroids.lines_each(),
                tiles: [rows.tile(bounds.first + tile), rows.tile(bounds.first + other)],
                lines_per_tile: rows.lines_per_tile(),
                totals: &centroids.totals[group * TILE..][..2 * TILE],
            };
            bytes.multiply(&operands, &mut products);
            let (left, right) = bounds.least[group * tiles..].split_at_mut(tiles);
            isa.run(Bound {
                products: &products[0],
                rows,
                centroids,
                group,
                tile,
                other,
                first: bounds.first,
                least: left,
                most: bounds.most,
            });
            isa.run(Bound {
                products: &products[1],
                rows,
                centroids,
                group: group + 1,
                tile,
                other,
                first: bounds.first,
                least: right,
                most: bounds.most,
            });
        }
    }
    bytes.end();
}

/// The bounds of a group and two tiles.
struct Bound<'a> {
    products: &'a [Tile; 2],
    rows: &'a ByteRows,
    centroids: &'a ByteCentroids,
    group: usize,
    tile: usize,
    other: usize,
    first: usize,
    least: &'a mut [Line],
    most: &'a mut [Line],
}

/// What the sums and products in a width may have been rounded down by, as a factor.
const ROUNDING: f32 = 1.0 + 1.0 / (1 << 20) as f32;

impl Kernel for Bound<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let zero = lanes.splat(0.0);
        let group = self.group * TILE;
        let factors: &[f32; TILE] = self.centroids.factors[group..].first_chunk().expect("groups are whole");
        let biases: &[f32; TILE] = self.centroids.biases[group..].first_chunk().expect("groups are whole");
        let places = [self.tile, self.other];
        let of_tile = |values: &[f32], tile: usize| {
            let at = (self.first + tile) * TILE;
            lanes.load(values[at..].first_chunk().expect("rows are filled up to whole tiles"))
        };
        let scales = places.map(|tile| of_tile(&self.rows.scales, tile));
        let mut lowest = [[lanes.splat(f32::INFINITY); 2]; 2];
        for c in 0..TILE {
            let (factor, bias) = (lanes.splat(factors[c]), lanes.splat(biases[c]));
            for t in 0..2 {
                let product = lanes.load(&self.products[t][c].0.map(|p| p as f32));
                let score = lanes.fma(lanes.fma(product, scales[t], zero), factor, bias);
                lowest[t][c % 2] = lanes.min(score, lowest[t][c % 2]);
            }
        }
        let error = lanes.splat(self.centroids.errors[self.group] * ROUNDING);
        let norm = lanes.splat(self.centroids.norms[self.group] * ROUNDING);
        for t in 0..2 {
            let lowest = lanes.min(lowest[t][0], lowest[t][1]);
            let width = lanes.fma(of_tile(&self.rows.norms, places[t]), error, zero);
            let width = lanes.fma(of_tile(&self.rows.errors, places[t]), norm, width);
            lanes.store(lanes.fma(width, lanes.splat(-1.0), lowest), &mut self.least[places[t]].0);
            let most = &mut self.most[places[t]].0;
            lanes.store(lanes.min(lanes.add(lowest, width), lanes.load(most)), most);
        }
    }
}

/// Collects the rows, counted from the first tile, whose label one group may hold: the first `count` at most.
pub(crate) fn candidates(isa: Isa, least: &[Line], most: &[Line], count: usize, found: &mut Vec<u32>) {
    found.clear();
    isa.run(Candidates { least, most, count, found });
}

struct Candidates<'a> {
    least: &'a [Line],
    most: &'a [Line],
    count: usize,
    found: &'a mut Vec<u32>,
}

impl Kernel for Candidates<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for (tile, (least, most)) in self.least.iter().zip(self.most).enumerate() {
            // What is no number rules nothing out.
            let mut mask = lanes.not_greater(lanes.load(&least.0), lanes.load(&most.0));
            let rows = self.count - tile * TILE;
            if rows < TILE {
                mask &= (1 << rows) - 1;
            }
            while mask != 0 {
                self.found.push((tile * TILE) as u32 + mask.trailing_zeros());
                mask &= mask - 1;
            }
        }
    }
}

impl ByteIsa {
    /// Makes this thread ready to multiply.
    fn begin(self) {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if let Self::Amx(amx) = self {
            super::bytes_x86::begin(amx);
        }
    }

    /// Gives back what [`ByteIsa::begin`] took.
    fn end(self) {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if let Self::Amx(amx) = self {
            super::bytes_x86::end(amx);
        }
    }

    #[inline]
    fn multiply(self, operands: &Operands<'_>, products: &mut Tiles) {
        match self {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx(amx) => super::bytes_x86::multiply_tiles(amx, operands, products),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => super::bytes_x86::multiply(vnni, operands, products),
            Self::Portable => multiply(operands, products),
        }
    }
}

fn multiply(operands: &Operands<'_>, products: &mut Tiles) {
    for (group, products) in operands.groups.iter().zip(products) {
        for (tile, products) in operands.tiles.iter().zip(products) {
            for (c, products) in products.iter_mut().enumerate() {
                let centroid = &group[c * operands.lines_each..][..operands.lines_each];
                products.0 = [0; PANEL];
                for (quad, line) in tile[..operands.lines_per_tile].iter().enumerate() {
                    for (row, product) in products.0.iter_mut().enumerate() {
                        for byte in 0..4 {
                            let column = 4 * quad + byte;
                            let c = centroid[column / CHUNK].0[column % CHUNK];
                            *product += i32::from(line.0[4 * row + byte]) * i32::from(c);
                        }
                    }
                }
            }
        }
    }
}
