//! What is remembered of distances from pass to pass.
//!
//! ```text
//! kept[group][row] ≤ distance to any centroid of the group but the row's own, + moved[group] at that time
//! before each pass: moved[group] += the farthest that a centroid of it has moved
//! a row need not look at a group whose  kept − moved  is beyond the distance to its own centroid
//! ```
//!
//! A row whose centroid has not moved need not look at a group of which no centroid has: it chose between them in the
//! pass before. Its distance is known, too. So passes cost ever less as centroids come to rest.
//!
//! This is the triangle inequality with a bound a group of centroids \[DZSMM15\]; a group is a panel, or more of
//! them where bounds of all panels would take too much memory. Bounds never grow stale by being subtracted
//! from: what a pass does not look at, it does not write.
//!
//! Inner products become distances by one more column: with `M ≥ ‖c‖` of all centroids, `(c, √(M² − ‖c‖²))` has
//! the length M, and its squared distance to `(v, 0)` is `‖v‖² + M² − 2⟨v, c⟩`.

use std::sync::Arc;

use kmeans_core::zeros;

use crate::centroid_order::CentroidOrder;
use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{self, Base, PANEL};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// What sums and roots in `f64`, and their rounding to `f32`, may have taken from a move, as a factor.
const UP: f64 = 1.0 + 1e-6;

/// Room above the largest norm of the first centroids for those to come, in squares.
const ROOM: f64 = 2.0;

/// Lower bounds of the distances of all rows to groups of centroids.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) order: Arc<CentroidOrder>,
    /// Whether nothing is kept yet.
    pub(crate) are_new: bool,
    /// Panels in a group.
    pub(crate) panels_each: usize,
    pub(crate) kept: Kept,
    pub(crate) base: Base,
    /// `M²`; 0 for L2.
    pub(crate) sq_length: f64,
    /// How far the centroids of each group have moved since the beginning.
    moved: Vec<f64>,
    /// Whether each centroid is where it was in the pass before.
    is_still: Vec<bool>,
    /// The farthest that a distance may be.
    radius: f64,
    /// The codebook that the labels and bounds are of, by its offsets.
    offsets: Vec<f32>,
    is_similarity: bool,
}

/// What each pass remembers of the rows.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// For each block of rows, its groups: a bound for each row of the block, filled up to whole vectors.
    pub(crate) bounds: Vec<u16>,
    /// The distance of each row to its own centroid, or their product, in the direct form.
    pub(crate) measured: Vec<f64>,
}

impl Bounds {
    /// Bounds that rule nothing out, in the order of a codebook, of at most `most_bytes`; none where not even
    /// one group has room.
    pub(crate) fn new(
        workers: &Workers,
        isa: Isa,
        rows: &CpuPrepared<'_>,
        codebook: &CpuCodebook,
        most_bytes: u64,
    ) -> Option<Self> {
        let panels = codebook.k().div_ceil(PANEL);
        let of_a_group = (size_of::<u16>() * rows.n().next_multiple_of(PANEL)).max(1) as u64;
        let most_groups = (most_bytes / of_a_group).min(panels as u64) as usize;
        if most_groups == 0 {
            return None;
        }
        let panels_each = panels.div_ceil(most_groups);
        let groups = panels.div_ceil(panels_each);
        let is_similarity = codebook.metric.is_similarity();
        let sq_length = if is_similarity { ROOM * codebook.max_sq_norm } else { 0.0 };
        let radius = rows.frame.sq_radius().sqrt() + codebook.max_sq_norm.sqrt() + sq_length.sqrt();
        Some(Self {
            order: codebook.order(workers, isa),
            are_new: true,
            panels_each,
            kept: Kept {
                bounds: zeros(rows.n().next_multiple_of(PANEL) * groups),
                measured: vec![0.0; rows.n()],
            },
            // Moves add to distances; beyond eight times the largest the bound is cut off.
            base: Base::up_to(((8.0 * radius) as f32).clamp(f32::MIN_POSITIVE, f32::MAX)),
            sq_length,
            moved: vec![0.0; groups],
            is_still: vec![false; codebook.k()],
            radius,
            offsets: codebook.centroids.offsets().to_vec(),
            is_similarity,
        })
    }

