//! An order of centroids in which near ones share a panel.
//!
//! ```text
//! cut(centroids):
//!     if they fill one panel: done
//!     direction = where they vary most                    a few steps of power iteration
//!     sort them along it, cut at the whole panel nearest to the middle
//!     cut(left), cut(right)
//! ```
//!
//! A bound that holds for a whole panel is as good as the panel's nearest centroid and its largest move. So the
//! order changes how much is skipped, and never a label.

use crate::isa::Isa;
use crate::kernel::{self, PANEL};
use crate::workers::Workers;

/// Steps of power iteration; each takes the place of an exact principal direction a little better.
const STEPS: usize = 4;

/// Which centroid stands at which place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CentroidOrder {
    ids: Vec<u32>,
    places: Vec<u32>,
}

impl CentroidOrder {
    /// `k` centroids as they are numbered.
    pub(crate) fn natural(k: usize) -> Self {
        let ids: Vec<u32> = (0..k as u32).collect();
        Self { places: ids.clone(), ids }
    }

    /// Near ones together. Cost O(k·d·log k).
    pub(crate) fn by_nearness(workers: &Workers, isa: Isa, centroids: &[f32], d: usize) -> Self {
        let k = centroids.len() / d;
        let mut ids: Vec<u32> = (0..k as u32).collect();
        workers.run(|| cut(isa, centroids, d, &mut ids));
        let mut places = vec![0; k];
        ids.iter().enumerate().for_each(|(place, &id)| places[id as usize] = place as u32);
        Self { ids, places }
    }

    /// The centroid at each place.
    pub(crate) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The place of each centroid.
    pub(crate) fn places(&self) -> &[u32] {
        &self.places
    }
}

fn cut(isa: Isa, centroids: &[f32], d: usize, ids: &mut [u32]) {
    if ids.len() <= PANEL {
        return;
    }
    let at = |id: u32| &centroids[id as usize * d..][..d];
    let mut mean = vec![0.0_f64; d];
    for &id in &*ids {
        mean.iter_mut().zip(at(id)).for_each(|(mean, &c)| *mean += f64::from(c));
    }
    let mean: Vec<f32> = mean.iter().map(|mean| (mean / ids.len() as f64) as f32).collect();
    let farthest = ids.iter().map(|&id| (kernel::sq_dist(isa, at(id), &mean), id));
    let farthest = farthest.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(ids[0], |(_, id)| id);
    let mut direction =
        unit(at(farthest).iter().zip(&mean).map(|(&c, &mean)| f64::from(c) - f64::from(mean)));
    for _ in 0..STEPS {
        let middle = kernel::dot(isa, &mean, &direction);
        let (mut next, mut total) = (vec![0.0_f64; d], 0.0);
        for &id in &*ids {
            let share = kernel::dot(isa, at(id), &direction) - middle;
            next.iter_mut().zip(at(id)).for_each(|(next, &c)| *next += share * f64::from(c));
            total += share;
        }
        direction = unit(next.iter().zip(&mean).map(|(next, &mean)| next - total * f64::from(mean)));
    }
    let along = |id: u32| kernel::dot(isa, at(id), &direction);
    let mut keyed: Vec<(f64, u32)> = ids.iter().map(|&id| (along(id), id)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    ids.iter_mut().zip(keyed).for_each(|(id, (_, sorted))| *id = sorted);
    let (left, right) = ids.split_at_mut(ids.len().div_ceil(PANEL) / 2 * PANEL);
    rayon::join(|| cut(isa, centroids, d, left), || cut(isa, centroids, d, right));
}

/// A vector of length 1, or of zeros where it has no direction.
fn unit(v: impl Iterator<Item = f64> + Clone) -> Vec<f32> {
    let most = v.clone().fold(0.0_f64, |most, v| most.max(v.abs()));
    let scaled = move || v.clone().map(move |v| if most > 0.0 { v / most } else { 0.0 });
    let length = scaled().map(|v| v * v).sum::<f64>().sqrt();
    scaled().map(|v| if length > 0.0 { (v / length) as f32 } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_centroid_has_one_place() {
        for (k, d) in [(1, 1), (16, 3), (17, 2), (100, 5), (1000, 7)] {
            let centroids: Vec<f32> = (0..k * d).map(|i| (i * 7919 % 1013) as f32).collect();
            let order =
                CentroidOrder::by_nearness(&Workers::new(None).unwrap(), Isa::detect(), &centroids, d);
            let mut sorted = order.ids().to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, CentroidOrder::natural(k).ids());
            assert!((0..k).all(|id| order.ids()[order.places()[id] as usize] == id as u32));
        }
    }

    #[test]
    fn clusters_of_centroids_share_panels() {
        // Eight clusters of 16, dealt out in turn.
        let centroids: Vec<f32> = (0..128).flat_map(|i| [(i % 8) as f32 * 100.0, (i / 8) as f32]).collect();
        let order = CentroidOrder::by_nearness(&Workers::new(None).unwrap(), Isa::detect(), &centroids, 2);
        for panel in order.ids().chunks(PANEL) {
            assert!(panel.iter().all(|id| id % 8 == panel[0] % 8), "{panel:?}");
        }
    }

    #[test]
    fn equal_centroids_and_far_ones_are_cut_too() {
        assert_eq!(
            CentroidOrder::by_nearness(&Workers::new(None).unwrap(), Isa::detect(), &[2.0; 300], 3)
                .ids()
                .len(),
            100
        );
        let far: Vec<f32> = (0..64).map(|i| if i % 2 == 0 { f32::MAX } else { f32::MIN }).collect();
        assert_eq!(
            CentroidOrder::by_nearness(&Workers::new(None).unwrap(), Isa::detect(), &far, 2).ids().len(),
            32
        );
    }
}
