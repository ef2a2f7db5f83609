//! Products of single pairs of a row and a centroid: nearly, and to the bit as the dense kernel has them.
//!
//! The dense kernel's is one chain of multiply-adds in the order of the columns. One chain waits for its own last
//! step, so several go side by side; and still they take six times as long as sums in sixteen lanes, which tell
//! most of what is to be told.

use super::lanes::{EACH, Kernel, Lanes, PANEL};
use crate::isa::Isa;

/// `Σ v·c` of eight pairs, in some order: no farther from the true one than the chain may be.
pub(crate) fn products(isa: Isa, pairs: [(&[f32], &[f32]); EACH]) -> [f32; EACH] {
    isa.run(InLanes { pairs })
}

struct InLanes<'a> {
    pairs: [(&'a [f32], &'a [f32]); EACH],
}

impl Kernel for InLanes<'_> {
    type Output = [f32; EACH];

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> [f32; EACH] {
        let mut sums = [lanes.splat(0.0); EACH];
        let mut rests = [0.0; EACH];
        for r in 0..EACH {
            let (v, c) = self.pairs[r];
            let (v, v_rest) = v.as_chunks::<PANEL>();
            let (c, c_rest) = c.as_chunks::<PANEL>();
            for (v, c) in v.iter().zip(c) {
                sums[r] = lanes.fma(lanes.load(v), lanes.load(c), sums[r]);
            }
            for (&v, &c) in v_rest.iter().zip(c_rest) {
                rests[r] = lanes.mul_add(v, c, rests[r]);
            }
        }
        let mut all = lanes.sum_of_each(sums);
        for r in 0..EACH {
            all[r] += rests[r];
        }
        all
    }
}

/// `Σ v·(factor·c)` of eight pairs, in the order of the columns.
pub(crate) fn chains(isa: Isa, pairs: [(&[f32], &[f32]); EACH], factor: f32) -> [f32; EACH] {
    isa.run(Chains { pairs, factor })
}

struct Chains<'a> {
    pairs: [(&'a [f32], &'a [f32]); EACH],
    factor: f32,
}

impl Kernel for Chains<'_> {
    type Output = [f32; EACH];

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> [f32; EACH] {
        let d = self.pairs[0].0.len();
        let pairs = self.pairs.map(|(v, c)| (&v[..d], &c[..d]));
        let mut chains = [0.0; EACH];
        for l in 0..d {
            for (chain, (v, c)) in chains.iter_mut().zip(pairs) {
                *chain = lanes.mul_add(v[l], self.factor * c[l], *chain);
            }
        }
        chains
    }
}
