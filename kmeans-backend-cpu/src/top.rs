//! The p nearest centroids of each row.

use kmeans_core::Neighbours;

use crate::codebook::CpuCodebook;
use crate::isa::Isa;
use crate::kernel::{self, RowBlock, Scratch};
use crate::prepared::CpuPrepared;
use crate::workers::Workers;

/// What a worker keeps from block to block.
#[derive(Default)]
struct Desk {
    block: RowBlock,
    scratch: Scratch,
    scores: Vec<f32>,
    best: Vec<(f32, i32)>,
}

/// The `p` lowest scores of each row, the lowest first, equal ones by their number.
pub(crate) fn nearest(
    workers: &Workers,
    isa: Isa,
    rows: &CpuPrepared<'_>,
    codebook: &CpuCodebook,
    p: usize,
) -> Neighbours {
    let (n, d) = (rows.n(), rows.d());
    let step = kernel::block_rows(d);
    let mut found = Neighbours { ids: vec![0; n * p], distances: vec![0.0; n * p] };
    let starts = (0..n).step_by(step);
    let blocks = starts.zip(found.ids.chunks_mut(step * p).zip(found.distances.chunks_mut(step * p)));
    workers.share(n.div_ceil(step), blocks, Desk::default, |desk, (start, (ids, distances))| {
        let count = ids.len() / p;
        rows.load(isa, &mut desk.block, start..start + count);
        desk.scores.resize(count * codebook.panels().k_padded(), 0.0);
        kernel::scores_block(isa, &desk.block, codebook.panels(), &mut desk.scratch, &mut desk.scores);
        let scores = desk.scores.chunks_exact(codebook.panels().k_padded());
        let out = ids.chunks_exact_mut(p).zip(distances.chunks_exact_mut(p));
        for (row, (scores, (ids, distances))) in scores.zip(out).enumerate() {
            lowest(&scores[..codebook.k()], p, &mut desk.best);
            for ((id, distance), &(_, best)) in ids.iter_mut().zip(distances).zip(&desk.best) {
                *id = best;
                *distance = codebook.measure(isa, desk.block.row(row), best as usize) as f32;
            }
        }
    });
    found.sort(p, codebook.metric);
    found
}

/// The `p` lowest of `scores` with their places, in order.
fn lowest(scores: &[f32], p: usize, best: &mut Vec<(f32, i32)>) {
    best.clear();
    for (id, &score) in scores.iter().enumerate() {
        if best.len() == p && best.last().is_some_and(|worst| score >= worst.0) {
            continue;
        }
        let at = best.partition_point(|b| b.0 <= score);
        best.truncate(p - 1);
        best.insert(at, (score, id as i32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_come_in_order_and_equal_ones_by_number() {
        let mut best = Vec::new();
        lowest(&[3.0, 1.0, 2.0, 1.0, 0.5, 3.0], 4, &mut best);
        assert_eq!(best, [(0.5, 4), (1.0, 1), (1.0, 3), (2.0, 2)]);
        lowest(&[3.0, 1.0], 2, &mut best);
        assert_eq!(best, [(1.0, 1), (3.0, 0)]);
        lowest(&[2.0, 1.0, 1.0], 1, &mut best);
        assert_eq!(best, [(1.0, 1)]);
    }
}
