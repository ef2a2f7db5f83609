//! The distances of all rows to all centroids.

use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{self, RowBlock, WideRows};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// Measured distances or products, row-major n×k.
pub(crate) fn distances(
    workers: &Workers,
    isa: Isa,
    rows: &CpuPrepared<'_>,
    codebook: &CpuCodebook,
) -> Vec<f32> {
    let (n, k) = (rows.n(), codebook.k());
    let step = kernel::pair_rows(rows.d());
    let centroids = WideRows::of(isa, codebook.centroids.offsets(), rows.d());
    let mut all = vec![0.0; n * k];
    let blocks = (0..n).step_by(step).zip(all.chunks_mut(step * k));
    let desk = || (RowBlock::default(), WideRows::default());
    workers.share(n.div_ceil(step), blocks, desk, |(block, wide), (start, out)| {
        rows.load(isa, block, start..start + out.len() / k);
        wide.load(isa, block);
        if codebook.metric.is_similarity() {
            kernel::pairs_block::<false>(isa, wide, &centroids, out);
        } else {
            kernel::pairs_block::<true>(isa, wide, &centroids, out);
        }
    });
    all
}