    /// The same with what a pass has kept.
    pub(crate) fn with(self, kept: Kept) -> Self {
        Self { kept, are_new: false, ..self }
    }

    pub(crate) fn groups(&self) -> usize {
        self.moved.len()
    }

    /// Whether bounds of these hold for a codebook, too, once its moves are known.
    pub(crate) fn go_with(&self, codebook: &CpuCodebook) -> bool {
        self.offsets.len() == codebook.centroids.offsets().len()
            && self.is_similarity == codebook.metric.is_similarity()
            && (!self.is_similarity || codebook.max_sq_norm <= self.sq_length)
    }

    /// Takes note of how far each centroid is from where it was.
    pub(crate) fn follow(&mut self, workers: &Workers, isa: Isa, codebook: &CpuCodebook) {
        let (d, next) = (codebook.centroids.dim(), codebook.centroids.offsets());
        let mut farthest = vec![0.0_f64; self.moved.len()];
        let groups = self.order.ids().chunks(PANEL * self.panels_each).zip(&mut farthest);
        workers.share(
            self.moved.len(),
            groups,
            || (),
            |(), (ids, farthest)| {
                for &id in ids {
                    let range = id as usize * d..(id as usize + 1) * d;
                    *farthest = farthest.max(self.distance(isa, &self.offsets[range.clone()], &next[range]));
                }
            },
        );
        let pairs = self.offsets.chunks_exact(d).zip(next.chunks_exact(d));
        self.is_still = pairs.map(|(from, to)| from == to).collect();
        self.moved.iter_mut().zip(farthest).for_each(|(moved, farthest)| *moved += farthest);
        self.offsets.copy_from_slice(next);
    }

    /// Whether a centroid is where it was in the pass before.
    pub(crate) fn is_still(&self, centroid: usize) -> bool {
        self.is_still[centroid]
    }

    /// Whether all centroids of a group are where they were in the pass before.
    pub(crate) fn are_still(&self, group: usize) -> bool {
        let each = PANEL * self.panels_each;
        let ids = &self.order.ids()[group * each..];
        ids.iter().take(each).all(|&id| self.is_still(id as usize))
    }

    /// Whether so much was added to some bounds that little is left of their digits.
    pub(crate) fn have_moved_far(&self) -> bool {
        self.moved.iter().any(|&moved| moved > 2.0 * self.radius)
    }

    /// The distance between two centroids, last column included, rounded up.
    fn distance(&self, isa: Isa, from: &[f32], to: &[f32]) -> f64 {
        let mut sq_dist = kernel::sq_dist(isa, from, to);
        if sq_dist > 0.0 && self.is_similarity {
            // The last column is known to half of the digits of an f64.
            sq_dist += (self.last_column(from) - self.last_column(to)).powi(2) + 1e-12 * self.sq_length;
        }
        sq_dist.sqrt() * UP
    }

    /// How far the centroids of a group have moved since the beginning, not less.
    pub(crate) fn moved_at_most(&self, group: usize) -> f32 {
        ((self.moved[group] * UP) as f32).min(f32::MAX)
    }

    /// How far the centroids of a group have moved since the beginning, not more.
    pub(crate) fn moved_at_least(&self, group: usize) -> f32 {
        ((self.moved[group] / UP) as f32).min(f32::MAX)
    }

