//! Passes over all parts of a training set: those held, and those made ready for the pass.

use std::ops::Range;
use std::thread;

use super::{Part, TrainingSet, ready_in};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::read_ahead::ReadAhead;
use crate::stats::PartialStats;

impl<'p, E: Engine> TrainingSet<'p, E> {
    pub(super) fn add_up(
        &mut self,
        of: impl FnMut(Range<usize>, &mut E::Prepared<'p>) -> Result<E::Sums>,
    ) -> Result<PartialStats> {
        let sums = self.sums(of)?;
        let stats = self.engine.download(sums)?;
        self.check_counts(&stats.counts)?;
        Ok(stats)
    }

    /// Whether all rows were added up: an engine may compute where failures are not seen.
    pub(crate) fn check_counts(&self, counts: &[u64]) -> Result<()> {
        let (found, n) = (counts.iter().sum::<u64>(), self.n());
        if found == n as u64 {
            return Ok(());
        }
        let message = format!("it added up {found} rows of {n}");
        Err(Error::Engine { engine: self.engine.name(), message })
    }

    pub(super) fn sums(
        &mut self,
        mut of: impl FnMut(Range<usize>, &mut E::Prepared<'p>) -> Result<E::Sums>,
    ) -> Result<E::Sums> {
        let engine = self.engine;
        let mut total = None;
        self.each_part(|range, part| {
            let sums = of(range, part)?;
            match &mut total {
                None => total = Some(sums),
                Some(total) => engine.merge(total, sums)?,
            }
            Ok(())
        })?;
        Ok(total.expect("a training set has at least one part"))
    }

    /// Runs `work` on every part; streamed ones are made ready for it, and keep labels and distances. Where the engine
    /// computes elsewhere, the next of them is made ready meanwhile.
    pub(super) fn each_part(
        &mut self,
        mut work: impl FnMut(Range<usize>, &mut E::Prepared<'p>) -> Result<()>,
    ) -> Result<()> {
        let (engine, sample, prune, frame) = (self.engine, self.sample, self.prune, &self.frame);
        let make = |range: &Range<usize>| ready_in(frame, engine, sample, range, prune);
        let ahead = self.parts.iter().filter(|(_, part)| is_read_ahead(engine, part));
        let ahead = ahead.map(|(range, _)| range.clone()).collect();
        thread::scope(|scope| {
            let ahead = ReadAhead::start(scope, engine.name(), ahead, &make);
            for (range, part) in &mut self.parts {
                match part {
                    Part::Held(part) => work(range.clone(), part)?,
                    Part::Streamed { labels, distances } => {
                        let mut part = ahead.take().unwrap_or_else(|| make(range))?;
                        engine.set_labels(&mut part, labels)?;
                        work(range.clone(), &mut part)?;
                        if let Some(pairs) = engine.pair_counts(&part) {
                            *self.streamed_pairs.get_or_insert_default() += pairs;
                        }
                        (*labels, *distances) = (engine.labels(&part)?, engine.distances(&part)?);
                    }
                }
            }
            Ok(())
        })
    }
}

fn is_read_ahead<E: Engine>(engine: &E, part: &Part<'_, E>) -> bool {
    engine.computes_elsewhere() && matches!(part, Part::Streamed { .. })
}
