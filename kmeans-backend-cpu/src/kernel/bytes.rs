//! Bounds of scores from bytes: of some rows, for the 16 centroids of a panel.
//!
//! ```text
//! for each chunk of 32 rows, wherever they are:
//!     products[row][centroid] = ⟨q_v, q_c⟩                     AMX, VNNI, AVX2, NEON or plain loops
//!     for each half, its 16 rows at once:
//!         score  = bias + (scale_v · product) · factor_c
//!         lowest = the smallest score, that of its own centroid left out
//!         width  = ‖v‖·error + error_v·norm                     Cauchy–Schwarz
//!         least  = lowest − width                               no score is less
//!     for each row whose least is not above its limit:
//!         limit  = min(limit, lowest + width + slack)           the label's score is not more
//!         where score − width ≤ limit: the centroid may be the label
//! ```
//!
//! Rows are taken by number, so that a panel may be looked at by those rows alone that need to.

use super::lanes::{EACH, Kernel, Lanes, PANEL};
use crate::byte_isa::ByteIsa;
use crate::byte_panels::BytePanels;
use crate::bytes::ByteRows;
use crate::isa::Isa;

/// Columns in one line of a panel: bytes that one instruction multiplies and adds.
pub(crate) const QUAD: usize = 4;

/// Sixty-four bytes: one cache line, one AVX-512 register, one row of a tile.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct ByteLine(pub(crate) [u8; 64]);

impl Default for ByteLine {
    fn default() -> Self {
        Self([0; 64])
    }
}

/// Products of a row and 16 centroids.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Products(pub(super) [i32; PANEL]);

/// Rows that are multiplied at a time: two tiles of AMX.
pub(super) const CHUNK_ROWS: usize = 32;

/// Rows in a block: their bytes take an eighth of the second-level cache of Zen 4 (1 MiB), and those that look at
/// one panel are still many. SIFT, k = 1000: 256 rows took 4 %, 512 rows 3 % longer than 1024 (Zen 4, two
/// threads).
pub(crate) fn byte_block_rows(d: usize) -> usize {
    const BLOCK_BYTES: usize = 128 << 10;
    (BLOCK_BYTES / d / CHUNK_ROWS * CHUNK_ROWS).clamp(128, 1024)
}

/// A row of a block, and what bounds its scores.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(crate) struct Side {
    /// Of the row as bytes.
    pub(crate) scale: f32,
    pub(crate) norm: f32,
    pub(crate) error: f32,
    /// The score of its label is not more.
    pub(crate) limit: f32,
    /// What an upper bound of a score is short of a limit.
    pub(crate) slack: f32,
    /// The place of the centroid that is left out; `u32::MAX` for none.
    pub(crate) own: u32,
    /// What makes a squared distance of a score.
    pub(crate) rest: f32,
}

/// A centroid that may be the label of a row of the block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub(crate) row: u32,
    /// Its place in the order of the panels.
    pub(crate) place: u32,
    /// Its true score is not less.
    pub(crate) least: f32,
}

/// Some rows of a block that look at a panel.
pub(crate) struct Look<'a> {
    pub(crate) rows: &'a ByteRows,
    pub(crate) panels: &'a BytePanels,
    pub(crate) panel: usize,
    /// The number of the first row of the block.
    pub(crate) first: usize,
    pub(crate) sides: &'a mut [Side],
    /// Which rows of the block; then any of them again, up to a multiple of eight.
    pub(crate) ids: &'a [u32],
    /// How many there are without those.
    pub(crate) count: usize,
    /// For each of `ids`, and filled up to whole vectors: no score in the panel is less; lowered.
    pub(crate) least: &'a mut [f32],
    pub(crate) contenders: &'a mut Vec<Contender>,
}

/// What [`ByteIsa::multiply`] needs of the caller's memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByteScratch {
    products: Vec<Products>,
    /// Rows of AMX that are not neighbours.
    pub(super) gathered: Vec<ByteLine>,
}

