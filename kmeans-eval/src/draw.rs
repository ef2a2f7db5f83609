//! Random rows.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// m of n rows, ascending, each with the same chance.
pub(crate) fn draw(n: usize, m: usize, seed: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = Vec::with_capacity(m);
    // Row by row: the chance to fill one of the places left. 2^64 is so far beyond n that the bias is none.
    for row in 0..n {
        let left = (n - row) as u128;
        if (u128::from(random.next_u64()) * left) >> 64 < (m - rows.len()) as u128 {
            rows.push(row);
        }
    }
    rows
}
