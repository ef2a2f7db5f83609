//! The same pass over rows that stay sparse.

use kmeans_core::PartialStats;

use crate::desk::Desk;
use crate::kernel::{self, SparseBlock};
use crate::pass::{Block, Pass};
use crate::sums::Sums;

/// Entries of a block for each column: so often a strip that was fetched is used before the next. Of
/// 20 000×10 000 values, 80 a row, k = 1000, blocks of 500, 2000, 5000 and 20 000 rows took 160, 120,
/// 112 and 92 ms (Sapphire Rapids, one thread).
const ENTRIES_A_COLUMN: usize = 32;

/// Fewest and most rows of a block.
const BLOCK_ROWS: std::ops::RangeInclusive<usize> = 256..=1 << 14;

/// Blocks a worker takes at least, where rows suffice: one may be slower than another.
const BLOCKS_A_WORKER: usize = 2;

/// Below this share of `‖v‖² + ‖c‖²` a distance is measured again, with all its columns.
const NEAR: f64 = 1e-6;

impl Pass<'_, '_> {
    /// Rows of a block.
    pub(crate) fn sparse_block_rows(&self) -> usize {
        let entries = self.rows.csr().map_or(0, |csr| csr.nnz());
        let a_row = entries.div_ceil(self.rows.n().max(1)).max(1);
        let share = self.rows.n().div_ceil(BLOCKS_A_WORKER * self.workers.count());
        let wanted = (ENTRIES_A_COLUMN * self.rows.d() / a_row).min(share);
        wanted.clamp(*BLOCK_ROWS.start(), *BLOCK_ROWS.end())
    }

    pub(crate) fn one_sparse(&self, desk: &mut Desk, out: Block<'_>, sums: &Sums) {
        let mut buffer = std::mem::take(&mut desk.values);
        if let Some(rows) = self.rows.load_sparse(out.rows.clone(), &mut buffer) {
            self.one_loaded(desk, rows, out, sums);
        }
        desk.values = buffer;
    }

    fn one_loaded(&self, desk: &mut Desk, rows: SparseBlock<'_>, out: Block<'_>, sums: &Sums) {
        if self.choose {
            desk.chosen.resize(out.rows.len(), 0);
            let strips = self.codebook.strips(self.workers);
            kernel::nearest_sparse(self.isa, rows, strips, &mut desk.scratch, &mut desk.chosen);
            desk.count_changed(out.labels);
            out.labels.copy_from_slice(&desk.chosen);
        }
        desk.measured.clear();
        for (i, &label) in out.labels.iter().enumerate() {
            let measured = self.measure_sparse(desk, rows, out.rows.start, i, label as usize);
            desk.measured.push(measured);
        }
        out.distances.iter_mut().zip(&desk.measured).for_each(|(to, &from)| *to = from as f32);
        let Some(mut stats) = sums.any() else { return };
        for (i, (&label, &distance)) in out.labels.iter().zip(&desk.measured).enumerate() {
            let weight = self.rows.weight(out.rows.start + i);
            self.add_sparse(&mut stats, rows.row(i), label as usize, weight, distance);
        }
    }

    fn add_sparse(
        &self,
        stats: &mut PartialStats,
        (columns, v): (&[u32], &[f32]),
        cluster: usize,
        weight: f64,
        distance: f64,
    ) {
        if weight == 0.0 {
            // A row without weight may lie outside the frame, where its terms are no numbers.
            stats.counts[cluster] += 1;
            return;
        }
        let frame = &self.rows.frame;
        let range = cluster * frame.dim()..(cluster + 1) * frame.dim();
        let low_factor = frame.weight().low_factor();
        let low = frame.is_wide().then(|| (&mut stats.sums_low[range.clone()], low_factor));
        let steps = &self.rows.inverse_steps;
        kernel::accumulate_sparse(columns, v, weight, steps, &mut stats.sums[range], low);
        stats.add_tally(frame, self.objective, cluster, weight, distance);
    }

    /// The distance or product of a row to its own centroid.
    ///
    /// `‖v − c‖² = ‖v‖² + ‖c‖² − 2⟨v, c⟩`, in `f64` at the entries of the row alone. Each of the three
    /// is off by at most `(d + 8)·2⁻⁵³` of `‖v‖² + ‖c‖²`, and by the root of d instead of d as a rule:
    /// for 10^5 columns less than 10^-13, which is 10^-7 of a distance at [`NEAR`]. What is nearer is
    /// measured again without cancellation; so a row at its centroid has distance 0.
    fn measure_sparse(
        &self,
        desk: &mut Desk,
        rows: SparseBlock<'_>,
        first: usize,
        row: usize,
        cluster: usize,
    ) -> f64 {
        let (columns, v) = rows.row(row);
        let c = self.codebook.centroids.row(cluster);
        let product = kernel::dot_sparse(columns, v, c);
        if self.codebook.metric.is_similarity() {
            return product;
        }
        let sq_norm: f64 = v.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
        let both = sq_norm + self.codebook.sq_norms[cluster];
        let sq_dist = both - 2.0 * product;
        if sq_dist > NEAR * both {
            return sq_dist;
        }
        desk.rows.begin(first + row..first + row + 1);
        kernel::sq_dist(self.isa, desk.rows.all(self.isa, self.rows).row(0), c)
    }
}
