//! Bounds of scores from bytes: of some rows, for the 16 centroids of a panel.
//!
//! ```text
//! for each chunk of 32 rows, wherever they are:
//!     products[row][centroid] = ⟨q_v, q_c⟩                     AMX, VNNI, AVX2 or plain loops
//!     for each row:
//!         score  = bias + (scale_v · product) · factor_c
//!         lowest = the smallest score, that of its own centroid left out
//!         width  = ‖v‖·error + error_v·norm                     Cauchy–Schwarz
//!         least  = lowest − width                               no score is less
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

impl Side {
    /// What a score from bytes may be off by, in a panel of this error and norm.
    #[inline(always)]
    fn width(&self, error: f32, norm: f32) -> f32 {
        self.norm * error + self.error * norm
    }
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
    /// For each of `ids`: no score in the panel is less; lowered.
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
    debug_assert!(look.ids.len().is_multiple_of(EACH) && look.ids.len() == look.least.len());
    let mut products = std::mem::take(&mut scratch.products);
    products.resize(CHUNK_ROWS, Products::default());
    let mut left = look.count;
    let chunks = look.ids.chunks(CHUNK_ROWS).zip(look.least.chunks_mut(CHUNK_ROWS));
    for (ids, least) in chunks {
        bytes.multiply(look.rows, look.first, ids, look.panels, look.panel, scratch, &mut products);
        isa.run(Bound {
            products: &products,
            ids,
            count: left,
            least,
            panels: look.panels,
            panel: look.panel,
            sides: look.sides,
            contenders: look.contenders,
        });
        left = left.saturating_sub(CHUNK_ROWS);
    }
    scratch.products = products;
}

/// The bounds of a chunk of rows.
struct Bound<'a> {
    products: &'a [Products],
    ids: &'a [u32],
    count: usize,
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
        let Self { products, ids, count, least, panels, panel, sides, contenders } = self;
        let place = (panel * PANEL) as u32;
        let of_panel = |values: &[f32]| -> L::V {
            lanes.load(values[panel * PANEL..].first_chunk().expect("panels are filled up"))
        };
        let (factors, biases) = (of_panel(&panels.factors), of_panel(&panels.biases));
        let (error, norm) = (panels.errors[panel] * ROUNDING, panels.norms[panel] * ROUNDING);
        let valid = panels.lanes(panel);
        let zero = lanes.splat(0.0);
        let eights = ids.as_chunks::<EACH>().0.iter().zip(least.as_chunks_mut::<EACH>().0);
        for (eight, ((ids, least), products)) in eights.zip(products.as_chunks::<EACH>().0).enumerate() {
            let mut scores = [zero; EACH];
            let mut has_own = false;
            for r in 0..EACH {
                let side = &sides[ids[r] as usize];
                let product = lanes.load(&products[r].0.map(|p| p as f32));
                let scaled = lanes.fma(product, lanes.splat(side.scale), zero);
                scores[r] = lanes.fma(scaled, factors, biases);
                has_own |= side.own.wrapping_sub(place) < PANEL as u32;
            }
            if has_own {
                for r in 0..EACH {
                    let own = sides[ids[r] as usize].own.wrapping_sub(place);
                    if own < PANEL as u32 {
                        scores[r] = without(lanes, scores[r], own);
                    }
                }
            }
            let lowest = lanes.lowest_of_each(scores);
            let mut is_farther = true;
            for r in 0..EACH {
                let side = &sides[ids[r] as usize];
                let low = lowest[r] - side.width(error, norm);
                least[r] = if least[r] < low { least[r] } else { low };
                // What is no number rules nothing out.
                is_farther &= low > side.limit;
            }
            if is_farther {
                continue;
            }
            for r in 0..EACH.min(count.saturating_sub(eight * EACH)) {
                let side = &mut sides[ids[r] as usize];
                let width = side.width(error, norm);
                let is_farther = lowest[r] - width > side.limit;
                if is_farther {
                    continue;
                }
                let most = lowest[r] + width + side.slack;
                side.limit = if most < side.limit { most } else { side.limit };
                let lower = lanes.add(scores[r], lanes.splat(-width));
                let mut mask = lanes.not_greater(lower, lanes.splat(side.limit)) & valid;
                let own = side.own.wrapping_sub(place);
                if own < PANEL as u32 {
                    mask &= !(1 << own);
                }
                let mut values = [0.0; PANEL];
                lanes.store(lower, &mut values);
                while mask != 0 {
                    let lane = mask.trailing_zeros();
                    let least = values[lane as usize];
                    contenders.push(Contender { row: ids[r], place: place + lane, least });
                    mask &= mask - 1;
                }
            }
        }
    }
}

/// The same but for one lane, which becomes +∞.
#[inline(always)]
fn without<L: Lanes>(lanes: L, scores: L::V, lane: u32) -> L::V {
    let mut values = [0.0; PANEL];
    lanes.store(scores, &mut values);
    values[lane as usize] = f32::INFINITY;
    lanes.load(&values)
}

impl ByteIsa {
    /// The products of rows `ids`, 8 to 32, and the centroids of a panel.
    #[allow(clippy::too_many_arguments, reason = "the arguments of one product, on four instruction sets")]
    #[inline]
    fn multiply(
        self,
        rows: &ByteRows,
        first: usize,
        ids: &[u32],
        panels: &BytePanels,
        panel: usize,
        scratch: &mut ByteScratch,
        products: &mut [Products],
    ) {
        let lines = panels.panel(panel);
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if let Self::Amx(amx) = self {
            super::bytes_x86::multiply_tiles(amx, rows, first, ids, lines, &mut scratch.gathered, products);
            for (products, &id) in products.iter_mut().zip(ids) {
                let correction = panels.offset * rows.totals[first + id as usize];
                products.0.iter_mut().for_each(|product| *product -= correction);
            }
            return;
        }
        let _ = scratch;
        let lines = &lines[..panels.quads()];
        for (ids, products) in ids.as_chunks::<EACH>().0.iter().zip(products.as_chunks_mut::<EACH>().0) {
            let mut eight: [&[i8]; EACH] = [&[]; EACH];
            let mut starts = [0; EACH];
            for r in 0..EACH {
                let number = first + ids[r] as usize;
                eight[r] = rows.row(number);
                starts[r] = -panels.offset * rows.totals[number];
            }
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Vnni(vnni) => super::bytes_x86::multiply(vnni, eight, lines, starts, products),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2(avx2) => super::bytes_x86::multiply_pairs(avx2, eight, lines, starts, products),
                _ => multiply(eight, lines, starts, products),
            }
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

fn multiply(rows: [&[i8]; EACH], lines: &[ByteLine], starts: [i32; EACH], products: &mut [Products; EACH]) {
    for (r, row) in rows.into_iter().enumerate() {
        products[r].0 = [starts[r]; PANEL];
        for (quad, line) in row.as_chunks::<QUAD>().0.iter().zip(lines) {
            for (product, bytes) in products[r].0.iter_mut().zip(line.0.as_chunks::<QUAD>().0) {
                *product += (0..QUAD).map(|b| i32::from(bytes[b]) * i32::from(quad[b])).sum::<i32>();
            }
        }
    }
}
