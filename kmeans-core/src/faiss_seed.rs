//! The random choices of Faiss: equal seeds give the rows that Faiss takes.
//!
//! Faiss draws from the 32-bit Mersenne Twister of C++ [MN98], seeded with the lower 32 bits of the seed.
//!
//! | choice | stream |
//! |---|---|
//! | sample | the first rows of the permutation of `seed` |
//! | sample, `use_faster_subsampling` | SplitMix64 [SLF14] of `seed`, with replacement |
//! | initial centroids of restart r | the first rows of the permutation of [`redo_seed`] |
//! | donors of empty clusters | see `faiss_split.rs` |
//!
//! Checked against faiss-cpu 1.15.1 (C++, 64 bits, Linux). Later versions may replace the modulo in the permutation.

use std::collections::HashMap;

use rand_mt::Mt;

/// What a restart adds to the seed in Faiss.
const REDO_STRIDE: u64 = 15_486_557;

/// Above this share of all rows the permutation is shuffled in a plain array: a map takes more memory.
const SPARSE_SHARE: usize = 8;

/// Faiss's `RandomGenerator`.
pub(crate) struct FaissRng(Mt);

impl FaissRng {
    /// The stream of a seed, of which only the lower 32 bits count.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mt::new(seed as u32))
    }

    /// In `0..bound`, by remainder: as biased as in Faiss. `bound` is below 2^31 there.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        debug_assert!(bound > 0);
        (u64::from(self.0.next_u32()) % bound as u64) as usize
    }

    /// In `[0, 1]`: 32 bits over `2^32 − 1`, both rounded to `f32`.
    pub(crate) fn unit(&mut self) -> f32 {
        self.0.next_u32() as f32 / u32::MAX as f32
    }
}

/// The seed of the initial centroids of restart `redo`, counted from 0.
pub(crate) fn redo_seed(seed: u64, redo: usize) -> u64 {
    seed.wrapping_add(1).wrapping_add((redo as u64).wrapping_mul(REDO_STRIDE))
}

/// The first `m` numbers of Faiss's `rand_perm(n, seed)`, in its order; `m <= n`.
///
/// Faiss takes fewer than 2^31 rows here; beyond them the numbers are still different, but no longer uniform.
///
/// Cost O(m): only the first m swaps matter, and only the touched places are stored where they are few. Else
/// 8·n bytes.
pub(crate) fn rand_perm(m: usize, n: usize, seed: u64) -> Vec<usize> {
    debug_assert!(m <= n);
    let mut rng = FaissRng::new(seed);
    let partner = |i: usize| i + rng.below(n - i);
    if m < n / SPARSE_SHARE { sparse_shuffle(m, partner) } else { plain_shuffle(m, n, partner) }
}

fn plain_shuffle(m: usize, n: usize, mut partner: impl FnMut(usize) -> usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..n).collect();
    (0..m).for_each(|i| places.swap(i, partner(i)));
    places.truncate(m);
    places
}

fn sparse_shuffle(m: usize, mut partner: impl FnMut(usize) -> usize) -> Vec<usize> {
    let mut moved = HashMap::with_capacity(m);
    let step = |i: usize| {
        let j = partner(i);
        let at_i = moved.remove(&i).unwrap_or(i);
        if j == i { at_i } else { moved.insert(j, at_i).unwrap_or(j) }
    };
    (0..m).map(step).collect()
}

/// The `m` rows of `0..n` that Faiss samples with `use_faster_subsampling`: rows may repeat.
///
/// Cost and memory O(m).
pub(crate) fn faster_subsample(m: usize, n: usize, seed: u64) -> Vec<usize> {
    let mut state = seed;
    (0..m).map(|_| ((split_mix(&mut state) & (u64::MAX >> 1)) % n as u64) as usize).collect()
}

/// The next number of SplitMix64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = *state;
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    //! Expected numbers come from faiss-cpu 1.15.1: `faiss.rand_perm`, `faiss.RandomGenerator`, and
    //! `faiss.Kmeans(1, 10, niter=0)` on the rows 0, 1, …, 999, whose centroids are the initial ones.

    use super::*;

    #[test]
    fn permutations_are_those_of_faiss() {
        let first = |n, seed| rand_perm(10.min(n), n, seed);
        assert_eq!(first(20, 1234), [15, 16, 14, 17, 1, 9, 12, 0, 7, 6]);
        assert_eq!(first(10, 0), [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]);
        assert_eq!(first(7, -1_i64 as u64), [2, 1, 3, 6, 4, 5, 0]);
        assert_eq!(
            first(1_000_000, 1234),
            [569_775, 451_309, 942_150, 599_904, 33_840, 13_714, 109_676, 988_816, 997_375, 581_802]
        );
        assert_eq!(first(1000, (1 << 32) + 5), [411, 49, 291, 695, 678, 515, 112, 606, 6, 942]);
        assert_eq!(first(1000, 5), first(1000, (1 << 32) + 5));
    }

    #[test]
    fn both_shuffles_agree() {
        for (m, n) in [(0, 1), (1, 1), (5, 5), (12, 100), (100, 100), (40, 1000)] {
            let shuffled = |sparse: bool| {
                let mut rng = FaissRng::new(9);
                let partner = |i: usize| i + rng.below(n - i);
                if sparse { sparse_shuffle(m, partner) } else { plain_shuffle(m, n, partner) }
            };
            assert_eq!(shuffled(true), shuffled(false));
        }
    }

    #[test]
    fn uniform_numbers_are_those_of_faiss() {
        let mut rng = FaissRng::new(1234);
        let bits: Vec<u32> = (0..6).map(|_| rng.unit().to_bits()).collect();
        assert_eq!(bits, [0x3e44_1dad, 0x3efe_cdc6, 0x3f1f_4285, 0x3f51_5ddc, 0x3ee0_1dda, 0x3f1c_b35d]);
    }

    #[test]
    fn restarts_have_the_seeds_of_faiss() {
        let first = |redo| rand_perm(10, 1000, redo_seed(1234, redo));
        assert_eq!(first(0), [83, 677, 104, 766, 459, 622, 763, 421, 481, 503]);
        assert_eq!(first(3), [409, 736, 175, 383, 758, 741, 769, 612, 667, 644]);
        // Past 32 bits.
        assert_eq!(first(400), [99, 109, 502, 5, 616, 645, 596, 638, 422, 741]);
    }

    #[test]
    fn initial_centroids_are_those_of_faiss() {
        let of =
            |rows: &[usize]| rand_perm(10, rows.len(), redo_seed(1234, 0)).iter().map(|&i| rows[i]).collect();
        let all: Vec<usize> = of(&(0..1000).collect::<Vec<_>>());
        assert_eq!(all, [83, 677, 104, 766, 459, 622, 763, 421, 481, 503]);
        // With max_points_per_centroid=20.
        let sampled: Vec<usize> = of(&rand_perm(200, 1000, 1234));
        assert_eq!(sampled, [824, 867, 459, 619, 226, 772, 40, 647, 685, 138]);
        // With use_faster_subsampling=True as well.
        let repeating: Vec<usize> = of(&faster_subsample(200, 1000, 1234));
        assert_eq!(repeating, [23, 516, 817, 197, 733, 559, 751, 371, 490, 430]);
    }
}
