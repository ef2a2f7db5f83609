//! Faiss's way with empty clusters: which cluster gives half of itself to which.

use crate::faiss_seed::FaissRng;

/// Every iteration starts this stream anew.
const SPLIT_SEED: u64 = 1234;

/// After this many refusals a cluster, the largest gives.
const TRIES_PER_CLUSTER: usize = 10;

/// Half the relative distance between the halves of a cluster, along each column.
const NUDGE: f32 = 1.0 / 1024.0;

/// The clusters that Faiss splits to fill empty ones, as pairs (donor, receiver) in the order in which it does.
///
/// For each empty cluster, in ascending order, donors are tried cyclically from the first: cluster j gives with
/// probability `(counts[j] − 1) / (n − k)`; after 10·k refusals the largest gives, the lowest on ties. Then the
/// counts of both are half of what the donor's was, also for the choices that follow.
///
/// `counts` are the weights of all clusters in `f32`, as Faiss adds them, and are updated. `n` is the number of
/// rows, whatever their weights; Faiss refuses `n <= k`. The first `k_frozen` clusters neither give nor receive,
/// and k above counts the others only. Where these are all empty, the first of them is the donor of all, itself
/// included. Checked against faiss-cpu 1.15.1.
///
/// Cost: at most 10·k draws an empty cluster.
pub(crate) fn faiss_split(counts: &mut [f32], n: usize, k_frozen: usize) -> Vec<(usize, usize)> {
    let counts = &mut counts[k_frozen..];
    let spare = n.saturating_sub(counts.len()) as f32;
    let mut rng = FaissRng::new(SPLIT_SEED);
    let mut splits = Vec::new();
    for receiver in 0..counts.len() {
        if counts[receiver] == 0.0 {
            let donor = draw_donor(counts, spare, &mut rng).unwrap_or_else(|| largest(counts));
            counts[receiver] = counts[donor] / 2.0;
            counts[donor] -= counts[receiver];
            splits.push((k_frozen + donor, k_frozen + receiver));
        }
    }
    splits
}

fn draw_donor(counts: &[f32], spare: f32, rng: &mut FaissRng) -> Option<usize> {
    let accepts = |&donor: &usize| {
        // In f64 and then rounded, as C++ does with its literal 1.0.
        let probability = ((f64::from(counts[donor]) - 1.0) / f64::from(spare)) as f32;
        rng.unit() < probability
    };
    (0..counts.len()).cycle().take(TRIES_PER_CLUSTER * counts.len()).find(accepts)
}

fn largest(counts: &[f32]) -> usize {
    (1..counts.len()).fold(0, |best, j| if counts[j] > counts[best] { j } else { best })
}

/// Puts the receiver beside the donor, as Faiss does: columns 0, 2, … of the receiver grow by 1/1024 and those of
/// the donor shrink, columns 1, 3, … the other way round.
///
/// Both are positions in the units of the data, counted from zero.
pub(crate) fn faiss_nudge(donor: &mut [f32], receiver: &mut [f32]) {
    for (j, (a, b)) in donor.iter_mut().zip(receiver).enumerate() {
        let nudge = if j % 2 == 0 { NUDGE } else { -NUDGE };
        *b = *a * (1.0 + nudge);
        *a *= 1.0 - nudge;
    }
}

#[cfg(test)]
mod tests {
    //! Expected donors and centroids come from faiss-cpu 1.15.1: `faiss.Kmeans(d, k, niter=1)` trained with
    //! `init_centroids` far out, so that clusters are empty. The centroids after its only iteration tell the donors.

    use super::*;

    #[test]
    fn donors_are_those_of_faiss() {
        let mut counts = [0.0, 30.0, 0.0, 20.0, 0.0, 10.0, 0.0, 0.0];
        assert_eq!(faiss_split(&mut counts, 60, 0), [(1, 0), (1, 2), (5, 4), (1, 6), (1, 7)]);
        assert_eq!(counts, [15.0, 1.875, 7.5, 20.0, 5.0, 5.0, 3.75, 1.875]);
    }

    #[test]
    fn centroids_after_splits_are_those_of_faiss() {
        let mut centroids =
            [[0.0; 2], [14.500_001, 15.500_001], [0.0; 2], [109.5, 110.5], [0.0; 2], [204.5, 205.5]];
        // The test above, without its last two clusters.
        for (donor, receiver) in [(1, 0), (1, 2), (5, 4)] {
            let [a, b] = centroids.get_disjoint_mut([donor, receiver]).unwrap();
            faiss_nudge(a, b);
        }
        assert_eq!(centroids[0], [14.514_161, 15.484_864]);
        assert_eq!(centroids[2], [14.499_988, 15.499_986]);
        assert_eq!([centroids[5], centroids[4]], [[204.300_3, 205.700_68], [204.699_7, 205.299_32]]);
    }

    #[test]
    fn many_splits_are_those_of_faiss() {
        let mut counts = [0.0; 20];
        for (j, count) in
            [(4, 16.0), (6, 25.0), (7, 30.0), (8, 39.0), (10, 46.0), (16, 13.0), (18, 28.0), (19, 3.0)]
        {
            counts[j] = count;
        }
        let donors: Vec<usize> = faiss_split(&mut counts, 200, 0).iter().map(|split| split.0).collect();
        assert_eq!(donors, [4, 7, 8, 4, 0, 2, 16, 1, 6, 10, 8, 6]);
    }

    #[test]
    fn heavy_rows_always_give_and_light_ones_never() {
        let of = |counts: &[f32]| faiss_split(&mut counts.to_vec(), 60, 0);
        assert_eq!(of(&[0.0, 3e7, 0.0, 2e7, 0.0, 1e7]), [(1, 0), (0, 2), (0, 4)]);
        assert_eq!(of(&[0.0, 0.15, 0.0, 0.1, 0.0, 0.05]), [(1, 0), (3, 2), (0, 4)]);
        assert_eq!(of(&[0.0, 37.5, 0.0, 24.0, 0.0, 13.5]), [(1, 0), (3, 2), (0, 4)]);
    }

    #[test]
    fn frozen_clusters_neither_give_nor_receive() {
        let mut counts = [40.0, 30.0, 30.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(faiss_split(&mut counts, 100, 2), [(2, 3), (2, 4), (4, 5), (2, 6)]);
        let mut counts = [40.0, 30.0, 20.0, 10.0, 0.0, 0.0];
        assert_eq!(faiss_split(&mut counts, 100, 4), [(4, 4), (4, 5)]);
        assert_eq!(faiss_split(&mut [0.0, 5.0], 5, 2), []);
    }
}
