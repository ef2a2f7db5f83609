//! The labels of a block by bytes first, and by the dense kernel's own scores where bytes leave a doubt.
//!
//! ```text
//! limit[row] = the score of the label before, + slack
//! for each group of panels:
//!     awake = the rows whose remembered bound of the group is within reach       all, if none is remembered
//!             unless neither the row's centroid nor any of the group has moved
//!     for each panel of the group: let them look at it by bytes
//!         contenders += centroids whose score may be below limit; limit falls
//!     remember the new bounds of these rows
//! contenders whose score may be below the limits in the end are settled, against the labels before, by scores in
//! f32; a block with too many of them is scored as a whole
//! ```
//!
//! The label is that of the dense kernel, which is the smallest of *its* scores, the first where several are
//! equal. A dense score is off by at most `slack / 2` from the true one. So a centroid is left out only if its
//! dense score is greater than that of another.

use kmeans_core::PairCounts;

use crate::bounds::Bounds;
use crate::byte_work::{ByteWork, Bytes, NONE};
use crate::kernel::{self, ByteScratch, Contender, EACH, Look, PANEL, Renewal, Scratch, Side};
use crate::loaded::Loaded;
use crate::settling::Settling;

/// A block in which more than one in so many pairs contends is left to the dense kernel: pairs alone take longer, and
/// memory. Rows that are equal to many centroids do that.
const CROWD: usize = 8;
/// But so many contenders a row are no crowd: before the first limits are known, all of a few panels contend.
const NO_CROWD: usize = 64;

/// What a worker keeps from block to block.
#[derive(Debug, Default)]
pub(crate) struct ByteDesk {
    sides: Vec<Side>,
    /// How far the centroid of each row may be; filled up to whole vectors with what is not in reach.
    reaches: Vec<f32>,
    /// The same where centroids that have not moved are not in reach of rows whose own has not.
    reaches_of_still: Vec<f32>,
    /// Rows of the block that look at a group, and what bounds their scores there.
    awake: Vec<u32>,
    least: Vec<f32>,
    contenders: Vec<Contender>,
    settling: Settling,
    scratch: ByteScratch,
    dense: Scratch,
    pub(crate) counts: ByteCounts,
}

/// Pairs of a row and a centroid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteCounts {
    /// Multiplied as bytes.
    pub(crate) by_bytes: u64,
    /// Scored in `f32`, one by one.
    pub(crate) scored: u64,
    /// Scored by the dense kernel: in blocks where too many contend, and in cells.
    pub(crate) crowded: u64,
}

impl ByteCounts {
    /// How so many pairs were decided, in a pass that rules some out or not.
    pub(crate) fn pairs(self, total: u64, is_pruned: bool) -> PairCounts {
        if !is_pruned {
            return PairCounts { total, scored: total, ..PairCounts::default() };
        }
        let by_bytes = self.by_bytes.saturating_sub(self.scored);
        let by_bounds = total - self.by_bytes - self.crowded;
        PairCounts { total, by_bounds, by_bytes, scored: self.scored + self.crowded }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            by_bytes: self.by_bytes + other.by_bytes,
            scored: self.scored + other.scored,
            crowded: self.crowded + other.crowded,
        }
    }
}

/// Labels of this codebook, and the distances or products of the rows to their centroids.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a> {
    pub(crate) labels: &'a [i32],
    pub(crate) measured: &'a [f64],
}

/// What is remembered of the rows of a block.
pub(crate) struct Memory<'a> {
    pub(crate) bounds: &'a Bounds,
    /// For each group, one bound a row.
    pub(crate) kept: &'a mut [u16],
}

impl ByteWork<'_, '_> {
    /// Chooses the labels of the rows, of which those are loaded that scores are needed of.
    pub(crate) fn choose(
        &self,
        loaded: &mut Loaded,
        before: Option<Before<'_>>,
        mut memory: Option<Memory<'_>>,
        desk: &mut ByteDesk,
        labels: &mut [i32],
    ) {
        self.begin(desk);
        if let Some(before) = before {
            self.limit_by_labels(before, desk);
        }
        if let Some(memory) = &memory {
            self.measure_reaches(memory.bounds, before, desk);
        }
        if self.look(memory.as_mut(), desk) {
            self.settle(loaded, desk);
            let standings = desk.settling.standings();
            labels.iter_mut().zip(standings).for_each(|(label, standing)| *label = standing.label());
        } else {
            self.choose_densely(loaded, desk, labels);
        }
        if let (Some(before), Some(memory)) = (before, memory) {
            self.let_back_in(before, labels, memory, desk);
        }
    }

