//! The sample made ready by an engine: checked, centred, assigned to and added up.

mod gather;
mod passes;
mod room;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::centroids::Centroids;
use crate::engine::{Closer, Engine, Rows};
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::frame::{Frame, ORIGIN_ROWS, Origin};
use crate::metric::Metric;
use crate::params::Params;
use crate::parts::{self, PartOfRows};
use crate::prune::Prune;
use crate::report::PairCounts;
use crate::resident::{PendingTally, Update};
use crate::sample::{Sample, SamplePoints};
use crate::source::locate;
use crate::stats::PartialStats;

/// Values of sparse rows, zeros counted, that are looked at to find how far a typical row reaches; and the
/// fewest rows that are.
const SPARSE_VALUES: usize = 1 << 24;
const MIN_ORIGIN_ROWS: usize = 16;

/// The sample in one or more parts made ready by an engine, all in one frame.
///
/// Parts are held ready from pass to pass, or, where the rows are encoded or beyond `device_memory`, read and made ready again
/// in each: then only labels and distances stay.
pub(crate) struct TrainingSet<'p, E: Engine + 'p> {
    engine: &'p E,
    sample: &'p Sample<'p, E>,
    parts: Vec<(Range<usize>, Part<'p, E>)>,
    frame: Frame,
    prune: Prune,
    /// Of parts that are not held, or were not once.
    streamed_pairs: Option<PairCounts>,
}

enum Part<'p, E: Engine + 'p> {
    Held(E::Prepared<'p>),
    Streamed { labels: Vec<i32>, distances: Vec<f32> },
}

impl<'p, E: Engine> TrainingSet<'p, E> {
    /// Checks the rows, finds the frame, and makes them ready.
    pub(crate) fn prepare(engine: &'p E, sample: &'p Sample<'p, E>, params: &Params) -> Result<Self> {
        let (mut set, extent) = Self::checked(engine, sample, params)?;
        set.centre(extent, params)?;
        Ok(set)
    }

    /// The same for rows that are known to lie in a frame.
    pub(crate) fn prepare_in(
        engine: &'p E,
        sample: &'p Sample<'p, E>,
        params: &Params,
        frame: &Frame,
    ) -> Result<Self> {
        let (mut set, _) = Self::checked(engine, sample, params)?;
        set.set_frame(frame.clone())?;
        Ok(set)
    }

    fn checked(engine: &'p E, sample: &'p Sample<'p, E>, params: &Params) -> Result<(Self, Extent)> {
        let n = sample.n();
        let mut parts = Vec::new();
        let mut extent = Extent::empty(sample.d());
        for PartOfRows { rows: range, held } in parts::parts(engine, sample, params)? {
            let part = ready(engine, sample, &range)?;
            let at_source = |e| locate(e, sample.name(), |row| sample.source_row(range.start + row));
            extent.merge(&engine.extent(&part).map_err(at_source)?);
            let part = if held {
                Part::Held(part)
            } else {
                Part::Streamed { labels: vec![0; range.len()], distances: vec![0.0; range.len()] }
            };
            parts.push((range, part));
        }
        if (extent.weighted_rows as usize) < params.k {
            return Err(Error::TooFewPoints { n: extent.weighted_rows as usize, k: params.k });
        }
        // Parts are in the identity frame still, in which `gather` gives rows as they are.
        let identity = Frame::with(vec![0.0; sample.d()], 1.0, &extent);
        let mut set =
            Self { engine, sample, parts, frame: identity, prune: Prune::of(params), streamed_pairs: None };
        for (range, part) in &mut set.parts {
            if let Part::Held(part) = part {
                set.prune.share(range.len(), n).set(engine, part)?;
            }
        }
        Ok((set, extent))
    }

    /// Puts all rows into a frame at their medians, or at zero if they are sparse, which holds the given
    /// centroids, too.
    fn centre(&mut self, mut extent: Extent, params: &Params) -> Result<()> {
        let metric = params.metric();
        if metric.has_unit_rows() {
            return self.set_frame(Frame::of_unit_rows(&extent));
        }
        let some = self.gather(&self.origin_rows(&extent))?;
        params.init_centroids.chunks_exact(self.frame.dim()).for_each(|c| extent.widen(c));
        let origin = match Origin::of(metric) {
            // Lengths are measured from zero.
            _ if params.is_spherical() => Origin::Zero,
            _ if self.sample.is_sparse() => Origin::Zero,
            Origin::Medians if params.int_centroids => Origin::RoundedMedians,
            origin => origin,
        };
        let frame = Frame::at(origin, &extent, &some);
        if !frame.holds(&extent) {
            let magnitude = f64::from(extent.max_abs);
            let (first, last) = (self.sample.source_row(0), self.sample.source_row(self.n() - 1) + 1);
            return Err(Error::OutOfRange { data: self.sample.name().to_owned(), first, last, magnitude });
        }
        self.set_frame(frame)
    }

