//! Distances of all rows to all centroids, by blocks.

use crate::assign_all::{check_dim, in_data_units, ready};
use crate::engine::Engine;
use crate::error::Result;
use crate::model::KMeansModel;
use crate::progress::{OnProgress, Progress};
use crate::source::Source;
use crate::tensor_metric::transform_builtin;
use crate::trainer::Sink;

/// Distances in a block: 16 MiB of `f32`.
pub(crate) const BLOCK_DISTANCES: usize = 1 << 22;

/// Hands n×k distances to `sink`, some rows at a time: squared for L2, products for the inner product,
/// `1 − cos` for cosine, distances in their own unit for other metrics. Cost O(n·k·d), memory one block.
pub(crate) fn transform_model<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    model: &KMeansModel,
    sink: &mut Sink<'_>,
    progress: &OnProgress<'_>,
) -> Result<()> {
    if !model.metric().is_fused() {
        return transform_builtin(&engine.backend_device(), &source.unpacked(), model, sink, progress);
    }
    check_dim(source, model)?;
    let (n, target) = (source.n(), model.target());
    let codebook = engine.codebook(target.centroids, target.metric)?;
    let mut buffer = Vec::new();
    let step = source.block_rows().min(BLOCK_DISTANCES / model.k()).max(1);
    for start in (0..n).step_by(step) {
        let rows = start..n.min(start + step);
        source.prefetch(rows.end..n.min(rows.end + step));
        let block = source.block(rows.clone(), &mut buffer)?;
        let (block, frame) = ready(engine, source, None, rows.clone(), &target, true, block)?;
        let measured = engine.distance_matrix(&block, &codebook)?;
        let distances: Vec<f32> = in_data_units(&measured, &frame, target.metric).collect();
        sink(&distances)?;
        drop(block);
        source.release(rows.clone());
        // Nothing is left half done but the file of the caller, who can end this by an error.
        let _ = progress(&Progress::Assign { done: rows.end, n });
    }
    Ok(())
}