/// Lets rows look at a panel.
pub(crate) fn look(isa: Isa, bytes: ByteIsa, scratch: &mut ByteScratch, look: Look<'_>) {
    let Look { rows, panels, panel, first, sides, ids, count, least, contenders } = look;
    debug_assert!(ids.len().is_multiple_of(EACH) && least.len() == ids.len().next_multiple_of(PANEL));
    let mut products = std::mem::take(&mut scratch.products);
    products.resize(CHUNK_ROWS, Products::default());
    let lines = panels.panel(panel);
    let mut left = count;
    for (ids, least) in ids.chunks(CHUNK_ROWS).zip(least.chunks_mut(CHUNK_ROWS)) {
        // Written long before it is read as vectors.
        let chunk = Chunk::of(sides, ids, panel);
        let offset = panels.offset;
        let factors = Factors { rows, first, ids, lines, quads: panels.quads(), offset };
        bytes.multiply(factors, &mut scratch.gathered, &mut products);
        isa.run(Bound {
            products: &products,
            chunk: &chunk,
            ids: &ids[..left.min(ids.len())],
            least,
            panels,
            panel,
            sides,
            contenders,
        });
        left = left.saturating_sub(CHUNK_ROWS);
    }
    scratch.products = products;
}

/// What bounds the scores of a chunk of rows, side by side.
struct Chunk {
    scales: [f32; CHUNK_ROWS],
    norms: [f32; CHUNK_ROWS],
    errors: [f32; CHUNK_ROWS],
    limits: [f32; CHUNK_ROWS],
    /// The lane that is left out of each, one bit; 0 for none.
    owns: [u32; CHUNK_ROWS],
}

impl Chunk {
    #[inline]
    fn of(sides: &[Side], ids: &[u32], panel: usize) -> Self {
        let none = [0.0; CHUNK_ROWS];
        let mut chunk = Self { scales: none, norms: none, errors: none, limits: none, owns: [0; CHUNK_ROWS] };
        let place = (panel * PANEL) as u32;
        for (r, &id) in ids.iter().enumerate() {
            let side = &sides[id as usize];
            (chunk.scales[r], chunk.norms[r]) = (side.scale, side.norm);
            (chunk.errors[r], chunk.limits[r]) = (side.error, side.limit);
            let lane = side.own.wrapping_sub(place);
            chunk.owns[r] = if lane < PANEL as u32 { 1 << lane } else { 0 };
        }
        chunk
    }
}

/// The bounds of a chunk of rows.
struct Bound<'a> {
    products: &'a [Products],
    chunk: &'a Chunk,
    /// Those that count.
    ids: &'a [u32],
    least: &'a mut [f32],
    panels: &'a BytePanels,
    panel: usize,
    sides: &'a mut [Side],
    contenders: &'a mut Vec<Contender>,
}

/// What the sums and products in a width may have been rounded down by, as a factor.
const ROUNDING: f32 = 1.0 + 1.0 / (1 << 20) as f32;

impl Kernel for Bound<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { products, chunk, ids, least, panels, panel, sides, contenders } = self;
        let place = (panel * PANEL) as u32;
        let of_panel = |values: &[f32]| -> L::V {
            lanes.load(values[panel * PANEL..].first_chunk().expect("panels are filled up"))
        };
        let (factors, biases) = (of_panel(&panels.factors), of_panel(&panels.biases));
        let (error, norm) = (panels.errors[panel] * ROUNDING, panels.norms[panel] * ROUNDING);
        let valid = panels.lanes(panel);
        let (zero, minus) = (lanes.splat(0.0), lanes.splat(-1.0));
        let score = |products: &Products, scale: f32| {
            let scaled = lanes.fma(lanes.load(&products.0.map(|p| p as f32)), lanes.splat(scale), zero);
            lanes.fma(scaled, factors, biases)
        };
        let halves = products.as_chunks::<PANEL>().0.iter().zip(least.as_chunks_mut::<PANEL>().0);
        for (half, (products, least)) in halves.enumerate() {
            let begin = half * PANEL;
            let scales = half_of(&chunk.scales, begin);
            let owns = half_of(&chunk.owns, begin);
            let mut scores = [zero; PANEL];
            for r in 0..PANEL {
                scores[r] = score(&products[r], scales[r]);
            }
            if owns.iter().fold(0, |any, own| any | own) != 0 {
                for r in 0..PANEL {
                    scores[r] = lanes.without(scores[r], owns[r]);
                }
            }
            let lowest = lanes.lowest_of_each(scores);
            let of_errors = lanes.fma(lanes.load(half_of(&chunk.errors, begin)), lanes.splat(norm), zero);
            let widths = lanes.fma(lanes.load(half_of(&chunk.norms, begin)), lanes.splat(error), of_errors);
            let low = lanes.fma(widths, minus, lowest);
            lanes.store(lanes.min(lanes.load(least), low), least);
            // What is no number rules nothing out.
            let mut near = lanes.not_greater(low, lanes.load(half_of(&chunk.limits, begin)));
            near &= (1_u32 << ids.len().saturating_sub(begin).min(PANEL)) - 1;
            if near == 0 {
                continue;
            }
            let (mut of_lowest, mut of_widths) = ([0.0; PANEL], [0.0; PANEL]);
            lanes.store(lowest, &mut of_lowest);
            lanes.store(widths, &mut of_widths);
            while near != 0 {
                let r = near.trailing_zeros() as usize;
                near &= near - 1;
                let (row, width) = (ids[begin + r], of_widths[r]);
                let side = &mut sides[row as usize];
                let most = of_lowest[r] + width + side.slack;
                side.limit = if most < side.limit { most } else { side.limit };
                let lower = lanes.add(score(&products[r], scales[r]), lanes.splat(-width));
                let mut mask = lanes.not_greater(lower, lanes.splat(side.limit)) & valid & !owns[r];
                let mut values = [0.0; PANEL];
                lanes.store(lower, &mut values);
                while mask != 0 {
                    let lane = mask.trailing_zeros();
                    contenders.push(Contender { row, place: place + lane, least: values[lane as usize] });
                    mask &= mask - 1;
                }
            }
        }
    }
}

