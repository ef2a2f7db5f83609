//! Progressive dimensions: training on a growing number of leading principal components.
//!
//! ```text
//! rotate the rows to their principal components
//! for each of the growing numbers of dimensions but the last:
//!     train on so many leading components, from where the last step ended
//! rotate the centroids back; the last step trains on the rows themselves
//! ```
//!
//! k-means in all dimensions is the same before and after a rotation, so the last step needs none.

use std::ops::Range;

use kmeans_data::{DataError, Points};

use crate::assignment_step::AssignmentStep;
use crate::centroids::Centroids;
use crate::engine::Engine;
use crate::error::Result;
use crate::init;
use crate::lloyd;
use crate::params::Params;
use crate::pca::{Pca, PcaOptions, PcaRows};
use crate::report::RunReport;
use crate::sample::Sample;
use crate::source::Source;
use crate::training_set::TrainingSet;
use crate::watch::Watch;

/// Values of the source that are read at a time: 1 MiB of `f32`.
const BLOCK_VALUES: usize = 1 << 18;

/// The rotation and the dimensions of each step but the last.
pub(crate) struct Progressive {
    pca: Option<Pca>,
    dims: Vec<usize>,
}

impl Progressive {
    /// Finds the principal components of the rows, if they are asked for.
    pub(crate) fn new<E: Engine>(set: &TrainingSet<'_, E>, params: &Params, steps: usize) -> Result<Self> {
        let mut dims = schedule(set.frame().dim(), steps);
        dims.pop();
        let options = PcaOptions::default().centre(!params.metric().is_similarity());
        let pca = (params.apply_pca && !dims.is_empty())
            .then(|| Pca::fit(&set.points(), set.weights(), options))
            .transpose()?;
        Ok(Self { pca, dims })
    }

    /// Trains all steps but the last; returns where that begins, and their iterations.
    ///
    /// A device has room for one set of rows: meanwhile it does not hold `set`.
    pub(crate) fn start<E: Engine>(
        &self,
        set: &mut TrainingSet<'_, E>,
        params: &Params,
        redo: usize,
        watch: &Watch<'_>,
    ) -> Result<(Centroids, RunReport)> {
        if !set.engine().computes_elsewhere() {
            return self.steps(set, params, redo, watch);
        }
        let released = set.release()?;
        let begun = self.steps(set, params, redo, watch)?;
        set.hold(released)?;
        Ok(begun)
    }

    fn steps<E: Engine>(
        &self,
        set: &TrainingSet<'_, E>,
        params: &Params,
        redo: usize,
        watch: &Watch<'_>,
    ) -> Result<(Centroids, RunReport)> {
        let mut report = RunReport::none();
        let d = set.frame().dim();
        let points = set.points();
        let mut positions = self.rotated(&params.init_centroids, d)?;
        for &m in &self.dims {
            let projected: Box<dyn Points + '_> = match &self.pca {
                Some(pca) => Box::new(PcaRows::new(pca, &points, m)?),
                None => Box::new(LeadingColumns { points: &points, m }),
            };
            let inner = Params {
                init_centroids: positions.chunks_exact(d).flat_map(|c| &c[..m]).copied().collect(),
                int_centroids: false,
                max_points_per_centroid: None,
                ..params.clone()
            };
            let source = Source::Points(&*projected);
            let sample = Sample::<E>::draw(&source, set.weights(), &inner, watch)?;
            let mut step = TrainingSet::prepare(set.engine(), &sample, &inner)?;
            let first = init::centroids(&mut step, &inner, params.k, redo, watch)?;
            let run = lloyd::run(&mut step, &inner, redo, first, &mut AssignmentStep::Nearest, watch)?;
            positions = padded(&run.centroids.to_positions(step.frame()), m, d);
            report.extend(RunReport { dims: vec![m; run.report.iteration_stats.len()], ..run.report });
        }
        let back = self.rotated_back(&positions, d)?;
        Ok((Centroids::from_positions(&back, set.frame()), report))
    }

    /// Whether there is a step before the last.
    pub(crate) fn has_steps(&self) -> bool {
        !self.dims.is_empty()
    }

    fn rotated(&self, x: &[f32], d: usize) -> Result<Vec<f32>> {
        let Some(pca) = &self.pca else { return Ok(x.to_vec()) };
        let mut out = vec![0.0; x.len()];
        pca.transform(x, d, &mut out)?;
        Ok(out)
    }

    fn rotated_back(&self, y: &[f32], d: usize) -> Result<Vec<f32>> {
        let Some(pca) = &self.pca else { return Ok(y.to_vec()) };
        let mut out = vec![0.0; y.len()];
        pca.inverse_transform(y, d, &mut out)?;
        Ok(out)
    }
}

/// Rows of `m` columns, filled up with zeros to `d`.
fn padded(x: &[f32], m: usize, d: usize) -> Vec<f32> {
    let zeros = std::iter::repeat_n(0.0, d - m);
    x.chunks_exact(m).flat_map(|row| row.iter().copied().chain(zeros.clone())).collect()
}

/// Dimensions of each step, `⌊d^((1+i)/steps)⌋` without repetition; the last is `d`.
pub(crate) fn schedule(d: usize, steps: usize) -> Vec<usize> {
    let power = |i: usize| {
        let exact = (d as f64).powf((1 + i) as f64 / steps as f64);
        // A whole power may come out a rounding below: 64^(1/3) is 4.
        let whole = exact.round();
        if (exact - whole).abs() < 1e-9 * whole { whole as usize } else { exact as usize }
    };
    let mut dims: Vec<usize> = (0..steps).map(power).collect();
    dims.dedup();
    dims
}

/// The first columns of a source.
struct LeadingColumns<'a> {
    points: &'a dyn Points,
    m: usize,
}

impl Points for LeadingColumns<'_> {
    fn rows(&self) -> usize {
        self.points.rows()
    }

    fn dim(&self) -> usize {
        self.m
    }

    fn read(&self, rows: Range<usize>, out: &mut [f32]) -> Result<(), DataError> {
        kmeans_data::check_read(self, &rows, out.len())?;
        let d = self.points.dim();
        let step = (BLOCK_VALUES / d).max(1);
        let mut whole = Vec::new();
        for (start, out) in rows.clone().step_by(step).zip(out.chunks_mut(step * self.m)) {
            let block = start..rows.end.min(start + step);
            whole.resize(block.len() * d, 0.0);
            self.points.read(block, &mut whole)?;
            let lines = whole.chunks_exact(d).zip(out.chunks_exact_mut(self.m));
            lines.for_each(|(from, to)| to.copy_from_slice(&from[..self.m]));
        }
        Ok(())
    }

    fn is_encoded(&self) -> bool {
        self.points.is_encoded()
    }

    fn source_row(&self, row: usize) -> usize {
        self.points.source_row(row)
    }

    fn name(&self) -> &str {
        self.points.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_grow_without_repetition_or_slip() {
        assert_eq!(schedule(32, 5), [2, 4, 8, 16, 32]);
        assert_eq!(schedule(64, 3), [4, 16, 64]);
        assert_eq!(schedule(128, 10), [1, 2, 4, 6, 11, 18, 29, 48, 78, 128]);
        assert_eq!(schedule(7, 10), [1, 2, 3, 4, 5, 7]);
        assert_eq!(schedule(1, 4), [1]);
    }
}
