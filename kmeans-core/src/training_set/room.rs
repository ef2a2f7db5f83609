//! Room on a device that is given back for a while.

use super::{Part, TrainingSet};
use crate::engine::Engine;
use crate::error::Result;

impl<E: Engine> TrainingSet<'_, E> {
    /// Has the engine hold no rows, until [`TrainingSet::hold`] is given what this returns: another set needs the
    /// room. Meanwhile they are made ready for each pass.
    pub(crate) fn release(&mut self) -> Result<Vec<usize>> {
        self.streamed_pairs = self.pair_counts();
        let mut released = Vec::new();
        for (at, (_, part)) in self.parts.iter_mut().enumerate() {
            if let Part::Held(held) = part {
                let (labels, distances) = (self.engine.labels(held)?, self.engine.distances(held)?);
                *part = Part::Streamed { labels, distances };
                released.push(at);
            }
        }
        Ok(released)
    }

    /// Has the engine hold these parts again, with their labels; distances come with the next pass.
    pub(crate) fn hold(&mut self, released: Vec<usize>) -> Result<()> {
        for at in released {
            let (range, part) = &self.parts[at];
            if let Part::Streamed { labels, .. } = part {
                let mut held = self.ready(range)?;
                self.engine.set_labels(&mut held, labels)?;
                self.parts[at].1 = Part::Held(held);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use burn_ndarray::NdArray;

    use super::*;
    use crate::centroids::Centroids;
    use crate::metric::Metric;
    use crate::params::Params;
    use crate::sample::Sample;
    use crate::tensor_engine::TensorEngine;

    #[test]
    fn rows_that_were_released_are_held_again_as_they_were() {
        let engine = TensorEngine::<NdArray>::default();
        let sample = Sample::of_rows((0..20).map(|i| (i % 7) as f32).collect(), 2, None);
        let params = Params { chunk_rows: Some(4), ..Params::new(2) };
        let mut set = TrainingSet::prepare(&engine, &sample, &params).unwrap();
        let two = Centroids::from_positions(&[1.0, 2.0, 5.0, 4.0], set.frame());
        let one = two.slice(0..1);
        let first = set.step(&two, Metric::L2).unwrap();
        let labels = set.labels().unwrap();

        let released = set.release().unwrap();
        assert!(!set.is_held() && set.labels().unwrap() == labels);
        assert_eq!(set.step(&two, Metric::L2).unwrap().sums, first.sums);
        set.hold(released).unwrap();
        assert!(set.is_held() && set.labels().unwrap() == labels);
        let moved = labels.iter().filter(|&&label| label != 0).count() as u64;
        assert_eq!(set.step(&one, Metric::L2).unwrap().changed, moved);
    }
}
