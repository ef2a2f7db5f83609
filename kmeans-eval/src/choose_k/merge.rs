//! Fewer centroids from more.

use kmeans_core::KMeansModel;

/// k of the centroids of a model: as long as there are more, the two whose clusters cost least together are replaced by
/// their mean, `n_a·n_b / (n_a + n_b)·‖a − b‖²` (\[W63\]).
///
/// Cost O(k²·d) a pair: made for the few pairs between neighbouring k.
pub(super) fn merged(model: &KMeansModel, k: usize) -> Vec<f32> {
    let mut clusters: Vec<Cluster> = (0..model.k())
        .map(|j| Cluster {
            centre: model.centroid(j).iter().map(|&x| f64::from(x)).collect(),
            weight: model.cluster_sizes()[j] as f64,
        })
        .collect();
    while clusters.len() > k {
        let (a, b) = cheapest(&clusters);
        let other = clusters.swap_remove(b);
        clusters[a].take(&other);
    }
    clusters.iter().flat_map(|cluster| cluster.centre.iter().map(|&x| x as f32)).collect()
}

struct Cluster {
    centre: Vec<f64>,
    weight: f64,
}

impl Cluster {
    fn cost(&self, other: &Self) -> f64 {
        let sq_dist: f64 = self.centre.iter().zip(&other.centre).map(|(a, b)| (a - b).powi(2)).sum();
        let both = self.weight + other.weight;
        if both > 0.0 { self.weight * other.weight / both * sq_dist } else { 0.0 }
    }

    fn take(&mut self, other: &Self) {
        let both = self.weight + other.weight;
        let share = if both > 0.0 { other.weight / both } else { 0.5 };
        self.centre.iter_mut().zip(&other.centre).for_each(|(a, b)| *a += share * (b - *a));
        self.weight = both;
    }
}

/// The pair that costs least; the lowest numbers on ties.
fn cheapest(clusters: &[Cluster]) -> (usize, usize) {
    let mut best = (f64::INFINITY, 0, 1);
    for a in 0..clusters.len() {
        for b in a + 1..clusters.len() {
            let cost = clusters[a].cost(&clusters[b]);
            if cost < best.0 {
                best = (cost, a, b);
            }
        }
    }
    (best.1, best.2)
}
