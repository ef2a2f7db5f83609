//! The labels of a block by bytes first, and by the dense kernel's own scores where bytes leave a doubt.
//!
//! ```text
//! by bytes, for each group of 16 centroids: no true score is below least[group][row],
//! and the best true score is not above most[row], nor above that of the label before
//! for each panel, that is, each group:
//!     the rows for which least ≤ most + slack see the panel        exact scores, in f32
//! label = the lowest score seen
//! ```
//!
//! The label is that of the dense kernel, which is the smallest of *its* scores, the first where several
//! are equal. A dense score is off by at most `slack / 2` from the true one. So a group is left out only if all its dense scores are greater than the smallest of all.

use crate::byte_isa::ByteIsa;
use crate::bytes::{ByteCentroids, ByteRows, TILE};
use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{self, Bounds, Line, Lines, PANEL, RowBlock};

/// What a worker keeps from block to block.
#[derive(Debug, Default)]
pub(crate) struct ByteDesk {
    least: Lines,
    most: Lines,
    seen: Lines,
    candidates: Vec<u32>,
    /// Rows and panels looked at in `f32`.
    pub(crate) rechecked: u64,
}

/// Rows and centroids as bytes.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    pub(crate) isa: ByteIsa,
    pub(crate) rows: &'a ByteRows,
    pub(crate) centroids: &'a ByteCentroids,
}

/// A block of rows and what it chooses from.
pub(crate) struct Work<'a> {
    pub(crate) isa: Isa,
    pub(crate) bytes: Bytes<'a>,
    pub(crate) codebook: &'a CpuCodebook,
    pub(crate) block: &'a RowBlock,
}

impl Work<'_> {
    /// Chooses the labels of the block, the first row of which is number `start`, at the beginning of a tile.
    ///
    /// `before` has labels of this codebook, and the distances or products of the rows to their centroids.
    pub(crate) fn choose(
        &self,
        start: usize,
        before: Option<(&[i32], &[f64])>,
        desk: &mut ByteDesk,
        labels: &mut [i32],
    ) {
        debug_assert!(start.is_multiple_of(TILE));
        let Self { isa, bytes, codebook, block } = *self;
        let (first, tiles) = (start / TILE, block.rows().div_ceil(TILE));
        let groups = bytes.centroids.groups();
        desk.least.make_room(groups * tiles * PANEL);
        desk.most.make_room(tiles * PANEL);
        let least = &mut desk.least.as_lines_mut()[..groups * tiles];
        let most = &mut desk.most.as_lines_mut()[..tiles];
        reached_before(bytes.rows, first, codebook, before, most);
        let mut bounds = Bounds { first, least, most };
        kernel::bound_scores(isa, bytes.isa, bytes.rows, bytes.centroids, &mut bounds);
        let Bounds { least, most, .. } = bounds;
        add_slack(bytes, first, codebook, block.d(), most);

        let panels = codebook.panels();
        let seen = kernel::begin(&mut desk.seen, block.rows());
        for (panel, least) in least.chunks_exact(tiles).enumerate().take(panels.count()) {
            kernel::candidates(isa, least, most, block.rows(), &mut desk.candidates);
            desk.rechecked += desk.candidates.len() as u64;
            kernel::recheck(isa, block, panels, panel, &desk.candidates, seen);
        }
        kernel::labels(isa, seen, labels);
    }
}

/// The scores of the labels before, from their distances; +∞ where there are none.
fn reached_before(
    rows: &ByteRows,
    first: usize,
    codebook: &CpuCodebook,
    before: Option<(&[i32], &[f64])>,
    most: &mut [Line],
) {
    most.fill(Line([f32::INFINITY; PANEL]));
    let Some((labels, measured)) = before else { return };
    for (row, (&label, &measured)) in labels.iter().zip(measured).enumerate() {
        let label = label as usize;
        let bias = f64::from(codebook.biases[label]);
        let score = if codebook.metric.is_similarity() {
            bias - measured
        } else {
            // The bias is ‖c‖² but for a penalty.
            measured - f64::from(rows.sq_norms[first * TILE + row]) + (bias - codebook.sq_norms[label])
        };
        most[row / TILE].0[row % TILE] = score as f32;
    }
}

/// Adds twice what a score of the dense kernel may be off by.
///
/// Such a score is one chain of d multiply-adds, at worst rounded twice each, begun after its bias was
/// rounded: it is off by at most `(2d + 3)·2⁻²⁴·(|bias| + 2‖v‖‖c‖)`. Taken with `4·(d + 8)` instead, the same
/// holds what the sums on the way from bytes to a bound are off by, which are fewer than ten roundings of
/// numbers of that size. Below the smallest normal number roundings are no share any more, but less than it all
/// together.
fn add_slack(bytes: Bytes<'_>, first: usize, codebook: &CpuCodebook, d: usize, most: &mut [Line]) {
    let unit = 4.0 * (d as f32 + 8.0) / (1 << 24) as f32;
    let of_centroids = (2.0 * codebook.max_sq_norm) as f32 + bytes.centroids.max_bias;
    for (tile, most) in most.iter_mut().enumerate() {
        let sq_norms = &bytes.rows.sq_norms[(first + tile) * TILE..][..TILE];
        for (most, sq_norm) in most.0.iter_mut().zip(sq_norms) {
            *most += 2.0 * unit * (of_centroids + sq_norm);
        }
    }
}
