//! Centroids that may be the label of some row in a box.
//!
//! ```text
//! score_c(v) = bias + ⟨v, f·c⟩ is linear in v; so in the box m ± h
//!     score_c − score_p ≥ score_c(m) − score_p(m) − Σ h·|f·c − f·p|
//! ```
//!
//! and c is out where that is above what rounding may do. The pivot p is the centroid of the lowest score in the middle.

use super::lanes::{Kernel, Lanes, PANEL};
use crate::isa::Isa;

/// Some centroids by columns, in the order of their numbers; the last vector is filled up with the first of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rivals {
    /// Each column times the factor, then the biases, then the bits of the numbers.
    fields: Vec<f32>,
    /// From one field to the next: whole vectors, and one more.
    stride: usize,
    count: usize,
    d: usize,
}

impl Rivals {
    /// All centroids of a codebook, `k × d`; the score of a row v is `bias + factor·⟨v, c⟩`.
    pub(crate) fn all(centroids: &[f32], d: usize, biases: &[f32], factor: f32) -> Self {
        let mut new = Self::default();
        new.make_room(biases.len(), d);
        for (id, (c, &bias)) in centroids.chunks_exact(d).zip(biases).enumerate() {
            for (column, &c) in c.iter().enumerate() {
                new.fields[column * new.stride + id] = factor * c;
            }
            new.fields[d * new.stride + id] = bias;
            new.fields[(d + 1) * new.stride + id] = f32::from_bits(id as u32);
        }
        new.count = biases.len();
        new.fill_up();
        new
    }

    fn make_room(&mut self, most: usize, d: usize) {
        (self.stride, self.d) = (most.next_multiple_of(PANEL) + PANEL, d);
        if self.fields.len() < (d + 2) * self.stride {
            self.fields.resize((d + 2) * self.stride, 0.0);
        }
    }

    fn fill_up(&mut self) {
        let (count, whole) = (self.count, self.count.next_multiple_of(PANEL));
        for field in self.fields.chunks_exact_mut(self.stride).take(self.d + 2) {
            let first = field[0];
            field[count..whole].fill(first);
        }
    }

    pub(super) fn d(&self) -> usize {
        self.d
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// One column times the factor.
    pub(super) fn column(&self, column: usize) -> &[f32] {
        &self.fields[column * self.stride..][..self.count]
    }

    pub(super) fn biases(&self) -> &[f32] {
        self.column(self.d)
    }

    /// The number of the centroid at a place.
    pub(crate) fn id(&self, place: usize) -> i32 {
        self.fields[(self.d + 1) * self.stride + place].to_bits() as i32
    }
}

/// A box by its middle and, for each column, half of its width, rounded up.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) middle: &'a [f32],
    pub(crate) half: &'a [f32],
}

/// Those of `from` that may have the lowest score of the dense kernel for some row in the box, or one as low.
///
/// Such a score is off by at most `(2d + 3)·2⁻²⁴·(|bias| + 2‖v‖‖c‖)`, and what is computed here by less than as
/// much again for each of the two centroids and for the sum over the box, whose terms are of that size, too. `size`
/// below bounds it: `2‖v‖‖c‖ ≤ ‖v‖² + ‖f·c‖²` as `|f| ≥ 1`.
pub(crate) fn narrow(isa: Isa, from: &Rivals, around: Around<'_>, scores: &mut Vec<f32>, to: &mut Rivals) {
    to.make_room(from.count, from.d);
    to.count = 0;
    scores.resize(from.count.next_multiple_of(PANEL), 0.0);
    isa.run(Narrow { from, around, scores, to });
    to.fill_up();
}

struct Narrow<'a> {
    from: &'a Rivals,
    around: Around<'a>,
    scores: &'a mut [f32],
    to: &'a mut Rivals,
}

