//! The rows that are trained on: sampled, checked, centred, and held ready by an engine.

use std::borrow::Cow;
use std::ops::Range;

use crate::centroids::Centroids;
use crate::engine::{Engine, Rows};
use crate::error::{Error, Result};
use crate::frame::{Extent, Frame, ORIGIN_ROWS};
use crate::params::{Init, Params};
use crate::progress::{OnProgress, Progress};
use crate::rng::{Draws, Stream};
use crate::source::{Source, locate};
use crate::stats::PartialStats;

/// The rows chosen for training, in host memory or as a tensor.
pub(crate) struct Sample<'a, E: Engine> {
    rows: Rows<'a, E::Backend>,
    weights: Option<Cow<'a, [f32]>>,
    /// Their numbers in the source, ascending; `None`: all rows.
    ids: Option<Vec<usize>>,
    source: &'a Source<'a, E::Backend>,
}

impl<'a, E: Engine> Sample<'a, E> {
    /// All rows, or a uniform sample without replacement of at most `params.max_points()`; rows
    /// without weight are not sampled.
    ///
    /// Only the rows of the sample are read, in ascending order.
    pub(crate) fn draw(
        source: &'a Source<'a, E::Backend>,
        weights: Option<&'a [f32]>,
        params: &Params,
        progress: &OnProgress<'_>,
    ) -> Result<Self> {
        if source.n() <= params.max_points() {
            return Ok(Self { rows: source.all()?, weights: weights.map(Cow::Borrowed), ids: None, source });
        }
        let ids = sample_ids(source.n(), weights, params);
        let read = |done| {
            // Nothing is trained yet: a wish to stop is heeded after the first iteration.
            let _ = progress(&Progress::Read { done, n: ids.len() });
        };
        let weights = weights.map(|w| ids.iter().map(|&i| w[i]).collect());
        Ok(Self { rows: source.gather(&ids, read)?, weights, ids: Some(ids), source })
    }

    pub(crate) fn n(&self) -> usize {
        self.rows.dims()[0]
    }

    fn part(&self, range: Range<usize>) -> Rows<'_, E::Backend> {
        match &self.rows {
            Rows::Host { x, d } => Rows::Host { x: Cow::Borrowed(&x[range.start * d..range.end * d]), d: *d },
            Rows::Tensor(t) => Rows::Tensor(t.clone().slice([range, 0..t.dims()[1]])),
        }
    }

    fn source_row(&self, row: usize) -> usize {
        self.source.source_row(self.ids.as_ref().map_or(row, |ids| ids[row]))
    }
}

/// The numbers of the rows sampled, ascending.
fn sample_ids(n: usize, weights: Option<&[f32]>, params: &Params) -> Vec<usize> {
    let mut draws = Draws::new(params.seed, 0, Stream::Subsample);
    let mut ids = match weights {
        None => draws.distinct(params.max_points(), n),
        Some(weights) => {
            let heavy: Vec<usize> = (0..n).filter(|&row| weights[row] > 0.0).collect();
            let places = draws.distinct(params.max_points().min(heavy.len()), heavy.len());
            places.into_iter().map(|place| heavy[place]).collect()
        }
    };
    ids.sort_unstable();
    ids
}

/// The sample in one or more parts made ready by an engine, all in one frame.
pub(crate) struct TrainingSet<'p, E: Engine + 'p> {
    engine: &'p E,
    parts: Vec<(Range<usize>, E::Prepared<'p>)>,
    weights: Option<&'p [f32]>,
    source: &'p Source<'p, E::Backend>,
    frame: Frame,
    n: usize,
    is_all: bool,
}

impl<'p, E: Engine> TrainingSet<'p, E> {
    /// Checks the rows, finds the frame, and makes them ready.
    pub(crate) fn prepare(engine: &'p E, sample: &'p Sample<'p, E>, params: &Params) -> Result<Self> {
        let n = sample.n();
        let step = params.chunk_rows.unwrap_or(n);
        let weights = sample.weights.as_deref();
        let mut parts = Vec::new();
        let mut extent = Extent::empty(sample.rows.dims()[1]);
        for start in (0..n).step_by(step) {
            let range = start..n.min(start + step);
            let part = engine.prepare(sample.part(range.clone()), weights.map(|w| &w[range.clone()]))?;
            let at_source = |e| locate(e, sample.source.name(), |row| sample.source_row(start + row));
            extent.merge(&engine.extent(&part).map_err(at_source)?);
            parts.push((range, part));
        }
        if (extent.weighted_rows as usize) < params.k {
            return Err(Error::TooFewPoints { n: extent.weighted_rows as usize, k: params.k });
        }
        // Parts are in the identity frame still, in which `gather` gives rows as they are.
        let frame = Frame::at_minimum(&extent);
        let (source, is_all) = (sample.source, sample.ids.is_none());
        let mut set = Self { engine, parts, weights, source, frame, n, is_all };
        set.centre(extent, params)?;
        Ok(set)
    }

