//! Assignment of all rows of a source to fixed centroids, block by block.

use std::ops::Range;
use std::thread;

use burn::tensor::backend::Backend;

use crate::assigner::{Assigner, labels_of};
use crate::centroids::Centroids;
use crate::engine::{Engine, Neighbours, Rows};
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::frame::Frame;
use crate::metric::Metric;
use crate::model::KMeansModel;
use crate::progress::{OnProgress, Progress};
use crate::prune::Prune;
use crate::read_ahead::ReadAhead;
use crate::source::{Source, locate};
use crate::tensor_metric::assign_builtin;
use crate::watch::Watch;

/// Fixed centroids and the coordinates in which they are given.
pub(crate) struct Target<'a> {
    pub(crate) centroids: &'a Centroids,
    pub(crate) origin: &'a [f32],
    pub(crate) scale: f32,
    pub(crate) metric: Metric,
}

/// What to keep of every row, and how to find it.
#[derive(Clone, Copy)]
pub(crate) struct Keep {
    /// Nearest centroids of each row.
    pub(crate) p: usize,
    pub(crate) distances: bool,
    pub(crate) prune: Prune,
}

/// Rows assigned to fixed centroids.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Assignment {
    /// The nearest centroid of each row, or the `p` nearest, row-major, the nearest first.
    pub labels: Vec<i32>,
    /// Squared distances (L2), inner products, cosine distances or those of another metric to the centroids of
    /// `labels`, if asked for.
    pub distances: Option<Vec<f32>>,
    /// Centroids listed for each row.
    pub p: usize,
    /// Rows of each cluster, counting the nearest centroid.
    pub cluster_sizes: Vec<u64>,
    /// `Σ w·‖x − c‖²` (L2), `Σ w·⟨x, c⟩` (inner product), `Σ w·(1 − cos)` or `Σ w·distance` over all rows and their
    /// nearest centroid, in `f64`.
    pub inertia: f64,
    /// Rows of zeros, which have no direction; counted for cosine only.
    pub zero_rows: u64,
    /// Engine and what it ran on.
    pub device: String,
}

/// Assigns all rows of `source`. Memory: a block, or two where one is made ready while another is computed on; what is
/// kept of every row; and k·d sums a thread.
pub(crate) fn assign_all<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    target: &Target<'_>,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    assign_all_by(engine, source, weights, target, None, keep, progress)
}

/// The same, by something else than the engine if there is such.
fn assign_all_by<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    weights: Option<&[f32]>,
    target: &Target<'_>,
    assigner: Option<&dyn Assigner>,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    let (n, step) = (source.n(), source.block_rows());
    let blocks = || (0..n).step_by(step).map(|start| start..n.min(start + step));
    let prefetch = |rows: &Range<usize>| source.prefetch(rows.end..n.min(rows.end + step));
    let make = |rows: &Range<usize>| {
        prefetch(rows);
        ready(engine, source, weights, rows.clone(), target, keep.distances, source.range(rows.clone())?)
    };
    let is_ahead = engine.computes_elsewhere() && n > step;
    let mut assigning = Assigning::new(engine, target, assigner, keep, n)?;
    let mut buffer = Vec::new();
    thread::scope(|scope| {
        let ahead = if is_ahead { blocks().collect() } else { Vec::new() };
        let ahead = ReadAhead::start(scope, engine.name(), ahead, &make);
        for rows in blocks() {
            if let Some(block) = ahead.take() {
                assigning.add(block?)?;
            } else {
                prefetch(&rows);
                let block = source.block(rows.clone(), &mut buffer)?;
                let (rows, distances) = (rows.clone(), keep.distances);
                assigning.add(ready(engine, source, weights, rows, target, distances, block)?)?;
            }
            source.release(rows.clone());
            // Rows are assigned for a model that exists already; there is no half of it to return.
            let _ = progress(&Progress::Assign { done: rows.end, n });
        }
        Ok(assigning.all)
    })
}