    /// The labels of the rows that may be closer to a centroid than their limits, squared distances, and
    /// their scores; +∞ for the scores of the others. The rows are loaded only if there are such.
    pub(crate) fn choose_below(
        &self,
        limits: &[f32],
        loaded: &mut Loaded,
        desk: &mut ByteDesk,
        labels: &mut [i32],
        scores: &mut [f32],
    ) {
        debug_assert!(!self.codebook.metric.is_similarity());
        self.begin(desk);
        let sq_norms = &self.bytes.rows.sq_norms[self.start..];
        for (row, (limit, sq_norm)) in limits.iter().zip(sq_norms).enumerate() {
            desk.sides[row].limit = limit - sq_norm + desk.sides[row].slack;
        }
        if !self.look(None, desk) {
            self.choose_densely(loaded, desk, labels);
            kernel::lowest_scores(self.isa, kernel::kept(&desk.dense.lowest, self.count), scores);
            return;
        }
        self.settle(loaded, desk);
        for ((label, score), standing) in labels.iter_mut().zip(scores).zip(desk.settling.standings()) {
            (*label, *score) = (standing.label(), standing.lowest);
        }
    }

    /// Chooses by scores of all pairs.
    fn choose_densely(&self, loaded: &mut Loaded, desk: &mut ByteDesk, labels: &mut [i32]) {
        let (panels, block) = (self.codebook.panels(), loaded.all(self.isa, self.rows));
        kernel::nearest_block_ahead(self.isa, block, panels, &mut desk.dense, labels, &[]);
        desk.counts.crowded += (self.count * self.codebook.k()) as u64;
    }

    /// No labels, no limits, nothing found.
    ///
    /// The slack is twice what a score of the dense kernel may be off by. Such a score is one chain of d
    /// multiply-adds, at worst rounded twice each, begun after its bias was rounded: it is off by at most
    /// `(2d + 3)·2⁻²⁴·(|bias| + 2‖v‖‖c‖)`. Taken with `8·(d + 8)` instead, the same holds what the sums on the
    /// way from bytes to a bound are off by, which are fewer than ten roundings of numbers of that size. Below
    /// the smallest normal number roundings are no share any more, but less than it all together.
    ///
    /// On the way to a score a product of bytes is multiplied by the row's scale alone. Where that may overflow all
    /// centroids contend.
    fn begin(&self, desk: &mut ByteDesk) {
        let unit = 8.0 * (self.codebook.centroids.dim() as f32 + 8.0) / (1 << 24) as f32;
        let (codebook, rows) = (self.codebook, self.bytes.rows);
        let max_bias = self.bytes.panels.max_bias;
        let (max_norm, of_centroids) =
            (codebook.max_sq_norm.sqrt() as f32, (2.0 * codebook.max_sq_norm) as f32 + max_bias);
        // Of products `‖v‖²` is no part.
        let size = |row: usize| match codebook.metric.is_similarity() {
            true => 2.0 * rows.norms[row] * max_norm + max_bias,
            false => of_centroids + rows.sq_norms[row],
        };
        let most_product = (127 * 127 * self.codebook.centroids.dim()) as f32;
        desk.sides.clear();
        desk.sides.extend((self.start..self.start + self.count).map(|row| {
            let is_far = !(rows.scales[row] * most_product).is_finite();
            let slack = if is_far { f32::INFINITY } else { 2.0 * unit * size(row) + f32::MIN_POSITIVE };
            let scale = if is_far { 0.0 } else { rows.scales[row] };
            let (norm, error) = (rows.norms[row], rows.errors[row]);
            Side { scale, norm, error, limit: f32::INFINITY, slack, own: NONE, rest: 0.0 }
        }));
        desk.settling.begin(self.count);
        desk.contenders.clear();
    }

    /// The scores of the labels before, from their distances.
    fn limit_by_labels(&self, before: Before<'_>, desk: &mut ByteDesk) {
        let codebook = self.codebook;
        let places = self.bytes.panels.order.places();
        let sq_norms = &self.bytes.rows.sq_norms[self.start..];
        let (is_similarity, has_penalties) = (codebook.metric.is_similarity(), codebook.has_penalties());
        for (row, (&label, &measured)) in before.labels.iter().zip(before.measured).enumerate() {
            let label = label as usize;
            let mut score = if is_similarity { -measured } else { measured - f64::from(sq_norms[row]) };
            if has_penalties {
                let plain = if is_similarity { 0.0 } else { codebook.sq_norms[label] };
                score += f64::from(codebook.biases[label]) - plain;
            }
            let side = &mut desk.sides[row];
            (side.own, side.limit) = (places[label], score as f32 + side.slack);
            desk.settling.begin_with(row, label as u32, score as f32);
        }
    }

