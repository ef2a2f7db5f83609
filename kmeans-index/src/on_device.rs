//! The vectors of a flat index on a device of their own.

use kmeans_core::PlainScanner;

use crate::best::Hit;
use crate::error::Result;
use crate::hardware::{Exact, Hardware};
use crate::store::Store;

/// Vectors on a device, and their ids in ascending order.
pub(crate) struct OnDevice {
    exact: Box<dyn Exact>,
    ids: Vec<u64>,
}

impl OnDevice {
    /// The vectors of `store`, where there is such a device. They come through the memory of the host, all of them.
    pub(crate) fn of(store: &Store, hardware: &dyn Hardware) -> Result<Option<Self>> {
        let (d, metric) = (store.dim(), store.space.score_metric());
        // An empty index, to see whether there is such a device at all.
        if store.storage.pieces().is_some() || hardware.exact(&[], d, metric)?.is_none() {
            return Ok(None);
        }
        let mut places = Vec::with_capacity(store.len);
        for (list, parts) in store.lists.iter().enumerate() {
            store.check(list)?;
            for part in parts {
                let at = |place| part.id(place).map(|id| (id, list, part, place));
                places.extend((0..part.places()).filter_map(at));
            }
        }
        // Of equally near ones an engine finds those that come first.
        places.sort_unstable_by_key(|&(id, ..)| id);
        let (mut ids, mut vectors) = (Vec::with_capacity(places.len()), vec![0.0; places.len() * d]);
        for ((id, list, part, place), v) in places.into_iter().zip(vectors.chunks_exact_mut(d)) {
            ids.push(id);
            part.in_frame(store.coder(&PlainScanner, list), place, v);
        }
        Ok(hardware.exact(&vectors, d, metric)?.map(|exact| Self { exact, ids }))
    }

    /// The nearest of queries in the frame.
    pub(crate) fn nearest(&self, store: &Store, v: &[f32], p: usize) -> Result<Vec<Vec<Hit>>> {
        let (numbers, distances) = self.exact.nearest(v, p)?;
        let hit = |(&number, &distance): (&u32, &f32)| {
            let cost = store.space.cost(f64::from(distance));
            Hit { cost, id: self.ids[number as usize], at: [0; 3] }
        };
        let of_query = numbers.chunks_exact(p).zip(distances.chunks_exact(p));
        Ok(of_query.map(|(numbers, distances)| numbers.iter().zip(distances).map(hit).collect()).collect())
    }
}