#[inline(always)]
fn half_of<T>(values: &[T; CHUNK_ROWS], begin: usize) -> &[T; PANEL] {
    values[begin..].first_chunk().expect("a chunk has whole halves")
}

/// Rows `ids` of a block that begins at row `first`, 8 to 32 of them, and the panel that they are multiplied by.
#[derive(Clone, Copy)]
pub(super) struct Factors<'a> {
    rows: &'a ByteRows,
    first: usize,
    pub(super) ids: &'a [u32],
    /// Of whole chunks of 64 columns.
    pub(super) lines: &'a [ByteLine],
    quads: usize,
    offset: i32,
}

impl<'a> Factors<'a> {
    /// The lines that are not only filled up.
    #[inline(always)]
    pub(super) fn used_lines(&self) -> &'a [ByteLine] {
        &self.lines[..self.quads]
    }

    /// The number of a row among all rows.
    #[inline(always)]
    pub(super) fn number(&self, id: u32) -> usize {
        self.first + id as usize
    }

    /// The bytes of a row, as many as those of the panel.
    #[inline(always)]
    pub(super) fn row(&self, id: u32) -> &'a [[i8; QUAD]] {
        &self.rows.row(self.number(id)).as_chunks::<QUAD>().0[..self.quads]
    }

    /// Where the sums of a row begin: without what was added to the bytes of the panel.
    #[inline(always)]
    pub(super) fn start(&self, id: u32) -> i32 {
        -self.offset * self.rows.totals[self.number(id)]
    }

    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    pub(super) fn rows(&self) -> &'a ByteRows {
        self.rows
    }
}

impl ByteIsa {
    /// The products of the rows and the centroids of the panel.
    #[inline]
    fn multiply(self, factors: Factors<'_>, gathered: &mut Vec<ByteLine>, products: &mut [Products]) {
        let _ = &gathered;
        match self {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx(amx) => super::bytes_x86::multiply_tiles(amx, factors, gathered, products),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => super::bytes_x86::multiply_quads(vnni, factors, products),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => super::bytes_x86::multiply_pairs(avx2, factors, products),
            #[cfg(target_arch = "aarch64")]
            Self::Dot(dot) => super::bytes_aarch64::multiply_dots(dot, factors, products),
            Self::Portable => multiply(factors, products),
        }
    }

    /// Makes this thread ready to multiply.
    pub(crate) fn begin(self) {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if let Self::Amx(amx) = self {
            super::bytes_x86::begin(amx);
        }
    }

    /// Gives back what [`ByteIsa::begin`] took.
    pub(crate) fn end(self) {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if let Self::Amx(amx) = self {
            super::bytes_x86::end(amx);
        }
    }
}

/// By plain loops, whatever instructions the panel was made for.
fn multiply(factors: Factors<'_>, products: &mut [Products]) {
    let signed = |byte: u8| i32::from(byte.wrapping_sub(factors.offset as u8) as i8);
    for (&id, products) in factors.ids.iter().zip(products) {
        products.0 = [0; PANEL];
        for (quad, line) in factors.row(id).iter().zip(factors.used_lines()) {
            for (product, bytes) in products.0.iter_mut().zip(line.0.as_chunks::<QUAD>().0) {
                *product += (0..QUAD).map(|b| signed(bytes[b]) * i32::from(quad[b])).sum::<i32>();
            }
        }
    }
}
