//! The rows that are trained on, held or left encoded, in passes over all of them and by number.

use burn::tensor::backend::Backend;

use super::block::RowBlock;
use super::metric::{TensorMetric, check_rows};
use super::ruler::{Labelled, Ruler};
use crate::centroids::Centroids;
use crate::error::{Error, Result};
use crate::extent::Extent;
use crate::frame::Frame;
use crate::params::Params;
use crate::sample::Sample;
use crate::source::{Source, locate};
use crate::tensor_engine::TensorEngine;
use crate::watch::Watch;

/// The rows that are trained on: sampled and checked.
pub(super) struct TrainingRows<'a, B: Backend> {
    place: Place<'a, B>,
    sample: Sample<'a, TensorEngine<B>>,
    /// At zero, unscaled: it only holds the grids on which rows and weights are added.
    frame: Frame,
}

/// Where the rows are.
enum Place<'a, B: Backend> {
    /// All of them in memory, as one block.
    Held(RowBlock<'a, B>),
    /// Encoded in their source, from which at most `step` are decoded at a time, in each pass anew.
    InSource { step: usize },
}

impl<'a, B: Backend> TrainingRows<'a, B> {
    pub(super) fn draw(
        ruler: &Ruler<'_, B>,
        source: &'a Source<'a, B>,
        weights: Option<&'a [f32]>,
        params: &Params,
        watch: &Watch<'_>,
    ) -> Result<Self> {
        let mut sample = Sample::<TensorEngine<B>>::draw(source, weights, params, watch)?;
        let place = match sample.take_rows() {
            None => Place::InSource { step: params.decode_block_size.min(sample.n()) },
            Some(rows) if params.chunk_rows.is_some() => Place::Held(RowBlock::once(rows)),
            Some(rows) => Place::Held(RowBlock::kept(rows, &ruler.device)),
        };
        let frame = checked(ruler.metric, &place, &sample)?;
        Ok(Self { place, sample, frame })
    }

    pub(super) fn n(&self) -> usize {
        self.sample.n()
    }

    pub(super) fn d(&self) -> usize {
        self.sample.d()
    }

    pub(super) fn frame(&self) -> &Frame {
        &self.frame
    }

    pub(super) fn weights(&self) -> Option<&[f32]> {
        self.sample.weights()
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        weight(self.weights(), row)
    }

    /// Whether these are all rows of the source.
    pub(super) fn is_all(&self) -> bool {
        self.sample.is_all()
    }

    /// Labels and distances of all rows.
    pub(super) fn assign(&self, ruler: &Ruler<'_, B>, centroids: &Centroids) -> Result<Labelled> {
        let mut all = Labelled::default();
        each_block(&self.place, &self.sample, |_, block| {
            all.append(ruler.nearest(block, centroids)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Lowers each distance to that from `point`, where that is nearer.
    pub(super) fn lower(&self, ruler: &Ruler<'_, B>, point: &[f32], distances: &mut [f64]) -> Result<()> {
        each_block(&self.place, &self.sample, |start, block| {
            let to_point = ruler.distances_to(block, point)?;
            distances[start..].iter_mut().zip(to_point).for_each(|(old, new)| *old = old.min(new));
            Ok(())
        })
    }

    /// Shows every row with its number, in order.
    pub(super) fn each_row(&self, mut see: impl FnMut(usize, &[f32])) -> Result<()> {
        each_block(&self.place, &self.sample, |start, block| {
            block.rows().enumerate().for_each(|(row, x)| see(start + row, x));
            Ok(())
        })
    }

    /// Rows by number, in that order: lent where they are held, else decoded into `buffer`.
    pub(super) fn pick<'x, 'i>(
        &'x self,
        ids: &'i [usize],
        buffer: &'x mut Vec<f32>,
    ) -> Result<Picked<'x, 'i>> {
        let d = self.d();
        match &self.place {
            Place::Held(all) => Ok(Picked { x: all.values(), d, ids: Some(ids) }),
            Place::InSource { step } => {
                buffer.resize(ids.len() * d, 0.0);
                for (ids, x) in ids.chunks(*step).zip(buffer.chunks_mut(step * d)) {
                    self.sample.read_rows(ids, x)?;
                }
                Ok(Picked { x: buffer, d, ids: None })
            }
        }
    }

    /// `w·distance` of each row, 0 where that is negative.
    pub(super) fn costs<'b>(&'b self, distances: &'b [f64]) -> impl Iterator<Item = f64> + Clone + 'b {
        distances.iter().enumerate().map(|(row, distance)| self.weight(row) * distance.max(0.0))
    }
}

/// Rows that were asked for by number.
pub(super) struct Picked<'x, 'i> {
    x: &'x [f32],
    d: usize,
    /// Their places in `x`; `None`: one after the other.
    ids: Option<&'i [usize]>,
}

impl<'x> Picked<'x, '_> {
    /// The row that was asked for in this place.
    pub(super) fn row(&self, place: usize) -> &'x [f32] {
        let row = self.ids.map_or(place, |ids| ids[place]);
        &self.x[row * self.d..][..self.d]
    }
}

/// The weight of a row, 1 without weights.
pub(super) fn weight(weights: Option<&[f32]>, row: usize) -> f64 {
    weights.map_or(1.0, |w| f64::from(w[row]))
}

/// `Σ w·distance`, in the order of the rows.
pub(super) fn objective(weights: Option<&[f32]>, distances: &[f64]) -> f64 {
    distances.iter().enumerate().map(|(row, distance)| weight(weights, row) * distance).sum()
}

/// Hands over all rows, a block at a time, with the number of its first row. Errors about a row name it as
/// the source does.
fn each_block<B: Backend>(
    place: &Place<'_, B>,
    sample: &Sample<'_, TensorEngine<B>>,
    mut work: impl FnMut(usize, &RowBlock<'_, B>) -> Result<()>,
) -> Result<()> {
    let at_source = |start, error| locate(error, sample.name(), |row| sample.source_row(start + row));
    match *place {
        Place::Held(ref all) => work(0, all).map_err(|e: Error| at_source(0, e)),
        Place::InSource { step } => (0..sample.n()).step_by(step).try_for_each(|start| {
            let block = RowBlock::once(sample.part(start..sample.n().min(start + step))?);
            work(start, &block).map_err(|e| at_source(start, e))
        }),
    }
}

/// Checks all rows and finds the grids on which those of positive weight are added.
fn checked<B: Backend>(
    metric: &dyn TensorMetric<B>,
    place: &Place<'_, B>,
    sample: &Sample<'_, TensorEngine<B>>,
) -> Result<Frame> {
    let (d, weights) = (sample.d(), sample.weights());
    let (mut min, mut max) = (vec![f32::INFINITY; d], vec![f32::NEG_INFINITY; d]);
    each_block(place, sample, |start, block| {
        check_rows(metric, block.values(), d)?;
        for (_, x) in block.rows().enumerate().filter(|&(row, _)| weight(weights, start + row) > 0.0) {
            for ((min, max), &x) in min.iter_mut().zip(&mut max).zip(x) {
                (*min, *max) = (min.min(x), max.max(x));
            }
        }
        Ok(())
    })?;
    Ok(Frame::with(vec![0.0; d], 1.0, &Extent::new(min, max, sample.n(), weights)))
}