    /// Numbers of rows of positive weight, evenly spread.
    fn origin_rows(&self, extent: &Extent) -> Vec<usize> {
        let n = extent.weighted_rows as usize;
        // Of sparse rows fewer do: they are written out with their zeros.
        let most = if self.sample.is_sparse() { SPARSE_VALUES / self.frame.dim() } else { ORIGIN_ROWS };
        let m = n.min(most.clamp(MIN_ORIGIN_ROWS, ORIGIN_ROWS));
        let mut places = (0..m).map(|i| (i as u128 * n as u128 / m as u128) as usize).peekable();
        let Some(weights) = self.weights() else { return places.collect() };
        let heavy = (0..self.n()).filter(|&row| weights[row] > 0.0).enumerate();
        heavy.filter_map(|(place, row)| places.next_if_eq(&place).map(|_| row)).collect()
    }

    fn set_frame(&mut self, frame: Frame) -> Result<()> {
        for (_, part) in &mut self.parts {
            if let Part::Held(part) = part {
                self.engine.set_frame(part, &frame)?;
            }
        }
        self.frame = frame;
        Ok(())
    }

    pub(crate) fn engine(&self) -> &'p E {
        self.engine
    }

    pub(crate) fn frame(&self) -> &Frame {
        &self.frame
    }

    pub(crate) fn n(&self) -> usize {
        self.sample.n()
    }

    pub(crate) fn weights(&self) -> Option<&'p [f32]> {
        self.sample.weights()
    }

    /// Whether these are all rows of the source.
    pub(crate) fn is_all(&self) -> bool {
        self.sample.is_all()
    }

    /// The row that stands at a place in Faiss's order of the sample.
    pub(crate) fn row_at_place(&self, place: usize) -> usize {
        self.sample.row_at_place(place)
    }

    pub(crate) fn sample(&self) -> &'p Sample<'p, E> {
        self.sample
    }

    /// The rows as they are in the data.
    pub(crate) fn points(&self) -> SamplePoints<'p, 'p, E> {
        SamplePoints(self.sample)
    }

    /// Assigns every row to its nearest centroid and adds the rows up.
    pub(crate) fn step(&mut self, centroids: &Centroids, metric: Metric) -> Result<PartialStats> {
        let engine = self.engine;
        let codebook = engine.codebook(centroids, metric)?;
        self.add_up(|_, part| engine.step(part, &codebook))
    }

    /// The same, where centroids stay with the engine: the centroids after it, and its tally.
    pub(crate) fn advance(
        &mut self,
        codebook: &E::Codebook,
        update: Update,
    ) -> Result<(E::Codebook, PendingTally<'p>)> {
        let engine = self.engine;
        let sums = self.sums(|_, part| engine.step(part, codebook))?;
        engine.advance(codebook, sums, &self.frame, update)
    }

    /// Whether all rows are held ready from pass to pass.
    pub(crate) fn is_held(&self) -> bool {
        self.parts.iter().all(|(_, part)| matches!(part, Part::Held(_)))
    }

    /// Remembers the labels of rows that are held.
    pub(crate) fn keep_labels(&mut self) {
        self.held().for_each(|(engine, part)| engine.keep_labels(part));
    }

    /// Brings back the labels remembered last.
    pub(crate) fn restore_labels(&mut self) {
        self.held().for_each(|(engine, part)| engine.restore_labels(part));
    }

    fn held(&mut self) -> impl Iterator<Item = (&'p E, &mut E::Prepared<'p>)> {
        let engine = self.engine;
        self.parts.iter_mut().filter_map(move |(_, part)| match part {
            Part::Held(part) => Some((engine, part)),
            Part::Streamed { .. } => None,
        })
    }

    /// Adds the rows up by labels that were chosen elsewhere, one a row.
    pub(crate) fn step_with(
        &mut self,
        labels: &[i32],
        centroids: &Centroids,
        metric: Metric,
    ) -> Result<PartialStats> {
        let engine = self.engine;
        let codebook = engine.codebook(centroids, metric)?;
        let mut changed = 0;
        let mut stats = self.add_up(|range, part| {
            let new = &labels[range];
            let old = engine.labels(part)?;
            changed += old.iter().zip(new).filter(|(a, b)| a != b).count() as u64;
            engine.set_labels(part, new)?;
            engine.reduce(part, &codebook)
        })?;
        stats.changed = changed;
        Ok(stats)
    }

    /// The nearest of some centroids for every row, and the distance to it in the units of the frame.
    pub(crate) fn nearest_of(
        &mut self,
        centroids: &Centroids,
        metric: Metric,
    ) -> Result<(Vec<i32>, Vec<f32>)> {
        let engine = self.engine;
        let codebook = engine.codebook(centroids, metric)?;
        let (mut labels, mut distances) = (Vec::with_capacity(self.n()), Vec::with_capacity(self.n()));
        self.each_part(|_, part| {
            engine.assign(part, &codebook)?;
            labels.extend(engine.labels(part)?);
            distances.extend(engine.distances(part)?);
            Ok(())
        })?;
        Ok((labels, distances))
    }