    /// How far a row's label may be, and what turns scores into squared distances.
    fn measure_reaches(&self, bounds: &Bounds, before: Option<Before<'_>>, desk: &mut ByteDesk) {
        /// More than a sum of two numbers is rounded by.
        const SHARE: f32 = 1.0 / (1 << 22) as f32;
        let (factor, sq_length, least) =
            (self.distance_factor(), bounds.sq_length as f32, bounds.base.least());
        let sq_norms = &self.bytes.rows.sq_norms[self.start..];
        desk.reaches.clear();
        for (side, &sq_norm) in desk.sides.iter_mut().zip(sq_norms) {
            let rest = sq_norm + sq_length;
            let reach = (factor * side.limit + rest + SHARE * rest).max(0.0).sqrt();
            desk.reaches.push(reach * (1.0 + 4.0 * SHARE) + least);
            side.rest = rest - SHARE * rest - factor * side.slack;
        }
        desk.reaches.resize(self.count.next_multiple_of(PANEL), f32::NEG_INFINITY);
        desk.reaches_of_still.clone_from(&desk.reaches);
        let labels = before.map_or(&[][..], |before| before.labels);
        for (reach, &label) in desk.reaches_of_still.iter_mut().zip(labels) {
            *reach = if bounds.is_still(label as usize) { f32::NEG_INFINITY } else { *reach };
        }
    }

    /// The squared distance is this times the score, and what does not depend on the centroid.
    fn distance_factor(&self) -> f32 {
        -2.0 / self.codebook.metric.score_factor()
    }

    /// Lets the rows look at the panels that they cannot rule out; returns whether it is worth settling what
    /// contends. What is remembered holds either way.
    fn look(&self, mut memory: Option<&mut Memory<'_>>, desk: &mut ByteDesk) -> bool {
        let most = self.count * (self.codebook.k() / CROWD).max(NO_CROWD);
        let looked = desk.counts.by_bytes;
        let Bytes { isa, rows, panels } = self.bytes;
        let factor = self.distance_factor();
        let panels_each = memory.as_ref().map_or(1, |memory| memory.bounds.panels_each);
        let padded = self.count.next_multiple_of(PANEL);
        // Room for a vector after the last.
        desk.awake.clear();
        desk.awake.extend(0..(padded + PANEL) as u32);
        desk.least.resize(padded + PANEL, 0.0);
        isa.begin();
        for (group, first) in (0..panels.count()).step_by(panels_each).enumerate() {
            let count = match &memory {
                Some(Memory { bounds, kept }) if !bounds.are_new => {
                    let kept = &kept[group * padded..][..padded];
                    let moved = bounds.moved_at_most(group);
                    let reaches =
                        if bounds.are_still(group) { &desk.reaches_of_still } else { &desk.reaches };
                    kernel::awake(self.isa, bounds.base, kept, reaches, moved, &mut desk.awake)
                }
                _ => self.count,
            };
            if count == 0 {
                continue;
            }
            // The last row again, up to a multiple of eight.
            let (last, whole) = (desk.awake[count - 1], count.next_multiple_of(EACH));
            desk.awake[count..whole].fill(last);
            let ids = &desk.awake[..whole];
            let least = &mut desk.least[..whole.next_multiple_of(PANEL)];
            least.fill(f32::INFINITY);
            for panel in first..panels.count().min(first + panels_each) {
                let look = Look {
                    rows,
                    panels,
                    panel,
                    first: self.start,
                    sides: &mut desk.sides,
                    ids,
                    count,
                    least,
                    contenders: &mut desk.contenders,
                };
                kernel::look(self.isa, isa, &mut desk.scratch, look);
                desk.counts.by_bytes += count as u64 * u64::from(panels.lanes(panel).count_ones());
            }
            if let Some(Memory { bounds, kept }) = &mut memory {
                let (base, moved) = (bounds.base, bounds.moved_at_least(group));
                let (least, sides) = (&desk.least[..whole], &desk.sides[..]);
                let bounds = &mut kept[group * padded..][..padded];
                kernel::renew(self.isa, Renewal { base, ids, least, sides, factor, moved, bounds });
            }
            if desk.contenders.len() > most {
                desk.counts.by_bytes = looked;
                break;
            }
        }
        isa.end();
        desk.contenders.len() <= most
    }

    fn settle(&self, loaded: &mut Loaded, desk: &mut ByteDesk) {
        let ByteDesk { settling, contenders, sides, counts, .. } = desk;
        counts.scored += settling.settle(self, contenders, sides, loaded);
    }

    /// A centroid that a row has left is one of the others of its group again.
    fn let_back_in(&self, before: Before<'_>, labels: &[i32], memory: Memory<'_>, desk: &ByteDesk) {
        let Memory { bounds, kept } = memory;
        let changed = before.labels.iter().zip(labels).enumerate().filter(|(_, (from, to))| from != to);
        for (row, _) in changed {
            let group = desk.sides[row].own as usize / (PANEL * bounds.panels_each);
            let sq_norm = f64::from(self.bytes.rows.sq_norms[self.start + row]) + bounds.sq_length;
            let sq_dist = if self.codebook.metric.is_similarity() {
                // `‖v‖²` is rounded.
                sq_norm * (1.0 - 1e-6) - 2.0 * before.measured[row]
            } else {
                before.measured[row]
            };
            let dist = (sq_dist.max(0.0).sqrt() * (1.0 - 1e-6)) as f32;
            let bound = &mut kept[group * self.count.next_multiple_of(PANEL) + row];
            kernel::lower(bounds.base, bound, dist, bounds.moved_at_least(group));
        }
    }
}
