//! Numbers for tests.

/// Numbers in ±128, the same for the same seed.
pub(crate) fn numbers(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / 65536.0 - 128.0
    };
    (0..len).map(|_| next()).collect()
}
