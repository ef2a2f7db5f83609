//! Assignment of all rows of a source to fixed centroids, block by block.

use std::ops::Range;

use crate::centroids::Centroids;
use crate::engine::{Engine, Neighbours};
use crate::error::{Error, Result};
use crate::frame::{Extent, Frame};
use crate::metric::Metric;
use crate::progress::{OnProgress, Progress};
use crate::source::{Source, locate};

/// Values in a block: 32 MiB of `f32`. Small enough to stay near the caches and the memory of a
/// small machine, large enough that preparing centroids for a block costs nothing.
const BLOCK_VALUES: usize = 1 << 23;

/// Rows in a block of `d` columns. It depends on `d` alone, so that sums over blocks have the same
/// bits whatever the machine.
fn block_rows(d: usize) -> usize {
    (BLOCK_VALUES / d).clamp(256, 1 << 16)
}

/// Fixed centroids and the coordinates in which they are given.
pub(crate) struct Target<'a> {
    pub(crate) centroids: &'a Centroids,
    pub(crate) origin: &'a [f32],
    pub(crate) scale: f32,
    pub(crate) metric: Metric,
}

/// What to keep of every row.
#[derive(Clone, Copy)]
pub(crate) struct Keep {
    /// Nearest centroids of each row.
    pub(crate) p: usize,
    pub(crate) distances: bool,
}

/// Rows assigned to fixed centroids.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Assignment {
    /// The nearest centroid of each row, or the `p` nearest, row-major, the nearest first.
    pub labels: Vec<i32>,
    /// Squared distances (L2) or inner products to the centroids of `labels`, if asked for.
    pub distances: Option<Vec<f32>>,
    /// Centroids listed for each row.
    pub p: usize,
    /// Rows of each cluster, counting the nearest centroid.
    pub cluster_sizes: Vec<u64>,
    /// `Σ w·‖x − c‖²` (L2) or `Σ w·⟨x, c⟩` over all rows and their nearest centroid, in `f64`.
    pub inertia: f64,
    /// Engine and what it ran on.
    pub device: String,
}

/// Assigns all rows of `source`. Memory: one block, what is kept of every row, and k·d sums a thread.
pub(crate) fn assign_all<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    target: &Target<'_>,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    let n = source.n();
    let codebook = engine.codebook(target.centroids, target.metric)?;
    let mut all = Assignment {
        labels: Vec::with_capacity(n * keep.p),
        distances: keep.distances.then(|| Vec::with_capacity(n * keep.p)),
        p: keep.p,
        cluster_sizes: vec![0; target.centroids.k()],
        inertia: 0.0,
        device: engine.name(),
    };
    let mut buffer = Vec::new();
    let step = block_rows(source.d());
    for start in (0..n).step_by(step) {
        let rows = start..n.min(start + step);
        source.prefetch(rows.end..n.min(rows.end + step));
        assign_block(engine, source, weights, rows.clone(), target, &codebook, &mut buffer, &mut all)?;
        source.release(rows.clone());
        // Rows are assigned for a model that exists already; there is no half of it to return.
        let _ = progress(&Progress::Assign { done: rows.end, n });
    }
    Ok(all)
}

#[allow(clippy::too_many_arguments, reason = "the body of one loop, cut out for its length")]
fn assign_block<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    rows: Range<usize>,
    target: &Target<'_>,
    codebook: &E::Codebook,
    buffer: &mut Vec<f32>,
    all: &mut Assignment,
) -> Result<()> {
    let block = source.block(rows.clone(), buffer)?;
    let mut block = engine.prepare(block, weights.map(|w| &w[rows.clone()]))?;
    let extent = engine
        .extent(&block)
        .map_err(|e| locate(e, source.name(), |row| source.source_row(rows.start + row)))?;
    let frame = Frame::with(target.origin.to_vec(), target.scale, &extent);
    check_range(&frame, target.centroids, target.metric, all.distances.is_some(), || OutOfRangeAt {
        name: source.name(),
        rows: source.source_row(rows.start)..source.source_row(rows.end - 1) + 1,
        extent: &extent,
    })?;
    engine.set_frame(&mut block, &frame)?;
    let stats = engine.download(engine.step(&mut block, codebook)?)?;

    let objective = frame.objective(target.metric, target.centroids.max_sq_norm());
    all.inertia += objective.value(stats.total_objective()) * frame.unit();
    all.cluster_sizes.iter_mut().zip(&stats.counts).for_each(|(a, b)| *a += b);
    let found = if all.p == 1 {
        let distances = if all.distances.is_some() { engine.distances(&block)? } else { Vec::new() };
        Neighbours { ids: engine.labels(&block)?, distances }
    } else {
        engine.nearest(&block, codebook, all.p)?
    };
    all.labels.extend(found.ids);
    if let Some(distances) = &mut all.distances {
        distances.extend(in_data_units(&found.distances, &frame));
    }
    Ok(())
}

/// Distances of the frame in the units of the data.
pub(crate) fn in_data_units(distances: &[f32], frame: &Frame) -> impl Iterator<Item = f32> {
    let unit = frame.unit();
    distances.iter().map(move |&v| (f64::from(v) * unit) as f32)
}

/// Which rows an error of range speaks of.
pub(crate) struct OutOfRangeAt<'a> {
    pub(crate) name: &'a str,
    pub(crate) rows: Range<usize>,
    pub(crate) extent: &'a Extent,
}

/// Scores must fit `f32`, and distances if they are wanted.
pub(crate) fn check_range<'a>(
    frame: &Frame,
    centroids: &Centroids,
    metric: Metric,
    distances: bool,
    at: impl FnOnce() -> OutOfRangeAt<'a>,
) -> Result<()> {
    let (r, c) = (frame.sq_radius().sqrt(), centroids.max_sq_norm().sqrt());
    let (score, distance) = match metric {
        Metric::L2 => (2.0 * r * c + c * c, (r + c) * (r + c)),
        Metric::InnerProduct => (r * c, r * c),
    };
    let most = f64::from(f32::MAX) / 4.0;
    if score < most && (!distances || distance.max(distance * frame.unit()) < most) {
        return Ok(());
    }
    let OutOfRangeAt { name, rows, extent } = at();
    let values = extent.min.iter().chain(&extent.max);
    let magnitude = values.fold(0.0, |m: f64, &x| m.max(f64::from(x.abs())));
    Err(Error::OutOfRange { data: name.to_owned(), first: rows.start, last: rows.end, magnitude })
}
