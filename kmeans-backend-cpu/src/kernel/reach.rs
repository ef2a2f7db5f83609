//! Lower bounds of distances in 16 bits: which rows they keep awake, and bounds made anew.
//!
//! A bound is a `f32` that is not negative without its lowest 13 bits, less a base: 10 bits of the fraction and
//! 64 powers of two, rounded down.

use super::bytes::Side;
use super::lanes::{Kernel, Lanes, PANEL};
use crate::isa::Isa;

/// Bits of a `f32` that a bound leaves out.
const SHIFT: u32 = 13;

/// Where the 64 powers of two of 16-bit bounds end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base(u32);

impl Base {
    /// Bounds up to `most`, which is finite.
    pub(crate) fn up_to(most: f32) -> Self {
        Self((most.to_bits() >> SHIFT).saturating_sub(u32::from(u16::MAX)))
    }

    /// The bound that is kept of `x`, which is not negative.
    #[inline(always)]
    fn encode(self, x: f32) -> u16 {
        (x.to_bits() >> SHIFT).saturating_sub(self.0).min(u32::from(u16::MAX)) as u16
    }

    /// The smallest number of which this may have been kept, but for 0.
    #[inline(always)]
    fn decode(self, bound: u16) -> f32 {
        f32::from_bits((u32::from(bound) + self.0) << SHIFT)
    }

    /// What is above [`Base::decode`] of 0.
    pub(crate) fn least(self) -> f32 {
        self.decode(1)
    }
}

/// Collects the rows whose bound is not above `reaches + moved`, in the room of `ids`, and returns how many
/// there are. `bounds` and `reaches` have whole vectors, whose rest is not in reach.
pub(crate) fn awake(
    isa: Isa,
    base: Base,
    bounds: &[u16],
    reaches: &[f32],
    moved: f32,
    ids: &mut [u32],
) -> usize {
    debug_assert!(bounds.len() == reaches.len() && ids.len() >= reaches.len() + PANEL);
    isa.run(Awake { base, bounds, reaches, moved, ids })
}

struct Awake<'a> {
    base: Base,
    bounds: &'a [u16],
    reaches: &'a [f32],
    moved: f32,
    ids: &'a mut [u32],
}

impl Kernel for Awake<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> usize {
        let Self { base, bounds, reaches, moved, ids } = self;
        let moved = lanes.splat(moved);
        let mut count = 0;
        let vectors = reaches.as_chunks::<PANEL>().0.iter().zip(bounds.as_chunks::<PANEL>().0);
        for (at, (reaches, bounds)) in vectors.enumerate() {
            let mut decoded = [0.0; PANEL];
            for lane in 0..PANEL {
                decoded[lane] = base.decode(bounds[lane]);
            }
            // What is no number keeps its row awake.
            let mask = lanes.not_greater(lanes.load(&decoded), lanes.add(lanes.load(reaches), moved));
            let Some(room) = ids[count..].first_chunk_mut() else {
                unreachable!("there is room for all rows")
            };
            count += lanes.places(mask, (at * PANEL) as u32, room);
        }
        count
    }
}

/// Turns lower bounds of scores into what is kept of the distances: `√(factor·score + rest) + moved`, rounded
/// down, of the rows `ids`.
pub(crate) fn renew(isa: Isa, renewal: Renewal<'_>) {
    isa.run(renewal);
}

/// Arguments of [`renew`].
pub(crate) struct Renewal<'a> {
    pub(crate) base: Base,
    pub(crate) ids: &'a [u32],
    pub(crate) least: &'a [f32],
    /// Of all rows.
    pub(crate) sides: &'a [Side],
    pub(crate) factor: f32,
    pub(crate) moved: f32,
    pub(crate) bounds: &'a mut [u16],
}

/// What a root, a sum and a product may have been rounded up by, as a factor.
const DOWN: f32 = 1.0 - 1.0 / (1 << 20) as f32;

