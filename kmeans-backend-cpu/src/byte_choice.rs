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

/// Rows from number `start` on, at the beginning of a tile, and what they choose from.
pub(crate) struct Work<'a> {
    pub(crate) isa: Isa,
    pub(crate) bytes: Bytes<'a>,
    pub(crate) codebook: &'a CpuCodebook,
    pub(crate) start: usize,
    pub(crate) count: usize,
}

impl Work<'_> {
    /// Chooses the labels of the rows, which are those of `block`.
    ///
    /// `before` has labels of this codebook, and the distances or products of the rows to their centroids.
    pub(crate) fn choose(
        &self,
        block: &RowBlock,
        before: Option<(&[i32], &[f64])>,
        desk: &mut ByteDesk,
        labels: &mut [i32],
    ) {
        self.begin(desk);
        reached_before(self, before, desk.most.as_lines_mut());
        self.bound(desk);
        self.recheck(desk, || block);
        kernel::labels(self.isa, kernel::kept(&desk.seen, self.count), labels);
    }

    /// The labels of the rows that may be closer to a centroid than their limits, squared distances, and
    /// their scores; +∞ for the scores of the others. The rows are loaded only if there are such.
    pub(crate) fn choose_below<'b>(
        &self,
        limits: &[f32],
        load: impl FnOnce() -> &'b RowBlock,
        desk: &mut ByteDesk,
        labels: &mut [i32],
        scores: &mut [f32],
    ) {
        debug_assert!(!self.codebook.metric.is_similarity());
        self.begin(desk);
        let most = desk.most.as_lines_mut();
        let sq_norms = &self.bytes.rows.sq_norms[self.start..];
        for (row, (limit, sq_norm)) in limits.iter().zip(sq_norms).enumerate() {
            most[row / TILE].0[row % TILE] = limit - sq_norm;
        }
        self.bound(desk);
        self.recheck(desk, load);
        let seen = kernel::kept(&desk.seen, self.count);
        kernel::labels(self.isa, seen, labels);
        kernel::lowest_scores(self.isa, seen, scores);
    }

    /// Lets the rows see the panels that bytes do not rule out.
    fn recheck<'b>(&self, desk: &mut ByteDesk, load: impl FnOnce() -> &'b RowBlock) {
        let seen = kernel::begin(&mut desk.seen, self.count);
        let (least, most) = (desk.least.as_lines(), &desk.most.as_lines()[..self.tiles()]);
        let panels = self.codebook.panels();
        let (mut load, mut block) = (Some(load), None);
        for (panel, least) in least.chunks_exact(self.tiles()).enumerate().take(panels.count()) {
            kernel::candidates(self.isa, least, most, self.count, &mut desk.candidates);
            if desk.candidates.is_empty() {
                continue;
            }
            desk.rechecked += desk.candidates.len() as u64;
            if let Some(load) = load.take() {
                block = Some(load());
            }
            let block = block.expect("the rows are loaded");
            kernel::recheck(self.isa, block, panels, panel, &desk.candidates, seen);
        }
    }

    fn tiles(&self) -> usize {
        self.count.div_ceil(TILE)
    }

    fn begin(&self, desk: &mut ByteDesk) {
        debug_assert!(self.start.is_multiple_of(TILE));
        desk.least.make_room(self.bytes.centroids.groups() * self.tiles() * PANEL);
        desk.most.make_room(self.tiles() * PANEL);
    }

    /// Bounds the scores of all groups by bytes, and adds the slack to the upper ones.
    fn bound(&self, desk: &mut ByteDesk) {
        let Bytes { isa, rows, centroids } = self.bytes;
        let most = &mut desk.most.as_lines_mut()[..self.tiles()];
        let least = &mut desk.least.as_lines_mut()[..centroids.groups() * self.tiles()];
        let mut bounds = Bounds { first: self.start / TILE, least, most };
        kernel::bound_scores(self.isa, isa, rows, centroids, &mut bounds);
        add_slack(self, bounds.most);
    }
}

/// The scores of the labels before, from their distances; +∞ where there are none.
fn reached_before(work: &Work<'_>, before: Option<(&[i32], &[f64])>, most: &mut [Line]) {
    let codebook = work.codebook;
    most.fill(Line([f32::INFINITY; PANEL]));
    let Some((labels, measured)) = before else { return };
    let sq_norms = &work.bytes.rows.sq_norms[work.start..];
    for (row, ((&label, &measured), &sq_norm)) in labels.iter().zip(measured).zip(sq_norms).enumerate() {
        let bias = f64::from(codebook.biases[label as usize]);
        let score = if codebook.metric.is_similarity() {
            bias - measured
        } else {
            // The bias is ‖c‖² but for a penalty.
            measured - f64::from(sq_norm) + (bias - codebook.sq_norms[label as usize])
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
fn add_slack(work: &Work<'_>, most: &mut [Line]) {
    let unit = 4.0 * (work.codebook.centroids.dim() as f32 + 8.0) / (1 << 24) as f32;
    let of_centroids = (2.0 * work.codebook.max_sq_norm) as f32 + work.bytes.centroids.max_bias;
    let sq_norms = work.bytes.rows.sq_norms[work.start..].as_chunks::<TILE>().0;
    for (most, sq_norms) in most.iter_mut().zip(sq_norms) {
        for (most, sq_norm) in most.0.iter_mut().zip(sq_norms) {
            // The upper bound is rounded by a share of itself, too.
            *most += 2.0 * unit * (of_centroids + sq_norm + most.abs()) + f32::MIN_POSITIVE;
        }
    }
}