/// An assignment on its way, block by block.
struct Assigning<'a, E: Engine> {
    engine: &'a E,
    codebook: E::Codebook,
    target: &'a Target<'a>,
    assigner: Option<&'a dyn Assigner>,
    prune: Prune,
    all: Assignment,
}

impl<'a, E: Engine> Assigning<'a, E> {
    /// Of `n` rows, none of them yet.
    fn new(
        engine: &'a E,
        target: &'a Target<'a>,
        assigner: Option<&'a dyn Assigner>,
        keep: Keep,
        n: usize,
    ) -> Result<Self> {
        let all = Assignment {
            labels: Vec::with_capacity(n * keep.p),
            distances: keep.distances.then(|| Vec::with_capacity(n * keep.p)),
            p: keep.p,
            cluster_sizes: vec![0; target.centroids.k()],
            inertia: 0.0,
            zero_rows: 0,
            device: assigner.map_or_else(|| engine.name(), Assigner::name),
        };
        let codebook = engine.codebook(target.centroids, target.metric)?;
        Ok(Self { engine, codebook, target, assigner, prune: keep.prune, all })
    }

    /// Assigns the rows of a block.
    fn add(&mut self, (mut block, frame): (E::Prepared<'_>, Frame)) -> Result<()> {
        let (engine, codebook, target, all) = (self.engine, &self.codebook, self.target, &mut self.all);
        self.prune.set(engine, &mut block)?;
        let sums = match self.assigner {
            None => engine.step(&mut block, codebook)?,
            Some(assigner) => {
                let (d, n, first) = (frame.dim(), frame.rows() as usize, all.labels.len());
                let gather = |ids: &[usize]| engine.gather(&block, ids);
                let labels = labels_of(assigner, (n, first), [d, target.centroids.k()], gather)?;
                engine.set_labels(&mut block, &labels)?;
                engine.reduce(&mut block, codebook)?
            }
        };
        let stats = engine.download(sums)?;
        all.inertia += stats.objective_value(&frame, target.centroids, target.metric);
        all.cluster_sizes.iter_mut().zip(&stats.counts).for_each(|(a, b)| *a += b);
        let found = if all.p == 1 {
            let distances = if all.distances.is_some() { engine.distances(&block)? } else { Vec::new() };
            Neighbours { ids: engine.labels(&block)?, distances }
        } else {
            engine.nearest(&block, codebook, all.p)?
        };
        all.labels.extend(found.ids);
        if target.metric.has_unit_rows() {
            all.zero_rows +=
                zero_rows(&engine.distances(&block)?, frame.dim(), |ids| engine.gather(&block, ids))?;
        }
        if let Some(distances) = &mut all.distances {
            distances.extend(in_data_units(&found.distances, &frame, target.metric));
        }
        Ok(())
    }
}

/// A block of rows, checked and made ready in the coordinates of the target.
pub(crate) fn ready<'b, E: Engine>(
    engine: &'b E,
    source: &Source<'_, E::Backend>,
    weights: Option<&'b [f32]>,
    rows: Range<usize>,
    target: &Target<'_>,
    distances: bool,
    block: Rows<'b, E::Backend>,
) -> Result<(E::Prepared<'b>, Frame)> {
    let mut block = engine.prepare(block, weights.map(|w| &w[rows.clone()]))?;
    let extent = engine
        .extent(&block)
        .map_err(|e| locate(e, source.name(), |row| source.source_row(rows.start + row)))?;
    let frame = if target.metric.has_unit_rows() {
        Frame::of_unit_rows(&extent)
    } else {
        Frame::with(target.origin.to_vec(), target.scale, &extent)
    };
    check_range(&frame, target.centroids, target.metric, distances, || OutOfRangeAt {
        name: source.name(),
        rows: source.source_row(rows.start)..source.source_row(rows.end - 1) + 1,
        extent: &extent,
    })?;
    engine.set_frame(&mut block, &frame)?;
    Ok((block, frame))
}