    /// `√(M² − ‖c‖²)`.
    fn last_column(&self, c: &[f32]) -> f64 {
        let sq_norm: f64 = c.iter().map(|&c| f64::from(c) * f64::from(c)).sum();
        (self.sq_length - sq_norm).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use kmeans_core::{Centroids, Engine, Metric, Rows};

    use super::*;
    use crate::engine::CpuEngine;

    /// Neither distances nor products, as distances, change by more than a centroid is said to move.
    #[test]
    fn no_distance_changes_by_more_than_the_move() {
        let engine = CpuEngine::new(None).unwrap();
        let d = 2;
        let rows = engine.prepare(Rows::Host { x: vec![0.0; d].into(), d }, None).unwrap();
        for metric in [Metric::L2, Metric::InnerProduct] {
            for i in 0..200_u16 {
                let angle = f32::from(i) / 31.0;
                let from = [0.9 * angle.cos(), 0.9 * angle.sin()];
                let to = [1.1 * (1.1 * angle).cos(), 1.1 * (1.1 * angle).sin()];
                let codebook = CpuCodebook::new(&Centroids::from_offsets(from.to_vec(), d), metric);
                let next = CpuCodebook::new(&Centroids::from_offsets(to.to_vec(), d), metric);
                let mut bounds = Bounds::new(&engine.workers, engine.isa, &rows, &codebook, 1000).unwrap();
                assert!(bounds.go_with(&next));
                bounds.follow(&engine.workers, engine.isa, &next);
                let moved = f64::from(bounds.moved_at_most(0));
                for j in 0..50_u16 {
                    let (turn, length) = (f64::from(j) / 7.0, 0.2 * f64::from(j % 10));
                    let v = [length * turn.cos(), length * turn.sin()];
                    let dist = |c: [f32; 2]| {
                        let c = c.map(f64::from);
                        let product = v[0] * c[0] + v[1] * c[1];
                        let sq_norm = c[0] * c[0] + c[1] * c[1];
                        let sq_norm = if metric == Metric::L2 { sq_norm } else { bounds.sq_length };
                        (length * length + sq_norm - 2.0 * product).max(0.0).sqrt()
                    };
                    assert!((dist(from) - dist(to)).abs() <= moved, "{metric} {from:?} {to:?} {v:?}");
                }
            }
        }
    }

    #[test]
    fn groups_take_no_more_than_the_memory() {
        let engine = CpuEngine::new(None).unwrap();
        let (n, d, k) = (100, 4, 500);
        let rows = engine.prepare(Rows::Host { x: vec![1.0; n * d].into(), d }, None).unwrap();
        let codebook = CpuCodebook::new(&Centroids::from_offsets(vec![1.0; k * d], d), Metric::L2);
        for (bytes, groups) in
            [(100_000, Some(32)), (7 * 2 * 112, Some(7)), (3 * 2 * 112, Some(3)), (223, None)]
        {
            let bounds = Bounds::new(&engine.workers, engine.isa, &rows, &codebook, bytes);
            assert_eq!(bounds.as_ref().map(Bounds::groups), groups, "{bytes}");
            assert!(bounds.is_none_or(|bounds| bounds.kept.bounds.len() as u64 * 2 <= bytes));
        }
    }

    #[test]
    fn a_codebook_of_another_kind_has_no_bounds() {
        let engine = CpuEngine::new(None).unwrap();
        let rows = engine.prepare(Rows::Host { x: vec![1.0; 40].into(), d: 2 }, None).unwrap();
        let of = |metric, k: usize, c| CpuCodebook::new(&Centroids::from_offsets(vec![c; k * 2], 2), metric);
        let bounds = |metric| {
            let codebook = of(metric, 20, 1.0);
            Bounds::new(&engine.workers, engine.isa, &rows, &codebook, 10_000).unwrap()
        };
        assert!(bounds(Metric::L2).go_with(&of(Metric::L2, 20, 1e6)));
        assert!(!bounds(Metric::L2).go_with(&of(Metric::L2, 21, 1.0)));
        assert!(!bounds(Metric::L2).go_with(&of(Metric::InnerProduct, 20, 1.0)));
        assert!(bounds(Metric::InnerProduct).go_with(&of(Metric::InnerProduct, 20, 1.2)));
        // Longer than there is room for in M.
        assert!(!bounds(Metric::InnerProduct).go_with(&of(Metric::InnerProduct, 20, 2.0)));
    }
}
