//! Rows by number.

use kmeans_data::zeros;

use super::{Part, TrainingSet};
use crate::engine::Engine;
use crate::error::Result;

impl<E: Engine> TrainingSet<'_, E> {
    /// Rows by number, in the coordinates of the frame.
    pub(crate) fn gather(&self, ids: &[usize]) -> Result<Vec<f32>> {
        if ids.is_sorted() {
            return self.gather_ascending(ids);
        }
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.sort_by_key(|&place| ids[place]);
        let ascending: Vec<usize> = order.iter().map(|&place| ids[place]).collect();
        let d = self.frame.dim();
        let mut x = zeros(ids.len() * d);
        for (place, row) in order.into_iter().zip(self.gather_ascending(&ascending)?.chunks_exact(d)) {
            x[place * d..][..d].copy_from_slice(row);
        }
        Ok(x)
    }

    /// An engine that computes elsewhere would be waited for, which takes longer than reading a few rows.
    fn gather_ascending(&self, ids: &[usize]) -> Result<Vec<f32>> {
        if self.engine.computes_elsewhere() && self.sample.is_on_host() {
            return self.gather_on_host(ids);
        }
        self.gather_from_engine(ids)
    }

    fn gather_on_host(&self, ids: &[usize]) -> Result<Vec<f32>> {
        let mut x = zeros(ids.len() * self.frame.dim());
        self.sample.read_rows(ids, &mut x)?;
        self.frame.bring_in(&mut x);
        Ok(x)
    }

    fn gather_from_engine(&self, ids: &[usize]) -> Result<Vec<f32>> {
        let mut x = Vec::with_capacity(ids.len() * self.frame.dim());
        let mut left = ids;
        while let Some(&first) = left.first() {
            let at = self.parts.partition_point(|(range, _)| range.end <= first);
            let (range, part) = &self.parts[at];
            let here = left.iter().take_while(|id| range.contains(id)).count();
            let taken = match part {
                Part::Held(part) => {
                    let rows: Vec<usize> = left[..here].iter().map(|id| id - range.start).collect();
                    x.extend(self.engine.gather(part, &rows)?);
                    here
                }
                Part::Streamed { .. } => {
                    // Rows that follow each other are read together.
                    let run = left[..here].iter().enumerate().take_while(|&(i, &id)| id == first + i).count();
                    let rows = self.ready(&(first..first + run))?;
                    x.extend(self.engine.gather(&rows, &(0..run).collect::<Vec<_>>())?);
                    run
                }
            };
            left = &left[taken..];
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use burn_ndarray::NdArray;

    use super::*;
    use crate::metric::Metric;
    use crate::params::Params;
    use crate::sample::Sample;
    use crate::tensor_engine::TensorEngine;

    /// Numbers near `middle` that need all bits of their mantissa.
    fn values(len: usize, middle: f32) -> Vec<f32> {
        (0..len).map(|i| middle * (1.0 + ((i * 7919) % 1013) as f32 / 3e4)).collect()
    }

    #[test]
    fn rows_read_on_the_host_are_those_of_the_engine() {
        let engine = TensorEngine::<NdArray>::default();
        for (metric, middle) in
            [(Metric::L2, 3.0), (Metric::L2, 1e30), (Metric::L2, 1e-30), (Metric::Cosine, 0.7)]
        {
            let sample = Sample::of_rows(values(11 * 3, middle), 3, None);
            let params = Params { metric: Some(metric), chunk_rows: Some(4), ..Params::new(2) };
            let set = TrainingSet::prepare(&engine, &sample, &params).unwrap();
            let ids = [0, 3, 4, 4, 5, 10];
            let on_host = set.gather_on_host(&ids).unwrap();
            assert_eq!(on_host, set.gather_from_engine(&ids).unwrap(), "{metric:?} near {middle}");
        }
    }

    #[test]
    fn rows_come_in_the_order_that_is_asked_for() {
        let engine = TensorEngine::<NdArray>::default();
        let sample = Sample::of_rows(values(11 * 3, 3.0), 3, None);
        let params = Params { chunk_rows: Some(4), ..Params::new(2) };
        let set = TrainingSet::prepare(&engine, &sample, &params).unwrap();
        let ids = [9, 2, 5, 2, 10, 0];
        let one_by_one: Vec<f32> = ids.iter().flat_map(|&id| set.gather(&[id]).unwrap()).collect();
        assert_eq!(set.gather(&ids).unwrap(), one_by_one);
    }
}