impl Kernel for Narrow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { from, around: Around { middle, half }, scores, to } = self;
        let d = from.d;
        let field = |field: usize, vector: usize| -> L::V {
            let at = field * from.stride + vector * PANEL;
            lanes.load(from.fields[at..].first_chunk().expect("fields have whole vectors"))
        };
        let (zero, minus) = (lanes.splat(0.0), lanes.splat(-1.0));
        let negated = |x| lanes.fma(x, minus, zero);
        let (mut lowest, mut at, mut most) = (lanes.splat(f32::INFINITY), zero, zero);
        for (vector, scores) in scores.as_chunks_mut::<PANEL>().0.iter_mut().enumerate() {
            let bias = field(d, vector);
            let (mut score, mut size) = (bias, lanes.max(bias, negated(bias)));
            for (column, &m) in middle.iter().enumerate() {
                let c = field(column, vector);
                score = lanes.fma(lanes.splat(m), c, score);
                size = lanes.fma(c, c, size);
            }
            lanes.store(score, scores);
            most = lanes.max(size, most);
            (lowest, at) = lanes.keep_less(score, lanes.splat(f32::from_bits(vector as u32)), lowest, at);
        }
        let pivot = lanes.argmin(lowest, at) as usize;
        let mut sizes = [0.0; PANEL];
        lanes.store(most, &mut sizes);
        let of_centroids = sizes.into_iter().fold(0.0, f32::max);
        let of_rows: f32 = middle.iter().zip(half).map(|(m, h)| (m.abs() + h) * (m.abs() + h)).sum();
        let unit = 32.0 * (d as f32 + 8.0) / (1 << 24) as f32;
        let slack = lanes.splat(unit * (of_centroids + of_rows) + f32::MIN_POSITIVE);
        let least = lanes.splat(-scores[pivot]);
        for (vector, scores) in scores.as_chunks::<PANEL>().0.iter().enumerate() {
            let mut excess = lanes.add(lanes.load(scores), least);
            for (column, &h) in half.iter().enumerate() {
                let p = from.fields[column * from.stride + pivot];
                let apart = lanes.fma(lanes.splat(p), minus, field(column, vector));
                let apart = lanes.max(apart, negated(apart));
                excess = lanes.fma(apart, lanes.splat(-h), excess);
            }
            let left = (from.count - vector * PANEL).min(PANEL);
            // What is no number rules nothing out.
            let mask = lanes.not_greater(excess, slack) & (u32::MAX >> (32 - left));
            if mask == 0 {
                continue;
            }
            for number in 0..d + 2 {
                let room = &mut to.fields[number * to.stride + to.count..];
                let room = room.first_chunk_mut().expect("there is room for one more vector");
                lanes.pack(field(number, vector), mask, room);
            }
            to.count += mask.count_ones() as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::numbers::numbers;

    /// Whatever has the lowest score in `f64` somewhere in the box is kept; few others are.
    #[test]
    fn winners_in_the_box_are_kept() {
        for (d, k) in [(1, 1), (1, 40), (2, 200), (3, 33), (8, 100)] {
            let centroids = numbers(k * d, 7);
            let biases: Vec<f32> = centroids.chunks_exact(d).map(|c| c.iter().map(|c| c * c).sum()).collect();
            let all = Rivals::all(&centroids, d, &biases, -2.0);
            for isa in Isa::available() {
                for (seed, width) in [(1, 0.0), (2, 10.0), (3, 60.0)] {
                    let middle = numbers(d, seed);
                    let half = vec![width; d];
                    let around = Around { middle: &middle, half: &half };
                    let (mut scores, mut kept) = (Vec::new(), Rivals::default());
                    narrow(isa, &all, around, &mut scores, &mut kept);
                    let ids: Vec<i32> = (0..kept.len()).map(|place| kept.id(place)).collect();
                    assert!(ids.is_sorted() && !ids.is_empty());
                    match width {
                        0.0 => assert_eq!(ids.len(), 1, "{isa} d={d} k={k}"),
                        10.0 if d <= 3 && k > 1 => assert!(ids.len() <= k / 2, "{isa} d={d} k={k}"),
                        _ => {}
                    }
                    for point in numbers(50 * d, seed + 9).chunks_exact(d) {
                        let at = |j: usize| f64::from(middle[j] + point[j] / 128.0 * width);
                        let score = |c: usize| {
                            let c = &centroids[c * d..][..d];
                            (0..d).map(|j| (at(j) - f64::from(c[j])).powi(2)).sum::<f64>()
                        };
                        let best = (0..k).min_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap();
                        assert!(ids.contains(&(best as i32)), "{isa} d={d} k={k} width {width}");
                    }
                    for (place, &id) in ids.iter().enumerate() {
                        assert_eq!(kept.biases()[place], biases[id as usize]);
                        assert!(
                            (0..d).all(|j| kept.column(j)[place] == -2.0 * centroids[id as usize * d + j])
                        );
                    }
                }
            }
        }
    }

    /// Of equal centroids all are kept, far from zero too, where scores are rounded most.
    #[test]
    fn what_ties_is_kept() {
        let (d, k) = (3, 40);
        for (isa, offset) in Isa::available().into_iter().flat_map(|isa| [0.0, 1e4].map(|o| (isa, o))) {
            let half: Vec<f32> = numbers(k * d, 7).into_iter().map(|x| x + offset).collect();
            let centroids = [&half[..], &half[..]].concat();
            let biases: Vec<f32> = centroids.chunks_exact(d).map(|c| c.iter().map(|c| c * c).sum()).collect();
            let all = Rivals::all(&centroids, d, &biases, -2.0);
            let middle = &half[5 * d..6 * d];
            let (mut scores, mut kept) = (Vec::new(), Rivals::default());
            narrow(isa, &all, Around { middle, half: &[0.0; 3] }, &mut scores, &mut kept);
            let ids: Vec<i32> = (0..kept.len()).map(|place| kept.id(place)).collect();
            assert!(ids.contains(&5) && ids.contains(&(k as i32 + 5)), "{isa} {offset}: {ids:?}");
        }
    }

    #[test]
    fn what_is_no_number_keeps_all() {
        let all = Rivals::all(&numbers(60, 1), 2, &numbers(30, 2), -2.0);
        for isa in Isa::available() {
            for (middle, half) in [([f32::NAN, 0.0], [1.0, 1.0]), ([0.0, 0.0], [f32::INFINITY, 1.0])] {
                let (mut scores, mut kept) = (Vec::new(), Rivals::default());
                narrow(isa, &all, Around { middle: &middle, half: &half }, &mut scores, &mut kept);
                assert_eq!(kept.len(), 30, "{isa}");
            }
        }
    }
}
