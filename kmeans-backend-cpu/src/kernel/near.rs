//! Pairs that are closer than the limits of their rows, from scores that rule the others out.

use super::direct::sum;
use super::lanes::{Kernel, Lanes, PANEL};
use super::rows::RowBlock;
use crate::isa::Isa;

/// A block of rows, their scores and their limits.
pub(crate) struct Near<'a> {
    pub(crate) rows: &'a RowBlock,
    /// The number of the first row.
    pub(crate) first: usize,
    /// Whole panels for each row.
    pub(crate) scores: &'a [f32],
    /// Pairs of a larger score are farther than the limit.
    pub(crate) most_scores: &'a [f32],
    /// Squared distances.
    pub(crate) limits: &'a [f32],
    /// k × d.
    pub(crate) centroids: &'a [f32],
    /// For each centroid the rows that are closer to it than their limits, and their squared distances.
    pub(crate) found: &'a mut [Vec<(usize, f32)>],
}

/// Adds what is found to `found`. A score that is no number rules nothing out.
pub(crate) fn near(isa: Isa, near: Near<'_>) {
    isa.run(near);
}

impl Kernel for Near<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { rows, first, scores, most_scores, limits, centroids, found } = self;
        let (d, k) = (rows.d(), found.len());
        let sides = scores.chunks_exact(k.next_multiple_of(PANEL)).zip(most_scores).zip(limits);
        for (i, ((scores, &most), &limit)) in sides.enumerate() {
            let (v, most) = (rows.row(i), lanes.splat(most));
            for (panel, scores) in scores.as_chunks::<PANEL>().0.iter().enumerate() {
                let mut mask = lanes.not_greater(lanes.load(scores), most);
                while mask != 0 {
                    let c = panel * PANEL + mask.trailing_zeros() as usize;
                    mask &= mask - 1;
                    // Panels are filled up with what is no centroid.
                    let Some(found) = found.get_mut(c) else { break };
                    let sq_dist = sum::<true>(v, &centroids[c * d..][..d]) as f32;
                    if sq_dist < limit {
                        found.push((first + i, sq_dist));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::sq_dist;

    #[test]
    fn what_scores_do_not_rule_out_is_measured_against_the_limit() {
        let (n, d, k) = (7, 3, 18);
        let number = |i: usize| ((i * 37 % 101) as f32 - 50.0) / 8.0;
        let x: Vec<f32> = (0..n * d).map(number).collect();
        let centroids: Vec<f32> = (0..k * d).map(|i| number(i + 1000)).collect();
        let limits: Vec<f32> = (0..n).map(|i| 20.0 * i as f32).collect();
        for isa in Isa::available() {
            let mut rows = RowBlock::default();
            rows.load(isa, &x, d, &vec![0.0; d], 1.0);
            let dist = |i: usize, c: usize| sq_dist(isa, rows.row(i), &centroids[c * d..][..d]) as f32;
            // Scores that rule out every fifth pair, or are no numbers; the rest of the panels is there, too.
            let score = |at: usize| match at % 5 {
                0 => 2.0,
                1 => f32::NAN,
                _ => 1.0,
            };
            let scores: Vec<f32> = (0..n * 32).map(score).collect();
            let mut found = vec![Vec::new(); k];
            let most_scores = &vec![1.0; n][..];
            let (first, limits, centroids) = (100, &limits[..], &centroids[..]);
            let (rows, scores) = (&rows, &scores[..]);
            near(isa, Near { rows, first, scores, most_scores, limits, centroids, found: &mut found });
            for (c, found) in found.iter().enumerate() {
                let near = (0..n).filter(|&i| (i * 32 + c) % 5 != 0 && dist(i, c) < limits[i]);
                assert_eq!(*found, near.map(|i| (100 + i, dist(i, c))).collect::<Vec<_>>(), "{isa}");
            }
            assert!(found.iter().any(|found| !found.is_empty()));
        }
    }
}