    /// Threads for what is done on the host: the engine's, or all where it computes elsewhere.
    pub(crate) fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.engine.threads().unwrap_or_else(|| if self.engine.computes_elsewhere() { all() } else { 1 })
    }

    /// The rows whose nearest centroid is closer than their limit: row, centroid, squared distance in the
    /// units of the frame.
    pub(crate) fn closest(
        &mut self,
        centroids: &Centroids,
        limits: &[f32],
    ) -> Result<Vec<(usize, i32, f32)>> {
        let engine = self.engine;
        let codebook = engine.codebook(centroids, Metric::L2)?;
        let mut all = Vec::new();
        self.each_part(|range, part| {
            let found = engine.closest(part, &codebook, &limits[range.clone()])?;
            if range.start == 0 {
                all = found;
            } else {
                all.extend(
                    found.into_iter().map(|(row, label, sq_dist)| (range.start + row, label, sq_dist)),
                );
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// For each of a few centroids the rows that are closer to it than their limits, and their squared
    /// distances in the units of the frame.
    pub(crate) fn closer(&mut self, centroids: &Centroids, limits: &[f32]) -> Result<Closer> {
        let engine = self.engine;
        let codebook = engine.codebook(centroids, Metric::L2)?;
        let mut all: Closer = vec![Vec::new(); centroids.k()];
        self.each_part(|range, part| {
            let closer = engine.closer(part, &codebook, &limits[range.clone()])?;
            for (all, closer) in all.iter_mut().zip(closer) {
                if range.start == 0 {
                    *all = closer;
                } else {
                    all.extend(closer.into_iter().map(|(row, sq_dist)| (range.start + row, sq_dist)));
                }
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// The distance of some rows to every one of some centroids, ids.len()×k, in the units of the frame.
    pub(crate) fn distances_of_rows(
        &self,
        ids: &[usize],
        centroids: &Centroids,
        metric: Metric,
    ) -> Result<Vec<f32>> {
        let rows = self.in_frame(self.gather(ids)?)?;
        self.engine.distance_matrix(&rows, &self.engine.codebook(centroids, metric)?)
    }

    /// The squared distance of some points, in the coordinates of the frame, to the nearest of some centroids.
    pub(crate) fn sq_dists_of_points(&self, points: &[f32], centroids: &Centroids) -> Result<Vec<f32>> {
        let mut rows = self.in_frame(points.to_vec())?;
        self.engine.assign(&mut rows, &self.engine.codebook(centroids, Metric::L2)?)?;
        self.engine.distances(&rows)
    }

    /// Points that are in the coordinates of the frame already, made ready: prepared rows begin in the
    /// identity frame.
    fn in_frame(&self, points: Vec<f32>) -> Result<E::Prepared<'p>> {
        self.engine.prepare(Rows::Host { x: points.into(), d: self.frame.dim() }, None)
    }

    pub(crate) fn labels(&self) -> Result<Vec<i32>> {
        self.concat(|part| match part {
            Part::Held(part) => self.engine.labels(part),
            Part::Streamed { labels, .. } => Ok(labels.clone()),
        })
    }

    pub(crate) fn distances(&self) -> Result<Vec<f32>> {
        self.concat(|part| match part {
            Part::Held(part) => self.engine.distances(part),
            Part::Streamed { distances, .. } => Ok(distances.clone()),
        })
    }

    fn concat<T>(&self, of: impl Fn(&Part<'p, E>) -> Result<Vec<T>>) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.n());
        for (_, part) in &self.parts {
            all.extend(of(part)?);
        }
        Ok(all)
    }

    /// How the pairs of all assignments so far were decided, where the engine counts.
    pub(crate) fn pair_counts(&self) -> Option<PairCounts> {
        let held = self.parts.iter().filter_map(|(_, part)| match part {
            Part::Held(part) => self.engine.pair_counts(part),
            Part::Streamed { .. } => None,
        });
        held.chain(self.streamed_pairs).reduce(|mut all, some| {
            all += some;
            all
        })
    }

    fn ready(&self, range: &Range<usize>) -> Result<E::Prepared<'p>> {
        ready_in(&self.frame, self.engine, self.sample, range, self.prune)
    }
}

fn ready<'p, E: Engine>(
    engine: &'p E,
    sample: &'p Sample<'p, E>,
    range: &Range<usize>,
) -> Result<E::Prepared<'p>> {
    engine.prepare(sample.part(range.clone())?, sample.weights().map(|w| &w[range.clone()]))
}

fn ready_in<'p, E: Engine>(
    frame: &Frame,
    engine: &'p E,
    sample: &'p Sample<'p, E>,
    range: &Range<usize>,
    prune: Prune,
) -> Result<E::Prepared<'p>> {
    let mut part = ready(engine, sample, range)?;
    engine.set_frame(&mut part, frame)?;
    prune.share(range.len(), sample.n()).set(engine, &mut part)?;
    Ok(part)
}