impl Kernel for Renewal<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (zero, down) = (lanes.splat(0.0), lanes.splat(DOWN));
        let (factor, moved) = (lanes.splat(self.factor), lanes.splat(self.moved));
        for (ids, least) in self.ids.chunks(PANEL).zip(self.least.chunks(PANEL)) {
            let mut scores = [0.0; PANEL];
            let mut rests = [0.0; PANEL];
            for (lane, (&id, &least)) in ids.iter().zip(least).enumerate() {
                (scores[lane], rests[lane]) = (least, self.sides[id as usize].rest);
            }
            let sq_dists = lanes.fma(lanes.load(&scores), factor, lanes.load(&rests));
            // What is no number becomes zero, which keeps its row awake.
            let dists = lanes.sqrt(lanes.max(sq_dists, zero));
            let kept = lanes.fma(lanes.fma(dists, down, moved), down, zero);
            let mut values = [0.0; PANEL];
            lanes.store(kept, &mut values);
            let mut encoded = [0; PANEL];
            for lane in 0..PANEL {
                encoded[lane] = self.base.encode(values[lane]);
            }
            ids.iter().zip(encoded).for_each(|(&id, bound)| self.bounds[id as usize] = bound);
        }
    }
}

/// Lowers the bound of one row to `dist + moved`, rounded down.
pub(crate) fn lower(base: Base, bound: &mut u16, dist: f32, moved: f32) {
    *bound = base.encode((dist * DOWN + moved) * DOWN).min(*bound);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_not_more_and_little_less() {
        let base = Base::up_to(1e6);
        for x in [1e6_f32, 999_999.9, 3.0, 1.0, 0.1, 1e-3, 1e-9] {
            let kept = base.decode(base.encode(x));
            assert!(kept <= x && kept >= x * (1.0 - 1.0 / 1024.0), "{x} {kept}");
        }
        assert!(base.decode(base.encode(1e30)) <= 1.01e6);
        assert!(base.decode(base.encode(1e-30)) < base.least());
        assert!(base.decode(0) < base.least() && base.least() < 1e-11);
        assert_eq!(Base::up_to(1e-35).decode(0), 0.0);
    }

    /// A side with this rest.
    fn side(rest: f32) -> Side {
        Side { scale: 0.0, norm: 0.0, error: 0.0, limit: 0.0, slack: 0.0, own: 0, rest }
    }

    #[test]
    fn rows_are_awake_where_their_bound_is_in_reach() {
        let base = Base::up_to(1000.0);
        for isa in Isa::available() {
            let n = 80;
            let mut bounds = vec![0; n];
            let ids: Vec<u32> = (0..n as u32).collect();
            let mut least: Vec<f32> = (0..n).map(|i| (i * i) as f32).collect();
            least[5] = f32::NAN;
            least[6] = -4.0;
            let (least, sides, factor, moved) = (&least[..], &vec![side(0.0); n][..], 1.0, 2.0);
            renew(isa, Renewal { base, ids: &ids, least, sides, factor, moved, bounds: &mut bounds });
            let mut reaches = vec![30.0; n];
            reaches[70] = f32::NAN;
            let mut found = vec![0; n + PANEL];
            let count = awake(isa, base, &bounds, &reaches, 2.5, &mut found);
            // Bounds are i + 2, as near as 10 bits are.
            let expected: Vec<u32> = (0..n as u32).filter(|&i| i <= 30 || i == 70).collect();
            assert_eq!(found[..count], expected, "{isa}");
            lower(base, &mut bounds[60], 1.0, 2.0);
            lower(base, &mut bounds[1], 100.0, 2.0);
            let count = awake(isa, base, &bounds, &reaches, 2.5, &mut found);
            assert!(found[..count].contains(&60) && found[..count].contains(&1), "{isa}");
        }
    }

    #[test]
    fn renewed_bounds_are_below_the_true_ones_by_little() {
        let base = Base::up_to(4e9);
        for isa in Isa::available() {
            let cases = [(-3.0, 12.0, 2.0, 0.0), (1e18, 1e17, 1.0, 5e8), (1e-6, 0.0, 1.0, 3.0)];
            for (score, rest, factor, moved) in cases {
                let mut bounds = [9; 1];
                let (least, sides) = (&[score as f32], &[side(rest as f32)]);
                renew(isa, Renewal { base, ids: &[0], least, sides, factor, moved, bounds: &mut bounds });
                let exact = (f64::from(factor) * score + rest).sqrt() + f64::from(moved);
                let kept = f64::from(base.decode(bounds[0]));
                assert!(kept <= exact && kept >= exact * 0.998, "{isa} {kept} {exact}");
            }
        }
    }
}