/// How many rows are all zeros, of those whose measured product is 0. `gather` gives rows of `d` columns by number.
pub(crate) fn zero_rows(
    measured: &[f32],
    d: usize,
    gather: impl Fn(&[usize]) -> Result<Vec<f32>>,
) -> Result<u64> {
    /// Values that are gathered at a time.
    const VALUES: usize = 1 << 20;
    let candidates: Vec<usize> = (0..measured.len()).filter(|&row| measured[row] == 0.0).collect();
    let mut count = 0;
    for rows in candidates.chunks((VALUES / d).max(1)) {
        count += gather(rows)?.chunks_exact(d).filter(|row| row.iter().all(|&v| v == 0.0)).count();
    }
    Ok(count as u64)
}

/// Reads all rows and names the first value that is NaN or infinite.
pub(crate) fn check_all<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    watch: &Watch<'_>,
) -> Result<()> {
    let n = source.n();
    let mut buffer = Vec::new();
    let step = source.block_rows();
    for start in (0..n).step_by(step) {
        let rows = start..n.min(start + step);
        source.prefetch(rows.end..n.min(rows.end + step));
        let block = engine.prepare(source.block(rows.clone(), &mut buffer)?, None)?;
        engine.extent(&block).map_err(|e| locate(e, source.name(), |row| source.source_row(start + row)))?;
        source.release(rows.clone());
        watch.tell(&Progress::Read { done: rows.end, n });
    }
    Ok(())
}

/// Assigns all rows of `source` to the centroids of `model`.
pub(crate) fn assign_model<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    model: &KMeansModel,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    check_dim(source, model)?;
    check_p(keep.p, model)?;
    if !model.metric().is_fused() {
        return assign_builtin(&engine.backend_device(), &source.unpacked(), model, keep, progress);
    }
    assign_all(engine, source, None, &model.target(), keep, progress)
}

/// Assigns all rows of `source` to centroids of `model` by something else than the engine, which measures.
pub(crate) fn assign_model_by<E: Engine>(
    engine: &E,
    source: &Source<'_, E::Backend>,
    model: &KMeansModel,
    assigner: &mut dyn Assigner,
    keep: Keep,
    progress: &OnProgress<'_>,
) -> Result<Assignment> {
    check_dim(source, model)?;
    model.metric().check_fused()?;
    if keep.p != 1 {
        return Err(Error::Together { name: "p", with: "an assigner" });
    }
    assigner.train(model.offsets(), model.dim())?;
    assigner.set_centroids(model.offsets(), model.dim())?;
    assign_all_by(engine, source, None, &model.target(), Some(&*assigner), keep, progress)
}

/// As many centroids as are asked for must be there.
pub(crate) fn check_p(p: usize, model: &KMeansModel) -> Result<()> {
    if (1..=model.k()).contains(&p) {
        return Ok(());
    }
    let expected = "between 1 and the number of clusters";
    Err(Error::Parameter { name: "p", value: p.to_string(), expected })
}

/// Rows must have as many columns as the model.
pub(crate) fn check_dim<B: Backend>(source: &Source<'_, B>, model: &KMeansModel) -> Result<()> {
    if source.d() == model.dim() {
        return Ok(());
    }
    Err(Error::DimensionMismatch {
        what: source.name().to_owned(),
        than: "the model",
        expected: model.dim(),
        found: source.d(),
    })
}

/// What was measured in the frame as distances of the metric, in the units of the data.
pub(crate) fn in_data_units(measured: &[f32], frame: &Frame, metric: Metric) -> impl Iterator<Item = f32> {
    let unit = frame.unit();
    measured.iter().map(move |&v| metric.objective(f64::from(v) * unit, 1.0) as f32)
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
        Metric::InnerProduct | Metric::Cosine => (r * c, r * c),
        other => other.has_no_score(),
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