    /// Puts all rows into a frame at their medians, which holds the given centroids, too.
    fn centre(&mut self, mut extent: Extent, params: &Params) -> Result<()> {
        let some = self.gather(&self.origin_rows(&extent))?;
        if let Init::Centroids(given) = &params.init {
            given.chunks_exact(self.frame.dim()).for_each(|c| extent.widen(c));
        }
        let frame = Frame::centred(&extent, &some, params.metric());
        if !frame.holds(&extent) {
            let magnitude = f64::from(extent.max_abs);
            let (first, last) = (self.source.source_row(0), self.source.source_row(self.source.n() - 1) + 1);
            return Err(Error::OutOfRange { data: self.source.name().to_owned(), first, last, magnitude });
        }
        self.set_frame(frame)
    }

    /// Numbers of rows of positive weight, evenly spread.
    fn origin_rows(&self, extent: &Extent) -> Vec<usize> {
        let n = extent.weighted_rows as usize;
        let m = n.min(ORIGIN_ROWS);
        let mut places = (0..m).map(|i| (i as u128 * n as u128 / m as u128) as usize).peekable();
        let Some(weights) = self.weights else { return places.collect() };
        let heavy = (0..self.n).filter(|&row| weights[row] > 0.0).enumerate();
        heavy.filter_map(|(place, row)| places.next_if_eq(&place).map(|_| row)).collect()
    }

    fn set_frame(&mut self, frame: Frame) -> Result<()> {
        for (_, part) in &mut self.parts {
            self.engine.set_frame(part, &frame)?;
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
        self.n
    }

    pub(crate) fn weights(&self) -> Option<&'p [f32]> {
        self.weights
    }

    /// Whether these are all rows of the source.
    pub(crate) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Assigns every row and adds them up.
    pub(crate) fn step(&mut self, codebook: &E::Codebook) -> Result<PartialStats> {
        let engine = self.engine;
        merged(engine, self.parts.iter_mut().map(|(_, part)| engine.step(part, codebook)))
    }

    pub(crate) fn labels(&self) -> Result<Vec<i32>> {
        self.concat(|part| self.engine.labels(part))
    }

    pub(crate) fn distances(&self) -> Result<Vec<f32>> {
        self.concat(|part| self.engine.distances(part))
    }

    fn concat<T>(&self, of: impl Fn(&E::Prepared<'p>) -> Result<Vec<T>>) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.n);
        for (_, part) in &self.parts {
            all.extend(of(part)?);
        }
        Ok(all)
    }

    /// Rows by number, in the coordinates of the frame.
    pub(crate) fn gather(&self, ids: &[usize]) -> Result<Vec<f32>> {
        let mut x = Vec::with_capacity(ids.len() * self.frame.dim());
        for &id in ids {
            let at = self.parts.partition_point(|(range, _)| range.end <= id);
            let (range, part) = &self.parts[at];
            x.extend(self.engine.gather(part, &[id - range.start])?);
        }
        Ok(x)
    }

    /// Takes in fresh seeds of k-means++; returns the potential of each part.
    pub(crate) fn refresh(&mut self, fresh: &Centroids, restart: bool) -> Result<Vec<u128>> {
        self.parts.iter_mut().map(|(_, part)| self.engine.refresh(part, fresh, restart)).collect()
    }

    /// The row at `ticket` in the running potential over all parts, and how far into its share.
    pub(crate) fn pick(&self, potentials: &[u128], mut ticket: u128) -> Result<(usize, u128)> {
        for ((range, part), &potential) in self.parts.iter().zip(potentials) {
            if ticket < potential {
                let (row, into) = self.engine.pick(part, ticket)?;
                return Ok((range.start + row, into));
            }
            ticket -= potential;
        }
        unreachable!("the ticket is less than the sum of the potentials")
    }
}

fn merged<E: Engine>(engine: &E, mut sums: impl Iterator<Item = Result<E::Sums>>) -> Result<PartialStats> {
    let mut total = sums.next().expect("a training set has at least one part")?;
    for part in sums {
        engine.merge(&mut total, part?)?;
    }
    engine.download(total)
}
