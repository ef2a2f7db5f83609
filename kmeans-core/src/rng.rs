//! One seed, named streams.
//!
//! Every random choice draws from its own stream, derived from the seed, the restart and the name
//! of the choice, so that one choice never disturbs another. ChaCha8 is pinned by its definition:
//! a seed that a user keeps gives the same numbers in every version and on every platform.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Which choice a stream belongs to. The numbers are part of the file format of seeds: never reuse one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Subsample = 1,
    Init = 2,
    Split = 3,
    Directions = 4,
}

/// The stream of one choice.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64, redo: usize, stream: Stream) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(((redo as u64) << 8) | stream as u64);
        Self(rng)
    }

    /// Uniform in `0..bound`, without bias: draws beyond the last whole multiple are thrown away.
    pub(crate) fn below(&mut self, bound: u128) -> u128 {
        debug_assert!(bound > 0);
        let mask = u128::MAX >> (bound - 1).leading_zeros().min(127);
        loop {
            let draw = if mask <= u128::from(u64::MAX) {
                u128::from(self.0.next_u64())
            } else {
                (u128::from(self.0.next_u64()) << 64) | u128::from(self.0.next_u64())
            };
            if draw & mask < bound {
                return draw & mask;
            }
        }
    }

    /// Uniform row number in `0..n`.
    pub(crate) fn index(&mut self, n: usize) -> usize {
        self.below(n as u128) as usize
    }

    /// Uniform in `(0, 1]`, with 53 bits.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 * crate::fixed::power_of_two(-53)
    }

    /// One of −1 and 1.
    pub(crate) fn sign(&mut self) -> f64 {
        if self.0.next_u32() & 1 == 0 { -1.0 } else { 1.0 }
    }

    /// `m` different numbers of `0..n` in random order: the first `m` steps of a Fisher–Yates
    /// shuffle of which only the touched places are stored. Cost O(m), not O(n).
    pub(crate) fn distinct(&mut self, m: usize, n: usize) -> Vec<usize> {
        debug_assert!(m <= n);
        let mut moved = std::collections::HashMap::with_capacity(m);
        (0..m)
            .map(|i| {
                let j = i + self.index(n - i);
                let at_i = moved.remove(&i).unwrap_or(i);
                if j == i { at_i } else { moved.insert(j, at_i).unwrap_or(j) }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_draws_are_distinct_and_reach_every_number() {
        let mut draws = Draws::new(7, 0, Stream::Subsample);
        for (m, n) in [(0, 5), (5, 5), (3, 1000), (999, 1000)] {
            let mut ids = draws.distinct(m, n);
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), m);
            assert!(ids.iter().all(|&i| i < n));
        }
        let mut seen = [0_u32; 6];
        (0..6000).for_each(|_| draws.distinct(2, 6).iter().for_each(|&i| seen[i] += 1));
        assert!(seen.iter().all(|&s| (1800..2200).contains(&s)), "{seen:?}");
    }

    #[test]
    fn bounds_of_any_size_are_obeyed() {
        let mut draws = Draws::new(1, 2, Stream::Init);
        for bound in [1, 2, 3, 1 << 63, u128::from(u64::MAX), 1 << 64, (1 << 100) + 7, u128::MAX] {
            (0..100).for_each(|_| assert!(draws.below(bound) < bound));
        }
    }

    #[test]
    fn streams_are_pinned() {
        let mut draws = Draws::new(1234, 0, Stream::Init);
        let first: Vec<usize> = (0..4).map(|_| draws.index(1000)).collect();
        assert_eq!(first, PINNED);
    }

    const PINNED: [usize; 4] = [118, 557, 595, 808];
}
